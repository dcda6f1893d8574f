"""What can still be read of a damaged zip: its members, found one behind the other.

A zip ends with its table of contents; a download that was cut off has none. JSZip, which the
Cloud Annotations page used, writes wrong places into the table beyond 4 GB. But every member
carries a header of its own, so they are found by walking from header to header. Where the
chain breaks, the next header is searched for. Members written as a stream have their sizes
behind them: their end is found by unpacking, or by the record that follows.
"""

from __future__ import annotations

import mmap
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from annotations.errors import ArchiveBomb, ArchiveOverlap, ArchiveTooManyEntries, MemberDamaged
from annotations.formats.limits import Limits

HEADER = b"PK\x03\x04"
_HEADER_SIZE = 30
_DESCRIPTOR = b"PK\x07\x08"
_TABLE = b"PK\x01\x02"
_ENDS = (_TABLE, b"PK\x05\x06", b"PK\x06\x06")
_STREAMED = 0x8
_USUAL_FLAGS = 0x2 | 0x4 | _STREAMED | 0x800  # degrees of packing, stream, UTF-8
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_LARGE = 0xFFFFFFFF
_LONGEST_NAME = 1024
_CHUNK = 1 << 16


@dataclass
class Salvage:
    """The members that were found. ``lost`` are those of which bytes are missing.

    ``gaps`` are the stretches, as (start, bytes), in which no member can be told.
    """

    path: Path
    infos: list[zipfile.ZipInfo] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    starts: dict[int, int] = field(default_factory=dict)

    def infolist(self) -> list[zipfile.ZipInfo]:
        """All members whose header was found."""
        return self.infos

    def open(self, info: zipfile.ZipInfo) -> zipfile.ZipExtFile:
        """A member, unpacked and checked while it is read. Raises MemberDamaged."""
        if info.orig_filename in self.lost:
            raise MemberDamaged(name=self.path.name, member=info.orig_filename)
        file = self.path.open("rb")
        file.seek(self.starts[info.header_offset])
        return zipfile.ZipExtFile(file, "r", info, close_fileobj=True)


def begins_as_zip(path: Path) -> bool:
    """Whether a file begins as a zip does, whatever its end."""
    try:
        with path.open("rb") as file:
            return file.read(4) == HEADER
    except OSError:
        return False


def agrees(path: Path, infos: Iterable[zipfile.ZipInfo]) -> bool:
    """Whether every record of a table of contents leads to the header of its member."""
    with path.open("rb") as file:
        for info in infos:
            file.seek(info.header_offset)
            head = file.read(_HEADER_SIZE)
            if len(head) < _HEADER_SIZE or not head.startswith(HEADER):
                return False
    return True


def salvage(path: Path, limits: Limits, table: Iterable[zipfile.ZipInfo] = ()) -> Salvage:
    """Find the members of a damaged zip. Those that only its ``table`` knows are lost.

    Raises ArchiveTooManyEntries, ArchiveBomb, ArchiveOverlap.
    """
    found = Salvage(path)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        _Walk(data, found, limits).walk()
    known = {info.orig_filename: info for info in found.infos}
    for info in table:
        if here := known.get(info.orig_filename):
            here.external_attr = info.external_attr  # says whether it is a link
        else:
            known[info.orig_filename] = info
            found.infos.append(info)
            found.lost.add(info.orig_filename)
    return found


class _Extent(NamedTuple):
    """Where a member's packed bytes end, where the next header is due, and what they hold."""

    end: int
    next: int
    size: int
    crc: int


class _Walk:
    """One way through the file."""

    def __init__(self, data: mmap.mmap, found: Salvage, limits: Limits) -> None:
        self._data, self._found, self._limits = data, found, limits
        self._looked_at = 0

    def walk(self) -> None:
        """From the first byte to the table of contents, or to the end."""
        at = 0
        while at < len(self._data) and self._data[at : at + 4] not in _ENDS:
            info = self._header(at)
            if info is not None:
                at = self._member(info)
            else:
                found = self._searched(at + 1)
                self._found.gaps.append((at, found - at))
                at = found

    def _header(self, at: int, *, searched: bool = False) -> zipfile.ZipInfo | None:
        """The member whose header is here. One that was searched for must look usual."""
        head = self._data[at : at + _HEADER_SIZE]
        if len(head) < _HEADER_SIZE or not head.startswith(HEADER):
            return None
        flags, method, _, _, crc, packed, size, name_size, extra_size = struct.unpack_from(
            "<HHHHIIIHH", head, 6
        )
        start = at + _HEADER_SIZE
        name = self._data[start : start + name_size]
        extra = self._data[start + name_size : start + name_size + extra_size]
        if len(name) + len(extra) < name_size + extra_size or not name:
            return None
        usual = method in _METHODS and not flags & ~_USUAL_FLAGS and name_size <= _LONGEST_NAME
        if searched and (not usual or b"\0" in name):
            return None
        try:
            written = name.decode("utf-8" if flags & 0x800 else "cp437")
        except UnicodeDecodeError:
            return None
        info = zipfile.ZipInfo(written)
        info.flag_bits, info.compress_type, info.CRC = flags, method, crc
        info.file_size, info.compress_size = _sizes(size, packed, extra)
        info.header_offset = at
        self._found.starts[at] = start + name_size + extra_size
        return info

    def _member(self, info: zipfile.ZipInfo) -> int:
        """Take a member; returns where to look next."""
        start = self._found.starts[info.header_offset]
        extent = self._extent(info, start)
        if extent is not None:
            info.compress_size, info.file_size = extent.end - start, extent.size
            info.CRC = extent.crc
        self._take(info)
        if extent is not None and (self._due(extent.next) or self._is_whole(info)):
            return extent.next
        self._found.lost.add(info.orig_filename)
        at = self._searched(start)
        if extent is not None and at > extent.next:
            self._found.gaps.append((extent.next, at - extent.next))
        return at

    def _take(self, info: zipfile.ZipInfo) -> None:
        self._found.infos.append(info)
        if len(self._found.infos) > self._limits.entries:
            raise ArchiveTooManyEntries(
                name=self._found.path.name,
                entries=len(self._found.infos),
                limit=self._limits.entries,
            )

    def _due(self, at: int) -> bool:
        return self._data[at : at + 4] in (HEADER, *_ENDS)

    def _is_whole(self, info: zipfile.ZipInfo) -> bool:
        """Whether a member at which the chain breaks is good itself."""
        if info.file_size > self._limits.member:
            return False
        try:
            with self._found.open(info) as file:
                while piece := file.read(_CHUNK):
                    self._count(info, len(piece))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError):
            return False
        return True

    def _searched(self, start: int) -> int:
        """The next header, else the table of contents, else the end of the file."""
        at = self._data.find(HEADER, start)
        while at >= 0 and self._header(at, searched=True) is None:
            at = self._data.find(HEADER, at + 1)
        table = self._data.find(_TABLE, start) if at < 0 else at
        return table if table >= 0 else len(self._data)

    # --- where a member ends

    def _extent(self, info: zipfile.ZipInfo, start: int) -> _Extent | None:
        """Where the member ends, or None if that is beyond the file or cannot be told."""
        if not info.flag_bits & _STREAMED or info.compress_size:
            end = start + info.compress_size
            if end > len(self._data):
                return None
            streamed = info.flag_bits & _STREAMED
            behind = streamed and _descriptor(self._data, end, info.compress_size, info.file_size)
            return _Extent(end, end + (behind or 0), info.file_size, info.CRC)
        if info.compress_type == zipfile.ZIP_DEFLATED:
            return self._unpacked(info, start)
        if info.compress_type == zipfile.ZIP_STORED:
            return self._described(info, start)
        return None

    def _unpacked(self, info: zipfile.ZipInfo, start: int) -> _Extent | None:
        """The end of a packed stream, which the stream itself knows, if a record confirms it."""
        unpacking, at, size, packed = zlib.decompressobj(-zlib.MAX_WBITS), start, 0, b""
        try:
            while not unpacking.eof:
                if not packed:
                    packed = self._data[at : at + _CHUNK]
                    at += len(packed)
                if not packed or size > self._limits.member:
                    return None
                piece = unpacking.decompress(packed, _CHUNK)
                packed = unpacking.unconsumed_tail
                size += len(piece)
                self._count(info, len(piece))
                self._check_ratio(info, size, at - start)
        except zlib.error:
            return None
        end = at - len(unpacking.unused_data)
        behind = _descriptor(self._data, end, end - start, size)
        return _Extent(end, end + behind, size, self._crc(end)) if behind else None

    def _check_ratio(self, info: zipfile.ZipInfo, size: int, packed: int) -> None:
        limits = self._limits
        if size > limits.ratio_from and size > packed * limits.ratio:
            name = self._found.path.name
            raise ArchiveBomb(name=name, member=info.orig_filename, limit=limits.ratio)

    def _described(self, info: zipfile.ZipInfo, start: int) -> _Extent | None:
        """A stored stream ends at the record that gives its length rightly."""
        at = self._data.find(_DESCRIPTOR, start)
        while at >= 0:
            self._count(info, _CHUNK)  # it takes as long
            size = at - start
            if behind := _descriptor(self._data, at, size, size):
                return _Extent(at, at + behind, size, self._crc(at))
            at = self._data.find(_DESCRIPTOR, at + 1)
        return None

    def _count(self, info: zipfile.ZipInfo, size: int) -> None:
        """Members that lie in one another would have the same bytes looked at again and again."""
        self._looked_at += size
        if self._looked_at > self._limits.total:
            raise ArchiveOverlap(name=self._found.path.name, member=info.orig_filename)

    def _crc(self, at: int) -> int:
        """The checksum in the record that begins here, with its mark or without."""
        marked = self._data[at : at + 4] == _DESCRIPTOR
        return int(struct.unpack_from("<I", self._data, at + 4 if marked else at)[0])


def _sizes(size: int, packed: int, extra: bytes) -> tuple[int, int]:
    """(unpacked, packed) bytes of a member; beyond 4 GB the extra field has them."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        large = extra[at + 4 : at + 4 + length]
        if kind == 1:
            if size == _LARGE and len(large) >= 8:
                (size,), large = struct.unpack_from("<Q", large), large[8:]
            if packed == _LARGE and len(large) >= 8:
                (packed,) = struct.unpack_from("<Q", large)
        at += 4 + length
    return size, packed


def _descriptor(data: mmap.mmap, at: int, packed: int, size: int) -> int:
    """How long the record behind a stream is that repeats its sizes; 0 if none does."""
    for mark in (_DESCRIPTOR, b""):
        if data[at : at + len(mark)] != mark:
            continue
        for form in ("<III", "<IQQ"):
            length = struct.calcsize(form)
            said = data[at + len(mark) : at + len(mark) + length]
            if len(said) == length and struct.unpack(form, said)[1:] == (packed, size):
                return len(mark) + length
    return 0
