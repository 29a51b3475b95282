"""Settings from tables, and what is said of wrong ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.settings import from_table, to_table


@dataclass(frozen=True)
class Sample:
    size: int
    rate: float = 0.5
    kind: Literal["a", "b"] = "a"
    parts: tuple[int, ...] = (1, 2)
    note: str | None = None
    is_on: bool = False


def test_a_table_comes_back():
    table = {"size": 3, "rate": 0.1, "kind": "b", "parts": [4, 5, 6], "note": "x", "is_on": True}
    settings = from_table(Sample, table, "here")
    assert settings == Sample(3, 0.1, "b", (4, 5, 6), "x", True)
    assert to_table(settings) == table


def test_defaults_fill_in_and_whole_numbers_are_numbers():
    settings = from_table(Sample, {"size": 1, "rate": 2, "note": None}, "here")
    assert settings == Sample(1, 2.0) and type(settings.rate) is float


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"size": 1, "raet": 2.0}, "here: unknown setting 'raet'; did you mean 'rate'?"),
        ({"size": 1, "zzz": 2.0}, "unknown setting 'zzz'; known: size, rate"),
        ({}, "setting 'size' is missing"),
        ({"size": "3"}, "'size' must be a whole number, not '3'"),
        ({"size": 3.5}, "'size' must be a whole number, not 3.5"),
        ({"size": True}, "'size' must be a whole number, not True"),
        ({"size": 1, "rate": False}, "'rate' must be a number, not False"),
        ({"size": 1, "kind": "c"}, "'kind' is 'c'; it can be 'a', 'b'"),
        ({"size": 1, "parts": 4}, "'parts' must be a list, not 4"),
        ({"size": 1, "parts": [4, "x"]}, "'parts' must be a whole number, not 'x'"),
        ({"size": 1, "note": 7}, "'note' must be text, not 7"),
        ({"size": 1, "is_on": 1}, "'is_on' must be true or false, not 1"),
        ([1], "here must be a table of settings"),
    ],
)
def test_a_wrong_table_names_the_field(table, words: str):
    with pytest.raises(ConfigError) as error:
        from_table(Sample, table, "here")
    assert words in str(error.value) and str(error.value).startswith("here")
