"""Batches: a function of seed and step."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations import PRESETS, DrumsRepresentation, GrooveRepresentation
from musicvae_lite.music.representations.base import Crosses, MakesUp
from musicvae_lite.training.batches import Batches
from musicvae_lite.training.settings import MusicTraining
from musicvae_lite.training.windows import Song, WindowSplit, from_arrays
from tests.training.runs import MELODY, windows

CPU = torch.device("cpu")
PLAIN = MusicTraining(batch=4, synthetic=0.0, synthetic_last=0.0, transpose_down=0, transpose_up=0)


def batches(split: WindowSplit, **changes) -> Batches:
    return Batches(split, MELODY, dataclasses.replace(PLAIN, **changes), CPU)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(count: int) -> WindowSplit:
    return from_arrays(np.arange(count, dtype=np.uint8)[:, None].repeat(32, 1))


def test_every_epoch_holds_every_window_once_in_another_order():
    source = batches(numbered(12))
    rows = [row for step in range(6) for row in source(step, generator()).x[:, 0].tolist()]
    first, second = rows[:12], rows[12:]
    assert sorted(first) == sorted(second) == list(range(12)) and first != second


def test_epochs_that_end_within_a_batch_lose_nothing():
    source = batches(numbered(6))  # batches of 4: every second one spans two epochs
    rows = [row for step in range(9) for row in source(step, generator()).x[:, 0].tolist()]
    for epoch in range(6):
        assert sorted(rows[6 * epoch : 6 * epoch + 6]) == list(range(6))


def test_a_batch_is_a_function_of_its_step():
    one, two = batches(windows(40), synthetic=0.5), batches(windows(40), synthetic=0.5)
    for step in (7, 3, 1000):
        assert torch.equal(one(step, generator(step)).x, two(step, generator(step)).x)
    assert not torch.equal(one(3, generator()).x, one(4, generator()).x)
    assert not torch.equal(
        one(3, generator()).x, batches(windows(40), synthetic=0.5, seed=1)(3, generator()).x
    )


def test_the_share_of_synthetic_windows():
    real = from_arrays(np.full((9, 32), 50, np.uint8))
    for share, count in ((0.0, 0), (0.5, 2), (1.0, 4)):
        x = batches(real, synthetic=share)(0, generator()).x
        assert x.shape == (4, 32) and x.dtype == torch.int64
        assert int((x != 50).any(1).sum()) == count


def test_synthetic_windows_give_way_to_real_ones_and_no_real_one_is_lost():
    source = batches(numbered(5), steps=40, synthetic=0.8, synthetic_last=0.0, hold=0.5)
    shares = [
        int((source(step, generator()).x != source(step, generator()).x[:, :1]).any(1).sum())
        for step in range(40)
    ]
    assert shares[0] == 3 and shares[-1] == 0 and shares == sorted(shares, reverse=True)
    rows = [int(w[0]) for step in range(40) for w in source(step, generator()).x if (w == w[0]).all()]
    for first in range(0, len(rows) - 4, 5):
        assert sorted(rows[first : first + 5]) == list(range(5))


def test_a_task_may_want_something_else_than_it_gives():
    groove = GrooveRepresentation(task="humanize")
    chance = np.random.default_rng(0)
    hits = (chance.random((6, 32, 9)) < 0.3).astype(np.float32)
    played = np.concatenate([hits, hits * 0.5, hits * -0.25], -1)
    batch = Batches(from_arrays(played), groove, PLAIN, CPU)(0, generator())
    assert batch.target is not None and batch.x.dtype == batch.target.dtype == torch.float32
    assert torch.equal(batch.x[..., :9], batch.target[..., :9]) and not batch.x[..., 9:].any()
    assert {tuple(w.flatten()) for w in batch.target.numpy()} <= {tuple(w.flatten()) for w in played}


def test_the_share_of_crossed_windows():
    drums = DrumsRepresentation()
    real = from_arrays(np.random.default_rng(0).integers(0, 512, (8, 32)).astype(np.uint16))
    plain = dataclasses.replace(PLAIN, batch=8)
    whole = Batches(real, drums, plain, CPU)(0, generator()).x
    half = Batches(real, drums, dataclasses.replace(plain, crossed=0.5), CPU)(0, generator()).x
    assert (half[:4] != whole[:4]).any() and torch.equal(half[4:], whole[4:])


def test_windows_are_crossed_with_those_of_their_label_alone():
    drums = DrumsRepresentation()
    songs = [Song(n, f"{n}.mid", 1, "", "train", 20, label) for n, label in enumerate(("rock", "jazz"))]
    origins = np.stack([np.repeat(np.arange(2), 20), np.ones(40), np.zeros(40)], 1).astype(np.int32)
    chance = np.random.default_rng(0)
    tokens = np.zeros((40, 32), np.uint16)
    tokens[:20] = chance.integers(0, 4, (20, 32))  # rock is the first two drums, jazz the next two
    tokens[20:] = chance.integers(0, 4, (20, 32)) << 2
    split = WindowSplit([tokens], [origins], load_songs=lambda: songs)
    settings = dataclasses.replace(PLAIN, batch=40, crossed=1.0, unlabelled=0.0)
    batch = Batches(split, drums, settings, CPU, ("rock", "jazz"))(0, generator())
    assert batch.control is not None
    rock = batch.control[:, 0].numpy() == 1
    sets = batch.x.numpy()
    assert rock.sum() == 20 and not (sets[rock] & ~3).any() and not (sets[~rock] & ~12).any()
    assert not {w.tobytes() for w in sets.astype(np.uint16)} <= {w.tobytes() for w in tokens}


class Both(DrumsRepresentation):
    """Drums that windows are made up of too."""

    def random(self, count: int, chance: np.random.Generator) -> np.ndarray:
        return chance.integers(0, 512, (count, self.steps)).astype(np.uint16)


def test_crossed_windows_and_those_made_up_are_one_batch():
    songs = [Song(n, f"{n}.mid", 1, "", "train", 20, label) for n, label in enumerate(("rock", "jazz"))]
    origins = np.stack([np.repeat(np.arange(2), 20), np.ones(40), np.zeros(40)], 1).astype(np.int32)
    tokens = np.random.default_rng(0).integers(0, 512, (40, 32)).astype(np.uint16)
    split = WindowSplit([tokens], [origins], load_songs=lambda: songs)
    settings = dataclasses.replace(PLAIN, batch=16, synthetic=0.25, crossed=1.0, unlabelled=0.0)
    batch = Batches(split, Both(), settings, CPU, ("rock", "jazz"))(0, generator())
    assert batch.x.shape == (16, 32)
    assert batch.control is not None and (batch.control[:, 0] == 0).sum() == 4  # of those made up


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize(
    ("setting", "kind", "words"),
    [("synthetic", MakesUp, "makes up no windows"), ("crossed", Crosses, "no voices to exchange")],
)
def test_what_a_representation_lacks_is_refused(name: str, setting: str, kind: type, words: str):
    r = PRESETS[name]
    split = from_arrays(np.zeros((2, r.steps, *r.step.shape), r.step.dtype))
    settings = dataclasses.replace(PLAIN, **{setting: 0.5})
    if isinstance(r, kind):
        assert Batches(split, r, settings, CPU).windows is split
        return
    with pytest.raises(ConfigError, match=words):
        Batches(split, r, settings, CPU)


def test_labels_are_told_and_for_a_share_of_windows_are_not():
    songs = [Song(n, f"{n}.mid", 1, "", "train", 20, ("hymns", "reels", "jigs")[n]) for n in range(3)]
    origins = np.stack([np.repeat(np.arange(3), 20), np.ones(60), np.zeros(60)], 1).astype(np.int32)
    split = WindowSplit([np.repeat(np.arange(3, dtype=np.uint8) + 50, 20)[:, None].repeat(32, 1)], [origins],
                        load_songs=lambda: songs)  # fmt: skip

    def told(unlabelled: float) -> tuple[np.ndarray, np.ndarray]:
        settings = dataclasses.replace(PLAIN, batch=60, unlabelled=unlabelled, synthetic=0.0)
        batch = Batches(split, MELODY, settings, CPU, ("hymns", "reels"))(0, generator())
        assert batch.control is not None and (batch.control == batch.control[:, :1]).all()
        return batch.x[:, 0].numpy() - 50, batch.control[:, 0].numpy()

    song, label = told(0.0)
    assert (label == np.array([1, 2, 0])[song]).all()
    song, label = told(0.5)
    assert 5 < (label[song < 2] == 0).sum() < 35
    assert (told(1.0)[1] == 0).all()


def test_chords_are_told_and_for_a_share_of_windows_are_not():
    representation = dataclasses.replace(MELODY, chords="triads")
    tokens = np.full((60, 32), 50, np.uint8)
    told = np.full((60, 32), 7, np.uint8)
    split = WindowSplit([tokens], [np.zeros((60, 3), np.int32)], control=[told])

    def share(unsaid: float) -> float:
        settings = dataclasses.replace(
            PLAIN, batch=60, unsaid=unsaid, synthetic=0.0, transpose_down=0, transpose_up=0
        )
        batch = Batches(split, representation, settings, CPU)(0, generator())
        assert batch.control is not None and (batch.control == batch.control[:, :1]).all()
        return float((batch.control[:, 0] == 0).float().mean())

    assert share(0.0) == 0 and 0.2 < share(0.5) < 0.8 and share(1.0) == 1
    assert (told == 7).all()
