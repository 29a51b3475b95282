from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite.errors import CheckpointError, ConfigError, NothingUsableError
from musicvae_lite.images.sets import Pictures
from musicvae_lite.models import image_figures
from musicvae_lite.models.image.plane import plane
from musicvae_lite.models.image_vae import ImageVAE
from musicvae_lite.prior import CodePrior
from tests.images.made import drawings
from tests.models.image import small

PIXELS, LABELS = drawings(12)


@pytest.mark.parametrize("kind", small.ALL)
def test_saved_models_come_back(kind: str, tmp_path: Path):
    model = small.model(small.ALL[kind])
    model.save(tmp_path / "m", storage="float16")
    again = ImageVAE.load(tmp_path / "m")
    assert again.config == model.config and again.folder == tmp_path / "m"
    for name, weight in model.vae.state_dict().items():
        assert torch.allclose(again.vae.state_dict()[name], weight, rtol=1e-3, atol=1e-4)


def test_models_of_music_and_damaged_ones_are_refused(tmp_path: Path):
    model = small.model(small.DENSE)
    model.save(tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    (tmp_path / "m" / "config.json").write_text(json.dumps({**config, "family": "music"}))
    with pytest.raises(CheckpointError, match="family 'music', not image"):
        ImageVAE.load(tmp_path / "m")
    (tmp_path / "m" / "config.json").write_text(json.dumps({**config, "z": 5}))
    with pytest.raises(CheckpointError, match="config and weights disagree"):
        ImageVAE.load(tmp_path / "m")


def test_codes_of_another_size_or_no_numbers():
    model = small.model(small.DENSE)
    with pytest.raises(ConfigError, match=r"decodes \[N, 4\]"):
        model.decode(np.zeros((2, 3)))
    with pytest.raises(ConfigError, match="no numbers, or beyond"):
        model.decode(np.full((2, 4), np.nan))
    with pytest.raises(ConfigError, match="no numbers, or beyond"):
        model.decode(np.full((2, 4), 1e38))


def test_labels_must_fit_the_model():
    free, conditional = small.model(small.CONV), small.model(small.CONDITIONAL)
    with pytest.raises(ConfigError, match="knows no labels"):
        free.decode(np.zeros((1, 2)), [0])
    with pytest.raises(ConfigError, match="upright, level, block"):
        conditional.decode(np.zeros((1, 2)))
    with pytest.raises(ConfigError, match="as many labels, each 0 to 2"):
        conditional.decode(np.zeros((1, 2)), [3])
    with pytest.raises(ConfigError, match="no label 'round'"):
        conditional.label("round")
    with pytest.raises(ConfigError, match="knows no labels"):
        free.generate([0])
    with pytest.raises(ConfigError, match="knows no labels"):
        free.label("level")  # its pictures had labels, but it was not told them
    with pytest.raises(ConfigError, match=r"labels from 0 to 5; this model's are numbered 0 to 2"):
        image_figures.inputs(conditional, Pictures(PIXELS[:2], np.array([0, 5])))


def test_a_path_begins_and_ends_with_reconstructions():
    model = small.model(small.CONV)
    x = torch.from_numpy(PIXELS[:2]) / 255
    path, ends = model.interpolate(x[0], x[1], 5), model.reconstruct(x)
    assert path.shape == (5, 1, 12, 12)
    assert np.allclose(path[[0, -1]], ends, atol=1e-6)
    same = model.interpolate(x[0], x[0], 3)
    assert np.allclose(same, ends[[0, 0, 0]], atol=1e-6)


def test_the_plane_lies_on_normal_quantiles_and_rows_run_down():
    codes = plane(5, 0.975).reshape(5, 5, 2)
    assert np.allclose(codes[0, :, 0], [-1.96, -0.6357, 0, 0.6357, 1.96], atol=1e-3)
    assert np.allclose(codes[:, 0, 1], -codes[0, :, 0])
    model = small.model(small.CONV)
    assert np.allclose(model.manifold(3)[2], model.decode(np.array([[1.96, 1.96]]))[0], atol=1e-3)
    with pytest.raises(ConfigError, match="needs a code of 2 numbers"):
        small.model(small.DENSE).manifold(3)
    with pytest.raises(ConfigError):
        plane(1)


def test_samples_follow_the_seed_and_repairing_models_have_none():
    model = small.model(small.DENSE)
    assert np.array_equal(model.sample(3, seed=1), model.sample(3, seed=1))
    assert not np.array_equal(model.sample(3, seed=1), model.sample(3, seed=2))
    with pytest.raises(ConfigError, match="none can be drawn"):
        small.model(small.GRID).sample(1)


@pytest.mark.parametrize("wrong", [1.5, True, "2", None])
def test_counts_are_whole_numbers(wrong: Any):
    model, conditional = small.model(small.CONV), small.model(small.CONDITIONAL)
    calls = {
        "count": (model.sample, model.draw, lambda n: conditional.generate([0], n)),
        "steps": (lambda n: model.interpolate(PIXELS[0], PIXELS[1], n),),
        "width": (model.plane, model.manifold),
    }
    for name, functions in calls.items():
        for call in functions:
            with pytest.raises(ConfigError, match=f"{name} is a whole number, not {wrong!r}"):
                call(wrong)


@pytest.mark.parametrize("count", [0, -1])
def test_nothing_is_not_drawn(count: int):
    model = small.model(small.CONDITIONAL)
    for call in (model.draw, model.sample, lambda n: model.generate([0], n)):
        with pytest.raises(ConfigError, match=f"count is {count}; at least 1"):
            call(count)
    with pytest.raises(ConfigError, match="no labels were given"):
        model.generate([])


PLAIN_PLANE = {**small.CONV, "encoder": {**small.CONV["encoder"], "code": "plain"}}


def test_the_plane_is_where_the_codes_of_a_plain_model_lie():
    model = small.model(PLAIN_PLANE)
    with pytest.raises(ConfigError, match="no prior was fitted"):
        model.plane(5)
    codes = torch.randn(500, 2) @ torch.tensor([[3.0, 0.5], [0.0, 2.0]]) + torch.tensor([10.0, -5.0])
    model.vae.prior = CodePrior.fit(codes, torch.arange(500) % 2)
    shown, spread = model.plane(5), codes.std(0)
    assert np.allclose(shown.mean(0), codes.mean(0), atol=1e-4)
    assert np.allclose(shown.max(0), codes.mean(0) + 1.96 * spread, atol=0.05)
    assert np.allclose(model.manifold(5), model.decode(shown), atol=1e-6)
    assert image_figures.manifold(model, 5).width > 500


def test_nothing_is_drawn_from_codes_that_may_lie_anywhere():
    for table in (PLAIN_PLANE, small.SPARSE):
        with pytest.raises(ConfigError, match="no prior was fitted"):
            small.model(table).sample(3)
    with pytest.raises(ConfigError, match="no prior was fitted"):
        small.model({**PLAIN_PLANE, "conditional": True}).generate([0])
    assert len(small.model(small.ADVERSARIAL).sample(3)) == 3  # its judge was shown N(0, I)


def test_a_column_of_generated_pictures_has_one_code():
    model = small.model(small.CONDITIONAL)
    grid = model.generate([0, 2], count=3, seed=5)
    z = model.vae.draw(3, model.generator(5))
    assert np.allclose(grid[4], model.decode(z[1:2], [2])[0], atol=1e-6)


@pytest.mark.parametrize("size", [(30, 41), (3, 5), (6, 6)])
@pytest.mark.parametrize("channels", [1, 3])
def test_grid_models_take_pictures_of_any_size(size: tuple[int, int], channels: int):
    table = {**small.GRID, "z": 36 * (channels + 2)}
    model = small.model(table, channels=channels)
    picture = np.full((1, *size), 120, np.uint8)
    larger, _ = model.repair(picture)
    assert larger.shape == (channels, 2 * size[0], 2 * size[1])
    assert np.abs(larger - 120 / 255).mean() < 0.1  # a fresh one is nearly bicubic


def test_only_models_trained_for_it_repair():
    with pytest.raises(ConfigError, match="trained on clean pictures"):
        small.model(small.DENSE).repair(PIXELS[0])
    done, notes = small.model(small.NOISY).repair(drawings(1, size=20)[0][0])
    assert done.shape == (1, 12, 12) and "resized" in notes[0]


def test_figures_of_every_kind_are_drawn():
    pictures = Pictures(PIXELS, LABELS)
    for kind in small.ALL:
        model = small.model(small.ALL[kind])
        assert image_figures.reconstruction(model, pictures).width > 300
        assert image_figures.codes(model, pictures).height > 300
    figure, found = image_figures.embedding(small.model(small.CONV), pictures, small.CLASSES)
    assert figure.width > figure.height and 0 <= found["codes"] <= 1 and set(found) == {"codes", "pca"}
    _, longer = image_figures.embedding(small.model(small.DENSE), pictures, small.CLASSES)
    assert set(longer) == {"codes", "pca", "whole_codes"}
    assert image_figures.generation(small.model(small.CONDITIONAL), ["level"], 4).width > 200
    assert image_figures.manifold(small.model(small.CONDITIONAL), 3, "block").width > 500
    with pytest.raises(NothingUsableError, match="too few"):
        image_figures.embedding(small.model(small.CONV), pictures.part(slice(5)), small.CLASSES)
    with pytest.raises(ConfigError, match="the pictures have none"):
        image_figures.codes(small.model(small.CONDITIONAL), Pictures(PIXELS))


def test_codes_become_pictures_unit_by_unit():
    shown = image_figures.code_pictures(np.array([[0.0, 1.0, 2.0, 4.0]]), 4, 6)
    assert shown.shape == (1, 1, 4, 6)
    assert shown[0, 0, [0, 0, 3, 3], [0, 5, 0, 5]].tolist() == [0.0, 0.25, 0.5, 1.0]


@pytest.mark.parametrize(("kind", "shape"), [("grid", (3, 6, 6)), ("map", (2, 3, 3)), ("conv", None)])
def test_codes_that_are_pictures_are_shown_channel_by_channel(kind: str, shape: tuple[int, int, int] | None):
    config = small.config(small.ALL[kind])
    assert config.code_shape == shape
    if shape is None:
        return
    code = np.random.default_rng(0).random((1, *shape), np.float32)
    code -= code.min()
    code /= code.max()
    shown = image_figures.code_pictures(code.reshape(1, -1), 2 * shape[1], 2 * shape[2], 1, shape)[0, 0]
    assert np.allclose(shown[: shape[1], : shape[2]], code[0, 0])
    assert np.allclose(shown[: shape[1], shape[2] :], code[0, 1])


def test_edges():
    model = small.model(small.DENSE)
    assert model.encode(torch.zeros(0, 1, 12, 12)).shape == (0, 4)
    with pytest.raises(ConfigError, match="seed"):
        model.sample(1, seed=2**70)
    one = small.model({**small.DENSE, "z": 1})
    figure, found = image_figures.embedding(one, Pictures(PIXELS, LABELS), ())
    assert figure.size[0] > 100 and 0 <= found["codes"] <= 1


def test_no_pictures_have_no_codes_whatever_the_model():
    model = small.model(small.CONDITIONAL)
    assert model.encode(torch.zeros(0, 1, 12, 12), []).shape == (0, 2)


@pytest.mark.parametrize("labels", [[1.5], ["1"], 1, [None]])
def test_labels_are_whole_numbers(labels: Any):
    model = small.model(small.CONDITIONAL)
    for use in (model.decode, model.reconstruct):
        with pytest.raises(ConfigError, match="they are whole numbers, 0 to 2, one for each picture"):
            use(np.zeros((1, 2), np.float32) if use == model.decode else PIXELS[:1], labels)
    several: Any = ([1], np.array([1]), torch.tensor([1]))
    for whole in several:
        assert model.decode(np.zeros((1, 2)), whole).shape == (1, 1, 12, 12)
    numbers: Any = np.array([0, 2])
    assert np.array_equal(model.generate(numbers, 2), model.generate([0, 2], 2))


def test_draws_of_codes_that_are_never_negative_are_none_either():
    model = small.model(small.SPARSE)
    codes = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
    model.vae.prior = CodePrior.fit(codes.relu())
    drawn = model.draw(500)
    assert drawn.min() == 0 and bool((model.vae.draw(500, model.generator(0)) < 0).any())
    assert np.array_equal(model.sample(500), model.decode(drawn))
