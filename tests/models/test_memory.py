"""What a beat hears of the beats before it."""

from __future__ import annotations

import pytest
import torch

from musicvae_lite.models.decoders import HierarchicalDecoder, HierarchicalDecoderSettings
from musicvae_lite.models.memory import BeatMemory
from musicvae_lite.music.representations.steps import Binary, Categorical, Product, Step
from tests.models.architectures import made_up

BLANK = 90


def _tokens(count: int, steps: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, BLANK, (count, steps), generator=generator)
    return torch.where(torch.rand((count, steps), generator=generator) < 0.6, 0, tokens)


def test_hears_the_beat_before_and_the_last_events():
    memory = BeatMemory(Categorical(BLANK), 4, 3, 8)
    tokens = torch.tensor([[5, 0, 0, 7, 0, 0, 1, 0, 0, 9, 0, 8, 0, 0, 0, 0]])
    nothing = [BLANK] * 4
    assert memory.heard(tokens).tolist() == [
        [
            [*nothing, BLANK, BLANK, BLANK],
            [5, 0, 0, 7, BLANK, 5, 7],
            [0, 0, 1, 0, 5, 7, 1],
            [0, 9, 0, 8, 1, 9, 8],
        ]
    ]


def test_which_token_is_no_event_is_said_by_the_step():
    memory = BeatMemory(Categorical(BLANK, nothing=7), 4, 2, 8)
    tokens = torch.tensor([[5, 7, 7, 0, 7, 7, 7, 7]])
    assert memory.heard(tokens)[0, 1].tolist() == [5, 7, 7, 0, 5, 0]
    assert memory.heard_next(memory.nothing(1), tokens[:, :4])[0].tolist() == [5, 7, 7, 0, 5, 0]


@pytest.mark.parametrize(
    "step",
    [Categorical(BLANK), Categorical(BLANK, nothing=3), Product((5, 7, 4)), Binary(6)],
    ids=lambda s: type(s).__name__,
)
@pytest.mark.parametrize("events", [1, 3, 9])
def test_hears_the_same_one_beat_at_a_time(step: Step, events: int):
    memory = BeatMemory(step, 4, events, 8)
    x = made_up(step, 7, 32)
    x[0] = 0  # nothing happens at all
    x = memory.reader.hide(x, torch.rand(7, 32, generator=torch.Generator().manual_seed(1)) < 0.1)
    wanted = memory.heard(x)
    heard = memory.nothing(7).to(x.dtype)
    for beat in range(8):
        assert torch.equal(heard, wanted[:, beat])
        heard = memory.heard_next(heard, x[:, 4 * beat : 4 * beat + 4])


def test_hearing_one_more_beat_can_be_exported():
    memory = BeatMemory(Categorical(BLANK), 4, 3, 8)

    class Next(torch.nn.Module):
        def forward(self, heard: torch.Tensor, beat: torch.Tensor) -> torch.Tensor:
            return memory.heard_next(heard, beat)

    tokens = _tokens(2, 8, 0)
    heard = memory.heard(tokens)
    batch = torch.export.Dim("batch")
    inputs = heard[:, 0], tokens[:, :4]
    program = torch.export.export(Next(), inputs, dynamic_shapes=({0: batch}, {0: batch}))
    assert torch.equal(program.module()(heard[:, 0], tokens[:, :4]), heard[:, 1])


def _decoder(memory: int) -> HierarchicalDecoder:
    torch.manual_seed(0)
    settings = HierarchicalDecoderSettings((4, 4), width=16, core_width=16, memory=memory)
    return HierarchicalDecoder(settings, Categorical(BLANK), 8, None)


def test_adds_nothing_at_first():
    without, with_memory = _decoder(0), _decoder(3)
    with_memory.load_state_dict(without.state_dict(), strict=False)
    z, tokens = torch.randn(3, 8), _tokens(3, 16, 1)
    assert torch.equal(without.hidden(z, tokens), with_memory.hidden(z, tokens))


def test_writes_what_it_scores_and_never_looks_ahead():
    decoder = _decoder(3)
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    z = torch.randn(5, 8)
    written = decoder.sample(z, temperature=0.0)
    assert torch.equal(decoder.head.logits(decoder.hidden(z, written)).argmax(-1), written)
    before = decoder.hidden(z, written)
    for step in range(16):
        changed = written.clone()
        changed[:, step] = (changed[:, step] + 1) % BLANK
        differs = (decoder.hidden(z, changed) != before).any(-1).any(0)  # [T]
        assert not differs[: step + 1].any()
        assert differs[step + 1 :].any() or step == 15
