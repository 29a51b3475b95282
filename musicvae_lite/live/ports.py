"""MIDI ports by name, through mido; python-rtmidi (the extra `live`) speaks to the system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from musicvae_lite.errors import ConfigError, MusicVAEError

EXTRA = "MIDI ports need the extra `live`: pip install 'musicvae_lite[live]'"
INSTEAD = "`mvae render` makes a sound file without one"
LOOP_BACK = "midi through"  # Linux always has it, and nothing is heard from it


class Port(Protocol):
    """What is needed of a mido output port."""

    name: str

    def send(self, message: Any) -> None: ...
    def close(self) -> None: ...


def names() -> list[str]:
    """The names of all output ports, in the system's order; none where there is no port.

    Raises:
        MusicVAEError: python-rtmidi is missing, or the system has no MIDI service.
    """
    import mido

    try:
        return list(mido.get_output_names())  # type: ignore[attr-defined]  # mido makes it at run time
    except ImportError as error:
        raise MusicVAEError(EXTRA) from error
    except Exception as error:  # each system's driver has errors of its own
        raise MusicVAEError(f"this system offers no MIDI ports ({_words(error)}); {INSTEAD}") from error


def choose(wanted: str | None, known: Sequence[str]) -> str:
    """The name of a port.

    Args:
        wanted: a name, a part of one in any case, or its number counted from 1. None takes the first port,
            and one that only loops back where there is no other.
        known: as `names()` gives them.

    Raises:
        ConfigError: there is no such port, or several; or its name belongs to another before it, which is
            all that the system would open by it.
    """
    if not known:
        raise ConfigError(f"there is no MIDI port: plug in or start a synthesiser; {INSTEAD}")
    if wanted is None:
        return next((name for name in known if LOOP_BACK not in name.lower()), known[0])
    if wanted in known:
        return wanted
    numbers = [str(number) for number in range(1, len(known) + 1)]
    if wanted in numbers:
        return _first_of_its_name(numbers.index(wanted), known)
    found = [name for name in known if wanted.lower() in name.lower()]
    if len(found) == 1:
        return found[0]
    what = f"'{wanted}' names {len(found)} ports" if found else f"there is no port '{wanted}'"
    raise ConfigError(f"{what}; there are: {', '.join(found or known)}")


def _first_of_its_name(index: int, known: Sequence[str]) -> str:
    name = known[index]
    if name in known[:index]:
        raise ConfigError(
            f"port {index + 1} has the name of port {known.index(name) + 1}, '{name}', and ports are opened "
            "by name: rename it in the system's settings, or unplug the other"
        )
    return name


def open_port(name: str) -> Port:
    """Opens an output port by its full name. Raises MusicVAEError."""
    import mido

    try:
        return mido.open_output(name)  # type: ignore[attr-defined]  # mido makes it at run time
    except ImportError as error:
        raise MusicVAEError(EXTRA) from error
    except Exception as error:
        raise MusicVAEError(f"{name}: this MIDI port cannot be opened ({_words(error)})") from error


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
