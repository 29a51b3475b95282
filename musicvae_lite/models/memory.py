"""What a beat is told of the beats before it, so that z need not say what the music itself implies."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BeatMemory(nn.Module):
    """A vector for each beat from the tokens of the beat before and the last `events` before it.

    An event is any token but 0, "nothing happens": in a melody the pitches last struck, and rests. What
    it adds starts at zero, so that a model trained without it goes on from where it was.
    """

    def __init__(self, steps: int, events: int, depth: int, width: int):
        super().__init__()
        self.steps, self.events, self.blank = steps, events, depth
        places = steps + events
        self.table = nn.Embedding(places * (depth + 1), width)
        self.add = nn.Linear(width, width)
        nn.init.zeros_(self.add.weight)
        nn.init.zeros_(self.add.bias)
        self.register_buffer("offset", torch.arange(places) * (depth + 1), persistent=False)

    offset: Tensor

    def forward(self, heard: Tensor) -> Tensor:
        """What `heard` or `heard_last` give [..., S + events] -> [..., width]."""
        return self.add(F.relu(self.table(heard + self.offset).sum(-2)))

    def heard(self, tokens: Tensor) -> Tensor:
        """What each beat of tokens [B, T] hears of those before it: [B, beats, S + events]."""
        beats = tokens.unflatten(-1, (-1, self.steps))  # [B, beats, S]
        before = F.pad(beats, (0, 0, 1, 0), value=self.blank)[:, :-1]
        return torch.cat([before, self._last_events(tokens)], -1)

    def heard_last(self, tokens: Tensor) -> Tensor:
        """What the beat after tokens [B, t] hears, t whole beats long: [B, S + events]."""
        return self.heard(F.pad(tokens, (0, self.steps)))[:, -1]

    def _last_events(self, tokens: Tensor) -> Tensor:
        """The last events before each beat, oldest first, blank where there are fewer: [B, beats, events]."""
        count, length = tokens.shape
        happens = tokens != 0
        rank = happens.cumsum(1)  # [B, T], events up to and with each step
        slots = tokens.new_full((count, length + self.events + 1), self.blank)
        unused = length + self.events
        slots.scatter_(1, torch.where(happens, rank + self.events - 1, unused), tokens)
        before = F.pad(rank, (1, 0))[:, : length : self.steps]  # [B, beats], events before each beat
        places = before[..., None] + torch.arange(self.events, device=tokens.device)
        return slots.gather(1, places.flatten(1)).view(count, -1, self.events)
