"""What a detector costs beside its network's bare passes.

    python benchmarks/detector_speed.py [--size 960x544] [--threads 1] [--rounds 5]

Reading: the forward pass alone, preparing a 1920x1080 frame, clustering what an untrained
network says, and the whole picture through ``Detector``. Training: steps through ``fit``'s own
epoch (frames from the store, augmentation, rasterising, loader, running mean) beside the same
steps on batches that lie in memory. All in turns within one run, in processor time, because
machines are shared; the least of the rounds counts. Aims: clustering at most 0.05, a whole
picture 1.25, a training step 1.10 of the bare network.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from annotations.vision.crops import resize_frame
from training.detector.config import DetectorConfig
from training.detector.data import (
    Batch,
    FrameStore,
    Sample,
    SampleBox,
    TrainSet,
    as_input,
)
from training.detector.fit import _Training
from training.detector.loss import class_costs
from training.detector.predict import Detector, new_network, read_grids

CLASSES = ("car", "plate")
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="960x544")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=4)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    width, height = (int(side) for side in given.size.split("x"))
    config = DetectorConfig(classes=CLASSES, width=width, height=height, batch=given.batch)
    print(f"{given.size}, {given.threads} threads, ms of processor time, of the bare pass")
    for name, dtype in DTYPES.items():
        reading(config, name, dtype, given.rounds)
    for name in ("float32", "bfloat16"):
        with tempfile.TemporaryDirectory(prefix="lpr-speed-") as folder:
            training(config, name, given.rounds, Path(folder))


def reading(config: DetectorConfig, name: str, dtype: torch.dtype, rounds: int) -> None:
    torch.manual_seed(0)
    detector = Detector(
        new_network(config),
        config,
        thresholds={},
        metadata={},
        device=torch.device("cpu"),
        dtype=dtype,
    )
    frame = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    resized = resize_frame(frame, detector.size)[None]
    inputs = as_input(resized).to(dtype)
    grids = untrained(config)

    def forward() -> None:
        with torch.inference_mode():
            detector._network(inputs)

    def prepare() -> None:
        as_input(resize_frame(frame, detector.size)[None]).to(dtype)

    steps: dict[str, Callable[[], object]] = {
        "forward": forward,
        "preparing a 1080p frame": prepare,
        "clustering": lambda: read_grids(*grids, config),
        "whole picture": lambda: detector.detect([frame]),
    }
    least = in_turns(steps, rounds)
    for step, spent in least.items():
        print(f"{name} {step}: {1000 * spent:.1f}, {spent / least['forward']:.3f}")


def untrained(config: DetectorConfig) -> tuple[torch.Tensor, torch.Tensor]:
    """Grids that are covered everywhere, their boxes differing: the worst case."""
    rng = np.random.default_rng(0)
    shape = (len(CLASSES), config.grid.rows, config.grid.columns)
    coverage = rng.uniform(0.3, 0.7, (1, *shape))
    edges = rng.normal(1.0, 0.3, (1, 4 * shape[0], *shape[1:]))
    return torch.from_numpy(coverage), torch.from_numpy(edges)


def training(config: DetectorConfig, precision: str, rounds: int, folder: Path) -> None:
    whole = {"precision": precision, "epochs": 1000, "window": 1.0}
    config = DetectorConfig.from_json({**config.to_json(), **whole})
    run = _Training(config, torch.device("cpu"))
    pictures = samples(4 * config.batch, folder)
    store = FrameStore.build(pictures, size=(config.width, config.height), folder=folder / "store")
    frames = TrainSet(
        pictures,
        store,
        classes=CLASSES,
        grid=config.grid,
        ellipse=config.ellipse,
        augmentation=config.augmentation,
        seed=0,
    )
    kept = list(frames.batches(number=0, size=config.batch))

    def loader() -> None:
        for _ in frames.batches(number=1, size=config.batch):
            pass

    least = in_turns(
        {
            "bare": lambda: bare(run, kept),
            "loader": loader,
            "training": lambda: run.run_epoch(frames, None),
        },
        rounds,
    )
    for step, spent in least.items():
        milliseconds = 1000 * spent / len(pictures)
        print(f"{precision} {step}: {milliseconds:.1f} a frame, {spent / least['bare']:.3f}")


def bare(run: _Training, kept: list[Batch]) -> None:
    """Forward, loss, backward, step: nothing else."""
    run.network.train()
    for batch in kept:
        with torch.autocast("cpu", torch.bfloat16, enabled=run.dtype != torch.float32):
            features = run.network.features(batch.frames)
        costs = class_costs(
            *run.network.heads(features),
            targets=(batch.coverage, batch.normalised, batch.edges),
            mask=batch.mask,
            classes=run.balance.classes,
        )
        run.optimiser.zero_grad(set_to_none=True)
        run.balance.total(costs).backward()
        run.optimiser.step()


def samples(count: int, folder: Path) -> list[Sample]:
    """Noise with boxes: what is on the frames does not change what they cost."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(count):
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), rng.integers(0, 256, (270, 480, 3), dtype=np.uint8))
        boxes = []
        for _ in range(6):
            x, y = rng.uniform(0, 380), rng.uniform(0, 200)
            boxes.append(SampleBox("car", x, y, x + 90, y + 60))
            boxes.append(SampleBox("plate", x + 30, y + 40, x + 60, y + 50))
        made.append(Sample(path, tuple(boxes), frozenset(CLASSES)))
    return made


def in_turns(steps: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The least seconds of processor time of each step, after one round that does not count."""
    spent: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds + 1):
        for name, step in steps.items():
            begun = time.process_time()
            step()
            spent[name].append(time.process_time() - begun)
    return {name: min(times[1:]) for name, times in spent.items()}


if __name__ == "__main__":
    main()
