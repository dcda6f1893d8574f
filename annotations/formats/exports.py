"""What the writers take, and how they name and place what they write.

Everything is written under a temporary name and renamed when it is whole.
"""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from annotations.errors import ExportFolderNotEmpty, ExportLabelUnknown
from annotations.formats.archives import clean_name, suffix
from annotations.formats.matching import is_picture
from annotations.vision.boxes import Xyxy

_FORBIDDEN = set('<>:"|?*\\')  # in file names on Windows


@dataclass(frozen=True, slots=True)
class ExportBox:
    """A box in pixels of its picture."""

    label: str
    x1: float
    y1: float
    x2: float
    y2: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class ExportPicture:
    """A picture file with its boxes; width and height are those of its upright pixels.

    ``split`` is "train", "val", "test" or "" for none; ``negative`` says that the picture
    is known to show nothing.
    """

    name: str
    data: bytes
    width: int
    height: int
    boxes: Sequence[ExportBox] = ()
    split: str = "train"
    negative: bool = False

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
    """A relative name that every system can hold; spaces become "_"."""
    kept = "".join(
        "_" if c in _FORBIDDEN or c.isspace() or not c.isprintable() else c
        for c in unicodedata.normalize("NFC", name)
    )
    parts = [part for part in kept.split("/") if part not in ("", ".", "..")]
    return clean_name("/".join(parts)) or "picture"


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


def _alike(stem: str) -> str:
    return unicodedata.normalize("NFC", stem).casefold()
