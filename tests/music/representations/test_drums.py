import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music import drum_maps
from musicvae_lite.music.representations import DrumsRepresentation
from musicvae_lite.music.representations.steps import Categorical
from tests.music.representations.songs import beat, song, told

TWO_BARS = DrumsRepresentation()


def test_a_beat_in_tokens_and_in_flags():
    score = song(beat(2), drums=[0])
    (tokens,) = TWO_BARS.windows(score).tokens
    assert tokens[:9].tolist() == [1 + 4, 0, 4, 0, 2 + 4, 0, 4, 0, 1 + 4]
    (flags,) = DrumsRepresentation(form="hits").windows(score).tokens
    assert flags[4].tolist() == [0, 1, 1, 0, 0, 0, 0, 0, 0]
    assert np.array_equal(flags, TWO_BARS.flags(tokens))


def test_all_tracks_on_channel_10_are_taken_together():
    rows = beat(2)
    found = TWO_BARS.windows(
        song(rows[:8], [(0, 8, 60)], rows[8:], drums=[0, 2], names=["Kit A", "", "Hats"])
    )
    assert np.array_equal(found.tokens, TWO_BARS.windows(song(rows, drums=[0])).tokens)
    assert found.choice == "track 1 'Kit A', track 3 'Hats': they lie on channel 10"
    assert found.warnings == () and found.track == 0


def test_drums_off_channel_10_are_found_by_name_and_warned_of():
    found = TWO_BARS.windows(song([(0, 8, 60)], beat(2), names=["Steel drums", "Drum Kit"]))
    assert found.choice == "track 2 'Drum Kit': its name says drums"
    assert found.warnings == ("track 2 'Drum Kit' is read as drums, but lies off channel 10",)
    assert len(found) == 1


def test_no_drums_and_asking_for_a_track():
    score = song(beat(2))
    assert told(TWO_BARS.windows(score)) == [(0, "no-drums", 0)]
    found = TWO_BARS.windows(score, track=0)
    assert len(found) == 1 and found.choice == "track 1: as asked" and len(found.warnings) == 1
    with pytest.raises(ConfigError, match="no track 5"):
        TWO_BARS.windows(score, track=4)


def test_pitches_the_map_lacks_are_told():
    found = TWO_BARS.windows(song([*beat(2), (0, 1, 12), (4, 1, 13)], drums=[0]))
    assert found.choice.endswith("; 2 notes of pitches the drum map lacks (12, 13) are left out")


def test_every_rule_names_its_bars():
    late = [(s + 0.4, n, p) for s, n, p in beat(2)]
    score = song(
        [*beat(2), *[(s + 32, n, p) for s, n, p in late], *[(s + 128, 1, 38) for s in (0, 1)]], drums=[0]
    )
    assert told(TWO_BARS.windows(score)) == [(2, "off-grid", 4), (5, "rest", 7), (8, "few-notes", 8)]
    waltz = song(beat(4), drums=[0], meters=((0, "3/4"),))
    assert told(TWO_BARS.windows(waltz))[0][:2] == (1, "meter")


def test_a_users_map():
    rep = DrumsRepresentation(
        drum_map=drum_maps.DrumMap("two", ("boom", "tick"), ((36,), (42, 38))), min_notes=0
    )
    (tokens,) = rep.windows(song(beat(2), drums=[0])).tokens
    assert tokens[:5].tolist() == [3, 0, 2, 0, 2]
    assert rep.step == Categorical(4, 2)
    assert rep.to_config()["drum_map"] == {"name": "two", "classes": {"boom": [36], "tick": [42, 38]}}
    assert rep.meaning != DrumsRepresentation().meaning


def test_61_drums_need_flags():
    with pytest.raises(ConfigError, match="form 'hits'"):
        DrumsRepresentation(drum_map="magenta-61")


def test_f1_counts_single_hits():
    wanted = np.zeros((1, 32), dtype=np.uint16)
    wanted[0, 0], wanted[0, 4] = 0b111, 0b1
    got = wanted.copy()
    got[0, 0] = 0b011  # one of four hits missing
    figures = TWO_BARS.compare(got, wanted)
    assert figures["note_f1"] == pytest.approx(2 * 3 / (3 + 4))
    assert figures["steps"] == pytest.approx(31 / 32) and figures["windows"] == 0
    assert figures["commonest"] == pytest.approx(30 / 32)
