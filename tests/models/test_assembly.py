"""From tables to models and back, and presets that all build."""

from __future__ import annotations

import copy

import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import CIRCLE, INNER, OUTER
from musicvae_lite.magenta.recognition import stock_names
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.encoders import HierarchicalEncoderSettings
from musicvae_lite.models.stock.encoders import StockEncoderSettings
from musicvae_lite.training.presets import load_preset, preset_names
from musicvae_lite.vae import Batch
from tests.models.architectures import CONFIGS, made_up


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_comes_back_from_its_table(name: str):
    table = CONFIGS[name].to_table()
    again = MusicConfig.from_table(table, "test")
    assert again == CONFIGS[name] and again.to_table() == table


@pytest.mark.parametrize("name", sorted(set(preset_names("music")) - set(stock_names())))
def test_every_preset_builds_and_scores(name: str):
    config = MusicConfig.from_table(load_preset(name).model, name)
    vae = config.build()
    r = config.representation
    control = made_up(r.control, 1, r.steps) if r.control else None
    assert vae.loss(Batch(made_up(r.step, 1, r.steps), None, control)).total.isfinite()
    assert vae.z_size == config.z


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("z",), 0, "'z' must be a whole number above 0"),
        (("z",), True, "'z' must be a whole number above 0"),
        (("z",), 10**9, "at most 1,048,576, not 1000000000"),
        (("z",), None, "'z' is missing"),
        (("encoder",), "flat", "[encoder] must be a table"),
        (("encoder", "kind"), "conv", "[encoder]: kind is 'conv'; it can be flat, hierarchical"),
        (("encoder", "hiden"), 3, "unknown setting 'hiden'"),
        (("decoder", "width"), 0, "[decoder]: 'width' is 0; it must be at least 1"),
        (("decoder", "segments"), [4, -8], "[decoder]: 'segments' is -8"),
        (("decoder", "precision"), -1.0, "[decoder]: 'precision' is -1.0; it must be at least 0"),
        (
            ("decoder", "precision"),
            1e9,
            "is 1000000000.0; it must be at least 0, at most 1,048,576",
        ),
        (
            ("decoder", "precision"),
            float("nan"),
            "'precision' must be a number with an end, not nan",
        ),
        (("representation",), [], "[representation] must be a table"),
        (("representation", "name"), "noise", "[representation]: no representation is called 'noise'"),
        (("representation", "bars"), "two", "'bars' must be a whole number"),
        (("representation", "bras"), 2, "[representation]: the melody representation has no setting 'bras'"),
    ],
)
def test_a_wrong_table_says_where(path: tuple[str, ...], value, words: str):
    table = copy.deepcopy(CONFIGS["beats"].to_table())
    place = table
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    with pytest.raises(ConfigError) as error:
        MusicConfig.from_table(table, "mine.toml")
    assert str(error.value).startswith("mine.toml") and words in str(error.value)


def test_segments_must_fill_the_window():
    table = CONFIGS["beats"].to_table()
    table["decoder"] = {**table["decoder"], "segments": [4, 7]}
    with pytest.raises(ConfigError, match=r"\[decoder\]: segments \[4, 7\] make 28 steps; the window has 32"):
        MusicConfig.from_table(table, "test").build()
    table["decoder"] = {**table["decoder"], "segments": [4, 4, 2]}
    with pytest.raises(ConfigError, match="need 1 codes"):
        MusicConfig.from_table(table, "test").build()


def test_a_flat_model_says_what_it_does_not_take_and_which_kinds_do():
    table = CONFIGS["flat"].to_table()
    with pytest.raises(
        ConfigError, match=r"\[encoder\]: kind 'flat' takes no control, .*--labels.*'hierarchical' or 'stock'"
    ):
        MusicConfig.from_table({**table, "labels": ["jigs", "reels"]}, "test").build()
    table["representation"] = {"name": "trio", "bars": 2}
    with pytest.raises(
        ConfigError, match=r"one token a step, not steps of the kind Product.*'hierarchical' or"
    ):
        MusicConfig.from_table(table, "test").build()


@pytest.mark.parametrize(
    ("representation", "setting", "words"),
    [
        ({"name": "drums"}, {"nade": 8}, """'nade' is 8.*of the kind Categorical.*form = "hits" of drums"""),
        ({"name": "trio", "bars": 2}, {"nade": 8}, "'nade' is 8.*of the kind Product"),
        ({"name": "groove"}, {"nade": 8}, "'nade' is 8.*of the kind Groove"),
        ({"name": "melody"}, {"precision": 20.0}, "'precision' is 20.0.*of the kind Categorical"),
        ({"name": "drums", "form": "hits"}, {"precision": 0.5}, "'precision' is 0.5.*of the kind Binary"),
    ],
)  # fmt: skip
def test_settings_that_a_step_has_no_use_for_are_refused(representation: dict, setting: dict, words: str):
    table = CONFIGS["beats"].to_table() | {"representation": representation}
    table["decoder"] |= setting
    with pytest.raises(ConfigError, match=rf"\[decoder\]: {words}"):
        MusicConfig.from_table(table, "test").build()


@pytest.mark.parametrize(("representation", "split"), [("drums", False), ("trio", True)])
def test_a_stock_decoder_without_flags_takes_no_nade(representation: str, split: bool):
    table = CONFIGS["stock"].to_table() | {"representation": {"name": representation}}
    table["decoder"] |= {"nade": 8, "split": split}
    with pytest.raises(ConfigError, match=r"\[decoder\]: 'nade' is 8"):
        MusicConfig.from_table(table, "test").build()


def test_how_paths_go_is_the_encoders_business():
    names = ("melody-2bar-flat", "melody-2bar-exact")
    course = {name: MusicConfig.from_table(load_preset(name).model, name).encoder.course for name in names}
    assert course == {"melody-2bar-flat": INNER, "melody-2bar-exact": OUTER}
    assert HierarchicalEncoderSettings().course == INNER
    assert HierarchicalEncoderSettings((4, 8, 8), (128,)).course == StockEncoderSettings().course == CIRCLE
