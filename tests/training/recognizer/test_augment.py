"""Augmented crops: right size, grey, same seed same crop, still the same plate."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.recognizer.augment import augment, grey, reseen, shrink
from training.recognizer.config import AUGMENTATIONS


def plate(width: int = 150, height: int = 60) -> np.ndarray:
    picture = np.full((height, width, 3), 220, np.uint8)
    cv2.rectangle(picture, (4, 8), (width // 4, height - 8), (10, 10, 10), -1)  # dark on the left
    return picture


@pytest.mark.parametrize("kind", AUGMENTATIONS)
@pytest.mark.parametrize("size", [(150, 60), (30, 12), (640, 300), (3, 2), (60, 200)])
def test_any_size_becomes_96x48(kind, size: tuple[int, int]):
    for seed in range(8):
        crop = augment(plate(*size), np.random.default_rng(seed), kind)
        assert crop.shape == (48, 96)
        assert crop.dtype == np.uint8


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_same_seed_gives_the_same_crop(kind):
    first, second = (augment(plate(), np.random.default_rng(5), kind) for _ in range(2))
    assert np.array_equal(first, second)


def test_seeds_differ_and_the_picture_given_is_untouched():
    source = plate()
    crops = {augment(source, np.random.default_rng(seed)).tobytes() for seed in range(10)}
    assert len(crops) == 10
    assert np.array_equal(source, plate())


def test_never_mirrored_and_never_without_contrast():
    left_differs = 0
    for seed in range(60):
        crop = augment(plate(), np.random.default_rng(seed)).astype(float)
        left, right = crop[12:36, 4:20].mean(), crop[12:36, 60:90].mean()
        assert crop.std() > 3
        left_differs += left < right  # a few are inverted, or shadowed on the right
    assert left_differs > 40


def test_seen_again_keeps_size_and_changes_a_little():
    crop = grey(np.asarray(cv2.resize(plate(), (96, 48)), np.uint8))
    again = reseen(crop, np.random.default_rng(1))
    assert again.shape == crop.shape
    assert not np.array_equal(again, crop)


def test_grey_is_what_the_networks_see():
    crop = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    assert np.abs(grey(crop) - crop.mean(axis=2)).max() <= 1


def test_shrinking_keeps_the_shape_and_small_pictures():
    assert shrink(plate(400, 100), 200).shape == (50, 200, 3)
    small = plate()
    assert shrink(small, 200) is small
