"""Plates as other cameras, other light and other boxes would have given them.

Both networks add the three colour channels, so training pictures are grey: uint8 (H, W).
The same generator state gives the same crop. Nothing is ever mirrored: a mirrored plate is
not a plate. Every step works on bytes and tables, because it runs for each crop of each epoch.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from annotations.vision.crops import Bgr, resize_crop
from training.recognizer.config import Augmentation

Grey: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]

FINEST = 192  # width in pixels above which more pixels do not show on a 96x48 crop
_COARSEST = 40
# A detected box is not exact, and is read with a margin: more often around than inside.
# Drawn plates come with surroundings of their own.
_BOX, _DRAWN_BOX = (-0.05, 0.12, -0.1, 0.17), (-0.06, 0.05, -0.12, 0.08)
_STEPS = np.linspace(0, 1, 256, dtype=np.float32)


def augment(crop: Bgr, rng: np.random.Generator, kind: Augmentation = "plates") -> Grey:
    """BGR (H, W, 3) -> grey (48, 96) by the recipe ``kind``."""
    if kind == "plates":
        return road_camera(crop, rng)
    return tao(grey(crop), rng) if kind == "tao" else resize_crop(grey(crop))


def road_camera(crop: Bgr, rng: np.random.Generator) -> Grey:
    """Perspective and box, then dirt and light, then lens and motion, then sensor and JPEG."""
    if rng.random() < 0.05:
        return resize_crop(grey(crop))
    seen = _view(_tinted(crop, rng), rng)
    seen = _blur(_light(_dirt(seen, rng), rng), rng)
    return resize_crop(_compress(_sensor(_fields(seen, rng), rng), rng))


def reseen(plate: Grey, rng: np.random.Generator) -> Grey:
    """A drawn plate (H, W), worn by its drawn camera already: a new box, new light, some blur."""
    size = (plate.shape[1], plate.shape[0])
    wide = (min(size[0], 96), min(size[1], 48))
    seen = _light(_warp(plate, _quad(rng, *size, loose=_DRAWN_BOX), wide), rng)
    if rng.random() < 0.3:
        seen = _sensor(_blur(seen, rng), rng)
    return resize_crop(seen)


def tao(crop: Grey, rng: np.random.Generator) -> Grey:
    """TAO's recipe: 30 % untouched; else rotation, blur and inversion, each by half."""
    if rng.random() >= 0.3:
        if rng.random() < 0.5:
            crop = _rotate(crop, float(rng.integers(-5, 6)))
        if rng.random() < 0.5:
            kernel = int(rng.choice([5, 7, 15]))
            crop = np.asarray(cv2.GaussianBlur(crop, (kernel, kernel), 0), np.uint8)
        if rng.random() < 0.5:
            crop = 255 - crop
    return resize_crop(crop)


def grey(crop: Bgr) -> Grey:
    """The mean of the three channels, as the networks see it: (H, W, 3) -> (H, W)."""
    return _mixed(crop, np.full(3, 1 / 3, np.float32))


def shrink(crop: Bgr, width: int) -> Bgr:
    """No wider than ``width`` pixels, the shape kept; averaged, not skipped."""
    if crop.shape[1] <= width:
        return crop
    size = (width, max(1, round(crop.shape[0] * width / crop.shape[1])))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)


# --- colour


def _tinted(crop: Bgr, rng: np.random.Generator) -> Grey:
    """Grey under another colour cast; infrared and nights without colour are grey already."""
    weights = np.full(3, 1 / 3, np.float32)
    if rng.random() < 0.4:
        weights = rng.uniform(0.15, 1, 3).astype(np.float32)
        weights /= weights.sum()
    return _mixed(crop, weights)


def _mixed(crop: Bgr, weights: Floats) -> Grey:
    return np.asarray(cv2.transform(crop, weights[None]), np.uint8)


# --- geometry


def _view(crop: Grey, rng: np.random.Generator) -> Grey:
    """Another box, another angle, another distance: one warp to a smaller or equal picture."""
    height, width = crop.shape
    finest = min(FINEST, max(_COARSEST, round(1.5 * width)))
    seen = math.exp(rng.uniform(math.log(min(_COARSEST * 1.4, finest)), math.log(finest)))
    if rng.random() < 0.1:
        seen = rng.uniform(_COARSEST, min(_COARSEST * 1.4, finest))
    size = (round(seen), max(12, round(seen * height / width * rng.uniform(0.85, 1.15))))
    # average down first when the warp would skip pixels
    target = (min(width, round(1.3 * size[0])), min(height, round(1.3 * size[1])))
    if target != (width, height):
        crop = np.asarray(cv2.resize(crop, target, interpolation=cv2.INTER_AREA), np.uint8)
    return _warp(crop, _quad(rng, *target, loose=_BOX), size)


def _warp(crop: Grey, quad: Floats, size: tuple[int, int]) -> Grey:
    """The part of the picture within ``quad`` fills a picture of ``size``."""
    corners = np.array([(0, 0), (size[0], 0), (size[0], size[1]), (0, size[1])], np.float32)
    turn = cv2.getPerspectiveTransform(quad, corners)
    flags = cv2.INTER_LINEAR
    warped = cv2.warpPerspective(crop, turn, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def _quad(
    rng: np.random.Generator, width: int, height: int, *, loose: tuple[float, float, float, float]
) -> Floats:
    """The four corners of the source picture's part that fills the new picture.

    ``loose``: how far inside (below 0) to outside its sides lie, as parts of width and height.
    """
    x1, x2 = rng.uniform(loose[0], loose[1], 2) * width * (-1, 1) + (0, width)
    y1, y2 = rng.uniform(loose[2], loose[3], 2) * height * (-1, 1) + (0, height)
    quad = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], np.float32)
    middle = quad.mean(axis=0)
    angle = math.radians(min(max(rng.normal(0, 3), -8), 8))
    slant = min(max(rng.normal(0, 0.08), -0.2), 0.2)
    turn = np.array(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], np.float32
    )
    slanted = (quad - middle) @ np.array([[1, 0], [slant, 1]], np.float32)
    jitter = rng.normal(0, 0.02, (4, 2)) * (width * 0.6, height)
    placed: Floats = (slanted @ turn.T + middle + jitter).astype(np.float32)
    return placed


def _rotate(crop: Grey, degrees: float) -> Grey:
    height, width = crop.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(crop, turn, (width, height)), np.uint8)


# --- dirt and light


def _dirt(crop: Grey, rng: np.random.Generator) -> Grey:
    """A stain, sticker or glint of one shade; no larger than hides part of a character."""
    if rng.random() >= 0.12:
        return crop
    height, width = crop.shape
    at = (int(rng.integers(width)), int(rng.integers(height)))
    axes = (
        max(1, int(width * rng.uniform(0.01, 0.05))),
        max(1, int(height * rng.uniform(0.03, 0.2))),
    )
    stained = crop.copy()
    shade, angle = int(rng.integers(256)), float(rng.uniform(0, 180))
    cv2.ellipse(stained, at, axes, angle, 0, 360, (shade,), -1, cv2.LINE_AA)
    cover = rng.uniform(0.3, 0.9)
    return np.asarray(cv2.addWeighted(stained, cover, crop, 1 - cover, 0), np.uint8)


def _light(crop: Grey, rng: np.random.Generator) -> Grey:
    if rng.random() < 0.25:
        shaded = crop * _shadow(rng, crop.shape[1], crop.shape[0])
        crop = shaded.astype(np.uint8)
    if rng.random() < 0.6:
        gamma = np.float32(math.exp(rng.uniform(-0.7, 0.7)))
        crop = _through(crop, _STEPS**gamma)
    if rng.random() < 0.7:
        average, deviation = cv2.meanStdDev(crop)
        middle, spread = float(average[0, 0]) / 255, float(deviation[0, 0]) / 255 + 1e-3
        # never so flat that eight bits lose the characters, never all black or all white
        contrast = max(rng.uniform(0.5, 1.5), min(1.0, 0.08 / spread))
        wanted = min(max(middle + rng.normal(0, 0.15), 0.12), 0.88)
        crop = _through(crop, (_STEPS - middle) * np.float32(contrast) + np.float32(wanted))
    if rng.random() < 0.08:
        crop = cv2.bitwise_not(crop).astype(np.uint8, copy=False)
    return crop


def _through(crop: Grey, curve: Floats) -> Grey:
    """Each brightness replaced by the curve's, 256 values in 0..1 (clipped)."""
    table = (np.clip(curve, 0, 1) * 255 + 0.5).astype(np.uint8)
    return np.asarray(cv2.LUT(crop, table), np.uint8)


def _shadow(rng: np.random.Generator, width: int, height: int) -> Floats:
    """(H, W) factors: one side of a soft line is darker."""
    angle = rng.uniform(0, 2 * math.pi)
    across = np.linspace(-1, 1, width, dtype=np.float32)[None] * np.float32(math.cos(angle))
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(math.sin(angle))
    edge = (across + down - np.float32(rng.uniform(-0.7, 0.7))) * np.float32(rng.uniform(2, 20))
    side = 1 / (1 + np.exp(np.clip(edge, -20, 20)))
    return np.asarray(1 - np.float32(1 - rng.uniform(0.25, 0.8)) * side, np.float32)


# --- lens, motion, sensor, recorder


def _blur(crop: Grey, rng: np.random.Generator) -> Grey:
    scale = crop.shape[1] / 96
    choice = rng.random()
    if choice < 0.25:
        sigma = rng.uniform(0.3, 1.1) * scale
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), max(0.2, sigma)), np.uint8)
    elif choice < 0.38:
        angle = rng.normal(0, 0.4) + (math.pi / 2 if rng.random() < 0.35 else 0)
        kernel = _motion(max(1.5, rng.uniform(1.5, 5) * scale), angle)
        crop = np.asarray(cv2.filter2D(crop, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)
    return crop


def _motion(length: float, angle: float) -> Floats:
    """A normalised line of ``length`` pixels at ``angle``, as a square kernel of odd size."""
    size = 2 * math.ceil(length / 2) + 1
    kernel = np.zeros((size, size), np.float32)
    reach = np.array([math.cos(angle), math.sin(angle)]) * length / 2
    middle = size / 2 - 0.5
    start, end = np.round((middle - reach) * 16), np.round((middle + reach) * 16)
    ends = ([int(v) for v in start], [int(v) for v in end])
    cv2.line(kernel, ends[0], ends[1], (1.0,), 1, cv2.LINE_AA, 4)
    total = float(kernel.sum())
    if total <= 0:
        kernel[size // 2, size // 2] = total = 1.0
    return kernel / np.float32(total)


def _fields(crop: Grey, rng: np.random.Generator) -> Grey:
    """Interlaced video: every second row was taken a little later and stands aside."""
    if rng.random() >= 0.05:
        return crop
    combed = crop.copy()
    combed[1::2] = np.roll(crop[1::2], int(rng.integers(-2, 3)), axis=1)
    return combed


def _sensor(crop: Grey, rng: np.random.Generator) -> Grey:
    if rng.random() >= 0.4:
        return crop
    strength = abs(rng.normal(0, 5))
    sheet, (height, width) = _grain(), crop.shape
    y, x = (int(rng.integers(256)) for _ in "yx")
    piece = sheet[y : y + height, x : x + width]
    if piece.shape != crop.shape:  # larger than any crop that was shrunk for training
        piece = np.resize(sheet, crop.shape)
    return np.asarray(cv2.scaleAdd(piece, strength, crop.astype(np.float32)).clip(0, 255), np.uint8)


@cache
def _grain() -> Floats:
    """Normal noise once for all: a random piece of it costs no drawing of numbers."""
    return np.random.default_rng(7).standard_normal((512, 512), np.float32)


def _compress(crop: Grey, rng: np.random.Generator) -> Grey:
    if rng.random() >= 0.3:
        return crop
    done, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))])
    assert done, "a uint8 picture can be written as JPEG"
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
