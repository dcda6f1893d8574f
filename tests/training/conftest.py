"""Trainings in tests: one thread, so that sums are made in the same order on every machine.

Drawn crops are block characters, so that no test waits for a font.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training.recognizer.data import Sample

TEXTS = ("PBA1234", "GSK7788", "ABC123", "XZQ9055", "TLM4410", "HJW0007", "ICN6621", "UDE389")


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def drawn(text: str) -> np.ndarray:
    """A clean plate, uint8 BGR (60, 150, 3)."""
    picture = np.full((60, 150, 3), 225, np.uint8)
    cv2.putText(picture, text, (6, 44), cv2.FONT_HERSHEY_DUPLEX, 0.95, (20, 20, 20), 2)
    return picture


@pytest.fixture
def make_samples(tmp_path: Path) -> Callable[..., list[Sample]]:
    """Writes one crop a text and gives the samples."""

    def make(*texts: str) -> list[Sample]:
        samples = []
        for number, text in enumerate(texts or TEXTS):
            path = tmp_path / f"{number:03}.png"
            cv2.imwrite(str(path), drawn(text))
            samples.append(Sample(path, text))
        return samples

    return make
