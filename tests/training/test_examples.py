"""Examples made a part at a time are those made all at once, and never many are held."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.tensors import batch_of
from musicvae_lite.music.representations import GrooveRepresentation, PianorollRepresentation
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.training import examples
from musicvae_lite.training.batches import Batches
from musicvae_lite.training.evaluation import evaluate, validate
from musicvae_lite.training.examples import Examples
from musicvae_lite.training.music import MusicTask, prior_for
from musicvae_lite.training.settings import MusicTraining
from musicvae_lite.training.windows import Song, WindowSplit, from_arrays
from musicvae_lite.vae import VAE
from tests.training.runs import FLAT, MELODY, VALIDATION, preset, windows

CPU = torch.device("cpu")
NAMES = ("hymns", "reels")


def grooves(count: int) -> np.ndarray:
    hits = (np.random.default_rng(0).random((count, 32, 9)) < 0.3).astype(np.float32)
    return np.concatenate([hits, hits * 0.5, hits * -0.25], -1)


def labelled(tokens: np.ndarray) -> WindowSplit:
    songs = [Song(n, f"{n}.mid", 1, "", "train", 20, ("hymns", "reels", "jigs")[n]) for n in range(3)]
    origins = np.stack([np.arange(len(tokens)) % 3, np.ones(len(tokens)), np.zeros(len(tokens))], 1)
    return WindowSplit([tokens], [origins.astype(np.int32)], load_songs=lambda: songs)


@pytest.fixture(autouse=True)
def parts_of_seven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "BATCH", 7)


@pytest.mark.parametrize(
    ("representation", "tokens", "names"),
    [
        (MELODY, MELODY.random(40, np.random.default_rng(0)), ()),
        (MELODY, MELODY.random(40, np.random.default_rng(0)), NAMES),
        (GrooveRepresentation(task="humanize"), grooves(40), ()),
        (GrooveRepresentation(task="tap", dropout=0.5), grooves(40), ()),
        (GrooveRepresentation(task="hits-control"), grooves(40), ()),
    ],
    ids=["melody", "labels", "groove", "dropout", "control"],
)
def test_parts_are_those_of_the_whole(representation: Representation, tokens, names: tuple[str, ...]):
    split, rows = labelled(tokens), np.arange(39, -1, -2)
    labels = split.gather_labels(rows, names)
    example = representation.examples(tokens[rows], None, np.random.default_rng(3))
    whole, wanted = batch_of(representation, example, CPU, names, labels), example.target
    made = Examples(split, rows, representation, 3, CPU, names)
    for _ in range(2):  # the same again
        parts = list(made)
        assert [len(part.x) for part in parts] == [7, 7, 6]
        for ours, theirs in zip(zip(*parts, strict=True), whole, strict=True):
            if theirs is None:
                assert ours == (None, None, None)
            else:
                assert torch.equal(torch.cat(ours), theirs)
    assert np.array_equal(made.wanted, wanted) and made.wanted.dtype == wanted.dtype


def test_no_target_is_made_where_a_model_writes_what_it_reads():
    grooving = Examples(from_arrays(grooves(9)), np.arange(9), GrooveRepresentation(), 0, CPU)
    example = MELODY.examples(windows(9).gather(np.arange(9)), None, np.random.default_rng(0))
    whole = batch_of(MELODY, example)
    for batch in (*Examples(windows(9), np.arange(9), MELODY, 0, CPU), *grooving, whole):
        assert batch.target is None


class Watched(WindowSplit):
    """Notes the most windows that were asked for at a time."""

    most = 0

    def gather(self, indices: np.ndarray) -> np.ndarray:
        self.most = max(self.most, len(indices))
        return super().gather(indices)


def watched(count: int) -> Watched:
    tokens = MELODY.random(count, np.random.default_rng(0))
    return Watched([tokens], [np.zeros((count, 3), np.int32)])


@pytest.fixture
def vae() -> VAE:
    torch.manual_seed(0)
    return MusicConfig.from_table(FLAT, "test").build()


def test_a_split_is_never_gathered_whole(vae: VAE):
    split = watched(60)
    evaluate(vae, MELODY, split)
    validate(vae, MELODY, split, beta=0.3, seed=0)
    settings = MusicTraining(synthetic=0.0, synthetic_last=0.0)
    assert prior_for(vae, Batches(split, MELODY, settings, CPU)) is not None
    assert split.most == 7


def test_a_prior_does_not_depend_on_the_parts(vae: VAE, monkeypatch: pytest.MonkeyPatch):
    settings = MusicTraining(synthetic=0.0, synthetic_last=0.0, seed=2)
    batches = Batches(windows(100), MELODY, settings, CPU)
    apart = prior_for(vae, batches)
    monkeypatch.setattr(examples, "BATCH", 1000)
    whole = prior_for(vae, batches)
    assert apart is not None and whole is not None
    assert torch.allclose(apart.mean, whole.mean, atol=1e-5)
    assert torch.allclose(apart.root, whole.root, atol=1e-5)


def test_runs_of_two_seeds_are_validated_alike(vae: VAE):
    tokens = MELODY.random(1200, np.random.default_rng(0))  # more than are looked at: some are chosen
    found = [
        MusicTask(preset(FLAT, seed=seed), windows(8), from_arrays(tokens)).validate(vae) for seed in (1, 2)
    ]
    assert found[0] == found[1]
    assert found[0] != MusicTask(preset(FLAT), windows(8), VALIDATION).validate(vae)


def test_rolls_are_stored_small_and_read_as_floats(tmp_path: Path):
    roll = PianorollRepresentation(bars=2)
    tokens = (np.random.default_rng(0).random((9, roll.steps, *roll.step.shape)) < 0.1).astype(np.uint8)
    made = Examples(from_arrays(tokens), np.arange(9), roll, 0, CPU)
    assert next(iter(made)).x.dtype == torch.float32 and made.wanted.dtype == np.uint8
