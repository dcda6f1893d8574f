"""What lies between a clean plate and the pixels of a road camera.

In the order in which it happens: surroundings and perspective, light, lens, sensor,
then what the recorder does. Working arrays are float32 BGR (H, W, 3), values 0..255.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Image = NDArray[np.float32]
Rng = np.random.Generator


def photograph(
    rng: Rng, plate: Picture, alpha: NDArray[np.uint8], *, width: int, damage: float
) -> Picture:
    """The plate (BGR) as a crop about ``width`` pixels wide with some of its surroundings.

    ``alpha`` (H, W) 0..255 tells where the plate is. ``damage`` 0 clean, 1 as real cameras.
    """
    image = _place(rng, plate, alpha, width=width, damage=damage)
    image = _light(rng, image, damage)
    image = _lens(rng, image, damage)
    contrast = float(image[::2, ::2, 1].std())
    image = _sensor(rng, image, damage)
    contrast = min(contrast, float(image[::2, ::2, 1].std()))
    image = _noise(rng, image, damage, ceiling=contrast * 0.4)
    return _recorder(rng, image, damage)


# --- surroundings and perspective


def _place(
    rng: Rng, plate: Picture, alpha: NDArray[np.uint8], *, width: int, damage: float
) -> Image:
    quad = _quad(rng, plate.shape[1] / plate.shape[0], damage)
    low, high = quad.min(axis=0), quad.max(axis=0)
    margins = rng.uniform(-0.01, 0.12, 4) + np.abs(rng.normal(0, 0.03, 4)) * min(damage, 1.5)
    scale = width * (1 - float(margins[0] + margins[1])) / float(high[0] - low[0])
    tall = float(high[1] - low[1]) * scale
    height = max(16, round(tall * (1 + float(margins[2] + margins[3]) * 1.6)))
    offset = np.array([width * margins[0], tall * margins[2] * 1.6])
    target = ((quad - low) * scale + offset).astype(np.float32)
    rows, columns = plate.shape[:2]
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    size = (width, height)
    seen = cv2.warpPerspective(plate, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpPerspective(alpha, matrix, size)
    around = _surroundings(rng, size)
    if rng.random() < 0.35:  # holder or shadow gap around the plate
        ring = cv2.dilate(cover, np.ones((3, 3), np.uint8), iterations=max(1, width // 60))
        _mix(around, np.asarray(ring, np.uint8), float(rng.uniform(10, 70)))
    share = cover[..., None].astype(np.float32) * (1 / 255)
    mixed: Image = around + (seen - around) * share
    return mixed


def _quad(rng: Rng, aspect: float, damage: float) -> NDArray[np.float64]:
    """Corners of a plate of height 1 turned in space, in picture order, y down."""
    turn = np.clip(rng.normal(0, 1, 3), -2.3, 2.3) * np.radians([15, 9, 3.5]) * min(damage, 1.6)
    if damage < 0.3:
        turn += rng.normal(0, 0.01, 3)
    yaw, pitch, roll = turn
    half = np.array([[-aspect, -1], [aspect, -1], [aspect, 1], [-aspect, 1]]) / 2
    x, y = half[:, 0] * np.cos(yaw), half[:, 1] * np.cos(pitch)
    depth = 1 + (half[:, 0] * np.sin(yaw) + half[:, 1] * np.sin(pitch)) / (aspect * 5)
    flat = np.stack([x, y], axis=1) / depth[:, None]
    cosine, sine = np.cos(roll), np.sin(roll)
    turned = flat @ np.array([[cosine, sine], [-sine, cosine]])
    # Anamorphic video and shear of rolling or interlaced pictures.
    turned[:, 1] *= float(rng.uniform(0.92, 1 + 0.34 * min(damage, 1.2)))
    turned[:, 0] += turned[:, 1] * float(rng.normal(0, 0.07)) * min(damage, 1.5)
    quad: NDArray[np.float64] = turned
    return quad


def _surroundings(rng: Rng, size: tuple[int, int]) -> Image:
    base = rng.uniform(10, 245) if rng.random() < 0.4 else rng.uniform(10, 90)
    tint = rng.normal(0, 18 if rng.random() < 0.5 else 4, 3)
    coarse = base + tint + rng.normal(0, 14, (4, 5, 3))
    around = np.asarray(cv2.resize(coarse.astype(np.float32), size), np.float32)
    for _ in range(int(rng.integers(0, 3))):  # edges of bumper, grille, boot
        row = int(rng.integers(0, size[1]))
        end = row + int(rng.integers(-6, 7))
        shade = (float(rng.uniform(0, 255)),) * 3
        cv2.line(around, (0, row), (size[0], end), shade, int(rng.integers(1, 5)), cv2.LINE_AA)
    return around


def _mix(image: Image, mask: NDArray[np.uint8], shade: float) -> None:
    share = mask[..., None].astype(np.float32) * (1 / 255)
    image += (shade - image) * share


# --- light


def _light(rng: Rng, image: Image, damage: float) -> Image:
    height, width = image.shape[:2]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    angle, strength = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0, 0.28))
    light = 1 + strength * (x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)))
    if rng.random() < 0.22 * damage:
        light = light * _shadow(rng, x, y)
    lit: Image = np.multiply(image, light[..., None], dtype=np.float32)
    if rng.random() < 0.1 * damage:
        at_x, at_y = float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1))
        wide = float(rng.uniform(0.05, 0.3))
        glare = np.exp(-((x - at_x) ** 2 + ((y - at_y) * 0.5) ** 2) / wide**2)
        lit += (float(rng.uniform(40, 160)) * glare)[..., None]
    return lit


def _shadow(rng: Rng, x: Image, y: Image) -> Image:
    """A soft-edged shade over half the plate, or a bar across it."""
    slant, place = float(rng.normal(0, 0.6)), float(rng.uniform(-0.7, 0.7))
    across = (y if rng.random() < 0.6 else x) - place
    across = across + slant * (x if across.shape[1] == 1 else y)
    if rng.random() < 0.35:
        across = np.abs(across) - float(rng.uniform(0.1, 0.4))
    dark = float(rng.uniform(0.3, 0.75))
    soft = float(rng.uniform(0.02, 0.2))
    shade: Image = (dark + (1 - dark) * (0.5 + 0.5 * np.tanh(across / soft))).astype(np.float32)
    return shade


# --- lens and motion


def _lens(rng: Rng, image: Image, damage: float) -> Image:
    """Focus, motion and few pixels share one budget, so that some text remains."""
    budget = float(rng.random()) ** 1.6 * min(damage, 1.8)
    shares = rng.dirichlet([0.8, 0.6, 0.8]) * budget
    width = image.shape[1]
    if (sigma := 0.02 * width * float(shares[0])) > 0.3:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)
    if (length := 0.075 * width * float(shares[1])) > 1.5:
        image = _smear(rng, image, length)
    few = width * (1 - 0.72 * float(shares[2]))
    if few < 0.93 * width:
        image = _fewer_pixels(rng, image, max(36, round(few)))
    return image


def _smear(rng: Rng, image: Image, length: float) -> Image:
    side = int(length) | 1
    kernel = np.zeros((side + 2, side + 2), np.float32)
    centre = (side + 1) / 2
    angle = float(rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)], p=[0.35, 0.35, 0.3]))
    reach = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    start, end = centre - reach, centre + reach
    cv2.line(kernel, _fixed(start), _fixed(end), (1.0,), 1, cv2.LINE_8, shift=4)
    kernel /= max(float(kernel.sum()), 1e-6)
    return np.asarray(cv2.filter2D(image, -1, kernel), np.float32)


def _fixed(point: NDArray[np.float64]) -> tuple[int, int]:
    # OpenCV takes sixteenths of a pixel with shift=4.
    return round(float(point[0]) * 16), round(float(point[1]) * 16)


def _fewer_pixels(rng: Rng, image: Image, columns: int) -> Image:
    height, width = image.shape[:2]
    rows = max(12, round(height * columns / width))
    small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_CUBIC, cv2.INTER_NEAREST)
    back = way[int(rng.choice(4, p=[0.45, 0.25, 0.2, 0.1]))]
    return np.asarray(cv2.resize(small, (width, height), interpolation=back), np.float32)


# --- sensor


def _sensor(rng: Rng, image: Image, damage: float) -> Image:
    kind = float(rng.random())
    if kind < 0.22 * damage:
        image = _infrared(rng, image)
    elif kind < 0.30 * damage:
        image = _strong_cast(rng, image)
    else:
        image = image * rng.normal(1, 0.05 * min(1.5, damage + 0.2), 3).astype(np.float32)
    if rng.random() < 0.3 * damage:  # faded colour
        grey = image.mean(axis=2, keepdims=True)
        image = grey + (image - grey) * float(rng.uniform(0, 0.7))
    return _expose(rng, image, damage)


def _infrared(rng: Rng, image: Image) -> Image:
    weights = rng.dirichlet([1, 2, 3]).astype(np.float32)
    grey = (image * weights).sum(axis=2, keepdims=True)
    tint = np.array([1, 1, 1], np.float32)
    if rng.random() < 0.35:
        tint = np.array(rng.uniform(0.85, 1.12, 3), np.float32)
    return np.asarray(grey * tint, np.float32)


def _strong_cast(rng: Rng, image: Image) -> Image:
    """One channel carries nearly all the light, as under failing white balance."""
    casts = ((0.65, 1.25, 0.3), (0.5, 0.9, 1.15), (1.2, 0.9, 0.5), (0.4, 0.45, 1.2))
    cast = np.array(casts[int(rng.choice(4, p=[0.55, 0.2, 0.15, 0.1]))], np.float32)
    crossed = image * 0.8 + image[..., 1:2] * 0.2
    return np.asarray(crossed * cast * float(rng.uniform(0.8, 1.4)), np.float32)


def _expose(rng: Rng, image: Image, damage: float) -> Image:
    mean = float(image.mean()) + 1
    spread = min(damage, 1.6)
    target = float(np.clip(118 + rng.normal(0, 42) * spread, 28, 225))
    mixed = (1 - 0.75 * spread) if spread < 1 else 0.25  # keep part of the plate's own key
    gain = (target / mean) ** (1 - mixed)
    if rng.random() < 0.06 * damage:  # headlights in the lens, blown out
        gain *= float(rng.uniform(1.5, 2.4))
    image = image * gain
    if rng.random() < 0.35 * damage:  # haze: blacks are lifted, contrast lost
        haze = float(rng.uniform(0.1, 0.72))
        image = image * (1 - haze) + haze * float(rng.uniform(40, 190))
    gamma = float(np.exp(rng.normal(0, 0.22 * spread)))
    bent = cv2.pow(np.clip(image, 0, 255), gamma)
    return np.asarray(bent * np.float32(255.0 ** (1 - gamma)), np.float32)


def _noise(rng: Rng, image: Image, damage: float, *, ceiling: float) -> Image:
    sigma = min(ceiling, 1 + 13 * float(rng.random()) ** 3.5 * min(damage, 1.6))
    if damage <= 0 or sigma < 0.5:
        return image
    height, width = image.shape[:2]
    grain = grain_piece(rng, width, height)[..., :1] * np.float32(sigma)
    if rng.random() < 0.5:  # coarse colour grain
        colour = grain_piece(rng, width // 2 + 1, height // 2 + 1) * np.float32(sigma * 0.6)
        grain = grain * 0.7 + cv2.resize(colour, (width, height))
    return np.asarray(image + grain, np.float32)


def grain_piece(rng: Rng, width: int, height: int) -> Image:
    """Normal noise (height, width, 3), a random piece of one drawn sheet: it costs no draw."""
    sheet = _grain_sheet(512 * (1 + max(width, height) // 512))
    x = int(rng.integers(sheet.shape[1] - width + 1))
    y = int(rng.integers(sheet.shape[0] - height + 1))
    piece = sheet[y : y + height, x : x + width]
    return piece[:: 1 if rng.random() < 0.5 else -1]


@cache
def _grain_sheet(side: int) -> Image:
    return np.random.default_rng(7).standard_normal((side, side, 3), np.float32)


# --- recorder


def _recorder(rng: Rng, image: Image, damage: float) -> Picture:
    steps: list[tuple[float, Callable[[Rng, Image], Image]]] = [
        (0.28, _sharpen), (0.12, _interlace), (0.18, _staircase),
    ]  # fmt: skip
    for chance, step in steps:
        if rng.random() < chance * damage:
            image = step(rng, image)
    picture: Picture = np.clip(image + 0.5, 0, 255).astype(np.uint8)
    if damage <= 0 or rng.random() < 0.15:
        return picture
    quality = int(rng.integers(22, 96)) if damage >= 0.5 else 92
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _sharpen(rng: Rng, image: Image) -> Image:
    """Too much of it: the bright and dark rims of cheap cameras."""
    soft = cv2.GaussianBlur(image, (0, 0), image.shape[1] * float(rng.uniform(0.006, 0.022)))
    return np.asarray(image + (image - soft) * float(rng.uniform(0.5, 2.2)), np.float32)


def _interlace(rng: Rng, image: Image) -> Image:
    """The second field was taken later: its rows stand aside."""
    shift = int(rng.integers(1, max(2, image.shape[1] // 55) + 1))
    combed = image.copy()
    combed[1::2] = np.roll(image[1::2], shift if rng.random() < 0.5 else -shift, axis=1)
    return combed


def _staircase(rng: Rng, image: Image) -> Image:
    """Turned without interpolation: columns or rows jump by whole pixels."""
    axis = int(rng.integers(2))
    lines = image.shape[1 - axis]
    slope = float(rng.uniform(0.03, 0.12)) * float(rng.choice([-1, 1]))
    jumps = np.round((np.arange(lines) - lines / 2) * slope).astype(np.int64)
    height, width = image.shape[:2]
    if axis == 0:
        rows = np.clip(np.arange(height)[:, None] + jumps[None, :], 0, height - 1)
        return np.asarray(image[rows, np.arange(width)[None, :]], np.float32)
    columns = np.clip(np.arange(width)[None, :] + jumps[:, None], 0, width - 1)
    return np.asarray(image[np.arange(height)[:, None], columns], np.float32)
