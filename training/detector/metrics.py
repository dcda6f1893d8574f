"""How good a detector is: detections against the boxes people drew.

Ours: IoU of float boxes and average precision as the area under the precision-recall curve
of the VOC 2010 development kit. Sampled (VOC 2007, 11 points) and the toolkit's own
definitions stand beside it for comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training import bounds
from training.detector.cluster import overlaps

Floats = NDArray[np.floating[Any]]
Pair = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Boxes outside these width and height bounds (pixels) do not count, on either side."""

    smallest: Pair = (0.0, 0.0)
    largest: Pair = (float("inf"), float("inf"))

    def inside(self, boxes: Floats) -> NDArray[np.bool_]:
        """Which of boxes (N, 4+) count: (N,)."""
        sides = boxes[:, 2:4] - boxes[:, :2]
        fits: NDArray[np.bool_] = np.all(
            (sides >= np.asarray(self.smallest)) & (sides <= np.asarray(self.largest)), axis=1
        )
        return fits


@dataclass(frozen=True)
class FrameTruth:
    """One class on one frame: boxes to find (G, 4) and boxes that count neither way (I, 4)."""

    boxes: Floats
    ignored: Floats = field(default_factory=lambda: np.zeros((0, 4)))


def without_small(
    truth: FrameTruth, found: Floats, *, height: float, iou: float = 0.5
) -> tuple[FrameTruth, Floats]:
    """Truth and detections (K, 5) where boxes lower than ``height`` count neither way.

    A small detection stays if it reaches ``iou`` with a box that counts.
    """
    low = truth.boxes[:, 3] - truth.boxes[:, 1] < height
    wanted = truth.boxes[~low]
    stays = found[:, 3] - found[:, 1] >= height
    if len(wanted) and len(found):
        stays = stays | (overlaps(found[:, :4], others=wanted) >= iou).any(axis=1)
    ignored = np.concatenate([truth.ignored.reshape(-1, 4), truth.boxes[low]])
    return FrameTruth(wanted, ignored), found[stays]


@dataclass(frozen=True)
class Matched:
    """Detections of one class over all frames, best first: hit (K,), confidence (K,)."""

    hits: NDArray[np.bool_]
    confidence: Floats
    objects: int

    @property
    def hit_count(self) -> int:
        """Detections that found a box no better one had found."""
        return int(self.hits.sum())

    @property
    def false_count(self) -> int:
        """Detections that found nothing, or found it again."""
        return len(self.hits) - self.hit_count

    @property
    def precision(self) -> float:
        """Share of detections that hit, 0..1; 0 without detections."""
        return self.hit_count / len(self.hits) if len(self.hits) else 0.0

    @property
    def recall(self) -> float:
        """Share of boxes found, 0..1; 0 without boxes."""
        return self.hit_count / self.objects if self.objects else 0.0

    def with_false(self, most: int) -> Matched:
        """The best detections, as long as at most so many of them are false."""
        kept = int(np.searchsorted(np.cumsum(~self.hits), most, side="right"))
        return Matched(self.hits[:kept], self.confidence[:kept], self.objects)

    def above(self, threshold: float) -> Matched:
        """Only the detections with at least this confidence."""
        keep = self.confidence >= threshold
        return Matched(self.hits[keep], self.confidence[keep], self.objects)


def match(
    truths: Sequence[FrameTruth],
    detections: Sequence[Floats],
    *,
    iou: float = 0.5,
    sizes: Sizes | None = None,
    whole_pixels: bool = False,
) -> Matched:
    """Match detections (K, 5), x1 y1 x2 y2 confidence, frame by frame with the truth.

    In order of confidence each detection goes to the box it overlaps most; it is a hit if the
    IoU reaches ``iou`` and nobody was there before. Detections that lie on an ignored box
    (half of their area inside, or the IoU) and hit nothing are left out. ``whole_pixels``
    rounds first and counts border pixels, as the toolkit does.
    """
    sizes = sizes or Sizes()
    hits: list[bool] = []
    confidence: list[float] = []
    objects = 0
    for truth, found in zip(truths, detections, strict=True):
        boxes, found = truth.boxes.reshape(-1, 4), found.reshape(-1, 5)
        boxes, found = boxes[sizes.inside(boxes)], found[sizes.inside(found)]
        objects += len(boxes)
        verdicts = claims(boxes, found, iou=iou, whole_pixels=whole_pixels) >= 0
        counted = verdicts | ~_on_ignored(found[:, :4], truth.ignored.reshape(-1, 4), iou)
        hits.extend(verdicts[counted].tolist())
        confidence.extend(found[counted, 4].tolist())
    order = np.argsort(-np.asarray(confidence), kind="stable")
    return Matched(np.asarray(hits, dtype=bool)[order], np.asarray(confidence)[order], objects)


def claims(
    boxes: Floats, found: Floats, *, iou: float = 0.5, whole_pixels: bool = False
) -> NDArray[np.intp]:
    """Which of the boxes (G, 4) each detection (K, 5) on their frame hits: (K,), -1 for none."""
    claimed = np.full(len(found), -1)
    if not len(boxes) or not len(found):
        return claimed
    sides = found[:, :4]
    if whole_pixels:
        boxes, sides = np.round(boxes), np.round(sides)
    shared = overlaps(sides, others=boxes, border=1.0 if whole_pixels else 0.0)
    best = shared.argmax(axis=1).tolist()
    taken: set[int] = set()
    for place in np.argsort(-found[:, 4], kind="stable").tolist():
        box = best[place]
        if shared[place, box] >= iou and box not in taken:
            taken.add(box)
            claimed[place] = box
    return claimed


def false_ones(truth: FrameTruth, found: Floats, *, iou: float = 0.5) -> NDArray[np.bool_]:
    """Which detections (K, 5) on a frame hit nothing and lie on nothing ignored: (K,)."""
    wrong = claims(truth.boxes.reshape(-1, 4), found, iou=iou) < 0
    return wrong & ~_on_ignored(found[:, :4], truth.ignored.reshape(-1, 4), iou)


def _on_ignored(found: Floats, ignored: Floats, iou: float) -> NDArray[np.bool_]:
    if not len(ignored) or not len(found):
        return np.zeros(len(found), dtype=bool)
    low = np.maximum(found[:, None, :2], ignored[None, :, :2])
    high = np.minimum(found[:, None, 2:], ignored[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    areas = np.maximum((found[:, 2:] - found[:, :2]).prod(axis=1), 1e-9)
    covered: NDArray[np.bool_] = (shared / areas[:, None] >= 0.5).any(axis=1)
    return covered | (overlaps(found, others=ignored) >= iou).any(axis=1)


def curve(matched: Matched) -> tuple[Floats, Floats]:
    """Recall and precision after each detection, best first: (K,), (K,)."""
    hits = np.cumsum(matched.hits)
    recall = hits / max(matched.objects, 1)
    return recall, hits / np.arange(1, len(hits) + 1)


def average_precision(matched: Matched) -> float:
    """Area under the curve, precision made non-increasing (VOC 2010), 0..1; 0 without boxes."""
    if not matched.objects or not len(matched.hits):
        return 0.0
    recall, precision = curve(matched)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * best).sum())


def average_precision_11(matched: Matched) -> float:
    """Mean of the best precision at recall 0, 0.1 ... 1 (VOC 2007), 0..1."""
    if not matched.objects or not len(matched.hits):
        return 0.0
    recall, precision = curve(matched)
    points = [
        precision[recall >= point - 1e-12].max(initial=0.0) for point in np.linspace(0, 1, 11)
    ]
    return float(np.mean(points))


def average_precision_tao(matched: Matched) -> float:
    """The toolkit's "integrate": lacks the first recall step, so n perfect boxes give (n-1)/n.

    Each step of recall counts with the best precision from its left end on, the last recall
    reached being left out.
    """
    if not matched.objects or not len(matched.hits):
        return 0.0
    recall, precision = curve(matched)
    levels, starts = np.unique(recall, return_index=True)
    peaks = np.maximum.reduceat(precision, starts)[:-1]  # per level of recall
    best = np.maximum.accumulate(peaks[::-1])[::-1]
    return float((np.diff(levels) * best).sum())


def best_threshold(matched: Matched, *, default: float) -> float:
    """Confidence where recall and precision are best together (F1); ``default`` if nothing hits.

    The middle of all around it that are not worse by more than a standard error: where a few
    frames say the same of 0.3 and of 0.6, their best lies at either end by chance.
    """
    if not matched.hit_count:
        return default
    recall, precision = curve(matched)
    # Only between different confidences can a threshold cut: halfway to the next weaker one.
    weaker = np.append(matched.confidence[1:], 0.0)
    places = np.flatnonzero(weaker < matched.confidence)
    harmony = (2 * recall * precision / np.maximum(recall + precision, 1e-12))[places]
    cuts = ((matched.confidence + weaker) / 2)[places]
    best = int(np.argmax(harmony))
    least = harmony[best] - bounds.standard_error(float(harmony[best]), matched.objects)
    worse = np.flatnonzero(harmony < least)
    first = int(worse[worse < best].max(initial=-1)) + 1
    last = int(worse[worse > best].min(initial=len(places))) - 1
    return float(cuts[first] + cuts[last]) / 2
