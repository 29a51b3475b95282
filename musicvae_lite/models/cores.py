"""Cores: the lowest part of a hierarchical decoder, writing the steps of one beat from its vector."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.models.heads import CategoricalHead
from musicvae_lite.models.layers import lstm, lstm_state


class LSTMCore(nn.Module):
    """An LSTM started from the beat's vector, which it also reads at every step.

    Roberts et al. 2018 (arXiv:1803.05428), section 3.3.
    """

    def __init__(self, width: int, hidden: int, steps: int, depth: int):
        super().__init__()
        self.steps = steps
        self.feed = nn.Embedding(depth + 1, width)
        self.start = nn.Linear(width, 2 * hidden)
        self.lstm = lstm(2 * width, hidden)
        self.head = CategoricalHead(hidden, depth)

    def hidden(self, beats: Tensor, tokens: Tensor) -> Tensor:
        """Hidden states of every step, each knowing only the tokens before it.

        Args:
            beats: [M, D].
            tokens: [M, S]; `head.blank` where a token is hidden.

        Returns:
            [M, S, H].
        """
        feed = self.feed(F.pad(tokens[:, :-1], (1, 0), value=self.head.blank))
        inputs = torch.cat([feed, beats[:, None].expand(-1, self.steps, -1).to(feed.dtype)], -1)
        return self.lstm(inputs, lstm_state(self.start(beats), 1))[0]

    def sample(self, beats: Tensor, temperature: float, generator: torch.Generator | None) -> Tensor:
        """beats [M, D] -> tokens [M, S], each step reading the one before."""
        state = lstm_state(self.start(beats), 1)
        previous = torch.full((len(beats),), self.head.blank, device=beats.device)
        written = []
        for _ in range(self.steps):
            hidden, state = self.lstm(torch.cat([self.feed(previous), beats], -1)[:, None], state)
            previous = self.head.sample(hidden[:, 0], temperature, generator)
            written.append(previous)
        return torch.stack(written, 1)


class TableCore(nn.Module):
    """Every step adds up a share of the beat's vector and a vector for each earlier token of the beat.

    A beat is so short that a table for each pair (step, earlier step) holds all its grammar. Against
    `LSTMCore` a training step is twice as fast and what is learnt in a given time is far more.
    """

    def __init__(self, width: int, hidden: int, steps: int, depth: int):
        super().__init__()
        self.steps, self.depth = steps, depth
        self.plan = nn.Linear(width, steps * hidden)
        pairs = steps * (steps - 1) // 2
        self.earlier = nn.Embedding(pairs * (depth + 1), hidden)
        nn.init.normal_(self.earlier.weight, std=0.5)
        self.mix = nn.Linear(hidden, hidden)
        self.head = CategoricalHead(hidden, depth)

    def hidden(self, beats: Tensor, tokens: Tensor) -> Tensor:
        """As in `LSTMCore`: beats [M, D], tokens [M, S] -> [M, S, H]."""
        plan = self.plan(beats).unflatten(-1, (self.steps, -1))
        heard = [torch.zeros_like(plan[:, 0])]
        heard += [self._heard(step, tokens[:, :step]).to(plan.dtype) for step in range(1, self.steps)]
        return self._mixed(plan + torch.stack(heard, 1))

    def sample(self, beats: Tensor, temperature: float, generator: torch.Generator | None) -> Tensor:
        """beats [M, D] -> tokens [M, S]."""
        plan = self.plan(beats).unflatten(-1, (self.steps, -1))
        tokens = torch.empty((len(beats), 0), dtype=torch.long, device=beats.device)
        for step in range(self.steps):
            heard = self._heard(step, tokens) if step else 0
            written = self.head.sample(self._mixed(plan[:, step] + heard), temperature, generator)
            tokens = torch.cat([tokens, written[:, None]], 1)
        return tokens

    def _heard(self, step: int, tokens: Tensor) -> Tensor:
        """The sum of what the tokens [M, step] before this step say to it: [M, D]."""
        first_pair = step * (step - 1) // 2
        pair = first_pair + torch.arange(step, device=tokens.device)
        return self.earlier(tokens + pair * (self.depth + 1)).sum(1)

    def _mixed(self, hidden: Tensor) -> Tensor:
        hidden = F.relu(hidden)
        return hidden + F.relu(self.mix(hidden))
