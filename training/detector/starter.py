"""The starter detector: trained on drawn street scenes alone, no real picture.

    manage.py make_starter detector --out DIR

An hour and a half on one core. What is shipped saw more scenes on a graphics card: the commands
are in starters/detector.md; they name ``--count``, ``--epochs``, ``--batch`` and ``--from`` too.
Called again on the same folder it goes on after the last epoch.
The folder then holds ``detector.safetensors`` in half precision, which is what is shipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from training import checkpoints
from training.detector.augmentation import Augmentation
from training.detector.cluster import Clustering
from training.detector.config import DetectorConfig
from training.detector.drawn import draw
from training.detector.fit import Epoch, Progress, fit

NAME = "detector.safetensors"
CLASSES = ("car", "plate")
SCENES, HELD = 4000, 200
SURE = 0.5  # least confidence: real pictures are stranger than the drawn ones held back


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
        epochs=11 if epochs is None else epochs,
        batch=8 if batch is None else batch,
        seed=2 if started else 1,
        lr_hi=1e-3 if started else 2e-3,
        soft_start=0.02,
        ema=0.998,
        focus=0.0,
        clustering=Clustering(),
        window=0.5,
        window_until=0.6,
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
    count = (SCENES if count is None else count) + held
    samples = draw(
        folder / "scenes",
        count=count,
        size=size,
        classes=settings.classes,
        seed=settings.seed,
        progress=progress,
    )
    yield from fit(settings, samples[held:], samples[:held], folder, init=init, progress=progress)
    thresholds = dict.fromkeys(settings.classes, SURE)
    # A second look is better on real pictures, whatever it is on those drawn ones.
    checkpoints.ship(folder, folder / NAME, thresholds=thresholds, verifies=True)
