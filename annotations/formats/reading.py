"""What the readers share: JSON and XML of strangers, numbers, and parts put together."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from xml.parsers import expat

from annotations.errors import JsonBroken, JsonTooDeep, XmlBroken, XmlTooDeep, XmlUnsafe
from annotations.formats.annotations import Annotations
from annotations.formats.archives import Source, clean_name
from annotations.formats.entries import Picture
from annotations.formats.words import decoded, words
from annotations.vision.boxes import Size

JSON_LIMIT = 256 << 20
XML_LIMIT = 16 << 20
_XML_DEPTH = 50


# --- JSON


def load_json(source: Source, member: str) -> Any:
    """The content of a JSON member. Raises JsonBroken and JsonTooDeep."""
    data = source.read(member, limit=JSON_LIMIT)
    name = member.rpartition("/")[2]
    try:
        return json.loads(decoded(data))
    except json.JSONDecodeError as error:
        raise JsonBroken(name=name, line=error.lineno) from error
    except RecursionError as error:
        raise JsonTooDeep(name=name) from error
    except ValueError as error:  # a number of thousands of digits
        raise JsonBroken(name=name, line=1) from error


def is_number(value: object) -> bool:
    """Whether a JSON value is a finite number that a float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond what a float holds
        return False


def size_of(width: object, height: object) -> Size | None:
    """A picture's size as a file says it, or None if it says nothing usable (0 x 0)."""
    if not is_number(width) or not is_number(height):
        return None
    size = int(float(str(width))), int(float(str(height)))
    return size if min(size) > 0 else None


def path_of(written: str) -> str:
    """A picture's path as other systems write it: absolute paths and addresses keep their name."""
    plain = words(written).replace("\\", "/")
    return clean_name(plain) or plain.rpartition("/")[2]


# --- XML


@dataclass
class Element:
    """An XML element: its tag without namespace, its text and its children."""

    tag: str
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find(self, *tags: str) -> Element | None:
        """The first child, or child of a child, that these tags lead to."""
        here: Element | None = self
        for tag in tags:
            found = (child for child in here.children if child.tag == tag) if here else iter(())
            here = next(found, None)
        return here

    def said(self, *tags: str) -> str:
        """The text there without surrounding space, "" if there is none."""
        found = self.find(*tags)
        return words(found.text).strip() if found is not None else ""


def load_xml(source: Source, member: str) -> Element:
    """The root element of an XML member.

    Any document type is refused: only there can entities be declared, and expanding those is
    how a file of a kilobyte fills the memory or reads other files. Nothing else in expat
    expands or fetches anything, so no further parser is needed.

    Raises XmlBroken, XmlUnsafe and XmlTooDeep.
    """
    name = member.rpartition("/")[2]
    root = Element("")
    stack = [root]

    def start(tag: str, _: object) -> None:
        if len(stack) > _XML_DEPTH:
            raise XmlTooDeep(name=name)
        element = Element(tag.rpartition("}")[2].rpartition(":")[2])
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        stack[-1].text += data

    def doctype(*_: object) -> None:
        raise XmlUnsafe(name=name)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(source.read(member, limit=XML_LIMIT), True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise XmlBroken(name=name, line=getattr(error, "lineno", 1)) from error
    return root.children[0]


# --- several files of a source


def together(parts: Sequence[tuple[str, Annotations]]) -> Annotations:
    """One reading of several files of a source, given with the file each came from.

    A key that two files use for different pictures is told apart by its file.
    """
    first = parts[0][1]
    if len(parts) == 1:
        return first
    taken: dict[str, Picture] = {}
    renamed = [_apart(member, part, taken) for member, part in parts]
    used = {picture.member for part in renamed for picture in part.pictures.values()}
    rest = dict.fromkeys(member for part in renamed for member in part.unlabelled)
    return replace(
        first,
        labels=tuple(dict.fromkeys(label for part in renamed for label in part.labels)),
        entries=tuple(entry for part in renamed for entry in part.entries),
        pictures={key: found for part in renamed for key, found in part.pictures.items()},
        negatives=frozenset().union(*(part.negatives for part in renamed)),
        unlabelled=tuple(member for member in rest if member not in used),
    )


def _apart(member: str, part: Annotations, taken: dict[str, Picture]) -> Annotations:
    """The part with keys of its own where others used them for another picture."""
    clash = {key for key, found in part.pictures.items() if taken.get(key, found) != found}

    def own(key: str) -> str:
        return f"{member}/{key}" if key in clash else key

    taken |= {own(key): found for key, found in part.pictures.items()}
    if not clash:
        return part
    return replace(
        part,
        entries=tuple(replace(entry, picture=own(entry.picture)) for entry in part.entries),
        pictures={own(key): found for key, found in part.pictures.items()},
        negatives=frozenset(map(own, part.negatives)),
    )
