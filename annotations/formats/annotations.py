"""Everything that a source says about its pictures: every format is read into this.

There is one ``Entry`` for each line or box, good or bad; ``annotations.formats.plans`` decides,
once for all formats, what becomes of each.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from annotations.errors import (
    EntryAmbiguous,
    EntryPictureMissing,
    EntryPictureUnreadable,
    LooksLikePercent,
    LooksLikePixels,
    NotAPicture,
    TooManyBoxes,
    TooManyEntries,
)
from annotations.formats import guessing
from annotations.formats.archives import Source, suffix
from annotations.formats.entries import Entry, Picture
from annotations.formats.matching import Match
from annotations.formats.plans import Plan, Resolution
from annotations.vision.boxes import Size, Xyxy
from annotations.vision.crops import drawn_lying, picture_header, upright_box
from lprsite.errors import Refused

MAX_BOXES = 10_000  # in one picture
MAX_ENTRIES = 2_000_000  # in one import
HEAD = 1 << 16  # bytes that nearly always hold a picture's size
_SHAPE = 0.01  # by which width : height may differ after resizing to whole pixels

Progress = Callable[[int, int], None]


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
        return Resolution(self, mapping).plan()

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
