"""YOLO labels: a .txt beside each picture, or in ``labels`` next to ``images``.

A line is a class number, centre x, centre y, width and height as fractions; a sixth field is a
confidence, and an outline of three points or more is taken as the box around it. The names of
the classes come from a data.yaml (Ultralytics, Roboflow), an obj.names (Darknet, CVAT) or a
classes.txt; the zip of Cloud Annotations has none of them, and its numbers must be mapped
by a person. An empty .txt is a negative; in the Ultralytics layout so is a missing one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from annotations.errors import (
    ClassNamesBroken,
    EntryBadClass,
    EntryBadLine,
    EntryFileUnreadable,
    EntryNotANumber,
    EntryRefused,
    EntryTagOnly,
)
from annotations.formats.annotations import Annotations, Progress, annotations_of
from annotations.formats.archives import Source, suffix
from annotations.formats.entries import Entry
from annotations.formats.exports import ExportPicture, Names, Sink, checked_index, opened
from annotations.formats.matching import is_picture, match_all, stem
from annotations.formats.words import MAX_WORDS, decoded, is_number, number, words
from annotations.vision.boxes import Xyxy
from lprsite.errors import Refused

TEXT_LIMIT = 4 << 20
NAMES_LIMIT = 1 << 20
_FIELDS = 5
_OUTLINE = 7  # fields of a class and three points
_MAX_CLASS = 10_000
_LISTS = frozenset(
    {
        "annotations.txt",
        "characters.txt",
        "classes.txt",
        "labels.txt",
        "names.txt",
        "train.txt",
        "trainval.txt",
        "val.txt",
        "valid.txt",
        "test.txt",
    }
)
_NAME_LISTS = ("classes.txt", "names.txt", "labels.txt")
_TWINS = {"labels": "images", "label": "image", "label_2": "image_2", "annotations": "images"}


# --- reading


def label_files(source: Source) -> list[str]:
    """The .txt members that may be labels of pictures, in the source's order."""
    members = source.members()
    stems = {stem(member) for member in members if is_picture(member)}
    return [
        member
        for member in members
        if suffix(member) == ".txt" and (not _is_list(member) or member[:-4] in stems)
    ]


def picture_paths(label_file: str) -> list[str]:
    """The paths, without ending, where the picture of a label file may lie, best first."""
    path = label_file[:-4]
    parts = path.split("/")
    paths = [path]
    for place in range(len(parts) - 2, -1, -1):
        if twin := _TWINS.get(parts[place].lower()):
            paths.append("/".join([*parts[:place], twin, *parts[place + 1 :]]))
            break
    return [*paths, *(stem(path) for path in paths if is_picture(path))]


def read_text(source: Source, member: str) -> list[str]:
    """The lines of a text member."""
    text = decoded(source.read(member, limit=TEXT_LIMIT))
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read(
    source: Source,
    files: Sequence[str],
    *,
    names_file: str | None = None,
    progress: Progress | None = None,
) -> Annotations:
    """Read the label files. Raises ClassNamesBroken, and what the source refuses."""
    names = class_names(source, names_file)
    pictures = [member for member in source.members() if is_picture(member)]
    paths = {file: picture_paths(file) for file in files}
    matches = match_all(paths, pictures, by=stem)
    points = _key_points(source)
    entries: list[Entry] = []
    negatives = []
    for file in files:
        before = len(entries)
        try:
            entries.extend(_entries(file, read_text(source, file), names, points))
        except Refused as reason:  # one file that is damaged or too large
            entries.append(unreadable(file, reason))
        if len(entries) == before:
            negatives.append(file)
    used = {member for match in matches.values() for member in (match.member, *match.several)}
    rest = [member for member in pictures if member not in used]
    # In what is left of an archive, a file that is missing says nothing.
    says_empty = names and source.damage is None
    background = [member for member in rest if says_empty and "images" in member.split("/")[:-1]]
    wanted = {member: [member] for member in background}
    found = annotations_of(
        source,
        format="yolo",
        labels=_labels(entries, names),
        entries=entries,
        matches={**matches, **match_all(wanted, background)},
        needs_map=names is None,
        numbered=True,
        negatives=[*negatives, *background],
        unlabelled=[] if background else rest,
        wanted=paths,
        progress=progress,
    )
    return found.renamed({key: match.member for key, match in matches.items()})


def class_names(source: Source, names_file: str | None = None) -> dict[int, str] | None:
    """Class number -> name from the list nearest to the top, or None if there is no list."""
    if names_file is not None:
        return _names_of(source, names_file)
    members = [member for member in source.members() if suffix(member) in _NAME_READERS]
    for kind in ((".yaml", ".yml"), (".names",), (".txt",)):
        for member in sorted(members, key=lambda member: member.count("/")):
            base = member.rpartition("/")[2].lower()
            if suffix(member) in kind and (suffix(member) != ".txt" or base in _NAME_LISTS):
                names = _names_of(source, member)
                if names is not None:
                    return names
    return None


def parse_line(
    text: str, *, key_points: int = 0
) -> tuple[str, Xyxy | None, type[EntryRefused] | None, dict[str, Any]]:
    """One line as (class number, box, why not, facts); the box in fractions x1 y1 x2 y2.

    ``key_points`` is how many numbers of key points follow the box in a data set of poses.
    """
    fields = text.split()
    if key_points and len(fields) == _FIELDS + key_points:
        fields = fields[:_FIELDS]
    outline = len(fields) >= _OUTLINE and len(fields) % 2 == 1
    if len(fields) not in (_FIELDS, _FIELDS + 1) and not outline:
        return "", None, EntryBadLine, {"expected": _FIELDS, "found": len(fields)}
    label = _class_number(fields[0])
    if label is None:
        return "", None, EntryBadClass, {"value": fields[0][:40]}
    try:
        values = [number(value) for value in fields[1:]]
    except ValueError:
        return label, None, EntryNotANumber, {"value": " ".join(fields[1:])[:40]}
    if all(math.isnan(value) for value in values):
        return label, None, EntryTagOnly, {}
    if not all(math.isfinite(value) for value in values):
        return label, None, EntryNotANumber, {"value": " ".join(fields[1:])[:40]}
    if outline:
        across, down = values[::2], values[1::2]
        return label, (min(across), min(down), max(across), max(down)), None, {}
    x, y, w, h = values[:4]
    return label, (x - w / 2, y - h / 2, x + w / 2, y + h / 2), None, {}


def looks_like_yolo(lines: Iterable[str]) -> bool:
    """Whether some line holds at least three numbers: a label, even if a broken one."""
    return any(
        sum(map(is_number, line.replace(",", " ").replace(";", " ").split())) > 2 for line in lines
    )


def unreadable(member: str, reason: Refused) -> Entry:
    """The one entry of a label file that cannot be read."""
    return Entry(member.rpartition("/")[2], 1, member).refused(EntryFileUnreadable, reason=reason)


def _entries(
    file: str, lines: Iterable[str], names: Mapping[int, str] | None, key_points: int
) -> Iterator[Entry]:
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        label, box, kind, facts = parse_line(line, key_points=key_points)
        known = bool(label) and (int(label) >= 0 if names is None else int(label) in names)
        shown = names[int(label)] if names is not None and known else label
        base = file.rpartition("/")[2]
        problem = kind(file=base, line=place, **facts) if kind is not None else None
        yield Entry(
            base, place, file, shown, box, problem=problem, undeclared=bool(label) and not known
        )


def _class_number(text: str) -> str | None:
    """A class as a whole number; some tools write "1.000"."""
    try:
        value = number(text)
    except ValueError:
        return None
    if not math.isfinite(value) or value != int(value) or abs(value) > _MAX_CLASS:
        return None
    return str(int(value))


def _labels(entries: Iterable[Entry], names: Mapping[int, str] | None) -> list[str]:
    if names is not None:
        return [names[place] for place in sorted(names)]
    seen = {int(entry.label) for entry in entries if entry.label}
    return [str(label) for label in sorted(seen, key=lambda label: (label < 0, abs(label)))]


def _is_list(member: str) -> bool:
    base = member.rpartition("/")[2].lower()
    return base in _LISTS or base.startswith(("readme", "license"))


def _names_of(source: Source, member: str) -> dict[int, str] | None:
    return _NAME_READERS[suffix(member)](source, member)


def _names_from_yaml(source: Source, member: str) -> dict[int, str] | None:
    base = member.rpartition("/")[2]
    try:
        content = yaml.safe_load(decoded(source.read(member, limit=NAMES_LIMIT)))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ClassNamesBroken(name=base) from error
    if not isinstance(content, dict) or "names" not in content:
        return None
    names = content["names"]
    pairs = enumerate(names) if isinstance(names, list) else names
    pairs = pairs.items() if isinstance(pairs, dict) else pairs
    try:
        found = {int(place): _plain_name(name) for place, name in pairs}
    except (TypeError, ValueError) as error:
        raise ClassNamesBroken(name=base) from error
    if not found or min(found) < 0 or not all(map(_usable, found.values())):
        raise ClassNamesBroken(name=base)
    return found


def _plain_name(name: object) -> str:
    """A name as text. Lists are none: aliases can make a small one endless as text."""
    if not isinstance(name, str | int | float):
        raise TypeError(type(name))
    return words(str(name)).strip()


def _key_points(source: Source) -> int:
    """How many numbers follow each box, as the ``kpt_shape`` of a data.yaml says; 0 for none."""
    for member in source.members():
        if suffix(member) in (".yaml", ".yml"):
            try:
                content = yaml.safe_load(decoded(source.read(member, limit=NAMES_LIMIT)))
            except (yaml.YAMLError, RecursionError, ValueError, Refused):
                continue
            shape = content.get("kpt_shape") if isinstance(content, dict) else None
            if (
                isinstance(shape, list)
                and len(shape) == 2
                and all(isinstance(n, int) and 0 < n < 1000 for n in shape)
            ):
                return int(shape[0]) * int(shape[1])
    return 0


def _names_from_lines(source: Source, member: str) -> dict[int, str] | None:
    """One name a line; blank lines at the end are no classes."""
    lines = [line.strip() for line in read_text(source, member)]
    while lines and not lines[-1]:
        lines.pop()
    if not lines or not all(map(_usable, lines)):
        raise ClassNamesBroken(name=member.rpartition("/")[2])
    return dict(enumerate(lines))


def _usable(name: str) -> bool:
    return 0 < len(name) <= MAX_WORDS


_NAME_READERS = {
    ".yaml": _names_from_yaml,
    ".yml": _names_from_yaml,
    ".names": _names_from_lines,
    ".txt": _names_from_lines,
}


# --- writing


def write(
    out: Path | Sink, pictures: Iterable[ExportPicture], labels: Sequence[str]
) -> dict[str, int]:
    """Write the Ultralytics layout: images/SPLIT, labels/SPLIT and data.yaml.

    Returns the counts of pictures and boxes. A folder must be new or empty. A picture
    without boxes gets an empty .txt. Raises ExportFolderNotEmpty, ExportLabelUnknown.
    """
    names, counts, splits = Names(), {"pictures": 0, "boxes": 0}, dict[str, None]()
    with opened(out) as sink:
        for picture in pictures:
            index = checked_index(picture, labels)
            split = picture.split or "train"
            splits[split] = None
            name = names.give(picture.name, group=split, flat=True)
            lines = [line_of(index[box.label], picture.fractions(box)) for box in picture.counted]
            sink.put(f"images/{split}/{name}", picture.data, of=picture.source)
            text = "".join(f"{line}\n" for line in lines)
            sink.put(f"labels/{split}/{stem(name)}.txt", text.encode())
            counts["pictures"] += 1
            counts["boxes"] += len(lines)
        sink.put("data.yaml", _data_yaml(list(splits), labels).encode())
    return counts


def line_of(index: int, box: Xyxy) -> str:
    """A label line for a box in fractions, exact to 1e-10."""
    x1, y1, x2, y2 = box
    values = ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)
    return f"{index} " + " ".join(f"{value:.10f}" for value in values)


def _data_yaml(splits: Sequence[str], labels: Sequence[str]) -> str:
    # Ultralytics wants both keys; without a val split it validates on train.
    chosen = {"train": "train", "val": "val" if "val" in splits else "train"}
    chosen |= {split: split for split in splits}
    lines = ["path: .", *(f"{key}: images/{split}" for key, split in chosen.items()), "names:"]
    # A JSON string is a YAML string, whatever the label holds.
    lines += [f"  {place}: {json.dumps(label)}" for place, label in enumerate(labels)]
    return "\n".join(lines) + "\n"
