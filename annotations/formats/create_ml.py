"""Create ML: a list of {image, annotations: [{label, coordinates}]}; centre and size in pixels.

As Cloud Annotations writes it: null for a tag without a box, 0 where the picture could not be
fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from annotations.errors import EntryBadShape, EntryNotANumber, EntryTagOnly
from annotations.formats.annotations import Annotations, Progress, annotations_of
from annotations.formats.archives import Source, beside
from annotations.formats.entries import Entry
from annotations.formats.matching import is_picture, match_all
from annotations.formats.reading import is_number, path_of
from annotations.formats.words import MAX_WORDS, words

_NAMES = ("image", "imagefilename", "filename")
_LISTS = ("annotations", "annotation")
_VALUES = ("x", "y", "width", "height")


def is_create_ml(content: object) -> bool:
    """Whether this is a list of pictures with their annotations."""
    if not isinstance(content, list) or not content or not isinstance(content[0], dict):
        return False
    return _name_of(content[0]) != "" and any(
        isinstance(content[0].get(key), list) for key in _LISTS
    )


def read(
    source: Source, member: str, content: Any, *, progress: Progress | None = None
) -> Annotations:
    """Read a file that ``is_create_ml``; pictures lie beside it or below."""
    file = member.rpartition("/")[2]
    entries: list[Entry] = []
    wanted: dict[str, Sequence[str]] = {}
    negatives: list[str] = []
    for place, item in enumerate(content, 1):
        name = _name_of(item)
        if not name:
            entries.append(Entry(file, place, "?").refused(EntryBadShape))
            wanted["?"] = []
            continue
        wanted[name] = [beside(member, name), name]
        listed: list[object] = next(
            (item[key] for key in _LISTS if isinstance(item.get(key), list)), []
        )
        entries.extend(_entries(file, name, listed))
        if not listed:
            negatives.append(name)
    pictures = [name for name in source.members() if is_picture(name)]
    matches = match_all(wanted, pictures)
    used = {found for match in matches.values() for found in (match.member, *match.several)}
    return annotations_of(
        source,
        format="create-ml",
        labels=list(dict.fromkeys(entry.label for entry in entries if entry.label)),
        entries=entries,
        matches=matches,
        fractions=False,
        negatives=negatives,
        unlabelled=[name for name in pictures if name not in used],
        wanted=wanted,
        progress=progress,
    )


def _name_of(item: object) -> str:
    if not isinstance(item, dict):
        return ""
    said = next((item[key] for key in _NAMES if isinstance(item.get(key), str)), "")
    return path_of(said)


def _entries(file: str, name: str, listed: Sequence[object]) -> Iterator[Entry]:
    for place, item in enumerate(listed, 1):
        said = item if isinstance(item, dict) else {}
        label = words(said["label"]).strip() if isinstance(said.get("label"), str) else ""
        where = said.get("coordinates")
        entry = Entry(file, place, name, listed=True)
        if not 0 < len(label) <= MAX_WORDS:
            yield entry.refused(EntryBadShape)
            continue
        entry = Entry(file, place, name, label, listed=True)
        values = [where.get(key) for key in _VALUES] if isinstance(where, dict) else [None]
        if any(value is None for value in values):
            yield entry.refused(EntryTagOnly)
        elif wrong := [value for value in values if not is_number(value)]:
            yield entry.refused(EntryNotANumber, value=str(wrong[0])[:40])
        else:
            x, y, w, h = (float(str(value)) for value in values)
            box = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            yield Entry(file, place, name, label, box, listed=True)
