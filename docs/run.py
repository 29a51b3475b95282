"""Runs the code printed in pages of the documentation, as it stands, block after block.

    python docs/run.py docs/gallery.md docs/tour-musicians.md

Each page runs in an empty folder in which `data` is this checkout's. A block of Python or TOML is written
to the file its first line names; a block of shell is run line by line. The pictures and sounds that the page
shows from `gallery/` are then taken from there, so that what is shown is what the commands make.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GALLERY = ROOT / "docs" / "gallery"


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of a page's code blocks, in order."""
    return re.findall(r"^```(sh|python|toml)\n(.*?)^```$", page.read_text("utf-8"), re.S | re.M)


def lines(text: str) -> list[str]:
    """The commands of a block of shell, comments left out."""
    joined = text.replace("\\\n", " ").splitlines()
    return [shlex.join(words) for words in (shlex.split(line, comments=True) for line in joined) if words]


def commands(page: Path) -> list[list[str]]:
    """The words of every `mvae` command of a page."""
    found = [shlex.split(line) for kind, text in blocks(page) if kind == "sh" for line in lines(text)]
    return [words for words in found if words[0] == "mvae"]


def shown(page: Path) -> list[str]:
    """The names of the files that a page shows or links to from `gallery/`."""
    return sorted(set(re.findall(r"\]\(gallery/([\w.-]+)\)", page.read_text("utf-8"))))


def run(page: Path, folder: Path, changes: dict[str, str] | None = None) -> None:
    """Runs a page's blocks in a folder.

    Args:
        changes: what to write in place of some words, to make a long training short.

    Raises:
        RuntimeError: a command failed, or words to change are not there.
    """
    left = dict(changes or {})
    for kind, text in blocks(page):
        for words in [words for words in left if words in text]:
            text = text.replace(words, left.pop(words))
        if kind == "sh":
            for line in lines(text):
                print(f"\n$ {line}", flush=True)
                if code := _do(line, folder):
                    raise RuntimeError(f"{page.name}: `{line}` ended with {code}")
        else:
            name = text.splitlines()[0].removeprefix("#").strip()
            (folder / name).write_text(text, "utf-8")
    if left:
        raise RuntimeError(f"{page.name}: it does not say {', '.join(left)}")


def _do(line: str, folder: Path) -> int:
    """Runs one command; `mvae` in this process, for the sake of time. Returns its exit code."""
    words = shlex.split(line)
    if words[0] != "mvae":
        words[0] = sys.executable if words[0] == "python" else words[0]
        return subprocess.run(words, cwd=folder).returncode
    from mvae.app import main

    before = Path.cwd()
    os.chdir(folder)
    try:
        main(words[1:])
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        os.chdir(before)
    return 0


def renew(page: Path) -> None:
    """Runs a page, and takes the pictures and sounds that it shows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").symlink_to(ROOT / "data")
        run(page, folder)
        GALLERY.mkdir(exist_ok=True)
        for file in shown(page):
            if (folder / file).exists():
                shutil.copyfile(folder / file, GALLERY / file)
                _shrink(GALLERY / file)


def _shrink(path: Path) -> None:
    """Leaves a picture 256 colours, which look like all of them and take a third of the room."""
    if path.suffix == ".png":
        from PIL import Image

        with Image.open(path) as picture:
            small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        small.save(path, optimize=True)


if __name__ == "__main__":
    for argument in sys.argv[1:] or [ROOT / "docs" / "gallery.md"]:
        renew(Path(argument).resolve())
