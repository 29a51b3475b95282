"""Posterior, KL, free bits, schedules, and paths through z."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from musicvae_lite.latent import (
    CIRCLE,
    INNER,
    NATS_PER_BIT,
    OUTER,
    BetaSchedule,
    Course,
    Posterior,
    active_units,
    along,
    attribute_vector,
    blend,
    blended,
    covariance,
    free_bits,
    lone_vectors,
    slerp,
    walk,
)


def posterior(batch: int = 5, z: int = 7, seed: int = 0) -> Posterior:
    generator = torch.Generator().manual_seed(seed)
    mean = torch.randn(batch, z, generator=generator)
    return Posterior(mean, torch.rand(batch, z, generator=generator) * 2 + 0.01)


def test_kl_is_that_of_torch_summed_over_units():
    q = posterior()
    per_unit = kl_divergence(Normal(q.mean, q.scale), Normal(0.0, 1.0))
    torch.testing.assert_close(q.kl_per_unit(), per_unit)
    torch.testing.assert_close(q.kl(), per_unit.sum(1))
    assert q.kl().shape == (5,) and (q.kl() > 0).all()


def test_kl_of_the_prior_itself_is_nothing():
    assert torch.equal(Posterior(torch.zeros(2, 3), torch.ones(2, 3)).kl(), torch.zeros(2))


def test_kl_pulls_towards_the_prior():
    mean, scale = torch.full((1, 1), 2.0, requires_grad=True), torch.full((1, 1), 0.1, requires_grad=True)
    Posterior(mean, scale).kl().sum().backward()
    assert mean.grad is not None and scale.grad is not None
    assert mean.grad > 0 and scale.grad < 0  # descent shrinks the mean and widens the scale


def test_draws_have_the_mean_and_scale_and_carry_gradients():
    q = Posterior(torch.tensor([[1.0, -2.0]]).expand(40_000, 2), torch.tensor([[0.5, 2.0]]).expand(40_000, 2))
    drawn = q.rsample(torch.Generator().manual_seed(1))
    torch.testing.assert_close(drawn.mean(0), torch.tensor([1.0, -2.0]), atol=0.04, rtol=0)
    torch.testing.assert_close(drawn.std(0), torch.tensor([0.5, 2.0]), atol=0.04, rtol=0)
    assert abs(float(torch.corrcoef(drawn.T)[0, 1])) < 0.02

    mean, scale = torch.zeros(1, 1, requires_grad=True), torch.ones(1, 1, requires_grad=True)
    z = Posterior(mean, scale).rsample(torch.Generator().manual_seed(2))
    z.sum().backward()
    assert mean.grad is not None and scale.grad is not None
    assert float(mean.grad) == 1.0 and float(scale.grad) == pytest.approx(z.item())


def test_same_generator_same_draw():
    q = posterior()
    one, two, other = (q.rsample(torch.Generator().manual_seed(s)) for s in (3, 3, 4))
    assert torch.equal(one, two) and not torch.equal(one, other)


def test_free_bits_are_per_example_and_in_bits():
    kl = torch.tensor([1.0, 10.0]) * NATS_PER_BIT
    torch.testing.assert_close(free_bits(kl, 4.0), torch.tensor([0.0, 6.0 * NATS_PER_BIT]))
    torch.testing.assert_close(free_bits(kl, 0.0), kl)


def test_a_ramp_is_flat_then_straight_then_flat():
    beta = BetaSchedule("ramp", 0.1, 0.5, begin=0.25, end=0.75)
    assert [beta(step, 100) for step in (0, 25, 50, 75, 100)] == pytest.approx([0.1, 0.1, 0.3, 0.5, 0.5])
    assert BetaSchedule("ramp", 0.0, 1.0, begin=0.5, end=0.5)(51, 100) == 1.0
    assert BetaSchedule("ramp", 0.0, 1.0, begin=0.0, end=1.0)(0, 0) == 0.0


def test_the_exponential_is_that_of_musicvae():
    beta = BetaSchedule("exponential", final=0.2, rate=0.99999)
    assert beta(0, 1) == 0.0
    assert beta(100_000, 1) == pytest.approx(0.2 * (1 - math.exp(-1)), rel=1e-4)


def test_active_units_vary_over_the_data():
    means = torch.zeros(100, 4)
    means[:, 0] = torch.linspace(-1, 1, 100)
    means[:, 1] = torch.linspace(-0.05, 0.05, 100)  # a variance below the threshold
    means[:, 2] = 3.0  # far from the prior but constant: says nothing
    assert active_units(means) == 1
    assert active_units(means[:1]) is None  # a single example does not vary


codes = st.lists(st.floats(-1e6, 1e6, width=32), min_size=6, max_size=6)


@given(a=codes, b=codes, steps=st.integers(1, 9))
def test_a_path_has_its_ends_and_no_nan(a: list[float], b: list[float], steps: int):
    first, last = torch.tensor(a), torch.tensor(b)
    path = slerp(first, last, steps)
    assert path.shape == (steps, 6) and path.isfinite().all()
    assert torch.equal(path[0], first)
    if steps > 1:
        assert torch.equal(path[-1], last)
    longest = max(float(first.norm()), float(last.norm()))
    assert (path.norm(dim=-1) <= longest * 1.001 + 1e-6).all()


@given(seed=st.integers(0, 1000), z=st.integers(2, 64))
def test_a_path_between_unit_vectors_stays_on_the_sphere_at_even_speed(seed: int, z: int):
    a, b = torch.nn.functional.normalize(
        torch.randn(2, z, generator=torch.Generator().manual_seed(seed), dtype=torch.float64), dim=-1
    )
    path = slerp(a, b, 7)
    torch.testing.assert_close(path.norm(dim=-1), torch.ones(7, dtype=torch.float64))
    chords = (path[1:] - path[:-1]).norm(dim=-1)
    torch.testing.assert_close(chords, chords[:1].expand(6), atol=1e-5, rtol=1e-4)


def test_a_path_is_the_textbook_formula():
    a, b = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.6, 0.8, 0.0])
    angle = math.acos(0.6)
    wanted = [
        (math.sin((1 - t) * angle) * a + math.sin(t * angle) * b) / math.sin(angle) for t in (0, 0.5, 1)
    ]
    torch.testing.assert_close(slerp(a, b, 3), torch.stack(wanted))


def test_equal_ends_stand_still_and_zero_ends_go_straight():
    a, zero = torch.tensor([3.0, -4.0]), torch.zeros(2)
    torch.testing.assert_close(slerp(a, a, 4), a.expand(4, 2))
    torch.testing.assert_close(slerp(a, zero, 3)[1], a / 2)
    torch.testing.assert_close(slerp(zero, a, 3)[1], a / 2)
    assert torch.equal(slerp(zero, zero, 3), torch.zeros(3, 2))


def test_same_direction_changes_only_the_length():
    a = torch.tensor([1.0, 1.0])
    torch.testing.assert_close(slerp(a, 3 * a, 3), torch.stack([a, 2 * a, 3 * a]))


def test_a_walk_lies_between_the_circle_and_the_line():
    a, b = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(3))
    circle, line = slerp(a, b, 6), walk(a, b, 6, Course(0.0))
    torch.testing.assert_close(line, torch.stack([a + (b - a) * k / 5 for k in range(6)]))
    torch.testing.assert_close(walk(a, b, 6, CIRCLE), circle)
    torch.testing.assert_close(walk(a, b, 6, Course(0.3)), 0.3 * circle + 0.7 * line)
    middle = walk(a, -a, 5)
    assert middle.isfinite().all() and torch.equal(middle[0], a) and torch.equal(middle[-1], -a)
    assert torch.equal(walk(a, a, 3), torch.stack([a, a, a]))
    with pytest.raises(ValueError, match="0 steps"):
        walk(a, b, 0)


def test_points_crowd_where_a_logistic_turn_happens():
    turn, steps = 0.1, 11
    t = walk(torch.zeros(1), torch.ones(1), steps, Course(0.0, turn))[:, 0]
    assert (t.diff() > 0).all() and torch.allclose(t + t.flip(0), torch.ones(steps), atol=1e-6)
    turned = torch.sigmoid((t - 0.5) / turn)
    share = (turned - turned[0]) / (turned[-1] - turned[0])
    torch.testing.assert_close(share, torch.linspace(0, 1, steps), atol=1e-5, rtol=0)
    assert torch.equal(walk(torch.zeros(1), torch.ones(1), 1, Course(0.0, turn)), torch.zeros(1, 1))


def test_opposite_ends_go_round_one_defined_way():
    a = torch.tensor([0.0, 2.0, 0.0])
    path = slerp(a, -a, 5)
    torch.testing.assert_close(path.norm(dim=-1), torch.full((5,), 2.0))
    assert torch.equal(path, slerp(a, -a, 5))
    assert abs(float(path[2] @ a)) < 1e-5


def test_batches_are_paths_of_their_own():
    a, b = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    a[0, 0], b[0, 1] = -b[0, 0], a[0, 1]  # an opposite and an equal pair among the others
    together = slerp(a, b, 6)
    assert together.shape == (6, 3, 4, 5)
    torch.testing.assert_close(together[:, 1, 2], slerp(a[1, 2], b[1, 2], 6))
    torch.testing.assert_close(together[:, 0, 0], slerp(a[0, 0], b[0, 0], 6))


def test_a_path_needs_a_point():
    with pytest.raises(ValueError, match="0 steps"):
        slerp(torch.ones(2), torch.ones(2), 0)


def test_a_grid_has_its_corners():
    corners = torch.randn(4, 6, generator=torch.Generator().manual_seed(5))
    grid = blend(corners, width=3, height=5)
    assert grid.shape == (5, 3, 6)
    torch.testing.assert_close(torch.stack([grid[0, 0], grid[0, -1], grid[-1, 0], grid[-1, -1]]), corners)


def test_an_attribute_vector_points_along_the_attribute():
    generator = torch.Generator().manual_seed(0)
    means = torch.randn(4000, 3, generator=generator)
    values = means @ torch.tensor([2.0, 0.0, 0.0]) + 0.1 * torch.randn(4000, generator=generator)
    direction = torch.nn.functional.normalize(attribute_vector(means, values), dim=0)
    torch.testing.assert_close(direction, torch.tensor([1.0, 0.0, 0.0]), atol=0.05, rtol=0)


@pytest.mark.parametrize("count", [2, 3, 40])
def test_a_covariance_is_that_of_a_sample(count: int):
    codes = torch.randn(count, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(covariance(codes), torch.cov(codes.T))
    torch.testing.assert_close(covariance(codes[:, :1]), codes[:, :1].var(0, keepdim=True))
    assert torch.equal(covariance(codes[:1]), torch.zeros(3, 3))


def test_lone_vectors_move_one_attribute_each():
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(5000, 6, generator=generator) @ torch.randn(6, 6, generator=generator)
    answers = torch.tensor([[1.0, 0, 0, 0, 0, 0], [0.8, 0.6, 0, 0, 0, 0], [0, 0, 1.0, 1.0, 0, 0]]).T  # [Z, A]
    values = codes @ answers
    vectors = lone_vectors(codes, values, reach=20)
    moved = vectors @ answers / values.std(0)  # [A, A]
    torch.testing.assert_close(moved, torch.eye(3), atol=0.05, rtol=0)
    short = lone_vectors(codes, values, reach=1.2)
    assert short[0].norm() < vectors[0].norm()  # nearer, and it pays with a leak
    assert (short[0] @ answers)[1] > 0.1 * values[:, 1].std()


def test_what_never_changes_has_no_vector():
    codes = torch.randn(100, 3, generator=torch.Generator().manual_seed(0))
    vectors = lone_vectors(codes, torch.stack([codes[:, 0], torch.ones(100)], 1))
    assert vectors[0].norm() > 0.5 and not vectors[1].any()


def test_a_point_is_a_posterior_that_is_sure_of_itself():
    from musicvae_lite.latent import Point

    mean = torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True)
    point = Point(mean)
    assert isinstance(point, Posterior) and point.rsample() is mean
    assert point.kl().tolist() == [0.0, 0.0] and point.kl_per_unit().shape == (2, 2)
    assert isinstance(point.in_float32(), Point) and point.in_float32().mean.dtype == torch.float32
    point.rsample().sum().backward()
    assert mean.grad is not None and mean.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_one_point_of_a_blend_is_that_of_the_grid():
    corners = torch.randn(4, 6, generator=torch.Generator().manual_seed(3))
    grid = blend(corners, 5, 3)
    for row in range(3):
        for column in range(5):
            torch.testing.assert_close(blended(corners, column / 4, row / 2), grid[row, column])


@pytest.mark.parametrize("course", [INNER, OUTER])
def test_rows_along_are_the_diagonal_of_their_walks(course: Course):
    chance = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 7, 5, generator=chance)
    found = along(a, b, course)
    torch.testing.assert_close(found, walk(a, b, 7, course).diagonal().T)
    assert torch.equal(found[0], a[0]) and torch.equal(found[-1], b[-1])
