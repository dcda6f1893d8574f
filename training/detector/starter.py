"""The starter detector: trained on drawn street scenes alone, no real picture.

    manage.py make_starter detector --out DIR

About 40 minutes on one core. Called again on the same folder it goes on after the last epoch.
The folder then holds ``detector.safetensors`` in half precision, which is what is shipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from training import checkpoints
from training.detector.augmentation import Augmentation
from training.detector.cluster import Clustering
from training.detector.config import DetectorConfig
from training.detector.data import Sample, SampleBox
from training.detector.fit import Epoch, Progress, fit
from training.synthetic import plates, scenes

NAME = "detector.safetensors"
CLASSES = ("car", "plate")
SCENES, HELD = 4000, 200
SURE = 0.5  # least confidence: real pictures are stranger than the drawn ones held back
_INDEX = "scenes.json"


def config(*, epochs: int | None = None, seed: int = 1, started: bool = False) -> DetectorConfig:
    """The settings the starter is trained with; ``started`` from an earlier one."""
    return DetectorConfig(
        classes=CLASSES,
        width=640,
        height=384,
        epochs=epochs or 11,
        seed=seed,
        lr_hi=1e-3 if started else 2e-3,
        soft_start=0.02,
        ema=0.998,
        focus=0.0,
        clustering=Clustering(),
        window=0.5,
        window_until=0.91,
        augmentation=Augmentation(
            zoom=(0.45, 1.6), stretch=0.5, gamma=0.5, cast=0.2, grey=0.1, blur=0.25, noise=0.25
        ),
    )


def make(
    settings: DetectorConfig,
    folder: Path,
    *,
    init: Path | None = None,
    count: int = SCENES,
    held: int = HELD,
    progress: Progress | None = None,
) -> Iterator[Epoch]:
    """Draw the scenes, train or go on with a training in ``folder``, write what is shipped."""
    size = (settings.width, settings.height)
    samples = draw(folder / "scenes", count=count + held, size=size, progress=progress)
    yield from fit(settings, samples[held:], samples[:held], folder, init=init, progress=progress)
    thresholds = dict.fromkeys(settings.classes, SURE)
    checkpoints.ship(folder, folder / NAME, thresholds=thresholds)


def draw(
    folder: Path, *, count: int, size: tuple[int, int], progress: Progress | None = None
) -> list[Sample]:
    """``count`` drawn scenes with everything on them labelled; those already there are kept."""
    index = folder / _INDEX
    known = json.loads(index.read_text(encoding="utf-8")) if index.is_file() else []
    if len(known) != count:
        folder.mkdir(parents=True, exist_ok=True)
        known = []
        for number in range(count):
            scene = scenes.render(
                np.random.default_rng((7, number)), size=size, formats=plates.mixed_formats()
            )
            quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
            cv2.imwrite(str(folder / f"{number:06d}.jpg"), scene.picture, quality)
            known.append([asdict(SampleBox(b.label, b.x1, b.y1, b.x2, b.y2)) for b in scene.boxes])
            if progress:
                progress(number + 1, count)
        part = index.with_suffix(".part")
        part.write_text(json.dumps(known), encoding="utf-8")
        part.replace(index)
    return [
        Sample(
            folder / f"{number:06d}.jpg",
            tuple(SampleBox(**box) for box in boxes),
            frozenset(CLASSES),
        )
        for number, boxes in enumerate(known)
    ]
