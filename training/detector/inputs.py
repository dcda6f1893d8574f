"""Prepared frames and targets as tensors, where the network is.

Letters: N frames, C classes, H and W the network's input size, h and w grid rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.detector.data import Batch

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Inputs:
    """A batch on a device: frames (N, 3, H, W) RGB 0..1, the rest as in data.Batch."""

    frames: Tensor
    coverage: Tensor
    normalised: Tensor
    mask: Tensor
    edges: Tensor
    whole: int

    @classmethod
    def of(cls, batch: Batch, device: torch.device = CPU) -> Inputs:
        """A prepared batch, brought to a device."""
        coverage, normalised, mask, edges = (
            torch.from_numpy(values).to(device)
            for values in (batch.coverage, batch.normalised, batch.mask, batch.edges)
        )
        frames = as_input(batch.frames, device)
        return cls(frames, coverage, normalised, mask, edges, batch.whole)


def as_input(frames: NDArray[np.uint8], device: torch.device = CPU) -> Tensor:
    """Frames (N, H, W, 3) BGR as the network wants them: (N, 3, H, W) RGB 0..1, channels last.

    They travel to the device as bytes, a quarter of what they become there.
    """
    moved = torch.from_numpy(frames).to(device)
    return moved.flip(-1).permute(0, 3, 1, 2).to(torch.float32).div_(255)
