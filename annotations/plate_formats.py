"""Plate formats: patterns of ``A`` (letter), ``9`` (digit), literals and ``[set]``.

No free regular expression, so a text is checked in linear time and a pattern can become an
automaton for decoding. A format is a hint while typing, never a wall.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_uppercase, digits

from annotations.errors import BadPattern

DEFAULT_ALPHABET = digits + ascii_uppercase
ECUADOR_PROVINCES = "ABCEGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Shipped:
    """A format that comes with the program."""

    country: str
    name: str
    pattern: str
    display: str
    examples: tuple[str, ...]


SHIPPED: tuple[Shipped, ...] = (
    Shipped("EC", "Ecuador", f"[{ECUADOR_PROVINCES}]AA9999", "AAA-9999", ("PBA1234",)),
    Shipped("EC", "Ecuador, older", f"[{ECUADOR_PROVINCES}]AA999", "AAA-999", ("XBA123",)),
    Shipped("EC", "Ecuador, motorcycle", "AA999A", "AA999A", ("HA123B",)),
    Shipped("CL", "Chile", "[BCDFGHJKLPRSTVWXYZ]" * 4 + "99", "AAAA-99", ("BCDF12",)),
    Shipped("CL", "Chile, older", "AA9999", "AA-9999", ("AB1234",)),
    Shipped("BR", "Brazil, Mercosur", "AAA9A99", "AAA9A99", ("BRA2E19",)),
    Shipped("BR", "Brazil, older", "AAA9999", "AAA-9999", ("ABC1234",)),
    Shipped("CO", "Colombia", "AAA999", "AAA-999", ("BXY123",)),
    Shipped("CO", "Colombia, motorcycle", "AAA99A", "AAA-99A", ("ABC12D",)),
    Shipped("PE", "Peru", "A[0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ]A999", "AAA-999", ("ABC123",)),
    Shipped("AR", "Argentina, Mercosur", "AA999AA", "AA 999 AA", ("AB123CD",)),
    Shipped("AR", "Argentina, older", "AAA999", "AAA 999", ("ABC123",)),
)


_SPANISH = {
    "Ecuador, older": "Ecuador, antigua",
    "Ecuador, motorcycle": "Ecuador, motocicleta",
    "Chile, older": "Chile, antigua",
    "Brazil, Mercosur": "Brasil, Mercosur",
    "Brazil, older": "Brasil, antigua",
    "Colombia, motorcycle": "Colombia, motocicleta",
    "Peru": "Perú",
    "Argentina, older": "Argentina, antigua",
}


def name_in(language: str, name: str) -> str:
    """The name of a shipped format in a language; names that people gave stay."""
    return _SPANISH.get(name, name) if language.startswith("es") else name


def parse(pattern: str) -> tuple[frozenset[str], ...]:
    """The characters allowed at each place of ``pattern``.

    Raises:
        BadPattern: an unclosed or empty set, or a character that no plate has.
    """
    places: list[frozenset[str]] = []
    rest = pattern
    while rest:
        if rest[0] == "[":
            inside, closed, rest = rest[1:].partition("]")
            if not closed or not inside or not inside.isalnum():
                raise BadPattern(pattern=pattern)
            places.append(frozenset(inside.upper()))
            continue
        head, rest = rest[0], rest[1:]
        if head == "A":
            places.append(frozenset(ascii_uppercase))
        elif head == "9":
            places.append(frozenset(digits))
        elif head.isalnum():
            places.append(frozenset(head.upper()))
        else:
            raise BadPattern(pattern=pattern)
    if not 1 <= len(places) <= 16:
        raise BadPattern(pattern=pattern)
    return tuple(places)


def fits(text: str, pattern: str) -> bool:
    """Whether ``text`` (no separators) has the form of ``pattern``; ``?`` fits every place."""
    places = parse(pattern)
    return len(text) == len(places) and all(
        character == "?" or character in allowed
        for character, allowed in zip(text, places, strict=True)
    )


def display(text: str, form: str) -> str:
    """``text`` with the separators of a display form: ABC1234, AAA-9999 -> ABC-1234."""
    characters = iter(text)
    shown = "".join(next(characters, "") if c.isalnum() else c for c in form)
    return shown + "".join(characters)


def canonical(text: str, countries: Iterable[str] = ("EC",)) -> str:
    """One spelling per plate, for search and splits: in Ecuador ABC123 is ABC0123."""
    older = len(text) == 6 and text[:3].isalpha() and text[3:].isdigit()
    return f"{text[:3]}0{text[3:]}" if older and "EC" in countries else text
