"""A picture on its way in, and what all parts of one import share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from annotations import crops as crop_steps
from annotations.bringing.tally import Tally
from annotations.errors import FrameFileGone
from annotations.formats import PlannedPicture
from annotations.formats.archives import Source
from annotations.models import Frame, ImportBatch, Label, Project
from annotations.vision import boxes as geometry
from lprsite import files
from lprsite.errors import Refused

WHOLE = 0.99  # of a picture's area: the picture is a crop
_MAGIC = ((b"\xff\xd8", ".jpg"), (b"\x89PNG", ".png"), (b"RIFF", ".webp"), (b"BM", ".bmp"))


@dataclass(frozen=True)
class Errand:
    """One import: where it takes from, what it counts, and who helps.

    ``labels`` are those of the project by name; none if only texts come in. ``complete`` are
    those with which each picture is fully labelled. ``dry``: everything is looked at and
    counted, nothing is written. ``crew`` are the threads.
    """

    batch: ImportBatch
    source: Source
    tally: Tally
    crew: Executor
    labels: Mapping[str, Label] | None
    complete: Sequence[str]
    dry: bool

    @property
    def project(self) -> Project:
        """The project that it brings into."""
        return self.batch.project

    @property
    def texts_only(self) -> bool:
        """Whether the pictures are crops with their texts."""
        return self.labels is None


@dataclass
class Held:
    """A picture in memory on its way in. ``frame``: the one it is known to be."""

    planned: PlannedPicture
    data: bytes
    sha256: str
    text: str = ""
    frame: Frame | None = None
    problem: Refused | None = None

    @property
    def key(self) -> str:
        """What is the same for the same picture."""
        return f"#{self.frame.pk}" if self.frame is not None else self.sha256


def shows_only_a_plate(planned: PlannedPicture) -> bool:
    """Whether the picture is one plate from edge to edge, as crops in a table of boxes are."""
    if len(planned.boxes) != 1 or planned.boxes[0].label != crop_steps.PLATE:
        return False
    covered = float(geometry.area([planned.boxes[0].xyxy])[0])
    return covered >= WHOLE * planned.width * planned.height


def ending_of(data: bytes) -> str:
    """The file ending that a picture's content deserves."""
    return next((ending for magic, ending in _MAGIC if data.startswith(magic)), ".jpg")


def read_stored(frame: Frame | None, name: str) -> bytes:
    """The file of a frame. Raises FrameFileGone."""
    try:
        if frame is not None:
            return files.local_path(frame.file).read_bytes()
    except OSError as error:
        raise FrameFileGone(name=name) from error
    raise FrameFileGone(name=name)
