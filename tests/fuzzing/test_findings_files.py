"""What fuzzing and reading found in other files: inputs that hung, grew without bound or raised too much."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from musicvae_lite import arrays, checkpoints, packing, tables
from musicvae_lite.errors import CheckpointError, ConfigError, DatasetError, MusicVAEError, ReadError
from musicvae_lite.images import idx, reading
from musicvae_lite.models.codes import Codes
from musicvae_lite.models.image_vae import ImageVAE
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music import drum_maps, representations
from musicvae_lite.training.dataset import WindowDataset
from musicvae_lite.training.presets import load_preset
from musicvae_lite.training.run_folder import RunFolder
from tests.fuzzing import seeds
from tests.models.small import save_small

DEEP = 100_000


# Tables


@pytest.mark.parametrize("text", ["[" * DEEP, "[" * 40 + "]" * 40, '{"a":' * 50 + "1" + "}" * 50, "1" * 5000])
def test_json_is_refused_with_one_kind_of_error(text: str, tmp_path: Path):
    with pytest.raises(ValueError):
        tables.parse_json(text)
    folder = save_small(tmp_path / "model")
    (folder / "config.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"config\.json"):
        checkpoints.read_config(folder)
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DatasetError, match=r"manifest\.json"):
        WindowDataset(tmp_path)
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"run\.json"):
        RunFolder(tmp_path).check({}, resume=True)


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * DEEP, "a = " + "1" * 5000, "a" + ".a" * 30_000 + " = 1", "[a" + ' . "b"' * 60 + "]"],
)
def test_toml_is_refused_with_one_kind_of_error(text: str, tmp_path: Path):
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.toml: not TOML"):
        load_preset(str(tmp_path / "mine.toml"))
    with pytest.raises(ConfigError, match="it is no TOML"):
        drum_maps.find(tmp_path / "mine.toml")


def test_large_tables_are_not_read(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(tables, "LARGEST", 100)
    (tmp_path / "a.json").write_text(json.dumps("a" * 200))
    with pytest.raises(ValueError, match="more than 100 bytes"):
        tables.read_json(tmp_path / "a.json")


# Models


@pytest.mark.parametrize(
    "change",
    [
        {"z": 2**40},
        {"z": 2**20},
        {"encoder": {"kind": "flat", "hidden": 2**20}},
        {"encoder": {"kind": "flat", "hidden": 4, "layers": 2**31}},
        {"encoder": {"kind": ["flat"]}},
        {"encoder": {"kind": "hierarchical", "segments": [4, 8], "width": 2**19}},
        {"decoder": {"kind": "flat", "hidden": float("nan")}},
        {"representation": {"name": "melody", "bars": 2**31}},
        {"representation": {"name": "melody", "bars": 2, "meter": {}}},
        {"representation": {"name": "melody", "bars": [2]}},
        {"representation": {"name": {}, "bars": 2}},
        {"representation": {"name": "multitrack", "events": 2**40}},
    ],
)
def test_a_config_takes_no_more_than_the_weights_fill(change: dict, tmp_path: Path):
    folder = save_small(tmp_path / "model")
    table = json.loads((folder / "config.json").read_text()) | change
    (folder / "config.json").write_text(json.dumps(table))
    with pytest.raises(CheckpointError):
        MusicVAE.load(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"picture": {"height": 2**14, "width": 2**14, "channels": 3}},
        {"picture": {"height": 0, "width": 28, "channels": 1}},
        {"picture": {"height": -1, "width": 28, "channels": 1}},
        {"z": 10**30},
        {"classes": 5},
        {"likelihood": []},
        {"encoder": {"kind": "convolutional", "widths": []}},
        {"decoder": {"kind": "convolutional", "widths": []}},
        {"encoder": {"kind": "dense", "hidden": [0]}},
        {"encoder": {"kind": "dense", "hidden": [2**20] * 3}},
    ],
)
def test_a_config_of_pictures_likewise(change: dict, tmp_path: Path):
    folder = save_small(tmp_path / "model")
    (folder / "config.json").write_text(json.dumps(json.loads(seeds.image_configs()[0]) | change))
    with pytest.raises(CheckpointError):
        ImageVAE.load(folder)


def test_a_scale_must_fit_its_matrix():
    """One row and many scales would have made a matrix of their product."""
    matrix = torch.ones(1, 4, dtype=torch.int8)
    for stored in ({"w": matrix, "w#scale": torch.ones(9)}, {"w#scale": torch.ones(1)}):
        with pytest.raises(ValueError, match="w#scale"):
            packing.unpack(stored)


def header(table: dict, size: int = 0) -> bytes:
    text = json.dumps(table).encode()
    return struct.pack("<Q", len(text)) + text + bytes(size)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<Q", 2**60) + b"{}",
        header({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 4]}}, 4),
        header({"a": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]}}, 8),
        header({"a": {"dtype": "BOOL", "shape": [1], "data_offsets": [0, 1]}}, 1),
        header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, 100),
    ],
)
def test_headers_of_weights_that_lie(data: bytes, tmp_path: Path):
    (tmp_path / "a.safetensors").write_bytes(data)
    with pytest.raises(CheckpointError):
        checkpoints.read_tensors(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    "table", [{"step": -1}, {"step": "1"}, {"step": {}}, {"step": True}, {"best": []}, {"smooth": [1]},
              {"smooth": {"a": "b"}}, {"logged": 0.5}]
)  # fmt: skip
def test_progress_that_is_none(table: dict, tmp_path: Path):
    state = tmp_path / "last" / "step-000000001"
    state.mkdir(parents=True)
    (state / "progress.json").write_text(json.dumps(table))
    with pytest.raises(CheckpointError, match=r"progress\.json"):
        RunFolder(tmp_path).newest()


# Datasets, codes, pictures


@pytest.mark.parametrize(
    "change",
    [
        {"representation": 64},
        {"representation": {"name": "melody", "bars": 2, "meter": [1]}},
        {"dtype": None},
        {"songs": -1},
        {"warnings": [1]},
        {"duplicates": {"within": "a"}},
        {"rejections": [{"code": "a"}]},
    ],
)
def test_manifests_that_lie(change: dict, tmp_path: Path):
    for name, data in seeds.dataset().items():
        (tmp_path / name).write_bytes(data)
    table = json.loads(seeds.dataset()["manifest.json"]) | change
    (tmp_path / "manifest.json").write_text(json.dumps(table))
    with pytest.raises(MusicVAEError):
        WindowDataset(tmp_path).check({"name": "melody", "bars": 2}, "melody-2bar")


@pytest.mark.parametrize("field", ["descr", "shape"])
def test_numpy_headers_that_break_the_parser(field: str, tmp_path: Path):
    data = seeds.codes()[2].replace(f"'{field}': (".encode(), b"((((((((").replace(b"}", b" ", 1)
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(arrays.FAULTS):
        arrays.load(tmp_path / "a.npy", 10_000)
    with pytest.raises(ReadError):
        Codes.load(tmp_path / "a.npy")


def test_arrays_that_unpack_to_more_are_not_unpacked(tmp_path: Path):
    np.savez_compressed(tmp_path / "a.npz", z=np.zeros((1000, 1000), np.float32))
    assert (tmp_path / "a.npz").stat().st_size < 100_000
    with pytest.raises(ValueError, match="unpacks to"):
        arrays.load(tmp_path / "a.npz", 100_000)
    found = arrays.load(tmp_path / "a.npz", 10**7)
    assert isinstance(found, dict) and found["z"].shape == (1000, 1000)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (0, 5)])
def test_arrays_are_read_as_numpy_wrote_them(order, shape, tmp_path: Path):
    values = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape), order=order)
    np.save(tmp_path / "a.npy", values)
    found = arrays.load(tmp_path / "a.npy", 10_000)
    assert isinstance(found, np.ndarray) and found.dtype == values.dtype and np.array_equal(found, values)


@pytest.mark.parametrize("values", [np.array([{}], dtype=object), np.zeros(1, dtype="i4,f4")])
def test_arrays_of_other_things_are_not_read(values: np.ndarray, tmp_path: Path):
    np.save(tmp_path / "a.npy", values, allow_pickle=True)
    with pytest.raises(ValueError):
        arrays.load(tmp_path / "a.npy", 10_000)


@pytest.mark.parametrize(
    "inputs",
    [[{}] * 2, [{"tempo": "fast"}] * 2, [{"tempo": 1e400, "program": 0, "velocity": 80}] * 2, 5, "ab"],
)
def test_records_of_codes_that_lie(inputs, tmp_path: Path):
    record = json.dumps({"inputs": inputs, "model": {"folder": "a" * 5000}})
    np.savez(tmp_path / "a.npz", z=np.zeros((2, 4)), record=np.array(record))
    with pytest.raises(ReadError):
        Codes.load(tmp_path / "a.npz")


def test_gzipped_bombs_are_noticed(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(idx, "LARGEST", 10_000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(10_000_000)))
    with pytest.raises(ReadError, match="more than 10,000 bytes") as error:
        idx.read_idx(tmp_path / "a.gz")
    assert error.value.code == "limit"


def test_formats_that_run_programs_are_not_opened(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    )
    with pytest.raises(ReadError, match="is not a picture"):
        reading.read_picture(tmp_path / "a.png")


def test_a_damaged_tiff_is_refused(tmp_path: Path):
    """Pillow says TypeError of one without a size."""
    (tmp_path / "a.tif").write_bytes(b"II*\0\x08\0\0\0\0\0\0\0\0\0")
    with pytest.raises(ReadError):
        reading.read_picture(tmp_path / "a.tif")


def test_frames_are_counted_only_so_far(tmp_path: Path, monkeypatch):
    from PIL import Image

    monkeypatch.setattr(reading, "MOST_FRAMES", 3)
    frames = [Image.new("L", (2, 2), shade) for shade in range(0, 200, 20)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert reading.read_picture(tmp_path / "a.gif").notes == (
        "an animation of 3 pictures: the first is taken",
    )


def test_representations_check_the_types_of_their_settings():
    for table in (
        {"name": "melody", "tolerance": "wide"},
        {"name": "trio", "bars": 2.5},
        7,
        {"name": ["melody"]},
    ):
        with pytest.raises(ConfigError):
            representations.from_config(table)  # type: ignore[arg-type]
