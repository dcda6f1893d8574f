"""Drawn number plates with their text: for training without, or beside, real plates.

``draw`` gives a plate seen straight on and clean. ``render`` puts it before a camera:
perspective, wear, light, colour cast, infrared, blur, interlace, noise, few pixels, JPEG.
Pictures are uint8 BGR (H, W, 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from annotations.vision import crops
from training.synthetic import camera, dressing, glyphs
from training.synthetic import formats as countries
from training.synthetic.formats import (
    Colour,
    Kind,
    check_formats,
    format_names,
    matches,
    mixed_formats,
)

__all__ = [
    "FlatPlate",
    "Plate",
    "check_formats",
    "draw",
    "format_names",
    "matches",
    "mixed_formats",
    "render",
]

Picture = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Rng = np.random.Generator

#: Widths of the gaps that stand for text, in glyph pixels.
_GAPS = {" ": 14.0, "·": 15.0, ".": 12.0, "-": 20.0, "*": 25.0, "^": 18.0, "#": 40.0}


@dataclass(frozen=True)
class Plate:
    """A plate as a camera saw it: ``picture`` BGR (H, W, 3); ``text`` without separators."""

    picture: Picture
    text: str


@dataclass(frozen=True)
class FlatPlate:
    """A plate seen straight on: ``alpha`` (H, W) 0..255 is 0 outside its rounded corners.

    ``wide`` is what plates of its country measure across, metres.
    """

    picture: Picture
    alpha: Mask
    text: str
    wide: float = 0.44


@dataclass(frozen=True)
class _Type:
    """How the characters of one plate are set."""

    look: str
    weight: int
    hand: int
    tall: int
    top: int


def draw(
    rng: Rng,
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
    kind = countries.choose(rng, formats, text)
    drawn = countries.fill(rng, kind.pattern, text)
    paint = kind.paints[countries.weighted(rng, tuple(paint.share for paint in kind.paints))]
    width = round(height * kind.size[0] / kind.size[1])
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = _faded(rng, paint.plate)
    room = dressing.ground(rng, picture, kind, paint)
    ink = _characters(rng, picture, drawn, kind, room)
    if wear > 0:
        ink = _flake(rng, ink, wear)
    left, top, wide, tall = cv2.boundingRect(ink)
    inked = (slice(max(0, top - 1), top + tall + 1), slice(max(0, left - 1), left + wide + 1))
    stamped = _spread(rng, ink[inked])
    dressing.blend(picture[inked], stamped, _faded(rng, paint.ink))
    _emboss(rng, picture[inked], stamped)
    dressing.fittings(rng, picture, kind, paint)
    if wear > 0:
        _soil(rng, picture, wear)
    text = countries.text_of(drawn)
    return FlatPlate(picture, _rounded_alpha(width, height), text, kind.size[0] / 1000)


def render(
    rng: Rng,
    *,
    formats: Sequence[str] = ("ecuador",),
    size: tuple[int, int] | None = None,
    damage: float = 1.0,
) -> Plate:
    """A plate as a crop of a road camera, with a little of its surroundings.

    ``size`` (w, h) in pixels; None leaves the size the camera gave it (64 to 220 wide), and
    with a ``size`` the camera is not much finer than that. ``damage`` 0 is a clean
    plate seen nearly straight on, 1 the spread of real road cameras, more is worse. The same
    generator state gives the same plate. Raises UnknownPlateFormat.
    """
    finest = 220.0 if size is None else min(220.0, max(110.0, 1.8 * size[0]))
    width = round(float(np.exp(rng.uniform(np.log(64.0), np.log(finest)))))
    worn = float(damage * rng.choice([0, 0, 0, 0.15, 0.3, 0.7]))
    flat = draw(rng, formats=formats, height=int(np.clip(width * 0.42, 40, 92)), wear=worn)
    seen = camera.photograph(rng, flat.picture, flat.alpha, width=width, damage=damage)
    if size is not None:
        seen = crops.resize_crop(seen, size)
    return Plate(seen, flat.text)


# --- characters


def _characters(
    rng: Rng, picture: Picture, drawn: str, kind: Kind, between: tuple[float, float]
) -> Mask:
    """The ink mask (H, W) 0..255 of the row; badges go onto the picture at once."""
    height, width = picture.shape[:2]
    loose = kind.style in ("american", "plain")
    tall = max(8, round(height * kind.tall * float(rng.uniform(0.9 if loose else 0.94, 1.1))))
    lift = float(rng.uniform(-0.03, 0.03) if loose else rng.uniform(-0.02, 0.02))
    style = _Type(
        look=kind.looks[int(rng.integers(len(kind.looks)))],
        weight=int(rng.integers(-2, 3)),
        hand=int(rng.integers(64)),
        tall=tall,
        top=round(height * (kind.middle + lift) - tall / 2),
    )
    masks = [_mask(c, style) for c in drawn]
    widths, space = _spacing(rng, drawn, masks, kind, style)
    stretch = float(rng.uniform(0.85, 1.15)) * tall / glyphs.GLYPH_HEIGHT
    room, gaps = width * (between[1] - between[0]), len(drawn) - 1
    if rng.random() < 0.65:  # most countries let the row fill the plate
        spare = room * float(rng.uniform(0.82, 1)) / stretch - sum(widths)
        space = float(np.clip(spare / gaps, space, glyphs.GLYPH_HEIGHT * 0.34))
    total = (sum(widths) + space * gaps) * stretch
    stretch *= min(1.0, room / total)
    total = min(total, room)
    start = width * (between[0] + between[1]) / 2 - total / 2
    start += float(rng.uniform(-0.3, 0.3)) * (room - total)
    ink = np.zeros((height, width), np.uint8)
    for character, mask, wide in zip(drawn, masks, widths, strict=True):
        at, across = start, wide * stretch
        if mask is not None:
            inked = max(1, round(mask.shape[1] * stretch))
            at += (across - mask.shape[1] * stretch) / 2
            _stamp(ink, mask, at, style.top, (inked, tall))
        elif character == "*":
            dressing.badge(rng, picture, kind, at, across)
        elif character == "^":
            box = (round(at), style.top, round(across), tall)
            dressing.stacked(rng, ink, box, style.look)
        elif character == "#":
            sign = dressing.scribble(rng, (round(across), tall))
            _stamp(ink, sign, at, style.top, (sign.shape[1], sign.shape[0]))
        start += across + space * stretch
    return ink


def _spacing(
    rng: Rng, drawn: str, masks: Sequence[Mask | None], kind: Kind, style: _Type
) -> tuple[list[float], float]:
    """What each place takes and the least gap after it, in glyph pixels."""
    inked = [0.0 if mask is None else float(mask.shape[1]) for mask in masks]
    mono = glyphs.is_mono(style.look) or rng.random() < 0.3
    cell = max(inked) * float(rng.uniform(0.82, 0.95)) if mono else 0.0
    wider = float(rng.uniform(0.7, 1.4))
    widths = []
    for character, wide in zip(drawn, inked, strict=True):
        gap = _GAPS.get(character)
        if character == "*":
            gap = float(rng.uniform(16, 38))
        widths.append(max(wide, cell) if gap is None else max(wide, gap * wider))
    return widths, glyphs.GLYPH_HEIGHT * float(rng.uniform(*kind.space))


def _mask(character: str, style: _Type) -> Mask | None:
    """The ink of one place; None for those that are not plain ink."""
    if character not in _GAPS:
        return glyphs.glyph(style.look, character, style.weight, style.hand)
    if character not in "-·.":
        return None
    mask = np.zeros((glyphs.GLYPH_HEIGHT, round(_GAPS[character])), np.uint8)
    if character == "-":
        mask[29:36, 2:-2] = 255
    elif character == "·":
        mask[27:37, 3:-3] = 255
    else:
        mask[54:63, 2:-2] = 255
    return mask


def _stamp(ink: Mask, mask: Mask, x: float, y: int, size: tuple[int, int]) -> None:
    small = mask
    if (mask.shape[1], mask.shape[0]) != size:
        small = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.uint8)
    left, top = max(0, round(x)), max(0, y)
    room = ink[top : top + size[1], left : left + size[0]]
    np.maximum(room, small[: room.shape[0], : room.shape[1]], out=room)


def _spread(rng: Rng, ink: Mask) -> Mask:
    """Paint that ran into the corners, or was rolled on thin: softer and other strokes."""
    if rng.random() < 0.4:
        return ink
    soft = cv2.GaussianBlur(ink, (0, 0), max(0.4, ink.shape[0] * float(rng.uniform(0.01, 0.04))))
    gain, middle = rng.uniform((1.2, 95), (2.4, 160))
    levels = np.clip((np.arange(256) - middle) * gain + 127.5, 0, 255).astype(np.uint8)
    levels[0] = 0  # bare metal stays bare
    return np.asarray(cv2.LUT(soft, levels), np.uint8)


def _emboss(rng: Rng, picture: Picture, ink: Mask) -> None:
    """Pressed characters catch light on one side and throw a thin shadow on the other."""
    if rng.random() < 0.3:
        return
    strength = float(rng.uniform(0, 0.4))
    before, after = ink[:-1, :-1], ink[1:, 1:]
    bright = cv2.convertScaleAbs(cv2.subtract(before, after), alpha=strength)
    dark = cv2.convertScaleAbs(cv2.subtract(after, before), alpha=strength)
    part = picture[1:, 1:]
    part[:] = cv2.subtract(cv2.add(part, cv2.merge([bright] * 3)), cv2.merge([dark] * 3))


# --- wear


def _faded(rng: Rng, colour: Colour) -> Colour:
    """A paint as years of sun and other makers leave it."""
    if rng.random() < 0.4:
        return colour
    pale = float(rng.uniform(70, 190))
    share = float(rng.uniform(0, 0.35)) * (1.6 if rng.random() < 0.2 else 1)
    b, g, r = (
        round(float(np.clip(c + (pale - c) * share + rng.normal(0, 5), 0, 255))) for c in colour
    )
    return b, g, r


def _flake(rng: Rng, ink: Mask, wear: float) -> Mask:
    """Paint missing from the characters: patches and a general fading."""
    height, width = ink.shape
    coarse = rng.random((max(2, height // 7), max(2, width // 7)), np.float32)
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    lost = np.clip((fine - (1.12 - 0.35 * wear)) * 6, 0, 0.85)
    keep = (1 - lost) * (1 - 0.35 * wear * float(rng.random()))
    worn: Mask = (ink * keep).astype(np.uint8)
    return worn


def _soil(rng: Rng, picture: Picture, wear: float) -> None:
    """Mud and dust in large soft patches, more of it low down."""
    height, width = picture.shape[:2]
    coarse = rng.random((4, 8), np.float32) + np.linspace(-0.2, 0.2, 4, dtype=np.float32)[:, None]
    cover = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    mask = np.clip((cover - 0.55) * (330 * wear), 0, 190).astype(np.uint8)
    shade = float(rng.uniform(0.5, 1.5))
    dressing.blend(picture, mask, (round(70 * shade), round(90 * shade), round(105 * shade)))


@lru_cache(maxsize=1024)
def _rounded_alpha(width: int, height: int) -> Mask:
    alpha = np.zeros((height, width), np.uint8)
    radius = max(1, round(height * 0.07))
    cv2.rectangle(alpha, (radius, 0), (width - 1 - radius, height - 1), 255, -1)
    cv2.rectangle(alpha, (0, radius), (width - 1, height - 1 - radius), 255, -1)
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(alpha, (x, y), radius, 255, -1)
    return alpha
