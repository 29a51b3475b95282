"""Inputs changed at random: as bytes, and as JSON whose values become what nobody expects there."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from tests.fuzzing.seeds import joined, parted

ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 3, 7, 64, 4096, 2**31, 2**63, 2**64, 10**30, 0.5, -1e308, 1e308,
    float("nan"), float("inf"), "", "a", "../a", "/etc/passwd", "a" * 300, "\0", "\ud800", [], {}, [[]], [0],
    [1, 1], [-1], [2**40], [4] * 9, {"a": 1}, {"name": "melody"}, {"kind": "flat"},
)  # fmt: skip


def changed(data: bytes, chance: random.Random, parts: int) -> bytes:
    """A mutation of an input; `parts` as `Target.json` says."""
    if parts and chance.random() < 0.8:
        try:
            return _changed_json(data, chance, parts)
        except (ValueError, RecursionError):
            pass
    return _changed_bytes(data, chance)


def _changed_bytes(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at = chance.randrange(len(out) + 1)
        match chance.randrange(6):
            case 0:
                out[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                out[at : at + 4] = chance.choice(
                    (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80")
                )
            case 2:
                del out[at : at + chance.choice((1, 2, 8, len(out)))]
            case 3:
                out[at:at] = out[at : at + chance.choice((1, 4, 16, 64))]
            case 4:
                start = chance.randrange(len(out) + 1)
                out[at:at] = out[start : start + chance.choice((4, 32))]
            case _:
                out[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 3))))
    return bytes(out)


def _changed_json(data: bytes, chance: random.Random, parts: int) -> bytes:
    files = parted(data, parts)
    number = chance.randrange(max(parts - 1, 1))
    table = json.loads(files[number])
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        table = _with_change(copy.deepcopy(table), chance)
    files[number] = json.dumps(table).encode()
    return joined(*files)


def _with_change(value: Any, chance: random.Random) -> Any:
    """The same tree with one of its branches exchanged, dropped, doubled or put elsewhere."""
    places: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        node = stack.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        for key in keys:
            places.append((node, key))
            stack.append(node[key])
    if not places:
        return chance.choice(ODD)
    node, key = chance.choice(places)
    match chance.randrange(8):
        case 0:
            del node[key]
        case 1:
            other, name = chance.choice(places)
            node[key] = copy.deepcopy(other[name]) if _has(other, name) else None
        case 2 if isinstance(node, list):
            node += copy.deepcopy(node)
        case 3 if isinstance(node, dict):
            node[chance.choice(("a", "name", "kind", "z", "", "steps"))] = copy.deepcopy(chance.choice(ODD))
        case 4 if isinstance(node[key], int):
            node[key] = chance.choice(
                (node[key] + 1, node[key] - 1, -node[key], node[key] * 2, node[key] * 1000)
            )
        case _:
            node[key] = copy.deepcopy(chance.choice(ODD))
    return value


def _has(node: Any, key: Any) -> bool:
    return key in node if isinstance(node, dict) else key < len(node)
