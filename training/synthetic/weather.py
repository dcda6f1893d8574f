"""What air, light, lens and recorder do to a whole street scene.

Pictures are uint8 BGR (H, W, 3).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic import camera
from training.synthetic.vehicles import Lamp

Picture = NDArray[np.uint8]
Image = NDArray[np.float32]
Rng = np.random.Generator
Box = tuple[float, float, float, float]

_CASTS = ((1.0, 0.72, 1.25), (1.35, 0.85, 1.2), (0.7, 0.8, 1.5), (0.8, 1.2, 0.85), (1.2, 1.0, 0.8))


def spoil(
    rng: Rng,
    picture: Picture,
    lamps: Sequence[Lamp] = (),
    plates: Sequence[Box] = (),
    *,
    damage: float,
) -> Picture:
    """The scene as a camera on the street would have recorded it.

    ``plates`` (x1, y1, x2, y2) throw light back at night. ``damage`` 0 leaves it nearly as it
    is; 1 has the spread of real pictures, nights with lamps among them.
    """
    image = picture.astype(np.float32)
    night = rng.random() < 0.22 * damage
    height, width = picture.shape[:2]
    if damage > 0:
        uneven = cv2.resize(_unevenness(rng, (width, height), damage), (width, height))
        image *= uneven[..., None]
    if night:
        image *= float(rng.uniform(0.15, 0.55))
        _reflect(rng, image, plates)
    if night or rng.random() < 0.15 * damage:
        _glow(rng, image, lamps, strong=night)
    image = _colours(rng, image, damage, night=night)
    image = _lens(rng, image, damage)
    noise = float(rng.uniform(0.5, 1 + (11 if night else 6) * damage * float(rng.random())))
    image = np.asarray(cv2.scaleAdd(camera.grain_piece(rng, width, height), noise, image))
    return _recorder(rng, np.clip(image, 0, 255).astype(np.uint8), damage)


def _unevenness(rng: Rng, size: tuple[int, int], damage: float) -> Image:
    """What brightness is multiplied with (h, w), half as fine as the picture.

    Nothing is of one colour: soft and fine stains over everything, long shadows across the
    street, brightness that changes over the picture.
    """
    half = (size[0] // 2, size[1] // 2)
    x, y = np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 36))
    angle, slope = rng.uniform((0, 0), (2 * np.pi, 0.3 * damage))
    light = 1 + slope * (x * np.cos(angle) + y * np.sin(angle))
    if rng.random() < 0.3 * damage:  # the shadow of a house or a bridge
        slant, place, dark, soft = rng.uniform((-1, -0.5, 0.35, 0.02), (1, 1, 0.8, 0.15))
        light *= dark + (1 - dark) * (0.5 + 0.5 * np.tanh((x + slant * y - place) / soft))
    if rng.random() < 0.25 * damage:  # dark corners
        light *= 1 - float(rng.uniform(0.1, 0.5)) * np.clip(x * x + y * y - 0.4, 0, 1.6) / 1.6
    whole = np.asarray(cv2.resize(light.astype(np.float32), half), np.float32)
    strength = float(rng.uniform(0.01, 0.05)) * min(damage, 1.0)
    for cells in (7, 29, 121):
        rows = max(2, cells * size[1] // size[0])
        stains = 1 + rng.standard_normal((rows, cells), np.float32) * np.float32(strength)
        whole *= cv2.resize(stains, half, interpolation=cv2.INTER_CUBIC)
    return whole


def _reflect(rng: Rng, image: Image, plates: Sequence[Box]) -> None:
    """Plates shine in headlights, or under their own lamps."""
    for x1, y1, x2, y2 in plates:
        if rng.random() < 0.75:
            room = image[max(0, round(y1)) : round(y2), max(0, round(x1)) : round(x2)]
            room *= float(rng.uniform(1.3, 4.0))


def _glow(rng: Rng, image: Image, lamps: Sequence[Lamp], *, strong: bool) -> None:
    """Lamps that are on, with the halo of a dirty lens."""
    height, width = image.shape[:2]
    on = [lamp for lamp in lamps if rng.random() < 0.85]
    if strong:  # street lamps and traffic far away
        for _ in range(int(rng.integers(0, 9))):
            at_x, at_y, radius = rng.uniform((0, 0, 1), (width, height * 0.5, width / 90))
            on.append(Lamp(float(at_x), float(at_y), float(radius), bool(rng.random() < 0.3)))
    quarter = np.zeros((height // 4 + 1, width // 4 + 1, 3), np.float32)
    for lamp in on:
        colour = (60.0, 50.0, 255.0) if lamp.red else (225.0, 245.0, 255.0)
        at = (round(lamp.x / 4), round(lamp.y / 4))
        radius = max(1, round(lamp.radius / 4 * float(rng.uniform(0.6, 1.5))))
        cv2.circle(quarter, at, radius, colour, -1)
    if not on:
        return
    quarter = np.asarray(cv2.GaussianBlur(quarter, (3, 3), 0), np.float32)
    halo = cv2.GaussianBlur(quarter, (0, 0), float(rng.uniform(2, 7)))
    light = quarter * float(rng.uniform(0.4, 1)) + halo * float(rng.uniform(0.5, 2.5))
    image += cv2.resize(light, (width, height))


def _colours(rng: Rng, image: Image, damage: float, *, night: bool) -> Image:
    """Exposure, cast, haze and saturation, which are one matrix together."""
    cast = rng.normal(1, 0.05 * damage, 3)
    if rng.random() < (0.35 if night else 0.12) * damage:
        cast *= np.array(_CASTS[int(rng.integers(len(_CASTS)))])
    gain = float(np.exp(rng.normal(0.02, 0.25 * damage)))
    matrix, lifted = np.diag(gain * cast), 0.0
    if rng.random() < 0.2 * damage:
        haze = float(rng.uniform(0.05, 0.5))
        matrix, lifted = matrix * (1 - haze), haze * float(rng.uniform(90, 220))
    faded = float(rng.random())
    if faded < 0.3 * damage:  # infrared, a night camera, or hardly any colour
        kept = 0.0 if faded < 0.15 * damage else float(rng.uniform(0.2, 0.8))
        matrix = (kept * np.eye(3) + (1 - kept) / 3) @ matrix
    whole = np.column_stack([matrix, np.full(3, lifted)])
    return np.asarray(cv2.transform(image, whole), np.float32)


def _lens(rng: Rng, image: Image, damage: float) -> Image:
    height, width = image.shape[:2]
    way = float(rng.random())
    if way < 0.4 * damage:
        sigma = float(rng.uniform(0.3, 1.1)) * width / 640
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), max(0.3, sigma)), np.float32)
    elif way < 0.5 * damage:  # moved
        long = max(2, round(width / 640 * float(rng.uniform(2, 6))))
        kernel = (long, 1) if rng.random() < 0.7 else (1, long)
        image = np.asarray(cv2.blur(image, kernel), np.float32)
    elif way < 0.62 * damage:  # few pixels, enlarged
        share = float(rng.uniform(0.5, 0.9))
        small = (max(16, round(width * share)), max(9, round(height * share)))
        shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(shrunk, (width, height)), np.float32)
    return image


def _recorder(rng: Rng, picture: Picture, damage: float) -> Picture:
    if damage > 0 and rng.random() < 0.3:
        soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
        much = float(rng.uniform(0.3, 1.3))
        picture = np.asarray(cv2.addWeighted(picture, 1 + much, soft, -much, 0), np.uint8)
    if rng.random() < 0.6 * damage:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 95))]
        _, data = cv2.imencode(".jpg", picture, quality)
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return picture
