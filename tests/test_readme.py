"""What the README shows is run as it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mvae.app import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SHIPS = (ROOT / "checkpoints" / "melody-2bar" / "config.json").exists()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


@pytest.mark.skipif(not SHIPS, reason="there is no trained model")
@pytest.mark.parametrize("code", _blocks("python"))
def test_python_runs(code: str, tmp_path: Path):
    (tmp_path / "data").symlink_to(ROOT / "data")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    written = re.findall(r"\"(\w+\.(?:mid|png))\"", code)
    assert written and all((tmp_path / name).stat().st_size > 100 for name in written)


def test_recipes_are_presets(tmp_path: Path):
    from musicvae_lite.models.assembly import MusicConfig
    from musicvae_lite.training.presets import load_preset

    for number, text in enumerate(_blocks("toml")):
        path = tmp_path / f"{number}.toml"
        path.write_text(text)
        preset = load_preset(str(path))
        MusicConfig.from_table(preset.model, preset.name).build()


def test_shell_lines_name_real_commands_and_options():
    lines = [line.split("#")[0].strip() for line in README.splitlines() if line.startswith("    mvae ")]
    assert len(lines) > 10
    helps: dict[str, str] = {}
    for line in lines:
        words = shlex.split(line)
        is_group = COMMANDS[words[1]].target.endswith(":app") and len(words) > 2 and words[2].isalpha()
        names = words[1:3] if is_group else words[1:2]
        command = " ".join(names)
        if command not in helps:
            run = [sys.executable, "-c", "from mvae.app import main; main()", *names, "--help"]
            done = subprocess.run(run, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, f"{line}: {done.stderr}"
            helps[command] = done.stdout
        for word in words[2:]:
            if word.startswith("-"):
                assert re.search(rf"(^|\s){re.escape(word)}\b", helps[command]), f"{line}: no option {word}"
