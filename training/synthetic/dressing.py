"""Everything on a plate that is not its text: bands, words, seals, scenery, screws, frames.

Pictures are uint8 BGR (H, W, 3), drawn on in place. Before the characters comes ``ground``,
after them ``fittings``.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic import glyphs
from training.synthetic.formats import (
    AMBER,
    BLACK,
    BLUE,
    BROWN,
    GREEN,
    GREY,
    IVORY,
    LIME,
    NAVY,
    ORANGE,
    RED,
    SKY,
    WHITE,
    YELLOW,
    Colour,
    Kind,
    Paint,
)

Picture = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Rng = np.random.Generator

_BRIGHT = (RED, YELLOW, GREEN, BLUE, ORANGE, WHITE, SKY, LIME, AMBER)
_SCENIC = (SKY, BLUE, NAVY, GREEN, BROWN, ORANGE, RED, (120, 170, 120), (200, 190, 220))
_SLOGANS = (
    "Lone Star State", "GARDEN STATE", "SUNSHINE STATE", "GRAND CANYON STATE", "10,000 lakes",
    "The Lone Star State", "Land of Lincoln", "visit us online", "FAMOUS POTATOES", "ALOHA STATE",
    "Wild, Wonderful", "THE EMPIRE STATE", "America's Dairyland", "First in Flight", "Scenic",
    "DOUGLAS", "WARREN", "GREEN MOUNTAINS", "Live Free", "THE SILVER STATE", "COMMERCIAL",
)  # fmt: skip
_DEALERS = (
    "CITY MOTORS", "VOLKSWAGEN", "AUTO CENTER", "www.autohaus.net", "TOYOTA", "MOTORS",
    "Grupo Automotor", "CONCESIONARIO", "BAYSIDE", "0341 555-2100", "AUTOHAUS", "DEALER SALES",
    "HONDA OF", "UNIVERSITY", "MERCEDES", "moving forward", "ALUMNI", "AUTO SALON",
)  # fmt: skip
_DATES = ("JAN", "MAR", "SEP", "NOV", "09", "12", "07-11", "97", "2009", "03", "SEP 08", "11-09")
_LANDS = ("D", "F", "I", "E", "PL", "RO", "SK", "CZ", "NL", "B", "A", "N", "P", "H", "GB")

Room = tuple[float, float]


def ground(rng: Rng, picture: Picture, kind: Kind, paint: Paint) -> Room:
    """Paints what lies under the characters; the parts of the width they may stand between."""
    room = {
        "plain": _plain, "band": _top_band, "mercosur": _mercosur, "frame": _framed,
        "euro": _euro_band, "american": _american, "china": _plain,
    }[kind.style](rng, picture, kind, paint)  # fmt: skip
    if kind.border and rng.random() < 0.6:
        height, width = picture.shape[:2]
        inset = max(1, round(height * 0.025))
        corner = (width - 1 - inset, height - 1 - inset)
        thick = max(1, round(height * 0.02))
        cv2.rectangle(picture, (inset, inset), corner, paint.ink, thick, cv2.LINE_AA)
    return room


def fittings(rng: Rng, picture: Picture, kind: Kind, paint: Paint) -> None:
    """Raised rim, screws and holes, seals and stickers, a dealer's frame over the edge."""
    height, width = picture.shape[:2]
    if not kind.border and rng.random() < 0.6:
        edge = max(1, round(height * 0.03))
        rim = [int(min(255, c * 0.6 + 110)) for c in paint.plate]
        cv2.rectangle(picture, (edge, edge), (width - 1 - edge, height - 1 - edge), rim, edge)
    if rng.random() < kind.seal:
        spot = (round(width * rng.uniform(0.06, 0.1)), round(height * rng.uniform(0.12, 0.2)))
        radius = max(2, round(height * 0.06))
        cv2.circle(picture, spot, radius, _one(rng, _BRIGHT), -1, cv2.LINE_AA)
    if kind.style == "american":
        for _ in range(int(rng.integers(0, 4))):
            _sticker(rng, picture)
    if rng.random() < 0.7:
        _screws(rng, picture)
    if rng.random() < (0.45 if kind.style == "american" else 0.18):
        _dealer_frame(rng, picture)


def badge(rng: Rng, picture: Picture, kind: Kind, x: float, wide: float) -> None:
    """What stands between two groups: seals, a shield, a map, a small letter."""
    height = picture.shape[0]
    middle = round(height * kind.middle)
    radius = max(2, round(wide * 0.42))
    at = (round(x + wide / 2), middle)
    shape = float(rng.random())
    if kind.style == "frame":
        _words(rng, picture, "D", at, max(4, round(height * 0.13)), WHITE)
    elif kind.style == "euro" and shape < 0.6:
        if shape < 0.3:
            cv2.line(picture, (at[0] - radius, middle), (at[0] + radius, middle), BLACK,
                     max(1, round(height * 0.07)))  # fmt: skip
        small = max(2, min(radius, round(height * rng.uniform(0.06, 0.13))))
        apart = small + round(height * rng.uniform(0.02, 0.1))
        for way in (-1, 1) if rng.random() < 0.75 else (-1,):
            _seal(rng, picture, (at[0], middle + way * apart), small)
    elif kind.style == "euro" and shape < 0.85:
        _shield(rng, picture, at, (radius, round(height * rng.uniform(0.1, 0.2))))
    elif shape < 0.92:
        # never so slender that it could be a 1
        tall = min(round(height * rng.uniform(0.08, 0.28)), round(1.7 * radius))
        _blob(rng, picture, at, (radius, tall))


def stacked(rng: Rng, mask: Mask, box: tuple[int, int, int, int], look: str) -> None:
    """Two small letters above each other into the ink mask; ``box`` is x, y, w, h."""
    x, y, wide, tall = box
    for row in (0, 1):
        letter = "ABCDEHKLMNPRTX0123456789"[int(rng.integers(24))]
        small = cv2.resize(
            glyphs.glyph(look, letter), (max(2, wide), max(2, round(tall * 0.46))),
            interpolation=cv2.INTER_AREA,
        )  # fmt: skip
        top = y + round(row * tall * 0.54)
        room = mask[max(0, top) : top + small.shape[0], max(0, x) : x + wide]
        np.maximum(room, small[: room.shape[0], : room.shape[1]], out=room)


def scribble(rng: Rng, size: tuple[int, int]) -> Mask:
    """A made-up sign of another script (h, w): a few level, upright and slanting strokes."""
    wide, tall = max(4, size[0]), max(6, size[1])
    mask = np.zeros((tall, wide), np.uint8)
    pen = max(1, round(tall * 0.08))
    for _ in range(int(rng.integers(6, 10))):
        (x1, x2), (y1, y2) = rng.uniform(0.05, 0.95, 2) * wide, rng.uniform(0.05, 0.95, 2) * tall
        way = float(rng.random())
        if way < 0.45:
            x1, x2, y2 = wide * 0.1, wide * 0.9, y1
        elif way < 0.8:
            x2 = x1
        cv2.line(mask, (round(x1), round(y1)), (round(x2), round(y2)), 255, pen, cv2.LINE_AA)
    return mask


def blend(picture: Picture, mask: Mask, colour: Colour) -> None:
    """Colours the picture (H, W, 3) where the mask (H, W) says, in place."""
    part = picture[: mask.shape[0], : mask.shape[1]]
    share = cv2.merge([mask[: part.shape[0], : part.shape[1]]] * 3)
    paint = np.empty_like(part)
    paint[:] = colour
    painted = cv2.multiply(paint, share, scale=1 / 255)
    part[:] = cv2.add(cv2.multiply(part, cv2.bitwise_not(share), scale=1 / 255), painted)


# --- grounds


def _plain(rng: Rng, picture: Picture, kind: Kind, paint: Paint) -> Room:
    if kind.headers:
        _header(rng, picture, kind, paint.ink)
    if kind.style == "china" and rng.random() < 0.8:
        height, width = picture.shape[:2]
        inset = max(1, round(height * 0.05))
        corner = (width - 1 - inset, height - 1 - inset)
        cv2.rectangle(picture, (inset, inset), corner, paint.ink, max(1, height // 40), cv2.LINE_AA)
    return 0.045, 0.955


def _top_band(rng: Rng, picture: Picture, kind: Kind, paint: Paint) -> Room:
    if paint.band is not None:
        picture[: round(picture.shape[0] * kind.band)] = paint.band
    _header(rng, picture, kind, paint.ink if paint.band is None else paint.band_ink)
    return 0.045, 0.955


def _mercosur(rng: Rng, picture: Picture, kind: Kind, paint: Paint) -> Room:
    height, width = picture.shape[:2]
    band = round(height * kind.band)
    picture[:band] = paint.band or BLUE
    _header(rng, picture, kind, paint.band_ink)
    flag = _one(rng, (GREEN, SKY, WHITE, YELLOW))
    right = width - round(width * 0.03)
    picture[round(band * 0.2) : round(band * 0.85), right - round(width * 0.07) : right] = flag
    if rng.random() < 0.5:  # two small letters and a code down on the left, as in Brazil
        at = (round(width * 0.055), round(height * 0.84))
        _words(rng, picture, "BR", at, max(3, round(height * 0.09)), paint.ink)
        return 0.09, 0.97
    return 0.05, 0.955


def _framed(rng: Rng, picture: Picture, kind: Kind, paint: Paint) -> Room:
    """Argentina's old plate: a light frame with the name around a dark field."""
    height, width = picture.shape[:2]
    if paint.band is None:
        return 0.06, 0.94
    field = paint.plate
    picture[:] = paint.band
    side = float(rng.uniform(0.02, 0.07))
    top, bottom = float(rng.uniform(0.22, 0.3)), float(rng.uniform(0.8, 0.9))
    corners = (round(width * side), round(height * top)), (
        round(width * (1 - side)), round(height * bottom),
    )  # fmt: skip
    cv2.rectangle(picture, *corners, field, -1)
    if rng.random() < 0.6:
        edge = max(1, round(height * 0.02))
        cv2.rectangle(picture, (edge, edge), (width - 1 - edge, height - 1 - edge), GREY, edge)
    if rng.random() < 0.8:
        _header(rng, picture, kind, (120, 120, 120))
    return side + 0.02, 1 - side - 0.02


def _euro_band(rng: Rng, picture: Picture, kind: Kind, paint: Paint) -> Room:
    height, width = picture.shape[:2]
    left, right = 0.035, 0.965
    shade = float(rng.random())
    if paint.band is not None:
        edge = round(width * kind.band * float(rng.uniform(0.8, 1.15)))
        colour = paint.band if shade < 0.6 else _one(rng, (WHITE, WHITE, WHITE, NAVY, SKY))
        ink = WHITE if colour != WHITE else BLACK
        picture[:, :edge] = colour
        spot = (edge // 2, round(height * 0.33))
        if colour == WHITE or rng.random() < 0.2:
            _shield(rng, picture, spot, (max(2, edge // 3), round(height * 0.17)))
        else:
            _stars(picture, spot, max(2, round(edge * 0.3)),
                   YELLOW if rng.random() < 0.7 else _one(rng, _BRIGHT))  # fmt: skip
        land = _LANDS[int(rng.integers(len(_LANDS)))]
        _words(rng, picture, land, (edge // 2, round(height * 0.76)), round(height * 0.22), ink)
        left = edge / width + 0.015
        if rng.random() < 0.2:
            picture[:, -edge:] = colour
            right = 1 - left
    if rng.random() < 0.12:
        _header(rng, picture, kind, BLACK)
    return left, right


def _american(rng: Rng, picture: Picture, kind: Kind, paint: Paint) -> Room:
    height, width = picture.shape[:2]
    dark = max(paint.plate) < 140
    if not dark and rng.random() < 0.45:
        shades = [paint.plate, _tint(rng, paint.plate), _tint(rng, paint.plate)]
        rows = np.array([shades[int(i)] for i in rng.permutation(3)], np.float32)[:, None]
        picture[:] = cv2.resize(rows, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.3:
        _scenery(rng, picture, faint=rng.random() < 0.6)
    if rng.random() < 0.25:
        band = round(height * float(rng.uniform(0.18, 0.25)))
        where = slice(0, band) if rng.random() < 0.6 else slice(height - band, height)
        picture[where] = _one(rng, _SCENIC)
    ink = paint.ink if rng.random() < 0.5 or dark else _one(rng, (RED, NAVY, BLACK, BLUE, GREEN))
    if rng.random() < 0.9:
        _header(rng, picture, kind, ink)
    if rng.random() < 0.7:
        slogan = _SLOGANS[int(rng.integers(len(_SLOGANS)))]
        at = (width // 2, round(height * float(rng.uniform(0.87, 0.93))))
        _words(rng, picture, slogan, at, round(height * float(rng.uniform(0.06, 0.12))), ink)
    left, right = 0.04, 0.96
    if rng.random() < 0.2:  # a picture beside the text
        on_left = rng.random() < 0.75
        spot = (round(width * (0.12 if on_left else 0.88)), round(height * kind.middle))
        _emblem(rng, picture, spot, (round(width * 0.08), round(height * 0.22)))
        left, right = (0.215, right) if on_left else (left, 0.785)
    return left, right


def _scenery(rng: Rng, picture: Picture, *, faint: bool) -> None:
    """Hills along the foot or the head of the plate, strong or hardly seen."""
    height, width = picture.shape[:2]
    base = round(height * float(rng.uniform(0.55, 0.9)))
    ridge = base + (rng.uniform(-0.22, 0.1, 7) * height).astype(np.int64)
    points = [(round(width * i / 6), int(y)) for i, y in enumerate(ridge)]
    outline = np.array([*points, (width, height), (0, height)], np.int32)
    if rng.random() < 0.25:
        outline[:, 1] = height - outline[:, 1]
    painted = picture.copy()
    cv2.fillPoly(painted, [outline], _one(rng, _SCENIC), cv2.LINE_AA)
    share = float(rng.uniform(0.1, 0.4)) if faint else float(rng.uniform(0.6, 1))
    picture[:] = cv2.addWeighted(painted, share, picture, 1 - share, 0)


# --- words and small things


def _header(rng: Rng, picture: Picture, kind: Kind, colour: Colour) -> None:
    if not kind.headers:
        return
    height, width = picture.shape[:2]
    tall = float(rng.uniform(0.11, 0.19) if kind.style == "american" else rng.uniform(0.085, 0.14))
    words = kind.headers[int(rng.integers(len(kind.headers)))]
    at = (width // 2 + int(rng.integers(-3, 4)), round(height * kind.header_at))
    _words(rng, picture, words, at, max(3, round(height * tall)), colour)


def _words(
    rng: Rng, picture: Picture, words: str, at: tuple[int, int], tall: int, colour: Colour
) -> None:
    """A line of small print about a point."""
    mask = glyphs.text_mask(words, glyphs.FACES[int(rng.integers(len(glyphs.FACES)))])
    tall = max(3, tall)
    long = round(mask.shape[1] * tall / glyphs.TEXT_HEIGHT * float(rng.uniform(0.9, 1.4)))
    long = max(2, min(long, round(picture.shape[1] * 0.72)))
    small = np.asarray(cv2.resize(mask, (long, tall), interpolation=cv2.INTER_AREA), np.uint8)
    top, left = max(0, at[1] - tall // 2), max(0, at[0] - long // 2)
    blend(picture[top : top + tall, left : left + long], small, colour)


def _sticker(rng: Rng, picture: Picture) -> None:
    height, width = picture.shape[:2]
    wide, tall = round(width * rng.uniform(0.08, 0.15)), round(height * rng.uniform(0.1, 0.2))
    left = round(width * float(rng.choice([0.03, 0.06, 0.8, 0.84])))
    top = round(height * float(rng.choice([0.03, 0.05, 0.05, 0.82])))
    picture[top : top + tall, left : left + wide] = _one(rng, _BRIGHT)
    at = (left + wide // 2, top + tall // 2)
    date = _DATES[int(rng.integers(len(_DATES)))]
    _words(rng, picture[:, : left + wide], date, at, max(3, tall // 2), BLACK)


def _screws(rng: Rng, picture: Picture) -> None:
    height, width = picture.shape[:2]
    inset = float(rng.uniform(0.16, 0.32))
    shade = int(rng.choice([30, 60, 110, 200]))
    both = rng.random() < 0.5
    radius = max(1, round(height * float(rng.uniform(0.022, 0.05))))
    for row in (0.09, 0.91) if both else (0.09,):
        for column in (inset, 1 - inset):
            at = (round(width * column), round(height * (row + float(rng.uniform(-0.02, 0.02)))))
            if row > 0.5 and shade < 100:
                end = (at[0] + 3 * radius, at[1])
                cv2.line(picture, at, end, (shade, shade, shade), radius)
            else:
                cv2.circle(picture, at, radius, (shade, shade, shade + 10), -1, cv2.LINE_AA)


def _dealer_frame(rng: Rng, picture: Picture) -> None:
    """A frame with the dealer's name over head, foot and sides of the plate."""
    height, width = picture.shape[:2]
    colour = _one(rng, (BLACK, BLACK, (60, 60, 60), (150, 150, 150), WHITE, NAVY))
    ink = WHITE if max(colour) < 140 else BLACK
    top = round(height * float(rng.uniform(0.02, 0.1)))
    foot = height - round(height * float(rng.uniform(0.04, 0.13)))
    side = round(width * float(rng.uniform(0.005, 0.03)))
    picture[:top], picture[foot:] = colour, colour
    picture[:, :side], picture[:, width - side :] = colour, colour
    for row, tall in ((foot, height - foot), (0, top)):
        if tall > 4 and rng.random() < 0.7:
            words = _DEALERS[int(rng.integers(len(_DEALERS)))]
            _words(rng, picture, words, (width // 2, row + tall // 2), tall - 2, ink)


def _blob(rng: Rng, picture: Picture, at: tuple[int, int], radii: tuple[int, int]) -> None:
    """A map, an animal, an arms: an irregular shape, sometimes of two colours."""
    turns = (np.arange(8) + rng.uniform(-0.4, 0.4, 8)) * (np.pi / 4)
    reach = rng.uniform(0.5, 1, (8, 1)) * np.array(radii)
    points = np.stack([np.cos(turns), np.sin(turns)], axis=1) * reach + np.array(at)
    cv2.fillPoly(picture, [points.astype(np.int32)], _one(rng, (*_SCENIC, BLACK)), cv2.LINE_AA)
    if rng.random() < 0.5:
        inner = (points - np.array(at)) * 0.5 + np.array(at)
        cv2.fillPoly(picture, [inner.astype(np.int32)], _one(rng, _BRIGHT), cv2.LINE_AA)


def _emblem(rng: Rng, picture: Picture, at: tuple[int, int], radii: tuple[int, int]) -> None:
    """A club's or a veteran's sign: a ring with a letter or strokes, a shape, a flag, a tree."""
    sort = int(rng.integers(5))
    colour = _one(rng, (*_SCENIC, BLACK))
    if sort == 0:
        cv2.circle(picture, at, min(radii), colour, -1, cv2.LINE_AA)
        cv2.circle(picture, at, round(min(radii) * 0.75), WHITE, 1, cv2.LINE_AA)
        letter = "AGHMNPSTUVWX*&@"[int(rng.integers(15))]
        _words(rng, picture, letter, at, min(radii), _one(rng, _BRIGHT))
    elif sort == 1:
        for _ in range(3):
            spot = (at[0] + int(rng.integers(-3, 4)), at[1] + int(rng.integers(-5, 6)))
            _blob(rng, picture, spot, (max(2, radii[0] * 2 // 3), max(2, radii[1] * 2 // 3)))
    elif sort == 2:
        sign = scribble(rng, (2 * radii[0], 2 * radii[1]))
        top, left = max(0, at[1] - radii[1]), max(0, at[0] - radii[0])
        blend(picture[top : top + sign.shape[0], left : left + sign.shape[1]], sign, colour)
    elif sort == 3:
        rows = np.array([colour, WHITE, colour, WHITE, colour], np.uint8)[:, None]
        room = picture[at[1] - radii[1] // 2 : at[1] + radii[1] // 2,
                       max(0, at[0] - radii[0]) : at[0] + radii[0]]  # fmt: skip
        if room.size:
            size = (room.shape[1], room.shape[0])
            room[:] = cv2.resize(rows, size, interpolation=cv2.INTER_NEAREST)
    else:
        for row in (0.5, 0.0, -0.5):
            wide = round(radii[0] * (0.5 + row))
            low = at[1] + round(radii[1] * row) + radii[1] // 2
            tree = [(at[0] - wide, low), (at[0] + wide, low), (at[0], low - radii[1])]
            cv2.fillPoly(picture, [np.array(tree, np.int32)], colour, cv2.LINE_AA)


def _seal(rng: Rng, picture: Picture, at: tuple[int, int], radius: int) -> None:
    """A round sticker of the inspection: rings of two colours."""
    cv2.circle(picture, at, radius, _one(rng, (*_BRIGHT, GREY, BLACK)), -1, cv2.LINE_AA)
    cv2.circle(picture, at, max(1, radius * 2 // 3), _one(rng, (*_BRIGHT, WHITE, GREY)), -1,
               cv2.LINE_AA)  # fmt: skip
    if rng.random() < 0.5:
        cv2.circle(picture, at, max(1, radius // 3), _one(rng, _BRIGHT), -1, cv2.LINE_AA)


def _shield(rng: Rng, picture: Picture, at: tuple[int, int], radii: tuple[int, int]) -> None:
    """A coat of arms: two colours, sometimes a cross or a bar on it."""
    x, y = at
    wide, tall = radii
    line = [(x - wide, y - tall), (x + wide, y - tall), (x + wide, y + tall // 3), (x, y + tall),
            (x - wide, y + tall // 3)]  # fmt: skip
    outline = np.array(line, np.int32)
    cv2.fillPoly(picture, [outline], _one(rng, (RED, RED, BLUE, BLACK, GREEN)), cv2.LINE_AA)
    ink = _one(rng, (WHITE, YELLOW, BLUE, WHITE))
    if rng.random() < 0.7:
        cv2.line(picture, (x, y - tall + 1), (x, y + tall // 2), ink, max(1, wide // 3))
    for row in (-0.3, 0.1) if rng.random() < 0.5 else (0.0,):
        level = y + round(tall * row)
        cv2.line(picture, (x - wide // 2, level), (x + wide // 2, level), ink, max(1, wide // 4))


def _stars(picture: Picture, at: tuple[int, int], radius: int, colour: Colour) -> None:
    cv2.circle(picture, at, radius, colour, max(1, radius // 4), cv2.LINE_AA)


def _tint(rng: Rng, colour: Colour) -> Colour:
    """A paler or stronger neighbour of a colour."""
    other = _one(rng, (SKY, YELLOW, WHITE, IVORY, ORANGE, (210, 190, 230)))
    share = float(rng.uniform(0.2, 0.8))
    b, g, r = (round(c + (o - c) * share) for c, o in zip(colour, other, strict=True))
    return b, g, r


def _one(rng: Rng, colours: Sequence[Colour]) -> Colour:
    return colours[int(rng.integers(len(colours)))]
