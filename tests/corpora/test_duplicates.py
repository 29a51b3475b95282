"""Nothing that is evaluated was trained on: duplicates, transposed or not, stay in one split."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.corpora.assemble import assemble
from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.corpora.plan import Chunk, Source
from musicvae_lite.corpora.recipe import SPLITS
from musicvae_lite.corpora.spill import SpillWriter
from musicvae_lite.corpora.splitting import assign_splits, mix
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.training.dataset import WindowDataset
from tests.corpora.tunes import tune

MELODY = MelodyRepresentation(bars=2)
HALVES = (0.4, 0.3, 0.3)


def test_transposed_copies_go_together_and_count_once(tmp_path: Path):
    music = tmp_path / "music"
    music.mkdir()
    for number in range(12):
        for shift in (0, 3, -5):
            tune(number, shift=shift).save(str(music / f"{number:02d}{shift:+d}.mid"))
    manifest = build_dataset([music], MELODY, tmp_path / "out", workers=0, split=HALVES)
    assert manifest.extracted == 12 * 3 * 25
    assert manifest.duplicates["within"] >= 12 * 2 * 25
    split: dict[str, set[str]] = {}
    for line in (tmp_path / "out" / "songs.jsonl").read_text().splitlines():
        song = json.loads(line)
        split.setdefault(song["source"][:2], set()).add(song["split"])
    assert all(len(splits) == 1 for splits in split.values())


def _assemble(tmp_path: Path, songs: list[list[int]], **settings):
    """Assembles songs given as fingerprints, with their numbers for keys; tokens are fingerprints' bytes."""
    spill = tmp_path / "0.spill"
    with SpillWriter(spill, lambda tokens: tokens.view("<u8").reshape(-1)) as writer:
        for number, prints in enumerate(songs):
            tokens = np.array(prints, "<u8").view(np.uint8).reshape(-1, 8)
            writer.add(0, number, number + 1, "", tokens, np.arange(len(prints)), np.zeros(len(prints)))
            writer.flush()
        writer.close({})
    chunk = Chunk(0, 0, (Source("music/book.abc", "book.abc"),))
    (tmp_path / "data").mkdir()
    result = assemble(
        lambda: iter([(chunk, spill)]), sum(map(len, songs)), tmp_path, tmp_path / "data", **settings
    )
    tokens = {
        name: [
            np.load(tmp_path / "data" / shard.tokens).view("<u8").reshape(-1)
            for shard in result.splits[name].shards
        ]
        for name in SPLITS
    }
    return result, {k: np.concatenate(v) if v else np.zeros(0, "<u8") for k, v in tokens.items()}


@pytest.mark.parametrize("partition_windows", [1 << 20, 50])
def test_every_fingerprint_is_kept_once_where_it_is_evaluated(tmp_path: Path, partition_windows: int):
    chance = np.random.default_rng(1)
    songs = [[int(x) for x in chance.integers(0, 400, 20)] for _ in range(60)]
    result, kept = _assemble(tmp_path, songs, split=HALVES, seed=3, partition_windows=partition_windows)
    everything = np.concatenate(list(kept.values()))
    assert sorted(everything) == sorted({p for song in songs for p in song})
    split_of, _ = assign_splits(np.arange(60, dtype=np.uint64), HALVES, 3)
    within = {
        n: {p for s, k in zip(songs, split_of, strict=True) if SPLITS[k] == n for p in s} for n in SPLITS
    }
    assert set(kept["test"]) == within["test"]
    assert set(kept["validation"]) == within["validation"] - within["test"]
    assert set(kept["train"]) == within["train"] - within["test"] - within["validation"]
    assert len(kept["test"]) and len(kept["train"])
    assert sum(result.duplicates.values()) == 60 * 20 - len(everything)


def test_partitions_and_shards_do_not_change_the_rows(tmp_path: Path):
    chance = np.random.default_rng(2)
    songs = [[int(x) for x in chance.integers(0, 300, 15)] for _ in range(30)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, rows = _assemble(tmp_path / "a", songs, split=HALVES, seed=0)
    many, same = _assemble(tmp_path / "b", songs, split=HALVES, seed=0, partition_windows=7, shard_windows=16)
    assert len(many.splits["train"].shards) > 1 == len(one.splits["train"].shards)
    assert all(np.array_equal(rows[name], same[name]) for name in SPLITS)


def test_a_song_keeps_its_split_when_others_come():
    chance = np.random.default_rng(0)
    keys = chance.integers(0, 2**63, 1000).astype(np.uint64)
    few, _ = assign_splits(keys[:400], (0.8, 0.1, 0.1), seed=5)
    many, _ = assign_splits(keys, (0.8, 0.1, 0.1), seed=5)
    other, _ = assign_splits(keys, (0.8, 0.1, 0.1), seed=6)
    assert np.array_equal(few, many[:400])
    assert not np.array_equal(many, other)
    assert np.allclose(np.bincount(many) / 1000, (0.8, 0.1, 0.1), atol=0.04)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_small_corpora_fill_their_splits(count: int):
    for seed in range(20):
        split, _ = assign_splits(np.arange(count, dtype=np.uint64), (0.9, 0.05, 0.05), seed)
        assert 0 in split
        assert len(set(split)) == min(count, 3)


def test_shares_of_nothing_stay_empty():
    keys = mix(np.arange(500, dtype=np.uint64))
    assert set(assign_splits(keys, (1.0, 0.0, 0.0), 0)[0]) == {0}
    assert set(assign_splits(keys, (0.0, 0.0, 1.0), 0)[0]) == {2}
    assert set(assign_splits(keys, (0.0, 1.0, 0.0), 0)[0]) == {1}


def test_dataset_has_no_fingerprint_twice(tmp_path: Path):
    music = tmp_path / "music"
    music.mkdir()
    for number in range(10):  # every song shares half its bars with the next, in another key
        a, b = tune(number, bars=8), tune(number + 1, bars=8, shift=2)
        a.save(str(music / f"{number}a.mid"))
        b.save(str(music / f"{number}b.mid"))
    build_dataset([music], MELODY, tmp_path / "out", workers=0, split=HALVES)
    dataset = WindowDataset(tmp_path / "out")
    windows = [dataset.split(n).gather(np.arange(len(dataset.split(n)))) for n in SPLITS]
    prints = MELODY.fingerprint(np.concatenate(windows))
    assert len(np.unique(prints)) == len(prints) > 0
