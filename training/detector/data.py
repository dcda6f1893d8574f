"""Frames with boxes to what a training step learns from: cached once, changed every epoch.

No torch here: the processes that prepare batches start quickly and stay small.

Letters: N frames, C classes, H and W the network's input size, h and w grid rows and columns.
Boxes are (x1, y1, x2, y2) in pixels of the network's input unless a name says original.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from annotations.vision import boxes as geometry
from annotations.vision.crops import read_picture, resize_frame
from training.detector.augmentation import Augmentation
from training.detector.config import DetectorConfig
from training.detector.gridbox import Ellipse, Grid, rasterise
from training.errors import PictureMissing

Bgr = NDArray[np.uint8]
Floats = NDArray[np.floating[Any]]
Progress = Callable[[int, int], None]

LEAST_VISIBLE = 0.4  # share of a box that must stay in the frame to be learnt
SMALLEST_SIDE = 2.0  # pixels of network input; less is a smudge, not an object
AT_A_BOX = 0.85  # share of training windows that look at a box
FILL = 114  # grey outside a shrunk frame
TILT = 0.04  # of the sides: how far perspective moves a corner
QUALITY = (25, 80)  # of JPEG
SMEAR = (3.0, 9.0)  # pixels, of what moves


@dataclass(frozen=True)
class SampleBox:
    """A box in pixels of the original frame; ``ignore``: neither object nor background."""

    label: str
    x1: float
    y1: float
    x2: float
    y2: float
    ignore: bool = False


@dataclass(frozen=True)
class Sample:
    """A frame and its boxes. Labels not in ``complete`` may have more objects than boxes here."""

    picture: Path
    boxes: tuple[SampleBox, ...] = ()
    complete: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FrameBoxes:
    """The boxes of one frame: (N, 4), class numbers (N,), ignored (N,)."""

    boxes: Floats
    classes: NDArray[np.intp]
    ignored: NDArray[np.bool_]


class Item(NamedTuple):
    """A changed frame (H, W, 3) BGR and its targets: (C, h, w), but edges (4C, h, w).

    ``whole``: frames in its batch; ``own``: whether this process learns from it.
    """

    frame: Bgr
    coverage: Floats
    normalised: Floats
    mask: Floats
    edges: Floats
    whole: int
    own: bool


@dataclass(frozen=True)
class Batch:
    """Frames (N, H, W, 3) BGR; targets and mask (N, C, h, w), but edges (N, 4C, h, w).

    ``whole``: frames in the batch of which these are one process's part.
    """

    frames: Bgr
    coverage: Floats
    normalised: Floats
    mask: Floats
    edges: Floats
    whole: int


class FrameStore:
    """Frames at training size in one file on disk, mapped into memory: (N, H, W, 3) BGR."""

    def __init__(self, pixels: Path, frames: Bgr, original_sizes: Sequence[geometry.Size]) -> None:
        self._pixels = pixels
        self.frames = frames
        self.original_sizes = tuple(original_sizes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process maps the same file."""
        return FrameStore._opened, (self._pixels.resolve(), self.original_sizes)

    @classmethod
    def _opened(cls, pixels: Path, original_sizes: Sequence[geometry.Size]) -> Self:
        return cls(pixels, np.load(pixels, mmap_mode="r"), original_sizes)

    @classmethod
    def build(
        cls,
        samples: Sequence[Sample],
        *,
        size: geometry.Size,
        folder: Path,
        progress: Progress | None = None,
    ) -> FrameStore:
        """Decode every frame once, or take what an earlier call left in ``folder``.

        Refuses with PictureMissing and with what ``read_picture`` refuses.
        """
        name = _store_name(samples, size)
        pixels, sizes = folder / f"{name}.npy", folder / f"{name}.json"
        if not samples:
            return cls(pixels, np.zeros((0, size[1], size[0], 3), np.uint8), ())
        if not (pixels.is_file() and sizes.is_file()):
            folder.mkdir(parents=True, exist_ok=True)
            _write_store(samples, size=size, pixels=pixels, sizes=sizes, progress=progress)
        originals = [(int(w), int(h)) for w, h in json.loads(sizes.read_text(encoding="utf-8"))]
        return cls._opened(pixels, originals)


def _store_name(samples: Sequence[Sample], size: geometry.Size) -> str:
    digest = hashlib.sha256(f"{size}".encode())
    for sample in samples:
        try:
            facts = sample.picture.stat()
        except OSError as error:
            raise PictureMissing(name=sample.picture.name) from error
        digest.update(f"{sample.picture}|{facts.st_size}|{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:24]


def _write_store(
    samples: Sequence[Sample],
    *,
    size: geometry.Size,
    pixels: Path,
    sizes: Path,
    progress: Progress | None,
) -> None:
    part = pixels.with_suffix(f".{os.getpid()}.part")
    try:
        shape = (len(samples), size[1], size[0], 3)
        frames = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=shape)
        originals = []

        def decode(index: int) -> geometry.Size:
            picture = read_picture(samples[index].picture)
            frames[index] = resize_frame(picture, size)
            return picture.shape[1], picture.shape[0]

        with ThreadPoolExecutor(thread_name_prefix="frames") as pool:
            try:
                for original in pool.map(decode, range(len(samples))):
                    originals.append(original)
                    if progress:
                        progress(len(originals), len(samples))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        frames.flush()
        sizes.write_text(json.dumps(originals), encoding="utf-8")
        part.replace(pixels)
    finally:
        part.unlink(missing_ok=True)


def frame_boxes(
    sample: Sample, *, classes: Sequence[str], original: geometry.Size, size: geometry.Size
) -> FrameBoxes:
    """A sample's boxes of the known classes, brought to the network's input size."""
    known = [box for box in sample.boxes if box.label in classes]
    pixels = geometry.scale(
        [(box.x1, box.y1, box.x2, box.y2) for box in known], from_size=original, to_size=size
    )
    return FrameBoxes(
        pixels,
        np.array([classes.index(box.label) for box in known], dtype=np.intp),
        np.array([box.ignore for box in known], dtype=bool),
    )


# --- augmentation


def augment(
    frame: Bgr,
    boxes: FrameBoxes,
    settings: Augmentation,
    rng: np.random.Generator,
    *,
    window: geometry.Size | None = None,
) -> tuple[Bgr, FrameBoxes]:
    """A changed frame with its boxes. Boxes that mostly left the frame become ignored.

    With ``window`` (width, height) the result is a window of that size, mostly around a box.
    """
    height, width = frame.shape[:2]
    size = (width, height)
    scale, move = _draw_affine(settings, rng, size=size, boxes=boxes, window=window)
    matrix = np.array([[scale[0], 0, move[0]], [0, scale[1], move[1]], [0, 0, 1]])
    width, height = window or size
    if rng.random() < settings.perspective:
        matrix = _draw_tilt(rng, width=width, height=height) @ matrix
    return (
        _recolour(_warp(frame, matrix, (width, height)), settings, rng),
        transform_boxes(boxes, matrix, width=width, height=height),
    )


def _draw_tilt(rng: np.random.Generator, *, width: int, height: int) -> Floats:
    """A perspective that moves every corner of the picture a little."""
    sides = np.array([width, height], np.float64)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * sides
    moved = corners + rng.uniform(-TILT, TILT, (4, 2)) * sides
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))
    return np.asarray(matrix, np.float64)


def _draw_affine(
    settings: Augmentation,
    rng: np.random.Generator,
    *,
    size: geometry.Size,
    boxes: FrameBoxes,
    window: geometry.Size | None,
) -> tuple[Floats, Floats]:
    whole, canvas = np.array(size, np.float64), np.array(window or size, np.float64)
    half = rng.uniform(-1, 1) * settings.stretch / 2
    scale = np.exp(rng.uniform(*np.log(settings.zoom)) + np.array([half, -half]))
    if window:
        aim = _draw_aim(boxes, rng, whole)
        move = canvas * rng.uniform(0.25, 0.75, 2) - scale * aim
        edge = canvas - scale * whole  # further than this the window leaves the frame
        move = np.clip(move, np.minimum(edge, 0), np.maximum(edge, 0))
    else:  # where it is enlarged the window may lie anywhere in the frame
        spare = whole * (1 - scale)
        low, high = spare / 2 - settings.shift * whole, spare / 2 + settings.shift * whole
        move = rng.uniform(np.where(scale > 1, spare, low), np.where(scale > 1, 0, high))
    if rng.random() < settings.flip:
        scale[0], move[0] = -scale[0], canvas[0] - move[0]
    return scale, move


def _draw_aim(boxes: FrameBoxes, rng: np.random.Generator, whole: Floats) -> Floats:
    """A point to look at: mostly the middle of a box, else anywhere."""
    shown = boxes.boxes[~boxes.ignored]
    if len(shown) and rng.random() < AT_A_BOX:
        box = shown[rng.integers(len(shown))]
        return np.asarray((box[:2] + box[2:]) / 2)
    return rng.uniform(0, whole)


def _warp(frame: Bgr, matrix: Floats, size: geometry.Size) -> Bgr:
    same = size == (frame.shape[1], frame.shape[0])
    if same and np.allclose(matrix, np.eye(3)):
        return np.asarray(frame)
    # Boxes speak of pixel edges, OpenCV of pixel middles: half a pixel apart.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(half) @ matrix @ half
    flat = np.allclose(matrix[2], (0, 0, 1))
    warped = (cv2.warpAffine if flat else cv2.warpPerspective)(
        np.asarray(frame),
        matrix[:2] if flat else matrix,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(FILL, FILL, FILL),
    )
    return np.asarray(warped, dtype=np.uint8)


def transform_boxes(boxes: FrameBoxes, matrix: Floats, *, width: int, height: int) -> FrameBoxes:
    """Boxes around where a projective ``matrix`` (3, 3) takes their corners, clipped."""
    corners = boxes.boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]  # (N, 4, 2)
    moved = corners @ matrix[:2, :2].T + matrix[:2, 2]
    moved = moved / (corners @ matrix[2, :2] + matrix[2, 2])[..., None]
    whole = np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1)
    inside = geometry.clip(whole, width=width, height=height)
    before, after = geometry.area(whole), geometry.area(inside)
    visible = after / np.maximum(before, 1e-9)
    cut = (visible < LEAST_VISIBLE) | ((inside[:, 2:] - inside[:, :2]).min(axis=1) < SMALLEST_SIDE)
    here = after > 0
    return FrameBoxes(inside[here], boxes.classes[here], (boxes.ignored | cut)[here])


def _recolour(frame: Bgr, settings: Augmentation, rng: np.random.Generator) -> Bgr:
    frame = _tint(frame, settings, rng)
    gain = 1 + rng.uniform(-1, 1) * settings.contrast
    gains = gain * (1 + rng.uniform(-1, 1, 3) * settings.cast)
    lift = rng.uniform(-1, 1) * settings.brightness * 255
    exposed = 255 * (np.arange(256) / 255) ** np.exp(rng.uniform(-1, 1) * settings.gamma)
    table = (exposed[:, None] - 128) * gains + 128 + lift
    frame = np.asarray(cv2.LUT(frame, np.clip(table, 0, 255).astype(np.uint8)[None]), np.uint8)
    if rng.random() < settings.blur:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), rng.uniform(0.4, 1.3)), np.uint8)
    if rng.random() < settings.motion:
        frame = np.asarray(cv2.filter2D(frame, -1, _draw_smear(rng)), np.uint8)
    if rng.random() < settings.noise:
        grain = rng.standard_normal(frame.shape, dtype=np.float32) * rng.uniform(2, 12)
        frame = np.clip(frame + grain, 0, 255).astype(np.uint8)
    if rng.random() < settings.jpeg:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*QUALITY))]
        data = cv2.imencode(".jpg", frame, quality)[1]
        frame = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return frame


def _draw_smear(rng: np.random.Generator) -> Floats:
    """A kernel that smears along a line of any direction, mostly along the road."""
    length, angle = rng.uniform(*SMEAR), rng.normal(0, 0.5)
    across = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    side = int(np.ceil(length)) // 2 * 2 + 1
    kernel = np.zeros((side, side), np.float32)
    for place in np.linspace(-1, 1, 4 * side):
        column, row = (np.round(place * across) + side // 2).astype(int)
        kernel[row, column] += 1
    return np.asarray(kernel / kernel.sum())


def _tint(frame: Bgr, settings: Augmentation, rng: np.random.Generator) -> Bgr:
    hue = rng.uniform(-1, 1) * settings.hue
    saturation = 1 + rng.uniform(-1, 1) * settings.saturation
    if rng.random() < settings.grey:
        saturation = 0.0
    hsv = cv2.cvtColor(frame, cv2.COLOR_BGR2HSV)
    tables = np.empty((256, 3))
    tables[:, 0] = (np.arange(256) + hue / 2) % 180  # OpenCV counts hue in steps of 2 degrees
    tables[:, 1] = np.clip(np.arange(256) * saturation, 0, 255)
    tables[:, 2] = np.arange(256)
    turned = cv2.LUT(hsv, tables.astype(np.uint8)[None])
    return np.asarray(cv2.cvtColor(turned, cv2.COLOR_HSV2BGR), np.uint8)


# --- targets and batches


def targets(
    boxes: FrameBoxes, *, learnt: NDArray[np.bool_], grid: Grid, ellipse: Ellipse
) -> tuple[Floats, Floats, Floats, Floats]:
    """Coverage, normalised and mask (C, h, w), edges (4C, h, w) of one frame.

    ``learnt`` (C,) tells which classes are complete here: the others teach only where a box
    is. Ignored boxes teach nothing where they lie.
    """
    count = len(learnt)
    shape = (count, grid.rows, grid.columns)
    coverage, normalised = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    edges = np.zeros((count, 4, *shape[1:]), np.float32)
    mask = np.ones(shape, np.float32) * learnt[:, None, None]
    for number in range(count):
        own = boxes.classes == number
        drawn = rasterise(boxes.boxes[own & ~boxes.ignored], grid, ellipse)
        coverage[number], normalised[number] = drawn.coverage, drawn.normalised
        edges[number] = drawn.edges
        for rows, columns in _cells(boxes.boxes[own & boxes.ignored], grid):
            mask[number, rows, columns] = 0
        mask[number][drawn.coverage > 0] = 1
    return coverage, normalised, mask, edges.reshape(4 * count, *shape[1:])


def _cells(boxes: Floats, grid: Grid) -> Iterator[tuple[slice, slice]]:
    wide, high = grid.cell
    for x1, y1, x2, y2 in boxes:
        yield (
            slice(int(y1 // high), int(np.ceil(y2 / high))),
            slice(int(x1 // wide), int(np.ceil(x2 / wide))),
        )


class TrainSet:
    """Samples ready to train on: an epoch's batches depend on seed, epoch and index only.

    Of several processes that train together, ``part`` (number, count) says which this is; each
    gets its part of every batch, which may be empty.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        store: FrameStore,
        config: DetectorConfig,
        *,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        self.store, self.config, self.part = store, config, part
        classes, size = config.classes, (config.width, config.height)
        self.boxes = [
            frame_boxes(sample, classes=classes, original=original, size=size)
            for sample, original in zip(samples, store.original_sizes, strict=True)
        ]
        self.learnt = np.array([[name in item.complete for name in classes] for item in samples])

    def __len__(self) -> int:
        return len(self.boxes)

    def steps(self, batch: int) -> int:
        """Batches in an epoch, the last short one of every pass included."""
        return -(-len(self) // batch) * self.config.passes

    def shares(
        self, epoch: int, batch: int, *, worker: int = 0, workers: int = 1, first: int = 0
    ) -> Iterator[list[tuple[int, Item]]]:
        """Of each batch from the ``first`` what this worker prepares, with its places.

        Every sample comes once in each pass. Of a batch that has nothing for this process one
        frame is prepared all the same, for its shape.
        """
        window = self.config.window_at(epoch)
        rank, ranks = self.part
        for step, (number, whole) in islice(enumerate(self._order(epoch, batch)), first, None):
            own = whole[rank::ranks]
            shown = own or whole[:1]
            turn = (worker + step) % workers  # where shares are uneven, everybody gets the larger
            yield [
                (place, self._item(number, shown[place], window, whole=len(whole), own=bool(own)))
                for place in range(turn, len(shown), workers)
            ]

    def collated(self, items: list[Item]) -> Batch:
        """Prepared items as one batch."""
        *columns, whole, own = zip(*items, strict=True)
        frames, coverage, normalised, mask, edges = (
            np.stack(column)[: sum(own)] for column in columns
        )
        return Batch(frames, coverage, normalised, mask, edges, whole[0])

    def bare(self) -> Self:
        """The same: nothing is kept in memory."""
        return self

    def _order(self, epoch: int, batch: int) -> Iterator[tuple[int, list[int]]]:
        passes = self.config.passes
        for number in range((epoch - 1) * passes, epoch * passes):
            order = np.random.default_rng((self.config.seed, number)).permutation(len(self))
            for start in range(0, len(order), batch):
                yield number, order[start : start + batch].tolist()

    def _item(
        self, number: int, index: int, window: geometry.Size | None, *, whole: int, own: bool
    ) -> Item:
        grid = self.config.grid.sized(*window) if window else self.config.grid
        frame, boxes = augment(
            self.store.frames[index],
            self.boxes[index],
            self.config.augmentation,
            np.random.default_rng((self.config.seed, number, index, 1)),
            window=window,
        )
        learnt, ellipse = self.learnt[index], self.config.ellipse
        taught = targets(boxes, learnt=learnt, grid=grid, ellipse=ellipse)
        return Item(frame, *taught, whole=whole, own=own)
