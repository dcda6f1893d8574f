"""Zips that were cut off or damaged: what is whole is read, the rest is named."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations import errors, formats
from annotations.formats.archives import Damage, open_source
from annotations.formats.limits import Limits
from tests.annotations.formats.conftest import jpeg

TABLE, HEADER = b"PK\x01\x02", b"PK\x03\x04"
FILES = {f"set/{n}.txt": bytes([65 + n]) * 400 for n in range(5)}


class Stream(io.RawIOBase):
    """What cannot be sought in, as a socket: sizes are written behind the members."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += bytes(data)
        return len(data)


def packed(
    files: dict[str, bytes], method: int = zipfile.ZIP_STORED, *, stream: bool = False
) -> bytes:
    out: Any = Stream() if stream else io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return bytes(out.data if stream else out.getvalue())


def found(path: Path, **limits: int) -> tuple[dict[str, bytes], Damage | None]:
    """The members that can be read, and the damage."""
    with open_source(path, limits=Limits(**limits)) as source:
        read = {
            m: source.read(m) for m in source.members() if m not in (source.damage or NONE).lost
        }
        return read, source.damage


NONE = Damage(0, (), ())


@pytest.fixture
def damaged(tmp_path: Path) -> Any:
    def write(data: bytes) -> Path:
        (tmp_path / "a.zip").write_bytes(data)
        return tmp_path / "a.zip"

    return write


ways = pytest.mark.parametrize(
    ("method", "stream"),
    [
        (method, stream)
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        for stream in (0, 1)
    ],
)


@ways
def test_zip_without_its_table_gives_every_member(damaged, method, stream):
    data = packed(FILES, method, stream=stream)
    assert found(damaged(data)) == (FILES, None)
    assert found(damaged(data[: data.index(TABLE)])) == (FILES, Damage(5, (), ()))
    assert found(damaged(data[:-10])) == (FILES, Damage(5, (), ()))


@ways
def test_zip_cut_within_a_member_gives_those_before(damaged, method, stream):
    data = packed(FILES, method, stream=stream)
    third = data.index(b"set/2.txt")
    read, damage = found(damaged(data[: third + 12]))
    assert read == {name: FILES[name] for name in ("set/0.txt", "set/1.txt")}
    assert damage is not None and damage.lost == ("set/2.txt",)


@pytest.mark.parametrize("at", [0, 3, 28])
def test_damaged_table_is_done_without(damaged, at):
    data = bytearray(packed(FILES))
    data[data.rindex(TABLE) + at] ^= 0xFF
    assert found(damaged(bytes(data)))[0] == FILES


def test_table_that_points_nowhere_is_done_without(damaged):
    data = bytearray(packed(FILES))
    struct.pack_into("<I", data, data.rindex(b"PK\x05\x06") + 12, 0x7FFFFFFF)
    assert found(damaged(bytes(data)))[0] == FILES


def test_bytes_lost_in_the_middle_cost_only_what_lay_there(damaged):
    data = packed(FILES)
    read, damage = found(damaged(data[:600] + data[900:]))  # of 1.txt; 2.txt begins at 878
    assert read == {n: FILES[n] for n in ("set/0.txt", "set/3.txt", "set/4.txt")}
    assert damage is not None and damage.lost == ("set/1.txt", "set/2.txt")


def test_stretch_without_names_is_a_gap(damaged):
    data = packed(FILES)
    table, second = data.index(TABLE), data.index(HEADER, 10)
    third = data.index(HEADER, second + 10)
    holed = data[:second] + bytes(third - second) + data[third:table]
    read, damage = found(damaged(holed))
    assert set(read) == set(FILES) - {"set/1.txt"}
    assert damage == Damage(4, (), ((second, third - second),))


def test_places_beyond_four_gigabytes_as_jszip_writes_them(damaged):
    """Its numbers of 32 bits run over, so the table leads to the wrong places."""
    data = bytearray(packed(FILES))
    end = data.rindex(b"PK\x05\x06")
    at, _ = data.index(TABLE), struct.unpack_from("<I", data, end + 16)
    while data[at : at + 4] == TABLE:
        (place,) = struct.unpack_from("<I", data, at + 42)
        struct.pack_into("<I", data, at + 42, (place - 5000) % (1 << 32))
        at += 46 + sum(struct.unpack_from("<HHH", data, at + 28))
    assert found(damaged(bytes(data))) == (FILES, Damage(5, (), ()))


def test_picture_that_is_cut_off_stays_a_member(damaged):
    data = packed({"a.jpg": jpeg(), "b.jpg": jpeg(400, 300), "b.txt": b"0 0.5 0.5 0.1 0.1"})
    cut = data.index(b"b.txt") - 60
    with open_source(damaged(data[:cut])) as source:
        assert source.members() == ("a.jpg", "b.jpg")
        with pytest.raises(errors.MemberDamaged, match=r"b\.jpg"):
            source.read("b.jpg")


def test_missing_label_file_of_a_cut_off_zip_is_no_negative(damaged):
    files = {
        "data.yaml": b"names: [car, plate]\n",
        "images/train/a.jpg": jpeg(),
        "images/train/b.jpg": jpeg(400, 300),
        "labels/train/a.txt": b"0 0.5 0.5 0.1 0.1",
        "labels/train/b.txt": b"1 0.5 0.5 0.1 0.1",
    }
    data = packed(files)
    with open_source(damaged(data[: data.index(b"labels/train/b.txt") + 20])) as source:
        said = formats.read(source)
    plan = said.resolve()
    assert plan.counts["imported"] == plan.counts["seen"] == 1
    assert [picture.negative for picture in plan.pictures] == [False]
    assert plan.unlabelled == ("images/train/b.jpg",)


def test_list_of_boxes_that_is_cut_off_leaves_the_pictures(damaged):
    data = packed({"a.jpg": jpeg(), "_annotations.json": b'{"labels": []' + b" " * 500})
    with open_source(damaged(data[: data.index(b"_annotations.json") + 30])) as source:
        assert formats.read(source).unlabelled == ("a.jpg",)
        assert source.damage is not None and source.damage.lost == ("_annotations.json",)


def test_hostile_members_of_a_cut_off_zip_are_refused(damaged):
    def cut(
        files: dict[str, bytes], method: int = zipfile.ZIP_STORED, stream: bool = False
    ) -> Path:
        data = packed(files, method, stream=stream)
        path: Path = damaged(data[: data.index(TABLE)])
        return path

    with pytest.raises(errors.ArchivePathUnsafe):
        found(cut({"a.txt": b"1", "../b.txt": b"2"}))
    for stream in (False, True):
        with pytest.raises(errors.ArchiveBomb):
            found(cut({"a.txt": bytes(3 << 20)}, zipfile.ZIP_DEFLATED, stream=stream))
    with pytest.raises(errors.ArchiveTooManyEntries):
        found(cut(FILES), entries=4)
    with pytest.raises(errors.ArchiveTooLarge):
        found(cut(FILES), total=1500)
    twice = packed({"a.txt": b"1"})
    twice = twice[: twice.index(TABLE)] * 2
    with pytest.raises(errors.ArchiveDuplicateName):
        found(damaged(twice))
    locked = bytearray(packed(FILES))
    locked[6] |= 1
    with pytest.raises(errors.ArchiveEncrypted):
        found(damaged(bytes(locked[: locked.index(TABLE)])))


@settings(max_examples=150)
@given(st.data())
def test_any_damage_is_a_sentence_or_the_right_bytes(tmp_path_factory, data):
    """Cut, holed or changed anywhere: what is read is what was written."""
    whole = packed(FILES, data.draw(st.sampled_from([0, 8])), stream=data.draw(st.booleans()))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    middle = data.draw(st.binary(max_size=40))
    path = tmp_path_factory.mktemp("any") / "a.zip"
    path.write_bytes(whole[:start] + middle + whole[end:] or b"x")
    try:
        with open_source(path) as source:
            for member in source.members():
                try:
                    read = source.read(member)
                except errors.MemberDamaged:
                    continue
                assert read == FILES.get(member, read)
    except errors.Refused:
        pass


def nested(method: int, content: bytes) -> bytes:
    """Many headers of streams, each of which reaches over all that follow."""
    heads = [
        HEADER + struct.pack("<HHHHHIIIHH", 20, 8, method, 0, 0, 0, 0, 0, 5, 0) + b"%05d" % n
        for n in range(200)
    ]
    return b"".join(heads) + content


def test_streams_that_lie_in_one_another_are_not_searched_again_and_again(tmp_path: Path) -> None:
    file = tmp_path / "hostile.zip"
    file.write_bytes(nested(zipfile.ZIP_STORED, b"PK\x07\x08" * 200 + b"end of it, no record"))
    with pytest.raises(errors.ArchiveOverlap), open_source(file, limits=Limits(total=100 << 20)):
        pass


def test_packed_streams_that_share_bytes_are_not_unpacked_again_and_again(tmp_path: Path) -> None:
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    shared = packing.compress(bytes(range(256)) * 400) + packing.flush(zlib.Z_FULL_FLUSH)
    # A stored block around the next header, so that each stream runs on into the others.
    parts = []
    for n in range(200):
        head = HEADER + struct.pack("<HHHHHIIIHH", 20, 8, 8, 0, 0, 0, 0, 0, 5, 0) + b"%05d" % n
        parts += (
            [head] if n == 0 else [b"\0" + struct.pack("<HH", len(head), ~len(head) & 0xFFFF), head]
        )
    file = tmp_path / "hostile.zip"
    file.write_bytes(b"".join(parts) + shared + b"\xff" * 20)
    with pytest.raises(errors.ArchiveOverlap), open_source(file, limits=Limits(total=1 << 20)):
        pass
