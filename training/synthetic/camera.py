"""What lies between a clean plate and the pixels of a road camera.

In the order in which it happens: surroundings and perspective, light, lens, sensor,
then what the recorder does. Pictures are uint8 BGR (H, W, 3); inside, light and lens work on
float32 of the same shape, values 0..255 and beyond. Everything happens at the size at which
the camera saw the plate, which is small: that keeps a plate under a millisecond or two.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Image = NDArray[np.float32]
Rng = np.random.Generator

_GRID = (32, 16)  # light changes slowly: it is drawn this small and enlarged


def photograph(
    rng: Rng, plate: Picture, alpha: NDArray[np.uint8], *, width: int, damage: float
) -> Picture:
    """The plate (BGR) as a crop about ``width`` pixels wide with a little around it.

    ``alpha`` (H, W) 0..255 tells where the plate is. ``damage`` 0 clean, 1 as real cameras.
    """
    picture = _place(rng, plate, alpha, width=width, damage=damage)
    image = _light(rng, picture, damage)
    image = _lens(rng, image, damage)
    picture = _sensor(rng, image, damage)
    return _recorder(rng, picture, damage)


# --- surroundings and perspective


def _place(
    rng: Rng, plate: Picture, alpha: NDArray[np.uint8], *, width: int, damage: float
) -> Picture:
    quad = _quad(rng, plate.shape[1] / plate.shape[0], damage)
    low, high = quad.min(axis=0), quad.max(axis=0)
    left, right, above, below = _margins(rng, damage)
    scale = width / float((high[0] - low[0]) * (1 + left + right))
    wide, tall = (high - low) * scale
    size = (width, max(14, round(tall * (1 + above + below))))
    target = (quad - low) * scale + (wide * left, tall * above)
    rows, columns = plate.shape[:2]
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target.astype(np.float32))
    around = _surroundings(rng, size)
    if rng.random() < 0.35:  # the shadow gap of a holder
        _ring(rng, around, target, width)
    backed = np.empty_like(plate)
    backed[:] = around[around.shape[0] // 2, 0]
    cv2.copyTo(plate, alpha, backed)
    if columns > 1.6 * wide:
        half = (columns // 2, rows // 2)
        backed = np.asarray(cv2.resize(backed, half, interpolation=cv2.INTER_AREA), np.uint8)
        matrix = matrix @ np.diag([columns / half[0], rows / half[1], 1.0])
    cv2.warpPerspective(
        backed, matrix, size, dst=around, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    )
    return around


def _margins(rng: Rng, damage: float) -> NDArray[np.float64]:
    """What a box leaves around the plate (left, right, above, below), as parts of its size.

    People draw boxes tight, some a little inside; detectors and readers leave more.
    """
    if rng.random() < 0.62:
        tight = rng.normal((0.004, 0.004, 0.01, 0.01), (0.012, 0.012, 0.03, 0.03))
        return np.clip(tight * (0.3 + min(damage, 1.0)), -0.018, 0.07)
    loose = 1.6 if rng.random() < 0.15 else 1.0
    return rng.uniform((-0.01, -0.01, -0.03, -0.03), (0.12, 0.12, 0.22, 0.22)) * loose


def _quad(rng: Rng, aspect: float, damage: float) -> NDArray[np.float64]:
    """Corners of a plate of height 1 turned in space, in picture order, y down."""
    strength = min(damage, 1.6) * (0.45 if rng.random() < 0.5 else 1.0)
    turn = np.clip(rng.normal(0, 1, 4), -2.3, 2.3) * (0.27, 0.16, 0.065, 0.07) * strength
    if damage < 0.3:
        turn[:3] += rng.normal(0, 0.01, 3)
    yaw, pitch, roll, slant = turn
    half = np.array([[-aspect, -1], [aspect, -1], [aspect, 1], [-aspect, 1]]) / 2
    x, y = half[:, 0] * np.cos(yaw), half[:, 1] * np.cos(pitch)
    depth = 1 + (half[:, 0] * np.sin(yaw) + half[:, 1] * np.sin(pitch)) / (aspect * 5)
    flat = np.stack([x, y], axis=1) / depth[:, None]
    cosine, sine = np.cos(roll), np.sin(roll)
    turned: NDArray[np.float64] = flat @ np.array([[cosine, sine], [-sine, cosine]])
    # Anamorphic video and shear of rolling or interlaced pictures.
    turned[:, 1] *= float(rng.uniform(0.92, 1 + 0.4 * min(damage, 1.2)))
    turned[:, 0] += turned[:, 1] * slant
    return turned


def _surroundings(rng: Rng, size: tuple[int, int]) -> Picture:
    base = rng.uniform(10, 245) if rng.random() < 0.4 else rng.uniform(10, 90)
    tint = rng.normal(0, 14 if rng.random() < 0.4 else 3, 3)
    coarse = np.clip(base + tint + rng.normal(0, 9, (4, 5, 3)), 0, 255).astype(np.uint8)
    around = np.asarray(cv2.resize(coarse, size), np.uint8)
    for _ in range(int(rng.integers(0, 3))):  # edges of bumper, grille, boot
        row, slope, shade = rng.integers((0, -6, 0), (size[1], 7, 256)).tolist()
        cv2.line(around, (0, row), (size[0], row + slope), (shade,) * 3, int(rng.integers(1, 5)))
    return around


def _ring(rng: Rng, around: Picture, target: NDArray[np.float64], width: int) -> None:
    middle = target.mean(axis=0)
    grown = middle + (target - middle) * (1.02 + 2 / width, 1.06 + 2 / width)
    shade = int(rng.integers(10, 70))
    cv2.fillConvexPoly(around, np.round(grown).astype(np.int32), (shade, shade, shade))


# --- light


def _light(rng: Rng, picture: Picture, damage: float) -> Image:
    height, width = picture.shape[:2]
    x, y = _grid()
    angle, strength = rng.uniform((0, 0), (2 * np.pi, 0.3))
    light = 1 + np.float32(strength) * (
        x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    )
    if rng.random() < 0.25 * damage:
        light = light * _shadow(rng, x, y)
    image = picture.astype(np.float32)
    if rng.random() < 0.12 * damage:  # a lamp or the sun on the plate
        at_x, at_y, wide, gain = rng.uniform((-1, -1, 0.05, 40), (1, 1, 0.35, 170))
        glare = gain * np.exp(-((x - at_x) ** 2 + ((y - at_y) * 0.5) ** 2) / wide**2)
        image += cv2.resize(glare.astype(np.float32), (width, height))[..., None]
    image *= cv2.resize(light.astype(np.float32), (width, height))[..., None]
    return image


@cache
def _grid() -> tuple[Image, Image]:
    x, y = np.meshgrid(np.linspace(-1, 1, _GRID[0]), np.linspace(-1, 1, _GRID[1]))
    return x.astype(np.float32), y.astype(np.float32)


def _shadow(rng: Rng, x: Image, y: Image) -> Image:
    """A soft-edged shade over a part of the plate, or a bar across it."""
    slant, place = float(rng.normal(0, 0.6)), float(rng.uniform(-0.8, 0.8))
    across = (y + slant * x if rng.random() < 0.6 else x + slant * y) - place
    if rng.random() < 0.35:
        across = np.abs(across) - float(rng.uniform(0.1, 0.4))
    dark, soft = rng.uniform((0.3, 0.05), (0.75, 0.25))
    shade: Image = (dark + (1 - dark) * (0.5 + 0.5 * np.tanh(across / soft))).astype(np.float32)
    return shade


# --- lens and motion


def _lens(rng: Rng, image: Image, damage: float) -> Image:
    """Focus, motion and few pixels share one budget, so that some text remains."""
    budget = max(0.0, float(rng.uniform(-0.5, 1))) ** 1.5 * min(damage, 1.8)
    if budget == 0:
        return image
    focus, motion, few = rng.dirichlet((1.0, 0.5, 0.7)) * budget
    height, width = image.shape[:2]
    extent = min(width, 2.3 * height)  # long plates have small characters
    if (sigma := 0.019 * extent * float(focus)) > 0.3:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)
    if (length := 0.065 * extent * float(motion)) > 1.3:
        image = _smear(rng, image, length)
    columns = min(width * (1 - 0.5 * float(few)), 96 * (1 - 0.55 * float(few)) + 40)
    if columns < 0.93 * width:
        image = _fewer_pixels(rng, image, max(40, round(columns)))
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
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)
    back = way[int(rng.choice(3, p=[0.5, 0.42, 0.08]))]
    return np.asarray(cv2.resize(small, (width, height), interpolation=back), np.float32)


# --- sensor


def _sensor(rng: Rng, image: Image, damage: float) -> Picture:
    kind = float(rng.random())
    if kind < 0.22 * damage:
        image = _infrared(rng, image)
        gain = np.ones(3) if rng.random() < 0.6 else rng.uniform(0.85, 1.12, 3)
    elif kind < 0.32 * damage:
        gain = _strong_cast(rng)
    else:
        gain = rng.normal(1, 0.05 * min(1.5, damage + 0.2), 3)
    mean = float(cv2.mean(image)[1]) + 1
    exposure, haze = _exposure(rng, mean, damage)
    image = image * (gain * exposure * (1 - haze)).astype(np.float32)
    if haze > 0:
        image += np.float32(haze * float(rng.uniform(40, 190)))
    image = _noise(rng, image, damage)
    picture: Picture = np.clip(image, 0, 255).astype(np.uint8)
    bend = float(np.exp(rng.normal(0, 0.25 * min(damage, 1.6))))
    return np.asarray(cv2.LUT(picture, _curve(round(bend * 16))), np.uint8)


@cache
def _curve(sixteenths: int) -> Picture:
    levels = np.arange(256) / 255
    return np.asarray(np.round(255 * levels ** (max(1, sixteenths) / 16)), np.uint8)


def _infrared(rng: Rng, image: Image) -> Image:
    weights = rng.dirichlet((1, 2, 3)).reshape(1, 3)
    return np.asarray(cv2.merge([cv2.transform(image, weights)] * 3), np.float32)


def _strong_cast(rng: Rng) -> NDArray[np.float64]:
    """One channel carries nearly all the light, as under failing white balance."""
    casts = ((0.65, 1.25, 0.3), (0.5, 0.9, 1.15), (1.2, 0.9, 0.5), (0.4, 0.45, 1.2))
    return np.array(casts[int(rng.choice(4, p=[0.55, 0.2, 0.15, 0.1]))])


def _exposure(rng: Rng, mean: float, damage: float) -> tuple[float, float]:
    """The gain that a camera chose, and how much haze lifts the blacks (0..1)."""
    spread = min(damage, 1.6)
    target = float(np.clip(118 + rng.normal(0, 42) * spread, 28, 225))
    kept = (1 - 0.75 * spread) if spread < 1 else 0.25  # keep part of the plate's own key
    gain = (target / mean) ** (1 - kept)
    if rng.random() < 0.07 * damage:  # headlights in the lens, blown out
        gain *= float(rng.uniform(1.4, 2.2))
    haze = float(rng.uniform(0.1, 0.75)) if rng.random() < 0.3 * damage else 0.0
    return float(gain), haze


def _noise(rng: Rng, image: Image, damage: float) -> Image:
    contrast = float(image[::3, ::3, 1].std())
    sigma = min(contrast * 0.3, 0.6 + 11 * float(rng.random()) ** 4 * min(damage, 1.6))
    if damage <= 0 or sigma < 0.5:
        return image
    grain = grain_piece(rng, image.shape[1], image.shape[0])
    if rng.random() < 0.7:
        grain = np.asarray(cv2.merge([grain[..., 0]] * 3), np.float32)
    if rng.random() < 0.4:  # a recorder has smoothed it
        grain = np.asarray(cv2.GaussianBlur(grain, (3, 3), 0), np.float32) * np.float32(1.7)
    return np.asarray(cv2.scaleAdd(grain, sigma, image), np.float32)


def grain_piece(rng: Rng, width: int, height: int) -> Image:
    """Normal noise (height, width, 3), a random piece of one drawn sheet: it costs no draw."""
    sheet = _grain_sheet(512 * (1 + max(width, height) // 512))
    x = int(rng.integers(sheet.shape[1] - width + 1))
    y = int(rng.integers(sheet.shape[0] - height + 1))
    return sheet[y : y + height, x : x + width]


@cache
def _grain_sheet(side: int) -> Image:
    return np.random.default_rng(7).standard_normal((side, side, 3), np.float32)


# --- recorder


def _recorder(rng: Rng, picture: Picture, damage: float) -> Picture:
    for chance, step in ((0.42, _sharpen), (0.05, _interlace), (0.15, _staircase)):
        if rng.random() < chance * damage:
            picture = step(rng, picture)
    if damage <= 0 or rng.random() < 0.2:
        return picture
    quality = int(rng.integers(22, 96)) if damage >= 0.5 else 92
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _sharpen(rng: Rng, picture: Picture) -> Picture:
    """Too much of it: the bright and dark rims of cheap cameras."""
    sigma, amount = rng.uniform((0.006, 0.4), (0.022, 2.2))
    soft = cv2.GaussianBlur(picture, (0, 0), picture.shape[1] * float(sigma))
    return np.asarray(cv2.addWeighted(picture, 1 + amount, soft, -amount, 0), np.uint8)


def _interlace(rng: Rng, picture: Picture) -> Picture:
    """The second field was taken later: its rows stand aside."""
    shift = int(rng.integers(1, max(1, picture.shape[1] // 70) + 1))
    combed = picture.copy()
    combed[1::2] = np.roll(picture[1::2], shift if rng.random() < 0.5 else -shift, axis=1)
    return combed


def _staircase(rng: Rng, picture: Picture) -> Picture:
    """Turned without interpolation: columns or rows jump by whole pixels."""
    height, width = picture.shape[:2]
    slope = float(rng.uniform(0.03, 0.12)) * float(rng.choice([-1, 1]))
    turn = np.eye(2, 3)
    if rng.random() < 0.5:
        turn[1] = (slope, 1, -slope * width / 2)
    else:
        turn[0] = (1, slope, -slope * height / 2)
    turned = cv2.warpAffine(
        picture, turn, (width, height), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(turned, np.uint8)
