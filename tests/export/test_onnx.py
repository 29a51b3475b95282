"""ONNX files do what the models do, and can be run without this package."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.export import onnx
from musicvae_lite.export.graphs import graphs_of
from musicvae_lite.export.joining import nodes
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.prior import CodePrior
from tests.export.test_loops import STOCK
from tests.magenta.models import small
from tests.models.architectures import made_up
from tests.models.small import small_model

runtime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


def session(path: Path):
    return runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def short() -> MusicVAE:
    """A stock model of two bars with a conductor."""
    torch.manual_seed(0)
    changes = {
        "encoder": {"levels": (16, 2), "hidden": (5,)},
        "decoder": {"levels": (2, 16), "hidden": (6, 5)},
    }
    return MusicVAE(small("cat-mel_2bar_small", **changes))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory):
    """The model and the files it was written to."""
    model = short()
    return model, onnx.export_onnx(model, tmp_path_factory.mktemp("onnx"))


def test_a_stock_model_step_by_step(exported):
    model, done = exported
    assert [f.path.stem for f in done] == ["encoder", "decoder_start", "decoder_step", "decoder_greedy"]
    assert all(f.error < 1e-5 for f in done)
    start, step, greedy = (session(f.path) for f in done[1:])
    z = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    vectors, states = start.run(None, {"z": z})
    previous, written = np.full(3, 90), []
    for t in range(32):
        segment, place = divmod(t, 32 // vectors.shape[1])
        state = states[:, segment] if place == 0 else state  # noqa: F821
        logits, likeliest, state = step.run(
            None, {"previous": previous, "vector": vectors[:, segment], "state": state}
        )
        np.testing.assert_array_equal(logits.argmax(-1), likeliest)
        previous = likeliest
        written.append(likeliest)
    (whole,) = greedy.run(None, {"z": z})
    np.testing.assert_array_equal(np.stack(written, 1), whole)
    np.testing.assert_array_equal(whole, model.vae.decode(torch.from_numpy(z), None, 0.0).numpy())
    described = json.loads((done[0].path.parent / onnx.DESCRIPTION).read_text())
    assert set(described["files"]) == {f.path.name for f in done}
    assert described["files"]["encoder.onnx"]["inputs"] == {"x": ["int64", ["batch", 32]]}


BEATS = {
    "representation": {"name": "melody", "bars": 1, "lowest": 60, "highest": 71, "steps_per_quarter": 2},
    "encoder": {"kind": "hierarchical", "segments": [2, 4], "width": 8, "squeeze": 4},
    "decoder": {"kind": "hierarchical", "segments": [2, 4], "width": 8, "core_width": 12, "memory": 2},
    "z": 5,
}


def test_a_model_of_beats(tmp_path: Path):
    torch.manual_seed(0)
    model = MusicVAE(MusicConfig.from_table(BEATS, "beats"))
    model.vae.requires_grad_(False)
    for weight in model.vae.decoder.parameters():
        weight += torch.randn(weight.shape)  # what a memory adds starts at zero
    _, step, greedy = graphs_of(model.vae, model.representation)
    path = tmp_path / "greedy.onnx"
    onnx._write(greedy, path)
    assert onnx._check(greedy, path) == 0
    z, written = torch.randn(9, 5), torch.zeros((9, 8), dtype=torch.long)
    for t in range(8):
        _, written[:, t] = step.module(z, written, torch.full((9,), t))
    (whole,) = session(path).run(None, {"z": z.numpy()})
    np.testing.assert_array_equal(written, whole)
    assert len(np.unique(whole, axis=0)) > 4 and len(np.unique(whole)) > 3


@torch.no_grad()
@pytest.mark.parametrize("name", ["under chords", "grooves under hits", "tracks with ends"])
def test_greedy_decodes_with_a_control_and_with_ends(name: str, tmp_path: Path):
    torch.manual_seed(1)
    model = MusicVAE(STOCK[name])
    decoder: Any = model.vae.decoder
    r = model.representation
    for weight in decoder.parameters():  # so that codes are written differently
        weight += torch.randn_like(weight)
    z = 2 * torch.randn(8, decoder.z_size)
    if decoder.end is not None:  # a step that it does write
        decoder.end = int(decoder.sample(z, None, 0.0)[0, 20])
    graph = graphs_of(model.vae, r)[-1]
    path = tmp_path / "greedy.onnx"
    onnx._write(graph, path)
    assert onnx._check(graph, path) < 1e-5
    inputs = {"z": z} | ({"control": made_up(r.control, 8, r.steps)} if r.control else {})
    (got,) = session(path).run(None, {name: value.numpy() for name, value in inputs.items()})
    np.testing.assert_allclose(got, decoder.sample(z, inputs.get("control"), 0.0), rtol=0, atol=1e-4)
    assert len(np.unique(got.reshape(8, -1), axis=0)) > 1
    if decoder.end is not None:
        assert (got == decoder.end).any() and (got != decoder.end).any()


def test_a_loop_holds_one_body_and_says_nothing_of_this_machine(exported):
    import onnx as package

    graph = package.load(str(exported[1][-1].path)).graph
    assert graph.node[-1].op_type == "Scan"
    assert len(list(nodes(graph))) < 300  # of 32 steps
    for file in exported[1]:
        assert str(Path(torch.__file__).parent).encode() not in file.path.read_bytes()


@torch.no_grad()
def test_the_projects_own_flat_model_step_by_step():
    """Without writing a file: the parts that would be exported, against the model."""
    model = small_model()
    _, start, step, greedy = graphs_of(model.vae, model.representation)
    z = torch.randn(3, model.config.z, generator=torch.Generator().manual_seed(0))
    vectors, states = start.module(z)
    previous, state = torch.full((3,), model.representation.step.size), states[:, 0]
    written = []
    for _ in range(model.representation.steps):
        _, previous, state = step.module(previous, vectors[:, 0], state)
        written.append(previous)
    assert torch.equal(torch.stack(written, 1), greedy.module(z))


def test_a_file_that_differs_is_refused(exported, monkeypatch: pytest.MonkeyPatch):
    model, done = exported
    monkeypatch.setattr(onnx, "TOLERANCE", -1.0)
    with pytest.raises(CheckpointError, match=r"encoder.onnx: differs from the model by"):
        onnx._check(graphs_of(model.vae, model.representation)[0], done[0].path)


def test_missing_packages_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ConfigError, match=r"pip install 'musicvae_lite\[onnx\]'"):
        onnx.export_onnx(short(), tmp_path)


def test_torch_must_be_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch, "__version__", "2.8.1+cpu")
    with pytest.raises(ConfigError, match=r"needs torch 2\.9 or later, and 2\.8\.1\+cpu is installed"):
        onnx.export_onnx(short(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_onnxscript_must_be_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("onnxscript.__version__", "0.7.0")
    with pytest.raises(ConfigError, match=r"needs onnxscript 0\.7\.1 or later, and 0\.7\.0 is installed"):
        onnx.export_onnx(short(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_packages_that_do_not_fit_torch_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: Any) -> None:
        raise ImportError("cannot import name 'Opset'")

    monkeypatch.setattr(onnx, "_write", broken)
    with pytest.raises(ConfigError, match=r"do not fit torch .*'Opset'\): pip install --upgrade"):
        onnx.export_onnx(small_model(), tmp_path)


PRIORS = {
    "one": (torch.tensor([1.0]), 1),
    "several that share a root": (torch.tensor([0.2, 0.5, 0.3]), 1),
    "several": (torch.tensor([0.2, 0.5, 0.3]), 3),
}


@pytest.mark.parametrize("name", PRIORS)
def test_a_prior_is_written_too(name: str, tmp_path: Path):
    shares, roots = PRIORS[name]
    torch.manual_seed(0)
    model, spread = small_model(z=3), torch.randn(roots, 3, 3)
    root = spread @ spread.mT
    model.vae.prior = prior = CodePrior(10 * torch.randn(len(shares), 3), root, shares)
    done = {file.path.stem: file for file in onnx.export_onnx(model, tmp_path)}
    assert done["prior"].error < 1e-5
    ran = session(done["prior"].path)
    noise, chance = torch.randn(20_000, 3), torch.rand(20_000)
    given = {"noise": noise.numpy(), "chance": chance.numpy()}
    (z,) = ran.run(None, {value.name: given[value.name] for value in ran.get_inputs()})
    drawn = prior.colour(noise).numpy()
    np.testing.assert_allclose(z.mean(0), drawn.mean(0), atol=0.3)
    np.testing.assert_allclose(np.cov(z.T), np.cov(drawn.T), rtol=0.1, atol=1.5)
    for place in range(len(shares)):  # each Gaussian by itself is exactly the model's
        rows = (chance >= shares[:place].sum()) & (chance < shares[: place + 1].sum())
        part = CodePrior(prior.mean[[place]], root[[min(place, roots - 1)]], shares[:1])
        np.testing.assert_allclose(z[rows][:50], part.colour(noise[rows])[:50], atol=1e-4)


def test_what_ends_a_segment_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(onnx, "graphs_of", lambda *_: [])
    told = {}
    for name in ("tracks with ends", "under chords"):
        onnx.export_onnx(MusicVAE(STOCK[name]), tmp_path)
        described = json.loads((tmp_path / onnx.DESCRIPTION).read_text())
        told[name] = described["end"], described["apart"]
    decoder: Any = STOCK["tracks with ends"].decoder
    assert decoder.end is not None
    assert told == {"tracks with ends": (decoder.end, decoder.apart), "under chords": (None, False)}


PARTS = {"kind": "hierarchical", "segments": [4, 4, 2], "codes": [10], "width": 12}
HIERARCHICAL = {
    "phrases": ({**PARTS, "squeeze": 4}, {**PARTS, "core_width": 12}),
    "straight beats": (
        {**PARTS, "segments": [4, 8], "codes": [], "squeeze": 4, "straight": 6},
        {**PARTS, "segments": [4, 8], "codes": [], "core_width": 12, "straight": 6},
    ),
}


@pytest.mark.parametrize("names", [(), ("folk", "jazz")], ids=["", "labelled"])
@pytest.mark.parametrize("name", HIERARCHICAL)
def test_hierarchical_models_whole(name: str, names: tuple[str, ...], tmp_path: Path):
    encoder, decoder = HIERARCHICAL[name]
    table: dict[str, Any] = {"representation": {"name": "melody", "bars": 2}, "z": 6, "labels": list(names)}
    torch.manual_seed(0)
    model = MusicVAE(MusicConfig.from_table(table | {"encoder": encoder, "decoder": decoder}, "test"))
    done = onnx.export_onnx(model, tmp_path)
    assert [file.path.stem for file in done] == ["encoder", "decoder_step", "decoder_greedy"]
    assert all(file.error < 1e-5 for file in done)
    assert all(weight.requires_grad for weight in model.vae.parameters())  # the model is left as it was
    inputs = json.loads((tmp_path / onnx.DESCRIPTION).read_text())["files"]["encoder.onnx"]["inputs"]
    assert ("control" in inputs) == bool(names)


def test_what_cannot_be_exported_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: Any) -> None:
        raise RuntimeError("no such operator\nand much more")

    monkeypatch.setattr(onnx, "_write", broken)
    with pytest.raises(
        CheckpointError, match=r"encoder\.onnx: this part .* cannot be exported: no such operator$"
    ):
        onnx.export_onnx(small_model(), tmp_path)
