"""Words and numbers as label files write them."""

from __future__ import annotations

import codecs

MAX_WORDS = 200  # characters of a label or a text


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
