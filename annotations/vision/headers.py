"""What the first and last bytes of a picture file say, without a decoder.

An import asks for every picture's size, so it must not take a millisecond each. Where these
functions are not sure they say so, and a decoder looks.
"""

from __future__ import annotations

import struct
import zlib

from annotations.vision.boxes import Size

_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # markers of a frame header
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_SCAN, _END = 0xDA, 0xD9
_PNG = b"\x89PNG\r\n\x1a\n"
_TAIL = 1 << 16  # bytes within which a file ends that nothing was appended to
_ORIENTATION = 0x0112


def jpeg_header(data: bytes) -> tuple[Size, int] | None:
    """(stored width and height, EXIF orientation) of a JPEG; None if a decoder must look."""
    orientation = 1
    for marker, start, end in _segments(data):
        if marker == 0xE1 and data[start : start + 6] == b"Exif\0\0":
            orientation = _orientation(data[start + 6 : end])
        elif marker in _SIZES:
            if end - start < 6 or len(data) < start + 5 or data[start] != 8:
                return None
            height, width = struct.unpack_from(">HH", data, start + 1)
            return ((width, height), orientation) if width and height else None
    return None


def surely_whole(data: bytes) -> bool:
    """Whether a JPEG or PNG has all its parts up to its end mark. False: a decoder must look."""
    if data.startswith(_PNG):
        return _png_whole(data)
    marks = [(marker, end) for marker, _, end in _segments(data)]
    if not marks or marks[-1][0] != _SCAN or not any(marker in _SIZES for marker, _ in marks):
        return False
    after = max(marks[-1][1], len(data) - _TAIL)
    return data.rfind(b"\xff\xd9", after) >= 0


def _segments(data: bytes) -> list[tuple[int, int, int]]:
    """(marker, start, end) of a JPEG's segments up to its first scan."""
    found: list[tuple[int, int, int]] = []
    if data[:2] != b"\xff\xd8":
        return found
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker == _END or length < 2:
            break
        found.append((marker, at + 4, at + 2 + length))
        at += 2 + length
        if marker == _SCAN:
            break
    return found


def _orientation(tiff: bytes) -> int:
    """The orientation in the first directory of a TIFF header; 1 where there is none."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for place in range(at + 2, at + 2 + 12 * min(count, 200), 12):
            tag, kind, values = struct.unpack_from(f"{order}HHI", tiff, place)
            if (tag, kind, values) == (_ORIENTATION, 3, 1):
                return int(struct.unpack_from(f"{order}H", tiff, place + 8)[0])
    except struct.error:
        return 1
    return 1


def _png_whole(data: bytes) -> bool:
    """Whether every chunk up to IEND is there and has its checksum."""
    at = len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            return False
        if zlib.crc32(data[at + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            return False
        if data[at + 4 : at + 8] == b"IEND":
            return True
        at = end + 4
    return False
