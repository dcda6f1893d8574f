"""How well a recognizer reads real plates, source by source, and the documented trainings.

    python benchmarks/recognizer.py score MODEL [--part held]
    python benchmarks/recognizer.py train --out DIR --sources openalpr-brgantry [--from MODEL]

The real plates lie beside the project (``--plates``, default ../shared/plates: manifest.csv
with file, source, x, y, w, h, text); without them this says so and does nothing. They are
personal data and stay there.

``train`` holds back a share of the plate texts of each source (``--fold`` says which fifth),
trains on the others and drawn plates, and scores what it held back: no vehicle is on both
sides. ``--fold none`` trains on everything and scores what it was trained on.

Scoring: letters and digits only, upper case; O counts as 0 for us, uscrops and eu, whose
labels mix the two; Chinese without the province's character.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from annotations.vision.crops import crop_plate, encode_png, read_picture
from training.recognizer.config import RecognizerConfig
from training.recognizer.fit import fit
from training.recognizer.mix import Sample
from training.recognizer.predict import Recognizer

ZERO_FOR_O = ("openalpr-us", "openalpr-uscrops", "openalpr-eu")
CHINESE = "cn-lprnet"
FOLDS = 5


@dataclass(frozen=True)
class Plate:
    """A line of the manifest that has a text."""

    file: str
    source: str
    box: tuple[float, float, float, float]
    text: str

    @property
    def fold(self) -> int:
        """By the text, so that one vehicle is in one fold."""
        return hashlib.sha256(canonical(self.source, self.text).encode()).digest()[0] % FOLDS


def canonical(source: str, text: str) -> str:
    """What is compared."""
    kept = "".join(c for c in text.upper() if c.isalnum())
    if source == CHINESE:
        kept = "".join(c for c in kept if c.isascii())
    return kept.replace("O", "0") if source in ZERO_FOR_O else kept


def listed(folder: Path) -> list[Plate]:
    """The lines with a text."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return [
            Plate(row["file"], row["source"], box_of(row), row["text"])
            for row in csv.DictReader(file)
            if row["text"]
        ]


def box_of(row: dict[str, str]) -> tuple[float, float, float, float]:
    x, y, width, height = (float(row[side]) for side in "xywh")
    return (x, y, x + width, y + height)


def crops(folder: Path, plates: list[Plate]) -> Iterator[Any]:
    for plate in plates:
        yield crop_plate(read_picture(folder / plate.file), plate.box)


def score(model: Path, folder: Path, plates: list[Plate], *, wrong: bool = False) -> dict[str, Any]:
    """Share of exact texts per source, and milliseconds a crop."""
    recognizer = Recognizer.load(model)
    right: dict[str, list[bool]] = defaultdict(list)
    begun = time.perf_counter()
    reads = recognizer.read(list(crops(folder, plates)))
    spent = time.perf_counter() - begun
    for plate, read in zip(plates, reads, strict=True):
        truth, said = canonical(plate.source, plate.text), canonical(plate.source, read.text)
        right[plate.source].append(truth == said)
        if wrong and truth != said:
            print(f"{plate.source} {plate.file}: {truth} read {said} ({read.confidence:.2f})")
    figures: dict[str, Any] = {
        source: {"crops": len(hits), "exact": round(100 * sum(hits) / len(hits), 1)}
        for source, hits in sorted(right.items())
    }
    return {**figures, "ms_per_crop": round(1000 * spent / max(1, len(plates)), 2)}


def show(figures: dict[str, Any]) -> None:
    for source, found in figures.items():
        if isinstance(found, dict):
            print(f"  {source:20} {found['exact']:5.1f} % of {found['crops']}")


def samples(folder: Path, plates: list[Plate], scratch: Path) -> list[Sample]:
    """The plates cut out, as the program's own crops are."""
    made = []
    for plate, crop in zip(plates, crops(folder, plates), strict=True):
        name = hashlib.sha256(f"{plate.file}{plate.box}".encode()).hexdigest()[:16]
        path = scratch / f"{name}.png"
        path.write_bytes(encode_png(crop))
        made.append(Sample(path, "".join(c for c in plate.text.upper() if c.isalnum())))
    return made


def train(given: argparse.Namespace, plates: list[Plate]) -> None:
    """One documented training."""
    chosen = [plate for plate in plates if plate.source in given.sources]
    held = [plate for plate in chosen if given.fold == "none" or plate.fold == int(given.fold)]
    shown = [plate for plate in chosen if given.fold == "none" or plate.fold != int(given.fold)]
    crops_at = given.out / "crops"
    crops_at.mkdir(parents=True, exist_ok=True)
    settings = dict(json_setting(text) for text in given.set)
    config = RecognizerConfig.of(given.preset, started=given.start is not None, **settings)
    begun = time.perf_counter()
    train_on, judge_on = (samples(given.plates, part, crops_at) for part in (shown, held))
    for epoch in fit(config, train_on, judge_on, given.out, init=given.start):
        told = {name: round(value, 4) for name, value in epoch.metrics.items()}
        print(f"epoch {epoch.epoch} {time.perf_counter() - begun:.0f} s {told}", flush=True)
    print(f"trained on {len(shown)} crops in {time.perf_counter() - begun:.0f} s; on the others:")
    for name in ("last", "best"):
        print(name)
        show(score(given.out / f"{name}.safetensors", given.plates, held))
    rest = [plate for plate in plates if plate.source not in given.sources]
    if rest:
        print("sources it never saw (last):")
        show(score(given.out / "last.safetensors", given.plates, rest))


def json_setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plates", type=Path, default=ROOT.parent / "shared" / "plates")
    parser.add_argument("--threads", type=int, default=0)
    commands = parser.add_subparsers(dest="command", required=True)
    scoring = commands.add_parser("score")
    scoring.add_argument("model", type=Path)
    scoring.add_argument("--wrong", action="store_true", help="list what was read wrong")
    scoring.add_argument("--fold", help="only this fifth of the texts")
    training = commands.add_parser("train")
    training.add_argument("--out", type=Path, required=True)
    training.add_argument("--sources", nargs="+", required=True)
    training.add_argument("--from", dest="start", type=Path)
    training.add_argument("--preset", default="standard")
    training.add_argument("--fold", default="0", help="0 to 4: which fifth is held back; none")
    training.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    if not (given.plates / "manifest.csv").is_file():
        print(f"skipped: {given.plates} holds no manifest.csv with real plates")
        return
    cv2.setNumThreads(1)
    if given.threads:
        torch.set_num_threads(given.threads)
    plates = listed(given.plates)
    if given.command == "train":
        train(given, plates)
        return
    if given.fold is not None:
        plates = [plate for plate in plates if plate.fold == int(given.fold)]
    figures = score(given.model, given.plates, plates, wrong=given.wrong)
    show(figures)
    print(f"  {figures['ms_per_crop']} ms a crop, pictures read and cut included")


if __name__ == "__main__":
    main()
