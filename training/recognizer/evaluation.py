"""What an evaluation tells beyond two figures: where the reader errs, and how sure it is then.

All of it is plain JSON of bounded size: lists are cut to the counts below.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from annotations import plate_formats
from annotations.vision import crops as vision
from annotations.vision.crops import Bgr
from training.recognizer import calibration, metrics
from training.recognizer.predict import PlateRead

MOST_CELLS = 40
CROPS_OF_A_CELL = 6
MOST_WORST = 24
MOST_GROUPS = 20
_POINTS = 41  # of the curve
_HEIGHTS = (16, 24, 32, 48, 64, 96)  # pixels
_BRIGHTNESSES = (50, 90, 130, 170)  # mean grey, 0..255
_SHARPNESSES = (100, 300, 1000, 3000)  # variance of the Laplacian, as annotations.vision


@dataclass(frozen=True)
class Facts:
    """What a crop is: its id for the page (or its file), its measures, where it comes from."""

    crop: int | str
    height: int
    sharpness: float
    brightness: float  # mean grey, 0..255
    groups: Mapping[str, str] = field(default_factory=dict)  # such as {"video": "gate.mp4"}


@dataclass(frozen=True)
class Examined:
    """A crop with its true text and what was read."""

    facts: Facts
    truth: str
    read: PlateRead

    @property
    def right(self) -> bool:
        return self.truth == self.read.text


def facts_of(picture: Bgr, crop: int | str, groups: Mapping[str, str] | None = None) -> Facts:
    """Measure a crop, uint8 BGR (H, W, 3)."""
    return Facts(
        crop,
        picture.shape[0],
        vision.sharpness(picture),
        float(picture.mean()),
        groups or {},
    )


def report(
    examined: Sequence[Examined], patterns: Iterable[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Everything but the headline figures; ``patterns`` are (name, pattern) of plate formats.

    edit_distance (mean per text), greedy_exact, calibration_error, reliability, curve,
    confusions, by (measure or group -> rows), worst.
    """
    if not examined:
        return {}
    table = calibration.reliability(
        [each.read.confidence for each in examined], [each.right for each in examined]
    )
    distances = [metrics.edit_distance(each.truth, each.read.text) for each in examined]
    return {
        "edit_distance": round(sum(distances) / len(distances), 4),
        "greedy_exact": round(_share(e.truth == e.read.greedy for e in examined), 4),
        "calibration_error": round(calibration.expected_error(table), 4),
        "reliability": [_rounded(asdict(each)) for each in table],
        "curve": curve(examined),
        "confusions": confusions(examined),
        "by": breakdowns(examined, patterns),
        "worst": worst(examined),
    }


def curve(examined: Sequence[Examined]) -> list[dict[str, float]]:
    """How exact the reads are that a confidence threshold lets through, and their share.

    From the highest threshold down; at most 41 points, the last covers every read.
    """
    ordered = sorted(examined, key=lambda each: -each.read.confidence)
    right = np.cumsum([each.right for each in ordered])
    count = len(ordered)
    # only where the next read is less sure does a threshold cut
    cuts = [
        n
        for n in range(1, count + 1)
        if n == count or ordered[n - 1].read.confidence > ordered[n].read.confidence
    ]
    wanted = np.linspace(0, len(cuts) - 1, min(_POINTS, len(cuts))).round().astype(int)
    return [
        _rounded(
            {
                "threshold": ordered[n - 1].read.confidence,
                "coverage": n / count,
                "exact": float(right[n - 1]) / n,
            }
        )
        for n in (cuts[at] for at in wanted)
    ]


def confusions(examined: Sequence[Examined]) -> list[dict[str, Any]]:
    """Characters read as others, most frequent first, each with crops where it happened.

    "" stands for a character that is missing (read) or invented (truth). ``of`` counts how
    often the true character occurs.
    """
    occurs = Counter(character for each in examined for character in each.truth)
    crops: dict[metrics.Pair, list[Examined]] = defaultdict(list)
    for each in examined:
        for pair in metrics.align(each.truth, each.read.text):
            if pair[0] != pair[1]:
                crops[pair].append(each)
    cells = sorted(crops.items(), key=lambda cell: (-len(cell[1]), cell[0]))
    return [
        {
            "truth": truth,
            "read": read,
            "count": len(found),
            "of": occurs[truth],
            "crops": [_shown(each) for each in found[:CROPS_OF_A_CELL]],
        }
        for (truth, read), found in cells[:MOST_CELLS]
    ]


def breakdowns(
    examined: Sequence[Examined], patterns: Iterable[tuple[str, str]] = ()
) -> dict[str, list[dict[str, Any]]]:
    """Exactness by height, sharpness, brightness, format and every group that crops have."""
    known = list(patterns)
    found = {
        "height": _by_measure(examined, [e.facts.height for e in examined], _HEIGHTS),
        "sharpness": _by_measure(examined, [e.facts.sharpness for e in examined], _SHARPNESSES),
        "brightness": _by_measure(examined, [e.facts.brightness for e in examined], _BRIGHTNESSES),
    }
    if known:
        found["format"] = _by_name(examined, [_format(e.truth, known) for e in examined])
    for group in sorted({name for each in examined for name in each.facts.groups}):
        found[group] = _by_name(examined, [e.facts.groups.get(group, "") for e in examined])
    return found


def worst(examined: Sequence[Examined]) -> list[dict[str, Any]]:
    """The wrong reads the reader was surest of, and how wrong they are."""
    wrong = [each for each in examined if not each.right]
    wrong.sort(key=lambda each: (-each.read.confidence, str(each.facts.crop)))
    return [
        {**_shown(each), "distance": metrics.edit_distance(each.truth, each.read.text)}
        for each in wrong[:MOST_WORST]
    ]


def _shown(each: Examined) -> dict[str, Any]:
    return {
        "crop": each.facts.crop,
        "truth": each.truth,
        "read": each.read.text,
        "confidence": round(each.read.confidence, 4),
    }


def _by_measure(
    examined: Sequence[Examined], values: Sequence[float], limits: Sequence[float]
) -> list[dict[str, Any]]:
    """Rows {low, high (None: no limit), count, exact, char}, empty ones left out."""
    parts: dict[int, list[Examined]] = defaultdict(list)
    for each, value in zip(examined, values, strict=True):
        parts[sum(value >= limit for limit in limits)].append(each)
    edges = [None, *limits, None]
    return [
        {"low": edges[at], "high": edges[at + 1], **_figures(parts[at])} for at in sorted(parts)
    ]


def _by_name(examined: Sequence[Examined], names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows {name, count, exact, char}, the largest first."""
    parts: dict[str, list[Examined]] = defaultdict(list)
    for each, name in zip(examined, names, strict=True):
        parts[name].append(each)
    largest = sorted(parts.items(), key=lambda part: (-len(part[1]), part[0]))
    return [{"name": name, **_figures(part)} for name, part in largest[:MOST_GROUPS]]


def _figures(part: Sequence[Examined]) -> dict[str, float]:
    pairs = [(each.truth, each.read.text) for each in part]
    return {
        "count": len(pairs),
        "exact": round(metrics.exact(pairs), 4),
        "char": round(metrics.character_accuracy(pairs), 4),
    }


def _format(text: str, patterns: Sequence[tuple[str, str]]) -> str:
    """The name of the first format that the text has, "" for none."""
    return next((name for name, form in patterns if plate_formats.fits(text, form)), "")


def _share(hits: Iterable[bool]) -> float:
    found = list(hits)
    return sum(found) / len(found)


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}
