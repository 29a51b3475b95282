from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError, ReadError
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.codes import Codes
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.score import KeyChange
from tests.corpora.tunes import tune
from tests.models.small import small_model
from tests.models.test_conditioned import TABLE, TUNE


def chordal() -> MusicVAE:
    """A model that hears chords."""
    torch.manual_seed(0)
    model = MusicVAE(MusicConfig.from_table(TABLE, "test"))
    for parameter in model.vae.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def test_there_and_back(tmp_path: Path):
    model = small_model()
    codes = model.codes(tune(1), tune(2), sample=True, seed=5)
    loaded = Codes.load(codes.save(tmp_path / "new" / "c.npz"))
    assert np.array_equal(loaded.z, model.encode(tune(1), tune(2), sample=True, seed=5))
    assert loaded.record == codes.record
    assert loaded.record["sampled"] is True and loaded.record["seed"] == 5
    takes = model.decode_codes(loaded)
    assert (takes.tokens == model.decode(codes.z).tokens).all()
    assert takes.record["inputs"][1]["bars"] == [1, 2]


def test_codes_made_elsewhere(tmp_path: Path):
    z = np.random.default_rng(0).normal(size=(3, 8))
    np.savez(tmp_path / "z.npz", z=z)
    np.save(tmp_path / "z.npy", z)
    for name in ("z.npz", "z.npy"):
        codes = Codes.load(tmp_path / name)
        assert np.allclose(codes.z, z) and codes.labels() == ["1", "2", "3"]
        assert codes.model == "" and codes.warning("abc") == ""
        assert len(small_model().decode_codes(codes)) == 3


def test_codes_are_told_apart_by_tune_and_bars():
    places = [(1, [1, 2]), (2, [1, 2]), (2, [5, 5])]
    inputs = [{"file": f"x/book.abc#{number}", "bars": bars} for number, bars in places]
    codes = Codes(np.zeros((3, 8), np.float32), {"inputs": inputs})
    assert codes.labels() == ["book-1 1-2", "book-2 1-2", "book-2 5"]


def test_chords_are_kept_with_codes(tmp_path: Path):
    model, song = chordal(), tmp_path / "tune.abc"
    song.write_text(TUNE)
    codes = Codes.load(model.codes(song, song).save(tmp_path / "c.npz"))
    assert codes.control is not None and codes.control.shape == (2, 32)
    takes = model.decode_codes(codes)
    assert (takes.tokens == model.reconstruct(song, song).tokens).all()
    assert len(takes[0].chords) > 1 and takes[0].chords == model.reconstruct(song)[0].chords
    others = model.decode_codes(codes, chords="Am | F")
    assert others.record["chords"] == "Am | F" and not (others.tokens == takes.tokens).all()
    unsaid = model.decode_codes(Codes(codes.z, codes.record))
    assert not (unsaid.tokens == takes.tokens).all()


@pytest.mark.parametrize("control", [np.full((1, 32), 200, np.uint8), np.zeros((1, 16), np.uint8)])
def test_chords_of_another_model_are_told(control: np.ndarray):
    codes = Codes(np.zeros((1, 6)), {}, control)
    with pytest.raises(ConfigError, match="another kind"):
        chordal().decode_codes(codes)
    assert len(chordal().decode_codes(codes, chords="C")) == 1
    assert len(small_model(z=6).decode_codes(codes)) == 1  # that no chords condition


def test_another_model_is_told():
    codes = Codes(np.zeros((1, 8)), {"model": {"name": "m", "folder": "gone/m", "sha256": "abc"}})
    assert codes.model == "m"
    assert "another model (m)" in codes.warning("def") and codes.warning("abc") == ""


def _write(path: Path, **arrays) -> None:
    with open(path, "wb") as file:
        np.savez(file, **arrays)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: None, "no such file"),
        (lambda p: p.write_bytes(b""), "no file of codes"),
        (lambda p: p.write_text("la la la"), "no file of codes"),
        (lambda p: (_write(p, z=np.zeros((4, 8))), p.write_bytes(p.read_bytes()[:100])), "no file of codes"),
        (lambda p: _write(p, a=np.zeros(3)), "no array 'z'"),
        (lambda p: _write(p, z=np.zeros(3)), r"must be numbers \[N, Z\]"),
        (lambda p: _write(p, z=np.zeros((0, 8))), "must be numbers"),
        (lambda p: _write(p, z=np.array([["a"]])), "must be numbers"),
        (lambda p: _write(p, z=np.array([[None]], dtype=object)), "no file of codes"),
        (lambda p: _write(p, z=np.zeros((1, 8)), record=np.array("{")), "no file of codes"),
        (
            lambda p: _write(p, z=np.zeros((1, 8)), record=np.array('{"inputs": [{}]}')),
            "record of inputs is damaged",
        ),
        (lambda p: _write(p, z=np.zeros((1, 8)), record=np.array('{"model": [1]}')), "damaged"),
        (lambda p: p.mkdir(), "no file of codes"),
        *(
            (lambda p, c=control: _write(p, z=np.zeros((2, 8)), control=c), "'control' must be whole numbers")
            for control in (
                np.zeros(2, np.uint8),
                np.zeros((3, 4), np.uint8),
                np.zeros((2, 0), np.uint8),
                np.zeros((2, 4)),
                np.array([["a"], ["b"]]),
            )
        ),
    ],
)
def test_what_is_no_file_of_codes(tmp_path: Path, make, words: str):
    make(tmp_path / "c.npz")
    with pytest.raises(ReadError, match=words):
        Codes.load(tmp_path / "c.npz")


def test_the_name(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"\.npz"):
        Codes(np.zeros((1, 8))).save(tmp_path / "c.txt")


def test_flipped_bits_are_one_clear_error(tmp_path: Path):
    path = tmp_path / "c.npz"
    small_model().codes(tune(1), tune(2)).save(path)
    whole, chance = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        data = bytearray(whole)
        for at in chance.integers(0, len(data), 3):
            data[at] ^= 1 << chance.integers(0, 8)
        path.write_bytes(data)
        try:
            Codes.load(path)
        except ReadError:
            refused += 1
    assert refused > 200


def test_the_key_is_kept_with_codes(tmp_path: Path):
    model, key = small_model(), KeyChange(0, -6, True)
    codes = model.codes(replace(tune(1), keys=(key,)), tune(2))
    takes = model.decode_codes(Codes.load(codes.save(tmp_path / "c.npz")))
    assert [score.keys for score in takes] == [(key,), ()]


@pytest.mark.parametrize("header", [b"(2, 8L)", b"(2, 8)L"])
def test_numpy_says_nothing_of_a_header_of_its_own(tmp_path: Path, recwarn, header: bytes):
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': " + header + b", }"
    text += b" " * (117 - len(text)) + b"\n"
    start = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    (tmp_path / "c.npy").write_bytes(start + bytes(128))
    with suppress(ReadError):
        Codes.load(tmp_path / "c.npy")
    assert not recwarn.list


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "c.npz")
    with pytest.raises(ReadError, match="it is a pipe"):
        Codes.load(tmp_path / "c.npz")
