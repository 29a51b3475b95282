"""A model over windows of tokens: encoding and decoding, before any of it is music."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import INNER, Course, Posterior
from musicvae_lite.models import labels
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.attributes.kept import Attributes
from musicvae_lite.models.saved import SavedVAE
from musicvae_lite.models.tensors import batch_of, control_tensor, to_tensor, to_windows
from musicvae_lite.music.representations.windowing import check_values, joined_windows
from musicvae_lite.resources import expand
from musicvae_lite.vae import Batch

if TYPE_CHECKING:
    from musicvae_lite.music.representations.base import Representation
    from musicvae_lite.packing import Storage

BATCH = 1024  # windows encoded or decoded at once
COLDEST = 1e-3  # below this temperature only the likeliest notes are left


class TokenVAE(SavedVAE):
    """A representation and a VAE over it, working on windows of tokens: what `MusicVAE` is built on.

    Attributes:
        representation: what its windows are.
        label: number of the label it writes under, 0 for none (see `with_label`).
        precision: of the products when it writes, "float32" or "bf16" (see `with_precision`).
    """

    family = "music"
    config_type = MusicConfig
    config: MusicConfig

    def __init__(self, config: MusicConfig, device: str = "cpu"):
        super().__init__(config, device)
        self.representation, self.label = config.representation, labels.UNSAID
        self.precision = "float32"

    def save(self, folder: str | Path, storage: Storage = "float32") -> None:
        """As `SavedVAE.save`; in another folder than its own, its attribute vectors and guide go with it."""
        where = expand(folder)
        attributes = Attributes() if self.lies_in(where) else self.attributes
        super().save(where, storage)
        if attributes.ways:
            attributes.save(where)

    @property
    def course(self) -> Course:
        """Of paths between its codes, see `latent.walk`."""
        return getattr(self.config.encoder, "course", INNER)

    def with_label(self, name: str | None) -> Self:
        """The same model, writing under one of its labels, such as a style; None for none.

        What it reads is told no label.

        Raises:
            ConfigError: it knows no such label, or none at all.
        """
        model = copy(self)
        model.label = labels.number(name, self.config.labels)
        return model

    def with_precision(self, name: str) -> Self:
        """The same model, writing with products of another precision; codes are always float32.

        In "bf16" many windows take half to three quarters of the time on processors made for it, and a step
        in twenty to a hundred is drawn otherwise; in "float32" a seed means the same music on every machine.

        Args:
            name: "float32", "bf16", or "auto" for the faster one here.

        Raises:
            ConfigError: there is no such precision, or not on this device.
        """
        model = copy(self)
        model.precision = runtime.choose_precision(name, self.vae.device)
        return model

    def posterior_of_tokens(self, tokens: np.ndarray, control: np.ndarray | None = None) -> Posterior:
        """The Gaussian over z [B, Z] of windows [B, T, ...], such as `Takes.tokens` or a dataset's.

        Args:
            control: what conditions them, [B, T, ...]; by default nothing is said.

        Raises:
            ConfigError: they are no windows of this model, or the control is none of it.
        """
        tokens = np.asarray(tokens)
        shape = (self.representation.steps, *self.representation.step.shape)
        if tokens.shape[1:] != shape or not len(tokens):
            wanted = ", ".join(map(str, shape))
            raise ConfigError(f"tokens have the shape {list(tokens.shape)}; this model reads [B, {wanted}]")
        joined_windows(self.representation, tokens)  # checks their values
        given = self._given(tokens, control)
        with torch.no_grad():
            parts = [self.vae.encode(x, told) for x, told in _parts(given.x, given.control)]
        return Posterior(torch.cat([p.mean for p in parts]), torch.cat([p.scale for p in parts]))

    def tensor(self, tokens: np.ndarray) -> Tensor:
        """Windows [B, T, ...] as the tensor the VAE takes."""
        return to_tensor(tokens, self.representation.step, self.vae.device)

    def condition(self, control: np.ndarray | None, count: int) -> Tensor | None:
        """What `count` windows are written under, as the decoder takes it: their control and the label."""
        told = np.full(count, self.label, np.int64)
        return control_tensor(control, self.representation, self.vae.device, self.config.labels, told)

    @cached_property
    def attributes(self) -> Attributes:
        """How the model changes attributes: what lies with it; empty where nothing does."""
        if self.folder is None:
            return Attributes()
        return Attributes.load(self.folder, self.config.z, self.vae.device)

    def _given(self, tokens: np.ndarray, control: np.ndarray | None, label: int = labels.UNSAID) -> Batch:
        """What the model reads and writes for windows [B, T, ...] under a control, or under none said, and
        under a label."""
        r, control = self.representation, self._told(None, len(tokens), control)
        if control is not None and len(control) != len(tokens):
            raise ConfigError(f"control tells of {len(control)} windows, and there are {len(tokens)}")
        told = np.full(len(tokens), label, np.int64)
        return batch_of(r, r.given(tokens, control), self.vae.device, self.config.labels, told)

    def _told(self, chords: str | None, count: int, own: np.ndarray | None = None) -> np.ndarray | None:
        """The control [count * W, T, ...] of some chords, W windows of them for each of `count` codes, or the
        music's own, or one that says nothing.

        Raises:
            ConfigError: nothing conditions this model, or what is told is no control of it.
        """
        r = self.representation
        if chords is not None:
            told = r.chords_of(chords)
            return np.tile(told, (count, *[1] * (told.ndim - 1)))
        if own is not None:
            return _checked(own, r, count)
        if r.control is None:
            return None
        return np.zeros((count, r.steps, *r.control.shape), r.control.dtype)

    def _decode(
        self, codes: Tensor, control: np.ndarray | None, temperature: float, generator: torch.Generator
    ) -> np.ndarray:
        """Codes [B, Z], as `_codes` gives them, to canonical windows [B, W * T, ...].

        Under a control of [B * W, T, ...] each becomes W windows.
        """
        if not (math.isfinite(temperature) and temperature >= 0):
            raise ConfigError(f"temperature is {temperature}; it must be 0 or more, 1 is the model's own")
        temperature = temperature if temperature >= COLDEST else 0.0
        count, r = len(codes), self.representation
        codes = codes.repeat_interleave(1 if control is None else len(control) // count, 0)
        with torch.no_grad(), runtime.products_in(self.precision, self.vae.device):
            told = self.condition(control, len(codes))
            parts = [self.vae.decode(z, c, temperature, generator) for z, c in _parts(codes, told)]
        windows = r.canonical(to_windows(torch.cat(parts), r.step))  # [B * W, T, ...]
        return windows.reshape(count, -1, *r.step.shape)


def _checked(control: np.ndarray, r: Representation, count: int) -> np.ndarray:
    """The same control, where it can be that of as many windows as `count` or of several times as many.

    Raises:
        ConfigError: nothing conditions such windows, or its shape or a value is none of a control's.
    """
    control = np.asarray(control)
    if r.control is None:
        raise ConfigError("nothing conditions this model: leave control out")
    shape = (r.steps, *r.control.shape)
    if control.shape[1:] != shape or not len(control) or len(control) % count:
        wanted = ", ".join(map(str, (count, *shape)))
        raise ConfigError(
            f"control has the shape {list(control.shape)}; for {count} at once this model takes [{wanted}], "
            "or a multiple of the first"
        )
    check_values(r.control, control, "control")
    return control


def _parts(x: Tensor, control: Tensor | None) -> Iterator[tuple[Tensor, Tensor | None]]:
    """At most `BATCH` rows at a time."""
    for first in range(0, len(x), BATCH):
        part = slice(first, first + BATCH)
        yield x[part], None if control is None else control[part]
