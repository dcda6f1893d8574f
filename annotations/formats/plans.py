"""What an import says, and what will become of each of its entries.

Every format is read into the same ``Annotations``: one ``Entry`` for each line or box,
good or bad. ``resolve`` decides, once for all formats, what happens to each of them, so
that the counts always add up: seen == imported + every other reason (clamped is part of
imported).
"""

from __future__ import annotations

import codecs
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from annotations.errors import (
    EntryAmbiguous,
    EntryClamped,
    EntryDuplicate,
    EntryIgnored,
    EntryIndexOutOfRange,
    EntryNotANumber,
    EntryOutside,
    EntryPictureMissing,
    EntryPictureUnreadable,
    EntryRefused,
    EntryTagOnly,
    EntryUndeclaredLabel,
    EntryZeroArea,
    LooksLikePercent,
    LooksLikePixels,
    NotAPicture,
    TooManyBoxes,
    TooManyEntries,
)
from annotations.formats import guessing
from annotations.formats.archives import Source, suffix
from annotations.formats.matching import Match
from annotations.vision.boxes import Size, Xyxy
from annotations.vision.crops import drawn_lying, picture_header, upright_box
from lprsite.errors import Refused

MAX_BOXES = 10_000  # in one picture
MAX_ENTRIES = 2_000_000  # in one import
MAX_WORDS = 200  # characters of a label or a text
HEAD = 1 << 16  # bytes that nearly always hold a picture's size
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
_SHAPE = 0.01  # by which width : height may differ after resizing to whole pixels

Progress = Callable[[int, int], None]


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


@dataclass(frozen=True)
class Annotations:
    """Everything that a source says about its pictures.

    ``labels`` are the names it declares; with ``needs_map`` it has none, and they are the
    class numbers as text. ``negatives`` are keys said to be empty without any entry.
    """

    format: str
    name: str
    labels: tuple[str, ...]
    entries: tuple[Entry, ...]
    pictures: Mapping[str, Picture]
    needs_map: bool = False
    numbered: bool = False
    fractions: bool = True
    negatives: frozenset[str] = frozenset()
    unlabelled: tuple[str, ...] = ()

    @property
    def label_counts(self) -> dict[str, int]:
        """Boxes of each label, undeclared ones too; labels that only tag have 0."""
        counts = dict.fromkeys(self.labels, 0)
        for entry in self.entries:
            if entry.box is not None:
                counts[entry.label] = counts.get(entry.label, 0) + 1
        return counts

    def resolve(self, mapping: Mapping[str, str | None] | None = None) -> Plan:
        """Decide what becomes of every entry.

        ``mapping`` gives labels their names in the project, or None to leave them out.
        Labels that it lacks keep their name, except class numbers, which are dropped as
        out of range. Without a mapping every label keeps its name (a dry run).
        """
        return _Resolution(self, mapping).plan()

    def renamed(self, names: Mapping[str, str | None]) -> Annotations:
        """The same, with the pictures of some keys shown under other names."""
        shown = {
            key: replace(picture, name=names.get(key) or picture.name)
            for key, picture in self.pictures.items()
        }
        return replace(self, pictures=shown)

    def suggest(self) -> dict[str, str | None]:
        """A first guess of the mapping, for a person to confirm.

        Names are read for words like "plate" or "coche"; class numbers by geometry: plates
        are much smaller than cars and lie inside them.
        """
        if self.needs_map:
            guess = guessing.by_geometry(self.geometry())
            return {label: guess.get(label) for label in self.labels}
        return {label: guessing.by_name(label) for label in self.labels}

    def geometry(self) -> dict[str, guessing.Geometry]:
        """How large the boxes of each label are, and how many lie inside another's."""
        boxes: dict[str, list[tuple[str, Xyxy]]] = defaultdict(list)
        shapes: dict[str, float] = {}
        for entry in self.entries:
            picture = self.pictures.get(entry.picture)
            if entry.box is None or not all(map(math.isfinite, entry.box)):
                continue
            known = picture is not None and picture.problem is None
            if known and picture is not None:
                shapes.setdefault(entry.picture, picture.width / picture.height)
            if self.fractions:
                boxes[entry.picture].append((entry.label, entry.box))
            elif known and picture is not None:
                x1, y1, x2, y2 = self.in_pixels(entry, picture)
                w, h = picture.width, picture.height
                boxes[entry.picture].append((entry.label, (x1 / w, y1 / h, x2 / w, y2 / h)))
        return guessing.measured(boxes, shapes)

    def found_elsewhere(self, found: Mapping[str, Picture]) -> Annotations:
        """The same, with these pictures for keys that have none in the source."""
        known = {key: one for key, one in found.items() if self.pictures[key].missing}
        return replace(self, pictures={**self.pictures, **known})

    def examples(self, label: str, *, limit: int = 6) -> list[tuple[str, Xyxy]]:
        """Some boxes of a label as (member, box in pixels), to show a person.

        They are of different pictures as far as there are any, spread over the source.
        """
        found: dict[str, tuple[str, Xyxy]] = {}
        for entry in self.entries:
            picture = self.pictures.get(entry.picture)
            if entry.label != label or entry.box is None or picture is None:
                continue
            if picture.member is not None and picture.problem is None and not picture.stored:
                box = picture.member, self.in_pixels(entry, picture)
                found.setdefault(picture.member, box)
        every = list(found.values())
        return every[:: max(1, len(every) // limit)][:limit]

    def in_pixels(self, entry: Entry, picture: Picture) -> Xyxy:
        """The box of an entry in pixels of its upright picture.

        A file may say how large its pictures were. If they are of another size and the same
        shape, they were resized since, and so are the boxes; if the sides are swapped as EXIF
        swaps them, the boxes were drawn on the picture lying on its side.
        """
        assert entry.box is not None, "only boxes have a place"
        x1, y1, x2, y2 = entry.box
        w, h = float(picture.width), float(picture.height)
        if self.fractions:
            return x1 * w, y1 * h, x2 * w, y2 * h
        shown = picture.width, picture.height
        if entry.size is not None and drawn_lying(entry.size, shown, picture.orientation):
            return upright_box(entry.box, entry.size, picture.orientation)
        if entry.size is None or not _same_shape(entry.size, shown):
            return entry.box
        across, down = w / entry.size[0], h / entry.size[1]
        return x1 * across, y1 * down, x2 * across, y2 * down


def _same_shape(said: Size, found: Size) -> bool:
    """Whether two sizes differ, but not in their ratio (beyond rounding)."""
    if said == found or min(*said, *found) <= 0:
        return False
    return abs(said[0] * found[1] / (said[1] * found[0]) - 1) < _SHAPE


def annotations_of(
    source: Source,
    *,
    format: str,
    labels: Sequence[str],
    entries: Sequence[Entry],
    matches: Mapping[str, Match],
    needs_map: bool = False,
    numbered: bool = False,
    fractions: bool = True,
    negatives: Iterable[str] = (),
    unlabelled: Iterable[str] = (),
    wanted: Mapping[str, Sequence[str]] | None = None,
    progress: Progress | None = None,
) -> Annotations:
    """Measure every matched picture, read from its header, and put the parts together.

    ``wanted`` gives each key the paths it may have, so that what is missing here can be
    looked for elsewhere. Raises TooManyEntries, TooManyBoxes, and LooksLike...
    """
    if len(entries) > MAX_ENTRIES:
        raise TooManyEntries(name=source.name, limit=MAX_ENTRIES)
    _check_box_counts(entries)
    if fractions:
        _check_fractions(entries, name=source.name)
    pictures: dict[str, Picture] = {}
    for done, (key, match) in enumerate(matches.items(), 1):
        pictures[key] = _measured(source, key, match, tuple((wanted or {}).get(key, (key,))))
        if progress is not None:
            progress(done, len(matches))
    return Annotations(
        format=format,
        name=source.name,
        labels=tuple(labels),
        entries=tuple(entries),
        pictures=pictures,
        needs_map=needs_map,
        numbered=numbered,
        fractions=fractions,
        negatives=frozenset(negatives),
        unlabelled=tuple(unlabelled),
    )


def measure(source: Source, member: str) -> tuple[int, int]:
    """Width and height of a picture as people see it, from as few bytes as possible.

    Raises the refusals of ``picture_size`` and of the source.
    """
    return _header(source, member)[0]


def _header(source: Source, member: str) -> tuple[Size, int]:
    """As ``measure``, with the EXIF orientation."""
    name = member.rpartition("/")[2]
    head = source.head(member, HEAD)
    try:
        return picture_header(head, name=name)
    except NotAPicture:
        if len(head) < HEAD:
            raise
        return picture_header(source.read(member), name=name)


def decoded(data: bytes) -> str:
    """The text of a file: in UTF-8, in what its byte order mark says, or in Windows' Western
    code page."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return words(data.decode("utf-16", errors="replace"))
    try:
        return words(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return words(data.decode("cp1252", errors="replace"))


def words(text: str) -> str:
    """Text that every database and page can hold: no NUL, no half of a character."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def number(text: str) -> float:
    """A number as label files write it; NaN and inf are numbers here. Raises ValueError."""
    if "_" in text:  # Python's own idea of a number
        raise ValueError(text)
    return float(text)


def is_number(text: str) -> bool:
    """Whether ``number`` can read it."""
    try:
        number(text)
    except ValueError:
        return False
    return True


def _check_box_counts(entries: Sequence[Entry]) -> None:
    counts = Counter(entry.picture for entry in entries)
    for picture, count in counts.most_common(1):
        if count > MAX_BOXES:
            raise TooManyBoxes(name=picture, limit=MAX_BOXES)


def _check_fractions(entries: Sequence[Entry], *, name: str) -> None:
    """Refuse a source in which no box has a number that could be a fraction."""
    boxes = [entry.box for entry in entries if entry.box is not None]
    if not boxes or not all(_beyond_fractions(box) for box in boxes):
        return
    if max(edge for box in boxes for edge in box) <= 150.0:  # a box may end 50 % further
        raise LooksLikePercent(name=name)
    raise LooksLikePixels(name=name)


def _beyond_fractions(box: Xyxy) -> bool:
    """Whether centre and size are both larger than 1."""
    x1, y1, x2, y2 = box
    return min(x2 - x1, y2 - y1, (x1 + x2) / 2, (y1 + y2) / 2) > 1.0


def _measured(source: Source, key: str, match: Match, paths: tuple[str, ...]) -> Picture:
    if match.several:
        names = ", ".join(f"“{member}”" for member in match.several[:4])
        return Picture(key, problem=(EntryAmbiguous, {"pictures": names}))
    if match.member is None:
        name = key[:-4] if suffix(key) in (".txt", ".xml") else key  # its ending is not known
        return Picture(key, problem=(EntryPictureMissing, {"picture": name}), paths=paths)
    try:
        (width, height), orientation = _header(source, match.member)
    except Refused as reason:
        return Picture(key, match.member, problem=(EntryPictureUnreadable, {"reason": reason}))
    return Picture(key, match.member, width, height, orientation=orientation)


@dataclass
class _Making:
    """A picture while its entries are decided."""

    picture: Picture
    boxes: list[PlannedBox] = field(default_factory=list)
    known: set[tuple[str, tuple[float, ...]]] = field(default_factory=set)
    said_empty: bool = False
    has_entries: bool = False
    lost: bool = False


class _Resolution:
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


__all__ = [
    "Annotations",
    "Entry",
    "Picture",
    "Plan",
    "PlannedBox",
    "PlannedPicture",
    "ReportLine",
    "annotations_of",
    "decoded",
    "is_number",
    "measure",
    "number",
    "words",
]
