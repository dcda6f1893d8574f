"""What a source says, as it was written: its lines or boxes, and the pictures that they name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from annotations.errors import EntryPictureMissing, EntryRefused
from annotations.vision.boxes import Size, Xyxy


@dataclass(frozen=True, slots=True)
class Entry:
    """One line or box of an import, as it was written.

    ``box`` is in fractions of the picture or in its pixels, as the format has it; None
    where ``problem`` says why there is none. ``picture`` is the file's own name for it.
    """

    file: str
    line: int
    picture: str
    label: str = ""
    box: Xyxy | None = None
    text: str = ""
    problem: EntryRefused | None = None
    undeclared: bool = False
    listed: bool = False  # ``line`` counts entries of one picture, not lines of a file
    ignore: bool = False  # a crowd, or what nobody can tell: not to be learned from
    size: Size | None = None  # of the picture whose pixels ``box`` counts, where the file says it

    def refusal(self, kind: type[EntryRefused], **facts: object) -> EntryRefused:
        """The sentence of ``kind`` about this entry."""
        of = self.picture if self.listed else None
        return kind(file=self.file, line=self.line, entry_of=of, **facts)

    def refused(self, kind: type[EntryRefused], **facts: object) -> Entry:
        """This entry without a box, with the sentence why."""
        return replace(self, box=None, problem=self.refusal(kind, **facts))


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that an import names: its member and upright size, or why it has none.

    ``paths`` are where a missing one may lie. ``stored`` is the number of a frame that is
    known already, for a picture that is not in the source; ``member`` is its name then.
    """

    name: str
    member: str | None = None
    width: int = 0
    height: int = 0
    problem: tuple[type[EntryRefused], dict[str, object]] | None = None
    paths: tuple[str, ...] = ()
    stored: int = 0
    orientation: int = 1  # by EXIF; the size is the upright one

    @property
    def missing(self) -> bool:
        """Whether nothing was found for it."""
        return self.problem is not None and self.problem[0] is EntryPictureMissing
