"""What the plates of each country look like, as tables: patterns, sizes, colours, words.

A pattern holds A (letter), 9 (digit), [XYZ] (one of a set); everything else is drawn but is
not text: ``-`` ``·`` ``.`` and space as they are, ``*`` a badge, map or pair of seals, ``^``
two small letters above each other, ``#`` a province sign of another script. Colours are BGR.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from training.errors import UnknownPlateFormat

Colour = tuple[int, int, int]
Style = Literal["plain", "band", "mercosur", "frame", "euro", "american", "china"]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"

WHITE: Colour = (236, 238, 238)
IVORY: Colour = (200, 224, 234)
GREY: Colour = (176, 178, 176)
BLACK: Colour = (26, 24, 24)
RED: Colour = (38, 34, 168)
YELLOW: Colour = (40, 196, 240)
AMBER: Colour = (20, 150, 235)
BLUE: Colour = (150, 66, 24)
NAVY: Colour = (96, 40, 20)
SKY: Colour = (214, 170, 96)
GREEN: Colour = (60, 120, 30)
ORANGE: Colour = (30, 120, 236)
LIME: Colour = (70, 210, 150)
BROWN: Colour = (40, 60, 110)
TURQUOISE: Colour = (178, 160, 10)


@dataclass(frozen=True)
class Paint:
    """Colours of one class of service: plate, characters, and a coloured band if any."""

    plate: Colour
    ink: Colour
    band: Colour | None = None
    band_ink: Colour = BLACK
    share: float = 1.0


@dataclass(frozen=True)
class Kind:
    """One sort of plate of a country.

    ``size`` in millimetres; ``tall`` is the height of a character and ``middle`` where its
    middle stands, both as parts of the plate's height; ``band`` the part of the height (of
    the width, at a European plate) that a band takes; ``space`` the least gap between
    characters as a part of their height.
    """

    pattern: str
    size: tuple[int, int]
    looks: tuple[str, ...]
    paints: tuple[Paint, ...]
    headers: tuple[str, ...] = ()
    header_at: float = 0.12
    tall: float = 0.5
    middle: float = 0.58
    band: float = 0.22
    style: Style = "plain"
    border: bool = False
    seal: float = 0.0
    space: tuple[float, float] = (0.1, 0.24)
    share: float = 1.0


_PROVINCE = "[ABCEGHIJKLMNOPQRSTUVWXYZ]"
_CHILEAN = "[BCDFGHJKLPRSTVWXYZ]"
# States print no O (or no I) that could be taken for a digit; own choices of owners do.
_S = "[ABCDEFGHIJKLMNPQRSTUVWXYZ]"

_ALIKE = "OODQMWNHIT"
# share of these letters that is drawn again
_AVOIDED = {"Q": 0.6, "I": 0.5}

_BR_CITIES = (
    "SP-SAO PAULO", "PR-CURITIBA", "BA-SALVADOR", "MG-UBERABA", "RJ-NITEROI", "PR-PARANAGUA",
    "SC-LAGES", "RS-PELOTAS", "GO-GOIANIA", "PARANA", "SP-SANTOS", "DF-BRASILIA", "CE-FORTALEZA",
    "PR-SAO JOSE DOS PINHAIS", "ES-VILA VELHA", "BA-LAURO DE FREITAS", "MG-BELO HORIZONTE",
    "SC-JOINVILLE", "MT-CUIABA",
)  # fmt: skip
_CO_CITIES = ("BOGOTA D.C.", "MEDELLIN", "CALI", "ENVIGADO", "PEREIRA", "FUNZA", "TUNJA")
_STATES = (
    "California", "CALIFORNIA", "TEXAS", "Texas", "FLORIDA", "New York", "NEW YORK", "Illinois",
    "OHIO", "VIRGINIA", "GEORGIA", "MISSOURI", "Maryland", "ARIZONA", "Oregon", "NEVADA", "UTAH",
    "IDAHO", "MONTANA", "WYOMING", "NEW MEXICO", "OKLAHOMA", "KANSAS", "IOWA", "WISCONSIN",
    "MICHIGAN", "INDIANA", "KENTUCKY", "TENNESSEE", "ALABAMA", "Louisiana", "MISSISSIPPI",
    "ARKANSAS", "NORTH CAROLINA", "SOUTH CAROLINA", "West Virginia", "PENNSYLVANIA", "New Jersey",
    "Connecticut", "Rhode Island", "MAINE", "Vermont", "NEW HAMPSHIRE", "DELAWARE", "ALASKA",
    "HAWAII", "WASHINGTON", "MINNESOTA", "NORTH DAKOTA", "South Dakota", "NEBRASKA", "COLORADO",
)  # fmt: skip

_STAMPED = ("mandatory", "mandatory", "mandatory wide", "mandatory wide",
            "mandatory wide", "mandatory boxy", "mandatory boxy", "mandatory boxy",
            "mandatory bold", "mandatory narrow", "soft", "dies", "states",
            "wide soft", "barlow bold", "dosis")  # fmt: skip
_PRINTED = ("schrift", "schrift", "schrift", "square", "roboto medium", "fjalla", "barlow",
            "saira", "rajdhani", "soft", "share tech", "overpass")  # fmt: skip
_EUROPEAN = (*_PRINTED, "dies", "roboto bold", "mandatory", "mandatory boxy",
             "mandatory narrow", "slim", "saira", "block", "wide soft")  # fmt: skip
_AMERICAN = ("states", "states", "pacific", "pacific", "pacific", "prairie", "prairie", "slim",
             "mandatory narrow", "soft", "dies", "fjalla", "barlow", "barlow", "share tech",
             "dosis", "block", "overpass", "saira")  # fmt: skip
_OLD_ARGENTINE = ("dies", "dies", "mandatory boxy", "square", "block", "soft",
                  "mandatory", "slim", "states", "barlow bold", "prairie")  # fmt: skip
_ANY = ("mandatory", "mandatory wide", "mandatory boxy", "mandatory bold",
        "mandatory narrow", "soft", "square", "block", "schrift", "slim", "hair",
        "dies", "states", "pacific", "prairie", "wide soft", "roboto medium",
        "roboto bold", "fjalla", "barlow", "barlow bold", "saira", "rajdhani",
        "share tech", "overpass", "dosis")  # fmt: skip

_EC_PAINTS = (
    Paint(WHITE, BLACK, share=6),
    Paint(WHITE, BLACK, band=ORANGE, share=2),
    Paint(WHITE, BLACK, band=YELLOW, share=1),
    Paint(WHITE, BLACK, band=LIME, share=1),
    Paint(WHITE, BLACK, band=BLUE, band_ink=WHITE, share=0.5),
    Paint(WHITE, BLACK, band=RED, band_ink=WHITE, share=0.3),
    Paint(ORANGE, BLACK, share=0.4),
)
_EC_LOOKS = ("mandatory", "mandatory wide", "mandatory boxy", "soft",
             "mandatory narrow", "slim", "roboto medium", "fjalla", "barlow",
             "saira", "dies", "square", "prairie", "overpass")  # fmt: skip
_BR_PAINTS = (
    Paint(GREY, BLACK, share=5),
    Paint(WHITE, BLACK, share=1.5),
    Paint(RED, WHITE, share=5),
    Paint(BLACK, GREY, share=0.3),
    Paint(WHITE, BLUE, share=0.2),
    Paint(GREEN, WHITE, share=0.2),
)
_MERCOSUR = (
    Paint(WHITE, BLACK, band=BLUE, band_ink=WHITE, share=6),
    Paint(WHITE, RED, band=BLUE, band_ink=WHITE, share=1),
    Paint(WHITE, BLUE, band=BLUE, band_ink=WHITE, share=0.4),
    Paint(WHITE, GREEN, band=BLUE, band_ink=WHITE, share=0.3),
    Paint(WHITE, BLACK, band=BLACK, band_ink=WHITE, share=1.5),
)
_EU_PAINTS = (
    Paint(WHITE, BLACK, share=3),
    Paint(WHITE, BLACK, band=BLUE, share=7),
    Paint(YELLOW, BLACK, band=BLUE, share=1),
    Paint(AMBER, BLACK, share=0.7),
    Paint(WHITE, NAVY, band=BLUE, share=0.7),
    Paint(WHITE, RED, band=BLUE, share=0.5),
    Paint(WHITE, GREEN, band=BLUE, share=0.4),
    Paint(BLUE, WHITE, share=0.6),
    Paint(BLACK, WHITE, share=0.6),
)
_US_PAINTS = (
    Paint(WHITE, NAVY, share=5),
    Paint(WHITE, BLUE, share=3),
    Paint(WHITE, BLACK, share=5),
    Paint(WHITE, RED, share=1.5),
    Paint(WHITE, GREEN, share=1),
    Paint(SKY, BLACK, share=1),
    Paint(SKY, NAVY, share=1),
    Paint(SKY, WHITE, share=0.6),
    Paint(IVORY, BLACK, share=1),
    Paint(IVORY, BROWN, share=0.5),
    Paint(YELLOW, BLACK, share=0.8),
    Paint(YELLOW, NAVY, share=0.8),
    Paint(NAVY, WHITE, share=0.8),
    Paint(NAVY, YELLOW, share=0.5),
    Paint(GREEN, WHITE, share=0.7),
    Paint(BLACK, WHITE, share=0.4),
    Paint(TURQUOISE, YELLOW, share=0.4),
    Paint(ORANGE, NAVY, share=0.4),
    Paint(GREY, NAVY, share=0.6),
)
_ANY_PAINTS = (
    Paint(WHITE, BLACK, share=5), Paint(YELLOW, BLACK, share=1.5), Paint(WHITE, BLUE, share=1.5),
    Paint(WHITE, GREEN, share=1), Paint(WHITE, RED, share=1), Paint(GREY, BLACK, share=1),
    Paint(BLUE, WHITE, share=0.8), Paint(BLACK, WHITE, share=0.8), Paint(RED, WHITE, share=0.6),
    Paint(GREEN, WHITE, share=0.5), Paint((230, 214, 190), BLUE, share=1),
)  # fmt: skip


def _european(pattern: str, share: float = 1.0, size: tuple[int, int] = (520, 112)) -> Kind:
    return Kind(
        pattern, size, _EUROPEAN, _EU_PAINTS, tall=0.68, middle=0.5, band=0.09,
        style="euro", border=True, space=(0.12, 0.26), share=share,
    )  # fmt: skip


def _american(pattern: str, share: float = 1.0) -> Kind:
    return Kind(
        pattern.replace("S", _S), (305, 152), _AMERICAN, _US_PAINTS, _STATES,
        tall=0.47, middle=0.53, style="american", space=(0.08, 0.2), share=share,
    )  # fmt: skip


def _old_argentine(pattern: str, share: float) -> Kind:
    return Kind(
        pattern, (294, 129), _OLD_ARGENTINE,
        (Paint(BLACK, WHITE, band=WHITE, share=6), Paint(BLACK, GREY, band=WHITE, share=3),
         Paint(BLACK, WHITE, share=1)),
        ("ARGENTINA",), tall=0.52, middle=0.56, band=0.24, style="frame", space=(0.06, 0.18),
        share=share,
    )  # fmt: skip


def _bare(pattern: str, size: tuple[int, int], tall: float, share: float = 1.0) -> Kind:
    return Kind(pattern, size, _ANY, _ANY_PAINTS, tall=tall, middle=0.52, share=share)


_ECUADORIAN = {
    "looks": _EC_LOOKS, "paints": _EC_PAINTS, "headers": ("ECUADOR",), "tall": 0.5,
    "middle": 0.6, "band": 0.24, "style": "band", "border": True,
}  # fmt: skip

FORMATS: dict[str, tuple[Kind, ...]] = {
    "ecuador": (
        Kind(_PROVINCE + "AA-9999", (404, 154), **_ECUADORIAN, share=4),  # type: ignore[arg-type]
        Kind(_PROVINCE + "AA-999", (404, 154), **_ECUADORIAN),  # type: ignore[arg-type]
    ),
    "ecuador-motorcycle": (
        Kind("AA-999A", (200, 110), _EC_LOOKS, _EC_PAINTS, ("ECUADOR",),
             tall=0.5, middle=0.6, band=0.24, style="band"),
    ),
    "brazil": (
        Kind("AAA·9999", (400, 130), _STAMPED, _BR_PAINTS, _BR_CITIES,
             header_at=0.14, tall=0.5, middle=0.59, seal=0.45, share=2),
        Kind("AAA9A99", (400, 130), _PRINTED, _MERCOSUR, ("BRASIL",),
             tall=0.52, middle=0.62, band=0.24, style="mercosur", border=True),
    ),
    "chile": (
        Kind(_CHILEAN * 2 + "·" + _CHILEAN * 2 + "·99", (360, 130),
             ("schrift", "square", "dies", "fjalla", "barlow", "saira", "soft"),
             (Paint(WHITE, BLACK, share=6), Paint(YELLOW, BLACK), Paint(ORANGE, BLACK, share=0.4)),
             ("CHILE",), header_at=0.89, tall=0.56, middle=0.45, border=True, share=2),
        Kind("AA·9999", (360, 130), ("mandatory", "dies", "soft", "square", "block", "barlow"),
             (Paint(WHITE, BLACK, share=6), Paint(YELLOW, BLACK), Paint(ORANGE, BLACK, share=0.4)),
             ("CHILE",), header_at=0.89, tall=0.56, middle=0.45, border=True),
    ),
    "argentina": (
        Kind("AA 999 AA", (400, 130), _PRINTED, _MERCOSUR, ("REPUBLICA ARGENTINA",),
             tall=0.55, middle=0.62, band=0.24, style="mercosur", border=True),
        _old_argentine("AAA 999", 0.5), _old_argentine("AAA  999", 0.7),
        _old_argentine("AAA*999", 0.3),
    ),
    "colombia": (
        Kind("AAA-999", (330, 160),
             ("soft", "square", "mandatory narrow", "fjalla", "barlow", "saira", "states"),
             (Paint(YELLOW, BLACK, share=3), Paint(WHITE, BLACK, share=1),
              Paint(BLUE, WHITE, share=0.1)),
             _CO_CITIES, header_at=0.86, tall=0.5, middle=0.43, border=True, share=3),
        Kind("AAA-99A", (235, 105),
             ("soft", "square", "mandatory narrow", "fjalla", "barlow", "saira"),
             (Paint(YELLOW, BLACK),),
             _CO_CITIES, header_at=0.88, tall=0.5, middle=0.43, border=True),
    ),
    "peru": (
        Kind("A[ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789]A-999", (300, 150),
             ("square", "soft", "dies", "fjalla", "barlow", "saira", "roboto medium"),
             (Paint(WHITE, BLACK, share=3), Paint(WHITE, BLACK, band=YELLOW, share=1),
              Paint(WHITE, BLACK, band=BLUE, band_ink=WHITE, share=0.5)),
             ("PERU",), tall=0.5, middle=0.6, band=0.24, style="band", border=True),
    ),
    "europe": (
        _european("AA*999AA", 3), _european("AA-999AA", 2), _european("9A9*9999", 2),
        _european("AA 999 AA"), _european("A*AA 9999"), _european("AA*A 999"),
        _european("AAA*AA 99"), _european("AA 9999 A"), _european("AA 99999"),
        _european("AAA 99A9", 0.7), _european("A 99 AAA"), _european("AA 99 AAA"),
        _european("A 999 AAA"), _european("99-AA-99", 0.7), _european("AA-99-AA", 0.7),
        _european("9999 AAA", 0.7), _european("AA99 AAA"), _european("A-AAA 9", 0.5),
        _european("AAA 999"), _european("AA-9999", 0.7), _european("A*99999", 0.5),
        _european("A*999999", 0.4), _european("AA*99", 0.3), _european("A*AAAAA", 0.3),
        _european("999*99", 0.2), _european("AAA 9999", 0.7), _european("A 9 AAA", 0.2),
        _european("AA-999-A", 0.5), _european("AAA-99 99", 0.4),
        _european("AAA 999", 0.4, (360, 110)), _european("AA 9999", 0.4, (400, 110)),
    ),
    "usa": (
        _american("9SSS999", 4), _american("SSS*9999", 2), _american("SS9*S999", 1.5),
        _american("SSS*999", 1.5), _american("SS9*S9S", 3), _american("SSS9999", 1.5),
        _american("SSS-9999", 1.5), _american("SSS 999", 1.5), _american("999 SSS", 1.5),
        _american("999*SSS"), _american("S99 9999"), _american("999 9999"), _american("SSS999"),
        _american("99*S999"), _american("SSS*999", 1), _american("999*9999", 0.7),
        _american("9S*9999", 0.5), _american("9S 99999", 0.5),
        _american("999-SSS"), _american("S99*SSS", 0.7), _american("SS 99999", 0.5),
        _american("99SS9", 0.3), _american("99999S9", 0.7), _american("9999999", 0.7),
        _american("999999", 0.7), _american("9S99999", 0.7), _american("99S999S", 0.5),
        _american("^9999", 0.4), _american("*99999", 0.5), _american("*9999^", 0.5),
        _american("^*999SS", 0.3), _american("*SS9999", 0.5), _american("9999 SS", 0.5),
        _american("SS-999", 0.5), _american("SS*9999", 0.5), _american("99 SSSS", 0.3),
        _american("999SSS", 0.7), _american("9 99999", 0.3), _american("*9999SS", 0.4),
        _american("AAAAAA", 0.8), _american("AAAAA", 0.4), _american("AAAA", 0.2),
        _american("AAAAAAA", 0.8), _american("AAA AAA", 0.3), _american("AAAA 99", 0.3),
        _american("9 AAAA", 0.2), _american("AA-AAA", 0.2),
    ),
    "generic": (
        _bare("AAA9999", (400, 140), 0.58, 2), _bare("AAA999", (360, 140), 0.58),
        _bare("99A 999.99", (440, 110), 0.62), _bare("AA99AA", (400, 120), 0.6),
        _bare("AAAAAAA", (420, 120), 0.6, 2), _bare("9999999", (420, 120), 0.6),
        _bare("AA99AA9999", (520, 115), 0.6), _bare("99999AA", (420, 120), 0.6),
        _bare("A9A9A9A", (420, 120), 0.6, 2), _bare("99AAA99", (420, 120), 0.6),
        _bare("AAAA9999", (440, 110), 0.62), _bare("9A9A9A", (380, 120), 0.6),
        Kind("#A·" + "[ABCDEFGHJKLMNPQRSTUVWXYZ0123456789]" * 5, (440, 140),
             ("roboto medium", "barlow", "soft", "mandatory narrow", "saira", "fjalla", "overpass"),
             (Paint(BLUE, WHITE, share=6), Paint(YELLOW, BLACK), Paint(LIME, BLACK),
              Paint(WHITE, BLACK, share=0.5)),
             tall=0.62, middle=0.5, style="china", share=3),
    ),
}  # fmt: skip


def mixed_formats() -> tuple[str, ...]:
    """Every form, and the common ones again: a name that stands twice is drawn twice as often."""
    often = ("ecuador", "brazil", "brazil", "brazil", "argentina", "europe", "usa", "usa")
    return (*format_names(), *often)


def format_names() -> tuple[str, ...]:
    """The names that ``formats`` may hold."""
    return tuple(FORMATS)


def check_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """The names as given. Raises UnknownPlateFormat for one that is not in the table."""
    for name in formats or ("",):
        if name not in FORMATS:
            raise UnknownPlateFormat(name=name, known=", ".join(FORMATS))
    return tuple(formats)


def matches(text: str, name: str) -> bool:
    """Whether ``text`` (no separators) is one that the format ``name`` can draw."""
    return any(fits(text, kind.pattern) for kind in FORMATS[check_formats((name,))[0]])


@cache
def slots(pattern: str) -> tuple[str, ...]:
    """What each place may hold: ``[`` and a set of characters for text, else one character."""
    found: list[str] = []
    rest = pattern
    while rest:
        if rest[0] == "[":
            inside, _, rest = rest[1:].partition("]")
            found.append("[" + inside)
        else:
            found.append({"A": "[" + LETTERS, "9": "[" + DIGITS}.get(rest[0], rest[0]))
            rest = rest[1:]
    return tuple(found)


def fits(text: str, pattern: str) -> bool:
    """Whether ``text`` (no separators) fills the text places of ``pattern``."""
    places = [slot for slot in slots(pattern) if slot.startswith("[")]
    return len(places) == len(text) and all(c in s[1:] for c, s in zip(text, places, strict=True))


def fill(rng: np.random.Generator, pattern: str, text: str | None = None) -> str:
    """The row as drawn, separators included.

    Every character of a set is about equally likely, so that a network has to read; those
    that are taken for each other (O, D, Q; M, W, N, H; I, T) come half as often again. Q and
    I come rarely, as on real plates: what looks like both an O and a Q is an O.
    """
    given = iter(text) if text is not None and fits(text, pattern) else None
    out = []
    for slot in slots(pattern):
        if not slot.startswith("["):
            out.append(slot)
        elif given is not None:
            out.append(next(given))
        else:
            drawn = slot[1 + int(rng.integers(len(slot) - 1))]
            if len(slot) > 20 and rng.random() < 0.18:
                alike = _ALIKE[int(rng.integers(len(_ALIKE)))]
                drawn = alike if alike in slot[1:] else drawn
            if len(slot) > 20 and rng.random() < _AVOIDED.get(drawn, 0):
                drawn = slot[1 + int(rng.integers(len(slot) - 1))]
            out.append(drawn)
    return "".join(out)


def text_of(drawn: str) -> str:
    """What of a drawn row is text: letters and digits."""
    return "".join(c for c in drawn if c in LETTERS or c in DIGITS)


def choose(rng: np.random.Generator, formats: Sequence[str], text: str | None = None) -> Kind:
    """A sort of plate of one of the formats; the first that fits where ``text`` is given.

    Raises UnknownPlateFormat for an unknown name, or where no format fits the text.
    """
    names = check_formats(formats)
    if text is not None:
        fitting = [k for name in names for k in FORMATS[name] if fits(text, k.pattern)]
        if not fitting:
            raise UnknownPlateFormat(name=text, known=", ".join(names))
        return fitting[0]
    kinds = FORMATS[names[int(rng.integers(len(names)))]]
    return kinds[weighted(rng, tuple(kind.share for kind in kinds))]


def weighted(rng: np.random.Generator, shares: Sequence[float]) -> int:
    """An index, as often as its share says."""
    place = float(rng.random()) * sum(shares)
    for index, share in enumerate(shares):
        place -= share
        if place < 0:
            return index
    return len(shares) - 1
