"""Music and images go through the same sampling, KL and schedules, which know neither."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from musicvae_lite import latent, vae
from musicvae_lite.latent import BetaSchedule, Posterior
from tests.training import runs, test_images

CORE = [Path(vae.__file__), *sorted(Path(latent.__file__).parent.glob("*.py"))]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the calls of the shared parts."""
    counted: Counter[str] = Counter()

    def spy(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def counting(*args, **options):
            counted[name] += 1
            return real(*args, **options)

        monkeypatch.setattr(owner, name, counting)

    spy(Posterior, "rsample")
    spy(Posterior, "kl_per_unit")
    spy(vae, "free_bits")
    spy(BetaSchedule, "__call__")
    return counted


def test_both_families_train_through_the_same_code(calls: Counter[str], tmp_path: Path):
    runs.run(tmp_path / "music", preset=runs.preset(steps=3))
    of_music = Counter(calls)
    calls.clear()
    test_images.run(tmp_path / "images", steps=3)
    for name in ("rsample", "kl_per_unit", "free_bits", "__call__"):
        assert of_music[name] >= 3 and calls[name] >= 3, name


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_knows_neither_notes_nor_pixels(path: Path):
    tree = ast.parse(path.read_text("utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    words = {part for name in names for part in name.lower().split("_")}
    assert not words & {"note", "notes", "pitch", "melody", "chord", "pixel", "pixels", "image", "picture"}
