"""How well a detector finds real plates and cars, source by source, and what a training gains.

    python benchmarks/detector.py score MODEL [--fold 0] [--tiles 2] [--around-cars]
        [--[no-]verify]
    python benchmarks/detector.py train --out DIR [--from MODEL] [--fold 0] [--set epochs=22]

The real pictures lie beside the project (``--plates``, default ../shared/plates: manifest.csv
and cars.csv with file, x, y, w, h in pixels); without them this says so and does nothing. They
are personal data and stay there.

``train`` holds back a fifth of the pictures by the hash of their names, trains on the others
and scores what it held back. Its thresholds are chosen on the held-back fifth too, so recall
and precision are a little too good; AP does not depend on thresholds. ``MODEL`` may be
``starter``.

Figures: recall and precision at the model's own thresholds and IoU 0.5, AP (VOC 2010), and the
recall at as many false boxes as there are pictures. Cars under 8 % of the picture's height
count neither way: cars.csv has only some of them.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from annotations.vision.crops import read_picture
from training import starters
from training.detector import metrics
from training.detector.config import DetectorConfig
from training.detector.data import Sample, SampleBox
from training.detector.fit import fit
from training.detector.predict import Detector

FOLDS = 5
FRAMES = "video-frames"  # plates there are drawn by eye: cars only
SMALLEST_CAR = 0.08  # of the picture's height


def pictures(folder: Path) -> dict[str, Sample]:
    """Every picture with its boxes. Cars are complete only where cars.csv has the picture."""
    boxes: dict[str, list[SampleBox]] = defaultdict(list)
    for line in _lines(folder / "manifest.csv"):
        if line["file"].startswith("full/"):
            boxes[line["file"]].append(_box(line, "plate"))
    listed, cars = set(boxes), set()
    for line in _lines(folder / "cars.csv"):
        cars.add(line["file"])
        if line["label"] == "car" or line["file"] not in listed:
            boxes[line["file"]].append(_box(line, line["label"]))
    return {
        file: Sample(
            folder / file,
            tuple(own),
            frozenset({"plate", "car"}) if file in cars else frozenset({"plate"}),
        )
        for file, own in sorted(boxes.items())
    }


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _box(line: dict[str, str], label: str) -> SampleBox:
    x, y, w, h = (float(line[name]) for name in ("x", "y", "w", "h"))
    return SampleBox(label, x, y, x + w, y + h)


def fold_of(file: str) -> int:
    """Which fifth a picture is in."""
    return hashlib.sha256(file.encode()).digest()[0] % FOLDS


def score(detector: Detector, samples: dict[str, Sample], **looks: Any) -> None:
    """Print the figures of every source and of all. ``looks``: as Detector.detect takes them."""
    truths: dict[tuple[str, str], list[metrics.FrameTruth]] = defaultdict(list)
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for file, sample in samples.items():
        picture = read_picture(sample.picture)
        seen = detector.detect([picture], confidence=0.0, **looks)[0]
        source = file.split("/")[1]
        for label in ("plate", "car"):
            if label not in sample.complete or (label == "plate" and source == FRAMES):
                continue
            least = SMALLEST_CAR * len(picture) if label == "car" else 0.0
            truth, rows = _judged(sample, seen, label=label, least=least)
            for group in (source, "all"):
                truths[label, group].append(truth)
                found[label, group].append(rows)
    for label in ("plate", "car"):
        print(f"{label}, threshold {detector.thresholds[label]:.2f}")
        for (name, group), frames in sorted(truths.items()):
            if name == label:
                print(f"  {group:14} {_figures(detector, label, frames, found[name, group])}")


def _judged(
    sample: Sample, seen: list[Any], *, label: str, least: float
) -> tuple[metrics.FrameTruth, Any]:
    own = [(b.x1, b.y1, b.x2, b.y2) for b in sample.boxes if b.label == label]
    rows = [(*d.box, d.confidence) for d in seen if d.label == label]
    truth = metrics.FrameTruth(np.array(own, float).reshape(-1, 4))
    found = np.array(rows, float).reshape(-1, 5)
    return metrics.without_small(truth, found, height=least)


def _figures(detector: Detector, label: str, frames: Any, rows: Any) -> str:
    matched = metrics.match(frames, rows)
    shown = matched.above(detector.thresholds[label])
    at_one = matched.with_false(len(frames)).recall
    return (
        f"{len(frames):4} pictures {matched.objects:4} objects  recall {shown.recall:.3f}  "
        f"precision {shown.precision:.3f}  AP {metrics.average_precision(matched):.3f}  "
        f"recall at one false box a picture {at_one:.3f}"
    )


def train(given: argparse.Namespace, samples: dict[str, Sample]) -> None:
    """Train on four fifths, score the other."""
    changes = dict(item.split("=", 1) for item in given.set)
    settings = {name: json.loads(value) for name, value in changes.items()}
    size = {"width": 640, "height": 384}
    config = DetectorConfig.of("standard", **{"classes": ("car", "plate"), **size, **settings})
    learnt = [sample for file, sample in samples.items() if fold_of(file) != given.fold]
    held = {file: sample for file, sample in samples.items() if fold_of(file) == given.fold}
    begun = time.perf_counter()
    init = _model(given.start) if given.start else None
    for epoch in fit(config, learnt, list(held.values()), given.out, init=init):
        told = ", ".join(f"{name} {value:.4f}" for name, value in epoch.metrics.items())
        print(f"epoch {epoch.epoch} {time.perf_counter() - begun:.0f} s: {told}", flush=True)
    detector = Detector.load(given.out)
    score(detector, held, verify=detector.verifies)


def _model(given: str) -> Path:
    return starters.path("detector") if given == "starter" else Path(given)


def main() -> None:
    """Score a model, or train one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--plates", type=Path, default=ROOT.parent / "shared" / "plates")
    parser.add_argument("--threads", type=int, default=0, help="of torch (default: all cores)")
    doors = parser.add_subparsers(dest="door", required=True)
    scoring = doors.add_parser("score")
    scoring.add_argument("model")
    scoring.add_argument("--fold", type=int, help="only this fifth (default: every picture)")
    scoring.add_argument("--tiles", type=int, default=1)
    scoring.add_argument("--around-cars", action="store_true")
    scoring.add_argument("--verify", action=argparse.BooleanOptionalAction)
    learning = doors.add_parser("train")
    learning.add_argument("--out", type=Path, required=True)
    learning.add_argument("--from", dest="start")
    learning.add_argument("--fold", type=int, default=0)
    learning.add_argument("--set", action="append", default=[], metavar="NAME=JSON")
    given = parser.parse_args()
    if not (given.plates / "manifest.csv").is_file():
        print(f"skipped: no real plates in {given.plates}")
        return
    if given.threads:
        torch.set_num_threads(given.threads)
        cv2.setNumThreads(given.threads)
    samples = pictures(given.plates)
    if given.door == "train":
        train(given, samples)
        return
    if given.fold is not None:
        samples = {file: sample for file, sample in samples.items() if fold_of(file) == given.fold}
    detector = Detector.load(_model(given.model))
    verify = detector.verifies if given.verify is None else given.verify
    score(detector, samples, tiles=given.tiles, around_cars=given.around_cars, verify=verify)


if __name__ == "__main__":
    main()
