"""KITTI labels as NVIDIA TAO's DetectNet_v2 takes them: exactly 15 columns.

class, truncated, occluded, alpha, x1 y1 x2 y2 in pixels, 3 sizes, 3 places, 1 rotation;
what is not known is 0. The rules of its converter: class names in lower case, a box only
where int(x1) < int(x2) and int(y1) < int(y2), pictures all of one kind.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from annotations.errors import (
    EntryBadLine,
    EntryIgnored,
    EntryNotANumber,
    EntryRefused,
    EntryZeroArea,
    KittiColumns,
    KittiNumbers,
)
from annotations.formats.annotations import Annotations, Progress, annotations_of
from annotations.formats.archives import Source
from annotations.formats.entries import Entry
from annotations.formats.exports import ExportBox, ExportPicture, Names, Sink, opened
from annotations.formats.matching import is_picture, match_all, stem
from annotations.formats.words import is_number, number
from annotations.formats.yolo import picture_paths, read_text, unreadable
from annotations.vision.boxes import Xyxy
from annotations.vision.crops import decode_picture, encode_jpeg
from lprsite.errors import Refused

COLUMNS = 15
DONT_CARE = "dontcare"
_BEST_QUALITY = 95
_ORIENTATION = 0x0112  # the EXIF tag


@dataclass(frozen=True, slots=True)
class KittiObject:
    """One line: class in lower case, how much is cut off and hidden, box in pixels."""

    cls: str
    truncation: float
    occlusion: int
    box: Xyxy


# --- reading


def read_label(text: str, *, name: str = "label") -> tuple[KittiObject, ...]:
    """The objects of a label file; boxes without whole-pixel area are skipped.

    Raises KittiColumns for any line without exactly 15 columns, KittiNumbers for a column
    that is no finite number.
    """
    objects = []
    for place, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found = _parsed(line, name=name, place=place)
            if has_area(found.box):
                objects.append(found)
    return tuple(objects)


def has_area(box: Xyxy) -> bool:
    """TAO's rule: the box spans a whole pixel once its edges are cut to integers."""
    x1, y1, x2, y2 = (int(edge) for edge in box)
    return x1 < x2 and y1 < y2


def looks_like_kitti(lines: Iterable[str]) -> bool:
    """Whether the first line that says anything has a KITTI label's columns."""
    for line in lines:
        if line.strip():
            fields = line.split()
            return len(fields) in (COLUMNS, COLUMNS + 1) and not is_number(fields[0])
    return False


def read(source: Source, files: Sequence[str], *, progress: Progress | None = None) -> Annotations:
    """Read the label files of a source; a bad line is reported and the rest goes on."""
    pictures = [member for member in source.members() if is_picture(member)]
    paths = {file: picture_paths(file) for file in files}
    matches = match_all(paths, pictures, by=stem)
    entries: list[Entry] = []
    negatives = []
    for file in files:
        before = len(entries)
        try:
            entries.extend(_entries(file, read_text(source, file)))
        except Refused as reason:  # one file that is damaged or too large
            entries.append(unreadable(file, reason))
        if len(entries) == before:
            negatives.append(file)
    used = {member for match in matches.values() for member in (match.member, *match.several)}
    return annotations_of(
        source,
        format="kitti",
        labels=list(dict.fromkeys(entry.label for entry in entries if entry.label)),
        entries=entries,
        matches=matches,
        fractions=False,
        negatives=negatives,
        unlabelled=[member for member in pictures if member not in used],
        wanted=paths,
        progress=progress,
    ).renamed({key: match.member for key, match in matches.items()})


def _entries(file: str, lines: Iterable[str]) -> Iterator[Entry]:
    base = file.rpartition("/")[2]
    for place, line in enumerate(lines, 1):
        if line.strip():
            yield _entry(base, place, file, line)


def _entry(base: str, place: int, file: str, line: str) -> Entry:
    try:
        found = _parsed(line, name=base, place=place)
    except KittiColumns as error:
        wrong: EntryRefused = EntryBadLine(
            file=base, line=place, expected=COLUMNS, found=error.facts["columns"]
        )
        return Entry(base, place, file, problem=wrong)
    except KittiNumbers:
        wrong = EntryNotANumber(file=base, line=place, value=line.strip()[:40])
        return Entry(base, place, file, problem=wrong)
    problem: EntryRefused | None = None
    if found.cls == DONT_CARE:
        problem = EntryIgnored(file=base, line=place, label=found.cls)
    elif not has_area(found.box):
        problem = EntryZeroArea(file=base, line=place)
    return Entry(base, place, file, found.cls, None if problem else found.box, problem=problem)


def _parsed(line: str, *, name: str, place: int) -> KittiObject:
    fields = line.split()
    if len(fields) != COLUMNS:
        raise KittiColumns(name=name, line=place, columns=len(fields))
    try:
        values = [number(field) for field in fields[1:]]
    except ValueError as error:
        raise KittiNumbers(name=name, line=place) from error
    if not all(math.isfinite(value) for value in values):
        raise KittiNumbers(name=name, line=place)
    box = (values[3], values[4], values[5], values[6])
    return KittiObject(fields[0].lower(), values[0], int(values[1]), box)


# --- TAO's two ways to split


def sequence_split(sequences: Mapping[str, Sequence[int]], partitions: int) -> list[list[int]]:
    """Deal whole sequences of frames to ``partitions`` folds.

    The longest first (equal ones by name), round-robin; then the folds are reversed. One
    fold is simply everything in the order given.
    """
    assert partitions >= 1, "at least one fold"
    if partitions == 1:
        return [[frame for frames in sequences.values() for frame in frames]]
    folds: list[list[int]] = [[] for _ in range(partitions)]
    ordered = sorted(sequences.items(), key=lambda item: (-len(item[1]), item[0]))
    for place, (_, frames) in enumerate(ordered):
        folds[place % partitions].extend(frames)
    return folds[::-1]


def random_split(names: Iterable[str], percent: float) -> tuple[list[str], list[str]]:
    """(validation, training): the first int(percent / 100 * N) names in sorted order.

    TAO then shuffles each part, which changes neither; the order here stays sorted.
    """
    assert 0 <= percent <= 100, "a part of the whole"
    ordered = sorted(names)
    cut = int(percent / 100.0 * len(ordered))
    return ordered[:cut], ordered[cut:]


# --- writing


def write(out: Path | Sink, pictures: Iterable[ExportPicture]) -> dict[str, int]:
    """Write images/SPLIT and labels/SPLIT for TAO (without SPLIT where that is "").

    All pictures are .jpg, since TAO wants one kind: JPEG files go as they are, others are
    encoded. Boxes without whole-pixel area are left out, as TAO would; boxes to ignore
    become DontCare. Returns the counts of pictures, boxes and skipped boxes.
    Raises ExportFolderNotEmpty.
    """
    names, counts = Names(), {"pictures": 0, "boxes": 0, "skipped": 0}
    with opened(out) as sink:
        for picture in pictures:
            name = names.give(picture.name, group=picture.split, flat=True, ending=".jpg")
            below = f"{picture.split}/" if picture.split else ""
            sink.put(f"images/{below}{name}", _as_jpeg(picture), of=picture.source)
            kept = [box for box in picture.boxes if has_area((box.x1, box.y1, box.x2, box.y2))]
            text = "".join(f"{line_of(box)}\n" for box in kept)
            sink.put(f"labels/{below}{stem(name)}.txt", text.encode())
            counts["pictures"] += 1
            counts["boxes"] += sum(not box.ignore for box in kept)
            counts["skipped"] += len(picture.boxes) - len(kept)
    return counts


def line_of(box: ExportBox) -> str:
    """The 15 columns of a box; a class name has no spaces and is in lower case."""
    cls = DONT_CARE if box.ignore else "_".join(box.label.lower().split())
    edges = " ".join(f"{edge:.2f}" for edge in (box.x1, box.y1, box.x2, box.y2))
    return f"{cls} 0.00 0 0.00 {edges}" + " 0.00" * 7


def _as_jpeg(picture: ExportPicture) -> bytes:
    """Upright JPEG files as they are; anything else is encoded once.

    TAO does not look at EXIF: a picture that is only said to be turned must be turned.
    """
    if _is_upright_jpeg(picture.data):
        return picture.data
    return encode_jpeg(decode_picture(picture.data, name=picture.name), quality=_BEST_QUALITY)


def _is_upright_jpeg(data: bytes) -> bool:
    try:
        with Image.open(BytesIO(data), formats=("JPEG",)) as opened:
            return bool(opened.getexif().get(_ORIENTATION, 1) == 1)
    except (OSError, ValueError, SyntaxError):  # no JPEG: decoding it says what it is
        return False
