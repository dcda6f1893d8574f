"""The starter recognizer: ``lite`` trained on drawn plates of every country, no real picture.

    manage.py make_starter recognizer --out DIR

About 45 minutes on two cores. Called again on the same folder it goes on where it stopped.
The folder then holds ``recognizer.safetensors`` in half precision, which is what is shipped.
``--from`` continues an earlier starter, when plates are drawn better than they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from training import checkpoints
from training.recognizer.config import RecognizerConfig
from training.recognizer.fit import Epoch, Progress, fit
from training.synthetic import plates

NAME = "recognizer.safetensors"
PLATES = 10_000  # an epoch


def config(
    *,
    epochs: int | None = None,
    batch: int | None = None,
    seed: int = 1,
    started: bool = False,
) -> RecognizerConfig:
    """The settings the starter is trained with; ``started`` from an earlier one."""
    return RecognizerConfig(
        network="lite",
        epochs=epochs or (25 if started else 80),
        batch=batch or 32,
        seed=seed,
        synthetic=PLATES,
        synthetic_formats=plates.mixed_formats(),
        easy_start=0.0 if started else 0.15,
        rate=1.5e-3 if started else 3e-3,
        soft_start=0.05,
        ema=0.998,
        preset="starter",
    )


def make(
    settings: RecognizerConfig,
    folder: Path,
    *,
    init: Path | None = None,
    count: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Epoch]:
    """Train, or go on with a training, in ``folder``; then write what is shipped.

    ``count``: drawn plates an epoch.
    """
    if count:
        settings = replace(settings, synthetic=count)
    yield from fit(settings, (), (), folder, init=init, progress=progress)
    checkpoints.ship(folder, folder / NAME)
