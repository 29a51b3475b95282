"""magenta-js checkpoints: read, written, and read again."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite import checkpoints
from musicvae_lite.checkpoints import VECTORS
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.magenta.exporting import export_javascript
from musicvae_lite.magenta.importing import import_model
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.music_vae import MusicVAE
from tests.magenta.bundles import variables_of
from tests.magenta.models import small

MELODY = {"type": "MelodyConverter", "args": {"numSteps": 32, "minPitch": 21, "maxPitch": 108}}
EXPORTED = {
    "cat-mel_2bar_small": ("MelodyConverter", {"numSteps": 32, "minPitch": 21, "maxPitch": 108}),
    "cat-mel_2bar_med_chords": ("MelodyConverter", {"numSteps": 32, "minPitch": 21, "maxPitch": 108}),
    "hier-mel_16bar": (
        "MelodyConverter",
        {"numSteps": 256, "numSegments": 16, "minPitch": 21, "maxPitch": 108},
    ),
    "cat-drums_2bar_small": ("DrumsConverter", {"numSteps": 32}),
    "nade-drums_2bar_reduced": ("DrumRollConverter", {"numSteps": 32}),
    "hier-trio_16bar": (
        "TrioConverter",
        {
            "numSteps": 256,
            "numSegments": 16,
            "melArgs": {"minPitch": 21, "maxPitch": 108},
            "bassArgs": {"minPitch": 21, "maxPitch": 108},
            "drumsArgs": {},
        },
    ),
    "hier-multiperf_vel_1bar_med_chords": (
        "MultitrackConverter",
        {"numSteps": 512, "numSegments": 8, "stepsPerQuarter": 24, "totalSteps": 96, "numVelocityBins": 8},
    ),
    "groovae_2bar_humanize": ("GrooveConverter", {"numSteps": 32, "humanize": True, "tapify": False}),
    "groovae_4bar": ("GrooveConverter", {"numSteps": 64, "humanize": False, "tapify": False}),
}


def written(
    folder: Path, variables: dict[str, np.ndarray], spec: dict[str, Any], quantised: str = ""
) -> Path:
    """A checkpoint as TensorFlow.js's converter would write it, in two shards."""
    folder.mkdir(parents=True, exist_ok=True)
    weights, data = [], b""
    for name, value in variables.items():
        weight: dict[str, Any] = {"name": name, "shape": list(value.shape), "dtype": "float32"}
        if quantised == "float16":
            value, weight["quantization"] = value.astype("<f2"), {"dtype": "float16"}
        elif quantised:
            levels = {"uint8": 255, "uint16": 65535}[quantised]
            least, scale = float(value.min()), float(value.max() - value.min()) / levels or 1.0
            kind = {"uint8": "u1", "uint16": "<u2"}[quantised]
            weight["quantization"] = {"min": least, "scale": scale, "dtype": quantised}
            value = np.rint((value - least) / scale).astype(kind)
        weights.append(weight)
        data += np.asarray(value, order="C").tobytes()
    half = len(data) // 2 + 1
    (folder / "group1-shard1of2").write_bytes(data[:half])
    (folder / "group1-shard2of2").write_bytes(data[half:])
    manifest = [{"paths": ["group1-shard1of2", "group1-shard2of2"], "weights": weights}]
    (folder / "weights_manifest.json").write_text(json.dumps(manifest))
    (folder / "config.json").write_text(json.dumps({"type": "MusicVAE", "dataConverter": spec}))
    return folder


def melody(folder: Path, quantised: str = "", **spec: Any) -> Path:
    return written(folder, variables_of(small("cat-mel_2bar_small")), {**MELODY, **spec}, quantised)


@pytest.mark.parametrize(
    ("quantised", "error"), [("", 0), ("float16", 2e-3), ("uint16", 1e-4), ("uint8", 2e-2)]
)
def test_every_way_numbers_are_stored(tmp_path: Path, quantised: str, error: float):
    folder = melody(tmp_path / "js", quantised)
    imported = import_model(folder, name="js")
    exact = import_model(melody(tmp_path / "exact"), name="exact")
    one, other = (checkpoints.read_weights(found.folder) for found in (imported, exact))
    for name in other:
        torch.testing.assert_close(one[name], other[name], atol=error, rtol=0)


@pytest.mark.parametrize(
    ("name", "quantised"),
    [
        *((name, None) for name in EXPORTED),
        *(("cat-mel_2bar_small", kind) for kind in ("float16", "uint16", "uint8")),
    ],
)
def test_what_is_exported_is_read_again(tmp_path: Path, name: str, quantised: str | None):
    torch.manual_seed(0)
    model = MusicVAE(small(name))
    export_javascript(model, tmp_path / "js", quantised)
    spec = json.loads((tmp_path / "js" / "config.json").read_text())
    assert (spec["dataConverter"]["type"], spec["dataConverter"]["args"]) == EXPORTED[name]
    again = MusicVAE.load(import_model(tmp_path / "js", name="again").folder)
    theirs, ours = again.config.to_table(), model.config.to_table()
    for half in ("encoder", "decoder"):  # dropout, which only training knows, is not told
        theirs[half]["keep"] = ours[half]["keep"]
    assert theirs == ours
    tolerance = {None: 1e-6, "float16": 1e-2, "uint16": 1e-3, "uint8": 1e-1}[quantised]
    for key, value in model.vae.state_dict().items():
        torch.testing.assert_close(again.vae.state_dict()[key], value, atol=tolerance, rtol=0)


def test_shards_are_cut_as_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("musicvae_lite.magenta.exporting.SHARD", 1000)
    model = MusicVAE(small("cat-mel_2bar_small"))
    export_javascript(model, tmp_path)
    manifest = json.loads((tmp_path / "weights_manifest.json").read_text())
    paths = manifest[0]["paths"]
    assert paths[0] == f"group1-shard1of{len(paths)}" and len(paths) > 5
    assert all((tmp_path / path).stat().st_size == 1000 for path in paths[:-1])
    assert MusicVAE.load(import_model(tmp_path, name="again").folder).config == model.config


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (small("flat-trio_16bar", encoder={"hidden": (5,)}), "a core of its own"),
        (small("hierdec-mel_16bar"), "its encoder has 2 layers.*both be hierarchical"),
        (small("cat-mel_2bar_small", encoder={"residual": True}), "residual"),
        (small("cat-mel_2bar_small", decoder={"hidden": (5, 6)}), "differ in size"),
        (small("cat-drums_2bar_small", encoder={"levels": (16, 2)}), "both be hierarchical"),
        (
            MusicConfig.from_table(
                {
                    "representation": {"name": "melody"},
                    "encoder": {"kind": "flat"},
                    "decoder": {"kind": "flat"},
                    "z": 3,
                },
                "own",
            ),
            "not one of Magenta's",
        ),
        (
            MusicConfig.from_table(
                {
                    "representation": {"name": "melody", "meter": "3/4"},
                    "encoder": {"kind": "stock"},
                    "decoder": {"kind": "stock"},
                    "z": 3,
                },
                "own",
            ),
            "4/4 in 16ths",
        ),
    ],
)
def test_what_magenta_js_cannot_run_is_said(tmp_path: Path, config: MusicConfig, words: str):
    with pytest.raises(ConfigError, match=words):
        export_javascript(MusicVAE(config), tmp_path / "js")
    assert not (tmp_path / "js").exists()


def test_without_sigma(tmp_path: Path):
    variables = {n: v for n, v in variables_of(small("cat-mel_2bar_small")).items() if "sigma" not in n}
    imported = import_model(written(tmp_path / "js", variables, MELODY))
    assert "no sigma" in imported.notes[0] and "no sigma" in (imported.folder / checkpoints.CARD).read_text()
    MusicVAE.load(imported.folder)


def test_attribute_vectors_beside(tmp_path: Path):
    folder = melody(tmp_path / "js")
    (folder / "attributes.json").write_text(
        json.dumps({"density": [1, 2, 3, 4.5], "more": {"vector": [0, 0, 0, 1]}})
    )
    (folder / "notes.json").write_text('{"about": "something else"}')
    imported = import_model(folder)
    vectors = checkpoints.read_tensors(imported.folder / VECTORS)
    assert {name: vector.tolist() for name, vector in vectors.items()} == {
        "density": [1, 2, 3, 4.5],
        "more": [0, 0, 0, 1],
    }
    export_javascript(MusicVAE.load(imported.folder), tmp_path / "out")
    assert json.loads((tmp_path / "out" / "attribute_vectors.json").read_text())["density"] == [1, 2, 3, 4.5]


def test_other_files_beside_a_checkpoint_do_no_harm(tmp_path: Path):
    folder = melody(tmp_path / "js")
    (folder / "short.json").write_text(json.dumps({"density": [1, 2], "more": [1, 2, 3, 4]}))
    (folder / "package.json").write_text(
        '{"files": ["a", "b"], "size": {"vector": "x"}, "n": [1, [2], 3, 4]}'
    )
    (folder / "list.json").write_text("[1, 2, 3, 4]")
    (folder / "nan.json").write_text(
        f'{{"a": [NaN, 1, 2, 3], "b": [1e999, 1, 2, 3], "c": [{10**400}, 1, 2, 3]}}'
    )
    (folder / "long.json").write_text("[" + "1" * 5000 + "]")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "torn.json").write_text('{"density": [1,')
    (folder / "bytes.json").write_bytes(b"\xff\xfe\x00")
    (folder / "folder.json").mkdir()
    imported = import_model(folder)
    assert not (imported.folder / VECTORS).exists()
    assert [note for note in imported.notes if "short.json" in note] == [
        "short.json is left out: 'density' in it has 2 numbers, and codes have 4"
    ]


def test_a_range_and_a_length_of_its_own(tmp_path: Path):
    config = MusicConfig.from_table(
        {
            "representation": {"name": "melody", "bars": 4, "lowest": 48, "highest": 83},
            "encoder": {"kind": "stock", "hidden": [5], "levels": [16, 4]},
            "decoder": {"kind": "stock", "hidden": [6, 6], "levels": [4, 16]},
            "z": 3,
        },
        "own",
    )
    args = {"numSteps": 64, "numSegments": 4, "minPitch": 48, "maxPitch": 83}
    folder = written(tmp_path / "js", variables_of(config), {"type": "MelodyConverter", "args": args})
    imported = import_model(folder)
    assert MusicVAE.load(imported.folder).config == config
    assert imported.folder.name == "melody-4bar-js"


def test_drums_of_its_own(tmp_path: Path):
    table = {"name": "drums", "drum_map": {"name": "x", "classes": {"low": [36, 35], "high": [38]}}}
    config = MusicConfig.from_table(
        {
            "representation": table,
            "encoder": {"kind": "stock", "hidden": [5], "roll": True},
            "decoder": {"kind": "stock", "hidden": [6]},
            "z": 3,
        },
        "own",
    )
    model = MusicVAE(config)
    export_javascript(model, tmp_path / "js")
    again = MusicVAE.load(import_model(tmp_path / "js").folder)
    assert again.representation.drum_map.pitches == ((36, 35), (38,))  # type: ignore[attr-defined]


CONVERTERS = {
    "shape": ("MelodyShapeConverter", {"numSteps": 32, "minPitch": 21, "maxPitch": 108}, {}),
    "rhythm": ("MelodyRhythmConverter", {"numSteps": 32, "minPitch": 21, "maxPitch": 108}, {}),
    "trio-rhythm": (
        "TrioRhythmConverter",
        {
            "numSteps": 32,
            "melArgs": {"minPitch": 21, "maxPitch": 108},
            "bassArgs": {"minPitch": 21, "maxPitch": 108},
            "drumsArgs": {},
        },
        {"voices": "trio"},
    ),
}


@pytest.mark.parametrize("name", CONVERTERS)
@pytest.mark.parametrize("levels", [(), (8, 4)])
def test_shapes_and_rhythms(tmp_path: Path, name: str, levels: tuple[int, ...]):
    kind, args, settings = CONVERTERS[name]
    table = {"name": name.removeprefix("trio-"), **settings}
    halves = {
        "encoder": {"kind": "stock", "hidden": [5], "levels": list(levels)},
        "decoder": {"kind": "stock", "hidden": [6], "levels": list(levels[::-1]), "split": "trio" in name},
    }
    model = MusicVAE(MusicConfig.from_table({"representation": table, **halves, "z": 3}, "own"))
    export_javascript(model, tmp_path / "js")
    spec = json.loads((tmp_path / "js" / "config.json").read_text())
    assert spec["dataConverter"]["type"] == kind
    assert spec["dataConverter"]["args"] == args | ({"numSegments": 4} if levels else {})
    assert spec.get("useBooleanDecoder", False) is (name != "shape")
    imported = import_model(tmp_path / "js")
    again = MusicVAE.load(imported.folder)
    assert again.config == model.config
    takes = again.sample(2, seed=3)
    assert len(again.interpolate(takes[0], takes[1], 3)) == 3
    assert again.reconstruct(takes[0]).tokens.shape[1] == 32 and np.isfinite(again.log_prob(takes[0])).all()


def test_a_trio_of_rhythms_needs_a_core_a_voice(tmp_path: Path):
    halves = {"encoder": {"kind": "stock", "hidden": [5]}, "decoder": {"kind": "stock", "hidden": [6]}}
    table = {"representation": {"name": "rhythm", "voices": "trio"}, **halves, "z": 3}
    model = MusicVAE(MusicConfig.from_table(table, "own"))
    with pytest.raises(ConfigError, match="a core of its own"):
        export_javascript(model, tmp_path / "js")


def test_from_an_address(tmp_path: Path):
    melody(tmp_path / "js")
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        imported = import_model(f"{address}/js/")
        with pytest.raises(CheckpointError, match=r"nothing/config.json: the server says 404"):
            import_model(f"{address}/nothing")
        server.shutdown()
    assert MusicVAE.load(imported.folder).config == small("cat-mel_2bar_small")
    with pytest.raises(CheckpointError, match="cannot be reached"):
        import_model(address)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass
