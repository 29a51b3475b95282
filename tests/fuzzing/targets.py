"""Every reader of files from elsewhere, as a function of bytes that may raise its documented errors alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musicvae_lite.errors import ConfigError, MusicVAEError, NothingUsableError, ReadError
from musicvae_lite.music import midi, notation, reading
from musicvae_lite.music.chords import symbols
from musicvae_lite.music.files import Limits
from musicvae_lite.music.inspection import inspect_score
from musicvae_lite.music.representations import PRESETS
from musicvae_lite.music.score import Score
from tests.fuzzing import seeds

Read = Callable[[bytes], None]
LIMITS = Limits()


@dataclass(frozen=True)
class Target:
    """One reader.

    Attributes:
        seeds: valid inputs to start from.
        reader: given an empty folder it may write to, the function of bytes to call.
        errors: what it may raise.
        largest: bytes of an input that are worth trying.
        json: where the JSON lies that is to be changed as such: the number of parts that `seeds.joined`
            made of the input, of which the first ones are JSON; 0 for none.
    """

    seeds: Callable[[], list[bytes]]
    reader: Callable[[Path], Read]
    errors: tuple[type[Exception], ...] = (MusicVAEError,)
    largest: int = 4096
    json: int = 0

    def call(self, read: Read, data: bytes) -> bool:
        """Whether an input is taken; False when it is refused as documented. Anything else is a finding."""
        try:
            read(data)
        except self.errors as error:
            assert len(str(error)) < 4000, "an error nobody can read"
            return False
        return True


def midi_reader(folder: Path) -> Read:
    """Reads; what was read can be written and read again."""

    def read(data: bytes) -> None:
        score = midi.read_bytes(data, "song.mid", LIMITS)
        again = midi.read_bytes(midi.to_bytes(score), "again.mid", Limits.none())
        assert len(again) == len(score)

    return read


def windows_reader(folder: Path) -> Read:
    """Reads, and takes windows of every kind."""
    found = [r for r in PRESETS.values() if r.bars <= 4]

    def read(data: bytes) -> None:
        score = midi.read_bytes(data, "song.mid", LIMITS)
        for r in found:
            taken = r.windows(score)
            assert taken.tokens.dtype == r.step.dtype and taken.tokens.shape[1:] == (r.steps, *r.step.shape)
            if len(taken):
                again = r.lenient().windows(r.to_score(taken.tokens[0])).tokens
                assert np.array_equal(again[0], r.canonical(taken.tokens[0]))

    return read


def inspect_reader(folder: Path) -> Read:
    return lambda data: inspected(midi.read_bytes(data, "song.mid", LIMITS))


def inspected(score: Score) -> None:
    report = inspect_score(
        score, {"melody-2bar": PRESETS["melody-2bar"], "drums-2bar": PRESETS["drums-2bar"]}
    )
    assert report.notes == len(score) and len(report.takes) == 2


def abc_reader(folder: Path) -> Read:
    return lambda data: heard(notation.read_bytes(data, "book.abc", LIMITS))


def xml_reader(folder: Path) -> Read:
    return lambda data: heard(reading.read_bytes(data, "score.mxl", LIMITS))


def heard(songs) -> None:
    for song in songs:
        if isinstance(song, Score):
            midi.read_bytes(midi.to_bytes(song), "again.mid", Limits.none())
        else:
            assert isinstance(song, ReadError)


def chord_reader(folder: Path) -> Read:
    melody = PRESETS["melody-2bar-chords"]

    def read(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        with suppress(ConfigError):
            melody.chords_of(text)
        symbol = symbols.parse(text)
        assert set(symbol.pitch_classes) <= set(range(12))

    return read


def music_config_reader(folder: Path) -> Read:
    """A model's folder with any config."""
    from musicvae_lite.models.catalogue import info
    from musicvae_lite.models.music_vae import MusicVAE

    (folder / "model.safetensors").write_bytes(seeds.weights()[0])

    def read(data: bytes) -> None:
        (folder / "config.json").write_bytes(data)
        MusicVAE.load(folder)
        info(folder)

    return read


def image_config_reader(folder: Path) -> Read:
    from musicvae_lite.models.image_vae import ImageVAE

    (folder / "model.safetensors").write_bytes(seeds.image_weights())

    def read(data: bytes) -> None:
        (folder / "config.json").write_bytes(data)
        ImageVAE.load(folder)

    return read


def weights_reader(folder: Path) -> Read:
    """A model's folder with any weights."""
    from musicvae_lite.models.catalogue import info
    from musicvae_lite.models.music_vae import MusicVAE

    (folder / "config.json").write_bytes(seeds.music_configs()[0])

    def read(data: bytes) -> None:
        (folder / "model.safetensors").write_bytes(data)
        MusicVAE.load(folder)
        info(folder)

    return read


def bundle_reader(folder: Path) -> Read:
    """An index and a shard; checksums are taken to be right, since no mutation ever finds one."""
    from musicvae_lite.magenta import bundle, table

    table.masked = bundle.masked = _Right  # type: ignore[assignment]
    prefix = folder / "model.ckpt"
    (folder / "model.ckpt.data-00000-of-00001").write_bytes(seeds.bundle_numbers())

    def read(data: bytes) -> None:
        (folder / "model.ckpt.index").write_bytes(data)
        opened = bundle.Bundle(prefix)
        for name, variable in opened.variables.items():
            if variable.kind in bundle.KINDS:
                opened.read(name)

    return read


class _Right(int):
    """A checksum that equals every other."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = int.__hash__


def javascript_reader(folder: Path) -> Read:
    from musicvae_lite.magenta import javascript

    def read(data: bytes) -> None:
        manifest, config, shard = seeds.parted(data, 3)
        (folder / "weights_manifest.json").write_bytes(manifest)
        (folder / "config.json").write_bytes(config)
        (folder / "shard").write_bytes(shard)
        javascript.read(str(folder), None, lambda *_: None)

    return read


def dataset_reader(folder: Path) -> Read:
    """A dataset with any manifest."""
    from musicvae_lite.training.dataset import WindowDataset

    for name, data in seeds.dataset().items():
        (folder / name).write_bytes(data)

    def read(data: bytes) -> None:
        (folder / "manifest.json").write_bytes(data)
        dataset = WindowDataset(folder)
        melody = {"name": "melody", "bars": 2}
        assert dataset.songs is not None and dataset.digest
        dataset.check(melody, "melody-2bar")

    return read


def shard_reader(folder: Path) -> Read:
    """A dataset with any shard."""
    from musicvae_lite.training.dataset import WindowDataset

    for name, data in seeds.dataset().items():
        (folder / name).write_bytes(data)
    shard = next(folder.glob("train-*.tokens.npy"))

    def read(data: bytes) -> None:
        shard.write_bytes(data)
        WindowDataset(folder)

    return read


def recipe_reader(folder: Path) -> Read:
    """A recipe and the model it describes, as `mvae train` reads them, and a drum map."""
    from musicvae_lite.models.assembly import MusicConfig
    from musicvae_lite.models.image.assembly import ImageConfig
    from musicvae_lite.music import drum_maps
    from musicvae_lite.training.presets import load_preset

    path = folder / "mine.toml"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        if b"classes" in data:
            drum_maps.find(path)
            return
        preset = load_preset(str(path))
        kind = MusicConfig if preset.family == "music" else ImageConfig
        kind.from_table(preset.model, str(path))

    return read


def run_reader(folder: Path) -> Read:
    """The progress and the settings of a run that is to be resumed."""
    from musicvae_lite.training.run_folder import RunFolder

    state = folder / "last" / "step-000000020"
    state.mkdir(parents=True)

    def read(data: bytes) -> None:
        (state / "progress.json").write_bytes(data)
        (folder / "run.json").write_bytes(data)
        saved = RunFolder(folder).newest()
        assert saved is None or saved.progress.step + 1 > 0
        RunFolder(folder).check({"step": 20, "model": {"z": 8}}, resume=True)

    return read


def codes_reader(folder: Path) -> Read:
    from musicvae_lite.models.codes import Codes

    path = folder / "codes.npz"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        codes = Codes.load(path)
        assert len(codes.styles()) == len(codes.labels()) == len(codes.z)
        assert isinstance(codes.model, str) and isinstance(codes.warning("1"), str)

    return read


def picture_reader(folder: Path) -> Read:
    from musicvae_lite.images.reading import read_picture

    path = folder / "picture.png"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        picture = read_picture(path)
        assert picture.pixels.dtype == np.uint8 and picture.pixels.shape[0] in (1, 3)

    return read


def idx_reader(folder: Path) -> Read:
    from musicvae_lite.images.idx import read_idx

    path = folder / "train-images-idx3-ubyte"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        assert read_idx(path).dtype == np.uint8

    return read


TARGETS = {
    "midi": Target(seeds.midi_files, midi_reader),
    "windows": Target(seeds.midi_files, windows_reader),
    "inspect": Target(seeds.midi_files, inspect_reader, (ReadError, NothingUsableError)),
    "abc": Target(seeds.abc_books, abc_reader, (ReadError,)),
    "musicxml": Target(seeds.xml_scores, xml_reader, (ReadError,)),
    "chords": Target(seeds.chord_symbols, chord_reader, (ConfigError,), 64),
    "music-config": Target(seeds.music_configs, music_config_reader, json=1),
    "image-config": Target(seeds.image_configs, image_config_reader, json=1),
    "weights": Target(seeds.weights, weights_reader, largest=50_000),
    "bundle": Target(seeds.bundles, bundle_reader),
    "javascript": Target(seeds.javascript, javascript_reader, largest=40_000, json=3),
    "dataset": Target(seeds.manifests, dataset_reader, json=1),
    "shard": Target(lambda: [v for k, v in seeds.dataset().items() if k.endswith("npy")], shard_reader),
    "recipe": Target(seeds.recipes, recipe_reader),
    "run": Target(seeds.progress, run_reader, json=1),
    "codes": Target(seeds.codes, codes_reader),
    "picture": Target(seeds.pictures, picture_reader, (ReadError,)),
    "idx": Target(seeds.idx_files, idx_reader, (ReadError,)),
}
