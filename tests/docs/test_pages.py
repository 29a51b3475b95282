"""The pages of the documentation: their commands are real, what they show is there, their code runs."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from docs import run as pages
from tests.cli.parsing import understood

DOCS = pages.ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
MOST_BYTES = 1.5 * 2**20


def every_command(page: Path) -> list[list[str]]:
    """The `mvae` commands of a page, those in indented blocks too."""
    indented = re.findall(r"^    (mvae .*)$", page.read_text("utf-8"), re.M)
    return pages.commands(page) + [shlex.split(line, comments=True) for line in indented]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_are_understood(page: Path):
    for words in every_command(page):
        understood(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path):
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (DOCS / target).is_file(), f"{page.name}: {target}"


def test_the_gallery_is_small_and_holds_nothing_else():
    there = {path.name: path.stat().st_size for path in pages.GALLERY.iterdir()}
    assert set(there) == {name for page in PAGES for name in pages.shown(page)}
    assert sum(there.values()) < MOST_BYTES


def test_sounds_of_the_gallery_are_heard_and_not_clipped():
    import numpy as np
    import soundfile

    sounds = sorted(pages.GALLERY.glob("*.ogg"))
    assert len(sounds) >= 3
    for path in sounds:
        audio, _ = soundfile.read(str(path))
        assert 0.5 < np.abs(audio).max() < 1.0, path


def test_a_block_names_its_file_and_comments_are_no_words(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("```sh\nmvae a \\\n  b  # c\n\n```\n![p](gallery/p.png)\n")
    assert pages.commands(page) == [["mvae", "a", "b"]]
    assert pages.shown(page) == ["p.png"]
    page.write_text("```toml\n# x.toml\nz = 1\n```\n")
    with pytest.raises(RuntimeError, match="does not say nowhere"):
        pages.run(page, tmp_path, {"nowhere": ""})
    assert (tmp_path / "x.toml").read_text() == "# x.toml\nz = 1\n"


@pytest.mark.skipif(sys.platform == "win32", reason="the tour makes and copies folders as POSIX systems do")
def test_the_tour_for_researchers_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ships = pages.ROOT / "checkpoints" / "melody-2bar" / "config.json"
    if not ships.exists():
        pytest.skip("there is no trained model")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(pages.ROOT), str(pages.ROOT / "cli"))))
    (tmp_path / "data").symlink_to(pages.ROOT / "data")
    pages.run(DOCS / "tour-researchers.md", tmp_path, {"steps = 200": "steps = 4"})
    for name in ("small.mid", "texture.mid", "halves.mid", "path.mid"):
        assert (tmp_path / name).stat().st_size > 50
