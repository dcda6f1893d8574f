"""What the writers take, and how they name and place what they write.

Writers put their files into a ``Sink``: a folder, or a zip that grows on disk while it is
written. Everything is written under a temporary name and renamed when it is whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
import unicodedata
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from annotations.errors import ExportFolderNotEmpty, ExportLabelUnknown
from annotations.formats.archives import clean_name, suffix
from annotations.formats.matching import is_picture
from annotations.vision.boxes import Xyxy

SUMS = "SHA256SUMS"
SOURCES = "sources.jsonl"
_STORED = frozenset({".jpg", ".jpeg", ".png", ".webp", ".mp4", ".mkv", ".webm", ".zip"})
_SPOOL = 1 << 20  # bytes of a list that stay in memory before it goes to disk
_FORBIDDEN = set('<>:"|?*\\')  # in file names on Windows


@dataclass(frozen=True, slots=True)
class ExportBox:
    """A box in pixels of its picture. ``ignore``: nobody is to learn from it, nor be blamed.

    COCO, KITTI and VOC have a word for that; the other formats leave such boxes out.
    """

    label: str
    x1: float
    y1: float
    x2: float
    y2: float
    text: str = ""
    ignore: bool = False


@dataclass(frozen=True, slots=True)
class ExportPicture:
    """A picture file with its boxes; width and height are those of its upright pixels.

    ``split`` is "train", "val", "test" or "" for none; ``negative`` says that the picture
    is known to show nothing; ``source`` are facts for the list of sources.
    """

    name: str
    data: bytes
    width: int
    height: int
    boxes: Sequence[ExportBox] = ()
    split: str = "train"
    negative: bool = False
    source: Mapping[str, object] = field(default_factory=dict)

    @property
    def counted(self) -> list[ExportBox]:
        """The boxes that are not to be ignored."""
        return [box for box in self.boxes if not box.ignore]

    def fractions(self, box: ExportBox) -> Xyxy:
        """A box as fractions of width and height."""
        w, h = self.width, self.height
        return box.x1 / w, box.y1 / h, box.x2 / w, box.y2 / h


@dataclass(frozen=True, slots=True)
class ExportCrop:
    """A plate's picture file with its text."""

    name: str
    data: bytes
    text: str
    split: str = "train"
    source: Mapping[str, object] = field(default_factory=dict)


class Spool:
    """Bytes that go to a nameless file on disk once they are many."""

    def __init__(self) -> None:
        self.size = 0
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_SPOOL)  # noqa: SIM115 - open as long as this is

    def write(self, data: bytes) -> None:
        """Add to the end."""
        self.size += self._file.write(data)

    def pieces(self) -> Iterator[bytes]:
        """What was written, from the beginning."""
        self._file.seek(0)
        while piece := self._file.read(_SPOOL):
            yield piece

    def __del__(self) -> None:
        self._file.close()


class Sink(ABC):
    """Where the files of an export go; sums them up and remembers where pictures come from."""

    def __init__(self) -> None:
        self._sums, self._sources = Spool(), Spool()

    def put(
        self, path: str, data: bytes | Iterable[bytes], *, of: Mapping[str, object] | None = None
    ) -> None:
        """Write a file at the relative ``path``; ``of`` says which picture of ours it is."""
        digest = hashlib.sha256()
        self._write(path, _summed((data,) if isinstance(data, bytes) else data, digest))
        self._sums.write(f"{digest.hexdigest()}  {path}\n".encode())
        if of:
            line = {"file": path, "sha256": digest.hexdigest(), **of}
            self._sources.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def finish(self) -> None:
        """Add the list of sources and, last, the sums of all files, as sha256sum checks them."""
        if self._sources.size:
            self.put(SOURCES, self._sources.pieces())
        self._write(SUMS, self._sums.pieces())

    @abstractmethod
    def _write(self, path: str, pieces: Iterable[bytes]) -> None: ...


class FolderSink(Sink):
    """Files below a folder."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def _write(self, path: str, pieces: Iterable[bytes]) -> None:
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.writelines(pieces)


class ZipSink(Sink):
    """Members of a zip below one top folder; pictures are stored, texts are packed.

    zipfile goes over to zip64 by itself: beyond 65,535 members and 4 GB.
    """

    def __init__(self, archive: zipfile.ZipFile, top: str) -> None:
        super().__init__()
        self._archive, self._top = archive, top
        self._now = time.localtime()[:6]

    def _write(self, path: str, pieces: Iterable[bytes]) -> None:
        info = zipfile.ZipInfo(f"{self._top}/{path}" if self._top else path, self._now)
        stored = suffix(path) in _STORED
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        with self._archive.open(info, "w", force_zip64=True) as member:
            for piece in pieces:
                member.write(piece)


class Names:
    """File names for an export: safe everywhere, and no two alike without their ending.

    Sidecar formats give "a.jpg" and "a.png" one "a.txt", so the second becomes "a_2.png".
    """

    def __init__(self) -> None:
        self._taken: set[tuple[str, str]] = set()

    def give(self, name: str, *, group: str = "", flat: bool = False, ending: str = "") -> str:
        """A free name like ``name``; ``flat`` joins its folders with "_"."""
        safe = safe_file_name(name)
        if flat:
            safe = safe.replace("/", "_")
        old = suffix(safe) if is_picture(safe) else ""
        stem, end = safe[: len(safe) - len(old)], ending or old or ".jpg"
        free, count = stem, 1
        while (group, _alike(free)) in self._taken:
            count += 1
            free = f"{stem}_{count}"
        self._taken.add((group, _alike(free)))
        return free + end


def safe_file_name(name: str) -> str:
    """A relative name that every system can hold and shows; spaces and first dots become "_"."""
    kept = "".join(
        "_" if c in _FORBIDDEN or c.isspace() or not c.isprintable() else c
        for c in unicodedata.normalize("NFC", name)
    )
    parts = [part for part in kept.split("/") if part not in ("", ".", "..")]
    shown = [f"_{part[1:]}" if part.startswith(".") else part for part in parts]
    return clean_name("/".join(shown)) or "picture"


def checked_index(picture: ExportPicture, labels: Sequence[str]) -> Mapping[str, int]:
    """Label -> its position. Raises ExportLabelUnknown for a box of any other label."""
    index = {label: place for place, label in enumerate(labels)}
    for box in picture.boxes:
        if box.label not in index:
            raise ExportLabelUnknown(picture=picture.name, label=box.label)
    return index


@contextmanager
def fresh_file(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path``, moved onto it when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside ``path``, renamed to it when all went well.

    Raises ExportFolderNotEmpty if ``path`` already holds anything.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ExportFolderNotEmpty(name=path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        yield part
        if path.exists():
            path.rmdir()
        part.replace(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def opened(out: Path | Sink) -> Iterator[Sink]:
    """The sink itself, or one for the new or empty folder ``out``, which appears when whole.

    Raises ExportFolderNotEmpty.
    """
    if isinstance(out, Sink):
        yield out
        return
    with fresh_folder(out) as part:
        yield FolderSink(part)


def _summed(pieces: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def _alike(stem: str) -> str:
    return unicodedata.normalize("NFC", stem).casefold()
