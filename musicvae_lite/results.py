"""Takes to files: MIDI, sound, picture and a record beside them, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from musicvae_lite.errors import ConfigError, MusicVAEError, NothingUsableError
from musicvae_lite.music import naming
from musicvae_lite.music.score import Score
from musicvae_lite.music.takes import MOST_TAKES, Takes
from musicvae_lite.resources import expand
from musicvae_lite.writing import check_folder, check_record, is_one, lies_in, staged, write_json

MIDI_SUFFIXES = (".mid", ".midi")


@dataclass(frozen=True)
class Destination:
    """Where takes go. Every other file lies beside the MIDI file and has its name.

    Attributes:
        path: the MIDI file of all takes joined; with `split` only the pattern: out.mid gives
            out-01.mid, out-02.mid and so on.
        split: one MIDI file (and sound) a take.
        audio: suffixes of the sounds to render: ".wav", ".flac", ".ogg".
        plot: draw all takes side by side, as .png.
        record: write `Takes.record` as .json.
    """

    path: Path
    split: bool = False
    audio: tuple[str, ...] = ()
    plot: bool = False
    record: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", expand(self.path))
        if self.path.suffix.lower() not in MIDI_SUFFIXES:
            raise ConfigError(
                f"{self.path}: the name of the output must end in .mid; sound and picture get the same name"
            )
        if self.audio:
            from musicvae_lite.render import check_suffix

            for suffix in self.audio:
                check_suffix(f"{self.path.stem}{suffix}")

    def files(self, count: int) -> list[Path]:
        """What will be written for so many takes."""
        stems = self._stems(count)
        midi = [self.path.with_name(stem + self.path.suffix) for stem in stems]
        sounds = [self.path.with_name(stem + suffix) for suffix in self.audio for stem in stems]
        beside = [".png"] * self.plot + [".json"] * self.record
        return midi + sounds + [self.path.with_name(self.path.stem + suffix) for suffix in beside]

    def check(self, count: int, inputs: Sequence[str | Path] = ()) -> None:
        """Finds out before the work what would stop the writing after it.

        Args:
            count: how many takes there will be.
            inputs: files that must not be written over, and folders whose music must not.

        Raises:
            ConfigError: more takes than can be drawn or written, or an input, or a JSON file that is no
                record of a result, would be overwritten.
            MusicVAEError: the folder cannot be written to, or a folder is in the way.
        """
        if count > MOST_TAKES:
            raise ConfigError(f"{count} takes are asked for; at most {MOST_TAKES} can be written at once")
        if self.plot:
            from musicvae_lite.plot.strips import MOST

            if count > MOST:
                raise ConfigError(f"a picture holds at most {MOST} takes, not {count}: leave out the plot")
        check_folder(self.path.parent)
        check_targets(self.files(count), inputs)
        if self.record:
            check_record(self.path.with_suffix(".json"))

    def _stems(self, count: int) -> list[str]:
        stem = self.path.stem
        if not self.split:
            return [stem]
        width = max(2, len(str(count)))
        return [f"{stem}-{number:0{width}}" for number in range(1, count + 1)]


def check_targets(files: Iterable[Path], inputs: Sequence[str | Path]) -> None:
    """Finds out before the work whether files can be written.

    Args:
        inputs: files that must not be written over, and folders whose music must not.

    Raises:
        ConfigError: one is an input.
        MusicVAEError: one is a folder.
    """
    sources = [source for name in inputs for source in _meant(name)]
    for file in files:
        if file.is_dir():
            raise MusicVAEError(f"{file}: cannot be written: it is a folder; name a file in it")
        if any(_is_read(file, source) for source in sources):
            raise ConfigError(f"{file}: is an input, and would be overwritten; choose another name")


def _meant(name: str | Path) -> tuple[Path, Path]:
    """The files that the name of an input can mean: itself, and the book of a tune such as book.abc#3."""
    return expand(name), expand(naming.parted(name)[0])


def _is_read(file: Path, source: Path) -> bool:
    """Whether a file that exists is the source, or music in that folder."""
    is_music = file.suffix.lower() in MIDI_SUFFIXES and file.exists()
    return is_one(file, source) or (is_music and lies_in(file, source))


def save(
    takes: Takes,
    destination: Destination | str | Path,
    before: Sequence[tuple[str, Score]] = (),
    inputs: Sequence[str | Path] = (),
) -> list[Path]:
    """Writes takes with everything that a destination asks for, or nothing at all.

    Args:
        destination: or only the name of the MIDI file.
        before: labels and scores to draw in front of the takes, such as the input.
        inputs: files that must not be written over.

    Returns:
        The files written.

    Raises:
        NothingUsableError: no take has a note.
        MusicVAEError: whatever stops the writing; nothing is left behind.
    """
    to = destination if isinstance(destination, Destination) else Destination(Path(destination))
    to.check(len(takes), inputs)
    files = to.files(len(takes))
    scores = list(takes) if to.split else [takes.joined()]
    if not any(len(score) for score in scores):
        raise NothingUsableError(
            f"{to.path}: is not written: no take has a note; try other music, another seed or temperature"
        )
    with staged(to.path.parent) as folder:
        for number, score in enumerate(scores):
            score.save(str(folder / files[number].name))
        for suffix in to.audio:
            _render(scores, [folder / f"{stem}{suffix}" for stem in to._stems(len(takes))])
        if to.plot:
            from musicvae_lite.plot import strip

            labels, drawn = [label for label, _ in before], [score for _, score in before]
            columns = 0 if before else takes.record.get("width", 0)  # of a blend
            strip([*drawn, *takes], [*labels, *takes.labels], folder / f"{to.path.stem}.png", columns=columns)
        if to.record:
            record = {**takes.record, "takes": len(takes), "files": [file.name for file in files]}
            write_json(folder / f"{to.path.stem}.json", record)
    return files


def _render(scores: Sequence[Score], paths: Sequence[Path]) -> None:
    import numpy as np

    from musicvae_lite.render import save_audio, synthesize

    for score, path in zip(scores, paths, strict=True):
        silence = np.zeros((4410, 2), dtype=np.float32)  # a take without notes keeps its place
        save_audio(path, synthesize(score) if len(score) else silence)
