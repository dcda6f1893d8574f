"""What stands behind and beside the road: walls, fences, hedges, boards with words.

Everything is drawn onto a uint8 BGR picture (H, W, 3), in place.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic import glyphs

Picture = NDArray[np.uint8]
Rng = np.random.Generator
Box = tuple[int, int, int, int]

_WORDS = (
    "PARKING", "FARMACIA", "CAFE 24", "SALIDA", "HOTEL", "TALLER 305", "BANCO", "ENTRADA",
    "R-204", "NO PARKING", "STOP", "KM 12", "24 HORAS", "OPEN", "SALE", "TEL 555-2100", "A4",
    "PISO 2", "BUS 71", "LAVADO", "RESTAURANTE", "VENDE", "1-800-RENT", "MAX 2.10 M", "ZONA 30",
)  # fmt: skip


def muted(rng: Rng, low: float = 30, high: float = 225) -> NDArray[np.float64]:
    """A colour as streets have it: mostly grey, brown or pale, seldom strong."""
    strong = 40.0 if rng.random() < 0.15 else 9.0
    colour: NDArray[np.float64] = rng.uniform(low, high) + rng.normal(0, strong, 3)
    return colour


def colour_of(values: NDArray[np.float64]) -> tuple[int, int, int]:
    """A colour for OpenCV, clipped to bytes."""
    blue, green, red = (int(np.clip(value, 0, 255)) for value in values)
    return blue, green, red


def line_street(rng: Rng, picture: Picture, horizon: int) -> None:
    """A few walls, fences and hedges that reach over the horizon, anywhere across."""
    height, width = picture.shape[:2]
    for _ in range(int(rng.integers(0, 5))):
        wide = int(width * rng.uniform(0.1, 0.6))
        tall = int(height * rng.uniform(0.05, 0.35))
        left = int(rng.integers(-wide // 2, width - wide // 2))
        box = (left, horizon - int(tall * rng.uniform(0.6, 1.0)), wide, tall)
        (hedge, wall, fence)[int(rng.integers(3))](rng, picture, box)


def hedge(rng: Rng, picture: Picture, box: Box) -> None:
    """Leaves: green and brown stains with a ragged edge."""
    room, (wide, tall) = _room(picture, box)
    if room is None:
        return
    rows, columns = max(3, tall // 5), max(3, wide // 5)
    noise = rng.standard_normal((rows, columns), np.float32)
    fine = cv2.resize(noise, (wide, tall), interpolation=cv2.INTER_CUBIC)
    slope = np.linspace(-1.6, 2.2, tall, dtype=np.float32)[:, None]
    leaf = np.clip((fine + slope + 0.9) * 3, 0, 1)[..., None]
    green = np.array([45, 85, 60]) * rng.uniform(0.5, 1.5) + rng.normal(0, 8, 3)
    shade = green * (1 + 0.28 * fine[..., None])
    room[:] = np.clip(room + (shade - room) * leaf, 0, 255)


def wall(rng: Rng, picture: Picture, box: Box) -> None:
    """A wall of bricks, boards or plaster, with a door or a board of words now and then."""
    room, (wide, tall) = _room(picture, box)
    if room is None:
        return
    base = muted(rng, 50, 210)
    room[:] = np.clip(base, 0, 255)
    joint = colour_of(base * float(rng.choice([0.75, 0.85, 1.15])))
    sort = int(rng.integers(3))
    step = max(3, int(tall * rng.uniform(0.06, 0.2)))
    if sort < 2:
        for row in range(0, tall, step):
            cv2.line(room, (0, row), (wide, row), joint, 1)
            for column in range((row // step % 2) * step, wide, 2 * step) if sort == 0 else ():
                cv2.line(room, (column, row), (column, row + step), joint, 1)
    if rng.random() < 0.4 and wide > 40 and tall > 20:
        at = (int(rng.integers(0, wide // 2)), int(rng.integers(0, tall // 2)))
        board(rng, room, at, int(wide * rng.uniform(0.2, 0.5)))


def fence(rng: Rng, picture: Picture, box: Box) -> None:
    """Upright and level bars, seen through."""
    room, (wide, tall) = _room(picture, box)
    if room is None:
        return
    shade = colour_of(muted(rng, 20, 230))
    step = max(4, int(rng.integers(5, 26)))
    thick = max(1, step // int(rng.integers(4, 9)))
    for column in range(0, wide, step):
        cv2.line(room, (column, 0), (column, tall), shade, thick)
    for share in (0.08, 0.5, 0.9):
        cv2.line(room, (0, int(tall * share)), (wide, int(tall * share)), shade, thick)


def board(rng: Rng, picture: Picture, corner: tuple[int, int], wide: int) -> None:
    """A board with words that are no plate."""
    mask = glyphs.text_mask(_WORDS[int(rng.integers(len(_WORDS)))])
    tall = max(5, round(wide * glyphs.TEXT_HEIGHT / mask.shape[1]))
    x, y = max(0, corner[0]), max(0, corner[1])
    room = picture[y : y + tall + 4, x : x + wide + 4]
    if room.shape[0] < 6 or room.shape[1] < 12:
        return
    ground = rng.uniform(30, 240, 3) if rng.random() < 0.4 else muted(rng)
    room[:] = np.clip(ground, 0, 255)
    inner = room[2:-2, 2:-2]
    text = cv2.resize(mask, (inner.shape[1], inner.shape[0]), interpolation=cv2.INTER_AREA)
    ink = 255.0 if ground.mean() < 128 else 20.0
    inner[:] = inner + (ink - inner) * (text[..., None] / 255)


def _room(picture: Picture, box: Box) -> tuple[Picture | None, tuple[int, int]]:
    """The part of the picture under the box, and its size; None where too little is left."""
    x, y, wide, tall = box
    room = picture[max(0, y) : max(0, y + tall), max(0, x) : max(0, x + wide)]
    if room.shape[0] < 6 or room.shape[1] < 6:
        return None, (0, 0)
    return room, (room.shape[1], room.shape[0])
