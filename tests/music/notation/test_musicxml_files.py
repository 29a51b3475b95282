"""MusicXML: zipped files, damaged ones, and those that mean harm."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from musicvae_lite.errors import ReadError
from musicvae_lite.music import musicxml, notation
from musicvae_lite.music.files import Limits
from musicvae_lite.music.score import Score
from tests.music.notation.written import pitches
from tests.music.notation.xml_parts import ATTRIBUTES, BACKWARD, FORWARD, document, harmony, note


def zipped(*files: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return stream.getvalue()


CONTAINER = b"<container><rootfiles><rootfile full-path='%s'/></rootfiles></container>"


@pytest.mark.parametrize("full_path", [b"song.xml", b"gone.xml", b"it's.xml"])
def test_zipped_musicxml(full_path: bytes):
    music = document(ATTRIBUTES + note("C", 8))
    data = zipped(("META-INF/container.xml", CONTAINER % full_path), ("song.xml", music))
    assert pitches(musicxml.read(data, "t.mxl", Limits())) == [60]


def code_of(data: bytes) -> str:
    (result,) = notation.read_bytes(data, "t.mxl")
    assert isinstance(result, ReadError)
    assert str(result).startswith("t.mxl: ")
    return result.code


def test_zip_bombs_and_entities_are_refused():
    bomb = zipped(("song.xml", b" " * (17 * 2**20)))
    assert len(bomb) < 2**16
    assert code_of(bomb) == "limit"
    laughs = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><score-partwise>&b;</score-partwise>'
    assert code_of(laughs) == "entities"
    assert code_of(laughs.decode().encode("utf-16")) == "entities"
    outside = b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]><score-partwise>&a;</score-partwise>'
    assert code_of(outside) == "entities"


def test_malformed_musicxml():
    music = document(ATTRIBUTES + note("C", 8))
    archive = zipped(("song.xml", music))
    assert code_of(b"Dear reader") == "damaged"
    assert code_of(b"<html/>") == "not-musicxml"
    assert code_of(b"<score-timewise/>") == "not-musicxml"
    assert code_of(b"<a>" * 200_000) in ("damaged", "truncated")
    assert code_of(zipped(("readme.txt", b"hello"))) == "damaged"
    assert code_of(document("<attributes><divisions>0</divisions></attributes>")) == "damaged"
    assert code_of(document(note("C", 10**9))) == "damaged"
    assert code_of(document(note("H", 1))) == "damaged"
    for data in (music, archive):
        for length in range(1, len(data), 7):
            (result,) = notation.read_bytes(data[:length], "t.mxl")
            assert isinstance(result, ReadError)


def test_flipped_bits_in_musicxml_read_or_give_an_error():
    chance = random.Random(3)
    music = document(ATTRIBUTES + harmony("C", "major") + note("C", 8), FORWARD + note("D", 8) + BACKWARD)
    for data in (music, zipped(("song.xml", music))):
        for _ in range(200):
            damaged = bytearray(data)
            damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            for result in notation.read_bytes(bytes(damaged), "t.mxl"):
                assert isinstance(result, Score | ReadError)
