"""What will become of each entry of an import.

It is decided here once for all formats, so that the counts always add up: seen == imported +
every other reason (clamped is part of imported).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annotations.errors import (
    EntryClamped,
    EntryDuplicate,
    EntryIgnored,
    EntryIndexOutOfRange,
    EntryNotANumber,
    EntryOutside,
    EntryRefused,
    EntryTagOnly,
    EntryUndeclaredLabel,
    EntryZeroArea,
)
from annotations.formats import guessing
from annotations.formats.entries import Entry, Picture
from annotations.vision.boxes import Xyxy

if TYPE_CHECKING:
    from annotations.formats.annotations import Annotations

_OVER_EDGE = 0.01  # pixels; less is rounding, not a box over the edge
_THINNEST = 0.01  # pixels; what is thinner is no box
_LOST = frozenset(
    {
        "bad_line",
        "file_unreadable",
        "index_out_of_range",
        "not_a_number",
        "undeclared_label",
        "zero_area",
    }
)  # reasons after which a picture may show what has no box


@dataclass(frozen=True, slots=True)
class PlannedBox:
    """A box to make, in pixels of the upright picture, inside it.

    ``said`` is its label in the source.
    """

    label: str
    x1: float
    y1: float
    x2: float
    y2: float
    clamped: bool = False
    text: str = ""
    said: str = ""
    ignore: bool = False

    @property
    def xyxy(self) -> Xyxy:
        """The four edges."""
        return self.x1, self.y1, self.x2, self.y2


@dataclass(frozen=True, slots=True)
class PlannedPicture:
    """A picture to take. ``negative``: the import says that nothing is to be seen on it.

    ``lost``: a box that was to be taken could not be, so it is not labelled to the end.
    ``stored`` is the number of the frame that it is, where it is not in the source.
    """

    member: str
    name: str
    width: int
    height: int
    boxes: tuple[PlannedBox, ...] = ()
    negative: bool = False
    stored: int = 0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What became of an entry that was not simply imported."""

    file: str
    line: int
    outcome: str
    refusal: EntryRefused

    @property
    def sentence(self) -> str:
        """The English sentence; ``refusal.sentence("es")`` is the Spanish one."""
        return self.refusal.sentence()


@dataclass(frozen=True)
class Plan:
    """What an import will do. ``counts`` has "seen", "imported", "clamped" and each reason.

    ``unlabelled`` are pictures of the source that no entry names: not negatives.
    ``fixed`` are the reasons that no mapping changes; ``by_label`` is what would become of
    all other boxes, label by label, if their label is taken ("clamped" is part of "imported").
    """

    pictures: tuple[PlannedPicture, ...]
    counts: Mapping[str, int]
    report: tuple[ReportLine, ...]
    unlabelled: tuple[str, ...] = ()
    by_label: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    fixed: Mapping[str, int] = field(default_factory=dict)


@dataclass
class _Making:
    """A picture while its entries are decided."""

    picture: Picture
    boxes: list[PlannedBox] = field(default_factory=list)
    known: set[tuple[str, tuple[float, ...]]] = field(default_factory=set)
    said_empty: bool = False
    has_entries: bool = False
    lost: bool = False


class Resolution:
    """One pass over the entries, in their order."""

    def __init__(self, said: Annotations, mapping: Mapping[str, str | None] | None) -> None:
        self.said, self.mapping = said, mapping
        self.counts: Counter[str] = Counter(seen=0, imported=0, clamped=0)
        self.by_label: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.fixed: Counter[str] = Counter()
        self.report: list[ReportLine] = []
        self.making: dict[str, _Making] = {}

    def plan(self) -> Plan:
        for entry in self.said.entries:
            self._decide(entry)
        for key in sorted(self.said.negatives):
            if making := self._making(key):
                making.said_empty = True
        return Plan(
            tuple(self._pictures()),
            self.counts,
            tuple(self.report),
            self.said.unlabelled,
            {label: dict(counts) for label, counts in self.by_label.items()},
            dict(self.fixed),
        )

    def _decide(self, entry: Entry) -> None:
        self.counts["seen"] += 1
        making = self._making(entry.picture)
        refusal = self._beforehand(entry)
        if making is not None:
            tag = isinstance(refusal, EntryTagOnly)
            making.said_empty |= tag and self._says_empty(entry)
            making.has_entries |= not tag
            making.lost |= refusal is not None and self._loses(entry, refusal)
        if refusal is not None:
            self.fixed[refusal.outcome] += 1
            self._note(entry, refusal)
            return
        assert making is not None, "an entry without a problem has a picture"
        self._take(entry, making)

    def _take(self, entry: Entry, making: _Making) -> None:
        """Make the box, unless the mapping or its own edges are against it."""
        box, refusal = self._box(entry, making.picture)
        unwanted = self._by_map(entry)
        if box is not None and unwanted is None:
            key = (box.label, tuple(round(edge, 2) for edge in box.xyxy))
            if key in making.known:
                box, refusal = None, entry.refusal(EntryDuplicate)
            making.known.add(key)
        would = self.by_label[entry.label]
        would[refusal.outcome if refusal else "imported"] += 1
        if box is not None and box.clamped:
            would["clamped"] += 1
        refusal = unwanted or refusal
        if refusal is not None:
            making.lost |= self._loses(entry, refusal)
            self._note(entry, refusal)
            return
        assert box is not None, "an entry is imported or has a reason"
        making.boxes.append(box)
        self.counts["imported"] += 1
        if box.clamped:
            self._note(entry, entry.refusal(EntryClamped))

    def _beforehand(self, entry: Entry) -> EntryRefused | None:
        """Why the entry is dropped whatever the mapping says."""
        if entry.problem is not None:
            return entry.problem
        if problem := self.said.pictures[entry.picture].problem:
            return entry.refusal(problem[0], **problem[1])
        return None

    def _by_map(self, entry: Entry) -> EntryRefused | None:
        """Why the mapping drops the entry."""
        if self.mapping is not None and entry.label in self.mapping:
            ignored = self.mapping[entry.label] is None
            return entry.refusal(EntryIgnored, label=entry.label) if ignored else None
        if entry.undeclared or (self.mapping is not None and self.said.needs_map):
            kind = EntryIndexOutOfRange if self.said.numbered else EntryUndeclaredLabel
            return entry.refusal(kind, label=entry.label)
        return None

    def _loses(self, entry: Entry, refusal: EntryRefused) -> bool:
        """Whether the picture lacks a box by this; not one of a label that is left out."""
        left_out = self.mapping is not None and self.mapping.get(entry.label, "") is None
        return refusal.outcome in _LOST and not left_out

    def _box(self, entry: Entry, picture: Picture) -> tuple[PlannedBox | None, EntryRefused | None]:
        x1, y1, x2, y2 = self.said.in_pixels(entry, picture)
        if any(math.isnan(edge) for edge in (x1, y1, x2, y2)):
            return None, entry.refusal(EntryNotANumber, value="NaN")
        if x1 >= x2 or y1 >= y2:
            return None, entry.refusal(EntryZeroArea)
        inside = _clipped((x1, y1, x2, y2), picture.width, picture.height)
        if inside[0] >= inside[2] or inside[1] >= inside[3]:
            return None, entry.refusal(EntryOutside)
        if min(inside[2] - inside[0], inside[3] - inside[1]) < _THINNEST:
            return None, entry.refusal(EntryZeroArea)
        over = max(abs(a - b) for a, b in zip(inside, (x1, y1, x2, y2), strict=True))
        return PlannedBox(
            self._target(entry.label) or entry.label,
            *inside,
            over > _OVER_EDGE,
            entry.text,
            entry.label,
            entry.ignore,
        ), None

    def _target(self, label: str) -> str | None:
        return label if self.mapping is None else self.mapping.get(label, label)

    def _says_empty(self, entry: Entry) -> bool:
        """A tag means "nothing here", unless its label is one that boxes have, too."""
        if entry.label.casefold() in guessing.NEGATIVE:
            return True
        if self.mapping is None:
            return self.said.needs_map
        return self.mapping.get(entry.label) is None

    def _making(self, key: str) -> _Making | None:
        """The picture a key means; several keys may mean one."""
        picture = self.said.pictures[key]
        if picture.member is None or picture.problem is not None:
            return None
        return self.making.setdefault(picture.member, _Making(picture))

    def _note(self, entry: Entry, refusal: EntryRefused) -> None:
        self.counts[refusal.outcome] += 1
        self.report.append(ReportLine(entry.file, entry.line, refusal.outcome, refusal))

    def _pictures(self) -> Iterator[PlannedPicture]:
        for member, making in self.making.items():
            picture = making.picture
            yield PlannedPicture(
                member,
                picture.name,
                picture.width,
                picture.height,
                tuple(making.boxes),
                making.said_empty and not making.has_entries,
                picture.stored,
                making.lost,
            )


def _clipped(box: Xyxy, width: int, height: int) -> Xyxy:
    x1, y1, x2, y2 = box
    return (
        min(max(x1, 0.0), float(width)),
        min(max(y1, 0.0), float(height)),
        min(max(x2, 0.0), float(width)),
        min(max(y2, 0.0), float(height)),
    )
