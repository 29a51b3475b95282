import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music import drum_maps
from musicvae_lite.music.representations import DrumsRepresentation, GrooveRepresentation
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


def stems(kick: int = 36, snare: int = 38, hat: int = 42) -> list[list[tuple]]:
    """A beat of two bars, each drum in a track of its own and on a pitch of its own."""
    places = {36: kick, 38: snare, 42: hat}
    return [[(s, n, places[p]) for s, n, p in beat(2) if p == drum] for drum in places]


@pytest.mark.parametrize("rep", [TWO_BARS, GrooveRepresentation()])
def test_a_track_for_each_drum_off_channel_10_makes_one_beat(rep: DrumsRepresentation | GrooveRepresentation):
    found = rep.windows(song(*stems(), [(0, 8, 60)], names=["Kick", "Snare", "HiHat", "Snare Synth Lead"]))
    assert np.array_equal(found.tokens, rep.windows(song(beat(2), drums=[0])).tokens)
    assert found.choice == "track 1 'Kick', track 2 'Snare', track 3 'HiHat': their names say drums"
    assert found.tracks == (0, 1, 2) and "are read as drums, but lie off channel 10" in found.warnings[0]


def test_beside_named_drums_what_is_called_one_drum_is_one():
    tracks, names = stems(), ["Kick", "Clap 2", "Hi Hat (L)", "Hats off to Larry", "Tom"]
    more = [(0, 8, 60)]
    found = TWO_BARS.windows(song(*tracks, more, more, names=names, programs=(0, 0, 0, 0, 73)))
    assert found.tracks == (0, 1, 2)
    assert told(TWO_BARS.windows(song(*tracks, names=["Clap", "Tom", ""]))) == [(0, "no-drums", 0)]


def test_where_names_only_hint_at_drums_the_others_are_told():
    kick, snare, hats = stems()
    names = ["Drums", "Percussive hits", "Drum Bass"]
    found = TWO_BARS.windows(song(kick, [*snare, *hats], hats, names=names, programs=(24, 25, 0)))
    assert found.choice == "track 2 'Percussive hits': its name says drums"
    assert found.warnings == (
        "track 2 'Percussive hits' is read as drums, but lies off channel 10; track 1 'Drums' is left out",
    )


def test_drums_off_channel_10_beside_those_on_it_are_told():
    names = ["Beat", "Kick 2", "The Drum Major"]
    found = TWO_BARS.windows(song(beat(2), stems()[0], [(0, 8, 60)], names=names, drums=[0]))
    assert found.tracks == (0,)
    assert found.warnings == ("track 2 'Kick 2' is left out: it lies off channel 10",)


def test_a_drum_on_one_pitch_is_the_one_that_its_name_says():
    names = ["Kick", "Snare Drum", "Hi-Hat"]
    wanted = TWO_BARS.windows(song(beat(2), drums=[0])).tokens
    found = TWO_BARS.windows(song(*stems(60, 40, 60), names=names))
    assert np.array_equal(found.tokens, wanted)
    assert found.warnings[0].endswith(
        "; pitch 60 of track 1 'Kick' is read as 36, kick"
        "; pitch 60 of track 3 'Hi-Hat' is read as 42, closed hat"
    )
    asked = TWO_BARS.windows(song([(s, 1, 60) for s in range(0, 32, 4)], names=["Kick"]), track=0)
    assert set(asked.tokens[0].tolist()) == {0, 1}
    played = TWO_BARS.windows(song(beat(2), names=["Kick and more"])).tokens  # on several pitches
    assert np.array_equal(played, wanted)


def test_no_drums_and_asking_for_a_track():
    score = song(beat(2))
    assert told(TWO_BARS.windows(score)) == [(0, "no-drums", 0)]
    found = TWO_BARS.windows(score, track=0)
    assert len(found) == 1 and found.choice == "track 1: as asked" and len(found.warnings) == 1
    with pytest.raises(ConfigError, match="no track 5"):
        TWO_BARS.windows(score, track=4)


def test_pitches_the_map_lacks_are_told():
    found = TWO_BARS.windows(song([*beat(2), (0, 1, 12), (4, 1, 13)], drums=[0]))
    assert found.choice.endswith("; 2 notes of pitches the drum map lacks (12, 13) are not read")


PERCUSSION = [*beat(2), *[(s, 1, 54) for s in range(1, 32, 2)], *[(s, 1, 56) for s in (4, 12, 20, 28)]]
ROLL = [(16 + s / 2, 1, 38) for s in range(24)]


@pytest.mark.parametrize("rep", [TWO_BARS, GrooveRepresentation()])
def test_percussion_that_is_written_as_a_kit_and_rolls_that_become_a_stroke_a_step_are_told(rep):
    [others, shared] = rep.windows(song(PERCUSSION, drums=[0])).warnings
    assert others == (
        "drums are read and written as others: tambourine 54 as closed hat 42, cowbell 56 as snare 38"
    )
    assert shared == "4 of 44 drum notes share their step with another of the same drum, and are left out"
    assert rep.windows(song([*beat(2), *ROLL], drums=[0])).warnings[0].startswith("13 of 48 drum notes")


@pytest.mark.parametrize("rep", [TWO_BARS, GrooveRepresentation()])
def test_an_ordinary_kit_and_a_flam_are_nothing_to_tell_of(rep):
    kit = [*beat(4), (0, 1, 49), (6, 1, 35), (10, 1, 40), (26, 1, 37), (31, 1, 44), (31, 1, 43), (60, 1, 59)]
    assert rep.windows(song([*kit, (11.75, 1, 38)], drums=[0])).warnings == ()
    exact = DrumsRepresentation(drum_map="magenta-61", form="hits")
    assert exact.windows(song(PERCUSSION, drums=[0])).warnings == ()
    any_drum = drum_maps.DrumMap("any", ("any",), (tuple(range(128)),))
    assert DrumsRepresentation(drum_map=any_drum).windows(song(PERCUSSION, drums=[0])).warnings == ()


@pytest.mark.parametrize("task", ["humanize", "tap", "add-hihat", "hits-control"])
def test_a_task_that_keeps_the_songs_own_notes_tells_nothing_of_them(task: str):
    rep = GrooveRepresentation(task=task)
    assert rep.windows(song([*PERCUSSION, *ROLL], drums=[0])).warnings == ()


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
