"""From samples to batches of tensors, prepared ahead of the training."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.errors import PictureMissing
from training.recognizer import alphabet as alphabets
from training.recognizer import ctc
from training.recognizer.loader import Loader, workers_for
from training.recognizer.mix import Batch, Mix, Sample, fixed_batches, held_out, read
from training.recognizer.network import STEPS

__all__ = [
    "Batch",
    "Loader",
    "Mix",
    "Sample",
    "check_samples",
    "fixed_batches",
    "held_out",
    "prefetch",
    "read",
    "to_tensor",
    "workers_for",
]

T = TypeVar("T")

_AHEAD = 6


def check_samples(samples: Iterable[Sample], alphabet: str) -> None:
    """Refuse what cannot be learned: a missing file, an unknown character, a text too long."""
    for sample in samples:
        if not sample.picture.is_file():
            raise PictureMissing(name=sample.picture.name)
        alphabets.encode(sample.text, alphabet, name=sample.picture.name)
        ctc.check_capacity(sample.text, STEPS, name=sample.picture.name)


def to_tensor(crops: npt.NDArray[np.uint8], device: torch.device) -> Tensor:
    """uint8, BGR (N, 48, 96, 3) or grey (N, 48, 96) -> float (N, 3, 48, 96) in 0..1."""
    moved = torch.from_numpy(crops).to(device).float().div_(255)
    if moved.ndim == 3:
        return moved[:, None].expand(-1, 3, -1, -1)  # three views of the same numbers
    return moved.permute(0, 3, 1, 2)  # stored channels last


def prefetch(produce: Callable[[], Iterator[T]], ahead: int = _AHEAD) -> Generator[T, None, None]:
    """What ``produce`` yields, made up to ``ahead`` items early in a thread.

    Its errors come out here; leaving early ends the thread.
    """
    ready: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(ahead)
    stopped = threading.Event()

    def put(item: T | None, error: BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ready.put((item, error), timeout=0.1)
                return
            except queue.Full:
                continue

    def work() -> None:
        items = produce()
        try:
            for item in items:
                put(item, None)
                if stopped.is_set():
                    return
            put(None, None)
        except BaseException as error:  # handed over, raised again in the consumer
            put(None, error)
        finally:
            if isinstance(items, Generator):
                items.close()

    thread = threading.Thread(target=work, name="recognizer-loader", daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        stopped.set()
        thread.join()
