"""Plate characters: own stroke shapes and some free fonts, as cached masks.

A stroke character is a few polylines in a box of width 1 and height 1 (y down). A point
written ``~x,y`` is a corner that the look rounds; ``z`` closes the line. So one table gives
the soft single-stroke letters of South American plates as well as the square ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training.errors import FontMissing

Mask = NDArray[np.uint8]
Point = NDArray[np.float64]

#: Height in pixels at which characters are drawn once; plates shrink them.
GLYPH_HEIGHT = 64
#: The same for small print.
TEXT_HEIGHT = 20
_OVERSAMPLE = 4

_STROKES: dict[str, tuple[str, ...]] = {
    "0": ("~0,0 ~1,0 ~1,1 ~0,1 z",),
    "1": (".5,0 .5,1",),
    "2": ("0,.27 ~0,0 ~1,0 ~1,.44 0,1 1,1",),
    "3": ("0,.22 ~0,0 ~1,0 ~1,.47 .4,.47", ".4,.47 ~1,.47 ~1,1 ~0,1 0,.78"),
    "4": (".74,1 .74,0 0,.7 1,.7",),
    "5": ("1,0 .06,0 .03,.45 ~.28,.38 ~1,.38 ~1,1 ~0,1 0,.78",),
    "6": ("1,.22 ~1,0 ~0,0 ~0,1 ~1,1 ~1,.43 ~0,.43 0,.62",),
    "7": ("0,0 1,0 .32,1",),
    "8": ("~.05,0 ~.95,0 ~.95,.47 ~.05,.47 z", "~0,.47 ~1,.47 ~1,1 ~0,1 z"),
    "9": ("0,.78 ~0,1 ~1,1 ~1,0 ~0,0 ~0,.57 ~1,.57 1,.38",),
    "A": ("0,1 .5,0 1,1", ".16,.68 .84,.68"),
    "B": ("0,0 0,1 ~1,1 ~1,.47 0,.47", "0,0 ~.94,0 ~.94,.47 0,.47"),
    "C": ("1,.24 ~1,0 ~0,0 ~0,1 ~1,1 1,.76",),
    "D": ("0,0 0,1 ~1,1 ~1,0 z",),
    "E": ("1,0 0,0 0,1 1,1", "0,.47 .82,.47"),
    "F": ("1,0 0,0 0,1", "0,.48 .82,.48"),
    "G": ("1,.24 ~1,0 ~0,0 ~0,1 ~1,1 1,.55 .55,.55",),
    "H": ("0,0 0,1", "1,0 1,1", "0,.48 1,.48"),
    "I": (".5,0 .5,1",),
    "J": ("1,0 ~1,1 ~0,1 0,.74",),
    "K": ("0,0 0,1", "1,0 0,.62", ".34,.42 1,1"),
    "L": ("0,0 0,1 1,1",),
    "M": ("0,1 0,0 .5,.62 1,0 1,1",),
    "N": ("0,1 0,0 1,1 1,0",),
    "O": ("~0,0 ~1,0 ~1,1 ~0,1 z",),
    "P": ("0,1 0,0 ~1,0 ~1,.54 0,.54",),
    "Q": ("~0,0 ~1,0 ~1,1 ~0,1 z", ".58,.72 1,1.02"),
    "R": ("0,1 0,0 ~1,0 ~1,.5 0,.5", ".42,.5 1,1"),
    "S": ("1,.22 ~1,0 ~0,0 ~0,.48 ~1,.48 ~1,1 ~0,1 0,.78",),
    "T": ("0,0 1,0", ".5,0 .5,1"),
    "U": ("0,0 ~0,1 ~1,1 1,0",),
    "V": ("0,0 .5,1 1,0",),
    "W": ("0,0 .24,1 .5,.3 .76,1 1,0",),
    "X": ("0,0 1,1", "1,0 0,1"),
    "Y": ("0,0 .5,.54 1,0", ".5,.54 .5,1"),
    "Z": ("0,0 1,0 0,1 1,1",),
}

# Shapes that some plates draw otherwise; a look names the ones it takes.
_VARIANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "1 flag": ("1", (".1,.2 .55,0 .55,1",)),
    "1 short flag": ("1", (".2,.15 .5,.02 .5,1",)),
    "1 foot": ("1", (".1,.2 .55,0 .55,1", ".1,1 1,1")),
    "1 slab": ("1", (".15,0 .5,0 .5,1", "0,1 1,1")),
    "2 flat": ("2", ("0,.22 ~0,0 ~1,0 ~1,.47 ~0,.6 0,1 1,1",)),
    "3 flat": ("3", ("0,0 1,0 .42,.42 ~1,.42 ~1,1 ~0,1 0,.78",)),
    "4 open": ("4", (".6,0 0,.68 1,.68", ".76,.42 .76,1")),
    "4 low": ("4", (".74,1 .74,0 0,.8 1,.8",)),
    "4 blunt": ("4", (".78,1 .78,0 .56,0 0,.78 1,.78",)),
    "4 tilt": ("4", (".42,0 0,.66 1,.66", ".74,.3 .74,1")),
    "4 square": ("4", ("0,0 0,.62 1,.62", ".78,0 .78,1")),
    "6 arm": ("6", (".72,0 ~0,.5 ~0,1 ~1,1 ~1,.42 ~.1,.42 0,.66",)),
    "7 bent": ("7", ("0,0 1,0 1,.16 .42,.6 .42,1",)),
    "9 arm": ("9", (".28,1 ~1,.5 ~1,0 ~0,0 ~0,.58 ~.9,.58 1,.34",)),
    "A flat": ("A", ("0,1 .38,0 .62,0 1,1", ".14,.66 .86,.66")),
    "A round": ("A", ("0,1 ~0,0 ~1,0 1,1", "0,.6 1,.6")),
    "C wide": ("C", ("1,.3 ~1,0 ~0,0 ~0,1 ~1,1 1,.7",)),
    "G spur": ("G", ("1,.22 ~1,0 ~0,0 ~0,1 ~1,1 1,.5 .6,.5", "1,.5 1,1")),
    "I serif": ("I", (".5,0 .5,1", "0.05,0 .95,0", "0.05,1 .95,1")),
    "J bar": ("J", (".2,0 1,0 ~1,1 ~0,1 0,.74",)),
    "K joined": ("K", ("0,0 0,1", "1,0 0,.5 1,1")),
    "M short": ("M", ("0,1 0,0 .5,.42 1,0 1,1",)),
    "M deep": ("M", ("0,1 0,0 .5,1 1,0 1,1",)),
    "M slant": ("M", ("0,1 .14,0 .5,.7 .86,0 1,1",)),
    "0 slash": ("0", ("~0,0 ~1,0 ~1,1 ~0,1 z", ".25,.7 .75,.3")),
    "Q cut": ("Q", ("~0,0 ~1,0 ~1,1 ~0,1 z", ".5,.7 1,1.05")),
    "Q short": ("Q", ("~0,0 ~1,0 ~1,1 ~0,1 z", ".66,.8 .95,1.02")),
    "Q foot": ("Q", ("~0,0 ~1,0 ~1,.9 ~0,.9 z", ".5,.74 .72,1.02")),
    "R upright": ("R", ("0,1 0,0 ~1,0 ~1,.5 0,.5", ".7,.5 1,.62 1,1")),
    "V slim": ("V", (".05,0 .5,1 .95,0",)),
    "W flat": ("W", ("0,0 0,1 .5,.5 1,1 1,0",)),
    "W high": ("W", ("0,0 .26,1 .5,0 .74,1 1,0",)),
    "Y deep": ("Y", ("0,0 .5,.64 1,0", ".5,.64 .5,1")),
}

# Some letters are wider than the others, unless every one has the same cell.
_WIDE = {"M": 1.22, "W": 1.45, "A": 1.06, "V": 1.06, "N": 1.05, "Q": 1.03}
_NARROW = {"I", "1"}


@dataclass(frozen=True)
class Look:
    """One alphabet. ``width``, ``weight`` and ``radius`` are parts of the character height.

    ``variants`` always replace a shape, ``loose`` ones on some plates. ``soft_ends`` rounds
    the ends of strokes. ``font`` names "package:file" instead of strokes; then ``width``
    stretches the font and ``axis`` is the weight of a variable one.
    """

    name: str
    width: float
    weight: float = 0.15
    radius: float = 0.25
    variants: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    mono: bool = False
    soft_ends: bool = False
    font: str | None = None
    axis: int | None = None


_LOOSE = (
    "1 flag", "1 short flag", "1 foot", "3 flat", "4 open", "4 tilt", "4 square",
    "4 low", "4 blunt",
    "6 arm", "9 arm", "A flat", "I serif",
    "J bar", "M short", "M deep", "M slant", "Q cut", "Q short", "W flat", "W high", "K joined",
    "7 bent", "G spur", "2 flat", "R upright", "Y deep", "Q foot",
)  # fmt: skip
_BRAZILIAN = ("Q short", "Q foot", "M short", "1 short flag", "K joined", "4 low")
_STAMPED_LOOSE = ("1 short flag", "6 arm", "9 arm", "Q short", "Q foot", "M short", "K joined",
                  "W high", "3 flat")  # fmt: skip

LOOKS: dict[str, Look] = {
    look.name: look
    for look in (
        Look("mandatory", 0.56, 0.15, 0.27, loose=("Q short", "Q foot", "M short", "1 short flag")),
        Look("mandatory wide", 0.64, 0.15, 0.19, loose=_BRAZILIAN),
        Look("mandatory boxy", 0.6, 0.14, 0.15, loose=(*_BRAZILIAN, "3 flat")),
        Look("mandatory bold", 0.58, 0.18, 0.26, ("Q cut",), loose=("M short",)),
        Look("mandatory narrow", 0.46, 0.135, 0.23, loose=_STAMPED_LOOSE),
        Look("soft", 0.54, 0.145, 0.34, ("1 flag", "6 arm", "9 arm", "M short"),
             loose=("Q short", "J bar", "A flat")),
        Look("square", 0.55, 0.15, 0.15, ("1 foot", "A flat", "I serif", "M short", "3 flat"),
             loose=("1 slab", "J bar", "R upright", "2 flat", "4 square", "4 low", "4 blunt")),
        Look("block", 0.5, 0.17, 0.1, loose=_LOOSE),
        Look("schrift", 0.58, 0.14, 0.24,
             ("1 flag", "I serif", "4 open", "3 flat", "J bar", "M short", "W flat"), mono=True,
             loose=("6 arm", "9 arm", "G spur", "Q cut", "W high", "M deep")),
        Look("slim", 0.46, 0.105, 0.22, ("1 flag", "4 open"), loose=_LOOSE),
        Look("hair", 0.5, 0.085, 0.27, loose=_LOOSE),
        Look("dies", 0.5, 0.135, 0.18, ("1 foot", "I serif", "J bar"),
             loose=("1 slab", "0 slash", "4 low", "4 blunt", "M short", "W flat", "W high")),
        Look("states", 0.46, 0.125, 0.22, ("1 flag",), loose=_LOOSE, soft_ends=True),
        Look("pacific", 0.5, 0.11, 0.3, ("1 short flag",), soft_ends=True,
             loose=("6 arm", "9 arm", "1 flag", "M deep", "M slant", "I serif", "3 flat", "4 tilt",
                    "4 open", "W high", "W flat", "G spur", "Q short")),
        Look("prairie", 0.42, 0.12, 0.16, loose=_LOOSE),
        Look("wide soft", 0.62, 0.13, 0.34, loose=_LOOSE, soft_ends=True),
        Look("roboto medium", 0.9, font="font-roboto:Roboto-Medium.ttf"),
        Look("roboto bold", 0.85, font="font-roboto:Roboto-Bold.ttf"),
        Look("fjalla", 1.0, font="font-fjallaone:FjallaOne-Regular.ttf"),
        Look("barlow", 1.0, font="fontpkg-barlow-condensed:BarlowCondensed-Medium.ttf"),
        Look("barlow bold", 1.05, font="fontpkg-barlow-condensed:BarlowCondensed-Bold.ttf"),
        Look("saira", 1.0, font="fontpkg-saira-condensed:SairaCondensed-Medium.ttf"),
        Look("rajdhani", 1.0, font="fontpkg-rajdhani:Rajdhani-SemiBold.ttf"),
        Look("share tech", 1.0, font="fontpkg-share-tech:ShareTech-Regular.ttf"),
        Look("overpass", 0.85, font="fontpkg-overpass:Overpass[wght].ttf", axis=600),
        Look("dosis", 1.0, font="fontpkg-dosis:Dosis[wght].ttf", axis=700),
    )
}  # fmt: skip


def glyph(look: str, character: str, weight_step: int = 0, hand: int = 0) -> Mask:
    """The mask (GLYPH_HEIGHT, w) of one character, 0..255, ink edge to edge.

    ``weight_step`` -2..2 thins or thickens the strokes by 12 % each; ``hand`` (any number)
    chooses among the look's loose shapes, the same for the whole of a plate; an odd one
    draws wide letters (M, W) as narrow as the others.
    """
    choice = (hand // 2 + ord(character)) % _choices(look, character)
    narrow = hand % 2 == 1 and character in _WIDE
    return _glyph(look, character, weight_step, choice, narrow)


@cache
def _choices(look: str, character: str) -> int:
    return 1 + sum(_VARIANTS[name][0] == character for name in LOOKS[look].loose)


@cache
def _glyph(look: str, character: str, weight_step: int, choice: int, narrow: bool) -> Mask:
    style = LOOKS[look]
    if style.font:
        return _weighted(_font_glyph(style, character, narrow=narrow), weight_step)
    loose = [name for name in style.loose if _VARIANTS[name][0] == character]
    taken = [*style.variants, *([loose[choice - 1]] if choice else [])]
    weight = style.weight * (1 + 0.12 * weight_step)
    return _stroke_glyph(style, character, weight, taken, narrow=narrow)


def _weighted(mask: Mask, step: int) -> Mask:
    """A font's character with thinner or thicker strokes."""
    if step == 0:
        return mask
    padded = cv2.copyMakeBorder(mask, 4, 4, 4, 4, cv2.BORDER_REPLICATE if step > 0 else 0)
    soft = cv2.GaussianBlur(padded, (0, 0), 2.0)[4:-4, 4:-4].astype(np.float32)
    middle = 127.5 - 26 * step
    stepped: Mask = np.clip((soft - middle) * 3 + 127.5, 0, 255).astype(np.uint8)
    return stepped


def is_mono(look: str) -> bool:
    """Whether every character of the look stands in a cell of the same width."""
    return LOOKS[look].mono


@cache
def text_mask(text: str, face: str = "bold") -> Mask:
    """A line of small print (country, city) as a mask TEXT_HEIGHT pixels high, ink edge to edge."""
    return _fit_height(_ink(_font(_FACES[face], 44), text), TEXT_HEIGHT)


_FACES = {
    "bold": "font-roboto:Roboto-Bold.ttf",
    "medium": "font-roboto:Roboto-Medium.ttf",
    "italic": "font-roboto:Roboto-BoldItalic.ttf",
    "narrow": "fontpkg-barlow-condensed:BarlowCondensed-Bold.ttf",
}
#: What ``text_mask`` may be asked for.
FACES = tuple(_FACES)


def _stroke_glyph(
    style: Look, character: str, weight: float, variants: Sequence[str], *, narrow: bool
) -> Mask:
    scale = GLYPH_HEIGHT * _OVERSAMPLE
    paths = _STROKES[character]
    for name in variants:
        changed, shape = _VARIANTS[name]
        if changed == character:
            paths = shape
    pen = weight * scale
    across = style.width * (1.0 if narrow else _WIDE.get(character, 1.0)) * scale
    bar = character in _NARROW and len(paths) == 1 and paths[0].startswith(".5,0")
    if bar:
        across = pen
    box = (max(across, pen * 1.001), float(scale))
    image = Image.new("L", (round(box[0]), round(box[1])))
    draw = ImageDraw.Draw(image)
    for path in paths:
        _draw_path(draw, path, pen=pen, box=box, radius=style.radius * scale, soft=style.soft_ends)
    size = (max(2, round(box[0] / _OVERSAMPLE)), GLYPH_HEIGHT)
    return np.asarray(cv2.resize(np.asarray(image), size, interpolation=cv2.INTER_AREA), np.uint8)


def _draw_path(
    draw: ImageDraw.ImageDraw,
    path: str,
    *,
    pen: float,
    box: tuple[float, float],
    radius: float,
    soft: bool,
) -> None:
    words = path.split()
    closed = words[-1] == "z"
    corners = [_corner(word, pen=pen, box=box) for word in words if word != "z"]
    line = _rounded(corners, closed=closed, radius=radius)
    if closed:
        line = [*line, line[0], line[1]]
    elif not soft:
        line = _reach_out(line, words, pen)
    draw.line([tuple(point) for point in line], fill=255, width=round(pen))
    for point in line if soft else line[1:-1]:
        draw.circle(tuple(point), pen / 2, fill=255)
    for at, bent in corners if closed else corners[1:-1]:
        if not (bent or soft) and _is_square(at, corners):
            draw.rectangle((*(at - pen / 2), *(at + pen / 2)), fill=255)


def _is_square(at: Point, corners: list[tuple[Point, bool]]) -> bool:
    """Whether a sharp corner joins an upright and a level stroke (L, E, F, the top of D)."""
    index = next(i for i, corner in enumerate(corners) if corner[0] is at)
    ways = [corners[index - 1][0] - at, corners[(index + 1) % len(corners)][0] - at]
    return all(min(abs(way)) < 1 for way in ways)


def _corner(word: str, *, pen: float, box: tuple[float, float]) -> tuple[Point, bool]:
    x, y = (float(part) for part in word.lstrip("~").split(","))
    at = np.array([pen / 2 + x * (box[0] - pen), pen / 2 + y * (box[1] - pen)])
    return at, word.startswith("~")


def _rounded(corners: list[tuple[Point, bool]], *, closed: bool, radius: float) -> list[Point]:
    line: list[Point] = []
    count = len(corners)
    for index, (at, soft) in enumerate(corners):
        ends = not closed and index in (0, count - 1)
        if not soft or ends:
            line.append(at)
            continue
        before, after = corners[index - 1], corners[(index + 1) % count]
        line.extend(_arc(_toward(at, before, radius), at, _toward(at, after, radius)))
    return line


def _toward(at: Point, other: tuple[Point, bool], radius: float) -> Point:
    step = other[0] - at
    length = float(np.hypot(*step))
    share = 0.5 if other[1] else 0.9
    moved: Point = at + step * min(radius, length * share) / max(length, 1e-9)
    return moved


def _arc(start: Point, corner: Point, end: Point) -> list[Point]:
    # A conic with weight cos 45 is an exact quarter of an ellipse at right angles.
    points = []
    for t in np.linspace(0, 1, 13):
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t) * 0.7071, t**2
        points.append((a * start + b * corner + c * end) / (a + b + c))
    return points


def _reach_out(line: list[Point], words: list[str], pen: float) -> list[Point]:
    """Ends on the box's edge run over it, so that the picture's edge cuts them flat."""
    out = list(line)
    for word, end, inner in ((words[0], 0, 1), (words[-1], -1, -2)):
        x, y = (float(part) for part in word.lstrip("~").split(","))
        way = line[end] - line[inner]
        way = way / max(float(np.hypot(*way)), 1e-9)
        leaves = (
            (y <= 0 and way[1] < -0.4) or (y >= 1 and way[1] > 0.4)
            or (x <= 0 and way[0] < -0.7) or (x >= 1 and way[0] > 0.7)
        )  # fmt: skip
        if leaves:
            out[end] = line[end] + way * pen
    return out


def _font_glyph(style: Look, character: str, *, narrow: bool) -> Mask:
    assert style.font is not None
    font = _font(style.font, 120, style.axis)
    _, top, _, bottom = (round(edge) for edge in font.getbbox("H"))
    ink = (
        _ink(font, character) if character == "Q" else _ink(font, character, top=top, bottom=bottom)
    )
    mask = _fit_height(ink, GLYPH_HEIGHT)  # a Q is pressed flat rather than cut to an O
    width = max(
        2, round(mask.shape[1] * style.width * (0.75 if narrow and character in "MW" else 1))
    )
    return np.asarray(
        cv2.resize(mask, (width, GLYPH_HEIGHT), interpolation=cv2.INTER_AREA), np.uint8
    )


def _ink(
    font: ImageFont.FreeTypeFont, text: str, *, top: int | None = None, bottom: int | None = None
) -> Mask:
    left, above, right, below = (round(edge) for edge in font.getbbox(text))
    top, bottom = above if top is None else top, below if bottom is None else bottom
    image = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=font)
    return np.asarray(image)


def _fit_height(mask: Mask, height: int) -> Mask:
    width = max(2, round(mask.shape[1] * height / mask.shape[0]))
    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@cache
def _font(place: str, size: int, axis: int | None = None) -> ImageFont.FreeTypeFont:
    package, _, file = place.partition(":")
    try:
        found = [entry for entry in distribution(package).files or () if entry.name == file]
    except PackageNotFoundError:
        found = []
    if not found:
        raise FontMissing(package=package, file=file)
    font = ImageFont.truetype(str(Path(str(found[0].locate()))), size)
    if axis is not None:
        font.set_variation_by_axes([axis])
    return font
