"""Images in the training loop that music uses."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.images import sets
from musicvae_lite.images.sets import Pictures, PictureSet
from musicvae_lite.models.image_vae import ImageVAE
from musicvae_lite.training import images
from musicvae_lite.training.image_evaluation import evaluate, measure
from musicvae_lite.training.images import ImageTask, trained_on, unlearnt, wanted
from musicvae_lite.training.loop import train
from musicvae_lite.training.presets import Preset, load_preset, preset_names
from musicvae_lite.training.settings import ImageTraining
from musicvae_lite.training.task import VALIDATION_SEED
from tests.images.made import drawing_set, drawings, save
from tests.models.image import small
from tests.training.runs import Heard, log, state

SET = drawing_set(120)
SHORT = ImageTraining(steps=24, batch=16, validate_every=10, save_every=7, warmup=2)


def preset(table: dict[str, Any] = small.CONV, **changes: Any) -> Preset:
    return Preset("small", "", table, dataclasses.replace(SHORT, **changes), "image")


def run(folder: Path, heard: Heard | None = None, table: dict[str, Any] = small.CONV, **changes: Any) -> Path:
    resume = changes.pop("resume", False)
    task = ImageTask(preset(table, **changes), SET)
    return train(task, folder, "cpu", "float32", resume, Heard() if heard is None else heard)


@pytest.mark.parametrize("kind", ["dense", "conv", "map", "rows", "conditional", "grid", "sparse"])
def test_every_kind_learns(kind: str, tmp_path: Path):
    heard = Heard()
    run(tmp_path, heard, small.ALL[kind], steps=100, learning_rate=1e-2, batch=32, validate_every=200)
    losses = [r.values["reconstruction_nats"] for r in heard.of("step")]
    assert losses[-1] < (0.9 if kind == "grid" else 0.75) * losses[0]


@pytest.mark.parametrize("kind", ["conv", "noisy", "adversarial"])
def test_a_resumed_run_is_the_unbroken_run(kind: str, tmp_path: Path):
    table, whole, first, second = small.ALL[kind], Heard(), Heard(), Heard()
    run(tmp_path / "whole", whole, table)

    class Stop(Exception):
        pass

    def stop() -> None:
        raise Stop

    first = Heard(17, stop)
    with pytest.raises(Stop):
        run(tmp_path / "broken", first, table)
    run(tmp_path / "broken", second, table, resume=True)
    assert second.losses() == {step: v for step, v in whole.losses().items() if step > 14}
    assert state(tmp_path / "broken") == state(tmp_path / "whole")


def test_an_adversary_is_logged_and_starts_above_chance(tmp_path: Path):
    heard = Heard()
    run(tmp_path, heard, small.ADVERSARIAL, steps=60, learning_rate=1e-2)
    right = [r.values["adversary_accuracy"] for r in heard.of("step")]
    assert max(right[:30]) > 0.6
    assert any("adversary_accuracy" in event.get("values", {}) for event in log(tmp_path))


def test_noise_is_fresh_in_every_batch_and_pictures_come_once_a_pass():
    task = ImageTask(preset(small.NOISY), SET)
    task.start(task.settings, torch.device("cpu"))
    one, again, other = (task.batch(3, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one.x, again.x) and not torch.equal(one.x, other.x)
    assert one.target is not None and other.target is not None and torch.equal(one.target, other.target)
    rows = np.concatenate([task.rows(step) for step in range(25)])
    assert sorted(rows[: task.examples]) == list(range(task.examples))


def test_runs_of_two_seeds_are_validated_alike():
    torch.manual_seed(0)
    tasks = [ImageTask(preset(small.NOISY, seed=seed), SET) for seed in (1, 2)]
    vae = tasks[0].build()
    assert tasks[0].validate(vae) == tasks[1].validate(vae)


def test_beta_is_a_setting(tmp_path: Path):
    loose, tight = Heard(), Heard()
    run(tmp_path / "a", loose, steps=150, beta=0.1, learning_rate=1e-2)
    run(tmp_path / "b", tight, steps=150, beta=8.0, learning_rate=1e-2)
    assert loose.of("step")[-1].values["kl_bits"] > 2 * tight.of("step")[-1].values["kl_bits"]


def test_free_bits_are_counted_for_each_picture():
    torch.manual_seed(0)
    vae = small.config(small.CONV).build()
    vae.encoder.last.weight.data *= 30  # type: ignore[union-attr, operator]
    found, kl = measure(vae, small.config(small.CONV), SET.validation, VALIDATION_SEED)
    assert found.kl_nats == pytest.approx(float(kl.mean())) and float(kl.std()) > 0
    task = ImageTask(preset(free_bits=found.kl_bits, beta=0.5), SET)
    validated = task.validate(vae)
    cost = float((kl - kl.mean()).clamp_min(0).mean())
    assert cost > 0.1
    assert validated["objective"] == pytest.approx(validated["reconstruction_nats"] + 0.5 * cost)


def test_plain_autoencoders_get_a_prior_and_others_do_not(tmp_path: Path):
    plain = {**small.DENSE, "encoder": {"kind": "dense", "hidden": [24], "code": "plain"}}
    model = ImageVAE.load(run(tmp_path / "plain", table=plain))
    assert model.vae.prior is not None and len(model.vae.prior.mean) == 3  # a Gaussian a class
    codes = model.encode(torch.from_numpy(SET.train.pixels) / 255)
    drawn = model.vae.draw(4000, model.generator(0))
    assert np.allclose(drawn.mean(0), codes.mean(0), atol=0.2 * codes.std(0).max())
    assert ImageVAE.load(run(tmp_path / "adversarial", table=small.ALL["adversarial"])).vae.prior is not None
    for kind in ("conv", "conditional", "grid"):
        assert ImageVAE.load(run(tmp_path / kind, table=small.ALL[kind])).vae.prior is None


@pytest.mark.parametrize(
    "table",
    [
        {**small.DENSE, "z": 600, "encoder": {"kind": "dense", "hidden": [24], "code": "plain"}},
        {**small.CONDITIONAL, "encoder": {**small.CONV["encoder"], "code": "plain"}},
    ],
)
def test_long_codes_and_those_of_conditional_models_get_one_gaussian(table: dict[str, Any], tmp_path: Path):
    model = ImageVAE.load(run(tmp_path, table=table))
    prior = model.vae.prior
    assert prior is not None and len(prior.mean) == 1
    labels = SET.train.labels.tolist() if model.config.conditional and SET.train.labels is not None else None
    codes = model.encode(torch.from_numpy(SET.train.pixels) / 255, labels)
    assert np.allclose(prior.mean[0], codes.mean(0), atol=1e-4)
    assert np.allclose(prior.root[0].norm(dim=1), codes.std(0, ddof=1), rtol=1e-3, atol=1e-4)


def test_a_collapse_is_not_cried_over_plain_codes(tmp_path: Path):
    heard = Heard()
    run(tmp_path, heard, small.NOISY)
    assert not heard.of("warning")


def test_labels_are_needed_by_conditional_presets():
    pictures = dataclasses.replace(SET, classes=())
    with pytest.raises(ConfigError, match="conditions on labels, and the pictures have none"):
        ImageTask(preset(small.CONDITIONAL), pictures)


@pytest.mark.parametrize("likelihood", ["bernoulli", "squared", "straight"])
def test_the_elbo_is_under_the_likelihood_of_the_model(likelihood: str):
    model = small.model({**small.CONV, "likelihood": likelihood})
    found = evaluate(model.vae, model.config, SET.test)
    assert found.kl_nats is not None
    assert found.elbo_nats == pytest.approx(-(found.reconstruction_nats + found.kl_nats))
    assert found.bernoulli_elbo_nats == pytest.approx(-(found.bernoulli_nats + found.kl_nats))
    own = {"bernoulli": found.bernoulli_nats, "squared": found.squared_nats}
    if likelihood in own:
        assert found.reconstruction_nats == pytest.approx(own[likelihood], rel=1e-4)
    else:
        assert found.elbo_nats != pytest.approx(found.bernoulli_elbo_nats, rel=0.1)


def test_figures_of_an_evaluation_agree_with_each_other():
    model = small.model(small.CONV)
    found = evaluate(model.vae, model.config, SET.test)
    assert found.kl_nats is not None
    assert found.squared_loss == pytest.approx(found.squared_nats + found.kl_nats)
    x = torch.from_numpy(SET.test.pixels) / 255
    p = torch.from_numpy(model.reconstruct(x))
    by_hand = -(x * p.log() + (1 - x) * (1 - p).log()).mean()
    assert found.bce == pytest.approx(float(by_hand), rel=1e-4)
    assert found.squared_error == pytest.approx(float(((x - p) ** 2).mean()), rel=1e-4)
    plain = small.model(small.MAP)
    of_plain = evaluate(plain.vae, plain.config, SET.test)
    assert of_plain.kl_nats is None and of_plain.elbo_nats is None and of_plain.zero_share is None
    positive = small.model(small.SPARSE)
    assert 0 < (evaluate(positive.vae, positive.config, SET.test).zero_share or 0) < 1
    with pytest.raises(ConfigError, match="for a model of"):
        evaluate(model.vae, model.config, drawing_set(20, size=10).test)


@pytest.mark.parametrize("name", preset_names("image"))
def test_every_shipped_preset_makes_a_model_for_digits_or_textures(name: str):
    recipe = load_preset(name)
    assert recipe.family == "image" and recipe.about
    wanted = recipe.model.get("picture", {})
    pictures = drawing_set(24, wanted.get("height", 28), wanted.get("channels", 1))
    task = ImageTask(recipe, pictures)
    task.start(dataclasses.replace(recipe.training, batch=4), torch.device("cpu"))
    vae, generator = task.build(), torch.Generator().manual_seed(0)
    assert torch.isfinite(vae.loss(task.batch(0, generator), generator=generator).total)


def test_one_picture_is_too_few():
    with pytest.raises(NothingUsableError, match=r"[01] picture to learn from"):
        ImageTask(preset(), dataclasses.replace(SET, train=SET.train.part(slice(1))))


def in_order_of_class(pictures: PictureSet = SET) -> PictureSet:
    """The same with each part sorted by its labels."""

    def in_order(part: Pictures) -> Pictures:
        assert part.labels is not None
        return part.part(np.argsort(part.labels, kind="stable"))

    return dataclasses.replace(
        pictures, train=in_order(pictures.train), validation=in_order(pictures.validation)
    )


def test_a_prior_knows_all_classes_of_a_sorted_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(images, "PRIOR_PICTURES", 60)  # the first ones are of two classes
    plain = {**small.DENSE, "z": 2, "encoder": {"kind": "dense", "hidden": [24], "code": "plain"}}
    best = train(ImageTask(preset(plain), in_order_of_class()), tmp_path, "cpu", "float32")
    prior = ImageVAE.load(best).vae.prior
    assert prior is not None and len(prior.mean) == 3


def test_validation_sees_all_classes_of_a_sorted_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(images, "MOST_VALIDATED", 12)
    seen = []

    def counted(vae: Any, config: Any, pictures: Pictures, seed: int) -> Any:
        seen.append(pictures.labels)
        return measure(vae, config, pictures, seed)

    monkeypatch.setattr(images, "measure", counted)
    task = ImageTask(preset(), in_order_of_class(drawing_set(480)))
    task.validate(task.build())
    assert len(seen[0]) == 12 and set(seen[0].tolist()) == {0, 1, 2}


def test_a_part_of_many_is_spread_and_all_of_few_are_in_order():
    assert images.some(7, 10, 3).tolist() == list(range(7))
    found = images.some(100, 10, 3)
    assert len(set(found.tolist())) == 10 and found.max() > 50 and found.tolist() == sorted(found)
    assert not np.array_equal(found, images.some(100, 10, 4))


def test_a_model_in_its_run_knows_its_pictures(tmp_path: Path):
    best = run(tmp_path / "run")
    assert trained_on(ImageVAE.load(best)) == trained_on(ImageVAE.load(tmp_path / "run")) == SET.digest
    ImageVAE.load(best).save(tmp_path / "elsewhere" / "far" / "model")
    assert trained_on(ImageVAE.load(tmp_path / "elsewhere" / "far" / "model")) == ""
    assert trained_on(small.model(small.CONV)) == ""


def test_labels_that_a_model_does_not_know_are_told():
    model = small.model(small.CONDITIONAL)
    with pytest.raises(ConfigError, match=r"labels from 5 to 5; this model's are numbered 0 to 2"):
        evaluate(model.vae, model.config, Pictures(SET.test.pixels[:2], np.array([5, 5])))


@pytest.mark.parametrize(
    ("name", "size", "z"),
    [("upscale", 28, 784), ("upscale", 32, 1024), ("upscale-x4", 28, 637), ("upscale-x4", 32, 832),
     ("ae-conv", 28, 128), ("ae-conv", 40, 200)],
)  # fmt: skip
def test_presets_whose_code_is_a_picture_take_every_size(name: str, size: int, z: int):
    assert ImageTask(load_preset(name), drawing_set(24, size)).config.z == z


@pytest.mark.parametrize("name", ["upscale", "upscale-x4"])
@pytest.mark.parametrize(("height", "width"), [(300, 200), (27, 41), (1, 3)])
def test_presets_that_enlarge_take_folders_of_any_size(name: str, height: int, width: int, tmp_path: Path):
    for number in range(6):
        save(tmp_path / f"{number}.png", np.full((1, height, width), 40 * number, np.uint8))
    recipe = load_preset(name)
    pictures = sets.load(tmp_path, wanted=wanted(recipe))
    assert ImageTask(recipe, pictures).config.z > 0 and "resized to" in pictures.notes[-1]


def test_parts_without_labels_are_refused_before_training():
    for part in ("train", "validation"):
        unlabelled = Pictures(getattr(SET, part).pixels)
        with pytest.raises(ConfigError, match=r"labels \(upright, level, block\), and the pictures have"):
            ImageTask(preset(small.CONDITIONAL), dataclasses.replace(SET, **{part: unlabelled}))


def test_classes_without_a_picture_to_learn_from_are_told():
    assert unlearnt(SET) == []
    pixels, labels = drawings(24)
    (told,) = unlearnt(sets.from_arrays(pixels, labels % 2, ("a", "b", "c", "d")))
    assert told.startswith("no picture to learn from has the label c, d: ")
    (told,) = unlearnt(sets.from_arrays(pixels, labels % 2, [str(number) for number in range(30)]))
    assert "10, 11 and 18 more" in told
    assert unlearnt(sets.from_arrays(pixels)) == []


@pytest.mark.parametrize("kind", ["conv", "dense", "noisy", "grid"])
def test_weights_that_are_no_numbers_have_no_finite_objective(kind: str):
    task = ImageTask(preset(small.ALL[kind]), SET)
    vae = task.build()
    with torch.no_grad():
        for weight in vae.parameters():
            weight.fill_(float("nan"))
    assert math.isnan(task.validate(vae)["objective"])


def test_pictures_whose_run_blows_up_at_its_last_update_are_told(tmp_path: Path):
    for resume in (False, True):
        with pytest.raises(ConfigError, match="no validation of this run was finite"):
            run(tmp_path, steps=1, learning_rate=1e30, resume=resume)
    assert list((tmp_path / "last").iterdir())
