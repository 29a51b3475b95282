"""What fuzzing and reading have found: inputs that hung, grew without bound or raised what nobody expects."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from contextlib import suppress
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
from musicvae_lite.music import drum_maps, midi, midi_check, midi_chords, notation, representations
from musicvae_lite.music.chords import inference
from musicvae_lite.music.files import Limits
from musicvae_lite.music.score import Meter, MeterChange, Score
from musicvae_lite.training.dataset import WindowDataset
from musicvae_lite.training.presets import load_preset
from musicvae_lite.training.run_folder import RunFolder
from tests.corpora.tunes import tune
from tests.fuzzing import seeds
from tests.fuzzing.seeds import END, smf
from tests.models.small import save_small

DEEP = 100_000


def code(data: bytes, name: str = "song.mid", **limits: int) -> str:
    """Why a file of music is refused."""
    if name.endswith(".mid"):
        with pytest.raises(ReadError) as error:
            midi.read_bytes(data, name, Limits(**limits))
        return error.value.code
    (found,) = notation.read_bytes(data, name, Limits(**limits))
    assert isinstance(found, ReadError)
    return found.code


# MIDI


@pytest.mark.parametrize(
    "events",
    [
        b"\x00\x8f\x80\x4d",  # a key that is no key: the fast reader wrote outside its memory
        b"\x00\x90\x3c\xff\x2f",
        b"\x00\xff\x03\x7fA",
        b"\x00\xff\x51\x01\x07",
        b"\x00\xf0\x7f\x01",
        b"\xff\xff\xff\xff\x00\x90\x3c\x40",
        b"\x00\xff\x2f\x00\x00\x90\x3c\x40",
        b"\x3c\x40",
        b"\x00\xf0\x02\x01\x02\x00\xf7\x04\xc3\xc3\xff\xff",  # it lost its place behind an F7
    ],
)
def test_only_whole_events_reach_the_fast_reader(events: bytes):
    body = b"\x00\x90\x3c\x40\x10\x80\x3c\x00" + events + END
    assert not midi_check.is_sound(body, 0, len(body))
    with suppress(ReadError):
        midi.read_bytes(smf(body))


def test_whole_tracks_do():
    text = b"\x00\xff\x01\x81\x48" + b"a" * 200
    running = b"\x00\x90\x3c\x40\x83\x00\x3c\x00\x00\xc0\x05\x00\x06"
    body = text + running + b"\x00\xf0\x02\x7f\xf7\x00\xe0\x00\x40" + END
    assert midi_check.is_sound(body, 0, len(body)) and midi_check.is_sound(b"x" + body, 1, len(body) + 1)
    assert not any(midi_check.is_sound(body, 0, end) for end in range(len(body)))
    assert len(midi.read_bytes(smf(body))) == 1


@pytest.mark.parametrize("count", [255, 256, 257, 700, 20_000])
def test_long_runs_without_a_status_are_whole_too(count: int):
    pairs, singles = b"\x00\x90\x3c\x40" + b"\x81\x00\x3c\x00" * count, b"\x00\xc0\x05" + b"\x00\x06" * count
    for body in (pairs, singles, (pairs + singles) * 2, b"\x00\xe0\x00\x40" * count):
        assert midi_check.is_sound(body + END, 0, len(body) + len(END))
        assert not midi_check.is_sound(body + b"\x00\xe0" + END, 0, len(body) + 2 + len(END))


def test_tracks_are_counted_before_they_grow():
    # For each channel, 128 note-offs would be added.
    body = b"".join(bytes([0, 0x90 | channel, 60, 64]) for channel in range(16)) + END
    assert code(smf(*[body] * 2000)) == "limit"


def test_events_and_notes_are_counted_while_they_are_read():
    strikes = b"\x00\x90\x3c\x40" + b"\x00\x3c\x40" * 300
    assert code(smf(strikes + END, division=0xE728), max_notes=100) == "limit"
    assert code(smf(b"\x00\xc0\x01" * 300 + END, division=0xE728), max_events=100) == "limit"


def test_odd_changes_are_told_a_few_times():
    score = midi.read_bytes(smf(b"\x00\xff\x51\x03\0\0\0" * 500 + b"\x00\xff\x58\x04\0\0\0\0" * 500 + END))
    assert len(score.warnings) == 12 and "and 495 more of that kind" in score.warnings


def test_a_wait_too_long_for_one_event_is_written_in_parts():
    # Division 19200 lets 30,000 quarters be more ticks than a delta can say.
    wait = b"\xff\xff\xff\x7f\xff\x01\x00"  # 2^28 - 1 ticks, and a text
    score = midi.read_bytes(smf(wait * 2 + b"\x05\x90\x3c\x40\x60\x80\x3c\x00" + END, division=19200))
    assert score.start.tolist() == [2 * (2**28 - 1) + 5]
    again = midi.read_bytes(midi.to_bytes(score))
    assert again.start.tolist() == score.start.tolist() and again.end.tolist() == score.end.tolist()


def test_names_have_an_end():
    long = b"\x00\xff\x03\x84\x80\x00" + b"a" * 65536
    score = midi.read_bytes(smf(long + b"\x00\x90\x3c\x40\x60\x80\x3c\x00" + END))
    assert len(score.title) <= midi.LONGEST_TEXT and len(score.tracks[0].name) <= 65536


def test_notes_may_not_fill_the_song_many_times_over():
    long = b"".join(b"\x00\x90" + bytes([pitch, 64]) for pitch in range(128))
    off = b"\xff\xff\x7f\x80\x00\x00" + b"".join(b"\x00\x80" + bytes([p, 0]) for p in range(1, 128))
    assert code(smf(long + off + END), max_sounding=1000) == "limit"


def test_numbers_in_texts_end():
    assert midi_chords.find(smf(b"\x00\xff\x01\x01C" + b"\x80" * 50_000 + END))[0].symbol == "C"


def test_songs_of_very_many_half_bars_have_no_inferred_chords():
    many = np.arange(inference.MOST_HALVES + 10, dtype=np.int32) * 60
    score = Score(480, many, many + 60, many * 0 + 60, many * 0 + 80, many * 0, tune(0).tracks,
                  (MeterChange(0, Meter(1, 32)),))  # fmt: skip
    assert inference.infer(score) == ()


# Written music


@pytest.mark.parametrize("eighths", [63, 64, 65, 300, 471, 479, 481, 999, 2000])
def test_bars_of_odd_lengths_have_meters_that_can_be_written(eighths: int):
    (score,) = notation.read_bytes(f"X:1\nM:4/4\nL:1/8\nK:C\nC8|(3DEF z{eighths}|C8|".encode(), "a.abc")
    assert isinstance(score, Score) and all(change.meter.numerator < 256 for change in score.meters)
    assert len(midi.read_bytes(midi.to_bytes(score))) == len(score)


@pytest.mark.parametrize(
    "body",
    [
        "Z999|" * 200,  # bars of rest, from four characters each
        "C" * 3000,  # notes
        "Q:1/4=60\n" + "[Q:100]C[Q:200]C" * 100 + ":|" + "C|" * 10,
    ],
)
def test_abc_is_limited_while_it_is_read(body: str):
    assert (
        code(f"X:1\nK:C\n{body}\n".encode(), "a.abc", max_quarters=1000, max_notes=2000, max_changes=50)
        == "limit"
    )


def test_one_tune_may_not_be_a_book():
    assert code(b"X:1\nK:C\n" + b"z" * 5000, "a.abc", max_events=1000) == "limit"


def test_endings_take_time_in_their_number():
    """Each bar looked through the whole run of endings around it."""
    (score,) = notation.read_bytes(b"X:1\nK:C\n" + b"[1 CDEF GABc |" * 6000, "a.abc", Limits())
    assert isinstance(score, Score) and len(score) == 48_000


def test_a_book_of_very_many_tunes_is_cut(monkeypatch):
    monkeypatch.setattr(notation, "MOST_TUNES", 3)
    found = list(notation.read_bytes(b"X:1\nK:C\nC\n\n" * 6, "a.abc"))
    assert [getattr(song, "code", "read") for song in found] == ["read"] * 3 + ["limit"]


def test_the_head_of_a_book_is_short():
    """Each tune repeats it."""
    (song,) = notation.read_bytes(b"L:1/8\n" * 100_000 + b"X:1\nK:C\nC\n", "a.abc")
    assert isinstance(song, Score)


def test_musicxml_is_limited():
    assert code(b"<a>" + b"<b/>" * 1000 + b"</a>", "a.xml", max_events=1000) == "limit"
    assert code(b"<a>" * DEEP + b"</a>" * DEEP, "a.xml") == "not-musicxml"


def test_musicxml_offsets_stay_in_reach():
    text = seeds.xml_scores()[0].decode().replace("</harmony>", "<offset>1e308</offset></harmony>")
    text = text.replace("<divisions>2<", "<divisions>0.000001<")
    assert list(notation.read_bytes(text.encode(), "a.xml"))
    degrees = "<degree><degree-value>9</degree-value><degree-type>add</degree-type></degree>" * 1000
    text = seeds.xml_scores()[0].decode().replace("</harmony>", f"{degrees}</harmony>")
    (score,) = notation.read_bytes(text.encode(), "a.xml")
    assert isinstance(score, Score) and max(len(chord.symbol) for chord in score.chords) < 100


def test_zips_are_packed_as_musicxml_says():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.xml", seeds.xml_scores()[0])
    assert code(data.getvalue(), "a.mxl") == "damaged"


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
