"""The folder of an unfinished run: its settings, plan, journal and spill files.

It stands beside the dataset it will become, as NAME.partial, and is removed when that is in place.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from musicvae_lite.corpora.extract import Report
from musicvae_lite.corpora.manifest import MANIFEST
from musicvae_lite.corpora.plan import Plan, write_plan
from musicvae_lite.corpora.recipe import Recipe
from musicvae_lite.errors import DatasetError
from musicvae_lite.writing import write_json

VERSION = 2
OWN = re.compile(
    r"(spill|dataset|replaced|[\w-]+\.bin|settings\.json|plan\.new|(plan|journal)\.jsonl)(\.part)?"
    r"|\.settings\.[0-9a-f]+\.json"  # half written
    r"|\.DS_Store|\.nfs\w+"  # what systems put everywhere
)
PATIENCE = 10.0  # seconds until what another machine wrote can be seen on a network's disk


class Workspace:
    """Where a run keeps what it has done, so that a killed one goes on from there.

    Args:
        output: the dataset's folder.
        recipe: the run's settings, compared with those of an unfinished run.
        restart: drop an unfinished run, and replace a dataset of the same name.

    Raises:
        DatasetError: `output` exists, or the unfinished run has other settings or files, or what stands
            in the workspace's place is none.
    """

    def __init__(self, output: Path, recipe: Recipe, restart: bool = False):
        self.output = output
        self.folder = output.with_name(output.name + ".partial")
        self.dataset = self.folder / "dataset"
        self._recipe, self._restart = recipe, restart
        self._check_folder()
        if (output / MANIFEST).is_file() and not self.dataset.exists():
            self.remove()  # killed after its dataset was in place
        self._check_output()
        if restart and self.folder.exists():
            shutil.rmtree(self.folder)
        (self.folder / "spill").mkdir(parents=True, exist_ok=True)

    def _check_folder(self) -> None:
        """Nothing is removed here that another has put."""
        if not self.folder.exists():
            return
        names = [part.name for part in self.folder.iterdir()] if self.folder.is_dir() else [self.folder.name]
        if not all(map(OWN.fullmatch, names)):
            raise DatasetError(
                f"{self.folder}: unfinished work is kept there, and something else has this name: "
                "move it away, or choose another name for the dataset"
            )

    def _check_output(self) -> None:
        if not self.output.exists():
            return
        if not (self.output / MANIFEST).is_file():
            if self.output.is_dir() and not any(self.output.iterdir()):
                return
            raise DatasetError(f"{self.output}: it exists and is no dataset; choose another name")
        if not self._restart:
            raise DatasetError(
                f"{self.output}: this dataset exists; choose another name, or replace it with --restart"
            )

    def plan(self, paths: Sequence[Path], **chunking: int) -> Plan:
        """Lists the files, and checks that an unfinished run had the same settings and files."""
        new = write_plan(paths, self.folder / "plan.new", **chunking)
        config = {"version": VERSION, **self._recipe.to_config(), "plan": new.digest}
        settings = self.folder / "settings.json"
        if settings.exists():
            self._compare(json.loads(settings.read_text(encoding="utf-8")), config)
        new.path.replace(self.folder / "plan.jsonl")
        write_json(settings, config)
        return replace(new, path=self.folder / "plan.jsonl")

    def _compare(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        old, new = flatten(old), flatten(json.loads(json.dumps(new)))
        changed = [k for k in (*old, *(k for k in new if k not in old)) if old.get(k) != new.get(k)]
        if not changed:
            return
        lines = [
            "  the files, or the folders they are in, have changed"
            if k == "plan"
            else f"  {k}: {old.get(k)}, now {new.get(k)}"
            for k in changed
        ]
        raise DatasetError(
            f"{self.folder}: an unfinished run differs from this one:\n"
            + "\n".join(lines)
            + "\nGo on with its settings, or begin anew with --restart."
        )

    def spill(self, chunk: int) -> Path:
        return self.folder / "spill" / f"{chunk:08d}.spill"

    def record(self, report: Report) -> None:
        """Notes a finished chunk in the journal.

        Raises:
            DatasetError: what its worker has written is not to be seen here.
        """
        deadline = time.monotonic() + PATIENCE
        while not self._is_whole(report):
            if time.monotonic() > deadline:
                raise DatasetError(
                    f"{self.spill(report.chunk)}: a worker wrote it, and it is not to be seen here: the "
                    "dataset's folder must be one that all workers share, under the same path"
                )
            time.sleep(0.1)
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(asdict(report)) + "\n")

    def finished(self) -> dict[int, Report]:
        """Chunks of the journal whose spill file is there in full; a torn last line is no chunk."""
        reports: dict[int, Report] = {}
        for report in self._journal():
            if self._is_whole(report):
                reports[report.chunk] = report
        return reports

    def _is_whole(self, report: Report) -> bool:
        try:
            return self.spill(report.chunk).stat().st_size == report.size
        except OSError:
            return False

    def _journal(self) -> Iterator[Report]:
        try:
            text = (self.folder / "journal.jsonl").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        lines = text.splitlines()
        if lines and not text.endswith("\n"):  # killed while writing: begin the next line on its own
            self._append_newline()
        for line in lines:
            try:
                yield Report(**json.loads(line))
            except (ValueError, TypeError):
                continue

    def _append_newline(self) -> None:
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as journal:
            journal.write("\n")

    def begin_dataset(self) -> Path:
        """An empty folder in which the dataset is assembled."""
        shutil.rmtree(self.dataset, ignore_errors=True)
        self.dataset.mkdir()
        return self.dataset

    def publish(self) -> None:
        """Moves the finished dataset into its place and removes the workspace."""
        old = self.folder / "replaced"
        if self.output.exists():
            self.output.replace(old)
        self.dataset.replace(self.output)
        self.remove()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def flatten(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} as {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
