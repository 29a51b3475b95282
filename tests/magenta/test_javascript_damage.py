"""magenta-js checkpoints that are damaged, odd or hostile: refused in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from musicvae_lite.errors import CheckpointError
from musicvae_lite.magenta import javascript
from musicvae_lite.magenta.converters import converter_of
from musicvae_lite.magenta.importing import import_model
from tests.magenta.test_javascript import EXPORTED, MELODY, melody, written


def spoilt(folder: Path, change) -> Path:
    manifest = json.loads((folder / "weights_manifest.json").read_text())
    (folder / "weights_manifest.json").write_text(json.dumps(change(manifest) or manifest))
    return folder


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m[0]["weights"][0].update(shape=[3, 5]), "at most .* are expected"),
        (lambda m: m[0]["weights"][0].update(shape=[1 << 20, 1 << 20]), "claims weights of"),
        (lambda m: m[0]["weights"][0].update(shape=[-1, 4]), "makes no sense"),
        (lambda m: m[0]["weights"][0].update(shape="big"), "makes no sense"),
        (lambda m: m[0]["weights"][0].update(dtype="float128"), "is of the type 'float128'"),
        (lambda m: m[0]["weights"][0].update(quantization={"dtype": "uint4"}), "is of the type 'uint4'"),
        (lambda m: m[0].update(paths=["../group1-shard1of2"]), "lies elsewhere"),
        (lambda m: m[0].update(paths=["/etc/passwd"]), "lies elsewhere"),
        (lambda m: m[0].update(paths=["group1-shard1of2", "gone"]), "gone: missing"),
        (lambda m: m[0].update(paths=["group1-shard1of2"]), "group1-shard1of2 holds"),
        (lambda m: m[0].pop("weights"), "makes no sense"),
        (lambda m: {"not": "a list"}, "not a manifest"),
        (lambda m: m[0]["weights"][0].pop("name") and None, "makes no sense"),
        (lambda m: m[0]["weights"][0].update(name=["x"]), "makes no sense"),
        (lambda m: m[0]["weights"][0].update(shape=[1] * 40), "makes no sense"),
        (lambda m: m[0]["weights"][0].update(quantization={"dtype": "uint8"}), "makes no sense"),
        (
            lambda m: m[0]["weights"][0].update(quantization={"dtype": "uint8", "scale": 1e999, "min": 0}),
            "is scaled by",
        ),
        (lambda m: m[0]["weights"].append(m[0]["weights"][0]), "twice"),
        (lambda m: m[0].update(paths=["group1-shard1of2"] * 1000), "at most .* are expected"),
        (lambda m: m[0].update(paths=["..\\x"]), "lies elsewhere"),
        (lambda m: m[0].update(paths=["a\0b"]), "lies elsewhere"),
        (lambda m: m[0].update(paths=["a" * 4000]), "cannot be read"),
        (lambda m: m[0].update(paths=None), "makes no sense"),
    ],
)
def test_manifests_that_lie(tmp_path: Path, change, words: str):
    with pytest.raises(CheckpointError, match=words):
        import_model(spoilt(melody(tmp_path / "js"), change), name="x")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"type": "MusicRNN"}, "type is 'MusicRNN'"),
        ({"type": "MusicVAE"}, "dataConverter is None; it can be MelodyConverter"),
        ({"type": "MusicVAE", "dataConverter": {"type": "PianoConverter"}}, "'PianoConverter'"),
        (
            {"type": "MusicVAE", "dataConverter": {"type": "MelodyConverter", "args": {"numSteps": 30}}},
            "numSteps is 30",
        ),
        ({"type": "MusicVAE", "dataConverter": MELODY, "conditionOnKey": True}, "keys"),
        (
            {"type": "MusicVAE", "dataConverter": MELODY, "extraControls": [{"name": "x", "depth": 2}]},
            "extraControls",
        ),
        (
            {
                "type": "MusicVAE",
                "dataConverter": {"type": "MelodyConverter", "args": {"numSteps": 32, "minPitch": 40}},
            },
            "do not fit its converter",
        ),
        (
            {
                "type": "MusicVAE",
                "dataConverter": {
                    "type": "GrooveConverter",
                    "args": {"numSteps": 32, "splitInstruments": True},
                },
            },
            "splitInstruments",
        ),
        (
            {"type": "MusicVAE", "dataConverter": {"type": "MelodyShapeConverter", "args": {"numSteps": 32}}},
            "do not fit its converter MelodyShapeConverter",
        ),
        ([], "type is"),
        ({"type": "MusicVAE", "dataConverter": {"type": ["MelodyConverter"]}}, "dataConverter is"),
        ({"type": "MusicVAE", "dataConverter": {**MELODY, "args": [1]}}, "'args' should be a table"),
        (
            {"type": "MusicVAE", "dataConverter": {**MELODY, "args": {"numSteps": 16 << 30}}},
            "and at most 16384",
        ),
        (
            {"type": "MusicVAE", "dataConverter": MELODY, "chordEncoder": ["x"]},
            "MelodyConverter: an argument",
        ),
        ({"type": "MusicVAE", "dataConverter": MELODY, "extraControls": 3}, "extraControls"),
        (
            {
                "type": "MusicVAE",
                "dataConverter": {"type": "GrooveConverter", "args": {"numSteps": 32}},
                "extraControls": ["hits"],
            },
            "extraControls",
        ),
        (
            {
                "type": "MusicVAE",
                "dataConverter": {"type": "TrioConverter", "args": {"numSteps": 32, "melArgs": 3}},
            },
            "TrioConverter: an argument",
        ),
        (
            {
                "type": "MusicVAE",
                "dataConverter": {
                    "type": "MultitrackConverter",
                    "args": {
                        "numSteps": 512,
                        "numSegments": 0,
                        "stepsPerQuarter": 24,
                        "totalSteps": 96,
                        "numVelocityBins": 8,
                    },
                },
            },
            "MultitrackConverter: 'numSteps' is 512",
        ),
    ],
)
def test_configs_that_do_not_fit(tmp_path: Path, spec: Any, words: str):
    folder = melody(tmp_path / "js")
    (folder / "config.json").write_text(json.dumps(spec))
    with pytest.raises(CheckpointError, match=words):
        import_model(folder, name="x")
    (folder / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json: not JSON"):
        import_model(folder, name="x")


ODD = (None, True, -1, 0, 1.5, 1e308, 10**30, "", "x", [], [[]], {}, {"type": {}})


def variations(value: Any) -> Iterator[Any]:
    """A JSON value with every part of it in turn replaced by odd ones, and left out."""
    yield from ODD
    if isinstance(value, dict):
        for key, part in value.items():
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: other} for other in variations(part))
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in variations(part))


@pytest.mark.parametrize("name", ["cat-mel_2bar_small", "hier-trio_16bar", "groovae_4bar"])
def test_any_config_is_read_or_refused_in_words(name: str):
    kind, args = EXPORTED[name]
    spec = {"type": "MusicVAE", "dataConverter": {"type": kind, "args": args}, "chordEncoder": "x"}
    for odd in (*variations(spec), *variations({**spec, "extraControls": [{"name": "hits", "depth": 9}]})):
        try:
            converter_of(odd, "config.json")
        except CheckpointError as error:
            assert str(error).startswith("config.json: ")


def test_any_manifest_is_read_or_refused_in_words(tmp_path: Path):
    variables = {"a": np.zeros(3, np.float32), "b": np.ones(2, np.float32)}
    folder = written(tmp_path / "js", variables, MELODY, "uint8")
    manifest = json.loads((folder / "weights_manifest.json").read_text())
    for odd in variations(manifest):
        (folder / "weights_manifest.json").write_text(json.dumps(odd))
        with pytest.raises(CheckpointError) as error:  # it is no MusicVAE even when it is whole
            javascript.read(str(folder), None, lambda done, total: None)
        assert str(folder) in str(error.value)
