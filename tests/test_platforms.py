"""The main commands where little can be relied on: another locale, odd paths, no home, spawned processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RECIPE = """
base = "melody-2bar"
z = 8
encoder = { width = 8, squeeze = 4 }
decoder = { width = 8, core_width = 8 }
training = { steps = 4, batch = 4, save_every = 2, validate_every = 2 }
"""
# One process for all commands: each would take seconds to start.
DRIVER = """
import json, multiprocessing, os, sys

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    from mvae.app import main

    for number, command in enumerate(json.loads(sys.stdin.read())):
        try:
            main([os.fsdecode(word.encode()) for word in command])  # as the system gives arguments
        except SystemExit as end:
            if end.code:
                sys.exit(f"command {number} ended with {end.code}")
"""


def environment(**changes: str | None) -> dict[str, str]:
    """This process's environment with some variables changed, or left out where they are None."""
    left_out = ("LANG", "LANGUAGE", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "PYTHONIOENCODING")
    found = {key: value for key, value in os.environ.items() if key not in left_out and key[:3] != "LC_"}
    found["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "cli")])
    for key, value in changes.items():
        found.pop(key, None)
        if value is not None:
            found[key] = value
    return found


def commands(music: str, models: str = "run") -> list[list[str]]:
    """What a user does, in a folder that holds `music`/*.mid and recipe.toml."""
    one, other = f"{music}/even/000.mid", f"{music}/odd/001.mid"
    hot = ["--temperature", "1"]  # the likeliest notes of a model that has learnt nothing may be none
    return [
        ["prepare", music, "-o", "set", "--split", "60/20/20", "--workers", "2"],
        ["train", "recipe.toml", "set", "-o", models, "--device", "cpu", "--precision", "float32"],
        ["inspect", one],
        ["sample", "-n", "2", "--model", models, "-o", f"{music}/new.mid", "--temperature", "0.5"],
        ["interpolate", one, other, "-n", "3", "--model", models, "-o", f"{music}/walk.mid", "--plot", *hot],
        ["render", f"{music}/new.mid", "-o", f"{music}/new.wav"],
        ["plot", f"{music}/walk.mid", "-o", f"{music}/walk.svg"],
    ]  # fmt: skip


def go(folder: Path, music: str, env: dict[str, str]) -> None:
    from tests.corpora.tunes import write_tunes

    write_tunes(folder / music, 6)
    (folder / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    driver = folder / "driver.py"
    driver.write_text(DRIVER, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "ignore", str(driver)],
        input=json.dumps(commands(music)).encode(),
        capture_output=True,
        cwd=folder,
        env=env,
    )
    told = run.stdout.decode("utf-8", "replace") + run.stderr.decode("utf-8", "replace")
    assert run.returncode == 0, told
    assert "Traceback" not in told, told
    for name in ("new.mid", "new.wav", "walk.mid", "walk.png", "walk.svg"):
        assert (folder / music / name).stat().st_size > 0, name
    for name in ("run/best/config.json", "set/manifest.json"):
        assert (folder / name).is_file(), name


def test_with_a_locale_of_ascii_and_odd_paths_and_a_home_that_is_no_folder(tmp_path: Path):
    folder = tmp_path / "Größe ♪ and spaces"
    folder.mkdir()
    (tmp_path / "file").write_text("a home that nothing can be written to, not even by root")
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    homes = dict.fromkeys(("HOME", "USERPROFILE"), str(tmp_path / "file"))
    go(folder, "Lieder für später", environment(**locale, **homes, MUSICVAE_LITE_CACHE=None))


@pytest.mark.skipif(os.name == "nt", reason="Windows finds the home without these variables")
def test_without_a_home(tmp_path: Path):
    go(tmp_path, "music", environment(HOME=None, USER=None, LOGNAME=None, MUSICVAE_LITE_CACHE=None))
