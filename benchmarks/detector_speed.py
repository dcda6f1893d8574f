"""What a detector costs beside its network's bare passes.

    python benchmarks/detector_speed.py [--size 960x544] [--threads 1] [--rounds 5] [--device cuda]

Reading: the forward pass alone, preparing a 1920x1080 frame, clustering what an untrained
network says, and the whole picture through ``Detector``. Training: steps through ``fit``'s own
epoch (frames from the store, augmentation, rasterising, loader, running mean) beside the same
steps on batches that lie in memory. All in turns within one run, in processor time (with a
graphics card by the clock), because machines are shared; the least of the rounds counts. Aims:
clustering at most 0.05, a whole picture 1.25, a training step 1.10 of the bare network.
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
from training.detector.data import Batch, FrameStore, Item, Sample, SampleBox, TrainSet
from training.detector.fit import _Training, workers_for
from training.detector.inputs import Inputs, as_input
from training.detector.loss import class_costs
from training.detector.predict import Detector, new_network, read_grids
from training.loader import Loader

CLASSES = ("car", "plate")
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="960x544")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    width, height = (int(side) for side in given.size.split("x"))
    config = DetectorConfig(classes=CLASSES, width=width, height=height, batch=given.batch)
    device = torch.device(given.device)
    print(f"{given.size}, {given.threads} threads, {device}, ms, of the bare pass")
    for name, dtype in DTYPES.items():
        reading(config, name, dtype, given.rounds, device)
    for name in ("float32", "bfloat16"):
        with tempfile.TemporaryDirectory(prefix="lpr-speed-") as folder:
            training(config, name, given.rounds, Path(folder), device)


def reading(
    config: DetectorConfig, name: str, dtype: torch.dtype, rounds: int, device: torch.device
) -> None:
    torch.manual_seed(0)
    detector = Detector(
        new_network(config),
        config,
        thresholds={},
        metadata={},
        device=device,
        dtype=dtype,
    )
    frame = np.random.default_rng(0).integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    resized = resize_frame(frame, detector.size)[None]
    inputs = as_input(resized, device).to(dtype)
    grids = tuple(part.to(device) for part in untrained(config))

    def forward() -> None:
        with torch.inference_mode():
            detector._network(inputs)
            settle(device)

    def prepare() -> None:
        as_input(resize_frame(frame, detector.size)[None], device).to(dtype)
        settle(device)

    steps: dict[str, Callable[[], object]] = {
        "forward": forward,
        "preparing a 1080p frame": prepare,
        "clustering": lambda: read_grids(*grids, config),
        "whole picture": lambda: detector.detect([frame]),
    }
    least = in_turns(steps, rounds, device)
    for step, spent in least.items():
        print(f"{name} {step}: {1000 * spent:.1f}, {spent / least['forward']:.3f}")


def untrained(config: DetectorConfig) -> tuple[torch.Tensor, torch.Tensor]:
    """Grids that are covered everywhere, their boxes differing: the worst case."""
    rng = np.random.default_rng(0)
    shape = (len(CLASSES), config.grid.rows, config.grid.columns)
    coverage = rng.uniform(0.3, 0.7, (1, *shape))
    edges = rng.normal(1.0, 0.3, (1, 4 * shape[0], *shape[1:]))
    return torch.from_numpy(coverage), torch.from_numpy(edges)


def settle(device: torch.device) -> None:
    """Wait for what the graphics card still does."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def training(
    config: DetectorConfig, precision: str, rounds: int, folder: Path, device: torch.device
) -> None:
    whole = {"precision": precision, "epochs": 1000, "window": 1.0}
    config = DetectorConfig.from_json({**config.to_json(), **whole})
    run = _Training(config, device)
    steps = 4 if device.type == "cpu" else 100
    pictures = samples(steps * config.batch, folder)
    store = FrameStore.build(pictures, size=(config.width, config.height), folder=folder / "store")
    frames = TrainSet(pictures, store, config)
    kept = [
        Inputs.of(batch, device) for batch in Loader(frames, workers=0).batches(1, config.batch)
    ]

    def prepare(loader: Loader[Item, Batch]) -> None:
        for _ in loader.batches(2, config.batch):
            pass

    with Loader(frames, workers=workers_for(device, batch=config.batch)) as loader:
        least = in_turns(
            {
                "bare": lambda: bare(run, kept),
                "loader": lambda: prepare(loader),
                "training": lambda: run.run_epoch(loader, None),
            },
            rounds,
            device,
        )
    for step, spent in least.items():
        milliseconds = 1000 * spent / len(pictures)
        print(f"{precision} {step}: {milliseconds:.1f} a frame, {spent / least['bare']:.3f}")


def bare(run: _Training, kept: list[Inputs]) -> None:
    """Forward, loss, backward, step: nothing else."""
    run.network.train()
    for batch in kept:
        with torch.autocast(run.device.type, torch.bfloat16, enabled=run.dtype != torch.float32):
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
    settle(run.device)


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


def in_turns(
    steps: dict[str, Callable[[], object]], rounds: int, device: torch.device
) -> dict[str, float]:
    """The least seconds of each step, after one round that does not count."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    spent: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds + 1):
        for name, step in steps.items():
            begun = clock()
            step()
            spent[name].append(clock() - begun)
    return {name: min(times[1:]) for name, times in spent.items()}


if __name__ == "__main__":
    main()
