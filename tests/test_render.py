from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError, MusicVAEError, NothingUsableError, ReadError
from musicvae_lite.music.score import Score, TempoChange, Track
from musicvae_lite.render import PEAK, check_format, default_soundfont, save_audio, synthesize, to_mono

RATE = 22050


def score(notes: list[tuple[int, int, int, int]], program: int = 0, is_drum: bool = False, **more) -> Score:
    """Notes as (start, end, pitch, velocity) in ticks, 480 a quarter."""
    table = np.array(notes, dtype=np.int32).reshape(-1, 4)
    return Score(
        480, *table.T, track=np.zeros(len(table), np.int32), tracks=(Track("", program, is_drum),), **more
    )


def loudest_frequency(audio: np.ndarray) -> float:
    """Frequency in hertz of the strongest partial of [frames, 2]."""
    spectrum = np.abs(np.fft.rfft(audio.mean(axis=1) * np.hanning(len(audio))))
    return float(np.argmax(spectrum) * RATE / len(audio))


def test_audio_is_stereo_loud_and_not_clipped():
    audio = synthesize(score([(0, 480, 60, 100), (480, 960, 64, 100)]), RATE)
    assert audio.dtype == np.float32
    assert audio.shape[1] == 2
    assert np.isclose(np.abs(audio).max(), PEAK, atol=1e-4)
    assert np.sqrt((audio**2).mean()) > 0.02
    assert len(audio) >= RATE  # one second of notes


@pytest.mark.parametrize(("pitch", "hertz"), [(69, 440.0), (76, 659.3), (81, 880.0)])
def test_a_flute_sounds_the_pitch_that_is_written(pitch, hertz):
    audio = synthesize(score([(0, 960, pitch, 100)], program=73), RATE)
    assert loudest_frequency(audio[: RATE // 2]) == pytest.approx(hertz, rel=0.02)


def test_a_note_fades_instead_of_stopping_dead():
    audio = np.abs(synthesize(score([(0, 480, 69, 100)], program=19), RATE)).max(
        axis=1
    )  # organ, half a second
    sounding, tail, later = audio[RATE // 4 : RATE // 2], audio[RATE // 2 + 200 :][: RATE // 20], audio[RATE:]
    assert 0.2 * sounding.max() < tail.max() < sounding.max()
    assert not later.any()


def test_drums_ring_on_and_differ_from_notes_of_the_same_pitch():
    hit = [(0, 30, 49, 110)]
    drum, piano = synthesize(score(hit, is_drum=True), RATE), synthesize(score(hit), RATE)
    assert np.abs(drum[RATE // 2 : RATE]).max() > 0.05  # a crash is heard long after its note-off
    assert len(drum) > len(piano)


def test_closing_the_hi_hat_chokes_the_open_one():
    open_hat, closed = (0, 30, 46, 110), (240, 270, 42, 1)
    free = synthesize(score([open_hat], is_drum=True), RATE)
    choked = synthesize(score([open_hat, closed], is_drum=True), RATE)
    part = slice(int(RATE * 0.3), int(RATE * 0.5))
    assert np.abs(choked[part]).max() < 0.5 * np.abs(free[part]).max()


def test_notes_of_other_tracks_close_no_hi_hat():
    def ringing(pitch: int) -> float:
        start, notes = np.array([0, 240], np.int32), np.array([46, pitch], np.int32)
        loud, track = np.array([100, 1], np.int32), np.array([0, 1], np.int32)
        band = Score(480, start, start + 100, notes, loud, track, (Track("d", 0, True), Track("b", 33)))
        audio = synthesize(band, RATE)
        return float(np.sqrt((audio[RATE // 2 : RATE] ** 2).mean()))

    rings = [ringing(pitch) for pitch in (41, 42, 43, 44)]
    assert rings == pytest.approx([rings[0]] * 4, rel=0.05) and rings[0] > 0.02


def test_tempo_is_kept():
    notes = [(0, 480, 60, 100), (480, 960, 60, 100)]
    fast = synthesize(score(notes), RATE)
    slow = synthesize(score(notes, tempos=(TempoChange(0, 60.0),)), RATE)
    assert len(slow) - len(fast) == pytest.approx(RATE, abs=RATE // 100)


def test_loudness_follows_velocity():
    audio = synthesize(score([(0, 480, 60, 60), (960, 1440, 60, 120)]), RATE)
    soft, loud = np.abs(audio[:RATE]).max(), np.abs(audio[RATE:]).max()
    assert soft == pytest.approx(loud / 4, rel=0.01)  # half the velocity, 12 dB less


def test_notes_add_up():
    low, high = [(0, 480, 60, 100)], [(240, 960, 67, 100)]
    parts = [synthesize(score(notes, 73), RATE) for notes in (low, high)]
    both = synthesize(score(low + high, 73), RATE)
    first = both[: RATE // 4]  # until the second note begins only the first one sounds
    assert np.corrcoef(first[:, 0], parts[0][: len(first), 0])[0, 1] > 0.999
    last = slice(int(RATE * 0.8), RATE)  # after the first one's fade only the second
    assert np.corrcoef(both[last, 0], parts[1][last, 0])[0, 1] > 0.999


def test_every_track_of_a_band_sounds_with_its_own_instrument():
    rows = [(0, 960, 72, 100, 0), (0, 960, 40, 100, 1), (0, 60, 38, 100, 2), (480, 540, 42, 70, 2)]
    table = np.array(rows, dtype=np.int32)
    band = Score(480, *table.T, tracks=(Track("flute", 73), Track("bass", 33), Track("drums", is_drum=True)))
    parts = [synthesize(band.select(band.track == index), RATE) for index in range(3)]
    whole = synthesize(band, RATE)
    sounds = np.zeros((3, len(whole) * 2))
    for sound, part in zip(sounds, parts, strict=True):
        sound[: part.size] = part.reshape(-1)
    weight, *_ = np.linalg.lstsq(sounds.T, whole.reshape(-1), rcond=None)
    assert (weight > 0.05).all()
    assert np.abs(weight @ sounds - whole.reshape(-1)).max() < 1e-3  # nothing else sounds
    same_notes = [synthesize(score([(0, 960, 60, 100)], program), RATE) for program in (0, 33, 73)]
    assert abs(np.corrcoef(same_notes[0][:RATE, 0], same_notes[1][:RATE, 0])[0, 1]) < 0.9
    assert abs(np.corrcoef(same_notes[1][:RATE, 0], same_notes[2][:RATE, 0])[0, 1]) < 0.9


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_a_thick_chord_is_not_clipped_in_any_format(tmp_path, suffix):
    import soundfile

    thick = score([(0, 480, pitch, 127) for pitch in range(36, 96)])
    back, _ = soundfile.read(str(save_audio(tmp_path / f"a{suffix}", synthesize(thick, RATE), RATE)))
    assert 0.7 < np.abs(back).max() < 1.0
    assert (np.abs(back) > 0.999).sum() == 0


def test_one_channel_is_as_loud_as_two():
    audio = synthesize(score([(0, 480, 60, 100)]), RATE)
    mono = to_mono(audio)
    assert mono.shape == audio.shape[:1]
    assert np.abs(mono).max() == pytest.approx(PEAK, abs=1e-4)
    assert not to_mono(np.zeros((10, 2), np.float32)).any()


@pytest.mark.parametrize(("suffix", "kind"), [(".wav", "WAV"), (".flac", "FLAC"), (".ogg", "OGG")])
def test_audio_files_hold_what_was_rendered(tmp_path, suffix, kind):
    import soundfile

    audio = synthesize(score([(0, 480, 69, 100)], program=73), RATE)
    path = save_audio(tmp_path / f"note{suffix}", audio, RATE)
    info = soundfile.info(str(path))
    assert (info.format, info.samplerate, info.channels) == (kind, RATE, 2)
    back, _ = soundfile.read(str(path))
    assert len(back) == len(audio)
    assert loudest_frequency(back[: RATE // 2]) == pytest.approx(440, rel=0.02)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_unknown_suffixes_are_refused_by_name(tmp_path):
    with pytest.raises(ConfigError, match=r"tune\.mp3.*\.wav, \.flac, \.ogg"):
        save_audio(tmp_path / "tune.mp3", np.zeros((10, 2)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("suffix", "holds"), [(".wav", True), (".ogg", True), (".flac", False)])
def test_a_rate_that_a_format_cannot_hold_is_told(tmp_path, suffix, holds):
    path = tmp_path / f"a{suffix}"
    if holds:
        check_format(path, 65537)
    else:
        words = "FLAC cannot hold 65537 frames a second"
        with pytest.raises(ConfigError, match=words):
            check_format(path, 65537)
        with pytest.raises(ConfigError, match=words):
            save_audio(path, np.zeros((10, 2)), 65537)
    with pytest.raises(ConfigError, match="rate of 0 "):
        check_format(path, 0)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_one_clear_error(tmp_path):
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(MusicVAEError, match="taken is a file, not a folder"):
        save_audio(tmp_path / "taken" / "a.wav", np.zeros((10, 2)))
    assert save_audio(tmp_path / "new" / "a.wav", np.zeros((10, 2))).is_file()


def test_what_cannot_be_played_is_said(tmp_path):
    one = [(0, 480, 60, 100)]
    with pytest.raises(NothingUsableError, match=r"silent\.mid: there are no notes"):
        synthesize(score([], source="silent.mid"))
    with pytest.raises(ConfigError, match=r"none\.sf2"):
        synthesize(score(one), soundfont=tmp_path / "none.sf2")
    with pytest.raises(ConfigError, match="rate of 1 "):
        synthesize(score(one), rate=1)
    with pytest.raises(ConfigError, match="minutes"):
        synthesize(score([(0, 480, 60, 100), (480 * 10000, 480 * 10001, 60, 100)]))
    bad = tmp_path / "bad.sf2"
    bad.write_bytes(b"not a soundfont at all")
    with pytest.raises(ReadError, match=r"bad\.sf2"):
        synthesize(score(one), soundfont=bad)


def test_the_default_soundfont_is_there():
    assert default_soundfont().stat().st_size > 1_000_000
