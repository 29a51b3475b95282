"""Names in files that do not say in which alphabet they are."""

from __future__ import annotations

import pytest

from musicvae_lite.music import midi, texts
from musicvae_lite.music.score import Score
from tests.music.test_midi import END, NOTE, smf
from tests.music.test_midi_programs import song

EUROPEAN = (
    "Flöte",
    "Café",
    "Cafés",
    "naïve",
    "Größe",
    "Mélée",
    "épée",
    "éléphant",
    "Été à la mer",
    "ÄÖÜ",
    "Señor",
)


def named(raw: bytes) -> Score:
    assert len(raw) < 128
    return midi.read_bytes(smf(END, b"\x00\xff\x03" + bytes([len(raw)]) + raw + NOTE + END))


@pytest.mark.parametrize(
    ("alphabet", "names"),
    [
        ("utf-8", (*EUROPEAN, "ピアノ", "Гитара", "Flöte ♪")),
        ("latin-1", EUROPEAN),
        ("cp1252", (*EUROPEAN, "“Lead”", "Don’t", "L’été", "Rock’n’Roll", "Verse – x", "10 €", "Cœur")),
        (
            "shift_jis",
            ("ピアノ", "ドラム", "ベース", "主旋律", "伴奏", "左手 1", "ﾋﾟｱﾉ（右手）", "Piano ピアノ"),
        ),
    ],
)
def test_names_are_read_in_their_alphabet(alphabet: str, names: tuple[str, ...]):
    assert [texts.read(name.encode(alphabet)) for name in names] == list(names)
    assert [named(name.encode(alphabet)).tracks[0].name for name in names] == list(names)


@pytest.mark.parametrize(
    "alphabet", ["cp1251", "koi8-r", "cp866", "gbk", "big5", "euc-jp", "euc-kr", "utf-16"]
)
@pytest.mark.parametrize("name", ["Гитара", "ドラム", "钢琴", "鋼琴", "기타", "Соло–бас"])
def test_other_alphabets_give_no_control_characters(alphabet: str, name: str):
    found = texts.read(name.encode(alphabet, "ignore"))
    assert texts.printable(found) == found
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in found)


def test_control_characters_are_left_out_and_lines_joined():
    assert texts.printable(" a\x1b[31m\x9bb\r\n\tc\x7f\x00 ") == "a[31mb c"
    assert named(b"bad\x1b]0;x\x07\nname\x00").tracks[0].name == "bad]0;x name"
    assert named("\x9b2Jé".encode()).tracks[0].name == "2Jé"


def test_a_letter_that_is_cut_is_left_out():
    long = b"a" * (texts.LONGEST - 1)
    assert texts.read(long + "é".encode()) == texts.read(long + "ピ".encode()) == long.decode()
    assert texts.read(long[:-2] + "ピピ".encode("shift_jis")) == long[:-2].decode() + "ピ"
    assert texts.read(long + b"\xe9") == long.decode() + "é"


def test_names_of_other_objects_have_no_control_characters_either():
    made = song().to_pretty_midi()
    made.instruments[0].name = "Le\x1bad\n"
    assert [track.name for track in Score.from_pretty_midi(made).tracks] == ["Lead", "Lead"]
