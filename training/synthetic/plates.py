"""Drawn number plates with their text: for training without, or beside, real plates.

``draw`` gives a plate seen straight on and clean. ``render`` puts it before a camera:
perspective, wear, light, colour cast, infrared, blur, interlace, noise, few pixels, JPEG.
Pictures are uint8 BGR (H, W, 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from annotations.vision import crops
from training.errors import UnknownPlateFormat
from training.synthetic import camera, glyphs

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
T = TypeVar("T")

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"

WHITE: Colour = (236, 238, 238)
GREY: Colour = (176, 178, 176)
BLACK: Colour = (26, 24, 24)
RED: Colour = (38, 34, 168)
YELLOW: Colour = (40, 196, 240)
BLUE: Colour = (150, 66, 24)
GREEN: Colour = (60, 120, 30)
ORANGE: Colour = (30, 120, 236)
LIME: Colour = (70, 210, 150)


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

    ``pattern``: A letter, 9 digit, [XYZ] one of a set, anything else is drawn but is not text.
    ``size`` in millimetres; ``tall`` is the height of a character and ``middle`` where its
    middle stands, both as parts of the plate's height; ``band`` the part of the height that
    a band takes ("top" or "left").
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
    band_side: str = "top"
    border: bool = False
    seal: float = 0.0
    share: float = 1.0


@dataclass(frozen=True)
class Plate:
    """A plate as a camera saw it: ``picture`` BGR (H, W, 3); ``text`` without separators."""

    picture: Picture
    text: str


@dataclass(frozen=True)
class FlatPlate:
    """A plate seen straight on: ``alpha`` (H, W) 0..255 is 0 outside its rounded corners."""

    picture: Picture
    alpha: NDArray[np.uint8]
    text: str


_PROVINCE = "[ABCEGHIJKLMNOPQRSTUVWXYZ]"
_BR_CITIES = (
    "SP-SAO PAULO", "PR-CURITIBA", "BA-SALVADOR", "MG-UBERABA", "RJ-NITEROI", "PR-PARANAGUA",
    "SC-LAGES", "RS-PELOTAS", "GO-GOIANIA", "PARANA", "SP-SANTOS", "DF-BRASILIA", "CE-FORTALEZA",
)  # fmt: skip
_CO_CITIES = ("BOGOTA D.C.", "MEDELLIN", "CALI", "ENVIGADO", "PEREIRA", "FUNZA", "TUNJA")
_STAMPED = ("mandatory", "mandatory", "mandatory bold", "mandatory narrow", "soft", "dies")
_PRINTED = ("schrift", "schrift", "square", "roboto medium", "fjalla")

_EC_PAINTS = (
    Paint(WHITE, BLACK, share=6),
    Paint(WHITE, BLACK, band=ORANGE, share=2),
    Paint(WHITE, BLACK, band=YELLOW, share=1),
    Paint(WHITE, BLACK, band=LIME, share=1),
    Paint(WHITE, BLACK, band=BLUE, band_ink=WHITE, share=0.5),
    Paint(WHITE, BLACK, band=RED, band_ink=WHITE, share=0.3),
    Paint(ORANGE, BLACK, share=0.4),
)
_EC_LOOKS = (
    "mandatory",
    "mandatory",
    "soft",
    "mandatory narrow",
    "slim",
    "roboto medium",
    "fjalla",
)
_MERCOSUR = (
    Paint(WHITE, BLACK, band=BLUE, band_ink=WHITE, share=6),
    Paint(WHITE, RED, band=BLUE, band_ink=WHITE, share=1),
)
_ANY = ("mandatory", "mandatory bold", "mandatory narrow", "soft", "square", "schrift", "slim",
        "dies", "roboto medium", "roboto bold", "fjalla")  # fmt: skip
_LIGHT = (
    Paint(WHITE, BLACK, share=5), Paint(YELLOW, BLACK, share=1.5), Paint(WHITE, BLUE, share=1.5),
    Paint(WHITE, GREEN, share=1), Paint(WHITE, RED, share=1), Paint(GREY, BLACK, share=1),
    Paint(BLUE, WHITE, share=0.6), Paint(BLACK, WHITE, share=0.8), Paint(RED, WHITE, share=0.5),
    Paint(GREEN, WHITE, share=0.4), Paint((230, 214, 190), BLUE, share=1),
)  # fmt: skip
_WIDE_PLATE = (520, 112)
_US_PLATE = (305, 152)


def _wide(pattern: str, share: float = 1.0) -> Kind:
    return Kind(
        pattern, _WIDE_PLATE, (*_PRINTED, "dies", "roboto bold"),
        (Paint(WHITE, BLACK, share=4), Paint(WHITE, BLACK, band=BLUE, share=6),
         Paint(YELLOW, BLACK, band=BLUE, share=1.5)),
        tall=0.68, middle=0.5, band=0.09, band_side="left", border=True, share=share,
    )  # fmt: skip


def _american(pattern: str, share: float = 1.0) -> Kind:
    return Kind(
        pattern, _US_PLATE, ("slim", "mandatory narrow", "soft", "dies", "fjalla", "roboto medium"),
        _LIGHT, ("NORTH", "LAKES", "SUNSHINE", "PACIFIC", "VALLEY", "MOUNTAIN"),
        tall=0.46, middle=0.54, share=share,
    )  # fmt: skip


FORMATS: dict[str, tuple[Kind, ...]] = {
    "ecuador": (
        Kind(_PROVINCE + "AA-9999", (404, 154), _EC_LOOKS, _EC_PAINTS, ("ECUADOR",),
             tall=0.5, middle=0.6, band=0.24, border=True, share=4),
        Kind(_PROVINCE + "AA-999", (404, 154), _EC_LOOKS, _EC_PAINTS, ("ECUADOR",),
             tall=0.5, middle=0.6, band=0.24, border=True, share=1),
    ),
    "ecuador-motorcycle": (
        Kind("AA-999A", (200, 110), _EC_LOOKS, _EC_PAINTS, ("ECUADOR",),
             tall=0.5, middle=0.6, band=0.24),
    ),
    "brazil": (
        Kind("AAA·9999", (400, 130), _STAMPED,
             (Paint(GREY, BLACK, share=5), Paint(WHITE, BLACK, share=1.5),
              Paint(RED, WHITE, share=4), Paint(WHITE, BLUE, share=0.2)),
             _BR_CITIES, header_at=0.14, tall=0.5, middle=0.58, seal=0.5, share=2),
        Kind("AAA9A99", (400, 130), _PRINTED, _MERCOSUR, ("BRASIL",),
             tall=0.52, middle=0.62, band=0.24, border=True),
    ),
    "chile": (
        Kind("BBBB·99".replace("B", "[BCDFGHJKLPRSTVWXYZ]"), (360, 130),
             ("schrift", "square", "dies", "fjalla"), (Paint(WHITE, BLACK),), ("CHILE",),
             header_at=0.89, tall=0.56, middle=0.45, border=True, share=2),
        Kind("AA·9999", (360, 130), ("mandatory", "dies", "soft"), (Paint(WHITE, BLACK),),
             ("CHILE",), header_at=0.89, tall=0.56, middle=0.45, border=True),
    ),
    "argentina": (
        Kind("AA 999 AA", (400, 130), _PRINTED, _MERCOSUR, ("REPUBLICA ARGENTINA",),
             tall=0.52, middle=0.62, band=0.24, border=True),
        Kind("AAA 999", (294, 129), ("dies", "square", "soft", "mandatory", "slim"),
             (Paint(BLACK, WHITE, band=WHITE, share=6), Paint(BLACK, WHITE, share=1)),
             ("ARGENTINA",), tall=0.54, middle=0.57, band=0.24, band_side="frame"),
    ),
    "colombia": (
        Kind("AAA-999", (330, 160), ("soft", "square", "mandatory narrow", "fjalla"),
             (Paint(YELLOW, BLACK, share=3), Paint(WHITE, BLACK, share=1),
              Paint(BLUE, WHITE, share=0.1)),
             _CO_CITIES, header_at=0.86, tall=0.5, middle=0.43, border=True),
    ),
    "peru": (
        Kind("[ABCDFHMPSTVWXZ][0123456789ABC]A-999", (300, 150),
             ("square", "soft", "dies", "fjalla"),
             (Paint(WHITE, BLACK, share=3), Paint(WHITE, BLACK, band=YELLOW, share=1)),
             ("PERU",), tall=0.5, middle=0.6, band=0.24, border=True),
    ),
    "generic": (
        _wide("AAA-999"), _wide("AA 999 AA"), _wide("A-AA 9999"), _wide("9A9 9999"),
        _wide("AA99 AAA"), _wide("99-AA-99"), _wide("AAA 9999"), _wide("9999 AAA"),
        _wide("AA 99 AAA"), _wide("A 999 AA"), _wide("AA 9999"),
        _american("9AAA999", 2), _american("AAA 999"), _american("AAA 9999", 2),
        _american("999 AAA"), _american("AA9 9AA"), _american("999-9AA"), _american("A99 99A"),
        Kind("AAA9999", (400, 140), _ANY, _LIGHT, tall=0.58, middle=0.52, share=2),
        Kind("AAA999", (360, 140), _ANY, _LIGHT, tall=0.58, middle=0.52, share=1),
        Kind("99A 999.99", (440, 110), _ANY, _LIGHT, tall=0.62, middle=0.5, share=1),
    ),
}  # fmt: skip


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
    return any(_fits(text, kind.pattern) for kind in FORMATS[check_formats((name,))[0]])


def draw(
    rng: np.random.Generator,
    *,
    formats: Sequence[str] = ("ecuador",),
    height: int = 96,
    wear: float = 0.0,
    text: str | None = None,
) -> FlatPlate:
    """A plate seen straight on, ``height`` pixels high and as wide as its country's is.

    ``wear`` 0..1 flakes and soils it. ``text`` fixes the characters (letters and digits of
    the first format's first pattern that they fit). Raises UnknownPlateFormat.
    """
    kind = _choose_kind(rng, check_formats(formats), text)
    drawn = _fill(rng, kind.pattern, text)
    paint = _pick(rng, kind.paints, [paint.share for paint in kind.paints])
    width = round(height * kind.size[0] / kind.size[1])
    picture = np.full((height, width, 3), paint.plate, np.uint8)
    ink_at = _draw_band(rng, picture, kind, paint)
    _draw_header(rng, picture, kind, paint)
    ink = _characters(rng, drawn, kind, (width, height), ink_at)
    if wear > 0:
        ink = _flake(rng, ink, wear)
    left, top, wide, tall = cv2.boundingRect(ink)
    inked = (slice(max(0, top - 1), top + tall + 1), slice(max(0, left - 1), left + wide + 1))
    _blend(picture[inked], ink[inked], paint.ink)
    _emboss(rng, picture[inked], ink[inked])
    _fittings(rng, picture, kind, paint)
    if wear > 0:
        _soil(rng, picture, wear)
    alpha = _rounded_alpha(width, height)
    return FlatPlate(picture, alpha, "".join(c for c in drawn if c in LETTERS or c in DIGITS))


def render(
    rng: np.random.Generator,
    *,
    formats: Sequence[str] = ("ecuador",),
    size: tuple[int, int] | None = None,
    damage: float = 1.0,
) -> Plate:
    """A plate as a crop of a road camera, with a little of its surroundings.

    ``size`` (w, h) in pixels; None takes one as such crops have (70 to 240 wide). ``damage``
    0 is a clean plate seen nearly straight on, 1 the spread of real road cameras, more is
    worse. The same generator state gives the same plate. Raises UnknownPlateFormat.
    """
    width = int(rng.integers(80, 240 if size is None else max(100, round(size[0] * 1.8))))
    worn = float(damage * rng.choice([0, 0, 0.2, 0.5, 1.0]))
    flat = draw(rng, formats=formats, height=int(np.clip(width * 0.42, 44, 92)), wear=worn)
    seen = camera.photograph(rng, flat.picture, flat.alpha, width=width, damage=damage)
    if size is not None:
        seen = crops.resize_crop(seen, size)
    return Plate(seen, flat.text)


# --- text


@cache
def _slots(pattern: str) -> tuple[str, ...]:
    """What each place may hold: a set of characters for text, one character if literal."""
    slots: list[str] = []
    rest = pattern
    while rest:
        if rest[0] == "[":
            inside, _, rest = rest[1:].partition("]")
            slots.append("[" + inside)
        else:
            slots.append({"A": "[" + LETTERS, "9": "[" + DIGITS}.get(rest[0], rest[0]))
            rest = rest[1:]
    return tuple(slots)


def _fits(text: str, pattern: str) -> bool:
    slots = [slot for slot in _slots(pattern) if slot.startswith("[")]
    return len(slots) == len(text) and all(c in s[1:] for c, s in zip(text, slots, strict=True))


def _fill(rng: np.random.Generator, pattern: str, text: str | None) -> str:
    given = iter(text) if text is not None and _fits(text, pattern) else None
    out = []
    for slot in _slots(pattern):
        if not slot.startswith("["):
            out.append(slot)
        elif given is not None:
            out.append(next(given))
        else:
            out.append(slot[1 + int(rng.integers(len(slot) - 1))])
    return "".join(out)


def _choose_kind(rng: np.random.Generator, formats: tuple[str, ...], text: str | None) -> Kind:
    if text is not None:
        fitting = [k for name in formats for k in FORMATS[name] if _fits(text, k.pattern)]
        if not fitting:
            raise UnknownPlateFormat(name=text, known=", ".join(formats))
        return fitting[0]
    kinds = FORMATS[formats[int(rng.integers(len(formats)))]]
    return _pick(rng, kinds, [kind.share for kind in kinds])


def _pick(rng: np.random.Generator, things: Sequence[T], shares: Sequence[float]) -> T:
    place = float(rng.random()) * sum(shares)
    for thing, share in zip(things, shares, strict=True):
        place -= share
        if place < 0:
            return thing
    return things[-1]


# --- drawing


def _draw_band(
    rng: np.random.Generator, picture: Picture, kind: Kind, paint: Paint
) -> tuple[float, float]:
    """Paints the band, if any; the parts of the width between which characters may stand."""
    height, width = picture.shape[:2]
    left, right = 0.045, 0.955
    if kind.band_side == "left" and paint.band is not None:
        edge = round(width * kind.band)
        picture[:, :edge] = paint.band
        cv2.circle(picture, (edge // 2, round(height * 0.35)), max(1, edge // 4), YELLOW, -1)
        left = kind.band + 0.03
    elif kind.band_side == "frame" and paint.band is not None:
        picture[: round(height * kind.band)] = paint.band
        picture[round(height * 0.88) :] = paint.band
        side = round(width * 0.035)
        picture[:, :side] = paint.band
        picture[:, -side:] = paint.band
        left, right = 0.06, 0.94
    elif paint.band is not None:
        picture[: round(height * kind.band)] = paint.band
    if kind.border and rng.random() < 0.7:
        inset = max(1, round(height * 0.025))
        cv2.rectangle(
            picture, (inset, inset), (width - 1 - inset, height - 1 - inset), paint.ink,
            max(1, round(height * 0.02)), cv2.LINE_AA,
        )  # fmt: skip
    return left, right


def _draw_header(rng: np.random.Generator, picture: Picture, kind: Kind, paint: Paint) -> None:
    if not kind.headers:
        return
    height, width = picture.shape[:2]
    mask = glyphs.text_mask(kind.headers[int(rng.integers(len(kind.headers)))])
    tall = max(3, round(height * float(rng.uniform(0.09, 0.14))))
    long = min(round(width * 0.7), round(mask.shape[1] * tall / 40 * float(rng.uniform(1, 1.5))))
    small = np.asarray(cv2.resize(mask, (long, tall), interpolation=cv2.INTER_AREA), np.uint8)
    top = round(height * kind.header_at) - tall // 2
    left = (width - long) // 2 + int(rng.integers(-3, 4))
    on_band = paint.band is not None and kind.band_side == "top"
    colour = paint.band_ink if on_band else paint.ink
    if kind.band_side == "frame" and paint.band is not None:
        colour = (120, 120, 120)
    _blend(picture[max(0, top) : top + tall, left : left + long], small[max(0, -top) :], colour)


def _characters(
    rng: np.random.Generator,
    drawn: str,
    kind: Kind,
    size: tuple[int, int],
    between: tuple[float, float],
) -> NDArray[np.uint8]:
    """The ink mask (H, W) 0..255 of the row of characters."""
    width, height = size
    look = kind.looks[int(rng.integers(len(kind.looks)))]
    tall = max(8, round(height * kind.tall * float(rng.uniform(0.94, 1.07))))
    weight = int(rng.integers(-2, 3))
    stretch = float(rng.uniform(0.9, 1.15)) * tall / glyphs.GLYPH_HEIGHT
    masks = [_place_mask(look, c, weight) for c in drawn]
    cell = max(m.shape[1] for m in masks) if glyphs.is_mono(look) else 0
    widths = [(_gap(c) or max(m.shape[1], cell * 0.9)) for c, m in zip(drawn, masks, strict=True)]
    space = glyphs.GLYPH_HEIGHT * float(rng.uniform(0.1, 0.24))
    room = width * (between[1] - between[0])
    gaps = len(drawn) - 1
    if rng.random() < 0.65:  # most countries let the row fill the plate
        spare = room * float(rng.uniform(0.82, 1)) / stretch - sum(widths)
        space = float(np.clip(spare / gaps, space, glyphs.GLYPH_HEIGHT * 0.34))
    total = (sum(widths) + space * gaps) * stretch
    stretch *= min(1.0, room / total)
    start = width * (between[0] + between[1]) / 2 - min(total, room) / 2
    start += float(rng.uniform(-0.3, 0.3)) * (room - min(total, room))
    ink = np.zeros((height, width), np.uint8)
    top = round(height * (kind.middle + float(rng.uniform(-0.02, 0.02))) - tall / 2)
    for mask, wide in zip(masks, widths, strict=True):
        at = start + (wide - mask.shape[1]) / 2 * stretch
        _stamp(ink, mask, at, top, (max(1, round(mask.shape[1] * stretch)), tall))
        start += (wide + space) * stretch
    return ink


def _gap(character: str) -> float:
    """Width of a separator in glyph pixels, 0 for text."""
    return {" ": 16.0, "·": 20.0, ".": 16.0, "-": 26.0}.get(character, 0.0)


def _place_mask(look: str, character: str, weight: int) -> NDArray[np.uint8]:
    if not _gap(character):
        return glyphs.glyph(look, character, weight)
    mask = np.zeros((glyphs.GLYPH_HEIGHT, round(_gap(character))), np.uint8)
    if character == "-":
        mask[40:50, 3:-3] = 255
    elif character == "·":
        mask[38:51, 4:-4] = 255
    elif character == ".":
        mask[74:86, 3:-3] = 255
    return mask


def _stamp(
    ink: NDArray[np.uint8], mask: NDArray[np.uint8], x: float, y: int, size: tuple[int, int]
) -> None:
    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    left, top = max(0, round(x)), max(0, y)
    room = ink[top : top + size[1], left : left + size[0]]
    np.maximum(room, small[: room.shape[0], : room.shape[1]], out=room)


def _blend(picture: Picture, mask: NDArray[np.uint8], colour: Colour) -> None:
    part = picture[: mask.shape[0], : mask.shape[1]]
    share = cv2.merge([mask[: part.shape[0], : part.shape[1]]] * 3)
    paint = np.empty_like(part)
    paint[:] = colour
    painted = cv2.multiply(paint, share, scale=1 / 255)
    part[:] = cv2.add(cv2.multiply(part, cv2.bitwise_not(share), scale=1 / 255), painted)


def _emboss(rng: np.random.Generator, picture: Picture, ink: NDArray[np.uint8]) -> None:
    """Pressed characters catch light on one side and throw a thin shadow on the other."""
    strength = float(rng.uniform(0, 0.3))
    before, after = ink[:-1, :-1], ink[1:, 1:]
    bright = cv2.convertScaleAbs(cv2.subtract(before, after), alpha=strength)
    dark = cv2.convertScaleAbs(cv2.subtract(after, before), alpha=strength)
    part = picture[1:, 1:]
    part[:] = cv2.subtract(cv2.add(part, cv2.merge([bright] * 3)), cv2.merge([dark] * 3))


def _fittings(rng: np.random.Generator, picture: Picture, kind: Kind, paint: Paint) -> None:
    """Raised rim, screws and holes, seal."""
    height, width = picture.shape[:2]
    if not kind.border and rng.random() < 0.7:
        rim = tuple(int(min(255, c * 0.6 + 110)) for c in paint.plate)
        edge = max(1, round(height * 0.03))
        cv2.rectangle(picture, (edge, edge), (width - 1 - edge, height - 1 - edge), rim, edge)
    if rng.random() < 0.75:
        _screws(rng, picture)
    if rng.random() < kind.seal:
        spot = (round(width * rng.uniform(0.06, 0.1)), round(height * rng.uniform(0.12, 0.2)))
        colour = [RED, YELLOW, GREEN, WHITE, BLACK][int(rng.integers(5))]
        cv2.circle(picture, spot, max(2, round(height * 0.06)), colour, -1, cv2.LINE_AA)


def _screws(rng: np.random.Generator, picture: Picture) -> None:
    height, width = picture.shape[:2]
    inset = float(rng.uniform(0.2, 0.32))
    shade = int(rng.choice([30, 60, 110, 200]))
    rows = [0.09] if rng.random() < 0.5 else [0.09, 0.92]
    radius = max(1, round(height * float(rng.uniform(0.025, 0.05))))
    for row in rows:
        for column in (inset, 1 - inset):
            at = (round(width * column), round(height * (row + float(rng.uniform(-0.02, 0.02)))))
            if row > 0.5 and shade < 100:
                end = (at[0] + 3 * radius, at[1])
                cv2.line(picture, at, end, (shade, shade, shade), radius)
            else:
                cv2.circle(picture, at, radius, (shade, shade, shade + 10), -1, cv2.LINE_AA)


def _flake(rng: np.random.Generator, ink: NDArray[np.uint8], wear: float) -> NDArray[np.uint8]:
    """Paint missing from the characters: patches and a general fading."""
    height, width = ink.shape
    coarse = rng.random((max(2, height // 7), max(2, width // 7)), np.float32)
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    lost = np.clip((fine - (1.12 - 0.35 * wear)) * 6, 0, 0.85)
    keep = (1 - lost) * (1 - 0.35 * wear * float(rng.random()))
    worn: NDArray[np.uint8] = (ink * keep).astype(np.uint8)
    return worn


def _soil(rng: np.random.Generator, picture: Picture, wear: float) -> None:
    """Mud and dust in large soft patches, more of it low down."""
    height, width = picture.shape[:2]
    coarse = rng.random((4, 8), np.float32) + np.linspace(-0.2, 0.2, 4, dtype=np.float32)[:, None]
    cover = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    cover = np.clip((cover - 0.55) * 1.3 * wear, 0, 0.75)[..., None]
    mud = np.array([70, 90, 105], np.float32) * float(rng.uniform(0.5, 1.5))
    picture[:] = picture + (mud - picture) * cover


def _rounded_alpha(width: int, height: int) -> NDArray[np.uint8]:
    alpha = np.zeros((height, width), np.uint8)
    radius = max(1, round(height * 0.07))
    cv2.rectangle(alpha, (radius, 0), (width - 1 - radius, height - 1), 255, -1)
    cv2.rectangle(alpha, (0, radius), (width - 1, height - 1 - radius), 255, -1)
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(alpha, (x, y), radius, 255, -1)
    return alpha
