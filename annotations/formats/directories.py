"""A zip's table of contents, counted before anything is made of it.

Python's zipfile makes an object of about a kilobyte for every entry, whatever their number:
a small archive of ten million empty entries would take the machine's memory. So the records
are walked first, in pieces, and counted. What the end record says about them is not believed.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from annotations.errors import ArchiveDamaged, ArchiveTooManyEntries

_END = b"PK\x05\x06"
_END_SIZE = 22
_COMMENT = 1 << 16
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
_RECORD = b"PK\x01\x02"
_RECORD_SIZE = 46
_PIECE = 1 << 20


def check(path: Path, *, most: int) -> None:
    """Count the records of a zip, in constant memory.

    Raises ArchiveTooManyEntries, and ArchiveDamaged where the table is cut off or its end
    cannot be found.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        start, length = _directory(file, size, name=path.name)
        file.seek(start)
        found = _count(file, length, name=path.name)
    if found > most:
        raise ArchiveTooManyEntries(name=path.name, entries=found, limit=most)


def _directory(file: BinaryIO, size: int, *, name: str) -> tuple[int, int]:
    """(place, length) of the table, which ends where its end record begins."""
    back = min(size, _END_SIZE + _COMMENT)
    file.seek(size - back)
    tail = file.read(back)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise ArchiveDamaged(name=name)
    (length,) = struct.unpack_from("<I", tail, at + 12)
    end = size - back + at
    locator = tail[at - 20 : at] if at >= 20 else b""
    if locator.startswith(_LOCATOR64):
        end -= 20 + 56
        file.seek(max(end, 0))
        large = file.read(56)
        if end < 0 or not large.startswith(_END64):
            raise ArchiveDamaged(name=name)
        (length,) = struct.unpack_from("<Q", large, 40)
    if length > end:
        raise ArchiveDamaged(name=name)
    return end - length, length


def _count(file: BinaryIO, length: int, *, name: str) -> int:
    """The records within ``length`` bytes."""
    found, held, at, left = 0, b"", 0, length
    while left > 0 or at < len(held):
        if len(held) - at < _RECORD_SIZE and left > 0:
            piece = file.read(min(_PIECE, left))
            if not piece:
                raise ArchiveDamaged(name=name)
            left -= len(piece)
            held, at = held[at:] + piece, 0
            continue
        if len(held) - at < _RECORD_SIZE or held[at : at + 4] != _RECORD:
            raise ArchiveDamaged(name=name)
        parts = struct.unpack_from("<HHH", held, at + 28)
        at += _RECORD_SIZE + sum(parts)
        found += 1
        if at > len(held):  # names and comments reach into the next piece
            skip = at - len(held)
            if skip > left:
                raise ArchiveDamaged(name=name)
            file.seek(skip, os.SEEK_CUR)
            left, held, at = left - skip, b"", 0
    return found
