"""Cores: the lowest part of a hierarchical decoder, writing the steps of one beat from its vector."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.models.layers import lstm, lstm_state
from musicvae_lite.models.places import PlaceTable
from musicvae_lite.models.stock.reading import reader_for
from musicvae_lite.music.representations.steps import Step

MakeHead = Callable[[int], nn.Module]  # a head from the size of the hidden state it reads


class LSTMCore(nn.Module):
    """An LSTM started from the beat's vector, which it also reads at every step.

    Roberts et al. 2018 (arXiv:1803.05428), section 3.3.
    """

    def __init__(self, step: Step, width: int, hidden: int, steps: int, head: MakeHead, straight: int = 0):
        super().__init__()
        self.steps = steps
        self.reader = reader_for(step)
        self.feed = PlaceTable(step, 1, width, blank=True)
        self.start = nn.Linear(width, 2 * hidden)
        self.lstm = lstm(2 * width, hidden)
        self.head = head(hidden + straight)

    def hidden(self, beats: Tensor, x: Tensor, straight: Tensor | None = None) -> Tensor:
        """Hidden states of every step, each knowing only the steps before it.

        Args:
            beats: [M, D].
            x: [M, S, *shape], blank where a step is hidden.
            straight: [M, S, E], what the head is told besides (see `straight`).

        Returns:
            [M, S, H + E].
        """
        before = torch.cat([self.reader.blank(x[:, :1]), x[:, :-1]], 1)
        feed = self.feed(before[:, :, None])
        inputs = torch.cat([feed, beats[:, None].expand(-1, self.steps, -1).to(feed.dtype)], -1)
        return _beside(self.lstm(inputs, lstm_state(self.start(beats), 1))[0], straight)

    def sample(
        self,
        beats: Tensor,
        temperature: float,
        generator: torch.Generator | None,
        straight: Tensor | None = None,
    ) -> Tensor:
        """beats [M, D] -> steps [M, S, *shape], each reading the one before."""
        state = lstm_state(self.start(beats), 1)
        previous = self.reader.start(beats.shape[0])
        written = []
        for step in range(self.steps):
            feed = self.feed(previous[:, None])
            hidden, state = self.lstm(torch.cat([feed, beats], -1)[:, None], state)
            told = _beside(hidden[:, 0], straight, step)
            previous = self.head.sample(told, temperature, generator)  # type: ignore[operator]
            written.append(previous)
        return torch.stack(written, 1)


class TableCore(nn.Module):
    """Every step adds up a share of the beat's vector and a vector for each earlier step of the beat.

    A beat is so short that a table for each pair (step, earlier step) holds all its grammar. Against
    `LSTMCore` a training step is twice as fast and what is learnt in a given time is far more.
    """

    def __init__(self, step: Step, width: int, hidden: int, steps: int, head: MakeHead, straight: int = 0):
        super().__init__()
        self.steps = steps
        self.plan = nn.Linear(width, steps * hidden)
        self.earlier = PlaceTable(step, steps * (steps - 1) // 2, hidden, blank=True, std=0.5)
        self.mix = nn.Linear(hidden, hidden)
        self.head = head(hidden + straight)

    def hidden(self, beats: Tensor, x: Tensor, straight: Tensor | None = None) -> Tensor:
        """As in `LSTMCore`: beats [M, D], steps [M, S, *shape] -> [M, S, H + E]."""
        plan = self.plan(beats).unflatten(-1, (self.steps, -1))
        heard = [torch.zeros_like(plan[:, 0])]
        heard += [self._heard(x[:, :step]).to(plan.dtype) for step in range(1, self.steps)]
        return _beside(self._mixed(plan + torch.stack(heard, 1)), straight)

    def sample(
        self,
        beats: Tensor,
        temperature: float,
        generator: torch.Generator | None,
        straight: Tensor | None = None,
    ) -> Tensor:
        """beats [M, D] -> steps [M, S, *shape]."""
        plan = self.plan(beats).unflatten(-1, (self.steps, -1))
        written: list[Tensor] = []
        for step in range(self.steps):
            heard = self._heard(torch.stack(written, 1)) if written else 0
            hidden = _beside(self._mixed(plan[:, step] + heard), straight, step)
            written.append(self.head.sample(hidden, temperature, generator))  # type: ignore[operator]
        return torch.stack(written, 1)

    def _heard(self, before: Tensor) -> Tensor:
        """The sum of what the steps [M, s, *shape] before step s say to it: [M, D]."""
        step = before.shape[1]
        return self.earlier(before, first=step * (step - 1) // 2)

    def _mixed(self, hidden: Tensor) -> Tensor:
        hidden = F.relu(hidden)
        return hidden + F.relu(self.mix(hidden))


def _beside(hidden: Tensor, straight: Tensor | None, step: int | None = None) -> Tensor:
    """Hidden states [M, S, H] with what goes straight to the head [M, S, E], or those of one step [M, H]."""
    if straight is None:
        return hidden
    return torch.cat([hidden, (straight if step is None else straight[:, step]).to(hidden.dtype)], -1)
