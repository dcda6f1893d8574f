"""Plates as other cameras, other light and other boxes would have given them.

Each function takes a crop of any size, uint8 BGR (H, W, 3), and a generator, and gives the
96x48 crop a network trains on. The same generator state gives the same crop. Nothing is ever
mirrored: a mirrored plate is not a plate.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import cv2
import numpy as np
import numpy.typing as npt

from annotations.vision.crops import Bgr, resize_crop

Floats = npt.NDArray[np.float32]
Augmentation = Literal["plates", "tao", "none"]
AUGMENTATIONS: tuple[Augmentation, ...] = get_args(Augmentation)

_FINEST, _COARSEST = 192, 40  # widths in pixels of plates as road cameras give them


def augment(crop: Bgr, rng: np.random.Generator, kind: Augmentation = "plates") -> Bgr:
    """(H, W, 3) -> (48, 96, 3) by the recipe ``kind``."""
    if kind == "plates":
        return road_camera(crop, rng)
    return tao(crop, rng) if kind == "tao" else resize_crop(crop)


def road_camera(crop: Bgr, rng: np.random.Generator) -> Bgr:
    """Perspective and box, then light, then lens and motion, then sensor and JPEG."""
    if rng.random() < 0.05:
        return resize_crop(crop)
    seen = _light(_view(crop, rng), rng)
    return resize_crop(_compress(_sensor(_blur(seen, rng), rng), rng))


def reseen(crop: Bgr, rng: np.random.Generator) -> Bgr:
    """A plate that a camera (or its imitation) has worn already: a new box and new light only."""
    size = (crop.shape[1], crop.shape[0])
    return resize_crop(_light(_warp(crop, _quad(rng, *size), size), rng))


def tao(crop: Bgr, rng: np.random.Generator) -> Bgr:
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


# --- geometry


def _view(crop: Bgr, rng: np.random.Generator) -> Bgr:
    """Another box, another angle, another distance: one warp to a smaller or equal picture."""
    height, width = crop.shape[:2]
    finest = min(_FINEST, max(_COARSEST, round(1.5 * width)))
    seen = math.exp(rng.uniform(math.log(min(_COARSEST * 1.4, finest)), math.log(finest)))
    if rng.random() < 0.1:
        seen = rng.uniform(_COARSEST, min(_COARSEST * 1.4, finest))
    size = (round(seen), max(12, round(seen * height / width * rng.uniform(0.85, 1.15))))
    crop = _shrink(crop, size)
    return _warp(crop, _quad(rng, crop.shape[1], crop.shape[0]), size)


def _warp(crop: Bgr, quad: Floats, size: tuple[int, int]) -> Bgr:
    """The part of the picture within ``quad`` fills a picture of ``size``."""
    corners = np.array([(0, 0), (size[0], 0), (size[0], size[1]), (0, size[1])], np.float32)
    turn = cv2.getPerspectiveTransform(quad, corners)
    flags = cv2.INTER_LINEAR
    warped = cv2.warpPerspective(crop, turn, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def _quad(rng: np.random.Generator, width: int, height: int) -> Floats:
    """The four corners of the source picture's part that fills the new picture."""
    # A detected box is not exact, and is read with a margin: more often around than inside.
    x1, x2 = rng.uniform(-0.05, 0.14, 2) * width * (-1, 1) + (0, width)
    y1, y2 = rng.uniform(-0.1, 0.2, 2) * height * (-1, 1) + (0, height)
    quad = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], np.float32)
    middle = quad.mean(axis=0)
    angle = math.radians(float(np.clip(rng.normal(0, 3), -8, 8)))
    slant = float(np.clip(rng.normal(0, 0.08), -0.2, 0.2))
    turn = np.array(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], np.float32
    )
    slanted = (quad - middle) @ np.array([[1, 0], [slant, 1]], np.float32)
    jitter = rng.normal(0, 0.02, (4, 2)) * (width * 0.6, height)
    placed: Floats = (slanted @ turn.T + middle + jitter).astype(np.float32)
    return placed


def _shrink(crop: Bgr, size: tuple[int, int]) -> Bgr:
    """Average down first when the warp would skip pixels."""
    height, width = crop.shape[:2]
    target = (min(width, round(1.3 * size[0])), min(height, round(1.3 * size[1])))
    if target == (width, height):
        return crop
    return np.asarray(cv2.resize(crop, target, interpolation=cv2.INTER_AREA), np.uint8)


def _rotate(crop: Bgr, degrees: float) -> Bgr:
    height, width = crop.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(crop, turn, (width, height)), np.uint8)


# --- light


def _light(crop: Bgr, rng: np.random.Generator) -> Bgr:
    seen = crop.astype(np.float32) / 255
    if rng.random() < 0.12:
        seen[:] = seen.mean(axis=2, keepdims=True)  # infrared, or a night without colour
    if rng.random() < 0.4:
        seen *= rng.uniform(0.7, 1.3, 3).astype(np.float32)
    if rng.random() < 0.25:
        seen *= _shadow(rng, seen.shape[1], seen.shape[0])[..., None]
    if rng.random() < 0.6:
        seen = np.clip(seen, 0, 1) ** np.float32(math.exp(rng.uniform(-0.7, 0.7)))
    if rng.random() < 0.7:
        middle, spread = float(seen.mean()), float(seen.std()) + 1e-3
        # never so flat that eight bits lose the characters, never all black or all white
        contrast = max(rng.uniform(0.5, 1.5), min(1.0, 0.08 / spread))
        wanted = float(np.clip(middle + rng.normal(0, 0.15), 0.12, 0.88))
        seen = (seen - middle) * np.float32(contrast) + np.float32(wanted)
    if rng.random() < 0.08:
        seen = 1 - seen
    return (np.clip(seen, 0, 1) * 255 + 0.5).astype(np.uint8)


def _shadow(rng: np.random.Generator, width: int, height: int) -> Floats:
    """(H, W) factors: one side of a soft line is darker."""
    angle = rng.uniform(0, 2 * math.pi)
    across = np.linspace(-1, 1, width, dtype=np.float32)[None] * math.cos(angle)
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * math.sin(angle)
    edge = (across + down - rng.uniform(-0.7, 0.7)) * rng.uniform(2, 20)
    side = 1 / (1 + np.exp(np.clip(edge, -20, 20)))
    return np.asarray(1 - (1 - rng.uniform(0.25, 0.8)) * side, np.float32)


# --- lens, motion, sensor


def _blur(crop: Bgr, rng: np.random.Generator) -> Bgr:
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


def _sensor(crop: Bgr, rng: np.random.Generator) -> Bgr:
    if rng.random() >= 0.4:
        return crop
    strength = abs(rng.normal(0, 6))
    grey = rng.random() < 0.5
    shape = (*crop.shape[:2], 1 if grey else 3)
    noise = rng.standard_normal(shape, np.float32) * np.float32(strength)
    return np.clip(crop + noise, 0, 255).astype(np.uint8)


def _compress(crop: Bgr, rng: np.random.Generator) -> Bgr:
    if rng.random() >= 0.3:
        return crop
    done, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))])
    assert done, "a uint8 BGR picture can be written as JPEG"
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
