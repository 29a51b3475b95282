"""Exported decoders run as docs/export.md tells whoever has nothing but the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Choose = Callable[[np.ndarray, np.ndarray], np.ndarray]  # from logits and the likeliest step to a step


class Files:
    """A folder of files and what its `model.json` says."""

    def __init__(self, folder: Path):
        import onnxruntime

        self.told = json.loads((folder / "model.json").read_text())
        self.sessions = {
            Path(name).stem: onnxruntime.InferenceSession(
                str(folder / name), providers=["CPUExecutionProvider"]
            )
            for name in self.told["files"]
        }

    def run(self, name: str, **inputs: np.ndarray | None) -> list[Any]:
        """What a file gives for its inputs, without those that are None."""
        given = {key: value for key, value in inputs.items() if value is not None}
        return list(self.sessions[name].run(None, given))

    def written(self, z: np.ndarray, control: np.ndarray | None, choose: Choose) -> np.ndarray:
        """Steps [B, T, ...], one after the other, each as `choose` has it."""
        write = self._with_state if "decoder_start" in self.sessions else self._whole
        return write(z, control, choose)

    def _with_state(self, z: np.ndarray, control: np.ndarray | None, choose: Choose) -> np.ndarray:
        vectors, states = self.run("decoder_start", z=z)
        kind, shape = self.told["files"]["decoder_step.onnx"]["inputs"]["previous"]
        first = np.broadcast_to(np.array(self.told["first"], kind), (len(z), *shape[1:]))
        previous, end, written = first, self.told["end"], []
        length = self.told["steps"] // vectors.shape[1]
        for segment in range(vectors.shape[1]):
            state, ended = states[:, segment], np.zeros(len(z), bool)
            if self.told["apart"]:
                previous = first
            for place in range(segment * length, (segment + 1) * length):
                told = None if control is None else control[:, place]
                logits, likeliest, state = self.run(
                    "decoder_step", previous=previous, vector=vectors[:, segment], state=state, control=told
                )
                step = previous = choose(logits, likeliest)
                if end is not None:
                    step = np.where(ended, end, step)
                    previous = np.where(ended, first, step)
                    ended = ended | (step == end)
                written.append(step)
        return np.stack(written, 1)

    def _whole(self, z: np.ndarray, control: np.ndarray | None, choose: Choose) -> np.ndarray:
        kind, shape = self.told["files"]["decoder_step.onnx"]["inputs"]["written"]
        written = np.zeros((len(z), *shape[1:]), kind)
        for t in range(self.told["steps"]):
            place = np.full(len(z), t)
            logits, likeliest = self.run("decoder_step", z=z, written=written, place=place, control=control)
            written[:, t] = choose(logits, likeliest)
        return written


def drawn(files: Files, logits: np.ndarray, temperature: float, chances: np.random.Generator) -> np.ndarray:
    """Steps [B, ...] drawn from logits [B, D]."""
    step, count = files.told["step"], len(logits)
    if "decoder_draw" in files.sessions:
        chance = chances.random((count, step["size"]), np.float32)
        heat = np.full(count, temperature, np.float32)
        return files.run("decoder_draw", logits=logits, temperature=heat, chance=chance)[0]
    if step["kind"] in ("categorical", "product"):
        parts = np.split(logits, np.cumsum(step.get("depths", [step.get("depth")]))[:-1], -1)
        values = [(part / temperature + chances.gumbel(size=part.shape)).argmax(-1) for part in parts]
        return np.stack(values, -1) if step["kind"] == "product" else values[0]
    hits, *rest = np.split(logits, 3, -1) if step["kind"] == "groove" else [logits]
    ones = chances.random(hits.shape) < sigmoid(hits / temperature)
    if not rest:
        return ones.astype(np.float32)
    return np.concatenate([ones, sigmoid(rest[0]), np.tanh(rest[1])], -1).astype(np.float32)


def nats(step: dict[str, Any], logits: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """What steps cost by their logits [B]; of grooves, what their hits cost."""
    if step["kind"] in ("categorical", "product"):
        parts = np.split(logits, np.cumsum(step.get("depths", [step.get("depth")]))[:-1], -1)
        values = chosen.reshape(len(chosen), -1).T
        costs = [np.log(np.exp(part - part.max(-1, keepdims=True)).sum(-1)) + part.max(-1) for part in parts]
        rows = np.arange(len(chosen))
        each = [cost - part[rows, v] for cost, part, v in zip(costs, parts, values, strict=True)]
        return np.sum(each, 0)
    hits = logits[:, : step.get("classes", step.get("size"))]
    return np.logaddexp(0, np.where(chosen[:, : hits.shape[1]] > 0, -hits, hits)).sum(-1)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -80, 80)))
