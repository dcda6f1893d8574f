"""Files that TensorBoard reads."""

from __future__ import annotations

import struct
from pathlib import Path

from training import events
from training.events import EventFile


def records(path: Path) -> list[bytes]:
    """The events of a file, whose checksums are right."""
    data, found = path.read_bytes(), []
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        event, rest = data[12 : 12 + length], data[12 + length :]
        assert data[8:12] == events._checksum(data[:8])
        assert rest[:4] == events._checksum(event)
        found.append(event)
        data = rest[4:]
    return found


def test_checksum_is_that_of_the_format() -> None:
    # CRC-32C of "123456789" is 0xE3069283; rotated right by 15 and 0xA282EAD8 added
    crc = 0xE3069283
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert events._checksum(b"123456789") == struct.pack("<I", masked)


def test_every_epoch_is_a_record_behind_the_version(tmp_path: Path) -> None:
    file = EventFile(tmp_path / "tensorboard", 2)
    file.add(1, {"loss": 0.5})
    file.add(300, {"loss": 0.25, "exact": 1.0})
    version, first, second = records(file.path)
    assert version.endswith(b"\x1a\x0dbrain.Event:2")
    # step 1; a summary of 13 bytes: one value of 11: tag "loss", the float 0.5
    assert first[9:] == b"\x10\x01\x2a\x0d\x0a\x0b\x0a\x04loss\x15" + struct.pack("<f", 0.5)
    assert second[9:].startswith(b"\x10\xac\x02\x2a") and b"exact" in second
    assert file.path.name.endswith(".2")
