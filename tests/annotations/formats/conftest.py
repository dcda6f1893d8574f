"""Tiny pictures, folders and zips of the shapes that other tools write."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from annotations import formats
from annotations.formats.annotations import Annotations
from annotations.formats.archives import open_source
from annotations.formats.plans import Plan

Files = Mapping[str, bytes | str]


def jpeg(width: int = 375, height: int = 211, *, orientation: int = 1, kind: str = "JPEG") -> bytes:
    """A grey picture file, optionally with an EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = BytesIO()
    Image.new("RGB", (width, height), (90, 90, 90)).save(buffer, kind, exif=exif)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and holds nothing."""
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = struct.pack(">I", 13) + ihdr + struct.pack(">I", zlib.crc32(ihdr))
    idat = b"IDAT"
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunks
        + struct.pack(">I", 0)
        + idat
        + struct.pack(">I", zlib.crc32(idat))
    )


def bytes_of(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[[Files], Path]:
    """Files -> a zip that holds them."""

    def make(files: Files) -> Path:
        path = tmp_path / "import.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, bytes_of(data))
        return path

    return make


@pytest.fixture
def foldered(tmp_path: Path) -> Callable[[Files], Path]:
    """Files -> a folder that holds them."""

    def make(files: Files) -> Path:
        root = tmp_path / "import"
        for name, data in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(bytes_of(data))
        return root

    return make


def read(path: Path) -> Annotations:
    """What a path says, through the public door."""
    with open_source(path) as source:
        return formats.read(source)


def adds_up(plan: Plan) -> dict[str, int]:
    """The counts of a plan, after checking that they add up and each drop has its sentence."""
    counts = dict(plan.counts)
    reasons = {key: n for key, n in counts.items() if key not in ("seen", "clamped")}
    assert counts["seen"] == sum(reasons.values())
    assert counts["imported"] == sum(len(picture.boxes) for picture in plan.pictures)
    told = counts["seen"] - counts["imported"] + counts["clamped"]
    assert len(plan.report) == told
    for line in plan.report:
        assert line.file in line.sentence and str(line.line) in line.sentence
        assert line.refusal.sentence("es") != line.sentence
    return counts
