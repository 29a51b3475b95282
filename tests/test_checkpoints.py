"""Model folders: written whole or not at all, and what is said of broken ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from musicvae_lite import checkpoints
from musicvae_lite.errors import CheckpointError
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.prior import CodePrior
from tests.models.small import save_small, small_model

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_small(tmp_path / "model")


def refusal(action, *arguments) -> str:
    with pytest.raises(CheckpointError) as error:
        action(*arguments)
    return str(error.value)


def test_what_was_saved_is_loaded(folder: Path):
    before, after = small_model(), MusicVAE.load(folder)
    for (name, wanted), got in zip(before.vae.state_dict().items(), after.vae.parameters(), strict=False):
        assert torch.equal(wanted, after.vae.state_dict()[name]), name
        assert got.dtype == torch.float32
    assert after.config.to_table() == before.config.to_table()


@pytest.mark.parametrize("name", checkpoints.COMPANIONS)
def test_what_lay_beside_another_model_is_taken_away(folder: Path, name: str):
    (folder / name).write_bytes(b"of the model that was here")
    small_model(seed=1).save(folder)
    assert not (folder / name).exists()
    checkpoints.write(folder, {}, small_model().vae.state_dict(), keeps=[name])
    (folder / name).write_bytes(b"of this one")
    checkpoints.write(folder, {}, small_model().vae.state_dict(), keeps=[name])
    assert (folder / name).read_bytes() == b"of this one"


def test_a_model_saved_where_it_was_loaded_from_keeps_what_is_its_own(folder: Path):
    model = MusicVAE.load(folder)
    for name in checkpoints.COMPANIONS:
        (folder / name).write_bytes(b"its own")
    model.save(folder / ".." / folder.name)
    left = [name for name in checkpoints.COMPANIONS if (folder / name).exists()]
    assert left == [checkpoints.VECTORS, checkpoints.GUIDE, checkpoints.CARD]  # it has no prior


def test_a_prior_goes_with_its_model(folder: Path):
    model = small_model()
    model.vae.prior = CodePrior.fit(torch.randn(100, model.config.z))
    model.save(folder)
    again = MusicVAE.load(folder)
    again.save(folder)
    assert MusicVAE.load(folder).vae.prior is not None
    small_model(seed=1).save(folder)
    assert MusicVAE.load(folder).vae.prior is None


def test_half_is_half_the_size_and_nearly_the_same(tmp_path: Path, folder: Path):
    small_model().save(tmp_path / "half", storage="float16")
    sizes = [(f / checkpoints.WEIGHTS).stat().st_size for f in (tmp_path / "half", folder)]
    assert sizes[0] < 0.65 * sizes[1]
    wanted, got = checkpoints.read_weights(folder), checkpoints.read_weights(tmp_path / "half")
    for name, tensor in wanted.items():
        assert got[name].dtype == torch.float32
        torch.testing.assert_close(got[name], tensor, atol=1e-3, rtol=1e-3)


def test_a_damaged_config_is_named(folder: Path):
    config = folder / checkpoints.CONFIG
    whole = config.read_text()
    config.write_text(whole[:50])
    assert "not JSON" in refusal(MusicVAE.load, folder)
    config.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refusal(MusicVAE.load, folder)
    config.write_text("[]")
    assert "format None" in refusal(MusicVAE.load, folder)
    config.write_text(json.dumps(json.loads(whole) | {"format": 99}))
    assert "format 99; this version of musicvae_lite reads format 1" in refusal(MusicVAE.load, folder)
    config.write_text(json.dumps(json.loads(whole) | {"family": "images"}))
    assert "'images'" in refusal(MusicVAE.load, folder)
    for field, value in (
        ("z", "8"),
        ("encoder", None),
        ("representation", {"name": "melody", "bars": "two"}),
    ):
        config.write_text(json.dumps(json.loads(whole) | {field: value}))
        assert field in refusal(MusicVAE.load, folder)


@pytest.mark.parametrize("keep", [0, 7, 100, -100])
def test_damaged_weights_are_named(folder: Path, keep: int):
    weights = folder / checkpoints.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:keep])
    words = refusal(MusicVAE.load, folder)
    assert str(weights) in words and f"{weights.stat().st_size} bytes" in words


def test_missing_weights_are_named(folder: Path):
    (folder / checkpoints.WEIGHTS).unlink()
    assert "model.safetensors: missing" in refusal(MusicVAE.load, folder)


def test_no_pickle_is_loaded(folder: Path):
    torch.save({"a": torch.ones(1)}, folder / checkpoints.WEIGHTS)
    assert "damaged" in refusal(MusicVAE.load, folder)


def test_config_and_weights_that_disagree_are_shown_as_differences(folder: Path):
    config = folder / checkpoints.CONFIG
    table = json.loads(config.read_text())
    table["decoder"]["feed"] = 7
    config.write_text(json.dumps(table))
    words = refusal(MusicVAE.load, folder)
    assert "decoder.feed.weight: the config asks for (63, 7), the file has (63, 6)" in words
    model = nn.Linear(2, 3)
    words = refusal(
        checkpoints.load_into, model, {"weight": torch.ones(3, 2), "extra": torch.ones(1)}, folder
    )
    assert "bias: the config asks for (3,), the file has nothing" in words
    assert "extra: the file has (1,), the config asks for nothing" in words
    many = {f"x{i}": torch.ones(1) for i in range(20)}
    assert "... and 14 more" in refusal(checkpoints.load_into, model, many, folder)


def test_only_what_fits_is_copied():
    model = nn.Linear(2, 3)
    bias = model.bias.detach().clone()
    copied, fresh = checkpoints.load_matching(model, {"weight": torch.ones(3, 2), "bias": torch.ones(4)})
    assert (copied, fresh) == (["weight"], ["bias"])
    assert torch.equal(model.weight, torch.ones(3, 2)) and torch.equal(model.bias, bias)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits on the size of files are POSIX")
def test_a_full_disk_is_an_error_with_the_file(tmp_path: Path):
    code = (
        "import resource, signal, sys, torch\n"
        "from pathlib import Path\n"
        "from musicvae_lite import checkpoints\n"
        "from musicvae_lite.errors import MusicVAEError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: checkpoints.write_tensors(Path(sys.argv[1]), {'a': torch.ones(9999)})\n"
        "except (MusicVAEError, OSError) as error: print('said:', error)\n"
    )
    file, env = tmp_path / "model.safetensors", os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, env=env)
    assert f"said: {file}: cannot be written" in run.stdout, run.stdout + run.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_prior_travels_with_its_model(tmp_path):
    assert checkpoints.read_prior(tmp_path, 4) is None
    prior = CodePrior.fit(torch.randn(100, 4))
    checkpoints.write_prior(tmp_path, prior)
    found = checkpoints.read_prior(tmp_path, 4)
    assert found is not None
    assert torch.equal(found.mean, prior.mean)
    assert torch.equal(found.root, prior.root)
    with pytest.raises(CheckpointError, match="a model of 5 units"):
        checkpoints.read_prior(tmp_path, 5)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("kinds", [1, 3])
def test_a_prior_made_smaller_is_half_a_root(tmp_path, kinds, shared):
    prior = CodePrior.fit(torch.randn(200, 16), torch.arange(200) % kinds, shared=shared)
    checkpoints.write_prior(tmp_path, prior)
    whole = (tmp_path / checkpoints.PRIOR).stat().st_size
    checkpoints.write_prior(tmp_path, prior, "float16")
    found = checkpoints.read_prior(tmp_path, 16)
    assert (
        found is not None and found.root.shape == prior.root.shape and torch.equal(found.root, found.root.mT)
    )
    torch.testing.assert_close(found.root, prior.root, rtol=1e-3, atol=1e-3)
    assert (tmp_path / checkpoints.PRIOR).stat().st_size < 0.4 * whole
    with pytest.raises(CheckpointError, match=r"halves of matrices \[15, 15\]"):
        checkpoints.read_prior(tmp_path, 15)


def test_a_prior_of_independent_numbers_is_small(tmp_path):
    prior = CodePrior.fit(torch.randn(200, 64), torch.arange(200) % 3, shared=True, diagonal=True)
    checkpoints.write_prior(tmp_path, prior, "float16")
    found = checkpoints.read_prior(tmp_path, 64)
    assert found is not None
    torch.testing.assert_close(found.root, prior.root, rtol=1e-3, atol=0)
    assert (tmp_path / checkpoints.PRIOR).stat().st_size < 1000


def test_a_prior_of_several_parts_travels_too(tmp_path):
    prior = CodePrior.fit(torch.randn(100, 4), torch.arange(100) % 3)
    checkpoints.write_prior(tmp_path, prior, "int8")
    found = checkpoints.read_prior(tmp_path, 4)
    assert found is not None and found.mean.shape == (3, 4) and found.root.shape == (3, 4, 4)
    torch.testing.assert_close(found.root, prior.root, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found.shares, prior.shares, rtol=1e-3, atol=0)
    tensors = checkpoints.read_tensors(tmp_path / checkpoints.PRIOR)
    for name, wrong in (
        ("root#half", tensors["root#half"][:2]), ("root#half", torch.ones(())),
        ("shares", tensors["shares"][:2]), ("shares", torch.ones(())),
    ):  # fmt: skip
        checkpoints.write_tensors(tmp_path / checkpoints.PRIOR, {**tensors, name: wrong})
        with pytest.raises(CheckpointError, match=r"a model of 4 units|halves of matrices"):
            checkpoints.read_prior(tmp_path, 4)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are Unicode there")
def test_a_folder_may_have_a_name_that_is_no_unicode(tmp_path: Path):
    folder = save_small(tmp_path / os.fsdecode(b"mod\xe8le"))
    for name, wanted in small_model().vae.state_dict().items():
        assert torch.equal(checkpoints.read_weights(folder)[name], wanted), name
    weights = folder / checkpoints.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "damaged" in refusal(MusicVAE.load, folder) and "UTF-8" not in refusal(MusicVAE.load, folder)
