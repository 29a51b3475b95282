"""The wheel: what is in it, and that it works alone, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
IGNORED = ("__pycache__", ".pyc", ".DS_Store")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built with what is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def tracked(folder: str) -> set[str]:
    """Files below a folder of the checkout, as paths relative to it."""
    base = ROOT / folder
    files = (path for path in base.rglob("*") if path.is_file())
    return {p.relative_to(base).as_posix() for p in files if not any(word in str(p) for word in IGNORED)}


@pytest.mark.parametrize(
    ("folder", "place"),
    [
        ("musicvae_lite", "musicvae_lite"),
        ("cli/mvae", "mvae"),
        ("data", "musicvae_lite/_data"),
        ("checkpoints", "musicvae_lite/_checkpoints"),
    ],
)
def test_everything_the_package_needs_is_in_the_wheel(names, folder, place):
    wanted = {f"{place}/{name}" for name in tracked(folder)}
    assert len(wanted) > 0
    assert wanted - names == set()


def test_the_package_says_that_it_has_types(names):
    assert "musicvae_lite/py.typed" in names


def test_nothing_else_is_in_the_wheel(names):
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"musicvae_lite", "mvae"}
    assert not [name for name in names if any(word in name for word in (*IGNORED, "tests/", "benchmarks/"))]


def test_the_wheel_states_version_licence_and_command(wheel):
    from musicvae_lite import __version__

    with zipfile.ZipFile(wheel) as archive:
        info = next(name for name in archive.namelist() if name.endswith("METADATA")).removesuffix("METADATA")
        metadata = archive.read(info + "METADATA").decode()
        entry_points = archive.read(info + "entry_points.txt").decode()
        assert "Apache License" in archive.read(info + "licenses/LICENSE").decode()
    assert f"\nVersion: {__version__}\n" in metadata
    assert "mvae = mvae.__main__:main" in entry_points


def test_requirements_are_lower_bounds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert {"notation", "cluster", "studio", "live", "logs", "dev"} <= set(extras)
    for requirement in [*project["dependencies"], *(r for extra in extras.values() for r in extra)]:
        assert "==" not in requirement
        assert "<" not in requirement


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment that holds the wheel, and borrows only its dependencies from here."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    query = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip())
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(site)]
    run = subprocess.run([*pip, str(wheel)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    # A plain path: .pth files over there, such as that of an editable install, are not followed.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run_elsewhere(python: Path, folder: Path, *args: str) -> str:
    """Runs `python -I ...` in another folder; nothing of this checkout can be imported."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    run = subprocess.run([str(python), "-I", *args], capture_output=True, text=True, cwd=folder, env=env)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_installed_wheel_finds_its_own_files(installed, tmp_path):
    code = (
        "import musicvae_lite, mvae.app; from musicvae_lite.resources import *; "
        "print(musicvae_lite.__file__, data_dir(), checkpoints_dir(), len(catalogue()), sep='\\n')"
    )
    *places, corpora = run_elsewhere(installed, tmp_path, "-c", code).split("\n")[:4]
    assert all(str(installed.parent.parent) in place for place in places)
    assert int(corpora) > 10


MVAE = ("-c", "from mvae.app import main; main()")


def test_the_installed_wheel_renders_an_example(installed, tmp_path):
    code = "from musicvae_lite.resources import data_dir; print(data_dir() / 'examples' / 'twinkle.mid')"
    song = run_elsewhere(installed, tmp_path, "-c", code).strip()
    said = run_elsewhere(installed, tmp_path, *MVAE, "render", song, "-o", "a.ogg", "--rate", "8000")
    assert said == "wrote a.ogg\n"
    assert (tmp_path / "a.ogg").read_bytes()[:4] == b"OggS"


@pytest.mark.skipif(not (ROOT / "checkpoints" / "melody-2bar").is_dir(), reason="there is no trained model")
def test_the_installed_wheel_interpolates(installed, tmp_path):
    code = "from musicvae_lite.resources import data_dir; print(data_dir() / 'examples')"
    songs = Path(run_elsewhere(installed, tmp_path, "-c", code).strip())
    first, last = str(songs / "ode-to-joy.mid"), str(songs / "drunken-sailor.mid")
    run_elsewhere(installed, tmp_path, *MVAE, "interpolate", first, last, "-o", "out.mid")
    from musicvae_lite import read_song

    assert len(read_song(tmp_path / "out.mid")) > 20
