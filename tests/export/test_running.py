"""What docs/export.md tells whoever runs the files does what the model does, for every kind of model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite.export import onnx
from musicvae_lite.export.drawing import flags_of
from musicvae_lite.export.graphs import graphs_of
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.heads import NADEHead, SplitHead
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.models.tensors import control_tensor, to_windows
from musicvae_lite.training.presets import load_preset
from tests.export.running import Files, drawn, nats
from tests.export.test_loops import STOCK
from tests.magenta.models import small
from tests.models.architectures import made_up

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


def tiny(preset: str, labels: tuple[str, ...] = ()) -> MusicConfig:
    """A model of this project's own at a size that takes no time."""
    table: dict[str, Any] = load_preset(preset).model | {"z": 8, "labels": list(labels)}
    sizes = {"width": 12, "squeeze": 4, "core_width": 12, "straight": 3, "deep": 6, "nade": 5}
    for part in ("encoder", "decoder"):
        own = table[part]
        own = own | {name: value for name, value in sizes.items() if own.get(name)}
        table[part] = own | ({"codes": [8] * len(own["codes"])} if "codes" in own else {})
    return MusicConfig.from_table(table, preset)


MODELS = {
    **{name: STOCK[name] for name in ("under chords", "flags with a NADE", "grooves under hits", "voices")},
    "tracks with ends under chords": small("hier-multiperf_vel_1bar_med_chords"),
    "our melodies with styles": tiny("melody-2bar", ("folk", "jazz")),
    "our drums with a NADE": tiny("drums-2bar-nade"),
    "our piano rolls": tiny("pianoroll-2bar"),
}
LABEL = 1  # of models that know some


def model_of(name: str) -> MusicVAE:
    """A model that writes something else from every code."""
    torch.manual_seed(1)
    model = MusicVAE(MODELS[name])
    model.label = LABEL if model.config.labels else 0
    decoder: Any = model.vae.decoder
    with torch.no_grad():
        for weight in decoder.parameters():
            weight += 0.3 * torch.randn_like(weight)
        if getattr(decoder, "end", None) is not None:  # one that it does write
            z = torch.randn(1, model.config.z)
            control = torch.zeros((1, model.representation.steps), dtype=torch.long)
            told = control if model.representation.control is not None else None
            decoder.end = int(decoder.sample(z, told, 0.0)[0, 20])
    return model


@pytest.mark.parametrize("name", MODELS)
def test_files_that_are_run_as_documented_do_what_the_model_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    model = model_of(name)
    monkeypatch.setattr(onnx, "graphs_of", lambda *inputs: graphs_of(*inputs)[1:])  # all but the encoder
    onnx.export_onnx(model, tmp_path)
    files = Files(tmp_path)
    check_description(model, files)
    for count in (1, 5):
        check_likeliest(model, files, count)
    check_drawn(model, files)


def inputs_of(model: MusicVAE, count: int) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Codes, what conditions them as the package has it, and as the files are told it."""
    r = model.representation
    z = 2 * np.random.default_rng(count).standard_normal((count, model.config.z), np.float32)
    own = None if r.control is None else made_up(r.control, count, r.steps).numpy().astype(r.control.dtype)
    told = control_tensor(own, r, names=model.config.labels, labels=np.full(count, model.label))
    return z, own, None if told is None else told.numpy()


def check_likeliest(model: MusicVAE, files: Files, count: int) -> None:
    """That the likeliest steps fed back are the greedy decode, and what the model decodes."""
    z, own, told = inputs_of(model, count)
    (greedy,) = files.run("decoder_greedy", z=z, control=told)
    fed = files.written(z, told, lambda _, likeliest: likeliest)
    assert fed.dtype == greedy.dtype
    np.testing.assert_allclose(fed, greedy, rtol=0, atol=1e-4)
    r = model.representation
    mine = r.canonical(to_windows(torch.from_numpy(greedy), r.step))
    np.testing.assert_allclose(model.decode(z, control=own).tokens, mine, rtol=0, atol=1e-4)
    assert count == 1 or len(np.unique(greedy.reshape(count, -1), axis=0)) > 1


def check_drawn(model: MusicVAE, files: Files) -> None:
    """That steps drawn by the logits cost what the model says; of NADEs, that they can be drawn."""
    decoder: Any = model.vae.decoder
    z, _, told = inputs_of(model, 5)
    chances, costs = np.random.default_rng(0), []

    def choose(logits: np.ndarray, likeliest: np.ndarray) -> np.ndarray:
        step = drawn(files, logits, 1.0, chances)
        assert step.dtype == likeliest.dtype and step.shape == likeliest.shape
        cold = drawn(files, logits, 1e-9, chances)
        np.testing.assert_allclose(cold, likeliest, rtol=0, atol=1e-5)
        costs.append(nats(files.told["step"], logits, step))
        return step

    x = files.written(z, told, choose)
    if "decoder_draw" in files.sessions:
        return  # what its steps cost is no sum over logits; see below
    x, told = torch.from_numpy(x), None if told is None else torch.from_numpy(told)
    with torch.no_grad():
        score, _ = decoder.head.score(decoder.hidden(torch.from_numpy(z), x, told), x)
    silent = decoder.silent(x)
    counted = torch.ones_like(score, dtype=torch.bool) if silent is None else ~silent
    np.testing.assert_allclose(np.stack(costs, 1)[counted], score[counted], rtol=1e-3, atol=1e-3)


@torch.no_grad()
@pytest.mark.parametrize("parts", [1, 3])
def test_flags_of_a_nade_are_drawn_as_often_as_it_finds_them_probable(parts: int):
    torch.manual_seed(0)
    heads = [NADEHead(4, 3 // parts, 5) for _ in range(parts)]
    for head in heads:
        head.decode.mul_(5)
    head = heads[0] if parts == 1 else SplitHead(list(heads), 4, is_flags=True)
    draw = flags_of(head)
    assert draw is not None
    hidden, count = torch.randn(4 * parts), 40_000
    said = torch.cat([h.logits(own) for h, own in zip(heads, hidden.split(4), strict=True)])
    ones = draw(said.expand(count, -1), torch.ones(count), torch.rand(count, 3))
    values = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
    wanted = (-head.score(hidden.expand(8, 1, -1), values[:, None])[0][:, 0]).exp()
    got = (ones[:, None] == values).all(-1).float().mean(0)
    torch.testing.assert_close(got, wanted, rtol=0, atol=0.01)
    assert wanted.max() < 0.9
    cold = draw(said[None], torch.full((1,), 1e-6), torch.full((1, 3), 0.5))
    assert torch.equal(cold[0].long(), head.sample(hidden, 0.0))


def check_description(model: MusicVAE, files: Files) -> None:
    """That `model.json` says what the files take and give."""
    told, step = files.told, model.representation.step
    assert "nothing" not in told["step"]  # an idle token, which is not what the first step is shown
    inputs = told["files"]["decoder_greedy.onnx"]["inputs"]
    assert (told["control"] is not None) == ("control" in inputs)
    assert (told["first"] is not None) == ("decoder_start" in files.sessions)
    if told["first"] is not None:
        assert np.shape(told["first"]) == step.shape
    for name, session in files.sessions.items():
        described = told["files"][f"{name}.onnx"]
        assert described["outputs"] == [value.name for value in session.get_outputs()]
        kinds = {v.name: [v.type, v.shape] for v in session.get_inputs()}
        spelled = {"int64": "tensor(int64)", "float32": "tensor(float)"}
        assert kinds == {key: [spelled[kind], shape] for key, (kind, shape) in described["inputs"].items()}


def test_the_first_step_is_shown_the_number_after_the_last_token(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(onnx, "graphs_of", lambda *inputs: graphs_of(*inputs)[1:2])  # decoder_start
    told = {}
    for name in ("under chords", "tracks with ends under chords", "voices", "grooves under hits"):
        onnx.export_onnx(MusicVAE(MODELS[name]), tmp_path)
        described = json.loads((tmp_path / onnx.DESCRIPTION).read_text())
        told[name] = described["first"], described["control"]
    assert told == {
        "under chords": (90, {"kind": "categorical", "depth": 49, "bits": 0}),
        "tracks with ends under chords": (490, {"kind": "categorical", "depth": 49, "bits": 0}),
        "voices": ([90, 90, 512], None),
        "grooves under hits": ([0.0] * 27, {"kind": "binary", "size": 9}),
    }
