"""MusicVAE the obvious way in PyTorch: nn.LSTM over one-hot floats, with z beside every step.

What a careful programmer writes in an afternoon from Roberts et al. 2018 (arXiv:1803.05428); the same
architectures and sizes as the stock ones, which it is measured against.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PlainEncoder(nn.Module):
    def __init__(self, depth: int, hidden: tuple[int, ...], z: int):
        super().__init__()
        self.depth = depth
        self.lstm = nn.LSTM(depth, hidden[0], len(hidden), batch_first=True, bidirectional=True)
        self.mean, self.scale = nn.Linear(2 * hidden[-1], z), nn.Linear(2 * hidden[-1], z)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens [B, T] -> mean and scale [B, Z]."""
        _, (last, _) = self.lstm(F.one_hot(x, self.depth).float())
        both = torch.cat([last[-2], last[-1]], -1)
        return self.mean(both), F.softplus(self.scale(both))


class PlainDecoder(nn.Module):
    """Steps that read the step before and a vector, which also starts the state."""

    def __init__(self, depth: int, hidden: tuple[int, ...], told: int):
        super().__init__()
        self.depth, self.layers = depth, len(hidden)
        self.start = nn.Linear(told, 2 * sum(hidden))
        self.lstm = nn.LSTM(depth + told, hidden[0], len(hidden), batch_first=True)
        self.logits = nn.Linear(hidden[-1], depth)

    def state(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        parts = torch.tanh(self.start(vector)).unflatten(-1, (self.layers, 2, -1))
        cell, hidden = parts.permute(2, 1, 0, 3).contiguous().unbind(0)
        return hidden, cell

    def forward(self, vector: Tensor, before: Tensor) -> Tensor:
        """vector [B, D] and one-hot steps before each step [B, T, depth] -> logits [B, T, depth]."""
        inputs = torch.cat([before, vector[:, None].expand(-1, before.shape[1], -1)], -1)
        return self.logits(self.lstm(inputs, self.state(vector))[0])

    @torch.no_grad()
    def sample(self, vector: Tensor, before: Tensor, steps: int) -> Tensor:
        """Tokens [B, steps] drawn one by one; `before` [B, depth] stands before the first."""
        state, drawn = self.state(vector), []
        for _ in range(steps):
            out, state = self.lstm(torch.cat([before, vector], -1)[:, None], state)
            token = torch.distributions.Categorical(logits=self.logits(out[:, 0])).sample()
            before = F.one_hot(token, self.depth).float()
            drawn.append(token)
        return torch.stack(drawn, 1)


class PlainVAE(nn.Module):
    """Flat, or with a conductor over `parts` segments that are decoded one after the other."""

    def __init__(
        self,
        depth: int,
        z: int,
        encoder: tuple[int, ...],
        decoder: tuple[int, ...],
        steps: int,
        parts: int = 1,
    ):
        super().__init__()
        self.depth, self.z_size, self.steps, self.parts = depth, z, steps, parts
        self.encoder = PlainEncoder(depth, encoder, z)
        self.conductor = None
        if parts > 1:
            self.layers = len(decoder)
            self.begin = nn.Linear(z, 2 * sum(decoder))
            self.conductor = nn.LSTM(1, decoder[0], len(decoder), batch_first=True)
        self.decoder = PlainDecoder(depth, decoder, decoder[-1] if parts > 1 else z)

    def loss(self, x: Tensor, beta: float = 0.2) -> Tensor:
        """Tokens [B, T] -> nats a sequence."""
        mean, scale = self.encoder(x)
        logits = self.logits(mean + scale * torch.randn_like(mean), x)
        nats = F.cross_entropy(logits.flatten(0, 1), x.flatten(), reduction="sum") / len(x)
        kl = 0.5 * (mean.square() + scale.square() - 1) - scale.log()
        return nats + beta * kl.sum(-1).mean()

    def logits(self, z: Tensor, x: Tensor) -> Tensor:
        """What is said of each step of x [B, T], shown those before it: [B, T, depth]."""
        before = F.one_hot(F.pad(x[:, :-1], (1, 0)), self.depth).float()
        before[:, 0] = 0
        parts = zip(self.vectors(z).unbind(1), before.chunk(self.parts, 1), strict=True)
        return torch.cat([self.decoder(vector, shown) for vector, shown in parts], 1)

    def vectors(self, z: Tensor) -> Tensor:
        """z [B, Z] -> a vector a segment [B, parts, D]."""
        if self.conductor is None:
            return z[:, None]
        start = torch.tanh(self.begin(z)).unflatten(-1, (self.layers, 2, -1))
        cell, hidden = start.permute(2, 1, 0, 3).contiguous().unbind(0)
        return self.conductor(z.new_zeros(len(z), self.parts, 1), (hidden, cell))[0]

    @torch.no_grad()
    def sample(self, count: int) -> Tensor:
        """Tokens [count, T] of new codes."""
        vectors = self.vectors(torch.randn(count, self.z_size))
        before, drawn = torch.zeros(count, self.depth), []
        for part in range(self.parts):
            drawn.append(self.decoder.sample(vectors[:, part], before, self.steps // self.parts))
            before = F.one_hot(drawn[-1][:, -1], self.depth).float()
        return torch.cat(drawn, 1)


def training_step(model: PlainVAE, optimizer: torch.optim.Optimizer, x: Tensor) -> None:
    """One update on tokens [B, T], with the gradient clipped at 1 as the stock recipes do."""
    optimizer.zero_grad()
    model.loss(x).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
