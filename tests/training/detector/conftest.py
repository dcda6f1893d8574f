"""Drawn frames: a dark car with a bright plate on a flat street."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.detector.augmentation import Augmentation
from training.detector.config import DetectorConfig
from training.detector.data import Sample, SampleBox
from training.detector.gridbox import Ellipse

BOTH = frozenset({"car", "plate"})
STILL = Augmentation(
    flip=0.0,
    zoom=(1.0, 1.0),
    stretch=0.0,
    shift=0.0,
    perspective=0.0,
    gamma=0.0,
    motion=0.0,
    jpeg=0.0,
    brightness=0.0,
    contrast=0.0,
    cast=0.0,
    saturation=0.0,
    hue=0.0,
    grey=0.0,
    blur=0.0,
    noise=0.0,
)


def draw(path, *, x, y, colour=(160, 40, 30), size=(128, 96)):
    frame = np.full((size[1], size[0], 3), 110, np.uint8)
    cv2.rectangle(frame, (x, y), (x + 51, y + 35), colour, -1)
    cv2.rectangle(frame, (x + 8, y + 18), (x + 43, y + 31), (240, 240, 240), -1)
    cv2.imwrite(str(path), frame)
    car = SampleBox("car", x, y, x + 52, y + 36)
    plate = SampleBox("plate", x + 8, y + 18, x + 44, y + 32)
    return Sample(path, (car, plate), BOTH)


@pytest.fixture
def samples(tmp_path):
    """Six frames with a car and a plate each, and an empty street."""
    places = [(8, 6), (60, 10), (30, 40), (70, 50), (6, 52), (40, 24)]
    drawn = [
        draw(tmp_path / f"{number}.png", x=x, y=y, colour=(40 * number, 40, 200 - 30 * number))
        for number, (x, y) in enumerate(places)
    ]
    street = tmp_path / "street.png"
    cv2.imwrite(str(street), np.full((96, 128, 3), 110, np.uint8))
    return (*drawn, Sample(street, (), BOTH))


@pytest.fixture
def tiny():
    """Settings of a training of seconds, its input 96x64."""

    def make(**changes):
        settings = {
            "classes": ("car", "plate"),
            "width": 96,
            "height": 64,
            "epochs": 2,
            "batch": 4,
            "passes": 1,
            "window": 1.0,
            "box_target": 10.0,
            "ema": 0.9,
            "lr_hi": 2e-3,
            "augmentation": STILL,
            "precision": "float32",
            "ellipse": Ellipse(min_radius=0.7, deadzone=0.3, keep_aspect=False),
        }
        return DetectorConfig.of("quick", **{**settings, **changes})

    return make
