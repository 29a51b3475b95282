"""Grooves of which some hits are known, through decoders that hear their own earlier steps."""

from __future__ import annotations

import pytest
import torch

from musicvae_lite.models.decoders import HierarchicalDecoderSettings
from musicvae_lite.models.heads import groove_hits
from musicvae_lite.models.stock.decoders import StockDecoderSettings
from musicvae_lite.music.representations.steps import Binary, Groove

STEP, STEPS, Z = Groove(3), 8, 5
SETTINGS = {
    "table": HierarchicalDecoderSettings((4, 2), width=8, core_width=8),
    "lstm": HierarchicalDecoderSettings((4, 2), width=8, core="lstm", core_width=8),
    "memory": HierarchicalDecoderSettings((4, 2), width=8, core_width=8, memory=4),
    "straight": HierarchicalDecoderSettings((4, 2), width=8, core_width=8, straight=16),
    "stock": StockDecoderSettings(hidden=(8,)),
}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("control", [None, Binary(3)])
def test_what_is_known_is_heard_by_the_steps_after_it(name: str, control: Binary | None):
    torch.manual_seed(0)
    decoder = SETTINGS[name].build(STEP, STEPS, Z, control)
    z, told = torch.randn(6, Z), None if control is None else torch.randint(0, 2, (6, STEPS, 3)).float()
    free = decoder.sample(z, told, 0.0)  # type: ignore[operator]
    open_hits, nowhere = torch.full((6, STEPS, 3), -1), torch.zeros(6, STEPS, dtype=torch.bool)
    torch.testing.assert_close(groove_hits.write(decoder, z, open_hits, nowhere, told), free)

    hits = open_hits.clone()
    hits[:, 1] = 1 - free[:, 1, :3].long()
    written = groove_hits.write(decoder, z, hits, nowhere, told)
    assert torch.equal(written[:, 1, :3], hits[:, 1].float())
    torch.testing.assert_close(written[:, 0], free[:, 0])
    assert not torch.allclose(written[:, 2, 3:], free[:, 2, 3:])
