"""Magenta's numbers, on every folder of the parity material."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from musicvae_lite.latent import Posterior
from musicvae_lite.magenta.importing import import_model
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training.tensorflow_adam import TensorFlowAdam
from musicvae_lite.vae import VAE, Batch, Loss
from tests.magenta.parity import (
    END,
    EVENTS,
    FOLDER,
    NAMES,
    arrays,
    control_of,
    controls,
    fresh_model_of,
    logits,
    loss_settings,
    model_of,
    spelled,
    step_of,
)
from tests.shared import needs_shared

pytestmark = needs_shared("parity")
EACH = pytest.mark.parametrize("name", NAMES)


def worst(got: Tensor, wanted: np.ndarray) -> float:
    return float(np.abs(got.detach().numpy() - wanted).max())


@EACH
def test_posterior(name: str):
    vae, dump = model_of(name)[0], arrays(name, "dump.npz")
    with torch.no_grad():
        q = vae.encode(spelled(step_of(name), dump["inputs"], is_roll=True), controls(name, dump["controls"]))
    assert worst(q.mean, dump["mu"]) <= 1e-5
    assert worst(q.scale, dump["sigma"]) <= 1e-5


@EACH
def test_the_imported_checkpoint_encodes_the_same(name: str, tmp_path: Path):
    """From the TensorFlow files to a model folder, and through it the windows Magenta was given."""
    imported = import_model(Path(FOLDER or "") / name / "model.ckpt", config=name, folder=tmp_path / "model")
    model, dump = MusicVAE.load(imported.folder), arrays(name, "dump.npz")
    step = model.representation.step
    assert step == step_of(name) and model.representation.control == control_of(name)
    x, control = spelled(step, dump["inputs"], is_roll=True), controls(name, dump["controls"])
    x = x.clamp(max=END) if step == EVENTS else x
    with torch.no_grad():
        q = model.vae.encode(x, control)
    assert worst(q.mean, dump["mu"]) <= 1e-5
    assert worst(q.scale, dump["sigma"]) <= 1e-5


@EACH
def test_logits_with_the_recorded_samples_fed_back(name: str):
    vae, dump = model_of(name)[0], arrays(name, "dump.npz")
    z, samples = torch.from_numpy(dump["z_decode"]), spelled(step_of(name), dump["samples"])
    control = None
    if "decode_controls" in dump:
        control = controls(name, np.stack([dump["decode_controls"]] * len(z)))
    with torch.no_grad():
        got = logits(vae, name, vae.decoder.hidden(z, samples, control))  # type: ignore[operator]
    assert worst(got, dump["rnn_output"]) <= 1e-5


@EACH
def test_greedy_sampling_follows_the_recorded_samples(name: str):
    """Each step written from what was recorded before it, up to the first near tie of the logits."""
    vae, dump = model_of(name)[0], arrays(name, "dump.npz")
    z, wanted = torch.from_numpy(dump["z_decode"]), spelled(step_of(name), dump["samples"])
    control = None
    if "decode_controls" in dump:
        control = controls(name, np.stack([dump["decode_controls"]] * len(z)))
    got = vae.decode(z, control, temperature=0.0)
    assert got.shape == wanted.shape
    same = (got - wanted).abs().flatten(2).amax(-1) if got.dim() == 3 else (got != wanted).float()
    for row in range(len(z)):
        wrong = torch.nonzero(same[row] > 1e-5)
        if len(wrong):
            first = int(wrong[0])
            assert first > 0 and margin(name, dump["rnn_output"][row, first]) < 1e-5


def margin(name: str, row: np.ndarray) -> float:
    """How far the likeliest choice of a step lies before the next."""
    if "trio" in name:
        return min(margin("", part) for part in np.split(row, [90, 180]))
    if "groovae" in name:
        return float(np.abs(row[:9]).min())
    if "nade" in name:
        return float("inf")  # its logits are no probabilities
    best = np.sort(row)
    return float(best[-1] - best[-2])


class FixedNoise(torch.nn.Module):
    """A model with the posterior's noise taken from a file: what Magenta's loss was recorded with."""

    def __init__(self, vae: VAE, name: str):
        super().__init__()
        self.vae, self.name, self.stored = vae, name, arrays(name, "loss.npz")
        step = step_of(name)
        x = spelled(step, self.stored["in/input_sequence"], is_roll=True)
        target = spelled(step, self.stored["in/output_sequence"])
        if step == EVENTS:  # what stands behind an end is any token
            x, target = x.clamp(max=END), target.clamp(max=END)
        self.batch = Batch(x, target, controls(name, self.stored["in/control_sequence"]))

    def loss(self, step: int, monkeypatch: pytest.MonkeyPatch) -> Loss:
        eps = torch.from_numpy(self.stored["eps"])
        monkeypatch.setattr(Posterior, "rsample", lambda q, generator=None: q.mean + q.scale * eps)
        return self.vae.loss(self.batch, *loss_settings(self.name, step))


@EACH
def test_loss(name: str, monkeypatch: pytest.MonkeyPatch):
    model = FixedNoise(model_of(name)[0], name)
    stored = model.stored
    with torch.no_grad():
        loss = model.loss(int(stored["step"]), monkeypatch)
        x, target, control = model.batch
        q = model.vae.encode(x, control)
        nats = model.vae.decoder.reconstruction(q.rsample(), target, control).nats  # type: ignore[operator]
    assert float(np.abs(nats.numpy() / stored["r_loss"] - 1).max()) <= 1e-5
    assert abs(float(loss.total) / float(stored["loss"]) - 1) <= 1e-5


@EACH
def test_gradients(name: str, monkeypatch: pytest.MonkeyPatch):
    vae, entries = fresh_model_of(name)
    model = FixedNoise(vae, name)
    model.loss(int(model.stored["step"]), monkeypatch).total.backward()
    ours = {key: p.grad.numpy() for key, p in vae.named_parameters() if p.grad is not None}
    assert len(ours) == len(dict(vae.named_parameters()))
    norm = float(torch.nn.utils.get_total_norm([torch.from_numpy(grad) for grad in ours.values()]))
    assert abs(norm / float(model.stored["global_norm"]) - 1) <= 1e-4
    seen = set()
    for entry in entries:
        for variable, grad in entry.to_theirs(ours, forget=0.0).items():
            wanted = model.stored[f"grad/{variable}"]
            seen.add(f"grad/{variable}")
            error, size = np.abs(grad - wanted).max(), np.abs(wanted).max()
            assert error <= 1e-4 * size, f"{variable}: off by {error:.2e} of {size:.2e}"
    assert seen == {key for key in model.stored if key.startswith("grad/")}


@EACH
def test_three_optimiser_steps(name: str, monkeypatch: pytest.MonkeyPatch):
    vae, entries = fresh_model_of(name)
    model, first = FixedNoise(vae, name), 100
    optimizer = TensorFlowAdam(vae.parameters())
    for number, wanted in enumerate(model.stored["loss_after_adam"]):
        step = first + number
        optimizer.param_groups[0]["lr"] = (1e-3 - 1e-5) * 0.9999**step + 1e-5
        optimizer.zero_grad()
        model.loss(step, monkeypatch).total.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            after = float(model.loss(step + 1, monkeypatch).total)
        assert abs(after - float(wanted)) <= 1e-4 * abs(float(wanted))
    ours = {key: p.detach().numpy() for key, p in vae.named_parameters()}
    for entry in entries:
        for variable, value in entry.to_theirs(ours).items():
            assert np.abs(value - model.stored[f"after/{variable}"]).max() <= 1e-4
