import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.chords import triad_of
from musicvae_lite.music.representations import PianorollRepresentation
from musicvae_lite.music.score import Chord
from tests.music.representations.songs import STEP, beat, song, told

TWO_BARS = PianorollRepresentation(min_notes=1)


def keys(window, step):
    """MIDI numbers struck and held at a step."""
    return [(np.flatnonzero(half) + 21).tolist() for half in (window[step, :88], window[step, 88:])]


def test_chords_are_struck_and_held():
    (window,) = TWO_BARS.windows(song([(0, 4, 60), (0, 32, 64), (2, 1, 60), (31, 1, 67)])).tokens
    assert keys(window, 0) == [[60, 64], []]
    assert keys(window, 1) == [[], [60, 64]]
    assert keys(window, 2) == [[60], [64]]
    assert keys(window, 3) == [[], [64]]
    assert keys(window, 31) == [[67], [64]]


def test_of_two_notes_in_one_cell_the_longer_stays():
    (window,) = TWO_BARS.windows(song([(0, 1, 60), (0, 3, 60)], [(0, 32, 40)])).tokens
    assert [keys(window, s)[1] for s in (1, 2, 3)] == [[40, 60], [40, 60], [40]]


def test_what_sounds_on_is_struck_anew():
    found = TWO_BARS.windows(song([(0, 40, 60), (44, 4, 64)]))
    assert keys(found.tokens[1], 0) == [[60], []]
    assert keys(found.tokens[1], 24) == [[], []]


def test_a_spelling_for_every_noise():
    noise = np.zeros((32, 176), dtype=np.uint8)
    noise[3, 88 + 10] = 1  # held, never struck
    noise[4, [10, 98]] = 1  # struck and held
    noise[[5, 7], 98] = 1  # held on, and after a gap
    once = TWO_BARS.canonical(noise)
    assert np.argwhere(once).tolist() == [[4, 10], [5, 98]]


def test_all_pitched_tracks_are_taken_together_or_one():
    score = song([(0, 32, 60)], [(0, 32, 72)], beat(2), drums=[2], names=["Left", "Right"])
    found = TWO_BARS.windows(score)
    assert found.choice == "track 1 'Left', track 2 'Right': all pitched tracks together"
    assert keys(found.tokens[0], 0)[0] == [60, 72]
    only = TWO_BARS.windows(score, track=1)
    assert only.choice == "track 2 'Right': as asked" and keys(only.tokens[0], 0)[0] == [72]
    many = song(*[[(0, 32, 60 + n)] for n in range(5)])
    assert "track 4 and 1 more: all" in TWO_BARS.windows(many).choice
    assert "more" not in TWO_BARS.windows(many.select(many.track < 4)).choice
    assert told(TWO_BARS.windows(score, track=2)) == [(0, "drums", 0)]
    assert told(TWO_BARS.windows(song(beat(2), drums=[0]))) == [(0, "drums", 0)]
    with pytest.raises(ConfigError, match="no track 4"):
        TWO_BARS.windows(score, track=3)


def test_windows_have_the_chords_of_their_own_bars():
    rep = PianorollRepresentation(min_notes=1, chords="triads")
    notes = [(4 * n, 4, 60) for n in range(24) if n not in (8, 9, 10, 11, 12)]
    chords = [Chord(0, "C"), Chord(16 * STEP, "F"), Chord(72 * STEP, "Am")]
    found = rep.windows(song(notes, chords=chords))
    assert found.bar.tolist() == [1, 2, 4, 5] and found.control is not None
    assert found.choice.endswith("; chords as written")
    c, f, a = (triad_of(name) for name in ("C", "F", "Am"))
    wanted = [c] * 16 + [f] * 56 + [a] * 24
    assert found.control.tolist() == [wanted[at : at + 32] for at in (0, 16, 48, 64)]


def test_every_rule_names_its_bars():
    strict = PianorollRepresentation()
    chords = [(4 * n, 4, p) for n in range(8) for p in (60, 64)]
    late = [(s + 32.4, n, p) for s, n, p in chords]
    score = song([*chords, *late, (112, 32, 60), (144, 4, 10)])
    assert told(strict.windows(score)) == [
        (2, "off-grid", 4),
        (5, "rest", 6),
        (7, "few-notes", 8),
        (10, "range", 10),
    ]


def test_figures():
    wanted = TWO_BARS.lenient().windows(song([(0, 4, 60), (0, 4, 64), (4, 4, 62)])).tokens
    got = wanted.copy()
    got[0, 0, 64 - 21] = 0  # one of three notes missing, and with it its three held steps
    figures = TWO_BARS.compare(got, wanted)
    assert figures["note_f1"] == pytest.approx(2 * 2 / (2 + 3))
    assert figures["frame_f1"] == pytest.approx(2 * 8 / (8 + 12))
    assert figures["steps"] == pytest.approx(28 / 32)


def test_transposed_textures_are_duplicates():
    rows = [(4 * n, 4, 60 + p) for n in range(8) for p in (0, 4, 7)]
    one, other = (TWO_BARS.windows(song([(s, n, p + k) for s, n, p in rows])).tokens for k in (0, 5))
    assert TWO_BARS.fingerprint(one)[0] == TWO_BARS.fingerprint(other)[0]
    assert np.array_equal(TWO_BARS.transpose(one, np.array([5])), other)
