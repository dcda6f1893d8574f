"""From samples to batches of tensors, prepared ahead of the training."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training import devices
from training.errors import PictureMissing
from training.recognizer import alphabet as alphabets
from training.recognizer import ctc
from training.recognizer.mix import Batch, Mix, Sample, fixed_batches, held_out, read
from training.recognizer.network import STEPS

__all__ = [
    "Batch",
    "Mix",
    "Sample",
    "check_samples",
    "fixed_batches",
    "held_out",
    "read",
    "to_tensor",
    "workers_for",
]

# below this many items an epoch is over before a worker has started
_WORTH_IT = 400


def workers_for(items: int, *, accelerated: bool) -> int:
    """How many processes prepare epochs of so many items; 0: the training's own does it."""
    cores = devices.cores()
    if items < _WORTH_IT or cores == 1:
        return 0
    return min(8, cores - 1) if accelerated else max(1, cores // 4)


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
