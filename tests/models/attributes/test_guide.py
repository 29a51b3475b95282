from __future__ import annotations

import torch

from musicvae_lite.models.attributes.guide import AttributeGuide


def curved(seed: int = 0) -> AttributeGuide:
    """A guide of three attributes with a curved surface, over codes of six numbers."""
    torch.manual_seed(seed)
    guide = AttributeGuide(("a", "b", "c"), 6, width=32)
    torch.nn.init.normal_(guide.last.weight, std=2.0)
    guide.centre, guide.spread = torch.randn(6), torch.rand(6) + 0.5
    return guide.requires_grad_(False)


def test_its_gradients_are_autograds():
    guide, x = curved(), torch.randn(4, 6)
    read, slope = guide._answer(x)
    z = x * guide.spread + guide.centre
    assert torch.allclose(read, guide(z), atol=1e-5)
    of_z = torch.func.vmap(torch.func.jacrev(lambda one: guide(one[None])[0]))(z)  # [B, A, Z]
    assert torch.allclose(slope, of_z * guide.spread, atol=1e-5)


def test_it_moves_one_attribute_and_holds_the_others():
    guide, z = curved(), torch.randn(50, 6)
    before = guide(z)
    after = guide(guide.move(z, {"b": 0.5})) - before
    assert (after[:, 1] > 0.3).float().mean() > 0.9
    assert after[:, [0, 2]].abs().mean() < 0.1 * after[:, 1].mean()


def test_each_code_goes_its_own_way():
    guide, z = curved(), torch.randn(2, 6)
    one, other = guide.move(z, {"a": 0.3}) - z
    assert torch.nn.functional.cosine_similarity(one, other, dim=0) < 0.999
    assert torch.allclose(guide.move(z[1:], {"a": 0.3})[0] - z[1], other, atol=1e-6)


def test_no_amount_is_no_move():
    guide, z = curved(), torch.randn(3, 6)
    assert torch.equal(guide.move(z, {}), z) and torch.equal(guide.move(z, {"a": 0.0}), z)


def test_it_leads_no_further_than_music_goes():
    guide, z = curved(), torch.randn(20, 6)
    now = guide(z)
    guide.bounds = torch.stack([now.min(0).values, now.max(0).values], 1)
    top = z[now[:, 0].argmax()][None]
    assert torch.allclose(guide.move(top, {"a": 3.0}), top, atol=1e-5)
    assert guide(guide.move(top, {"a": -0.3}))[0, 0] < now[:, 0].max() - 0.1
