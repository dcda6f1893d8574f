"""The starter detector: trained on drawn street scenes alone, no real picture.

    manage.py make_starter detector --out DIR [--count 24000 --epochs 40 --batch 32]

About 40 minutes on one core; with a graphics card draw more scenes and look at them more often.
Called again on the same folder it goes on after the last epoch.
The folder then holds ``detector.safetensors`` in half precision, which is what is shipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training import checkpoints, devices
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
#: Small plates of two to one are the hardest, and a tenth of all countries' forms.
FORMATS = (*plates.mixed_formats(), "usa", "usa")
_INDEX = "scenes.json"
_WORTH_A_PROCESS = 200  # scenes


def config(
    *,
    epochs: int | None = None,
    batch: int | None = None,
    started: bool = False,
) -> DetectorConfig:
    """The settings the starter is trained with; ``started`` from an earlier one, on new scenes."""
    return DetectorConfig(
        classes=CLASSES,
        width=640,
        height=384,
        epochs=epochs or 11,
        batch=batch or 8,
        seed=2 if started else 1,
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
    count: int | None = None,
    held: int = HELD,
    progress: Progress | None = None,
) -> Iterator[Epoch]:
    """Draw the scenes, train or go on with a training in ``folder``, write what is shipped."""
    size = (settings.width, settings.height)
    count = (count or SCENES) + held
    samples = draw(folder / "scenes", count=count, size=size, seed=settings.seed, progress=progress)
    yield from fit(settings, samples[held:], samples[:held], folder, init=init, progress=progress)
    thresholds = dict.fromkeys(settings.classes, SURE)
    checkpoints.ship(folder, folder / NAME, thresholds=thresholds)


def draw(
    folder: Path,
    *,
    count: int,
    size: tuple[int, int],
    seed: int = 1,
    progress: Progress | None = None,
) -> list[Sample]:
    """``count`` drawn scenes with everything on them labelled; those already there are kept."""
    index = folder / _INDEX
    known = json.loads(index.read_text(encoding="utf-8")) if index.is_file() else []
    if len(known) != count:
        folder.mkdir(parents=True, exist_ok=True)
        known = []
        processes = min(devices.cores(), count // _WORTH_A_PROCESS)
        one = partial(_draw_one, folder, size, seed)
        with _pool(processes) as pool:
            for boxes in (pool.map if pool else map)(one, range(count)):
                known.append(boxes)
                if progress:
                    progress(len(known), count)
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


def _pool(processes: int) -> ProcessPoolExecutor | nullcontext[None]:
    """Fresh processes: a fork of one that has computed with torch may hang."""
    if processes < 2:
        return nullcontext()
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"))


def _draw_one(folder: Path, size: tuple[int, int], seed: int, number: int) -> list[dict[str, Any]]:
    """One scene, written as a picture; its boxes."""
    rng = np.random.default_rng((7, seed, number))
    damage = float(rng.uniform(0.2, 1))
    scene = scenes.render(rng, size=size, formats=FORMATS, damage=damage)
    cv2.imwrite(str(folder / f"{number:06d}.jpg"), scene.picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    return [asdict(SampleBox(b.label, b.x1, b.y1, b.x2, b.y2)) for b in scene.boxes]
