"""The settings of a training run, and the presets that hold them."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import BetaSchedule, ramp
from musicvae_lite.settings import from_table

TABLES = ("about", "z", "representation", "encoder", "decoder", "training")  # of a preset


@dataclass(frozen=True)
class TrainingSettings:
    """How a model is trained. The defaults learn 2-bar melodies on one CPU core within the hour.

    Attributes:
        steps: updates of the whole run; every schedule is laid out over it.
        batch: windows an update. Small batches learn more a second than MusicVAE's 512.
        learning_rate: of Adam, after a warm-up of `warmup` updates and until the share
            `hold` of the run; from there a cosine down to nothing.
        clip: largest global norm of the gradient.
        beta: final weight of the KL. `beta_begin` and `beta_end` are shares of the run: the weight is
            `beta_first` before, small so that pitch is learnt first, and grows linearly between them.
        free_bits: bits of KL per window that cost nothing.
        blank: share of earlier tokens hidden from the decoder.
        own_share: final share of scheduled sampling, reached along with beta.
        transpose_down, transpose_up: largest shift in semitones, drawn for each window.
        synthetic: share of random melodies in each batch, until the share `hold` of the run; from there
            it falls in a straight line to `synthetic_last`. They teach pitch and rhythm of every kind
            first; the last updates belong to music, so that samples sound like it.
        init_from: a model whose fitting weights start this one.
        validate_every, save_every: in updates.
        seed: of the initial weights, the order of the data, and all noise.
    """

    steps: int = 36000
    batch: int = 32
    learning_rate: float = 2e-3
    warmup: int = 100
    hold: float = 0.3
    clip: float = 1.0
    beta: float = 0.33
    beta_first: float = 0.02
    beta_begin: float = 0.3
    beta_end: float = 0.8
    free_bits: float = 0.0
    blank: float = 0.1
    own_share: float = 0.0
    transpose_down: int = 5
    transpose_up: int = 6
    synthetic: float = 0.4
    synthetic_last: float = 0.1
    init_from: str | None = None
    validate_every: int = 2000
    save_every: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "validate_every", "save_every"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"training setting '{name}' is {getattr(self, name)}; it must be at least 1"
                )
        for name in ("learning_rate", "clip"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"training setting '{name}' is {getattr(self, name)}; it must be above 0")
        for name in ("beta", "beta_first", "free_bits", "warmup"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"training setting '{name}' is {getattr(self, name)}; it must be 0 or more")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"training setting 'seed' is {self.seed}; it must be 0 to {2**32 - 1}")
        for name in ("hold", "beta_begin", "beta_end", "blank", "own_share", "synthetic", "synthetic_last"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(
                    f"training setting '{name}' is {getattr(self, name)}; it is a share, 0 to 1"
                )
        if self.transpose_down < 0 or self.transpose_up < 0:
            raise ConfigError("transpose_down and transpose_up are numbers of semitones, 0 or more")

    def beta_at(self, step: int) -> float:
        return BetaSchedule("ramp", self.beta_first, self.beta, self.beta_begin, self.beta_end)(
            step, self.steps
        )

    def own_share_at(self, step: int) -> float:
        return ramp(0.0, self.own_share, self.beta_begin, self.beta_end, step / self.steps)

    def synthetic_at(self, step: int) -> float:
        return ramp(self.synthetic, self.synthetic_last, self.hold, 1.0, step / self.steps)

    def learning_rate_at(self, step: int) -> float:
        done = step / self.steps
        fall = min(1.0, max(0.0, (done - self.hold) / max(1 - self.hold, 1e-9)))
        return (
            self.learning_rate
            * min(1.0, (step + 1) / max(1, self.warmup))
            * 0.5
            * (1 + math.cos(math.pi * fall))
        )


@dataclass(frozen=True)
class Preset:
    """A named recipe: tables for the model, settings for its training.

    Attributes:
        name: of the file, or of the folder a user's own TOML lies in.
        model: the tables `MusicConfig.from_table` reads.
    """

    name: str
    about: str
    model: dict[str, Any]
    training: TrainingSettings


def presets_dir() -> Path:
    return Path(__file__).parent.parent / "presets"


def preset_names() -> list[str]:
    return sorted(path.stem for path in presets_dir().glob("*.toml"))


def load_preset(name: str, **overrides: Any) -> Preset:
    """A shipped preset by name, or a TOML file of the same form by path.

    A preset may name another as its `base` and then holds only what differs.

    Args:
        overrides: training settings that replace the preset's; None leaves the preset's. An `init_from`
            of "none" starts from fresh weights.

    Raises:
        ConfigError: no such preset, a file that is not TOML, an unknown setting.
    """
    path, table = _read(Path(name))
    for key in table:
        if key not in TABLES:
            raise ConfigError(f"{path}: unknown setting '{key}'; a preset holds {', '.join(TABLES)}, base")
    missing = [key for key in ("z", "representation", "encoder", "decoder") if key not in table]
    if missing:
        raise ConfigError(f"{path}: '{missing[0]}' is missing; a preset holds {', '.join(TABLES)}, base")
    training = from_table(TrainingSettings, table.pop("training", {}), f"{path.name}, [training]")
    given = {key: value for key, value in overrides.items() if value is not None}
    if given.get("init_from") == "none":
        given["init_from"] = None
    return Preset(path.stem, table.pop("about", ""), table, replace(training, **given))


def _read(name: Path, above: tuple[Path, ...] = ()) -> tuple[Path, dict[str, Any]]:
    path = presets_dir() / f"{name}.toml"
    if not path.exists():
        path = (above[-1].parent if above else Path()) / name.expanduser()
    if path.suffix != ".toml" or not path.is_file():
        known = ", ".join(preset_names())
        raise ConfigError(f"no preset '{name}': shipped presets are {known}; or give a .toml file")
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    if path in above:
        raise ConfigError(f"{above[-1]}: its base '{name}' builds on it in turn")
    base = table.pop("base", None)
    if base is None:
        return path, table
    if not isinstance(base, str):
        raise ConfigError(f"{path}: 'base' must be the name of a preset or a .toml file, not {base!r}")
    return path, _merged(_read(Path(base), (*above, path))[1], table)


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The base with the changes laid over it, table by table; another `kind` takes a table whole."""
    result = dict(base)
    for key, value in changes.items():
        old = base.get(key)
        is_same_kind = isinstance(value, dict) and isinstance(old, dict) and "kind" not in value
        result[key] = _merged(old, value) if is_same_kind else value  # type: ignore[arg-type]
    return result
