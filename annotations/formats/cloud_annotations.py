"""IBM Cloud Annotations: its ``_annotations.json`` (1.0 and v2) and its standard and YOLO zips.

Coordinates are fractions of the upright picture. An entry without coordinates is a tag
("Negative"), not a box. Pictures without entries are unknown to the file.
"""

from __future__ import annotations

import json
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from annotations.errors import (
    EntryBadShape,
    EntryNotANumber,
    EntryRefused,
    EntryTagOnly,
)
from annotations.formats.annotations import Annotations, Progress, annotations_of
from annotations.formats.archives import Source, beside, clean_name, folder, suffix
from annotations.formats.entries import Entry
from annotations.formats.exports import ExportPicture, Names, checked_index, fresh_file
from annotations.formats.matching import is_picture, match_all
from annotations.formats.reading import is_number
from annotations.formats.words import MAX_WORDS, words
from annotations.vision.boxes import Xyxy

_EDGES = ("x", "y", "x2", "y2")
_NEGATIVE = "Negative"


# --- reading


def is_v1(content: object) -> bool:
    """Whether this is the web tool's file: labels in a list, entries by picture."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("labels"), list)
        and isinstance(content.get("annotations"), dict)
    )


def is_v2(content: object) -> bool:
    """Whether this is the later rewrite's file: labels, images and annotations by id."""
    return isinstance(content, dict) and all(
        isinstance(content.get(part), dict) for part in ("labels", "images", "annotations")
    )


def read(
    source: Source, member: str, content: Any, *, progress: Progress | None = None
) -> Annotations:
    """Read a file that ``is_v1`` or ``is_v2``; pictures lie beside ``member`` or below."""
    first = is_v1(content)
    labels = _labels_v1(content) if first else _labels_v2(content)
    listed = _listed_v1(content) if first else _listed_v2(content)
    entries: list[Entry] = []
    keys: dict[str, Sequence[str]] = {}
    for written, items in listed:
        key = words(written)
        keys[key] = [path for path in (clean_name(beside(member, key)),) if path]
        entries.extend(_entries(member.rpartition("/")[2], key, items, labels))
    below = [name for name in source.members() if is_picture(name) and _below(name, member)]
    matches = match_all(keys, below)
    used = {match.member for match in matches.values()}
    return annotations_of(
        source,
        format="cloud-annotations" if first else "cloud-annotations-v2",
        labels=labels,
        entries=entries,
        matches=matches,
        unlabelled=[name for name in below if name not in used],
        wanted={key: [*paths, key] for key, paths in keys.items()},
        progress=progress,
    )


def _below(name: str, member: str) -> bool:
    return not folder(member) or name.startswith(folder(member) + "/")


def _labels_v1(content: Mapping[str, Any]) -> list[str]:
    said = [words(label).strip() for label in content["labels"] if isinstance(label, str)]
    return list(dict.fromkeys(label for label in said if label))


def _labels_v2(content: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(name for name in map(_name_v2, content["labels"].values()) if name))


def _name_v2(label: object) -> str:
    name = label.get("name") if isinstance(label, dict) else None
    return words(name).strip() if isinstance(name, str) else ""


def _listed_v1(content: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    for key, items in content["annotations"].items():
        yield key, items if isinstance(items, list) else [items]


def _listed_v2(content: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """The rewrite's entries in the shape of the first version."""
    names = {key: _name_v2(label) for key, label in content["labels"].items()}
    for key, image in content["images"].items():
        ids = image.get("annotations") if isinstance(image, dict) else None
        if isinstance(ids, list) and ids:
            known = content["annotations"]
            yield (
                key,
                [_as_v1(known.get(i) if isinstance(i, str) else None, names) for i in ids],
            )


def _as_v1(item: object, names: Mapping[str, str]) -> object:
    if not isinstance(item, dict):
        return None
    label = item.get("label")
    entry: dict[str, Any] = {"label": names.get(label, label) if isinstance(label, str) else None}
    points = [point for point in item.get("targets") or () if isinstance(point, dict)]
    if item.get("tool") == "box" and points:
        # The four corners come in no order.
        for low, high, axis in (("x", "x2", "x"), ("y", "y2", "y")):
            values: list[Any] = [point.get(axis) for point in points]
            whole = all(map(is_number, values))
            entry[low], entry[high] = (min(values), max(values)) if whole else ("?", "?")
    return entry


def _entries(
    file: str, key: str, items: Sequence[object], labels: Sequence[str]
) -> Iterator[Entry]:
    declared = set(labels)
    for place, item in enumerate(items, 1):
        label = item.get("label") if isinstance(item, dict) else None
        bare = Entry(file, place, key, listed=True)
        name = words(label).strip() if isinstance(label, str) else ""
        if not isinstance(item, dict) or not 0 < len(name) <= MAX_WORDS:
            yield _with_problem(bare, bare.refusal(EntryBadShape))
            continue
        named = Entry(
            file,
            place,
            key,
            name,
            undeclared=name not in declared,
            listed=True,
        )
        yield _with_box(named, item)


def _with_box(entry: Entry, item: Mapping[str, object]) -> Entry:
    values = [item.get(edge) for edge in _EDGES]
    if any(value is None for value in values):
        return _with_problem(entry, entry.refusal(EntryTagOnly))
    for value in values:
        if not is_number(value):
            shown = str(value)[:40]
            return _with_problem(entry, entry.refusal(EntryNotANumber, value=shown))
    return Entry(
        entry.file,
        entry.line,
        entry.picture,
        entry.label,
        _edges(values),
        undeclared=entry.undeclared,
        listed=True,
    )


def _edges(values: Sequence[Any]) -> Xyxy:
    x1, y1, x2, y2 = (float(value) for value in values)
    return x1, y1, x2, y2


def _with_problem(entry: Entry, problem: EntryRefused) -> Entry:
    return Entry(
        entry.file, entry.line, entry.picture, entry.label, problem=problem, listed=entry.listed
    )


# --- writing


def write_standard_zip(
    path: Path,
    pictures: Iterable[ExportPicture],
    labels: Sequence[str],
    *,
    bucket: str = "lpr-studio",
) -> dict[str, int]:
    """Write the tool's "zip" export; returns the counts of pictures and boxes.

    As in the tool, a picture without boxes is left out, unless it is ``negative``: then it
    gets the tag "Negative". Pictures are stored as they are, one in memory at a time.
    Raises ExportLabelUnknown.
    """
    names, listed = Names(), dict[str, list[dict[str, Any]]]()
    declared = _with_negative(labels)
    with fresh_file(path) as part, _Zip(part, bucket) as archive:
        for picture in pictures:
            if not picture.counted and not picture.negative:
                continue
            checked_index(picture, declared)
            name = names.give(picture.name)
            archive.add(name, picture.data)
            listed[name] = _written_entries(picture)
        used = any("x" not in entry for entries in listed.values() for entry in entries)
        content = {
            "version": "1.0",
            "type": "localization",
            "labels": declared if used else list(labels),
            "annotations": listed,
        }
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        archive.add("_annotations.json", text.encode())
    boxes = sum("x" in entry for entries in listed.values() for entry in entries)
    return {"pictures": len(listed), "boxes": boxes}


def write_yolo_zip(
    path: Path,
    pictures: Iterable[ExportPicture],
    labels: Sequence[str],
    *,
    bucket: str = "lpr-studio",
) -> dict[str, int]:
    """Write the tool's "YOLO" export: no list of classes, index = position in ``labels``.

    Six decimals, LF between lines and none at the end; a negative is a line of NaN. Where
    the tool would let two pictures share one .txt, the second gets a name of its own.
    Raises ExportLabelUnknown.
    """
    names, texts, boxes = Names(), dict[str, str](), 0
    declared = _with_negative(labels)
    with fresh_file(path) as part, _Zip(part, bucket) as archive:
        for picture in pictures:
            if not picture.counted and not picture.negative:
                continue
            index = checked_index(picture, declared)
            name = names.give(picture.name)
            archive.add(name, picture.data)
            texts[name[: -len(suffix(name))] + ".txt"] = "\n".join(_yolo_lines(picture, index))
            boxes += len(picture.counted)
        for name, text in texts.items():
            archive.add(name, text.encode())
    return {"pictures": len(texts), "boxes": boxes}


def yolo_line(index: int, box: Xyxy) -> str:
    """A line as the tool writes it, from a box in fractions of the picture.

    The centre is the edge plus half of the *rounded* width, as in the tool.
    """
    width, height = _six(box[2] - box[0]), _six(box[3] - box[1])
    x, y = _six(box[0] + float(width) / 2), _six(box[1] + float(height) / 2)
    return f"{index} {x} {y} {width} {height}"


def _six(value: float) -> str:
    """Six decimals; ties away from zero as JavaScript's toFixed does, unlike Python."""
    return str(Decimal(value).quantize(Decimal("0.000001"), ROUND_HALF_UP))


def _yolo_lines(picture: ExportPicture, index: Mapping[str, int]) -> Iterator[str]:
    if not picture.counted:
        yield f"{index[_NEGATIVE]} NaN NaN NaN NaN"
    for box in picture.counted:
        yield yolo_line(index[box.label], picture.fractions(box))


def _with_negative(labels: Sequence[str]) -> list[str]:
    return [*labels, *([] if _NEGATIVE in labels else [_NEGATIVE])]


def _written_entries(picture: ExportPicture) -> list[dict[str, Any]]:
    if not picture.counted:
        return [{"label": _NEGATIVE, "id": str(uuid.uuid4())}]
    return [
        {
            **dict(zip(_EDGES, picture.fractions(box), strict=True)),
            "id": str(uuid.uuid4()),
            "label": box.label,
        }
        for box in picture.counted
    ]


class _Zip:
    """A stored zip with one top folder and an entry for every folder, as JSZip writes it."""

    def __init__(self, path: Path, bucket: str) -> None:
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self._bucket = bucket
        self._folders: set[str] = set()

    def __enter__(self) -> _Zip:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def add(self, name: str, data: bytes) -> None:
        """Write one file, and its folders before it."""
        member = f"{self._bucket}/{name}"
        parts = member.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            above = "/".join(parts[:depth]) + "/"
            if above not in self._folders:
                self._folders.add(above)
                self._archive.writestr(zipfile.ZipInfo(above), b"")
        self._archive.writestr(zipfile.ZipInfo(member), data)
