"""The parts of an ABC tune, and the order that its head has them played in (P:, standard 2.1, 3.1.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from musicvae_lite.music.files import Limits

MOST = 256  # parts in the order of a tune


def parts_of(order: str) -> str:
    """The parts of "(A2B)2.C" in turn, by a letter each: "AABAABC"; "" where it cannot be read."""
    order = re.sub(r"[.\s]", "", order)
    while found := re.search(r"\(([A-Z]*)\)(\d{0,3})|([A-Z])(\d{1,3})", order):
        again = (found[1] or found[3] or "") * int(found[2] or found[4] or 1)
        order = order[: found.start()] + again + order[found.end() :]
        if len(order) > MOST:
            return ""
    return order if re.fullmatch(r"[A-Z]+", order) else ""


@dataclass
class Parts:
    """The parts of a tune, as they are read.

    Attributes:
        order: what the head says of it; "" where it says nothing.
        begun: name and index of the first bar of each part.
    """

    order: str = ""
    begun: list[tuple[str, int]] = field(default_factory=list)

    @property
    def can_be_ordered(self) -> bool:
        """Whether each part of the order, and no other, is marked in the tune once."""
        names = sorted(name for name, _ in self.begun)
        return bool(names) and sorted(set(parts_of(self.order))) == names

    def arranged(self, bars: int, source: str, limits: Limits) -> list[int]:
        """Indices of so many written bars, part by part; what stands before the first part comes first.

        Raises ReadError where they are too many.
        """
        if not self.can_be_ordered:
            return list(range(bars))
        starts = [start for _, start in self.begun]
        ends = [*starts[1:], bars]
        spans = {name: range(start, end) for (name, start), end in zip(self.begun, ends, strict=True)}
        order = [range(starts[0]), *(spans[name] for name in parts_of(self.order))]
        count = sum(map(len, order))
        limits.check("bars in the order of its parts", count, limits.max_quarters, source)
        return [index for span in order for index in span]
