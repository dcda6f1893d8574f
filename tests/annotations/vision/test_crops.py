"""Reading, cutting and resizing pictures."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from annotations import errors
from annotations.vision import crops


def picture(width: int = 40, height: int = 24, seed: int = 1) -> crops.Bgr:
    """A smooth picture without symmetry."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (4, 5, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def as_file(bgr: crops.Bgr, form: str = "PNG", *, orientation: int | None = None) -> bytes:
    image = Image.fromarray(bgr[:, :, ::-1])
    exif = Image.Exif()
    if orientation:
        exif[crops.ORIENTATION] = orientation
    file = io.BytesIO()
    image.save(file, form, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP"])
def test_pictures_decode_to_bgr(form):
    red = np.zeros((24, 40, 3), np.uint8)
    red[:] = (0, 0, 250)
    data = as_file(red, form)
    found = crops.decode_picture(data, name="red")
    assert found.shape == (24, 40, 3)
    assert np.abs(found.astype(int) - red).max() <= 6
    assert crops.picture_size(data) == (40, 24)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_as_pillow_does(form, orientation):
    data = as_file(picture(), form, orientation=orientation)
    from PIL import ImageOps

    with Image.open(io.BytesIO(data)) as image:
        upright = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))[:, :, ::-1]
    found = crops.decode_picture(data, name="phone")
    assert found.shape == upright.shape
    assert np.abs(found.astype(int) - upright).max() <= 4
    assert crops.picture_size(data) == (upright.shape[1], upright.shape[0])


def test_a_name_tells_nothing(tmp_path: Path):
    path = tmp_path / "car.jpg"
    path.write_text("this is a text")
    with pytest.raises(errors.NotAPicture, match=r"car\.jpg"):
        crops.read_picture(path)
    with pytest.raises(errors.NotAPicture):
        crops.picture_size(path)


def test_empty_file_is_refused():
    with pytest.raises(errors.EmptyFile, match=r"a\.png"):
        crops.decode_picture(b"", name="a.png")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_cut_off_picture_is_refused(form):
    rng = np.random.default_rng(2)
    data = as_file(rng.integers(0, 255, (200, 300, 3), dtype=np.uint8), form)
    with pytest.raises((errors.PictureDamaged, errors.NotAPicture), match="half"):
        crops.decode_picture(data[: len(data) // 2], name="half")


@pytest.mark.parametrize("side", [8000, 15000])
def test_huge_picture_is_refused_by_its_header(side):
    # A PNG that claims side x side pixels and holds none.
    small = bytearray(as_file(picture()))
    small[16:24] = side.to_bytes(4, "big") * 2
    import zlib

    small[29:33] = zlib.crc32(bytes(small[12:29])).to_bytes(4, "big")
    with pytest.raises(errors.PictureTooLarge):
        crops.decode_picture(bytes(small), name="bomb")


def test_crop_is_rounded_outward_and_clipped():
    frame = picture(40, 24)
    assert crops.crop_plate(frame, (3.2, 4.9, 9.1, 10.0)).shape == (6, 7, 3)
    assert np.array_equal(crops.crop_plate(frame, (-5, -5, 4, 4)), frame[:4, :4])
    assert np.array_equal(crops.crop_plate(frame, (30, 20, 999, 999)), frame[20:, 30:])


def test_rounding_noise_does_not_widen_a_crop():
    assert crops.crop_plate(picture(), (3 - 1e-9, 4, 9 + 1e-9, 8)).shape == (4, 6, 3)


def test_crop_does_not_keep_the_frame():
    frame = picture()
    crop = crops.crop_plate(frame, (0, 0, 5, 5))
    crop[:] = 0
    assert frame[:5, :5].any()


@pytest.mark.parametrize(
    "box", [(50, 0, 60, 10), (5, 5, 5, 9), (9, 5, 5, 9), (float("nan"), 0, 1, 1), (-9, 0, 0, 9)]
)
def test_empty_crop_is_refused(box):
    with pytest.raises(errors.BoxOutsidePicture, match="40x24"):
        crops.crop_plate(picture(), box)


@pytest.mark.parametrize("size", [(200, 100), (30, 10), (200, 20), (30, 80), (96, 48), (1, 1)])
def test_resized_crop_has_the_network_size_and_the_same_mean(size):
    crop = picture(*size)
    found = crops.resize_crop(crop)
    assert found.shape == (48, 96, 3)
    assert abs(float(found.mean()) - float(crop.mean())) < 4


def test_shrinking_averages_areas():
    stripes = np.zeros((96, 192, 3), np.uint8)
    stripes[:, ::2] = 200
    assert (crops.resize_frame(stripes, (96, 48)) == 100).all()


def test_jpeg_there_and_back():
    frame = picture()
    back = crops.decode_picture(crops.encode_jpeg(frame, quality=98), name="x")
    assert np.abs(back.astype(int) - frame).mean() < 5


def test_blurred_crop_is_less_sharp():
    rng = np.random.default_rng(3)
    crop = rng.integers(0, 255, (48, 96, 3), dtype=np.uint8)
    blurred = np.asarray(cv2.GaussianBlur(crop, (7, 7), 0), np.uint8)
    assert crops.sharpness(crop) > 10 * crops.sharpness(blurred)
    assert crops.sharpness(np.full((20, 50, 3), 90, np.uint8)) == 0


def test_dhash_of_alike_pictures_is_near():
    def bits(first: str, second: str) -> int:
        return (int(first, 16) ^ int(second, 16)).bit_count()

    frame = picture(1280, 720)
    noise = np.random.default_rng(4).normal(0, 6, frame.shape)
    noisy = np.clip(frame + noise, 0, 255).astype(np.uint8)
    assert len(crops.dhash(frame)) == 16
    assert bits(crops.dhash(frame), crops.dhash(noisy)) <= 4
    assert bits(crops.dhash(frame), crops.dhash(crops.resize_frame(frame, (640, 360)))) <= 4
    assert bits(crops.dhash(frame), crops.dhash(picture(1280, 720, seed=9))) > 12
