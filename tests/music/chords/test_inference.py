from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from musicvae_lite.music import midi
from musicvae_lite.music.chords import inference, triad_of
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.representations import MelodyRepresentation, MultitrackRepresentation, chord_control
from musicvae_lite.music.score import Chord, KeyChange, Score
from tests.music.representations.songs import STEP, beat, song

FALL = ["C", "Am", "F", "G", "C", "Am", "Dm", "G"]  # one a bar
TONES = {
    "C": (48, 60, 64, 67),
    "Am": (45, 60, 64, 69),
    "F": (41, 60, 65, 69),
    "G": (43, 62, 67, 71),
    "Dm": (50, 62, 65, 69),
}


def played(symbols=FALL, shift=0) -> Score:
    return song([(16 * bar, 16, pitch + shift) for bar, s in enumerate(symbols) for pitch in TONES[s]])


def test_chords_that_are_played_are_heard_in_any_key():
    for shift in range(-5, 7):
        found = inference.infer(played(shift=shift))
        wanted = [
            (triad_of(symbol) - 1) // 12 * 12 + (triad_of(symbol) - 1 + shift) % 12 + 1 for symbol in FALL
        ]
        assert [triad_of(chord.symbol) for chord in found] == wanted
        assert [chord.tick for chord in found] == [bar * 16 * STEP for bar in range(8)]


def test_drums_and_silence_have_no_chords():
    assert inference.infer(song([(0, 1, 36), (4, 1, 38)], drums=[0])) == ()
    assert inference.infer(song()) == ()


def test_a_key_signature_decides_between_triads():
    """A and C all the time belong to two: it is that of the key that is signed."""
    sway = song([(4 * n, 4, (69, 72)[n % 2]) for n in range(32)])
    for key, symbol in ((KeyChange(0, 0, True), "Am"), (KeyChange(0, -1), "F")):
        assert {chord.symbol for chord in inference.infer(replace(sway, keys=(key,)))} == {symbol}


def test_the_signature_that_holds_longest_counts():
    sung = song([(4 * n, 4, 60) for n in range(16)])
    changes = (KeyChange(0, 2), KeyChange(8 * STEP, -1, True), KeyChange(60 * STEP, 2))
    assert inference.signature_of(replace(sung, keys=changes)) == KeyChange(0, -1, True)
    for changes in ((KeyChange(0, 0),), (KeyChange(0, 1), KeyChange(STEP, 0))):
        assert inference.signature_of(replace(sung, keys=changes)) is None
    assert inference.signature_of(sung) is None


def test_a_key_is_told_by_its_signature_and_by_how_the_song_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inference, "KEYS", 24)

    def keys(end: int, signature: KeyChange | None = None) -> dict[tuple[int, int], float]:
        """How well each mode and tonic fits all white keys and a last note, from the best."""
        heard = np.zeros((40, 12))
        heard[:-1, [0, 2, 4, 5, 7, 9, 11]] = heard[-1, end] = 1
        mode, tonic, fit = inference._keys(heard, inference.Statistics.load(), signature)
        return dict(zip(zip(mode.tolist(), tonic.tolist(), strict=True), fit.tolist(), strict=True))

    assert next(iter(keys(0))) == (0, 0) and next(iter(keys(9))) == (1, 9)
    plain, one = keys(0), inference.SIGNED
    for minor, gains in ((False, {(0, 2): 2 * one, (1, 11): one}), (True, {(0, 2): one, (1, 11): 2 * one})):
        signed = keys(0, KeyChange(0, 2, minor))
        assert list(signed.values()) == sorted(signed.values(), reverse=True)
        assert signed == pytest.approx({key: fit + gains.get(key, 0) for key, fit in plain.items()})


def test_every_triad_is_weighed_over_all_that_the_others_may_be():
    chance = np.random.default_rng(0)
    local, opening, change = chance.random((4, 2, 3)), chance.random((2, 3)), chance.random((2, 2, 3, 3))
    inner = np.array([False, True, True, False])
    told, evidence = inference._weighed(local, opening, change, inner)
    for key in range(2):
        wanted = np.zeros((4, 3))
        for way in product(range(3), repeat=4):
            chances = [opening[key, way[0]] * local[0, key, way[0]]]
            chances += [
                change[key, int(inner[at]), way[at - 1], way[at]] * local[at, key, way[at]]
                for at in (1, 2, 3)
            ]
            wanted[np.arange(4), way] += np.prod(chances)
        np.testing.assert_allclose(told[:, key], wanted / wanted.sum(1, keepdims=True))
        np.testing.assert_allclose(evidence[key], np.log(wanted[0].sum()))


def test_what_is_heard_of_each_pitch_class():
    """Two quarters a half bar: of three notes at once, then of two that follow each other."""
    score = song([(0, 8, 45), (0, 8, 60), (4, 4, 64), (8, 4, 62), (12, 8, 65)], [(0, 8, 38)], drums=[1])
    heard = inference.evidence(score, inference.Halves.of(score, Grid.of(score)))
    wanted = np.zeros((4, 12))
    wanted[0, [9, 0, 4]] = 2 + inference.STRONG + inference.BASS, 2 + inference.STRONG, 1
    wanted[1, [2, 5]] = 1 + inference.STRONG, 1
    wanted[2, 5] = 1  # it sounds on
    np.testing.assert_allclose(heard, wanted)


def test_half_bars_of_every_meter():
    score = song([(0, 40, 60)], meters=((0, "3/4"), (12, "4/4"), (28, "6/8")))
    halves = inference.Halves.of(score, Grid.of(score))
    assert (halves.edge / STEP).tolist() == [0, 12, 20, 28, 34, 40]
    assert halves.inner.tolist() == [False, False, True, False, True]


def test_what_is_written_in_each_half_bar():
    chords = [Chord(6 * STEP, "G7"), Chord(14 * STEP, "C"), Chord(24 * STEP, "nonsense")]
    score = song([(0, 32, 60)], chords=chords)
    halves = inference.Halves.of(score, Grid.of(score))
    assert inference.annotated(score, halves).tolist() == [-1, triad_of("G"), triad_of("C"), triad_of("C")]


def test_windows_are_conditioned_on_what_is_written():
    rep = MelodyRepresentation(bars=2, chords="triads", min_notes=1)
    melody = [(4 * n, 4, 60 + n % 3) for n in range(16)]
    found = rep.windows(
        song(melody, chords=[Chord(0, "Am7"), Chord(20 * STEP, "F/A"), Chord(60 * STEP, "oops")])
    )
    assert found.control is not None and found.control.shape == (3, 32) and found.control.dtype == np.uint8
    assert found.control[0].tolist() == [triad_of("Am")] * 20 + [triad_of("F")] * 12
    assert found.control[2].tolist() == [triad_of("F")] * 28 + [0] * 4
    assert found.choice.endswith("; chords as written")
    pitches = MelodyRepresentation(bars=2, chords="pitches").windows(song(melody)).control
    assert pitches is not None and pitches.shape == (3, 32, 37)


def test_windows_are_conditioned_on_what_is_heard():
    rep = MelodyRepresentation(bars=2, chords="triads")
    found = rep.windows(played())
    assert found.control is not None
    assert found.control[0].tolist() == [triad_of("C")] * 16 + [triad_of("Am")] * 16
    assert found.choice.endswith("; chords inferred from the notes")
    moved = rep.transpose_control(found.control, np.full(len(found), 3))
    again = rep.windows(played(shift=3)).control
    assert again is not None
    assert np.array_equal(moved, again)


def test_where_nothing_sounds_there_are_no_chords():
    rep = MultitrackRepresentation(chords="triads", min_tracks=1, min_events=1)
    found = rep.windows(song(beat(2), drums=[0]))
    assert found.control is not None and len(found) and not found.control.any()
    assert found.choice.endswith("; no chords")


def test_flags_move_as_triads_do():
    rep, other = (MelodyRepresentation(bars=2, chords=c) for c in ("pitches", "pitches"))
    control, wanted = rep.windows(played()).control, other.windows(played(shift=-4)).control
    assert control is not None and wanted is not None
    assert np.array_equal(rep.transpose_control(control, np.full(len(control), -4)), wanted)


def test_chords_survive_a_midi_file():
    score = chord_control.written_into(song([(0, 32, 60)]), np.repeat([1, 22, 0, 1], 8), STEP)
    again = midi.read_bytes(midi.to_bytes(score))
    assert again.chords == (
        Chord(0, "C"),
        Chord(8 * STEP, "Am"),
        Chord(16 * STEP, "N.C."),
        Chord(24 * STEP, "C"),
    )


def test_words_in_a_midi_file_are_no_chords():
    words = [Chord(0, "Verse"), Chord(480, "A"), Chord(960, "la la")]
    again = midi.read_bytes(midi.to_bytes(song([(0, 32, 60)], chords=words)))
    assert again.chords == ()
