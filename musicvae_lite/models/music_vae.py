"""MusicVAE: a trained model that takes and gives music. The public face of the toolkit.

    model = MusicVAE.load("melody-2bar")
    takes = model.interpolate("a.mid", "b.mid", steps=9)
    takes.joined().save("out.mid")

`musicvae_lite.results.save` writes takes with sound, picture and a record of how they were made.
Tensors and losses are one step away, in `model.vae`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import __version__, runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import Posterior
from musicvae_lite.models.attributes.moving import Way
from musicvae_lite.models.codes import Codes
from musicvae_lite.models.moves import adjusting, blending, continuing, varying, walking
from musicvae_lite.models.moves.writing import Writing
from musicvae_lite.models.token_vae import TokenVAE
from musicvae_lite.music.chords.following import suit
from musicvae_lite.music.picking import Bars, Pick, pick
from musicvae_lite.music.score import Score
from musicvae_lite.music.takes import Style, Takes, asked, check_draws

if TYPE_CHECKING:
    import pretty_midi

    from musicvae_lite.music.picking import Song

    Music = str | Path | Score | pretty_midi.PrettyMIDI | Pick


TRIES = 6  # draws of which the one that suits its chords best is kept


class MusicVAE(TokenVAE):
    """A representation and a VAE over it.

    Every method that takes music accepts a path (MIDI, ABC or MusicXML), a
    Score, a pretty_midi object, or a `Pick` of certain bars; of a longer song the first window that
    holds notes is taken. Methods with `*music` work on a batch. `carry_on` takes a whole song, and no `Pick`.
    """

    def pick(self, music: Music, bars: Bars | None = None, track: int | None = None) -> Pick:
        """The window of some music this model would work on, with where it lies.

        Args:
            bars: first and last bar, counted from 1; by default the first window that holds notes.
            track: index of the track; by default the most melody-like.

        Raises:
            NothingUsableError: no window fits; the message says why, bar by bar.
            ConfigError: there is no such track, or bars are no two numbers.
            ReadError: the file cannot be read.
        """
        return music if isinstance(music, Pick) else pick(music, self.representation, bars, track)

    def posterior(self, *music: Music) -> Posterior:
        """The Gaussian over z [B, Z] of one piece of music or several."""
        picks = self._picks(music)
        return self.posterior_of_tokens(np.stack([p.tokens for p in picks]), self._control(picks))

    def encode(self, *music: Music, sample: bool = False, seed: int = 0) -> np.ndarray:
        """Codes float32 [B, Z]: posterior means, or one draw from each posterior with `sample`."""
        q = self.posterior(*music)
        if not sample:
            return q.mean.cpu().numpy()
        apart = runtime.drawn_seed(self.generator(seed))  # from the seed itself `decode` draws notes
        return q.rsample(self.generator(apart)).cpu().numpy()

    def codes(self, *music: Music, sample: bool = False, seed: int = 0) -> Codes:
        """Codes as `encode` gives them, with the record and control that `Codes.save` keeps beside them."""
        picks = self._picks(music)
        record = self._record("encode", seed, None, picks) | {"sampled": sample}
        return Codes(self.encode(*picks, sample=sample, seed=seed), record, self._control(picks))

    def decode_codes(
        self, codes: Codes, temperature: float = 0.0, seed: int = 0, chords: str | None = None
    ) -> Takes:
        """Codes with their record to music, each in the style, and under the chords, it was encoded from.

        Args:
            chords: what the takes follow in place of those.

        Raises:
            ConfigError: as `decode`, or the codes come with a control that is none of this model's.
        """
        control = codes.told(self.representation) if chords is None else None
        takes = self.decode(codes.z, temperature, seed, None, chords, control)
        record = takes.record | {"inputs": codes.record.get("inputs", [])}
        return Takes(takes.tokens, self.representation, codes.styles(), codes.labels(), record, takes.control)

    def decode(
        self,
        z: np.ndarray | Tensor,
        temperature: float = 0.0,
        seed: int = 0,
        style: Style | Sequence[Style] | None = None,
        chords: str | None = None,
        control: np.ndarray | None = None,
        known: np.ndarray | None = None,
    ) -> Takes:
        """Codes [B, Z] to music.

        Args:
            temperature: 0 writes the likeliest notes; 1 draws them as probable as the model finds them.
            style: tempo, program and loudness, of all takes or of each.
            chords: a line such as "C Am F G", for models that chords condition.
            control: [B * W, T, ...], what else conditions the W windows of each code, where `chords` is not
                given.
            known: what an earlier call has written for them, [B, W * T, ...], which then is not written anew.

        Raises:
            ConfigError: z has another size than the model's, is no real numbers or not finite, a setting is
                out of range, or the control is none of the model's.
        """
        codes = self._codes(z)
        control = self._told(chords, len(codes), control)
        tokens = self._decode(codes, control, temperature, self.generator(seed)) if known is None else known
        record = self._record("decode", seed, temperature, chords=chords, style=style)
        return Takes(tokens, self.representation, style, record=record, control=control)

    def sample(
        self,
        count: int = 1,
        temperature: float = 0.5,
        seed: int = 0,
        style: Style | None = None,
        chords: str | None = None,
        spread: float = 1.0,
    ) -> Takes:
        """New music: `count` draws from the prior. A temperature below 1 makes leaps rarer.

        Args:
            chords: a line such as "C Am F G" that all of them follow, for models that chords condition: of
                `TRIES` draws each, the one that suits them best (`chords.following.suit`).
            spread: below 1 codes lie nearer to the middles of what was learnt: tamer, plainer music.

        Raises:
            ConfigError: count or spread is out of range, or chords are none of the model's conditions.
        """
        count = check_draws(count, spread)
        generator = self.generator(seed)
        drawn = count * (1 if chords is None else TRIES)
        z = self._codes(self.vae.draw(drawn, generator, spread))
        control = self._told(chords, drawn)
        tokens = self._decode(z, control, temperature, generator)
        record = self._record("sample", seed, temperature, chords=chords, style=style) | {"spread": spread}
        takes = Takes(tokens, self.representation, style, record=record, control=control)
        return takes if chords is None else takes.best(suit, count)

    def reconstruct(
        self, *music: Music, temperature: float = 0.0, seed: int = 0, chords: str | None = None
    ) -> Takes:
        """Music through its mean code and back: one take for each piece, in its own style.

        Args:
            chords: what the takes follow in place of the music's own chords.
        """
        picks = self._picks(music)
        means = self._codes(self.posterior(*picks).mean)
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
        even: bool = True,
    ) -> Takes:
        """A path of `steps` takes between two pieces, as even to the ear as can be (`moves.walking`)."""
        how = Writing(temperature, seed, chords)
        return walking.interpolate(self, a, b, steps, how, even)

    def vary(
        self,
        music: Music,
        amount: float = 0.25,
        count: int = 8,
        temperature: float = 0.0,
        seed: int = 0,
        chords: str | None = None,
    ) -> Takes:
        """Music like some music: `amount` 0 is its reconstruction, 1 anything (see `moves.varying`)."""
        return varying.vary(self, music, amount, count, Writing(temperature, seed, chords))

    def blend(
        self,
        *corners: Music,
        width: int = 4,
        height: int = 4,
        temperature: float = 0.0,
        seed: int = 0,
        chords: str | None = None,
    ) -> Takes:
        """A grid between four pieces, row by row (see `moves.blending`)."""
        return blending.blend(self, corners, width, height, Writing(temperature, seed, chords))

    def average(
        self, *music: Music, temperature: float = 0.0, seed: int = 0, chords: str | None = None
    ) -> Takes:
        """One take between many pieces (see `moves.blending`)."""
        return blending.average(self, music, Writing(temperature, seed, chords))

    def adjust(
        self,
        music: Music,
        temperature: float = 0.0,
        seed: int = 0,
        way: Way | None = None,
        chords: str | None = None,
        amounts: Mapping[str, float] | None = None,
        **more: float,
    ) -> Takes:
        """Music with more or less of attributes: `adjust("a.mid", density=1)` (see `moves.adjusting`).

        Args:
            amounts, more: of each attribute by name; what an argument is called too goes into `amounts`.
        """
        wanted = {**(amounts or {}), **more}
        return adjusting.adjust(self, music, wanted, way, Writing(temperature, seed, chords))

    def carry_on(
        self,
        music: Song,
        bars: int | None = None,
        track: int | None = None,
        temperature: float = 0.3,
        seed: int = 0,
        chords: str | None = None,
        alone: bool = False,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Takes:
        """A whole song with more bars behind it, one window of them by default (see `moves.continuing`)."""
        how = Writing(temperature, seed, chords)
        return continuing.carry_on(self, music, bars, track, how, alone, progress)

    def log_prob(self, *music: Music, samples: int = 1, seed: int = 0) -> np.ndarray:
        """A lower bound on log p(music) [B], nats: the ELBO, tighter with more samples.

        Burda et al. 2015 (arXiv:1509.00519), equation 8. The music is scored under the label of `with_label`;
        codes are read without it, as everywhere. Of grooves it leaves out a constant, that of the
        Gaussians of velocities and offsets: it compares grooves, and is no bound on their density.

        Raises:
            ConfigError: `samples` is no whole number above 0.
        """
        samples, picks = runtime.whole("samples", samples), self._picks(music)
        tokens, own = np.stack([p.tokens for p in picks]), self._control(picks)
        x, target, control = self._given(tokens, own)
        target = x if target is None else target
        written_under = self._given(tokens, own, self.label).control
        with torch.no_grad():
            q = self.vae.encode(x, control)
        return self.vae.log_prob(q, target, written_under, samples, self.generator(seed)).cpu().numpy()

    def _picks(self, music: Sequence[Music]) -> list[Pick]:
        if not music:
            raise ConfigError("no music was given")
        return [self.pick(m) for m in music]

    def _control(self, picks: Sequence[Pick]) -> np.ndarray | None:
        """What conditions the picks themselves, [B, T, ...]; None when nothing does."""
        if self.representation.control is None:
            return None
        told = [p.control for p in picks if p.control is not None]
        return np.stack(told) if len(told) == len(picks) else None

    def _record(
        self,
        command: str,
        seed: int,
        temperature: float | None,
        picks: Sequence[Pick] = (),
        chords: str | None = None,
        style: Style | Sequence[Style] | None = None,
    ) -> dict[str, Any]:
        """What a file of takes must be accompanied by to be made again."""
        return {
            "command": command,
            "version": __version__,
            "model": self.identity,
            "seed": seed,
            "temperature": temperature,
            "inputs": [p.to_record() for p in picks],
            **({"precision": self.precision} if self.precision != "float32" else {}),
            **({"label": self.config.labels[self.label - 1]} if self.label else {}),
            **({"chords": chords} if chords is not None else {}),
            **asked(style),
        }
