"""What the README shows is run as it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.parsing import understood

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


def test_the_table_names_every_recipe():
    from musicvae_lite.training.preset_files import presets_dir

    table = README.partition("| `-r` | a step is | recipes |")[2].partition("\n\n")[0]
    named: set[str] = set()
    for row in table.splitlines()[2:]:
        base = ""
        for name in re.findall(r"`([\w-]+)`", row.split("|")[3]):
            base = base if name.startswith("-") else name
            named.add(base + name if name.startswith("-") else name)
    assert named == {path.stem for path in presets_dir().glob("*.toml")}


def test_shell_lines_name_real_commands_and_options():
    lines = [line.split("#")[0].strip() for line in README.splitlines() if line.startswith("    mvae ")]
    assert len(lines) > 10
    for line in lines:
        understood(shlex.split(line))
