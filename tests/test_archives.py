"""Archives: unpacked where they belong, and refused where they do harm."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from musicvae_lite import archives
from musicvae_lite.errors import MusicVAEError

FILES = {"songs/a.mid": b"a" * 100, "songs/b.txt": b"b"}


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo("any")
            member.filename, member.compress_type = name, method  # such as "", which zipfile itself refuses
            with archive.open(member, "w") as file:
                file.write(data)
    return path


def tarred(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def found(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refusal(archive: Path, folder: Path) -> str:
    with pytest.raises(MusicVAEError) as error:
        archives.unpack(archive, folder)
    assert str(error.value).startswith(str(archive))
    return str(error.value)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tars_are_unpacked(tmp_path: Path, mode: str):
    archive = tarred(tmp_path / "a.tar", FILES, mode)
    assert archives.is_tar(archive)
    archives.unpack(archive, tmp_path / "out")
    assert found(tmp_path / "out") == FILES


def test_zips_are_unpacked_and_members_chosen(tmp_path: Path):
    archive = zipped(tmp_path / "a.zip", FILES)
    assert not archives.is_tar(archive)
    archives.unpack(archive, tmp_path / "out", lambda name: name.endswith(".mid"))
    assert list(found(tmp_path / "out")) == ["songs/a.mid"]


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize(
    "name", ["../out.mid", "/tmp/out.mid", "a/../../out.mid", "..\\out.mid", "C:\\out.mid"]
)
def test_no_path_leads_out(tmp_path: Path, make, name: str):
    assert "climbs out" in refusal(make(tmp_path / "a", {name: b"x"}), tmp_path / "out")
    assert found(tmp_path / "out") == {}


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize("name", ["", "."])
def test_a_file_without_a_name_is_damage(tmp_path: Path, make, name: str):
    assert "damaged archive: it holds a file without a name" in refusal(
        make(tmp_path / "a", {name: b"x"}), tmp_path / "out"
    )


@pytest.mark.parametrize("make", [zipped, tarred])
def test_a_colon_in_a_name_leads_nowhere(tmp_path: Path, monkeypatch, make):
    files = {"Bach: Prelude.mid": b"x"}
    monkeypatch.setattr(archives, "IS_WINDOWS", True)
    assert "Windows allows no colon" in refusal(make(tmp_path / "a", files), tmp_path / "out")
    assert "climbs out" in refusal(make(tmp_path / "b", {"C:out.mid": b"x"}), tmp_path / "out")
    monkeypatch.setattr(archives, "IS_WINDOWS", False)
    archives.unpack(tmp_path / "a", tmp_path / "out")
    assert found(tmp_path / "out") == files
    assert "climbs out" in refusal(tmp_path / "b", tmp_path / "out")


def test_a_tar_is_not_the_zip_that_it_ends_with(tmp_path: Path):
    inner = zipped(tmp_path / "inner.zip", {"inner.mid": b"i"}).read_bytes()
    files = {"a.mid": b"a", "inner.zip": inner}
    archive = tarred(tmp_path / "a.tar", files, "w")
    assert zipfile.is_zipfile(archive)
    archives.unpack(archive, tmp_path / "out")
    assert found(tmp_path / "out") == files


def test_a_zip_without_members_is_one(tmp_path: Path):
    archives.unpack(zipped(tmp_path / "a.zip", {}), tmp_path / "out")
    assert found(tmp_path / "out") == {}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_are_refused(tmp_path: Path, kind: bytes):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        member = tarfile.TarInfo("a.mid")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    assert "holds the link" in refusal(tmp_path / "a.tar", tmp_path / "out")


@pytest.mark.parametrize("make", [zipped, tarred])
def test_bombs_are_refused_before_they_are_unpacked(tmp_path: Path, monkeypatch, make):
    monkeypatch.setattr(archives, "FREE", 1000)
    archive = make(tmp_path / "a", {"a.mid": bytes(10_000_000)})
    assert "holds more than" in refusal(archive, tmp_path / "out")
    assert found(tmp_path / "out") == {}


@pytest.mark.parametrize("limits", [{"most": 1}, {"largest": 100}])
def test_more_than_was_asked_for_is_refused(tmp_path: Path, limits: dict[str, int]):
    archive = tarred(tmp_path / "a.tar", FILES)
    with pytest.raises(MusicVAEError, match="holds more than"):
        archives.unpack(archive, tmp_path / "out", **limits)  # type: ignore[arg-type]


def test_a_header_that_claims_much_is_no_header(tmp_path: Path):
    """tarfile would read a long name of any length into memory."""
    member = tarfile.TarInfo("././@LongLink")
    member.type, member.size = tarfile.GNUTYPE_LONGNAME, 2**33
    (tmp_path / "a.tar").write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(10_000))
    assert not archives.is_tar(tmp_path / "a.tar")
    assert "damaged archive" in refusal(tmp_path / "a.tar", tmp_path / "out")


@pytest.mark.parametrize("make", [zipped, tarred])
def test_a_place_that_cannot_be_written_is_no_damage(tmp_path: Path, make):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "songs").write_bytes(b"in the way")
    with pytest.raises(MusicVAEError, match=r"a\.mid: cannot be written: ") as error:
        archives.unpack(make(tmp_path / "a", FILES), tmp_path / "out")
    assert "damaged" not in str(error.value)


def test_damage_is_told(tmp_path: Path):
    whole = tarred(tmp_path / "a.tar.gz", {"a.mid": bytes(range(256)) * 400}).read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    assert "damaged archive" in refusal(tmp_path / "cut.tar.gz", tmp_path / "out")
    odd = zipped(tmp_path / "b.zip", FILES, zipfile.ZIP_BZIP2)
    assert "damaged archive" in refusal(odd, tmp_path / "out")
    (tmp_path / "text").write_text("no archive")
    assert "damaged archive" in refusal(tmp_path / "text", tmp_path / "out")
