"""COCO's instances, from whichever tool: ids by map, never by position.

A picture that is listed without boxes shows nothing. A crowd becomes a box to ignore. Its
own file name tells nothing: Roboflow's is ``_annotations.coco.json``, others save it as
``_annotations.json``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from annotations.errors import EntryBadShape
from annotations.formats.annotations import Annotations, Progress, annotations_of
from annotations.formats.archives import Source, beside, folder
from annotations.formats.entries import Entry
from annotations.formats.matching import is_picture, match_all
from annotations.formats.reading import is_number, path_of, size_of
from annotations.formats.words import MAX_WORDS, words
from annotations.vision.boxes import Xyxy

_MARKS = ("instances_", "annotations_")
_SPLITS = frozenset({"annotations", "annotation", "labels"})
_NO_PICTURE = "?"


def is_coco(content: object) -> bool:
    """Whether this is a list of images with file names, and of annotations and categories."""
    if not isinstance(content, dict):
        return False
    images, kinds = content.get("images"), content.get("categories")
    if not isinstance(images, list) or not isinstance(content.get("annotations", []), list):
        return False
    named = images and isinstance(images[0], dict) and "file_name" in images[0]
    return bool(named) and (isinstance(kinds, list) or "annotations" in content)


def read(
    source: Source, member: str, content: Any, *, progress: Progress | None = None
) -> Annotations:
    """Read a file that ``is_coco``."""
    names = _categories(content)
    images = {_id(image["id"]): image for image in content["images"] if _usable(image)}
    keys = {key: path_of(image["file_name"]) for key, image in images.items()}
    wanted = {key: _paths(member, key) for key in dict.fromkeys(keys.values())}
    entries = list(_entries(member.rpartition("/")[2], content, images, keys, names))
    boxed = {entry.picture for entry in entries}
    bare = [key for key in wanted if key not in boxed]
    strays = _NO_PICTURE in boxed
    if strays:
        wanted[_NO_PICTURE] = []
    pictures = [name for name in source.members() if is_picture(name)]
    matches = match_all(wanted, pictures)
    # The boxes of a picture without any may be those whose picture nobody knows.
    told = {key: match for key, match in matches.items() if not strays or key in boxed}
    used = {found for match in told.values() for found in (match.member, *match.several)}
    return annotations_of(
        source,
        format="coco",
        labels=list(dict.fromkeys(names.values())),
        entries=entries,
        matches=matches,
        fractions=False,
        negatives=[] if strays else bare,
        unlabelled=[name for name in pictures if name not in used],
        wanted=wanted,
        progress=progress,
    )


def _id(said: object) -> str:
    """An id as text, "" if it is none: tools write 1, 1.0 and "1" for the same."""
    if isinstance(said, float) and said.is_integer():
        said = int(said)
    return str(said) if isinstance(said, int | str) else ""


def _usable(image: object) -> bool:
    if not isinstance(image, dict) or not _id(image.get("id")):
        return False
    name = image.get("file_name")
    return isinstance(name, str) and bool(path_of(name))


def _categories(content: Mapping[str, Any]) -> dict[str, str]:
    """Category id -> name; ids may begin anywhere and have gaps."""
    names: dict[str, str] = {}
    for kind in content.get("categories") or ():
        if isinstance(kind, dict) and (number := _id(kind.get("id"))):
            name = words(str(kind.get("name", "")))[:MAX_WORDS].strip()
            names[number] = name or number
    return names


def _paths(member: str, name: str) -> list[str]:
    """Where the picture of a list may lie, best first."""
    here = folder(member)
    top = folder(here) if here.rpartition("/")[2].lower() in _SPLITS else here
    split = member.rpartition("/")[2].rpartition(".")[0]
    for mark in _MARKS:
        split = split.removeprefix(mark)
    under = f"{top}/" if top else ""
    places = ("", f"images/{split}/", "images/", f"{split}/", f"{split}/images/")
    return list(dict.fromkeys([beside(member, name), *(f"{under}{at}{name}" for at in places)]))


def _entries(
    file: str,
    content: Mapping[str, Any],
    images: Mapping[str, Mapping[str, Any]],
    keys: Mapping[str, str],
    names: Mapping[str, str],
) -> Iterator[Entry]:
    counted: Counter[str] = Counter()
    for item in content.get("annotations") or ():
        said = item if isinstance(item, dict) else {}
        of, kind = _id(said.get("image_id")), said.get("category_id")
        key = keys.get(of, _NO_PICTURE)
        counted[key] += 1
        name = names.get(_id(kind))
        known = name is not None
        label = words(str(kind))[:MAX_WORDS] if name is None else name
        entry = Entry(file, counted[key], key, label, listed=True, undeclared=not known)
        box = _box(said)
        image = images.get(of)
        if box is None or image is None or key == _NO_PICTURE:
            yield entry.refused(EntryBadShape)
            continue
        yield Entry(
            file,
            counted[key],
            key,
            label,
            box,
            undeclared=not known,
            listed=True,
            ignore=bool(said.get("iscrowd")),
            size=size_of(image.get("width"), image.get("height")),
        )


def _box(said: Mapping[str, Any]) -> Xyxy | None:
    """x, y, width, height as edges; without them the bounds of the polygons."""
    given = said.get("bbox")
    if isinstance(given, list) and len(given) == 4 and all(map(is_number, given)):
        x, y, w, h = (float(value) for value in given)
        return x, y, x + w, y + h
    if given:
        return None
    outlines = said.get("segmentation")
    points = [point for line in outlines if isinstance(line, list) for point in line] \
        if isinstance(outlines, list) else []  # fmt: skip
    return bounds(points)


def bounds(points: Sequence[object]) -> Xyxy | None:
    """The edges around x, y, x, y, ...; None unless there are three points of numbers."""
    if len(points) < 6 or len(points) % 2 or not all(map(is_number, points)):
        return None
    values = [float(str(point)) for point in points]
    return min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2])
