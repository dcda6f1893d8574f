"""Reading, cutting and resizing pictures: the one place for it.

Export, training and inference all call these, so that a plate looks the same in all
three. A colour picture is uint8 BGR (H, W, 3).
"""

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from annotations.errors import (
    BoxOutsidePicture,
    EmptyFile,
    NotAPicture,
    PictureDamaged,
    PictureTooLarge,
)
from annotations.vision.boxes import Size, Xyxy
from annotations.vision.headers import jpeg_header, surely_whole

Bgr: TypeAlias = npt.NDArray[np.uint8]

MAX_PIXELS = 50_000_000
CROP_SIZE: Size = (96, 48)
FORMATS = ("JPEG", "PNG", "WEBP", "BMP")  # what browsers show too
ORIENTATION = 0x0112  # the EXIF tag
# Orientations 2..8 as (transpose first, then flip): cv2's codes, None for no flip.
_TURNS: dict[int, tuple[bool, int | None]] = {
    2: (False, 1),
    3: (False, -1),
    4: (False, 0),
    5: (True, None),
    6: (True, 1),
    7: (True, -1),
    8: (True, 0),
}
_LARGE = 720  # pixels of the shorter side
_EDGE = 1e-6  # less than this beyond a pixel's edge is rounding, not picture


def picture_size(source: bytes | Path, *, name: str = "") -> Size:
    """(width, height) as people see it, EXIF orientation applied, read from the header only.

    Raises EmptyFile, NotAPicture and PictureTooLarge.
    """
    data = source.read_bytes() if isinstance(source, Path) else source
    shown = name or (source.name if isinstance(source, Path) else "picture")
    return picture_header(data, name=shown)[0]


def picture_header(data: bytes, *, name: str) -> tuple[Size, int]:
    """(width and height as people see it, EXIF orientation). Raises as ``picture_size``."""
    (width, height), orientation = _header(data, name=name)
    return (height, width) if _transposed(orientation) else (width, height), orientation


def drawn_lying(said: Size, shown: Size, orientation: int) -> bool:
    """Whether a tool that looks at no EXIF called a picture so large: a side is the other."""
    return _transposed(orientation) and said != shown and said == shown[::-1]


def upright_box(box: Xyxy, size: Size, orientation: int) -> Xyxy:
    """A box drawn on the stored pixels, of this ``size``, where people see it."""
    x1, y1, x2, y2 = box
    width, height = float(size[0]), float(size[1])
    transpose, flip = _TURNS.get(orientation, (False, None))
    if transpose:
        x1, y1, x2, y2, width, height = y1, x1, y2, x2, height, width
    if flip in (1, -1):
        x1, x2 = width - x2, width - x1
    if flip in (0, -1):
        y1, y2 = height - y2, height - y1
    return x1, y1, x2, y2


def decode_picture(data: bytes, *, name: str) -> Bgr:
    """The picture as BGR (H, W, 3), upright.

    Raises EmptyFile, NotAPicture, PictureDamaged (cut off or broken inside) and
    PictureTooLarge (over 50 million pixels, found before any pixel is decoded).
    """
    (width, height), orientation = _header(data, name=name)
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise PictureDamaged(name=name) from error
    if picture is None or picture.shape != (height, width, 3):
        raise PictureDamaged(name=name)
    return _upright(np.asarray(picture, np.uint8), orientation)


def decode_small(data: bytes, *, name: str) -> Bgr:
    """The picture at an eighth of its size if it is large: enough for ``dhash``, twice as fast.

    Raises what ``decode_picture`` does.
    """
    (width, height), orientation = _header(data, name=name)
    if min(width, height) < _LARGE:
        return decode_picture(data, name=name)
    flags = cv2.IMREAD_REDUCED_COLOR_8 | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise PictureDamaged(name=name) from error
    if picture is None:
        raise PictureDamaged(name=name)
    return _upright(np.asarray(picture, np.uint8), orientation)


def check_whole(data: bytes, *, name: str) -> None:
    """Raise what ``decode_picture`` would; nothing is decoded where the file is surely whole."""
    _header(data, name=name)
    if not surely_whole(data):
        decode_picture(data, name=name)


def read_picture(path: Path) -> Bgr:
    """The picture in a file as BGR (H, W, 3), upright. Raises what ``decode_picture`` does."""
    return decode_picture(path.read_bytes(), name=path.name)


def encode_jpeg(bgr: Bgr, quality: int = 92) -> bytes:
    """The picture as a JPEG file."""
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done, "a uint8 BGR picture can be written as JPEG"
    return data.tobytes()


def encode_png(bgr: Bgr) -> bytes:
    """The picture as a PNG file: nothing is lost, as crops and training want it."""
    done, data = cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    assert done, "a uint8 BGR picture can be written as PNG"
    return data.tobytes()


def crop_plate(frame: Bgr, box: Xyxy) -> Bgr:
    """The pixels under a box as a new picture: rounded outward, clipped to the frame.

    Raises BoxOutsidePicture when nothing of the box lies inside, or it is not a box.
    """
    height, width = frame.shape[:2]
    if not all(math.isfinite(edge) for edge in box):
        raise BoxOutsidePicture(width=width, height=height)
    left, top = max(math.floor(box[0] + _EDGE), 0), max(math.floor(box[1] + _EDGE), 0)
    right, bottom = min(math.ceil(box[2] - _EDGE), width), min(math.ceil(box[3] - _EDGE), height)
    if left >= right or top >= bottom or box[0] >= box[2] or box[1] >= box[3]:
        raise BoxOutsidePicture(width=width, height=height)
    return frame[top:bottom, left:right].copy()


def resize_crop(crop: Bgr, size: Size = CROP_SIZE) -> Bgr:
    """A plate stretched to ``size`` (width, height): (48, 96, 3) unless told otherwise."""
    return _resize(crop, size)


def resize_frame(frame: Bgr, size: Size) -> Bgr:
    """A frame stretched to ``size`` (width, height); boxes follow with ``boxes.scale``."""
    return _resize(frame, size)


def sharpness(crop: Bgr) -> float:
    """Variance of the Laplacian of the grey 96x48 plate: higher is sharper, 0 is flat."""
    grey = cv2.cvtColor(resize_crop(crop), cv2.COLOR_BGR2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def dhash(bgr: Bgr) -> str:
    """Difference hash: 64 bits as 16 hex digits; alike pictures differ in few bits."""
    height, width = bgr.shape[:2]
    # Every n-th pixel is enough for cells of a ninth of the picture, and 20 times faster.
    step = max(1, min(width // 240, height // 135))
    grey = cv2.cvtColor(np.ascontiguousarray(bgr[::step, ::step]), cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = np.packbits(small[:, 1:] > small[:, :-1])
    return bits.tobytes().hex()


def _resize(picture: Bgr, size: Size) -> Bgr:
    """Axes that shrink are averaged by area, axes that grow are interpolated."""
    height, width = picture.shape[:2]
    shrunk = (min(width, size[0]), min(height, size[1]))
    if shrunk != (width, height):
        picture = np.asarray(cv2.resize(picture, shrunk, interpolation=cv2.INTER_AREA), np.uint8)
    if shrunk != size:
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    return picture


def _header(data: bytes, *, name: str) -> tuple[Size, int]:
    """Stored size and EXIF orientation (1..8), without decoding pixels."""
    if not data:
        raise EmptyFile(name=name)
    if quick := jpeg_header(data):
        return _checked_header(*quick, name=name)
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as picture:
            size = picture.size
            # Looking for EXIF at the end of a PNG would decode it, before its size is checked.
            silent = picture.format == "PNG" and "exif" not in picture.info
            orientation = 1 if silent else picture.getexif().get(ORIENTATION, 1)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooLarge(name=name, limit=MAX_PIXELS // 1_000_000) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise NotAPicture(name=name) from error
    return _checked_header(size, orientation, name=name)


def _checked_header(size: Size, orientation: int, *, name: str) -> tuple[Size, int]:
    if size[0] * size[1] > MAX_PIXELS:
        raise PictureTooLarge(name=name, limit=MAX_PIXELS // 1_000_000)
    return size, orientation if orientation in _TURNS else 1


def _transposed(orientation: int) -> bool:
    return orientation in _TURNS and _TURNS[orientation][0]


def _upright(picture: Bgr, orientation: int) -> Bgr:
    if orientation not in _TURNS:
        return picture
    transpose, flip = _TURNS[orientation]
    turned = cv2.transpose(picture) if transpose else picture
    return np.asarray(turned if flip is None else cv2.flip(turned, flip), np.uint8)
