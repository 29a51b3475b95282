"""Shapes and rhythms against what magenta-js made of them.

`tests/data/magenta-js-1.23.1.json` was recorded with @magenta/music 1.23.1 under Node: models with the
weights of `made`, exported and loaded there, were given notes (`dataConverter.toTensor`, `encode`) and codes
(`decodeTensors` and `decode` without temperature). Notes are [first step, last step, pitch, program, drum].
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite.magenta.exporting import export_javascript
from musicvae_lite.magenta.importing import import_model
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.score import Score
from tests.music.representations.songs import song

RECORD = json.loads((Path(__file__).parents[1] / "data" / "magenta-js-1.23.1.json").read_text("utf-8"))


def made(shape: torch.Size, number: int) -> np.ndarray:
    """Numbers in -1..1 that are the same on every machine."""
    index = np.arange(int(np.prod(shape)), dtype=np.float64)
    noise = np.sin(index * 12.9898 + number * 78.233) * 43758.5453
    return ((noise - np.floor(noise)) * 2 - 1).reshape(shape)


@pytest.fixture(scope="module", params=list(RECORD))
def case(request, tmp_path_factory: pytest.TempPathFactory) -> tuple[MusicVAE, dict[str, Any]]:
    """A model that went out and came in again, and what magenta-js says of it."""
    record = RECORD[request.param]
    model = MusicVAE(MusicConfig.from_table(record["model"], request.param))
    for place, (_, weight) in enumerate(sorted(model.vae.named_parameters())):
        values = made(weight.shape, place + 100 * record["seed"]) * record["scale"]
        weight.data = torch.from_numpy(values.astype(np.float32))
    folder = tmp_path_factory.mktemp("recorded")
    export_javascript(model, folder / "js")
    return MusicVAE.load(import_model(folder / "js", folder=folder / "ours").folder), record


def score(notes: list[list[int]]) -> Score:
    voices = sorted({(program, drum) for *_, program, drum in notes})
    tracks = [
        [(start, end - start, pitch) for start, end, pitch, *rest in notes if tuple(rest) == voice]
        for voice in voices
    ]
    drums = [n for n, (_, drum) in enumerate(voices) if drum]
    return song(*tracks, programs=[program for program, _ in voices], drums=drums)


def window(text: str) -> np.ndarray:
    """ "0 1 1" are flags of one drum, "001 010" of three, "0112" tokens."""
    rows = text.split()
    return np.array([int(c) for c in text] if len(rows) == 1 else [[int(c) for c in row] for row in rows])


def test_notes_are_read_and_encoded_as_there(case):
    model, record = case
    for notes, wanted in zip(record["sequences"], record["encoded"], strict=True):
        (tokens,) = model.representation.lenient().windows(score(notes)).tokens
        assert np.array_equal(tokens, window(wanted["inputs"]))
        mean = model.posterior_of_tokens(tokens[None]).mean[0].numpy()
        np.testing.assert_allclose(mean, wanted["mean"], atol=2e-6)


def test_codes_are_decoded_and_written_as_there(case):
    model, record = case
    r: Any = model.representation
    found = model.vae.decode(torch.tensor(record["z"]), None, 0.0).numpy()
    assert len({row.tobytes() for row in found}) > 1
    for tokens, wanted in zip(found, record["decoded"], strict=True):
        assert np.array_equal(tokens, window(wanted["samples"]))
        ours = r.to_score(tokens)
        step = ours.ticks_per_quarter // 4
        programs, drums = ([getattr(t, key) for t in ours.tracks] for key in ("program", "is_drum"))
        notes = [
            [start // step, end // step, pitch, programs[track], int(drums[track])]
            for start, end, pitch, track in zip(
                *(getattr(ours, key).tolist() for key in ("start", "end", "pitch", "track")), strict=True
            )
        ]
        theirs = wanted["notes"]
        if r.name == "shape" and tokens[0] != tokens[1]:  # ours begin as they go on: all lies higher or lower
            if max(row[2] for row in theirs) == r.highest:
                continue  # where the range cuts theirs off, another start makes another walk
            shift = int(tokens[1]) - int(tokens[0])
            theirs = [[start, end, pitch + shift, *rest] for start, end, pitch, *rest in theirs]
        assert sorted(notes) == theirs
