"""`build_dataset`: folders of music to a deduplicated, split, sharded dataset on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from musicvae_lite.corpora.assemble import assemble
from musicvae_lite.corpora.clusters import opened
from musicvae_lite.corpora.extract import Job
from musicvae_lite.corpora.manifest import SONGS, Manifest
from musicvae_lite.corpora.plan import CHUNK_FILES, Chunk, Plan, settled
from musicvae_lite.corpora.recipe import DrumsBy, Recipe, hop_steps
from musicvae_lite.corpora.spill import Block, read_spill
from musicvae_lite.corpora.tally import Reason, Tally, reasons_text
from musicvae_lite.corpora.workers import run_jobs
from musicvae_lite.corpora.workspace import Workspace, place_of
from musicvae_lite.errors import ConfigError, DatasetError, NothingUsableError, ReadError, counted
from musicvae_lite.music.files import DEFAULT_LIMITS, Limits
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.resources import expand


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        stage: "list", "extract" or "assemble".
        files: read so far, of `total`; `resumed` of them by an earlier, unfinished run.
        songs, windows: found so far, before duplicates are removed.
    """

    stage: str
    files: int = 0
    total: int = 0
    resumed: int = 0
    songs: int = 0
    windows: int = 0


def build_dataset(
    paths: Sequence[str | Path] | str | Path,
    representation: Representation,
    output: str | Path,
    *,
    hop: str | int = "beat",
    tracks: str = "chosen",
    split: tuple[float, float, float] = (0.9, 0.05, 0.05),
    seed: int = 0,
    limits: Limits = DEFAULT_LIMITS,
    drums_by: DrumsBy = "onsets",
    workers: int | None = None,
    executor: Executor | str | None = None,
    restart: bool = False,
    chunk_files: int = CHUNK_FILES,
    on_progress: Callable[[Progress], object] = lambda progress: None,
) -> Manifest:
    """Turns music into a dataset for training.

    The same files and settings give the same bytes, however many workers there are and whichever
    is first. A killed run goes on where it was when it is called again. The folder `output` appears
    whole at the end or not at all.

    Worker processes import the main script anew: in a script, call this below
    `if __name__ == "__main__":`.

    Args:
        paths: files, and folders to search through; or one of them.
        representation: what turns scores into windows.
        output: folder of the dataset, or a link to one; while working, OUTPUT.partial stands beside it.
        hop: distance between windows: "beat", "bar" or a number of grid steps.
        tracks: "chosen" takes the track the representation picks, "all" every pitched one in turn.
        split: shares of songs for train, validation and test.
        seed: of the split.
        limits: on the files read.
        drums_by: what tells songs of drums apart for the split, see `Recipe`.
        workers: processes to start (default: one a processor), 0 for none.
        executor: runs the work instead of processes started here: one of `concurrent.futures` kind, or
            "dask://HOST:PORT" for a cluster. Its workers must see the same files under the same paths.
        restart: drop an unfinished run, unless the same call with `restart` began it, and replace a dataset
            at `output`.
        chunk_files: files a worker reads in one go.
        on_progress: called now and then, in this process.

    Raises:
        ReadError: one of `paths` does not exist.
        NothingUsableError: no file gave a window; the message holds the table of reasons, and the
            attribute `reasons` its rows.
        DatasetError: `output` exists, another process prepares it, an unfinished run has other settings, or
            writing failed.
        ConfigError: a setting is out of range, or nobody answers at the executor's address.
    """
    recipe = Recipe(representation, hop_steps(representation, hop), tracks, split, seed, limits, drums_by)
    if workers is not None and workers < 0:
        raise ConfigError(f"workers is {workers}; it must be at least 0")
    target = place_of(expand(output))
    given = [settled(expand(path)) for path in ([paths] if isinstance(paths, (str, Path)) else paths)]
    for path in given:
        if not path.exists():
            raise ReadError(path, "there is no such file or folder", "missing")
    try:
        with Workspace(target, recipe, restart) as workspace:
            on_progress(Progress("list"))
            plan = workspace.plan(given, chunk_files=chunk_files)
            windows = _extract(workspace, plan, recipe, workers, executor, on_progress)
            manifest = _assemble(workspace, plan, recipe, list(map(str, given)), windows, on_progress)
            workspace.publish()
    except OSError as error:
        raise DatasetError(
            f"{error.filename or target}: it cannot be written ({error.strerror or error}); "
            "when that is put right, the same call goes on from here"
        ) from error
    return manifest


def _extract(
    workspace: Workspace,
    plan: Plan,
    recipe: Recipe,
    workers: int | None,
    executor: Executor | str | None,
    on_progress: Callable[[Progress], object],
) -> int:
    """Phase 1: a spill file for every chunk. Returns the number of windows in them."""
    finished = workspace.finished()
    files = resumed = sum(report.files for report in finished.values())
    songs = sum(report.songs for report in finished.values())
    windows = sum(report.windows for report in finished.values())
    on_progress(Progress("extract", files, plan.files, resumed, songs, windows))
    left = [chunk for chunk in range(plan.chunks) if chunk not in finished]
    if not left:
        return windows
    jobs = (
        Job(chunk, recipe, str(workspace.spill(chunk.number)))
        for chunk in plan.read()
        if chunk.number not in finished
    )
    if len(left) == 1 and executor is None and workers is None:
        workers = 1
    with opened(executor) as (pool, places):
        for report in run_jobs(jobs, places if workers is None else workers, pool):
            workspace.record(report)
            files, songs, windows = files + report.files, songs + report.songs, windows + report.windows
            on_progress(Progress("extract", files, plan.files, resumed, songs, windows))
    return windows


def _assemble(
    workspace: Workspace,
    plan: Plan,
    recipe: Recipe,
    folders: list[str],
    windows: int,
    on_progress: Callable[[Progress], object],
) -> Manifest:
    """Phase 2: the dataset in `workspace.dataset`."""
    reasons = _rejections(workspace, plan)
    if not windows:
        workspace.remove()
        raise _nothing_usable(plan, recipe, folders, reasons)
    on_progress(Progress("assemble", plan.files, plan.files, 0, 0, windows))

    def chunks() -> Iterator[tuple[Chunk, Path]]:
        return ((chunk, workspace.spill(chunk.number)) for chunk in plan.read())

    dataset = workspace.begin_dataset()
    parts = assemble(chunks, windows, workspace.folder, dataset, split=recipe.split, seed=recipe.seed)
    with (dataset / SONGS).open("rb") as songs:
        songs_sha256 = hashlib.file_digest(songs, "sha256").hexdigest()
    config = recipe.to_config()
    manifest = Manifest(
        representation=config.pop("representation"),
        recipe=config,
        sources={
            "folders": folders,
            "files": plan.files,
            "bytes": plan.size,
            "names_sha256": plan.names_digest,
        },
        window_shape=parts.shape,
        dtype=parts.dtype,
        splits=parts.splits,
        songs=parts.songs,
        extracted=windows,
        duplicates=parts.duplicates,
        rejections=reasons,
        warnings=parts.warnings,
        control=parts.control,
        songs_sha256=songs_sha256,
    )
    manifest.save(dataset)
    return manifest


def _rejections(workspace: Workspace, plan: Plan) -> tuple[Reason, ...]:
    """What was left out and rejected; finds a damaged spill file before anything is written."""
    tally = Tally(plan.left_out)
    for chunk in plan.read():
        for item in read_spill(workspace.spill(chunk.number)):
            if not isinstance(item, Block):
                tally.merge(item["rejections"])
    return tally.reasons()


def _nothing_usable(
    plan: Plan, recipe: Recipe, folders: list[str], reasons: tuple[Reason, ...]
) -> NothingUsableError:
    where = ", ".join(folders)
    if not plan.files:
        said = "there are no files of music (MIDI, ABC, MusicXML) here"
    else:
        said = (
            f"none of {plan.files:,} files gives a window of {counted(recipe.representation.bars, 'bar')} "
            f"for {recipe.representation.name}"
        )
    error = NothingUsableError(
        f"{where}: {said}" + (f":\n{reasons_text(reasons, folders)}" if reasons else "")
    )
    error.reasons = reasons  # type: ignore[attr-defined]
    return error
