"""Small pictures: their size and way up, however large the picture is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from annotations.errors import NotAPicture, PictureDamaged
from annotations.vision import small
from annotations.vision.crops import encode_jpeg


def split_picture(width: int, height: int) -> np.ndarray:
    """Dark left, bright right."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, width // 2 :] = 240
    return picture


@pytest.mark.parametrize("width", [3840, 1920, 1001, 481, 241])
def test_any_size_comes_out_as_narrow_as_asked(width: int) -> None:
    data = encode_jpeg(split_picture(width, width // 2))
    shown = small.decode(data, name="a.jpg", width=240)
    assert shown.shape[1] == 240 and abs(shown.shape[0] - 120) <= 1
    assert shown[60, 60].max() < 20 and shown[60, 180].min() > 220


def test_small_pictures_and_other_kinds_stay_whole() -> None:
    png = cv2.imencode(".png", split_picture(100, 40))[1].tobytes()
    assert small.decode(png, name="a.png", width=240).shape == (40, 100, 3)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(NotAPicture, match="notes"):
        small.decode(b"hello", name="notes.txt", width=240)
    png = cv2.imencode(".png", split_picture(100, 40))[1].tobytes()
    with pytest.raises(PictureDamaged):
        small.decode(png[:60], name="cut.png", width=240)


@pytest.mark.parametrize("shape", [(1080, 1920), (2160, 3840), (480, 853), (1920, 1080), (1, 5000)])
def test_a_narrowed_picture_keeps_its_shape_and_its_brightness(shape: tuple[int, int]) -> None:
    high, wide = shape
    checks = np.indices((high, wide)).sum(0) % 2 * 200  # a pattern finer than the small picture
    shown = small.narrowed(np.repeat(checks.astype(np.uint8)[:, :, None], 3, axis=2), 240)
    assert shown.shape == (max(1, round(high * 240 / wide)), 240, 3)
    assert abs(float(shown.mean()) - 100) < (110 if high == 1 else 3)


def test_a_picture_narrow_enough_is_left_alone() -> None:
    picture = split_picture(240, 100)
    assert small.narrowed(picture, 240) is picture
