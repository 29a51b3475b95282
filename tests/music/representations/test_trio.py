import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.chords import triad_of
from musicvae_lite.music.representations import TrioRepresentation
from musicvae_lite.music.score import Chord
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
    assert found.rejections[0].detail == (
        "no bass: melodies have programs 1 to 32, basses 33 to 40, drums channel 10"
    )
    assert told(TWO_BARS.windows(song(MELODY))) == [(0, "no-bass", 0)]
    assert len(TWO_BARS.lenient().windows(song(MELODY))) == 1


def test_other_programs_can_be_let_in():
    score = song(MELODY, BASS, beat(2), programs=(73, 33), drums=[2])
    assert told(TWO_BARS.windows(score)) == [(0, "no-melody", 0)]
    assert len(TrioRepresentation(bars=2, lead_programs=(0, 111)).windows(score)) == 1


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
