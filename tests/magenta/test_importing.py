"""Checkpoints of every architecture become models; what fits nowhere is told."""

from __future__ import annotations

import json
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite import checkpoints
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.magenta import locating
from musicvae_lite.magenta.importing import import_model
from musicvae_lite.magenta.names import layout
from musicvae_lite.magenta.recognition import stock_names
from musicvae_lite.models.attributes.kept import Attributes
from musicvae_lite.models.attributes.vectors import AttributeVectors
from musicvae_lite.models.music_vae import MusicVAE
from tests.magenta.bundles import variables_of, with_slots, write_bundle
from tests.magenta.models import small

RESIDUAL = {
    "encoder": {"hidden": (7, 7), "residual": True},
    "decoder": {"hidden": (6, 6, 9), "residual": True},
}
UNEQUAL = {"encoder": {"hidden": (9, 5)}, "decoder": {"hidden": (6, 11)}}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        *((name, {}) for name in stock_names()),
        *(
            (name, changes)
            for name in ("nade-drums_2bar_reduced", "hier-trio_16bar")
            for changes in (RESIDUAL, UNEQUAL)
        ),
    ],
)
def test_every_configuration(tmp_path: Path, name: str, changes: dict):
    config = small(name, **changes)
    variables = variables_of(config)
    prefix = write_bundle(tmp_path / "model.ckpt", variables)
    imported = import_model(prefix, config=name, folder=tmp_path / "out")
    assert imported.config == name and imported.step is None
    model = MusicVAE.load(imported.folder)
    assert model.config == config
    ours = {key: value.numpy() for key, value in model.vae.state_dict().items()}
    r = config.representation
    for entry in layout(config.encoder, config.decoder, r.step, config.z, r.control):
        for variable, value in entry.to_theirs(ours).items():
            stored = variables.get(variable)
            if stored is None:
                stored = variables[variable.replace("lstm_cell/", "input_projection_wrapper/lstm_cell/")]
            np.testing.assert_allclose(value, stored, atol=1e-6)


def test_one_that_is_unmistakable_needs_no_name(tmp_path: Path):
    prefix = write_bundle(tmp_path / "model.ckpt", variables_of(small("hier-mel_16bar")))
    imported = import_model(prefix)
    assert imported.config == imported.folder.name == "hier-mel_16bar"
    assert MusicVAE.load("hier-mel_16bar").config.decoder.levels == (16, 16)  # its name finds it


def test_where_several_fit_all_are_named(tmp_path: Path):
    prefix = write_bundle(tmp_path / "model.ckpt", variables_of(small("groovae_4bar")))
    with pytest.raises(CheckpointError, match="several configurations") as error:
        import_model(prefix)
    assert "groovae_4bar" in str(error.value) and "groovae_2bar_humanize" in str(error.value)
    assert "--config" in str(error.value) and "hits_control" not in str(error.value)
    imported = import_model(prefix, config="groovae_2bar_humanize_tfds")
    assert MusicVAE.load(imported.folder).representation.bars == 2


def test_training_checkpoints_in_several_shards(tmp_path: Path):
    variables = with_slots(variables_of(small("hierdec-mel_16bar")), step=4321)
    write_bundle(tmp_path / "run" / "model.ckpt-4321", variables, shards=3, snappy=True)
    (tmp_path / "run" / "checkpoint").write_text(
        'model_checkpoint_path: "/elsewhere/run/model.ckpt-4321"\nall_model_checkpoint_paths: "x"\n'
    )
    write_bundle(tmp_path / "run" / "model.ckpt-99", variables)
    imported = import_model(tmp_path / "run")
    assert imported.step == 4321
    table = json.loads((imported.folder / checkpoints.CONFIG).read_text())
    assert table["origin"] == {
        "config": "hierdec-mel_16bar",
        "format": "TensorFlow",
        "from": "run",
        "step": 4321,
    }
    assert "4,321 updates" in (imported.folder / checkpoints.CARD).read_text()


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_archives(tmp_path: Path, mode: Any):
    prefix = write_bundle(tmp_path / "in" / "hier.ckpt", variables_of(small("hier-mel_16bar")))
    with tarfile.open(tmp_path / "hier.tar", mode) as tar:
        for path in sorted(prefix.parent.iterdir()):
            tar.add(path, f"./models/{path.name}")
    assert import_model(tmp_path / "hier.tar").config == "hier-mel_16bar"


@pytest.mark.parametrize("name", ["../evil.index", "/tmp/evil.index", "a/../../evil.index", "..\\evil.index"])
def test_archives_that_climb_out(tmp_path: Path, name: str):
    (tmp_path / "x").write_bytes(b"x")
    with tarfile.open(tmp_path / "in.tar", "w") as tar:
        tar.add(tmp_path / "x", name, filter=lambda info: setattr(info, "name", name) or info)
    with pytest.raises(CheckpointError, match="climbs out"):
        import_model(tmp_path / "in.tar")
    assert not (tmp_path.parent / "evil.index").exists()


def test_archives_with_links(tmp_path: Path):
    with tarfile.open(tmp_path / "in.tar", "w") as tar:
        info = tarfile.TarInfo("model.index")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(CheckpointError, match=r"the link 'model\.index'"):
        import_model(tmp_path / "in.tar")


def test_archives_that_would_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    prefix = write_bundle(tmp_path / "in" / "model.ckpt", variables_of(small("hier-mel_16bar")))
    with tarfile.open(tmp_path / "in.tar.gz", "w:gz") as tar:
        for path in sorted(prefix.parent.iterdir()):
            tar.add(path, path.name)
    data = (tmp_path / "in.tar.gz").read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(data[: len(data) // 2])
    (tmp_path / "bad.tar.gz").write_bytes(data[: len(data) // 2] + bytes(len(data) // 2))
    for name in ("cut", "bad"):
        with pytest.raises(CheckpointError, match=r"damaged archive|there is no \.index file"):
            import_model(tmp_path / f"{name}.tar.gz")
    for name, least in (("LARGEST_ARCHIVE", 1000), ("MOST_MEMBERS", 1)):
        with monkeypatch.context() as patch:
            patch.setattr(locating, name, least)
            with pytest.raises(CheckpointError, match=r"holds more than .* not unpacked"):
                import_model(tmp_path / "in.tar.gz")


def test_things_that_are_no_checkpoint(tmp_path: Path):
    def refused(path: Path, words: str) -> None:
        with pytest.raises(CheckpointError, match=words):
            import_model(path)

    (tmp_path / "weights.pkl").write_bytes(pickle.dumps({"a": 1}))
    refused(tmp_path / "weights.pkl", "a pickle, which could run any code")
    torch.save({"a": torch.zeros(2)}, tmp_path / "weights.pt")
    refused(tmp_path / "weights.pt", "a zip archive, such as PyTorch's pickles")
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"\x08\x01")
    refused(tmp_path / "saved", "a SavedModel")
    refused(tmp_path / "saved" / "saved_model.pb", "a SavedModel")
    (tmp_path / "k.h5").write_bytes(b"\x89HDF\r\n")
    refused(tmp_path / "k.h5", "an HDF5 file")
    (tmp_path / "notes.txt").write_text("hello")
    refused(tmp_path / "notes.txt", "not a checkpoint")
    refused(tmp_path / "nowhere", "no such file")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "there is no .index file")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "model.ckpt.data-00000-of-00001").write_bytes(b"")
    refused(tmp_path / "half", "no .index file beside model.ckpt.data")
    for name in ("model.ckpt-1", "model.ckpt-2"):
        write_bundle(tmp_path / "two" / name, {"w": np.zeros(1, np.float32)})
    refused(tmp_path / "two", "holds 2 checkpoints .*: name one")
    (tmp_path / "two" / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-3"')
    refused(tmp_path / "two", "names 'model.ckpt-3'")
    (tmp_path / "cut.tar").write_bytes(b"x" * 20)
    refused(tmp_path / "cut.tar", "not a checkpoint")


def changed(tmp_path: Path, change) -> Path:
    variables = variables_of(small("hier-mel_16bar"))
    change(variables)
    return write_bundle(tmp_path / "model.ckpt", variables)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda v: v.update({"encoder/attention/kernel": np.zeros((2, 2), np.float32)}),
            "'encoder/attention/kernel' .* is unknown",
        ),
        (
            lambda v: v.pop("core_decoder/decoder/z_to_initial_state/bias"),
            "z_to_initial_state/bias' .* is missing",
        ),
        (lambda v: v.pop("encoder/mu/bias"), "no MusicVAE: the variable 'encoder/mu/bias' is missing"),
        (
            lambda v: v.update({"encoder/sigma/kernel": np.zeros((3, 4), np.float32)}),
            r"sigma/kernel' is \[3, 4\], and should be \[14, 4\]",
        ),
        (
            lambda v: v.update({"core_decoder/decoder/output_projection/bias": np.zeros(91, np.float32)}),
            "The nearest is hier-mel_16bar:\n.*the checkpoint has 91, the configuration 90",
        ),
        (lambda v: v.update({"encoder/mu/bias": np.full(4, np.nan, np.float32)}), "infinite or no numbers"),
        (lambda v: v.update({"encoder/mu/bias": np.float32(1)}), "too few dimensions|should be"),
        (lambda v: v.update({"encoder/mu/bias": np.zeros(0, np.float32)}), "a layer has no units"),
        (lambda v: v.update({"global_step": np.zeros(3, np.int64)}), "should be one count of updates"),
    ],
)
def test_variables_that_do_not_fit(tmp_path: Path, change, words: str):
    with pytest.raises(CheckpointError, match=words):
        import_model(changed(tmp_path, change), folder=tmp_path / "out")
    assert not (tmp_path / "out" / checkpoints.CONFIG).exists()


def test_a_configuration_that_does_not_fit_says_why(tmp_path: Path):
    prefix = write_bundle(tmp_path / "model.ckpt", variables_of(small("hier-mel_16bar")))
    with pytest.raises(CheckpointError, match="not of the configuration cat-drums_2bar_small"):
        import_model(prefix, config="cat-drums_2bar_small")
    with pytest.raises(ConfigError, match="no configuration 'hier-mel': there are"):
        import_model(prefix, config="hier-mel")


def test_a_configuration_of_ones_own(tmp_path: Path):
    mine = tmp_path / "four.toml"
    mine.write_text('base = "cat-mel_2bar_small"\nrepresentation = { bars = 4 }\n')
    prefix = write_bundle(tmp_path / "model.ckpt", variables_of(small("cat-mel_2bar_small")))
    imported = import_model(prefix, config=str(mine), name="four")
    assert MusicVAE.load("four").representation.bars == 4 and imported.config == "four"


def test_a_name_that_is_taken(tmp_path: Path):
    prefix = write_bundle(tmp_path / "model.ckpt", variables_of(small("hier-mel_16bar")))
    import_model(prefix, name="mine")
    with pytest.raises(ConfigError, match="a model already"):
        import_model(prefix, name="mine")
    old = MusicVAE.load("mine")
    assert old.folder is not None
    vectors = AttributeVectors({"density": torch.ones(old.config.z)})
    Attributes(vectors).save(old.folder)
    assert MusicVAE.load("mine").attributes.choose().names == ("density",)
    import_model(prefix, name="mine", replace=True)
    assert MusicVAE.load("mine").attributes.choose().names == ()  # those of the old one are gone
    with pytest.raises(ConfigError, match="cannot be the name"):
        import_model(prefix, name="../mine")


def test_without_sigma_the_model_works_from_means(tmp_path: Path):
    variables = variables_of(small("hier-mel_16bar"))
    kept = {name: value for name, value in variables.items() if "sigma" not in name}
    imported = import_model(write_bundle(tmp_path / "model.ckpt", kept))
    assert any("no sigma" in note for note in imported.notes)
    model = MusicVAE.load(imported.folder)
    q = model.posterior_of_tokens(np.zeros((2, 256), np.uint8))
    torch.testing.assert_close(q.rsample(), q.mean)
    assert bool(q.kl().isfinite().all())
