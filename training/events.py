"""Curves as TensorBoard reads them: a file of records, each a protobuf Event. Pure.

A record is its length, a checksum of that, the event, a checksum of that, as in
https://github.com/tensorflow/tensorboard/blob/master/tensorboard/summary/writer/record_writer.py.
Nothing but these files is needed, so TensorBoard itself need not be installed where one trains.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping
from pathlib import Path


class EventFile:
    """The curves of one attempt of a run; a later attempt has a file of its own."""

    def __init__(self, folder: Path, attempt: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        now = time.time()
        self.path = folder / f"events.out.tfevents.{int(now)}.{attempt}"
        self._write(_double(1, now) + _bytes(3, b"brain.Event:2"))

    def add(self, step: int, figures: Mapping[str, float]) -> None:
        """The figures of one epoch, on disk when this returns."""
        values = [_bytes(1, _bytes(1, tag.encode()) + _float(2, v)) for tag, v in figures.items()]
        event = _double(1, time.time()) + _varint(2 << 3) + _varint(step)
        self._write(event + _bytes(5, b"".join(values)))

    def _write(self, event: bytes) -> None:
        length = struct.pack("<Q", len(event))
        record = length + _checksum(length) + event + _checksum(event)
        with self.path.open("ab") as file:
            file.write(record)


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _table() -> list[int]:
    rows = []
    for row in range(256):
        for _ in range(8):
            row = row >> 1 ^ (0x82F63B78 if row & 1 else 0)  # CRC-32C, Castagnoli
        rows.append(row)
    return rows


_ROWS = _table()


def _checksum(data: bytes) -> bytes:
    """The masked CRC-32C of these records."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _ROWS[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
