"""Models on another device say what they say on the CPU: on one made up, and on a GPU where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from musicvae_lite.collections.fitting import fit
from musicvae_lite.collections.personal import personalize
from musicvae_lite.collections.searching import search
from musicvae_lite.collections.styling import transfer
from musicvae_lite.models import growing, image_figures
from musicvae_lite.models.image.examples import examples
from musicvae_lite.models.image_vae import ImageVAE
from musicvae_lite.models.layers import LSTM, lstm_in
from musicvae_lite.models.moves import continuing
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.prior import CodePrior
from musicvae_lite.training.dataset import windows_of
from musicvae_lite.training.image_evaluation import evaluate
from musicvae_lite.vae import VAE, Batch
from tests import elsewhere
from tests.corpora.tunes import tune
from tests.images.made import drawing_set, drawings
from tests.magenta.models import small as stock
from tests.models import architectures
from tests.models import test_growing as grown
from tests.models.image import small as pictures
from tests.models.small import save_small
from tests.models.test_kinds_of_steps import KINDS
from tests.models.test_kinds_of_steps import build as of_kind

DEVICES = [elsewhere.NAME, *(["cuda"] if torch.cuda.is_available() else [])]
MAGENTA = (
    "cat-mel_2bar_med_chords", "groovae_4bar", "hier-multiperf_vel_1bar_med", "hier-trio_16bar",
    "hierdec-mel_16bar", "nade-drums_2bar_full",
)  # fmt: skip
close = partial(torch.testing.assert_close, atol=1e-3, rtol=1e-3)  # cuDNN multiplies in TF32


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    if request.param != elsewhere.NAME:
        yield torch.device(request.param)
        return
    with elsewhere.reachable(monkeypatch) as made_up:
        yield made_up


def of_architecture(name: str) -> tuple[VAE, Batch]:
    return architectures.build(name).eval(), Batch(architectures.tokens(6))


def of_magenta(name: str) -> tuple[VAE, Batch]:
    config = stock(name)
    torch.manual_seed(0)
    r = config.representation
    told = architectures.made_up(r.control, 3, r.steps) if r.control else None
    return config.build().eval(), Batch(architectures.made_up(r.step, 3, r.steps), None, told)


def of_pictures(name: str) -> tuple[VAE, Batch]:
    model = pictures.model(pictures.ALL[name])
    pixels, labels = (torch.from_numpy(part) for part in drawings(5))
    return model.vae, examples(model.config, pixels, labels, torch.Generator().manual_seed(0))


BUILD: dict[str, Callable[[], tuple[VAE, Batch]]] = {
    **{name: partial(of_architecture, name) for name in architectures.CONFIGS},
    **{name: partial(of_kind, name) for name in KINDS},
    **{name: partial(of_magenta, name) for name in MAGENTA},
    **{f"pictures, {name}": partial(of_pictures, name) for name in pictures.ALL},
}


def said(vae: VAE, batch: Batch) -> dict[str, torch.Tensor]:
    """What a model finds of a batch without drawing anything, and its gradient."""
    q = vae.encode(batch.x, batch.control)
    target = batch.x if batch.target is None else batch.target
    nats = vae.decoder.reconstruction(q.mean, target, batch.control).nats  # type: ignore[operator]
    (nats.mean() + q.kl().mean()).backward()
    gradients = {name: p.grad for name, p in vae.named_parameters() if p.grad is not None}
    return {"mean": q.mean, "nats": nats, **gradients}


def moved(batch: Batch, device: torch.device) -> Batch:
    return Batch(*(None if part is None else part.to(device) for part in batch))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BUILD)
def test_every_model(name: str, device: torch.device):
    (vae, batch), (other, _) = BUILD[name](), BUILD[name]()
    there = moved(batch, device)
    wanted, found = said(vae, batch), said(other.to(device), there)
    assert found.keys() == wanted.keys()
    for part, value in wanted.items():
        close(found[part].cpu(), value, msg=lambda words, part=part: f"{part}: {words}")
    z = torch.randn(len(batch.x), vae.z_size)
    written = other.decode(z.to(device), there.control, temperature=0.0).cpu()
    close(written, vae.decode(z, batch.control, temperature=0.0))
    chance = torch.Generator(device).manual_seed(0)
    drawn = other.sample(len(batch.x), there.control, generator=chance)
    assert drawn.device.type == device.type and drawn.shape == written.shape
    other.train()(there, 0.5, 1.0, chance).total.backward()


def test_everything_that_is_done_with_music(device: torch.device, tmp_path: Path):
    here, there = (MusicVAE.load(save_small(tmp_path / "m"), name) for name in ("cpu", str(device)))
    a, b = tune(1), tune(2)
    for act in (
        lambda m: m.encode(a, b),
        lambda m: m.reconstruct(a, b).tokens,
        lambda m: m.interpolate(a, b, steps=4).tokens,
        lambda m: m.blend(a, b, a, b, width=2, height=2).tokens,
        lambda m: m.average(a, b).tokens,
        lambda m: m.decode(np.ones((2, 8)), 0.0).tokens,
    ):
        assert np.allclose(act(there), act(here), atol=1e-3)
    for act in (
        lambda m: m.sample(3, seed=1),
        lambda m: m.vary(a, count=2),
        lambda m: continuing.carry_on(m, a, 1),
    ):
        assert len(act(there)) == len(act(here))
    assert there.log_prob(a, samples=3).shape == (1,)
    if device.type == elsewhere.NAME:
        before = elsewhere.waits
        assert len(there.sample(40)) == 40 and elsewhere.waits <= before + 2


def test_everything_that_is_done_with_collections(device: torch.device, tmp_path: Path):
    for seed in range(4):
        tune(seed, bars=8).save(str(tmp_path / f"{seed}.mid"))
    songs = [str(path) for path in sorted(tmp_path.glob("*.mid"))]
    here, there = (MusicVAE.load(save_small(tmp_path / "m"), name) for name in ("cpu", str(device)))
    styled = [transfer(m, songs[0], songs[:2], songs[2:]).tokens for m in (here, there)]
    assert np.array_equal(styled[0], styled[1])
    near = [[found.song for found in search(m, songs[1], tmp_path)] for m in (here, there)]
    assert near[0] == near[1]
    assert len(personalize(there, songs, steps=3).sample(there, 2)) == 2
    attributes, z = fit(there, windows_of(songs, there.representation), answers=64), torch.zeros(2, 8)
    for way in attributes.ways:
        mover = attributes.choose(way)
        assert mover.move(z.to(device), dict.fromkeys(mover.names[:1], 1.0)).device.type == device.type
    attributes.save(tmp_path / "m")
    assert there.attributes.ways == attributes.ways
    more = dict.fromkeys(there.attributes.choose().names[:1], 1.0)
    assert len(there.adjust(songs[0], **more)) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["conv", "conditional", "noisy", "grid"])
def test_everything_that_is_done_with_pictures(kind: str, device: torch.device, tmp_path: Path):
    model = pictures.model(pictures.ALL[kind])
    if kind == "noisy":
        model.vae.prior = CodePrior.fit(torch.randn(50, model.config.z))
    model.save(tmp_path / "m")
    here, there = (ImageVAE.load(tmp_path / "m", name) for name in ("cpu", str(device)))
    images, is_grid, conditional = drawing_set(24).train, here.config.is_grid, here.config.conditional
    x = torch.stack([here.take(part)[0] for part in images.pixels[:3]])
    labels, ends = ([0, 1, 2], [0, 1]) if conditional else (None, None)
    acts: list[Callable[[ImageVAE], np.ndarray]] = [lambda m: m.reconstruct(x, labels)]
    if not is_grid:
        acts += [lambda m: m.interpolate(x[0], x[1], 3, ends)]
    if here.config.z == 2 and not conditional:
        acts += [lambda m: m.manifold(3)]
    for act in acts:
        assert np.allclose(act(there), act(here), atol=1e-3)
    if is_grid:
        assert there.repair(images.pixels[0])[0].shape == (1, 24, 24)
    else:
        assert there.sample(3, labels=labels).shape == (3, 1, 12, 12)
    for figure in (image_figures.reconstruction, image_figures.codes):
        assert figure(there, images).size == figure(here, images).size
    found, wanted = (evaluate(m.vae, m.config, images) for m in (there, here))
    assert found.bce == pytest.approx(wanted.bce, 1e-3) and found.pictures == wanted.pictures


@pytest.mark.parametrize("shared", [False, True])
def test_what_new_codes_are_drawn_from(shared: bool, device: torch.device):
    chance = torch.Generator().manual_seed(0)
    codes, noise = torch.randn(300, 4, generator=chance), torch.randn(50, 4, generator=chance)
    labels = (codes[:, 0] > 0.5).long()
    here = CodePrior.fit(codes, labels, shared)
    there = CodePrior.fit(codes.to(device), labels.to(device), shared)
    for wanted, found in ((here, there), (here.as_one, there.as_one)):
        drawn = found.colour(noise.to(device))
        assert drawn.device.type == found.root.device.type == device.type
        close(drawn.cpu(), wanted.colour(noise))


@pytest.mark.parametrize("waves", [False, True])
@torch.no_grad()
def test_a_new_level_over_trained_ones(waves: bool, device: torch.device):
    here, there, batch = grown.model(waves=waves), grown.model(waves=waves).to(device), grown.music()
    growing.begin(here, [batch])
    growing.begin(there, [moved(batch, device)])
    assert grown.lost(there, moved(batch, device)) == pytest.approx(grown.lost(here, batch), abs=1e-3)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("layers", "directions"), [(1, 1), (2, 2)])
def test_whole_layers_have_one_type_whatever_autocast_says(kind: torch.dtype, layers: int, directions: int):
    torch.manual_seed(0)
    module = nn.LSTM(5, 6, layers, batch_first=True, bidirectional=directions == 2)
    x, state = torch.randn(3, 4, 5), [torch.randn(layers * directions, 3, 6) for _ in range(2)]
    wanted, (h, c) = module(x, (state[0], state[1]))
    weights = [weight for group in module.all_weights for weight in group]
    for autocast in (torch.bfloat16, torch.float16):
        with torch.autocast("cpu", autocast):
            out, last = lstm_in(kind, x, (state[0], state[1]), weights, layers, directions, True)
        near = 1e-5 if kind is torch.float32 else 0.05
        for found, value in zip((out, *last), (wanted, h, c), strict=True):
            assert found.dtype is kind
            torch.testing.assert_close(found.float(), value, atol=near, rtol=near)
        assert all(g.isfinite().all() for g in torch.autograd.grad(out.float().sum(), weights))


def test_layers_without_a_state_begin_with_zeros(device: torch.device):
    torch.manual_seed(0)
    module, x = LSTM(5, 6, 2, batch_first=True, bidirectional=True), torch.randn(3, 4, 5)
    wanted, (h, c) = module(x)
    out, last = module.eval().to(device)(x.to(device))
    for found, value in zip((out, *last), (wanted, h, c), strict=True):
        close(found.cpu(), value)
    out.sum().backward()  # although it is not being trained


def test_the_device_made_up_is_as_strict_as_a_gpu(monkeypatch: pytest.MonkeyPatch):
    with elsewhere.reachable(monkeypatch) as device:
        x, here = torch.ones(3, device=device), torch.Generator()
        for mix in (
            lambda: x + torch.ones(3),
            lambda: torch.stack([x, torch.ones(3)]),
            lambda: nn.Linear(3, 2)(x),
            lambda: torch.randn(3, generator=here, device=device),
            lambda: torch.randn(3, generator=torch.Generator(device)),
        ):
            with pytest.raises(RuntimeError, match=r"elsewhere|another device"):
                mix()
        for widen in (
            lambda: x.double(),
            lambda: torch.ones(3, dtype=torch.float64).to(device),
            lambda: torch.as_tensor(np.ones(3), device=device),
            lambda: torch.zeros(3, dtype=torch.float64, device=device),
        ):
            with pytest.raises(TypeError, match=r"knows no torch.float64"):
                widen()
        before = elsewhere.waits
        assert float((2 * x[1] + 1).cpu()) == 3.0 and elsewhere.waits == before + 1
        assert float(x[0]) == 1.0 and elsewhere.waits == before + 2
