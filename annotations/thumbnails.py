"""Small copies of frames, a whole screen of them in one answer.

A copy is kept below ``small/`` under the hash of its frame, so it is made once, when somebody
first looks or while the frame is taken, and may be deleted at any time.

A pack is a line of JSON, the numbers of bytes of each picture with its frame's id and name,
then the JPEGs one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from annotations.vision import crops, small
from lprsite import files
from lprsite.errors import Refused

WIDTH = 240  # pixels
QUALITY = 78
MOST = 100  # frames in a pack
_makers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="thumbnails")


@dataclass(frozen=True)
class Wanted:
    """A frame whose small copy goes into a pack."""

    id: int
    name: str
    file: str


def path_of(key: str) -> Path:
    """Where the small copy of the picture ``key`` lies, or will lie."""
    whole = Path(key)
    return files.root() / "small" / str(WIDTH) / whole.parent.name / f"{whole.stem}.jpg"


def keep(key: str, jpeg: bytes) -> None:
    """Keep the small copy of a picture that was made while the frame was taken."""
    _write(path_of(key), jpeg)


def made(key: str) -> Path:
    """The small copy of the picture ``key``, made now if nobody has looked before.

    Raises:
        FileNotFoundError: the picture is gone.
        Refused: it cannot be read.
    """
    path = path_of(key)
    if not path.exists():
        source = files.local_path(key)
        bgr = small.decode(source.read_bytes(), name=source.name, width=WIDTH)
        _write(path, crops.encode_jpeg(bgr, QUALITY))
    return path


def pack(frames: Sequence[Wanted]) -> bytes:
    """The small copies of these frames; a picture that is gone or broken has 0 bytes."""
    pictures = list(_makers.map(_bytes_of, (frame.file for frame in frames)))
    told = [
        {"id": frame.id, "name": frame.name, "bytes": len(picture)}
        for frame, picture in zip(frames, pictures, strict=True)
    ]
    return b"".join([json.dumps(told).encode(), b"\n", *pictures])


def forget(keys: Iterable[str]) -> None:
    """Remove the small copies of pictures that are deleted."""
    for key in keys:
        path_of(key).unlink(missing_ok=True)


def _bytes_of(key: str) -> bytes:
    try:
        return made(key).read_bytes()
    except (FileNotFoundError, Refused):
        return b""


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{uuid4().hex}")
    fresh.write_bytes(data)
    fresh.replace(path)
