"""A few real steps of a training, to know what all of them will take.

The training itself runs, on a part of the samples, for two short epochs: the first sees
windows where the settings have them, the second whole frames, and is judged.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from training.detector import data as detector_data
from training.detector import fit as detector_fit
from training.detector.config import DetectorConfig
from training.recognizer import data as recognizer_data
from training.recognizer import fit as recognizer_fit
from training.recognizer.config import RecognizerConfig

STEPS = 4  # of a detector in each of the two epochs
HELD = 16  # frames that are judged
DECODED = 16  # frames whose decoding is timed
CROPS = 400  # of a recognizer's epoch: as many as make its loader work as in earnest
HELD_CROPS = 256


@dataclass(frozen=True)
class Pace:
    """Seconds of an average epoch, of what is done once, and how unlike the steps were."""

    epoch_seconds: float
    once_seconds: float
    spread: float
    steps: int


@dataclass
class _Short:
    """What the two short epochs took."""

    intervals: list[list[float]]  # between steps, per epoch
    afters: list[float]  # from the last step until the epoch was there
    before: float  # until the first step was over


def detector(
    config: DetectorConfig,
    train: Sequence[detector_data.Sample],
    val: Sequence[detector_data.Sample],
    *,
    init: Path | None,
) -> Pace:
    """Measure a detector's training. Refuses what the training would refuse."""
    few = list(train[: STEPS * config.batch])
    passes = -(-STEPS * config.batch // max(len(few), 1))
    windowed = config.window < 1
    short = replace(
        config,
        epochs=2,
        passes=passes,
        evaluate_every=2,
        patience=0,
        window_until=0.5 if windowed else config.window_until,
    )
    with tempfile.TemporaryDirectory() as folder:
        decoding = _decoding(config, [*few, *val], Path(folder))
        epochs = _run(
            lambda progress: detector_fit.fit(
                short, few, val[:HELD], Path(folder) / "run", init=init, progress=progress
            )
        )
    first, second = (float(np.mean(each)) for each in epochs.intervals)
    share = config.window_until if windowed else 0.0
    step = share * first + (1 - share) * second
    saving, judging = epochs.afters[0], max(epochs.afters[1] - epochs.afters[0], 0.0)
    judging *= len(val) / max(len(val[:HELD]), 1)
    steps = -(-len(train) // config.batch) * config.passes
    return Pace(
        epoch_seconds=steps * step + saving + judging / config.evaluate_every,
        once_seconds=decoding * (len(train) + len(val)) + 2 * judging,
        spread=_spread(epochs.intervals),
        steps=steps,
    )


def recognizer(
    config: RecognizerConfig,
    train: Sequence[recognizer_data.Sample],
    val: Sequence[recognizer_data.Sample],
    *,
    init: Path | None,
) -> Pace:
    """Measure a recognizer's training. Refuses what the training would refuse."""
    recognizer_data.check_samples([*train, *val], config.alphabet)
    whole = len(train) + config.synthetic
    share = min(1.0, max(CROPS, STEPS * config.batch) / max(whole, 1))
    few = list(train[: -(-int(len(train) * share * 1000) // 1000)])
    short = replace(config, epochs=2, synthetic=round(config.synthetic * share))
    with tempfile.TemporaryDirectory() as folder:
        epochs = _run(
            lambda progress: recognizer_fit.fit(
                short, few, val[:HELD_CROPS], Path(folder), init=init, progress=progress
            )
        )
    judging = min(epochs.afters) * max(len(val) / max(len(val[:HELD_CROPS]), 1), 1.0)
    steps = -(-whole // config.batch)
    return Pace(
        epoch_seconds=steps * float(np.mean(np.concatenate(epochs.intervals))) + judging,
        once_seconds=epochs.before + 2 * judging,
        spread=_spread(epochs.intervals),
        steps=steps,
    )


def _run(start: Any) -> _Short:
    """Run two short epochs and look at the clock after each of their steps."""
    begun = time.perf_counter()
    marks: list[float] = []
    steps = 0

    def progress(done: int, total: int) -> None:
        nonlocal steps
        marks.append(time.perf_counter())
        steps = total

    intervals, afters, before = [], [], 0.0
    epochs: Iterator[Any] = start(progress)
    for number, _ in enumerate(epochs):
        now = time.perf_counter()
        own = marks[-steps:]  # whatever was told while frames were decoded lies before
        if not number:
            before = own[0] - begun
        gaps = [float(gap) for gap in np.diff(own)]
        # the first step of all warms the processor up; a training of one step has no other
        intervals.append(gaps or [own[0] - (marks[-2] if number else begun)])
        afters.append(now - own[-1])
        marks.append(now)
    return _Short(intervals, afters, before)


def _spread(intervals: Sequence[Sequence[float]]) -> float:
    """How unlike the steps of an epoch were, as a share of their mean."""
    return max(float(np.std(each) / np.mean(each)) for each in intervals)


def _decoding(
    config: DetectorConfig, samples: Sequence[detector_data.Sample], folder: Path
) -> float:
    """Seconds that one frame takes until it lies there at training size."""
    few = samples[:DECODED]
    begun = time.perf_counter()
    detector_data.FrameStore.build(few, size=(config.width, config.height), folder=folder / "pace")
    return (time.perf_counter() - begun) / max(len(few), 1)
