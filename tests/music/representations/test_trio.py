from dataclasses import replace

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.chords import triad_of
from musicvae_lite.music.representations import Representation, RhythmRepresentation, TrioRepresentation
from musicvae_lite.music.score import Chord, ProgramChange, Score
from tests.music.representations.songs import STEP, beat, song, told

TWO_BARS = TrioRepresentation(bars=2)
MELODY = [(4 * n, 4, 72 + n % 5) for n in range(8)]
BASS = [(8 * n, 6, 36 + n) for n in range(4)]


def band(*more, programs=(), names=()):
    return song(MELODY, BASS, beat(2), *more, programs=(0, 33, 0, *programs), drums=[2], names=names)


def test_three_tokens_a_step():
    (tokens,) = TWO_BARS.windows(band()).tokens
    assert tokens[:7].tolist() == [
        [53, 17, 5],
        [0, 0, 0],
        [0, 0, 4],
        [0, 0, 0],
        [54, 0, 6],
        [0, 0, 0],
        [0, 1, 4],
    ]


def test_it_says_which_tracks_it_took():
    more = [(s, 2, 30) for s in range(0, 32, 8)]
    found = TWO_BARS.windows(band(MELODY, more, programs=(60, 38), names=("Flute", "", "", "Horn")))
    assert found.choice == (
        "melody track 1 'Flute': the only pitched track; "
        "bass track 2: the one of 2 basses that sounds longest; "
        "drums track 3: it lies on channel 10"
    )
    assert found.track == 0
    horn = TWO_BARS.windows(band(MELODY, programs=(60,)), track=3)
    assert horn.choice.startswith("melody track 4: as asked; bass") and len(horn) == 1
    with pytest.raises(ConfigError, match="no track 9"):
        TWO_BARS.windows(band(), track=8)


def test_the_bass_that_sounds_longest_is_taken_wherever_it_stands():
    short = [(s, 2, 30) for s in range(0, 32, 8)]
    later = TWO_BARS.windows(song(MELODY, short, beat(2), BASS, programs=(0, 38, 0, 33), drums=[2]))
    assert "bass track 4: the one of 2 basses that sounds longest" in later.choice
    alike = TWO_BARS.windows(song(MELODY, BASS, beat(2), BASS, programs=(0, 38, 0, 33), drums=[2]))
    assert "bass track 2: the one of 2" in alike.choice


def test_programs_may_be_lists():
    rep = TrioRepresentation(bars=2, lead_programs=[0, 31], bass_programs=[32, 39])  # type: ignore[arg-type]
    assert rep == TWO_BARS and hash(rep) == hash(TWO_BARS)


def test_a_missing_part_is_named():
    found = TWO_BARS.windows(song(MELODY, beat(2), drums=[1]))
    assert told(found) == [(0, "no-bass", 0)]
    assert found.rejections[0].detail == ("no bass: basses have programs 33 to 40")
    assert told(TWO_BARS.windows(song(MELODY))) == [(0, "no-bass", 0)]
    assert told(TWO_BARS.windows(song(BASS, beat(2), programs=(33,), drums=[1]))) == [(0, "no-melody", 0)]
    alone = TWO_BARS.lenient().windows(song(MELODY))
    assert len(alone) == 1
    assert alone.warnings == (
        "no bass and drums: basses have programs 33 to 40; drums lie on channel 10, or are named so",
    )


@pytest.mark.parametrize("rep", [TWO_BARS, RhythmRepresentation(voices="trio")])
def test_without_a_usual_lead_another_plays_the_melody_where_nothing_is_learnt(rep: Representation):
    score = song(BASS, MELODY, beat(2), programs=(33, 73), drums=[2])
    found = rep.windows(score)
    assert len(found) == 1 and found.choice.startswith("melody track 2: the only pitched track; bass track 1")
    assert found.unfit is not None and found.unfit.code == "no-melody"
    np.testing.assert_array_equal(found.tokens, rep.windows(score, track=1).tokens)
    assert rep.windows(score, track=1).unfit is None
    np.testing.assert_array_equal(found.tokens, rep.lenient().windows(score).tokens)
    wide = TrioRepresentation(bars=2, lead_programs=(0, 111)).windows(score)
    assert len(wide) == 1 and wide.unfit is None
    both = rep.windows(song(BASS, MELODY, beat(2), MELODY, programs=(33, 73, 0, 4), drums=[2]))
    assert both.choice.startswith("melody track 4") and both.unfit is None


def test_no_track_plays_two_parts():
    names = ["Kick", "Snare", "Clap", "Kit Lead"]
    parts = [[(s, 1, p) for s in range(0, 32, 4)] for p in (36, 38, 39)]
    found = TWO_BARS.lenient().windows(song(*parts, MELODY, BASS, names=names, programs=(0, 0, 0, 0, 33)))
    assert found.tracks == (3, 4, 0, 1, 2)


def test_a_track_asked_for_as_the_melody_is_none_of_the_drums():
    names = ["Kick", "Snare", "Clap", "Low"]
    parts = [[(s, 1, p) for s in range(0, 32, 4)] for p in (36, 38, 39)]
    score = song(*parts, BASS, names=names, programs=(0, 0, 0, 33))
    found = TWO_BARS.lenient().windows(score, track=1)
    assert found.tracks == (1, 3, 0, 2)
    assert found.choice.endswith("drums track 1 'Kick', track 3 'Clap': their names say drums")
    alone = TWO_BARS.lenient().windows(score.select(score.track != 1))
    np.testing.assert_array_equal(found.tokens[..., 2], alone.tokens[..., 2])


@pytest.mark.parametrize("rep", [TWO_BARS, RhythmRepresentation(voices="trio")])
@pytest.mark.parametrize("is_lenient", [False, True])
def test_a_track_on_channel_10_plays_no_melody(rep: Representation, is_lenient: bool):
    rep = rep.lenient() if is_lenient else rep
    found = rep.windows(band(), track=2)
    assert len(found) == 0 and told(found) == [(0, "drums", 0)]
    assert found.rejections[0].detail == "track 3 lies on channel 10: a melody needs a pitched track"


def changing(score: Score, track: int, first: int, *later: tuple[int, int]) -> Score:
    """A song in which a track has other programs: a first one and (step, program)."""
    changes = tuple(ProgramChange(step * STEP, program) for step, program in later)
    part = replace(score.tracks[track], program=first, program_changes=changes)
    return replace(score, tracks=(*score.tracks[:track], part, *score.tracks[track + 1 :]))


@pytest.mark.parametrize("rep", [TWO_BARS, RhythmRepresentation(voices="trio")])
def test_melody_and_bass_are_told_by_the_program_of_most_of_their_notes(rep: Representation):
    plain = rep.windows(band())
    for score in (changing(band(), 1, 48, (8, 33)), changing(band(), 0, 33, (8, 60), (12, 2))):
        found = rep.windows(score)
        np.testing.assert_array_equal(found.tokens, plain.tokens)
        assert found.tracks == plain.tracks and found.unfit is None
        assert rep.candidates(score) == [0]
    no_bass = rep.windows(changing(band(), 1, 33, (8, 48)))
    assert told(no_bass) == [(0, "no-bass", 0)]
    assert rep.candidates(changing(band(), 1, 33, (8, 48))) == [0, 1]
    equal = changing(band(), 1, 33, (16, 48))
    np.testing.assert_array_equal(rep.windows(equal).tokens, plain.tokens)


@pytest.mark.parametrize("rep", [TWO_BARS, RhythmRepresentation(voices="trio")])
def test_the_melody_has_any_program_but_a_basss_and_is_read_again(rep: Representation):
    tokens = rep.windows(band()).tokens
    for program in (0, 31, 40, 127):
        assert program in rep.programs
        score = rep.to_score(tokens[0], program=program)
        assert score.tracks[0].program == program
        np.testing.assert_array_equal(rep.lenient().windows(score).tokens, tokens)
    assert 33 not in rep.programs and rep.to_score(tokens[0], program=33).tracks[0].program == 0


def test_a_part_that_rests_and_a_pitch_out_of_range():
    longer = [(s + 32, n, p) for s, n, p in MELODY]
    score = song(MELODY + longer, [*BASS, (40, 1, 12)], beat(4), programs=(0, 33), drums=[2])
    assert told(TWO_BARS.windows(score)) == [(3, "range", 3)]
    assert TWO_BARS.windows(score).rejections[0].detail == "pitch 12 of the bass lies outside 21 to 108"
    score = song(MELODY + longer, BASS, beat(4), programs=(0, 33), drums=[2])
    found = TWO_BARS.windows(score)
    assert told(found) == [(2, "rest", 3)] and found.rejections[0].detail == "no bass for more than 1 bar"


def test_a_note_held_over_the_start_is_struck_anew():
    score = song([(0, 40, 72), (40, 8, 74)], [(0, 48, 40)], beat(3), programs=(0, 33), drums=[2])
    found = TWO_BARS.windows(score)
    assert found.tokens[1, 0].tolist() == [53, 21, 5]


def test_each_part_has_figures_of_its_own():
    wanted = TWO_BARS.windows(band()).tokens
    got = wanted.copy()
    got[0, 0, 1] = 20
    figures = TWO_BARS.compare(got, wanted)
    assert figures["melody_steps"] == figures["drums_windows"] == figures["drums_note_f1"] == 1
    assert figures["bass_steps"] == figures["steps"] == pytest.approx(31 / 32)
    assert figures["bass_note_f1"] == pytest.approx(3 / 4) and figures["bass_windows"] == 0
    silent = TWO_BARS.compare(np.zeros_like(wanted), wanted)  # what is commonest is so in the music wanted
    assert silent["commonest"] < silent["bass_commonest"] < 1


def test_melody_and_bass_move_together():
    windows = TWO_BARS.windows(band()).tokens
    moved = TWO_BARS.transpose(windows, np.array([2]))
    notes = windows[..., :2] >= 2
    assert (moved[..., :2][notes] == windows[..., :2][notes] + 2).all()
    assert np.array_equal(moved[..., 2], windows[..., 2])
    apart = windows.copy()
    apart[..., 0] = moved[..., 0]
    assert TWO_BARS.fingerprint(apart)[0] != TWO_BARS.fingerprint(windows)[0]


def test_chords_can_condition_it():
    found = TrioRepresentation(bars=2, chords="triads").windows(
        song(
            [(0, 16, 76), (16, 16, 72)],
            [(0, 16, 36), (16, 16, 41)],
            beat(2),
            [(0, 16, p) for p in (60, 64, 67)] + [(16, 16, p) for p in (60, 65, 69)],
            programs=(0, 33, 0, 48),
            drums=[2],
        )
    )
    assert found.control is not None
    assert found.control[0].tolist() == [triad_of("C")] * 16 + [triad_of("F")] * 16


def test_windows_have_the_chords_of_their_own_bars():
    chords = [Chord(0, "C"), Chord(16 * STEP, "F"), Chord(72 * STEP, "Am")]
    longer = [(s + 32 * n, length, p) for n in (0, 1, 2) for s, length, p in MELODY if n != 1 or s > 16]
    score = song(
        longer,
        [(s + 32 * n, length, p) for n in range(3) for s, length, p in BASS],
        beat(6),
        programs=(0, 33),
        drums=[2],
        chords=chords,
    )
    found = TrioRepresentation(bars=2, chords="triads").windows(score)
    assert found.bar.tolist() == [1, 2, 4, 5] and found.control is not None
    c, f, a = (triad_of(name) for name in ("C", "F", "Am"))
    wanted = [c] * 16 + [f] * 56 + [a] * 24
    assert found.control.tolist() == [wanted[at : at + 32] for at in (0, 16, 48, 64)]
