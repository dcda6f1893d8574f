"""What an evaluation tells of a detector: figures per label, where it errs, and on what.

All of it is plain JSON of bounded size: lists are cut to the counts below. Boxes are in the
pixels that truth and detections are given in, those of the original frame in reports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.detector import metrics

Floats = NDArray[np.floating[Any]]

DEFAULT_THRESHOLD = 0.3
STRICT = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))  # IoU 0.5 to 0.95, as COCO
MOST_SHOWN = 24
MOST_GROUPS = 20
_POINTS = 41  # of the curve
_HEIGHTS = (8, 12, 16, 24, 32, 48, 96, 192)  # pixels


@dataclass(frozen=True)
class Facts:
    """What a frame is: its id for the page (or its file), (width, height), where it is from."""

    frame: int | str = ""
    size: tuple[int, int] = (0, 0)
    groups: Mapping[str, str] = field(default_factory=dict)  # such as {"video": "gate.mp4"}


@dataclass(frozen=True)
class Seen:
    """One class on one frame: what is there, what was found (K, 5): x1 y1 x2 y2 confidence."""

    truth: metrics.FrameTruth
    found: Floats
    facts: Facts = field(default_factory=Facts)


class Tally:
    """Detections and truth of many frames, by class, until the figures are asked for."""

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self.seen: dict[str, list[Seen]] = {name: [] for name in classes}

    def add(
        self,
        truths: Mapping[str, metrics.FrameTruth],
        found: Mapping[str, Floats],
        facts: Facts | None = None,
    ) -> None:
        """One frame: what is there and what was found, (K, 5) per class, in the same pixels."""
        for name, truth in truths.items():
            self.seen[name].append(Seen(truth, found[name], facts or Facts()))

    def matched(self, name: str, *, iou: float = 0.5) -> metrics.Matched:
        """One class over all frames."""
        return _matched(self.seen[name], iou=iou)

    def thresholds(self) -> dict[str, float]:
        """The confidence per class where recall and precision are best together."""
        return {
            name: metrics.best_threshold(self.matched(name), default=DEFAULT_THRESHOLD)
            for name in self.classes
        }

    def figures(self, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """The headline of each label, and "map", the mean AP of the labels that have objects.

        "recall_50_one_false" is the recall where there is one false box a picture.
        """
        result: dict[str, Any] = {}
        for name in self.classes:
            matched = self.matched(name)
            shown = matched.above(thresholds[name])
            result[name] = {
                "images": len(self.seen[name]),
                "objects": matched.objects,
                "recall_50": shown.recall,
                "precision_50": shown.precision,
                "ap_50": metrics.average_precision(matched),
                "recall_50_one_false": matched.with_false(len(self.seen[name])).recall,
                "threshold": thresholds[name],
            }
        return {**result, "map": self.mean_ap()}

    def mean_ap(self) -> float:
        """The mean AP at IoU 0.5 of the labels that have objects, 0 where none has."""
        every = [self.matched(name) for name in self.classes]
        present = [metrics.average_precision(one) for one in every if one.objects]
        return float(np.mean(present)) if present else 0.0

    def report(self, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """Everything but the headline, of the labels that were there to be found or judged."""
        labels = {
            name: label_report(self.seen[name], thresholds[name])
            for name in self.classes
            if self.seen[name]
        }
        return {"labels": labels} if labels else {}


def label_report(seen: Sequence[Seen], threshold: float) -> dict[str, Any]:
    """One label: AP in other definitions, the curve, what is found by height and by group.

    ap_50_95 (mean over IoU 0.5 to 0.95), ap_50_11 (11 points), ap_50_tao (the toolkit's), curve,
    by (measure or group -> rows), false (surest first), missed (largest first); the last three
    at ``threshold``.
    """
    shown = [_above(each, threshold) for each in seen]
    return {
        "threshold": round(threshold, 4),
        "ap_50_95": round(
            float(np.mean([metrics.average_precision(_matched(seen, iou=iou)) for iou in STRICT])),
            4,
        ),
        "ap_50_11": round(metrics.average_precision_11(_matched(seen)), 4),
        "ap_50_tao": round(metrics.average_precision_tao(_matched(seen, whole_pixels=True)), 4),
        "curve": curve(_matched(seen)),
        "by": breakdowns(shown),
        "false": false_ones(shown),
        "missed": missed(shown),
    }


def curve(matched: metrics.Matched) -> list[dict[str, float]]:
    """Recall and precision a confidence threshold gives, highest first; at most 41 points.

    Evenly spread over the recall that is reached; the last point is the lowest threshold.
    """
    recall, precision = metrics.curve(matched)
    # only where the next detection is less sure does a threshold cut
    cuts = np.flatnonzero(np.append(np.diff(matched.confidence) < 0, bool(len(recall))))
    if not len(cuts):
        return []
    levels = np.linspace(0, recall[-1], _POINTS - 1)
    places = np.searchsorted(recall[cuts], levels - 1e-12)
    chosen = sorted({0, *places.tolist(), len(cuts) - 1})[-_POINTS:]
    return [
        {
            "threshold": round(float(matched.confidence[at]), 4),
            "recall": round(float(recall[at]), 4),
            "precision": round(float(precision[at]), 4),
        }
        for at in cuts[chosen]
    ]


def breakdowns(seen: Sequence[Seen]) -> dict[str, list[dict[str, Any]]]:
    """Share found by height, and what is found and right by every group that frames have."""
    rows = {"height": _by_height(seen)}
    for group in sorted({name for each in seen for name in each.facts.groups}):
        parts: dict[str, list[Seen]] = defaultdict(list)
        for each in seen:
            parts[each.facts.groups.get(group, "")].append(each)
        figures = [{"name": name, **_group_figures(part)} for name, part in parts.items()]
        figures.sort(key=lambda row: (-row["count"], row["name"]))
        rows[group] = figures[:MOST_GROUPS]
    return rows


def _group_figures(part: Sequence[Seen]) -> dict[str, Any]:
    matched = _matched(part)
    return {
        "count": matched.objects,
        "frames": len(part),
        "recall": round(matched.recall, 4),
        "precision": round(matched.precision, 4),
    }


def _by_height(seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """Rows {low, high (None: no limit), count, recall}, empty ones left out."""
    parts: dict[int, list[bool]] = defaultdict(list)
    for each in seen:
        heights = each.truth.boxes[:, 3] - each.truth.boxes[:, 1]
        for place, hit in zip(np.digitize(heights, _HEIGHTS), _found(each), strict=True):
            parts[int(place)].append(bool(hit))
    edges = [None, *_HEIGHTS, None]
    return [
        {
            "low": edges[place],
            "high": edges[place + 1],
            "count": len(parts[place]),
            "recall": round(sum(parts[place]) / len(parts[place]), 4),
        }
        for place in sorted(parts)
    ]


def false_ones(seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """Detections that are nothing, surest first."""
    wrong = [
        (float(row[4]), each.facts, row[:4])
        for each in seen
        for row in each.found[metrics.false_ones(each.truth, each.found)]
    ]
    wrong.sort(key=lambda item: -item[0])
    return [
        {**_shown(facts, box), "confidence": round(sure, 4)}
        for sure, facts, box in wrong[:MOST_SHOWN]
    ]


def missed(seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """Boxes that nothing found, largest first."""
    lost = [(each.facts, box) for each in seen for box in each.truth.boxes[~_found(each)]]
    lost.sort(key=lambda item: float(item[1][1] - item[1][3]))
    return [_shown(facts, box) for facts, box in lost[:MOST_SHOWN]]


def _shown(facts: Facts, box: Floats) -> dict[str, Any]:
    return {
        "frame": facts.frame,
        "size": list(facts.size),
        "box": [round(float(side), 1) for side in box],
    }


def _found(each: Seen) -> NDArray[np.bool_]:
    """Which of the boxes that are there some detection found: (G,)."""
    hit = np.zeros(len(each.truth.boxes), dtype=bool)
    claims = metrics.claims(each.truth.boxes, each.found)
    hit[claims[claims >= 0]] = True
    return hit


def _above(each: Seen, threshold: float) -> Seen:
    return Seen(each.truth, each.found[each.found[:, 4] >= threshold], each.facts)


def _matched(
    seen: Sequence[Seen], *, iou: float = 0.5, whole_pixels: bool = False
) -> metrics.Matched:
    truths, found = [each.truth for each in seen], [each.found for each in seen]
    return metrics.match(truths, found, iou=iou, whole_pixels=whole_pixels)
