"""Pascal VOC, also as Cloud Annotations (with Maximo's ``prop.json``) and Roboflow write it.

Edges are taken as they are written: VOC counts pixels from 1, most tools of today from 0,
and half a pixel of doubt is less than a wrong correction. The XML file's own name decides
which picture is meant; ``filename`` inside is often without ending, or of another file.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence

from annotations.errors import (
    EntryBadShape,
    EntryFileUnreadable,
    EntryNotANumber,
    EntryTagOnly,
    XmlBroken,
)
from annotations.formats.annotations import Annotations, Progress, annotations_of
from annotations.formats.archives import Source, beside, folder, suffix
from annotations.formats.entries import Entry
from annotations.formats.matching import is_picture, match_all, stem
from annotations.formats.reading import Element, load_xml, path_of, size_of
from annotations.formats.words import MAX_WORDS, number
from annotations.vision.boxes import Xyxy
from lprsite.errors import Refused

_EDGES = ("xmin", "ymin", "xmax", "ymax")
_TWINS = ("JPEGImages", "images", "Images", "image")
_SAMPLE = 50


def find(source: Source) -> list[str]:
    """The XML members, if one of the first fifty is an annotation of VOC."""
    members = [member for member in source.members() if suffix(member) == ".xml"]
    for member in members[:_SAMPLE]:
        with contextlib.suppress(Refused):  # ``problem`` tells it
            if load_xml(source, member).tag == "annotation":
                return members
    return []


def problem(source: Source) -> Refused | None:
    """Why the first XML member that cannot be read is not, so that it is said of the source."""
    members = [member for member in source.members() if suffix(member) == ".xml"]
    for member in members[:_SAMPLE]:
        try:
            load_xml(source, member)
        except Refused as reason:
            return reason
    return None


def read(
    source: Source, members: Sequence[str], *, progress: Progress | None = None
) -> Annotations:
    """Read XML files; one that cannot be read is one line of the report."""
    entries: list[Entry] = []
    wanted: dict[str, Sequence[str]] = {}
    negatives: list[str] = []
    for member in members:
        try:
            root = load_xml(source, member)
        except Refused as reason:
            entries.append(_unreadable(member, reason))
            wanted[member] = []
            continue
        if root.tag != "annotation":
            continue
        wanted[member] = _paths(member, root)
        found = list(_entries(member, root))
        entries.extend(found)
        if not found:
            negatives.append(member)
    pictures = [name for name in source.members() if is_picture(name)]
    matches = match_all(wanted, pictures, by=stem)
    used = {found for match in matches.values() for found in (match.member, *match.several)}
    return annotations_of(
        source,
        format="voc",
        labels=list(dict.fromkeys(entry.label for entry in entries if entry.label)),
        entries=entries,
        matches=matches,
        fractions=False,
        negatives=negatives,
        unlabelled=[name for name in pictures if name not in used],
        wanted=wanted,
        progress=progress,
    ).renamed({key: match.member for key, match in matches.items()})


def _unreadable(member: str, reason: Refused) -> Entry:
    line = int(reason.facts.get("line", 1)) if isinstance(reason, XmlBroken) else 1
    entry = Entry(member.rpartition("/")[2], line, member)
    return entry.refused(EntryFileUnreadable, reason=reason)


def _paths(member: str, root: Element) -> list[str]:
    """Where the picture may lie, without its ending: beside, in a twin folder, as named inside."""
    own = member[:-4]
    paths = [own]
    parts = own.split("/")
    for place in range(len(parts) - 2, -1, -1):
        if parts[place].lower() in ("annotations", "annotation", "labels", "xml", "xmls"):
            paths += ["/".join([*parts[:place], twin, *parts[place + 1 :]]) for twin in _TWINS]
            paths.append("/".join([*parts[:place], *parts[place + 1 :]]))
            break
    if said := path_of(root.said("filename")):
        paths.append(stem(beside(member, said)))
        paths += [f"{folder(own)}/{stem(said)}".lstrip("/")]
    # A picture may have kept its whole name: "a.jpg.xml" beside "a.jpg".
    return list(dict.fromkeys([*paths, *(stem(path) for path in paths if is_picture(path))]))


def _entries(member: str, root: Element) -> Iterator[Entry]:
    file = member.rpartition("/")[2]
    size = size_of(_whole(root.said("size", "width")), _whole(root.said("size", "height")))
    objects = [child for child in root.children if child.tag == "object"]
    for place, item in enumerate(objects, 1):
        label = item.said("name")
        bare = Entry(file, place, member, listed=True)
        if not 0 < len(label) <= MAX_WORDS:
            yield bare.refused(EntryBadShape)
            continue
        entry = Entry(file, place, member, label, listed=True, size=size)
        yield _with_box(entry, item)


def _with_box(entry: Entry, item: Element) -> Entry:
    written = [item.said("bndbox", edge) for edge in _EDGES]
    if not all(written):
        return entry.refused(EntryTagOnly if not any(written) and item.find("polygon") is None
                             else EntryBadShape)  # fmt: skip
    values = []
    for text in written:
        try:
            values.append(number(text))
        except ValueError:
            return entry.refused(EntryNotANumber, value=text[:40])
    if all(map(math.isnan, values)):
        return entry.refused(EntryTagOnly)
    if not all(map(math.isfinite, values)):
        return entry.refused(EntryNotANumber, value=" ".join(written)[:40])
    box: Xyxy = (values[0], values[1], values[2], values[3])
    return Entry(
        entry.file, entry.line, entry.picture, entry.label, box, listed=True, size=entry.size
    )


def _whole(text: str) -> float | None:
    try:
        return number(text)
    except ValueError:
        return None
