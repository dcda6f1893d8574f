"""What a recognizer's training costs beside its network's bare steps.

    python benchmarks/recognizer_speed.py [--network lite] [--threads 2] [--rounds 5]

Both sides train the same network on the same batches, in turns within one run, because
times drift on shared machines: the bare side on tensors that lie in memory, the other
through ``fit``'s own epoch (crops from disk, drawn plates, loader, running mean, progress).
The aim is a ratio of at most 1.10; where others use the machine too, that of processor time
says more than that of the clock. Also the processor time of preparing a crop and of reading one.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from training.loader import Loader
from training.recognizer import ctc, data, mix
from training.recognizer.config import RecognizerConfig
from training.recognizer.fit import _Run
from training.recognizer.predict import Recognizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="lite", choices=["lite", "lprnet10", "lprnet18"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--real", type=int, default=200)
    parser.add_argument("--synthetic", type=int, default=440)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    for bf16 in (False, True):
        with tempfile.TemporaryDirectory(prefix="lpr-speed-") as folder:
            compare(given, Path(folder), bf16=bf16)


def compare(given: argparse.Namespace, folder: Path, *, bf16: bool) -> None:
    """Turns of an epoch each; prints the medians and their ratio."""
    config = RecognizerConfig(
        network=given.network, synthetic=given.synthetic, epochs=100, bf16=bf16, easy_start=0
    )
    run = _Run(config, samples(given.real, folder), (), folder, init=None, dataset_version=None)
    if bf16 and not run.autocast:
        print("bf16: this processor does not compute in it")
        return
    with run.loader:
        kept = [
            (data.to_tensor(batch.crops, run.device), batch.targets)
            for batch in run.loader.batches(1, config.batch)
        ]
        whole, alone = [], []
        for turn in range(given.rounds):
            whole.append(both(lambda number=turn + 2: run.train_epoch(number, None)))
            alone.append(both(lambda: bare(run, kept)))
    name = f"{given.network} {'bf16' if run.autocast else 'fp32'} {given.threads} threads"
    for at, clock in enumerate(("clock", "processor, without the loader's process")):
        a, b = (
            1000 * statistics.median(times[at] for times in side) / len(run.mix)
            for side in (whole, alone)
        )
        print(f"{name}, {clock}: training {a:.2f}, bare {b:.2f} ms a crop, ratio {a / b:.3f}")
    if not bf16:
        print(f"  preparing a crop: {prepare(run.mix):.2f} ms of one core")
        print(f"  reading: {reading(run):.2f} ms a crop alone, {reading(run, 32):.2f} in 32s")


def samples(count: int, folder: Path) -> list[mix.Sample]:
    """Drawn plates as crops on disk."""
    made = []
    for number in range(count):
        picture, text = mix.draw(np.random.default_rng((9, number)), ("brazil",), mix_alphabet())
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), picture)
        made.append(mix.Sample(path, text))
    return made


def mix_alphabet() -> str:
    return RecognizerConfig().alphabet


def bare(run: _Run, kept: list[tuple[torch.Tensor, list[list[int]]]]) -> None:
    """Forward, loss, backward, step: nothing else."""
    run.network.train()
    for crops, targets in kept:
        with torch.autocast(run.device.type, torch.bfloat16, enabled=run.autocast):
            logits = run.network(crops)
        loss = ctc.loss(logits, targets)
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(run.network.parameters(), 5.0)
        run.optimiser.step()


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def both(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of this process's processor."""
    begun = time.process_time()
    return timed(work), time.process_time() - begun


def prepare(mixed: mix.Mix) -> float:
    begun = time.process_time()
    for epoch in (2, 3):
        for _ in Loader(mixed, workers=0).batches(epoch, 32):
            pass
    return 1000 * (time.process_time() - begun) / (2 * len(mixed))


def reading(run: _Run, batch: int = 1) -> float:
    """Milliseconds a crop, colour picture to text; the best of some rounds."""
    reader = Recognizer(run.averaged, run.config.alphabet)
    picture = np.zeros((60, 150, 3), np.uint8)
    return 1000 * min(timed(lambda: reader.read([picture] * batch)) for _ in range(20)) / batch


if __name__ == "__main__":
    main()
