"""Which weights of a run count as its best, and what is reported of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training import loop, music
from tests.training.runs import Heard, log, preset, run


class Stop(Exception):
    pass


def stop() -> None:
    raise Stop


def test_best_is_the_lowest_objective_with_the_final_beta(tmp_path: Path, monkeypatch):
    objectives, kept = iter([5.0, 3.0, 4.0, float("nan"), 3.5]), []

    def validate(vae, representation, windows, beta, seed, names=(), free=0.0):
        kept.append({name: tensor.clone() for name, tensor in vae.state_dict().items()})
        assert beta == 0.33  # the run's last, whatever it is now
        return {"objective": next(objectives), "kl_bits": 10.0}

    monkeypatch.setattr(music, "validate", validate)
    best = run(tmp_path / "run", preset=preset(steps=10, validate_every=2))
    weights = MusicVAE.load(best).vae.state_dict()
    assert len(kept) == 5 and all(torch.equal(weights[name], kept[1][name]) for name in weights)
    values = [e["values"]["objective"] for e in log(tmp_path / "run") if e["kind"] == "validation"]
    assert values == [5.0, 3.0, 4.0, None, 3.5]
    assert loop.summary(tmp_path / "run") == {"step": 4, "objective": 3.0, "kl_bits": 10.0}


def test_weights_are_judged_by_the_weight_of_the_kl_that_the_run_ends_with(tmp_path: Path, monkeypatch):
    whole, given = music.validate, []

    def validate(vae, representation, windows, beta, *rest, **more):
        given.append(beta)
        return whole(vae, representation, windows, beta, *rest, **more)

    monkeypatch.setattr(music, "validate", validate)
    recipe = preset(beta=0.2, beta_rate=0.99999)
    run(tmp_path / "run", preset=recipe)
    assert given == pytest.approx([0.2 * (1 - 0.99999**24)] * 3)


def test_a_run_without_a_finite_objective_has_no_best_to_report(tmp_path: Path):
    event = {"kind": "validation", "step": 5, "values": {"objective": None}}
    (tmp_path / "log.jsonl").write_text(json.dumps(event) + "\n")
    assert loop.summary(tmp_path) == {}


def test_a_run_whose_validations_are_none_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(music.MusicTask, "validate", lambda task, vae: {"objective": float("nan")})
    for resume in (False, True):
        words = r"no validation of this run was finite.*a learning_rate below 0"
        with pytest.raises(ConfigError, match=words):
            run(tmp_path / "run", resume=resume)
        assert list((tmp_path / "run" / "last").iterdir())  # what there is stays
    assert all(event["kind"] != "end" for event in log(tmp_path / "run"))


def test_a_resumed_run_reports_the_best_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    objectives = iter([2.0, 4.0, 3.0])  # after updates 10, 20 and 24
    monkeypatch.setattr(music.MusicTask, "validate", lambda task, vae: {"objective": next(objectives)})
    with pytest.raises(Stop):
        run(tmp_path / "run", Heard(15, stop))
    run(tmp_path / "run", resume=True)
    assert loop.summary(tmp_path / "run") == {"step": 10, "objective": 2.0}
