"""Opening what a person hands us, hostile or not."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from annotations import errors
from annotations.formats.archives import clean_name, open_source
from annotations.formats.limits import Limits
from lprsite.errors import Refused

DIRECTORY_MAGIC, FILE_MAGIC = b"PK\x01\x02", b"PK\x03\x04"


def zip_of(path: Path, members: dict[str, bytes], *, method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def opened(path: Path, **limits: int) -> dict[str, bytes]:
    with open_source(path, limits=Limits(**limits)) as source:
        return {member: source.read(member) for member in source.members()}


def refused(path: Path, kind: type[Refused], **limits: int) -> Refused:
    with pytest.raises(kind) as caught:
        opened(path, **limits)
    assert path.name in str(caught.value)
    assert caught.value.sentence("es") != caught.value.sentence("en")
    return caught.value


def test_zip_gives_its_members_without_system_junk(tmp_path: Path):
    path = zip_of(
        tmp_path / "a.zip",
        {
            "b/": b"",
            "b/x.jpg": b"1",
            "__MACOSX/b/._x.jpg": b"2",
            "b/.DS_Store": b"3",
            "b/._x.jpg": b"4",
            "Thumbs.db": b"5",
        },
    )
    assert opened(path) == {"b/x.jpg": b"1"}


def test_folder_gives_its_members_sorted(tmp_path: Path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.jpg").write_bytes(b"1")
    (tmp_path / "a.txt").write_bytes(b"2")
    (tmp_path / ".hidden").write_bytes(b"3")
    assert opened(tmp_path) == {"a.txt": b"2", "b/x.jpg": b"1"}


def test_folder_with_one_zip_and_nothing_else_is_that_zip(tmp_path: Path):
    zip_of(tmp_path / "cloud-annotations.zip", {"a/x.jpg": b"1"})
    (tmp_path / ".DS_Store").write_bytes(b"0")
    assert opened(tmp_path) == {"a/x.jpg": b"1"}
    (tmp_path / "y.txt").write_bytes(b"2")
    assert sorted(opened(tmp_path)) == ["cloud-annotations.zip", "y.txt"]


def test_json_sees_the_pictures_beside_it(tmp_path: Path):
    (tmp_path / "x.jpg").write_bytes(b"1")
    path = tmp_path / "boxes.json"
    path.write_text("{}")
    with open_source(path) as source:
        assert source.main == "boxes.json"
        assert source.has("x.jpg") and not source.has("y.jpg")


def test_folder_never_leads_outside(tmp_path: Path):
    (tmp_path / "secret.txt").write_bytes(b"s")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "secret.txt")
    with open_source(tmp_path / "in") as source:
        assert source.members() == ()
        for member in ("link.txt", "../secret.txt", str(tmp_path / "secret.txt"), "a\0b"):
            assert not source.has(member)
            with pytest.raises(errors.MemberMissing):
                source.read(member)


@pytest.mark.parametrize(
    "member", ["../x.jpg", "a/../../x", "/etc/passwd", "C:/x", "c:x", "..\\x", "\\\\host\\x", ".."]
)
def test_member_that_points_outside_is_refused(tmp_path: Path, member: str):
    refused(zip_of(tmp_path / "a.zip", {"ok.txt": b"", member: b"x"}), errors.ArchivePathUnsafe)


def test_name_with_nul_is_refused(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"aaQ.jpg": b"x"})
    path.write_bytes(path.read_bytes().replace(b"aaQ.jpg", b"aa\0.jpg"))
    refused(path, errors.ArchivePathUnsafe)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK])
def test_link_and_special_file_are_refused(tmp_path: Path, kind: int):
    info = zipfile.ZipInfo("x")
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    refused(tmp_path / "a.zip", errors.ArchiveLink)


def test_encrypted_archive_is_refused(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"x": b"1"})
    data = bytearray(path.read_bytes())
    data[data.index(DIRECTORY_MAGIC) + 8] |= 1
    path.write_bytes(data)
    refused(path, errors.ArchiveEncrypted)


@pytest.mark.parametrize("second", ["x.txt", "./x.txt", ".//x.txt"])
def test_name_that_comes_twice_is_refused(tmp_path: Path, second: str):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.txt", b"1")
        archive.NameToInfo.clear()  # else the writer warns of the second name
        archive.writestr(second, b"2")
    refused(path, errors.ArchiveDuplicateName)


def test_too_many_entries_are_refused(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {f"{n}.txt": b"" for n in range(6)})
    refused(path, errors.ArchiveTooManyEntries, entries=5)
    assert len(opened(path, entries=6)) == 6


def test_total_size_is_refused_before_anything_is_read(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"a": b"1" * 60, "b": b"2" * 60})
    with pytest.raises(errors.ArchiveTooLarge), open_source(path, limits=Limits(total=100)):
        pass


def test_member_larger_than_allowed_is_refused_while_reading(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"a": b"1" * 60})
    refused(path, errors.ArchiveMemberTooLarge, member=50)
    with open_source(path) as source, pytest.raises(errors.ArchiveMemberTooLarge):
        source.read("a", limit=59)


def test_bomb_is_refused(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"a": b"0" * 3_000_000}, method=zipfile.ZIP_DEFLATED)
    refused(path, errors.ArchiveBomb)


def test_size_in_the_header_is_not_believed(tmp_path: Path):
    """A member that says 10 bytes and holds 3 million never becomes 3 million bytes."""
    path = zip_of(tmp_path / "a.zip", {"a": b"0" * 3_000_000}, method=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    for magic, at in ((FILE_MAGIC, 22), (DIRECTORY_MAGIC, 24)):
        struct.pack_into("<I", data, data.index(magic) + at, 10)
    path.write_bytes(data)
    refused(path, errors.MemberDamaged)


def test_overlapping_members_are_refused(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"a": b"1" * 50, "b": b"1" * 50})
    data = bytearray(path.read_bytes())
    second = data.rindex(DIRECTORY_MAGIC)
    struct.pack_into("<I", data, second + 42, 0)
    path.write_bytes(data)
    refused(path, errors.ArchiveOverlap)


def test_damaged_member_is_named(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"a.jpg": b"content", "b.jpg": b"fine"})
    path.write_bytes(path.read_bytes().replace(b"content", b"c0ntent"))
    assert "a.jpg" in str(refused(path, errors.MemberDamaged))


@pytest.mark.parametrize("flagged", [False, True])
def test_accents_survive_with_and_without_the_utf8_flag(tmp_path: Path, flagged: bool):
    path = zip_of(tmp_path / "a.zip", {"cámara.jpg": b"1"})
    if not flagged:
        data = bytearray(path.read_bytes())
        for magic, at in ((FILE_MAGIC, 7), (DIRECTORY_MAGIC, 9)):
            data[data.index(magic) + at] &= ~0x08
        path.write_bytes(data)
    assert list(opened(path)) == ["cámara.jpg"]


def test_old_windows_names_are_cp437(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"cXmara.jpg": b"1"})
    path.write_bytes(path.read_bytes().replace(b"cXmara", b"c\xa0mara"))
    assert list(opened(path)) == ["cámara.jpg"]


def test_backslashes_are_folders(tmp_path: Path):
    assert list(opened(zip_of(tmp_path / "a.zip", {"b\\x.jpg": b""}))) == ["b/x.jpg"]


def test_file_that_is_no_archive_says_so(tmp_path: Path):
    (tmp_path / "text.zip").write_text("not a zip")
    refused(tmp_path / "text.zip", errors.ArchiveDamaged)
    (tmp_path / "video.mp4").write_text("x")
    refused(tmp_path / "video.mp4", errors.SourceUnknown)
    (tmp_path / "empty.zip").touch()
    refused(tmp_path / "empty.zip", errors.SourceEmpty)
    refused(tmp_path / "missing.zip", errors.SourceMissing)


def test_zip_of_which_nothing_is_left_says_so(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"a": b"1" * 500})
    path.write_bytes(path.read_bytes()[:300])
    refused(path, errors.ArchiveDamaged)
    path.write_bytes(path.read_bytes()[:20])
    refused(path, errors.ArchiveDamaged)


def test_head_reads_only_the_beginning(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"a": b"0123456789"})
    with open_source(path) as source:
        assert source.head("a", 4) == b"0123"


def test_clean_name_drops_dots_and_empty_parts():
    assert clean_name("./a//b/./c") == "a/b/c"
    assert clean_name("") is None and clean_name(".") is None


# --- the table of contents


def test_a_million_entries_are_refused_without_making_objects_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Built by hand: empty members, and an end record that says there are three."""
    count = 1_000_000
    local = struct.pack("<4s5H3I2H", FILE_MAGIC, 20, 0, 0, 0, 0, 0, 0, 0, 7, 0)
    path = tmp_path / "many.zip"
    with path.open("wb") as file:
        file.write(local + b"0000000")
        record = struct.pack(
            "<4s6H3I5H2I", DIRECTORY_MAGIC, 20, 20, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0
        )
        start = file.tell()
        for first in range(0, count, 10_000):
            file.write(b"".join(record + b"%07d" % n for n in range(first, first + 10_000)))
        end = file.tell()
        file.write(struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 3, 3, end - start, start, 0))
    monkeypatch.setattr(zipfile, "ZipFile", None)  # it must not be opened
    refused(path, errors.ArchiveTooManyEntries)


def test_zip64_is_read(tmp_path: Path):
    path = tmp_path / "a.zip"
    with (
        zipfile.ZipFile(path, "w") as archive,
        archive.open("x.txt", "w", force_zip64=True) as member,
    ):
        member.write(b"1")
    assert opened(path) == {"x.txt": b"1"}


def test_zip64_with_more_than_65535_entries_is_read(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {f"{n}": b"" for n in range(65_600)})
    with open_source(path) as source:
        assert len(source.members()) == 65_600


def test_archive_with_something_before_and_behind_it_is_read(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"x": b"1"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"made by hand"
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    assert opened(path) == {"x": b"1"}


def test_member_whose_bytes_are_gone_is_named_and_the_others_are_read(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {"a.jpg": b"1" * 50, "b.jpg": b"2" * 50})
    data = path.read_bytes()
    second = data.index(FILE_MAGIC, 10)
    path.write_bytes(data[:second] + b"\0" * 30 + data[second + 30 :])
    with open_source(path) as source:
        assert source.read("a.jpg") == b"1" * 50
        with pytest.raises(errors.MemberDamaged, match=r"b\.jpg"):
            source.read("b.jpg")


def test_archives_in_an_archive_are_named_not_opened(tmp_path: Path):
    from annotations import formats

    inner = zip_of(tmp_path / "part1.zip", {"a.jpg": b""}).read_bytes()
    path = zip_of(tmp_path / "a.zip", {"set/part1.zip": inner, "set/part2.zip": inner})
    with open_source(path) as source, pytest.raises(errors.OnlyArchives, match="part1"):
        formats.look(source)


@pytest.mark.parametrize(
    ("head", "kind"),
    [(b"Rar!\x1a\x07\x01\x00", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"\x1f\x8b\x08", "gzip")],
)
def test_another_kind_of_archive_is_named(tmp_path: Path, head: bytes, kind: str):
    (tmp_path / "a.zip").write_bytes(head + b"\0" * 50)
    assert kind in str(refused(tmp_path / "a.zip", errors.ArchiveOfAnotherKind))
