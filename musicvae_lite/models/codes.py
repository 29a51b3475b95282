"""Codes in a file: points of latent space with the record of where they came from, as .npz."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite import arrays, tables
from musicvae_lite.errors import ConfigError, ReadError
from musicvae_lite.music import naming
from musicvae_lite.music.representations.steps import parts_of
from musicvae_lite.music.takes import Style
from musicvae_lite.resources import expand
from musicvae_lite.writing import write_file

if TYPE_CHECKING:
    from musicvae_lite.music.representations.base import Representation

SUFFIX = ".npz"
LARGEST = 2**28  # bytes of a file of codes, and of what it unpacks to


@dataclass(frozen=True, eq=False)
class Codes:
    """Codes of some windows.

    Attributes:
        z: float32 [N, Z].
        record: plain values as `Takes.record` has them; `inputs` says, row by row, which bars of which
            file each code stands for. Empty for codes made elsewhere.
        control: whole numbers [N, T, ...], what conditioned each window, such as its chords; None when
            nothing did.
    """

    z: np.ndarray
    record: dict[str, Any] = field(default_factory=dict)
    control: np.ndarray | None = None

    def save(self, path: str | Path) -> Path:
        """Writes arrays `z`, `record` (JSON text) and any `control` to an .npz file, whole or not at all."""
        target = check_name(path)
        data = io.BytesIO()
        text = json.dumps(self.record, ensure_ascii=False)
        told: dict[str, Any] = {} if self.control is None else {"control": self.control}
        np.savez_compressed(data, z=self.z.astype(np.float32), record=np.array(text), **told)
        return write_file(target, data.getvalue())

    @property
    def model(self) -> str:
        """The model that made them: its folder where that still exists, else its name; "" if unknown."""
        name, folder = self._maker("name"), self._maker("folder")
        return folder if folder and Path(folder).is_dir() else name

    def warning(self, sha256: str) -> str:
        """What to say when they are decoded by the model of this hash; "" when it is theirs."""
        if self._maker("sha256") in ("", sha256):
            return ""
        return f"these codes were made by another model ({self._maker('name')}): they may decode to anything"

    def _maker(self, key: str) -> str:
        return str((self.record.get("model") or {}).get(key, ""))

    def told(self, representation: Representation) -> np.ndarray | None:
        """The control as a model of a representation takes it; None where it takes none, or none is kept.

        Raises:
            ConfigError: it is a control of another kind.
        """
        step = representation.control
        if step is None or self.control is None:
            return None
        shape = (len(self.z), representation.steps, *step.shape)
        depths = [part.depth for part in parts_of(step)] or [2]
        found = self.control
        if found.shape != shape or not ((found >= 0) & (found < np.array(depths))).all():
            raise ConfigError(
                f"the codes were made under a control {list(found.shape)} of another kind; this model takes "
                f"{list(shape)} of {' and '.join(map(str, depths))}: say chords in its place"
            )
        return found

    def styles(self) -> list[Style]:
        """Tempo, program, loudness and key for each code; the usual ones where the record has none."""
        inputs = self.record.get("inputs", [])
        if len(inputs) != len(self.z):
            return [Style()] * len(self.z)
        return [Style.from_record(part) for part in inputs]

    def labels(self) -> list[str]:
        """The file and the bars of each code, or its number."""
        inputs = self.record.get("inputs", [])
        if len(inputs) != len(self.z):
            return [str(number + 1) for number in range(len(self.z))]
        return [f"{naming.stem(part['file'])} {naming.span(*part['bars'])}" for part in inputs]

    def _check_remarks(self) -> None:
        """Raises ValueError where what is to be told of an input cannot be."""
        for part in self.record.get("inputs", []):
            left, warnings = part.get("bars_left_out", 0), part.get("warnings", [])
            if not isinstance(left, int) or not isinstance(warnings, list):
                raise ValueError(f"bars_left_out {left!r:.40}, warnings {warnings!r:.40}")
            if not all(isinstance(warning, str) for warning in warnings):
                raise ValueError(f"warnings {warnings!r:.40}")

    @classmethod
    def load(cls, path: str | Path) -> Codes:
        """Reads what `save` wrote, any .npz with an array `z` [N, Z], or such an array as .npy.

        A file without `record` or `control` is read too.

        Raises:
            ReadError: missing, damaged, or holding no codes. No pickle is ever loaded.
        """
        try:
            found = arrays.load(expand(path), LARGEST)
            if isinstance(found, np.ndarray):
                found = {"z": found}
            z, control, text = found["z"], found.get("control"), str(found.get("record", "{}"))
            record = tables.parse_json(text)
        except FileNotFoundError:
            raise ReadError(path, "no such file", "missing") from None
        except KeyError:
            raise ReadError(path, "holds no array 'z' of codes", "codes") from None
        except arrays.FAULTS as error:
            raise ReadError(
                path, f"is no file of codes, or a damaged one ({str(error)[:300]})", "codes"
            ) from None
        if z.ndim != 2 or not len(z) or z.dtype.kind not in "fiu" or not z.shape[1]:
            raise ReadError(
                path, f"'z' must be numbers [N, Z], not {z.dtype} of the shape {list(z.shape)}", "codes"
            )
        if control is not None and not _is_control(control, len(z)):
            raise ReadError(
                path,
                f"'control' must be whole numbers [{len(z)}, T, ...], not {control.dtype} of the shape "
                f"{list(control.shape)}",
                "codes",
            )
        codes = cls(z.astype(np.float32), record if isinstance(record, dict) else {}, control)
        try:
            _ = codes.styles(), codes.labels(), codes.model
            codes._check_remarks()
        except (LookupError, TypeError, ValueError, AttributeError, OSError, ConfigError) as error:
            raise ReadError(path, f"its record of inputs is damaged ({str(error)[:300]})", "codes") from None
        return codes


def _is_control(control: np.ndarray, count: int) -> bool:
    return control.ndim >= 2 and len(control) == count and control.dtype.kind in "iu" and control.size > 0


def check_name(path: str | Path) -> Path:
    """The path with `~` expanded. Raises ConfigError unless it ends in .npz."""
    target = expand(path)
    if target.suffix.lower() != SUFFIX:
        raise ConfigError(f"{path}: the name of a file of codes must end in {SUFFIX}")
    return target
