"""Small valid inputs of every kind, made by code: what mutation starts from."""

from __future__ import annotations

import functools
import io
import json
import struct
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.models.image.assembly import ImageConfig
from musicvae_lite.music import midi
from musicvae_lite.music.representations import PRESETS, MelodyRepresentation
from musicvae_lite.music.score import Chord
from musicvae_lite.training.preset_files import presets_dir
from musicvae_lite.training.presets import load_preset
from tests.corpora.tunes import tune, write_tunes
from tests.magenta.bundles import variables_of, write_bundle
from tests.magenta.models import small
from tests.magenta.test_javascript import melody
from tests.models.small import small_model

END = b"\x00\xff\x2f\x00"


def joined(*parts: bytes) -> bytes:
    """Several files as one input: all but the last with their length before them."""
    return b"".join(struct.pack("<I", len(part)) + part for part in parts[:-1]) + parts[-1]


def parted(data: bytes, count: int) -> list[bytes]:
    """The files of `joined`; what a length claims beyond the end is empty."""
    parts = []
    for _ in range(count - 1):
        size = int.from_bytes(data[:4], "little")
        parts.append(data[4 : 4 + size])
        data = data[4 + size :]
    return [*parts, data]


def smf(*tracks: bytes, kind: int = 1, division: int = 96) -> bytes:
    head = struct.pack(">4sIHHH", b"MThd", 6, kind, len(tracks), division)
    return head + b"".join(b"MTrk" + struct.pack(">I", len(t)) + t for t in tracks)


def midi_files() -> list[bytes]:
    """Both readers' kinds: sound files, chords in texts, SMPTE time, type 2, notes that never end."""
    note = b"\x00\x90\x3c\x40\x60\x80\x3c\x00"
    maps = b"\x00\xff\x51\x03\x07\xa1\x20\x00\xff\x58\x04\x03\x02\x18\x08"
    chords = b"\x00\xff\x01\x02Am\x60\xff\x01\x01G\x60\xff\x06\x04F#m7"
    sysex = b"\x00\xf0\x03\x01\x02\xf7\x00\xc0\x20\x00\xff\x03\x04Name"
    return [
        smf(maps + note + END),
        smf(chords + END, sysex + note * 4 + END),
        smf(note + b"\x00\x99\x24\x50" + END, kind=0, division=0xE728),
        smf(note + maps + END, note + END, kind=2),
        midi.to_bytes(tune(1, bars=4, title="Song")),
        *(midi.to_bytes(r.to_score(windows(r)[0])) for r in PRESETS.values() if r.bars <= 2),
    ]


def windows(r) -> np.ndarray:
    from benchmarks.round_trip import emitted

    return emitted(r, 1, np.random.default_rng(0))


def abc_books() -> list[bytes]:
    return [
        b'X:1\nT:One\nM:4/4\nL:1/8\nQ:120\nK:D\n|:"D"d2 (3fga {g}a>b|"A7"[ce]4 z4:|[1 ABcd-|d4:|[2 Z2|]\n',
        b"X:2\nM:6/8\nK:Ador\nV:1\nA,3 ^c'3/2 _B//|V:2\n=f2|::g3 [M:3/4][K:G] a3|]\n\nX:3\nK:C\nCDEF|\n",
        b"M:none\nK:Hp\nabc\n%%MIDI program 40\nZ4|x8|\n",
    ]


def xml_scores() -> list[bytes]:
    head = (
        "<score-partwise><part-list><score-part id='P1'><part-name>Flute</part-name></score-part></part-list>"
    )
    pitch = (
        "<note><pitch><step>C</step><alter>1</alter><octave>4</octave></pitch><duration>2</duration></note>"
    )
    time = "<time><beats>3</beats><beat-type>4</beat-type></time>"
    time = f"<attributes><divisions>2</divisions>{time}</attributes>"
    chord = "<harmony><root><root-step>A</root-step></root><kind>minor-seventh</kind></harmony>"
    repeat = "<barline><ending number='1' type='start'/><repeat direction='backward' times='2'/></barline>"
    tie = "<pitch><step>E</step><octave>4</octave></pitch><duration>1</duration><tie type='start'/>"
    tie = f"<note><chord/>{tie}</note>"
    body = f"<measure>{time}{chord}{pitch}{tie}<backup><duration>1</duration></backup>{repeat}</measure>"
    text = f"{head}<part id='P1'>{body}{body}</part></score-partwise>".encode()
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", "<container><rootfile full-path='a.xml'/></container>")
        archive.writestr("a.xml", text)
    return [
        text,
        ('<?xml version="1.0" encoding="utf-16"?>' + text.decode()).encode("utf-16"),
        data.getvalue(),
    ]


def chord_symbols() -> list[bytes]:
    symbols = "C F#m7b5 Bbmaj7 G+ Co7 Cø7 C^7 C7(#9) C6/9 C/E N.C. C-7 Asus4 E7alt Dadd9 Fno3 C13b9#11"
    return [*symbols.encode().split(), b"C Am | F G"]


@functools.cache
def _models() -> tuple[bytes, bytes, bytes]:
    """Config and weights of a small model of music, and the weights in int8."""
    with tempfile.TemporaryDirectory() as name:
        folder, packed = Path(name, "a"), Path(name, "b")
        small_model().save(folder)
        small_model().save(packed, storage="int8")
        names = ("config.json", "model.safetensors")
        config, weights = ((folder / file).read_bytes() for file in names)
        return config, weights, (packed / names[1]).read_bytes()


def music_configs() -> list[bytes]:
    tables = [
        load_preset(name).model
        for name in ("melody-2bar", "drums-2bar-nade", "trio-4bar", "cat-mel_2bar_small")
    ]
    return [
        _models()[0],
        *(json.dumps({"format": 1, "family": "music", **table}).encode() for table in tables),
    ]


def image_configs() -> list[bytes]:
    found = []
    for name in ("vae-conv", "cvae", "aae", "ae-seq2seq", "texture-upscale", "denoise"):
        config = ImageConfig.from_table(load_preset(name).model, name)
        sides = config.picture.height or 28
        config = config.fitted(config.picture.channels or 1, sides, sides, ("a", "b"))
        found.append(json.dumps({"format": 1, **config.to_table()}).encode())
    return found


@functools.cache
def image_weights() -> bytes:
    """Weights of the first of `image_configs`."""
    from musicvae_lite.models.image_vae import ImageVAE

    config = ImageConfig.from_table(json.loads(image_configs()[0]), "seed")
    with tempfile.TemporaryDirectory() as name:
        ImageVAE(config).save(name)
        return Path(name, "model.safetensors").read_bytes()


def weights() -> list[bytes]:
    return list(_models()[1:])


@functools.cache
def _bundle(snappy: bool) -> tuple[bytes, bytes]:
    with tempfile.TemporaryDirectory() as name:
        prefix = write_bundle(
            Path(name, "model.ckpt"), variables_of(small("cat-mel_2bar_small")), snappy=snappy
        )
        return Path(f"{prefix}.index").read_bytes(), Path(f"{prefix}.data-00000-of-00001").read_bytes()


def bundles() -> list[bytes]:
    return [_bundle(False)[0], _bundle(True)[0]]


def bundle_numbers() -> bytes:
    """The shard of `bundles`."""
    return _bundle(False)[1]


def javascript() -> list[bytes]:
    """Manifest, config and one shard of a magenta-js checkpoint."""
    found = []
    for quantised in ("", "uint8"):
        with tempfile.TemporaryDirectory() as name:
            folder = melody(Path(name), quantised)
            manifest = json.loads((folder / "weights_manifest.json").read_bytes())
            shard = b"".join((folder / path).read_bytes() for path in manifest[0]["paths"])
            manifest[0]["paths"] = ["shard"]
            found.append(joined(json.dumps(manifest).encode(), (folder / "config.json").read_bytes(), shard))
    return found


@functools.cache
def dataset() -> dict[str, bytes]:
    """The files of a small prepared dataset."""
    with tempfile.TemporaryDirectory() as name:
        made = write_tunes(Path(name, "songs"), 4)
        build_dataset([made], MelodyRepresentation(bars=2), Path(name, "data"), workers=0)
        return {path.name: path.read_bytes() for path in Path(name, "data").iterdir()}


def manifests() -> list[bytes]:
    return [dataset()["manifest.json"]]


def recipes() -> list[bytes]:
    names = (
        "melody-2bar",
        "melody-16bar",
        "drums-2bar",
        "groove-2bar",
        "images/aae",
        "magenta/cat-mel_2bar_small",
    )
    drums = b'name = "own"\n[classes]\nkick = [36, 35]\nsnare = [38]\n'
    return [*((presets_dir() / f"{name}.toml").read_bytes() for name in names), drums]


def progress() -> list[bytes]:
    """The progress of a run with its settings: what each of its two files does not know it passes over."""
    return [
        b'{"step": 20, "best": 1.5, "seconds": 3.0, "restarts": 0, "smooth": {"loss": 1.0}, "logged": 100,'
        b' "preset": "own", "model": {"z": 8}, "training": {"steps": 40}, "dataset": "0"}'
    ]


def codes() -> list[bytes]:
    """Codes as .npz, bare and with their record, and as .npy."""
    z = np.linspace(-1, 1, 16, dtype=np.float32).reshape(2, 8)
    bare, full, plain = io.BytesIO(), io.BytesIO(), io.BytesIO()
    record = {
        "model": {"name": "small", "sha256": "0"},
        "inputs": [{"file": "a.mid", "bars": [1, 2], "tempo": 120.0, "program": 0, "velocity": 80}] * 2,
    }
    np.savez(bare, z=z)
    np.savez_compressed(full, z=z, record=np.array(json.dumps(record)))
    np.save(plain, z)
    return [bare.getvalue(), full.getvalue(), plain.getvalue()]


def pictures() -> list[bytes]:
    from PIL import Image

    found = []
    pixels = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    for kind in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM"):
        data = io.BytesIO()
        Image.fromarray(pixels).save(data, kind)
        found.append(data.getvalue())
    data = io.BytesIO()
    Image.fromarray(pixels[..., 0].astype(np.uint16) * 257).save(data, "PNG")
    return [*found, data.getvalue()]


def idx_files() -> list[bytes]:
    import gzip

    plain = b"\0\0\x08\x03" + struct.pack(">3I", 2, 3, 4) + bytes(24)
    return [plain, gzip.compress(plain, mtime=0)]


def chorded() -> bytes:
    """A MIDI file with chord symbols in it."""
    from dataclasses import replace

    return midi.to_bytes(replace(tune(2, bars=4), chords=(Chord(0, "C"), Chord(1920, "Am7"))))
