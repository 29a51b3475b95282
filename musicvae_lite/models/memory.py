"""What a beat is told of the beats before it, so that z need not say what the music itself implies."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.models.places import PlaceTable
from musicvae_lite.models.stock.reading import reader_for
from musicvae_lite.music.representations.steps import Categorical, Step


class BeatMemory(nn.Module):
    """A vector for each beat from the steps of the beat before and the last `events` before it.

    An event is any step at which something happens: in a melody the pitches last struck, and rests. What
    it adds starts at zero, so that a model trained without it goes on from where it was.
    """

    def __init__(self, step: Step, steps: int, events: int, width: int):
        super().__init__()
        self.steps, self.events = steps, events
        self.silent = step.nothing if isinstance(step, Categorical) else 0
        self.reader = reader_for(step)
        self.table = PlaceTable(step, steps + events, width, blank=True)
        self.add = nn.Linear(width, width)
        nn.init.zeros_(self.add.weight)
        nn.init.zeros_(self.add.bias)

    def forward(self, heard: Tensor) -> Tensor:
        """What `heard` or `heard_next` give [..., S + events, *shape] -> [..., width]."""
        return self.add(F.relu(self.table(heard)))

    def heard(self, x: Tensor) -> Tensor:
        """What each beat of x [B, T, *shape] hears of those before it: [B, beats, S + events, *shape]."""
        shifted = torch.cat([self.reader.blank(x[:, : self.steps]), x[:, : -self.steps]], 1)
        before = shifted.unflatten(1, (-1, self.steps))  # [B, beats, S, *shape]
        return torch.cat([before, self._last_events(x)], 2)

    def nothing(self, count: int) -> Tensor:
        """What the first beat hears, [count, S + events, *shape]."""
        blank = self.reader.start(count)[:, None]
        return blank.expand(-1, self.steps + self.events, *blank.shape[2:])

    def heard_next(self, heard: Tensor, beat: Tensor) -> Tensor:
        """What the next beat hears: beat by beat the same as `heard` of all of them, without all of them.

        Args:
            heard: what this beat heard, [B, S + events, *shape]; `nothing` at first.
            beat: what it wrote, [B, S, *shape].
        """
        known = torch.cat([heard[:, self.steps :], beat], 1)  # [B, events + S, *shape], oldest first
        rank = self._happens(beat).cumsum(1)  # [B, S], new events up to and with each step
        wanted = torch.arange(self.events, device=beat.device) + rank[:, -1:]  # [B, events], of old and new
        new = wanted - self.events  # how many new events come before the one wanted
        place = self.events + (rank[:, None] <= new[..., None]).sum(-1)  # its step, where it is new
        place = torch.where(new < 0, wanted, place)
        place = place.unflatten(-1, (-1, *[1] * (beat.dim() - 2))).expand(-1, -1, *beat.shape[2:])
        return torch.cat([beat, known.gather(1, place)], 1)

    def _happens(self, x: Tensor) -> Tensor:
        """Which steps of x [B, T, *shape] are events, bool [B, T]."""
        happens = x != self.silent
        return happens.flatten(2).any(-1) if x.dim() > 2 else happens

    def _last_events(self, x: Tensor) -> Tensor:
        """The last events before each beat, oldest first, blank where there are fewer."""
        count, length = x.shape[:2]
        happens = self._happens(x)
        rank = happens.cumsum(1)  # events up to and with each step
        unused = length + self.events
        slots = torch.full((count, unused + 1), length, device=x.device)  # which step each event is
        steps = torch.arange(length, device=x.device).expand(count, -1)
        slots.scatter_(1, torch.where(happens, rank + self.events - 1, unused), steps)
        before = F.pad(rank, (1, 0))[:, : length : self.steps]  # [B, beats], events before each beat
        places = before[..., None] + torch.arange(self.events, device=x.device)
        found = slots.gather(1, places.flatten(1))  # [B, beats * events]
        with_blank = torch.cat([x, self.reader.blank(x[:, :1])], 1)
        rows = torch.arange(count, device=x.device)[:, None]
        return with_blank[rows, found].unflatten(1, (-1, self.events))
