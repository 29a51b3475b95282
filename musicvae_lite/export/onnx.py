"""Models as ONNX files, each checked against PyTorch when it is written. docs/export.md describes them."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.torch_version import TorchVersion

from musicvae_lite.errors import CheckpointError, ConfigError, MusicVAEError
from musicvae_lite.export.graphs import Graph, graphs_of
from musicvae_lite.export.joining import joined, nodes
from musicvae_lite.export.loops import Loop
from musicvae_lite.export.recurrence import defined
from musicvae_lite.export.steps import described, first_of
from musicvae_lite.models import labels
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.writing import replacing, write_json

if TYPE_CHECKING:
    from onnx import ModelProto

DESCRIPTION = "model.json"
OPSET = 18
LEAST_TORCH, LEAST_ONNXSCRIPT = "2.9", "0.7.1"
TOLERANCE = 1e-4  # largest difference to PyTorch that is let pass
EXTRA = "ONNX export needs the packages of the extra 'onnx': pip install 'musicvae_lite[onnx]'"


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Attributes:
        path: where.
        error: largest difference between onnxruntime and PyTorch on the inputs it was checked with; of
            outputs that grow beyond 1, relative to their largest.
    """

    path: Path
    error: float


def export_onnx(
    model: MusicVAE, folder: Path, progress: Callable[[str], None] = lambda name: None
) -> list[Exported]:
    """Writes encoder, prior, decoder step and greedy decode, and a description of them.

    Raises:
        ConfigError: the packages are missing or too old.
        CheckpointError: a part of the model cannot be written, or its file does not do what the part does.
    """
    _require()
    vae = copy.deepcopy(model.vae).cpu().eval().requires_grad_(False)
    folder.mkdir(parents=True, exist_ok=True)
    written, files = [], {}
    for graph in graphs_of(vae, model.representation, model.config.labels):
        progress(graph.name)
        path = folder / f"{graph.name}.onnx"
        try:
            _write(graph, path)
            error = _check(graph, path)
        except MusicVAEError:
            raise
        except ImportError as fault:  # of what torch looks for in them while it exports
            raise ConfigError(
                f"the packages of the extra 'onnx' do not fit torch {torch.__version__} ({fault}): "
                "pip install --upgrade 'musicvae_lite[onnx]'"
            ) from fault
        except Exception as fault:  # onnxruntime's and torch's have no kind in common
            reason = str(fault).strip().splitlines()[0] if str(fault).strip() else type(fault).__name__
            raise CheckpointError(f"{path}: this part of the model cannot be exported: {reason}") from fault
        written.append(Exported(path, error))
        files[path.name] = {
            "inputs": {name: _shape(value) for name, value in graph.inputs.items()},
            "outputs": list(graph.outputs),
            "error": written[-1].error,
        }
    step, told = model.representation.step, labels.step(model.representation.control, model.config.labels)
    description: dict[str, Any] = {
        "format": 1,
        "step": described(step),
        "steps": model.representation.steps,
        "control": None if told is None else described(told),
        "first": first_of(step) if "decoder_start.onnx" in files else None,
        "end": getattr(vae.decoder, "end", None),
        "apart": getattr(vae.decoder, "apart", False),
        "opset": OPSET,
        "files": files,
        "model": model.config.to_table(),
    }
    write_json(folder / DESCRIPTION, description)
    return written


def _require() -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript
    except ImportError as error:
        raise ConfigError(f"{EXTRA} ({error.name} is missing)") from error
    for package, least in ((torch, LEAST_TORCH), (onnxscript, LEAST_ONNXSCRIPT)):
        if TorchVersion(package.__version__) < least:
            raise ConfigError(
                f"ONNX export needs {package.__name__} {least} or later, and {package.__version__} is "
                f"installed: pip install --upgrade {package.__name__}"
            )


def _write(graph: Graph, path: Path) -> None:
    import onnx

    if graph.loop is None:
        model = _exported(graph.module, graph.inputs, graph.outputs)
    else:
        model = _looped(graph, graph.loop)
    for node in nodes(model.graph):
        del node.metadata_props[:]  # where in whose source it comes from
    with replacing(path) as temporary:
        onnx.save_model(model, str(temporary))


def _looped(graph: Graph, loop: Loop) -> ModelProto:
    """Start and body exported each, and joined."""
    names = [*loop.carried, *loop.given]
    start = _exported(loop.start, graph.inputs, [f"start_{name}" for name in names])
    with torch.no_grad():
        values = loop.start(**graph.inputs)
        (output,) = graph.outputs
        shape = graph.module(**graph.inputs).shape[1:]
    carried, given = values[: len(loop.carried)], (value[:, 0] for value in values[len(loop.carried) :])
    inputs = dict(zip(names, [*carried, *given], strict=True))
    body = _exported(loop.body, inputs, [*(f"next_{name}" for name in loop.carried), "written"])
    return joined(start, body, loop, output, shape)


def _exported(module: nn.Module, inputs: dict[str, Tensor], outputs: Sequence[str]) -> ModelProto:
    """A module as an ONNX model; the first dimension of everything is the batch."""
    batch = torch.export.Dim("batch", min=1)
    for noisy in ("torch.onnx", "onnxscript", "onnx_ir"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            kwargs=inputs,
            dynamo=True,
            dynamic_shapes={name: {0: batch} for name in inputs},
            opset_version=OPSET,
            output_names=list(outputs),
            verbose=False,
        )
    return defined(program.model_proto, OPSET)  # type: ignore[union-attr]


def _check(graph: Graph, path: Path) -> float:
    """The largest difference (see `Exported`), for the example inputs and for other batches of them."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    worst = 0.0
    for rows in ([0, 1], [1], [1, 0, 0, 1, 1]):
        inputs = {name: value[rows] for name, value in graph.inputs.items()}
        with torch.no_grad():
            wanted = graph.module(**inputs)
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        got = session.run(None, {name: value.numpy() for name, value in inputs.items()})
        for value, tensor in zip(got, wanted, strict=True):
            exact = tensor.double().numpy()
            error = np.abs(np.asarray(value, np.float64) - exact).max() / max(1.0, np.abs(exact).max())
            worst = max(worst, float(error))
    if not worst <= TOLERANCE:
        raise CheckpointError(f"{path}: differs from the model by {worst:.2g}: not to be used")
    return worst


def _shape(value: Tensor) -> list[Any]:
    """Type and sizes of an input, the batch by name."""
    return [str(value.dtype).removeprefix("torch."), ["batch", *value.shape[1:]]]
