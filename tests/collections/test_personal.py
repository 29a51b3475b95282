from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from musicvae_lite.collections import personal, styling
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.takes import Style, Takes
from musicvae_lite.training.dataset import windows_of
from tests.corpora.tunes import tune
from tests.models.small import save_small


def uneven(folder: Path, songs: int) -> list[Path]:
    """Tunes that have little in common: in keys of their own, and of their eighths two in five fall out."""
    files = []
    for seed in range(songs):
        score = tune(seed, shift=seed % 12)
        kept = np.random.default_rng(seed).random(len(score)) < 0.6
        start = score.start[kept]
        end = np.append(start[1:], score.end[-1])
        parts = {name: getattr(score, name)[kept] for name in ("pitch", "velocity", "track")}
        files.append(folder / f"{seed}.mid")
        replace(score, start=start, end=end, **parts).save(str(files[-1]))
    return files


def notes_of(takes: Takes) -> np.ndarray:
    return np.array([len(score) for score in takes])


def test_takes_have_as_many_notes_as_the_files(tmp_path: Path):
    model, files = MusicVAE.load("melody-2bar"), uneven(tmp_path, 24)
    windows = windows_of(files, model.representation)
    heard = notes_of(Takes(windows.gather(np.arange(len(windows))), model.representation))
    small = personal.personalize(model, files, steps=300)
    takes = small.sample(model, 100, seed=1)
    written = notes_of(takes)
    assert written.mean() == pytest.approx(heard.mean(), rel=0.2)
    assert (heard > 2).all() and (written <= 2).mean() < 0.2
    assert len({tokens.tobytes() for tokens in takes.tokens}) > 90
    assert notes_of(small.sample(model, 100, seed=1, spread=0.0)).mean() < heard.mean() / 2  # the dull middle


def test_takes_near_one_file_are_no_copies_of_it(tmp_path: Path):
    model, files = MusicVAE.load("melody-2bar"), uneven(tmp_path, 1)
    windows = windows_of(files, model.representation)
    known = {row.tobytes() for row in windows.gather(np.arange(len(windows)))}
    takes = personal.personalize(model, files, steps=300).sample(model, 50, seed=1)
    assert sum(tokens.tobytes() in known for tokens in takes.tokens) < 10


def test_a_record_alone_makes_the_same_file_again(model: MusicVAE, folder: Path, tmp_path: Path):
    small = personal.personalize(model, [folder], steps=20, z=3, seed=7)
    style = Style(90.123, 40, 100)
    takes = small.sample(model, 2, 0.7, 5, style, spread=0.5)
    takes.joined().save(str(tmp_path / "a.mid"))
    told = json.loads(json.dumps(takes.record))
    own = told["personal"]
    again = personal.personalize(model, own["files"], own["steps"], own["z"], own["seed"])
    assert again.record == own
    asked = (told["temperature"], told["seed"], Style.from_record(told))
    again.sample(model, 2, *asked, spread=told["spread"]).joined().save(str(tmp_path / "b.mid"))
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


def test_personal_codes_lie_nearer_the_files(model: MusicVAE, folder: Path, tmp_path: Path):
    small = personal.personalize(model, [folder], steps=200, z=2)
    means = styling.codes_of(model, windows_of([folder], model.representation))
    drawn = small.draw(100, model.generator(1))
    prior = model.vae.draw(100, model.generator(1))
    assert torch.cdist(drawn, means).amin(1).mean() < torch.cdist(prior, means).amin(1).mean()
    again = personal.Personal.load(small.save(tmp_path / "mine"))
    assert (again.sample(model, 4, seed=2).tokens == small.sample(model, 4, seed=2).tokens).all()
    takes, codes = small.sample(model, 8, 1.0, seed=2), small.draw(8, model.generator(2))
    assert (takes.tokens != model.decode(codes, 1.0, seed=2).tokens).any()  # notes have chance of their own
    assert takes.record["seed"] == 2


def test_sizes_are_whole_numbers(model: MusicVAE, folder: Path):
    for wrong in ({"steps": 1.5}, {"z": 2.0}):
        with pytest.raises(ConfigError, match=f"{next(iter(wrong))} is a whole number"):
            personal.personalize(model, [folder], **wrong)  # type: ignore[arg-type]
    small = personal.personalize(model, [folder], steps=1, z=2)
    with pytest.raises(ConfigError, match=r"count is a whole number, not 1\.5"):
        small.sample(model, 1.5)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="spread is 3; it must be 0 to 2"):
        small.sample(model, spread=3.0)


def test_a_music_model_is_no_personal_one(tmp_path: Path):
    with pytest.raises(CheckpointError, match="not made by `mvae personalize`"):
        personal.Personal.load(save_small(tmp_path / "m"))
