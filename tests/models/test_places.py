"""Tables that read steps by their place."""

import pytest
import torch

from musicvae_lite.models.places import PlaceTable
from musicvae_lite.music.representations.steps import Binary, Categorical, Product

PLACES, OUT = 3, 5


def test_values_at_places_have_rows_of_their_own_and_add_up():
    table = PlaceTable(Categorical(4), PLACES, OUT)
    rows = table.weight.view(PLACES, 4, OUT)
    assert torch.allclose(table(torch.tensor([[3, 0, 2]])), (rows[0, 3] + rows[1, 0] + rows[2, 2])[None])


def test_a_set_says_the_sum_of_its_members():
    table = PlaceTable(Categorical(8, bits=3), PLACES, OUT)
    rows = table.weight.view(PLACES, 3, OUT)
    said = table(torch.tensor([[6, 0, 1]]))
    assert torch.allclose(said, (rows[0, 1] + rows[0, 2] + rows[2, 0])[None])


@pytest.mark.parametrize("blank", [False, True])
def test_sets_stand_beside_values(blank: bool):
    table = PlaceTable(Product((4, 8), (0, 3)), PLACES, OUT, blank)
    rows = table.weight.view(PLACES, -1, OUT)
    assert rows.shape[1] == 4 + 3 + 2 * blank
    members = 4 + blank
    step = torch.tensor([[2, 5]])
    assert torch.allclose(table(step, first=1), rows[1, 2] + rows[1, members] + rows[1, members + 2])
    if blank:
        nothing = table(torch.tensor([[4, 8]]), first=2)
        assert torch.allclose(nothing, rows[2, 4] + rows[2, members + 3])


def test_all_places_at_once_are_the_sum_of_each():
    for step, x in (
        (Product((4, 8), (0, 3)), torch.tensor([[[1, 7], [0, 0], [3, 2]]])),
        (Categorical(8, bits=3), torch.tensor([[1, 7, 0]])),
        (Binary(4), torch.tensor([[[1, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]]])),
    ):
        table = PlaceTable(step, PLACES, OUT)
        each = [table(x[:, place : place + 1], first=place) for place in range(PLACES)]
        assert torch.allclose(table(x), torch.stack(each).sum(0), atol=1e-6)
