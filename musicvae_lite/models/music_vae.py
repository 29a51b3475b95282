"""MusicVAE: a trained model that takes and gives music. The public face of the toolkit.

    model = MusicVAE.load("melody-2bar")
    takes = model.interpolate("a.mid", "b.mid", steps=9)
    takes.joined().save("out.mid")

`musicvae_lite.results.save` writes takes with sound, picture and a record of how they were made.
Tensors and losses are one step away, in `model.vae`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import __version__, checkpoints, runtime
from musicvae_lite.errors import CheckpointError, ConfigError, shown
from musicvae_lite.latent import Posterior, bowed
from musicvae_lite.models import catalogue, labels
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.attributes.kept import Attributes
from musicvae_lite.models.attributes.moving import Way
from musicvae_lite.models.codes import Codes
from musicvae_lite.models.moves import adjusting, blending, varying
from musicvae_lite.models.moves.writing import Writing
from musicvae_lite.models.tensors import control_tensor, example_batch, to_tensor, to_windows
from musicvae_lite.music.picking import Bars, Pick, pick
from musicvae_lite.music.score import Score
from musicvae_lite.music.takes import Style, Takes
from musicvae_lite.vae import Batch

if TYPE_CHECKING:
    import pretty_midi

    from musicvae_lite.packing import Storage

    Music = str | Path | Score | pretty_midi.PrettyMIDI | Pick

BATCH = 1024  # windows encoded or decoded at once
COLDEST = 1e-3  # below this temperature only the likeliest notes are left


class MusicVAE:
    """A representation and a VAE over it.

    Every method that takes music accepts a path (MIDI, ABC or MusicXML), a
    Score, a pretty_midi object, or a `Pick` of certain bars; of a longer song the first window that
    holds notes is taken. Methods with `*music` work on a batch.

    Attributes:
        config, representation, vae: what it is made of.
        folder: where it was loaded from; None for a model that is nowhere yet.
        label: number of the label it writes under, 0 for none (see `with_label`).
    """

    def __init__(self, config: MusicConfig, device: str = "cpu"):
        self.config, self.representation = config, config.representation
        self.vae = config.build().to(device).eval()
        self.folder: Path | None = None
        self.label = labels.UNSAID

    @classmethod
    def load(cls, name: str | Path, device: str = "cpu") -> MusicVAE:
        """Loads a shipped model by name, a model folder, or a training run (its best weights).

        Raises:
            CheckpointError: missing, damaged, of another format, or weights that do not fit the config.
        """
        runtime.choose_threads()
        folder = checkpoints.find(name)
        table = checkpoints.read_config(folder)
        if table.get("family") != "music":
            raise CheckpointError(f"{folder}: a model of the family {shown(table.get('family'))}, not music")
        try:
            config = MusicConfig.from_table(table, str(folder / checkpoints.CONFIG))
            with checkpoints.budget(folder):
                model = cls(config, device)
        except ConfigError as error:
            raise CheckpointError(str(error)) from error
        checkpoints.load_into(model.vae, checkpoints.read_weights(folder, device), folder)
        model.vae.prior = checkpoints.read_prior(folder, model.config.z, device)
        model.folder = folder
        return model

    def save(self, folder: str | Path, storage: Storage = "float32") -> None:
        """Writes a model folder that `load` reads; `storage` as for `checkpoints.write`."""
        where = Path(folder).expanduser()
        checkpoints.write(where, self.config.to_table(), self.vae, storage)
        if self.vae.prior is not None:
            checkpoints.write_prior(where, self.vae.prior, storage)

    def with_label(self, name: str | None) -> MusicVAE:
        """The same model, writing under one of its labels, such as a style; None for none.

        What it reads is told no label.

        Raises:
            ConfigError: it knows no such label, or none at all.
        """
        model = copy(self)
        model.label = labels.number(name, self.config.labels)
        return model

    def pick(self, music: Music, bars: Bars | None = None, track: int | None = None) -> Pick:
        """The window of some music this model would work on, with where it lies.

        Args:
            bars: first and last bar, counted from 1; by default the first window that holds notes.
            track: index of the track; by default the most melody-like.

        Raises:
            NothingUsableError: no window fits; the message says why, bar by bar.
            ReadError: the file cannot be read.
        """
        return music if isinstance(music, Pick) else pick(music, self.representation, bars, track)

    def posterior(self, *music: Music) -> Posterior:
        """The Gaussian over z [B, Z] of one piece of music or several."""
        picks = self._picks(music)
        return self.posterior_of_tokens(np.stack([p.tokens for p in picks]), self._control(picks))

    def posterior_of_tokens(self, tokens: np.ndarray, control: np.ndarray | None = None) -> Posterior:
        """The Gaussian over z [B, Z] of windows [B, T, ...], such as `Takes.tokens` or a dataset's.

        Args:
            control: what conditions them, [B, T, ...]; by default nothing is said.
        """
        given = self._given(tokens, control)
        with torch.no_grad():
            parts = [self.vae.encode(x, told) for x, told in _parts(given.x, given.control)]
        return Posterior(torch.cat([p.mean for p in parts]), torch.cat([p.scale for p in parts]))

    def encode(self, *music: Music, sample: bool = False, seed: int = 0) -> np.ndarray:
        """Codes float32 [B, Z]: posterior means, or one draw from each posterior with `sample`."""
        q = self.posterior(*music)
        return (q.rsample(self.generator(seed)) if sample else q.mean).cpu().numpy()

    def codes(self, *music: Music, sample: bool = False, seed: int = 0) -> Codes:
        """Codes as `encode` gives them, with the record that `Codes.save` keeps beside them."""
        picks = self._picks(music)
        record = self._record("encode", seed, None, picks) | {"sampled": sample}
        return Codes(self.encode(*picks, sample=sample, seed=seed), record)

    def decode_codes(self, codes: Codes, temperature: float = 0.0, seed: int = 0) -> Takes:
        """Codes with their record to music, each in the style of what it was encoded from."""
        takes = self.decode(codes.z, temperature, seed, codes.styles())
        inputs = codes.record.get("inputs", [])
        return Takes(
            takes.tokens, self.representation, takes.styles, codes.labels(), takes.record | {"inputs": inputs}
        )

    def decode(
        self,
        z: np.ndarray | Tensor,
        temperature: float = 0.0,
        seed: int = 0,
        style: Style | Sequence[Style] | None = None,
        chords: str | None = None,
        control: np.ndarray | None = None,
    ) -> Takes:
        """Codes [B, Z] to music.

        Args:
            temperature: 0 writes the likeliest notes; 1 draws them as probable as the model finds them.
            style: tempo, program and loudness, of all takes or of each.
            chords: a line such as "C Am F G", for models that chords condition.
            control: [B, T, ...], what else conditions each code, where `chords` is not given.

        Raises:
            ConfigError: z has another size than the model's or is not finite, or a setting is out of range.
        """
        codes = torch.as_tensor(z, dtype=torch.float32, device=self.vae.device)
        control = self._told(chords, len(codes), control)
        tokens = self._decode(codes, control, temperature, self.generator(seed))
        record = self._record("decode", seed, temperature, chords=chords)
        return Takes(tokens, self.representation, style, record=record, control=control)

    def sample(
        self,
        count: int = 1,
        temperature: float = 0.5,
        seed: int = 0,
        style: Style | None = None,
        chords: str | None = None,
    ) -> Takes:
        """New music: `count` draws from the prior. A temperature below 1 makes leaps rarer.

        Args:
            chords: a line such as "C Am F G" that all of them follow, for models that chords condition.
        """
        if count < 1:
            raise ConfigError(f"count is {count}; at least 1 sample can be drawn")
        generator = self.generator(seed)
        z = self.vae.draw(count, generator)
        control = self._told(chords, count)
        tokens = self._decode(z, control, temperature, generator)
        record = self._record("sample", seed, temperature, chords=chords)
        return Takes(tokens, self.representation, style, record=record, control=control)

    def reconstruct(
        self, *music: Music, temperature: float = 0.0, seed: int = 0, chords: str | None = None
    ) -> Takes:
        """Music through its mean code and back: one take for each piece, in its own style.

        Args:
            chords: what the takes follow in place of the music's own chords.
        """
        picks = self._picks(music)
        means = self.posterior(*picks).mean
        control = self._told(chords, len(picks), self._control(picks))
        tokens = self._decode(means, control, temperature, self.generator(seed))
        labels = [p.stem for p in picks] if len(picks) > 1 else ["reconstruction"]
        record = self._record("reconstruct", seed, temperature, picks, chords)
        styles = [p.style() for p in picks]
        return Takes(tokens, self.representation, styles, labels, record, control)

    def interpolate(
        self,
        a: Music,
        b: Music,
        steps: int = 9,
        temperature: float = 0.0,
        seed: int = 0,
        chords: str | None = None,
    ) -> Takes:
        """A path between two pieces (see `latent.bowed`); the ends are their reconstructions.

        Two equal pieces give the same reconstruction at every step.

        Args:
            steps: how many takes, ends included; at least 2.
            temperature: 0 writes the likeliest notes at every point of the path.
            chords: what all takes follow in place of the chords of `a`.

        Returns:
            `steps` takes in the tempo, program and loudness of `a`.
        """
        if steps < 2:
            raise ConfigError(f"steps is {steps}; a path needs at least its 2 ends")
        first, last = self._picks([a, b])
        means = self.posterior(first, last).mean
        path = bowed(means[0], means[1], steps, self.representation.bow)  # [steps, Z]
        control = self._told(chords, steps, self._control([first] * steps))
        tokens = self._decode(path, control, temperature, self.generator(seed))
        between = [f"{step}/{steps - 1}" for step in range(1, steps - 1)]
        labels = [f"A  {first.stem}", *between, f"B  {last.stem}"]
        is_same = bool((first.tokens == last.tokens).all())
        record = self._record("interpolate", seed, temperature, (first, last), chords)
        record |= {"inputs_are_equal": is_same}
        return Takes(tokens, self.representation, first.style(), labels, record, control)

    def vary(
        self, music: Music, amount: float = 0.6, count: int = 8, temperature: float = 0.0, seed: int = 0
    ) -> Takes:
        """Music like some music: `amount` 0 is its reconstruction, 1 anything (see `moves.varying`)."""
        return varying.vary(self, music, amount, count, Writing(temperature, seed))

    def blend(
        self, *corners: Music, width: int = 4, height: int = 4, temperature: float = 0.0, seed: int = 0
    ) -> Takes:
        """A grid between four pieces, row by row (see `moves.blending`)."""
        return blending.blend(self, corners, width, height, Writing(temperature, seed))

    def average(self, *music: Music, temperature: float = 0.0, seed: int = 0) -> Takes:
        """One take between many pieces (see `moves.blending`)."""
        return blending.average(self, music, Writing(temperature, seed))

    def adjust(
        self, music: Music, temperature: float = 0.0, seed: int = 0, way: Way | None = None, **amounts: float
    ) -> Takes:
        """Music with more or less of attributes: `adjust("a.mid", density=1)` (see `moves.adjusting`)."""
        return adjusting.adjust(self, music, amounts, way, Writing(temperature, seed))

    def log_prob(self, *music: Music, samples: int = 1, seed: int = 0) -> np.ndarray:
        """A lower bound on log p(music) [B], nats: the ELBO, tighter with more samples.

        Burda et al. 2015 (arXiv:1509.00519), equation 8.
        """
        if samples < 1:
            raise ConfigError(f"samples is {samples}; the bound needs at least 1")
        picks = self._picks(music)
        x, target, control = self._given(np.stack([p.tokens for p in picks]), self._control(picks))
        generator = self.generator(seed)
        with torch.no_grad():
            q = self.vae.encode(x, control)
            bounds = []
            for _ in range(samples):
                z = q.rsample(generator)
                log_ratio = (-0.5 * z.square() + 0.5 * ((z - q.mean) / q.scale).square() + q.scale.log()).sum(
                    -1
                )  # log p(z) - log q(z|x)
                said = self.vae.decoder.reconstruction(z, target, control)  # type: ignore[operator]
                bounds.append(log_ratio - said.nats)
            total = torch.logsumexp(torch.stack(bounds), 0) - math.log(samples)
        return total.cpu().numpy()

    def tensor(self, tokens: np.ndarray) -> Tensor:
        """Windows [B, T, ...] as the tensor the VAE takes."""
        return to_tensor(tokens, self.representation.step, self.vae.device)

    def condition(self, control: np.ndarray | None, count: int) -> Tensor | None:
        """What `count` windows are written under, as the decoder takes it: their control and the label."""
        told = np.full(count, self.label, np.int64)
        return control_tensor(control, self.representation, self.vae.device, self.config.labels, told)

    def generator(self, seed: int) -> torch.Generator:
        """The source of all chance in one call. Raises ConfigError for a seed torch cannot take."""
        if not 0 <= seed < 2**63:
            raise ConfigError(f"seed {seed} is out of range: 0 to 2^63 - 1")
        return torch.Generator(self.vae.device).manual_seed(seed)

    def describe(self) -> dict[str, Any]:
        """Sizes and settings, for tables."""
        count = sum(p.numel() for p in self.vae.parameters())
        return {"parameters": count, **self.config.to_table()}

    @cached_property
    def identity(self) -> dict[str, Any] | None:
        """Name, folder and hash of the model, for records; None for one that is nowhere yet."""
        if self.folder is None:
            return None
        name, digest = catalogue.name_of(self.folder), catalogue.sha256(self.folder)
        return {"name": name, "folder": str(self.folder), "sha256": digest}

    @cached_property
    def attributes(self) -> Attributes:
        """How the model changes attributes: what lies with it; empty where nothing does."""
        if self.folder is None:
            return Attributes()
        return Attributes.load(self.folder, self.config.z, self.vae.device)

    def _picks(self, music: Sequence[Music]) -> list[Pick]:
        if not music:
            raise ConfigError("no music was given")
        return [self.pick(m) for m in music]

    def _given(self, tokens: np.ndarray, control: np.ndarray | None) -> Batch:
        """What the model reads and writes for windows [B, T, ...] under a control, or under none said."""
        r = self.representation
        if control is None:
            control = self._told(None, len(tokens))
        unsaid = np.zeros(len(tokens), np.int64)
        chance = np.random.default_rng(0)
        return example_batch(r, tokens, control, chance, self.vae.device, self.config.labels, unsaid)[0]

    def _control(self, picks: Sequence[Pick]) -> np.ndarray | None:
        """What conditions the picks themselves, [B, T, ...]; None when nothing does."""
        told = [p.control for p in picks if p.control is not None]
        return np.stack(told) if len(told) == len(picks) else None

    def _told(self, chords: str | None, count: int, own: np.ndarray | None = None) -> np.ndarray | None:
        """The control [count, T, ...] of some chords, or the music's own, or one that says nothing."""
        r = self.representation
        if chords is not None:
            return np.repeat(r.chords_of(chords)[None], count, 0)
        if own is not None or r.control is None:
            return own
        return np.zeros((count, r.steps, *r.control.shape), r.control.dtype)

    def _decode(
        self, codes: Tensor, control: np.ndarray | None, temperature: float, generator: torch.Generator
    ) -> np.ndarray:
        """Codes [B, Z] to canonical windows [B, T, ...]."""
        if codes.dim() != 2 or codes.shape[-1] != self.config.z or not len(codes):
            raise ConfigError(
                f"codes have the shape {list(codes.shape)}; this model decodes [B, {self.config.z}]"
            )
        if not bool(codes.isfinite().all()):
            raise ConfigError("codes hold values that are infinite or no numbers")
        if not (math.isfinite(temperature) and temperature >= 0):
            raise ConfigError(f"temperature is {temperature}; it must be 0 or more, 1 is the model's own")
        temperature = temperature if temperature >= COLDEST else 0.0
        with torch.no_grad():
            told = self.condition(control, len(codes))
            parts = [self.vae.decode(z, c, temperature, generator) for z, c in _parts(codes, told)]
        return self.representation.canonical(to_windows(torch.cat(parts), self.representation.step))

    def _record(
        self,
        command: str,
        seed: int,
        temperature: float | None,
        picks: Sequence[Pick] = (),
        chords: str | None = None,
    ) -> dict[str, Any]:
        """What a file of takes must be accompanied by to be made again."""
        return {
            "command": command,
            "version": __version__,
            "model": self.identity,
            "seed": seed,
            "temperature": temperature,
            "inputs": [p.to_record() for p in picks],
            **({"label": self.config.labels[self.label - 1]} if self.label else {}),
            **({"chords": chords} if chords is not None else {}),
        }


def _parts(x: Tensor, control: Tensor | None) -> Iterator[tuple[Tensor, Tensor | None]]:
    """At most `BATCH` rows at a time."""
    for first in range(0, len(x), BATCH):
        part = slice(first, first + BATCH)
        yield x[part], None if control is None else control[part]
