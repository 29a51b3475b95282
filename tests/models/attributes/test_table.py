from __future__ import annotations

import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.attributes.table import measure
from musicvae_lite.models.attributes.vectors import AttributeVectors
from tests.models.known import COUNT_PER_UNIT, known_model

DENSER, WIDER = torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0])


def test_the_change_of_an_attribute_is_what_the_vector_does():
    found = measure(known_model(), AttributeVectors({"density": DENSER}), count=200)
    density = found.attributes.index("density")
    assert found.vectors == ("density",)
    assert found.raw_added[0, density] == pytest.approx(COUNT_PER_UNIT / 16, rel=0.1)
    assert found.raw_subtracted[0, density] == pytest.approx(-COUNT_PER_UNIT / 16, rel=0.1)
    assert found.right == {"density": True} and found.leak["density"] < 0.1
    moved = min(found.added[0, density], -found.subtracted[0, density])
    assert found.moved == {"density": pytest.approx(moved)} and moved > 0


def test_a_vector_under_a_wrong_name_is_not_right():
    found = measure(known_model(), AttributeVectors({"density": WIDER, "interval": DENSER}), count=200)
    assert found.right == {"density": False, "interval": False}


def test_a_vector_the_wrong_way_is_not_right():
    found = measure(known_model(), AttributeVectors({"density": -DENSER}), count=200)
    assert not found.right["density"] and found.margin["density"] < 0 and found.leak["density"] < 0


def test_attributes_that_always_move_together_are_not_told_apart():
    found = measure(
        known_model(), AttributeVectors({"interval": WIDER}), count=200
    )  # the range is the interval here
    assert found.margin["interval"] == pytest.approx(1, abs=0.1)


def test_no_vectors_no_table():
    with pytest.raises(ConfigError, match="attributes fit"):
        measure(known_model(), AttributeVectors({}))


@pytest.mark.parametrize("count", [1, 10**21])
def test_so_many_samples_cannot_be_changed(count: int):
    with pytest.raises(ConfigError, match="from 2 to 100000"):
        measure(known_model(), AttributeVectors({"density": DENSER}), count)


def test_a_count_is_a_whole_number():
    with pytest.raises(ConfigError, match=r"count is a whole number, not 2\.5"):
        measure(known_model(), AttributeVectors({"density": DENSER}), count=2.5)  # type: ignore[arg-type]
