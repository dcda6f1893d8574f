"""Evaluate networks and read plates on single pictures and manifests (DESIGN.md section 5).

Pure: pictures and tables in, figures and tables out. Needs torch.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from annotations.errors import BoxOutsidePicture
from annotations.formats import archives, manifest
from annotations.vision import boxes as geometry
from annotations.vision import crops as vision
from annotations.vision.boxes import Xyxy
from training.detector.data import Sample, SampleBox
from training.detector.evaluation import Facts
from training.detector.predict import Detector
from training.detector.predict import evaluate as evaluate_samples
from training.errors import BoxListedTwice, LabelUnknownToModel, NoPictures
from training.loader import prefetch
from training.recognizer import evaluation, metrics
from training.recognizer.predict import Recognizer

__all__ = [
    "Detector",
    "Listed",
    "Prediction",
    "Recognizer",
    "evaluate_detector",
    "evaluate_recognizer",
    "listed",
    "read_images",
    "write",
]

COLUMNS = ("file", "label", "x1", "y1", "x2", "y2", "text", "confidence")
PLATE = "plate"
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
ON_PLATE_IOU = 0.3  # a detection "on the plate" (PEERS.md section 1)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Prediction:
    """One line of ``--out``."""

    file: str
    label: str
    box: Xyxy
    text: str
    confidence: float

    def cells(self) -> tuple[str, ...]:
        sides = (f"{side:.2f}" for side in self.box)
        return (self.file, self.label, *sides, self.text, f"{self.confidence:.4f}")


@dataclass(frozen=True)
class Listed:
    """A line of a manifest: a picture, perhaps a box on it, perhaps its text.

    ``problem``: why its box and text cannot be used, in a sentence.
    """

    file: str
    path: Path
    box: Xyxy | None
    label: str
    text: str
    problem: str = ""


def listed(path: Path) -> list[Listed]:
    """The lines of a manifest CSV, or the pictures of a folder, in order.

    Raises NoPictures when there is none, and the refusals of a manifest.
    """
    rows = list(_of_folder(path)) if path.is_dir() else list(_of_manifest(path))
    if all(row.problem for row in rows):
        raise NoPictures(name=path.name)
    return rows


def _of_folder(folder: Path) -> Iterator[Listed]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES:
            yield Listed(path.relative_to(folder).as_posix(), path, None, "", "")


def _of_manifest(path: Path) -> Iterator[Listed]:
    with archives.open_source(path) as source:
        rows = manifest.read_rows(source, path.name)
    for row in rows:
        box: Xyxy | None = None
        if row.box is not None:
            x, y, width, height = row.box
            box = (x, y, x + width, y + height)
        text = "".join(c for c in row.text.upper() if c.isalnum())
        problem = "" if row.problem is None else str(row.problem)
        yield Listed(row.file, path.parent / row.file, box, row.label or PLATE, text, problem)


def write(path: Path, predictions: Iterable[Prediction]) -> None:
    """Write predictions as CSV; cells that a spreadsheet would compute are guarded."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(manifest.guarded_rows([p.cells() for p in predictions]))


def evaluate_recognizer(
    recognizer: Recognizer, rows: Sequence[Listed], progress: Progress
) -> tuple[dict[str, Any], list[Prediction]]:
    """Read the ground-truth crops. Figures over those with a text; predictions for all.

    Figures: {"crops", "exact", "char", "ms_per_crop"}; ms of reading, not of decoding files;
    and "report" (training.recognizer.evaluation), where crops are named by their file; and
    "left_out", a sentence for every line that counts for nothing, where there are such.
    """
    left_out = [row.problem for row in rows if row.problem]
    rows = [row for row in rows if not row.problem]
    predictions: list[Prediction] = []
    pairs: list[tuple[str, str]] = []
    examined: list[evaluation.Examined] = []
    spent = 0.0
    for file, group in groupby(rows, key=lambda row: row.path):
        picture = vision.read_picture(file)
        whole = (0.0, 0.0, float(picture.shape[1]), float(picture.shape[0]))
        part, crops = [], []
        for row in group:
            try:
                crops.append(vision.crop_plate(picture, row.box or whole))
                part.append(row)
            except BoxOutsidePicture as error:
                left_out.append(f"{row.file}: {error}")
        begun = time.perf_counter()
        said = recognizer.read(crops) if crops else []
        spent += time.perf_counter() - begun
        for row, crop, read in zip(part, crops, said, strict=True):
            box = row.box or whole
            predictions.append(Prediction(row.file, row.label, box, read.text, read.confidence))
            if row.text:
                pairs.append((row.text, read.text))
                facts = evaluation.facts_of(crop, row.file)
                examined.append(evaluation.Examined(facts, row.text, read))
        progress(len(predictions), len(rows))
    figures: dict[str, Any] = {
        "crops": len(pairs),
        "exact": metrics.exact(pairs),
        "char": metrics.character_accuracy(pairs),
        "ms_per_crop": 1000 * spent / max(len(predictions), 1),
        "report": evaluation.report(examined),
    } | _told(left_out)
    return figures, predictions


def evaluate_detector(
    detector: Detector,
    rows: Sequence[Listed],
    progress: Progress,
    *,
    tiles: int = 1,
    around_cars: bool = False,
    verify: bool | None = None,
    smallest: Mapping[str, float] | None = None,
) -> tuple[dict[str, Any], list[Prediction]]:
    """Find objects on the manifest's pictures. Only its labels count as fully labelled.

    Of a table without boxes all pictures are said to have nothing of the labels named there.
    Figures beside those of training.detector.predict.evaluate: "left_out", a sentence for every
    line that counts for nothing, where there are such.

    ``tiles``, ``around_cars``, ``verify`` and ``smallest`` as training.detector.predict.evaluate
    takes them.
    """
    with_boxes = [row for row in rows if row.box]
    labels = frozenset(row.label for row in with_boxes or rows if not row.problem)
    left_out = [row.problem for row in rows if row.problem]
    names: dict[Path, str] = {}
    boxes: dict[Path, list[SampleBox]] = {}
    unclear: dict[Path, set[str]] = {}  # labels with a box there that nobody can place
    for row in rows:
        names.setdefault(row.path, row.file)
        if row.problem:
            unclear.setdefault(row.path, set()).add(row.label)
        found = boxes.setdefault(row.path, [])
        if row.box:
            box = SampleBox(row.label, *row.box)
            if row.label not in detector.classes:
                left_out.append(str(LabelUnknownToModel(name=row.file, label=row.label)))
            elif box in found:
                left_out.append(str(BoxListedTwice(name=row.file)))
            else:
                found.append(box)
    samples = [
        Sample(path, tuple(found), labels - unclear.get(path, set()))
        for path, found in boxes.items()
    ]
    predictions: list[Prediction] = []
    seen = 0

    def keep(sample: Sample, found: Sequence[Any]) -> None:
        nonlocal seen
        seen += 1
        progress(seen, len(samples))
        for item in found:
            file = names[sample.picture]
            predictions.append(Prediction(file, item.label, item.box, "", item.confidence))

    facts = {path: Facts(name) for path, name in names.items()}
    figures = evaluate_samples(
        detector,
        samples,
        on_frame=keep,
        facts=facts,
        tiles=tiles,
        around_cars=around_cars,
        verify=verify,
        smallest=smallest,
    )
    return figures | _told(left_out), predictions


def _told(left_out: list[str]) -> dict[str, Any]:
    """The lines of a manifest that count for nothing, where there are such."""
    return {"left_out": left_out} if left_out else {}


def read_images(
    detector: Detector,
    recognizer: Recognizer,
    rows: Sequence[Listed],
    progress: Progress,
    *,
    tiles: int = 1,
    around_cars: bool = False,
    verify: bool | None = None,
) -> tuple[dict[str, Any], list[Prediction]]:
    """Find and read the plates on whole pictures, the next one decoded meanwhile.

    ``tiles``, ``around_cars`` and ``verify`` as training.detector.predict.evaluate takes them.

    With texts in the manifest, "exact" is the share of them that a detection on the plate
    (IoU >= 0.3) reads exactly. "left_out" has a sentence for every box that cannot be used.
    """
    verify = detector.verifies if verify is None else verify
    looks: dict[str, Any] = {"tiles": tiles, "around_cars": around_cars, "verify": verify}
    predictions: list[Prediction] = []
    right = wanted = pictures = 0
    spent = 0.0
    by_file: dict[Path, list[Listed]] = {}
    for row in rows:
        by_file.setdefault(row.path, []).append(row)
    decoded = prefetch(
        ((part, vision.read_picture(path)) for path, part in by_file.items()), ahead=1
    )
    for part, picture in decoded:
        begun = time.perf_counter()
        (seen,) = detector.detect([picture], **looks)
        found = [item for item in seen if item.label == PLATE]
        cut = [vision.crop_plate(picture, d.with_margin()) for d in found]
        said = recognizer.read(cut) if cut else []
        spent += time.perf_counter() - begun
        for item, read in zip(found, said, strict=True):
            sure = item.confidence * read.confidence
            predictions.append(Prediction(part[0].file, PLATE, item.box, read.text, sure))
        for row in part:
            if row.text and row.box and row.label == PLATE:
                wanted += 1
                hits = geometry.iou([row.box], [d.box for d in found])[0] if found else []
                right += any(
                    hit >= ON_PLATE_IOU and read.text == row.text
                    for hit, read in zip(hits, said, strict=True)
                )
        pictures += 1
        progress(pictures, len(by_file))
    figures: dict[str, Any] = {
        "pictures": pictures,
        "plates": len(predictions),
        "ms_per_picture": 1000 * spent / pictures,
    }
    if wanted:
        figures |= {"texts": wanted, "exact": right / wanted}
    figures |= _told([row.problem for row in rows if row.problem])
    return figures, predictions
