"""Reconstruction of music never trained on: the table of a model's CARD.md.

    python -m benchmarks.held_out MODEL --trad DATASET --nottingham FOLDER --pop909 FOLDER -o OUT

Sets: the validation and test songs of the training dataset (whole, and its folders of folk tunes
alone), the Nottingham tunes as MIDI files, and POP909's melodies with their annotated bars. All windows
begin on a bar line and differ in more than their key. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import common, pop909
from musicvae_lite.training.dataset import WindowDataset, windows_of
from musicvae_lite.training.windows import WindowSplit, from_arrays

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import MusicVAE

COLUMNS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("windows", lambda e: f"{e['windows']:,}"),
    ("always hold", lambda e: f"{e['commonest']:.3f}"),
    ("T=1: steps", lambda e: f"{e['free_mean']['steps']:.3f}"),
    ("note F1", lambda e: f"{e['free_mean']['note_f1']:.3f}"),
    ("T=1, sampled z: steps", lambda e: f"{e['free_sampled']['steps']:.3f}"),
    ("note F1", lambda e: f"{e['free_sampled']['note_f1']:.3f}"),
    ("argmax: steps", lambda e: f"{e['argmax']['steps']:.3f}"),
    ("note F1", lambda e: f"{e['argmax']['note_f1']:.3f}"),
    ("whole windows", lambda e: f"{e['argmax']['windows']:.3f}"),
    ("teacher-forced", lambda e: f"{e['teacher_forced']:.3f}"),
    ("KL, bits", lambda e: f"{e['kl_bits']:.0f}"),
    ("ELBO, nats", lambda e: f"{e['elbo_nats']:.1f}"),
    ("active units", lambda e: f"{e['active_units']} of {e['units']}"),
)


def of_dataset(dataset: WindowDataset, folders: tuple[str, ...] = ()) -> WindowSplit:
    """Held-out windows of a dataset that begin on a bar line, all or those of songs in some folders."""
    tokens = []
    for name in common.HELD_OUT:
        split = dataset.split(name)
        rows = common.on_bars(split)
        if folders:
            wanted = [song.id for song in split.songs if song.label in folders]
            rows = rows[np.isin(split.origins[rows, 0], wanted)]
        if len(rows):
            tokens.append(split.gather(rows))
    empty = np.zeros((0, dataset.manifest.window_shape[0]), np.uint8)
    return from_arrays(np.concatenate(tokens) if tokens else empty, name=str(dataset.folder))


def sets(model: MusicVAE, chosen: argparse.Namespace) -> dict[str, WindowSplit]:
    """The sets that were asked for, by the name they have in the table."""
    found: dict[str, WindowSplit] = {}
    if chosen.trad:
        dataset = common.open_dataset(chosen.trad, model)
        found["held-out songs"] = of_dataset(dataset)
        if chosen.folk:
            found["held-out folk tunes"] = of_dataset(dataset, tuple(chosen.folk))
    if chosen.nottingham:
        found["Nottingham"] = windows_of([chosen.nottingham], model.representation, hop="bar")
    if chosen.pop909:
        found["POP909"] = pop909.windows(chosen.pop909, model.representation)  # type: ignore[arg-type]
    return {name: windows for name, windows in found.items() if len(windows)}


def table(results: dict[str, dict[str, Any]]) -> str:
    """Evaluations by name as Markdown."""
    lines = ["| | " + " | ".join(name for name, _ in COLUMNS) + " |", "|---" + "|---:" * len(COLUMNS) + "|"]
    for name, result in results.items():
        lines.append(f"| {name} | " + " | ".join(show(result) for _, show in COLUMNS) + " |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description="Reconstruction of music never trained on.")
    options.add_argument("model", help="name or folder of a model")
    options.add_argument("--trad", type=Path, metavar="DATASET", help="the dataset the model was trained on")
    options.add_argument(
        "--folk", nargs="*", metavar="FOLDER", default=["miscFolk", "oneills1850", "ryansMammoth"],
        help="folders of the dataset that get a line of their own",
    )  # fmt: skip
    options.add_argument("--nottingham", type=Path, metavar="FOLDER", help="its MIDI files")
    options.add_argument("--pop909", type=Path, metavar="FOLDER", help="the folder with 001 to 909")
    options.add_argument("--most", type=int, default=4000, help="windows a set, drawn by the seed")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("-o", "--out", type=Path, default=Path("out"), help="folder for the JSON")
    chosen = options.parse_args()

    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.training.evaluation import evaluate

    model = MusicVAE.load(chosen.model)
    results = {}
    for name, windows in sets(model, chosen).items():
        results[name] = evaluate(
            model.vae, model.representation, windows, chosen.seed, chosen.most, model.config.labels
        ).to_json()
        results[name]["windows_found"] = len(windows)
    if not results:
        options.error("no set has windows: give --trad, --nottingham or --pop909")
    title = common.model_name(chosen.model)
    common.write_json(
        chosen.out / f"held-out-{title}.json",
        common.provenance(chosen.model, chosen.seed) | {"sets": results},
    )
    print(table(results))


if __name__ == "__main__":
    main()
