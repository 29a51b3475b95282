"""Encoders, decoders and likelihoods: shapes, and values against independent formulas."""

from __future__ import annotations

import math

import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import Point, Posterior
from musicvae_lite.models.image.enlarging import GridNetwork
from musicvae_lite.models.image.examples import examples
from musicvae_lite.models.image.likelihoods import LIKELIHOODS, Straight
from tests.models.image import small


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


LABELS = torch.tensor([0, 1, 2, 1, 0])


def pixels(channels: int, height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (5, channels, height, width), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("kind", small.ALL)
@pytest.mark.parametrize(("channels", "height", "width"), [(1, 12, 12), (3, 12, 12), (1, 10, 14), (3, 11, 7)])
def test_every_kind_takes_pictures_of_every_shape(kind: str, channels: int, height: int, width: int):
    table = dict(small.ALL[kind])
    if kind == "map":
        table["z"] = 2 * math.ceil(height / 4) * math.ceil(width / 4)
    if kind == "grid":
        if height % 2 or width % 2:
            pytest.skip("cannot be halved")
        table["z"] = (height // 2) * (width // 2) * (channels + 2)
    config = small.config(table, channels, height, width)
    vae = config.build()
    batch = examples(config, pixels(channels, height, width), LABELS, torch.Generator().manual_seed(0))
    posterior = vae.encode(batch.x, batch.control)
    assert posterior.mean.shape == (5, config.z) == posterior.kl_per_unit().shape
    written = vae.decode(posterior.mean, batch.control, 0.0)
    assert written.shape == (5, channels, height, width) and written.min() >= 0 and written.max() <= 1
    loss = vae.loss(batch, generator=torch.Generator().manual_seed(0))
    loss.total.backward()
    assert torch.isfinite(loss.total)
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in vae.parameters())


@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (14, 1), (14, 2)])
def test_gradients_in_bf16_are_those_of_float32_also_where_a_map_is_one_pixel_wide(
    height: int, width: int, kernel: int
):
    table = {**small.CONV, "encoder": {**small.CONV["encoder"], "widths": [16, 16], "kernel": kernel}}
    config = small.config(table, 1, height, width)
    vae, batch = config.build(), examples(config, pixels(1, height, width), None)

    def gradients(is_mixed: bool) -> torch.Tensor:
        vae.zero_grad()
        unwritten = [torch.full((count,), torch.nan) for count in (10**3, 10**4, 10**5, 10**6)]
        del unwritten  # memory that is given out again as it is
        with torch.autocast("cpu", torch.bfloat16, enabled=is_mixed):
            loss = vae.loss(batch, generator=torch.Generator().manual_seed(0))
        loss.total.backward()
        return torch.cat([p.grad.flatten() for p in vae.encoder.parameters() if p.grad is not None])

    wanted = gradients(is_mixed=False)
    found = [gradients(is_mixed=True) for _ in range(5)]
    assert all(torch.equal(again, found[0]) for again in found)
    assert (found[0] - wanted).norm() < 0.1 * wanted.norm()


def test_plain_encoders_answer_with_points():
    assert isinstance(small.config(small.MAP).build().encode(torch.rand(2, 1, 12, 12)), Point)
    assert isinstance(small.config(small.CONV).build().encode(torch.rand(2, 1, 12, 12)), Posterior)
    positive = small.config(small.SPARSE).build().encode(torch.rand(20, 1, 12, 12)).mean.detach()
    assert float(positive.min()) == 0 and float(positive.max()) > 0


def test_nats_are_the_formulas():
    outputs, x = torch.randn(3, 1, 4, 4), torch.rand(3, 1, 4, 4)
    p = outputs.sigmoid()
    bernoulli = -(x * p.log() + (1 - x) * (1 - p).log()).sum((1, 2, 3))
    assert torch.allclose(LIKELIHOODS["bernoulli"].nats(outputs, x), bernoulli, atol=1e-4)
    assert torch.allclose(LIKELIHOODS["squared"].nats(outputs, x), ((p - x) ** 2).sum((1, 2, 3)), atol=1e-5)
    straight = ((outputs - x) ** 2).sum((1, 2, 3)) * Straight.WEIGHT
    assert torch.allclose(LIKELIHOODS["straight"].nats(outputs, x), straight, rtol=1e-5)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_drawn_pictures_have_the_mean_and_follow_the_generator(name: str):
    likelihood = LIKELIHOODS[name]
    outputs = torch.full((2000, 1, 2, 2), 0.5 if name == "straight" else 0.0)
    first, again = (likelihood.draw(outputs, 0.3, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, again) and abs(float(first.mean()) - 0.5) < 0.02 and float(first.std()) > 0.01


def test_a_fresh_enlarging_model_is_nearly_bicubic():
    config = small.config(small.GRID)
    network: GridNetwork = config.build().decoder.network  # type: ignore[assignment]
    picture = torch.rand(1, 1, 6, 6)
    code = torch.cat([picture.flatten(1), torch.zeros(1, 2 * 36)], 1)
    plain = torch.nn.functional.interpolate(picture, (12, 12), mode="bicubic", antialias=True)
    with torch.no_grad():
        assert (network(code) - plain).abs().mean() < 0.1


def test_labels_change_what_is_written():
    model = small.model(small.CONDITIONAL)
    written = model.decode(torch.zeros(3, 2), [0, 1, 2])
    assert abs(written[0] - written[1]).max() > 1e-4 and abs(written[1] - written[2]).max() > 1e-4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"z": 0}, "'z' must be a whole number above 0"),
        ({"likelihood": "gauss"}, "it can be bernoulli, squared, straight"),
        ({"encoder": {"kind": "conv"}}, "it can be dense, convolutional, recurrent, grid"),
        ({"encoder": {"kind": "dense", "width": 3}}, "unknown setting 'width'"),
        ({"encoder": {"kind": "dense", "hidden": [-3]}}, "'hidden' is -3"),
        ({"corruption": {"kind": "blur"}}, "it can be noise, downscale"),
        ({"regulariser": 3}, "must be a table"),
        ({"picture": {"channels": 2}}, "'channels' is 2; it can be 1"),
        ({"picture": {"channels": 4}}, "'channels' is 4; it can be 1"),
        ({"picture": {"shrink": [0]}}, "from 1, such as"),
        ({"picture": {"shrink": []}}, "from 1, such as"),
        ({"encoder": {"kind": "convolutional", "kernel": 0}}, "'kernel' is 0; it must be 1 or more"),
        ({"decoder": {"kind": "convolutional", "kernel": 0}}, "'kernel' is 0; it must be 1 or more"),
        ({"encoder": {"kind": "convolutional", "features": 2}, "z": 0}, "set 'hidden' to 0"),
        ({"conditional": "false"}, "'conditional' must be true or false, not 'false'"),
        ({"corruption": {"kind": "noise", "scale": -0.5}}, "'scale' is -0.5; it must be 0 or more"),
    ],
)
def test_tables_that_make_no_model(change: dict, words: str):
    with pytest.raises(ConfigError, match=words):
        small.config({**small.DENSE, **change})


def test_noise_may_darken():
    table = {**small.NOISY, "corruption": {"kind": "noise", "mean": -0.5, "scale": 0.2}}
    read = examples(small.config(table), torch.full((9, 1, 12, 12), 200, dtype=torch.uint8), None).x
    assert float(read.mean()) == pytest.approx(200 / 255 - 0.5, abs=0.05)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({**small.MAP, "z": 20}, "multiple of 9"),
        ({**small.GRID, "z": 36}, "at least 72"),
        ({**small.MAP, "conditional": True}, "needs a dense layer"),
        ({**small.DENSE, "corruption": {"kind": "downscale", "factor": 5}}, "cannot be made 5 times smaller"),
        ({**small.GRID, "conditional": True}, "no place for a label"),
    ],
)
def test_sizes_that_contradict_each_other(table: dict, words: str):
    with pytest.raises(ConfigError, match=words):
        small.config(table).build()


@pytest.mark.parametrize("kind", small.ALL)
def test_a_config_survives_its_table(kind: str):
    config = small.config(small.ALL[kind])
    assert type(config).from_table(config.to_table(), "again") == config


def test_a_conditional_model_needs_labels():
    from musicvae_lite.models.image.assembly import ImageConfig

    with pytest.raises(ConfigError, match="the pictures have none: put each class into a"):
        ImageConfig.from_table(small.CONDITIONAL, "small").fitted(1, 12, 12, ())


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize(("height", "width"), [(12, 12), (11, 7), (1, 5)])
def test_kernels_of_every_size_halve_and_double(kernel: int, height: int, width: int):
    parts = {part: {**small.CONV[part], "kernel": kernel} for part in ("encoder", "decoder")}
    vae = small.config({**small.CONV, **parts}, 1, height, width).build()
    written = vae.decode(vae.encode(torch.rand(2, 1, height, width)).mean, None, 0.0)
    assert written.shape == (2, 1, height, width)
    if kernel % 2:
        assert {"encoder.halving.0.weight", "encoder.halving.2.weight"} <= set(vae.state_dict())


@pytest.mark.parametrize(("channels", "height", "width"), [(1, 12, 12), (3, 32, 32), (1, 10, 14)])
def test_codes_that_are_pictures_are_as_large_as_the_pictures_make_them(
    channels: int, height: int, width: int
):
    encoder = {**small.GRID["encoder"], "features": 2}
    grid = small.config({**small.GRID, "z": 0, "encoder": encoder}, channels, height, width)
    assert grid.z == (height // 2) * (width // 2) * (channels + 2)
    encoder = {"kind": "convolutional", "widths": [4, 8], "hidden": 0, "code": "plain", "features": 2}
    of_map = small.config({**small.MAP, "z": 0, "encoder": encoder}, channels, height, width)
    assert of_map.z == 2 * math.ceil(height / 4) * math.ceil(width / 4)
    for config in (grid, of_map):
        assert config.build() and type(config).from_table(config.to_table(), "again") == config


def test_a_size_beside_features_must_be_theirs():
    encoder = {**small.GRID["encoder"], "features": 2}
    assert small.config({**small.GRID, "z": 108, "encoder": encoder}).z == 108
    with pytest.raises(ConfigError, match="z is 72, but the encoder's features make a code of 108 numbers"):
        small.config({**small.GRID, "z": 72, "encoder": encoder})


def test_a_code_larger_than_any_is_refused():
    encoder = {**small.GRID["encoder"], "features": 2}
    with pytest.raises(ConfigError, match="use smaller pictures"):
        small.config({**small.GRID, "z": 0, "encoder": encoder}, 3, 2000, 2000)
    with pytest.raises(ConfigError, match="'z' must be a whole number above 0"):
        small.config({**small.GRID, "z": 0})


def test_pictures_of_bytes_and_of_numbers_are_the_same_examples():
    config, given = small.config(small.DENSE), pixels(1, 12, 12)
    for same in (given, given.float() / 255, given.double() / 255):
        assert torch.equal(examples(config, same, None).x, given.float() / 255)
    for odd, words in (
        (given.float(), "must lie in 0..1"),
        (given.long(), "values of type torch.int64"),
    ):
        with pytest.raises(ConfigError, match=words):
            examples(config, odd, None)
