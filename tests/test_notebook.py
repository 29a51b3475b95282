from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from musicvae_lite import notebook, render
from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.takes import Takes
from tests.plot.scores import scale, score


def sources(html: str) -> dict[str, bytes]:
    """Kind and bytes of everything that is inside the HTML."""
    found = re.findall(r'src="data:([a-z/]+);base64,([A-Za-z0-9+/=]+)"', html)
    return {kind: base64.b64decode(data) for kind, data in found}


def heard(html: str) -> np.ndarray:
    import soundfile

    audio, rate = soundfile.read(
        io.BytesIO(next(d for k, d in sources(html).items() if k.startswith("audio")))
    )
    assert rate == notebook.RATE
    return audio


def test_a_score_shows_its_picture_and_a_player():
    html = scale()._repr_html_()
    assert sources(html)["image/png"].startswith(b"\x89PNG")
    audio = heard(html)
    assert len(audio) / notebook.RATE == pytest.approx(4.3, abs=0.3)  # two bars at 120, and the tail
    assert 0.5 < np.abs(audio).max() <= 1.0
    assert "http" not in re.sub(r"base64,[^\"]+", "", html)


def test_takes_show_all_their_panels_and_play_one_after_another():
    takes = Takes(np.full((3, 32), 1), MelodyRepresentation(2))
    assert "3 takes: no notes" in takes._repr_html_()
    tokens = np.zeros((3, 32), dtype=np.int64)
    tokens[:, ::4] = 40 + np.arange(8)
    html = Takes(tokens, MelodyRepresentation(2))._repr_html_()
    assert sources(html)["image/png"].startswith(b"\x89PNG")
    assert len(heard(html)) / notebook.RATE == pytest.approx(12.3, abs=0.5)


def test_without_a_soundfont_there_is_the_picture_only(monkeypatch):
    def missing():
        raise ConfigError("the soundfont is missing")

    monkeypatch.setattr(render, "default_soundfont", missing)
    html = scale()._repr_html_()
    assert list(sources(html)) == ["image/png"]
    assert "<audio" not in html


def test_a_long_score_is_heard_for_two_minutes():
    long = score([(i * 4800, i * 4800 + 480, 60, 90, 0) for i in range(40)])  # 200 seconds
    assert 115 < len(heard(long._repr_html_())) / notebook.RATE <= notebook.LONGEST + 0.1  # MP3 pads a little


def test_titles_cannot_break_out():
    bad = '"><script>alert(1)</script>'
    tags: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append(tag)

    for titled in (score([(0, 480, 60, 90, 0)], title=bad), score([], title=bad)):
        Tags().feed(titled._repr_html_())
    assert set(tags) <= {"div", "img", "br", "audio", "em"}


def test_nothing_heavy_is_loaded_and_no_ipython():
    code = (
        "import sys\nfrom musicvae_lite import notebook, Score\n"
        "print([m for m in ('IPython', 'matplotlib', 'symusic', 'soundfile', 'torch') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.stdout.strip() == "[]", run.stderr
