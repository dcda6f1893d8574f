"""Sources of batches whose workers are slow or fail: in a module, since they are pickled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

Item = np.ndarray


@dataclass(frozen=True)
class Slow:
    """``count`` arrays; making a batch of them gives workers time to go on meanwhile."""

    count: int

    def steps(self, batch: int) -> int:
        return -(-self.count // batch)

    def shares(
        self, epoch: int, batch: int, *, worker: int = 0, workers: int = 1, first: int = 0
    ) -> Iterator[list[tuple[int, Item]]]:
        for start in range(first * batch, self.count, batch):
            places = range(worker, min(batch, self.count - start), workers)
            yield [(place, self.item(start + place)) for place in places]

    def item(self, number: int) -> Item:
        return np.full(1000, number)

    def collated(self, items: list[Item]) -> list[int]:
        time.sleep(0.02)
        return [int(item.sum()) for item in items]

    def bare(self) -> Slow:
        return self


class Awkward(Exception):
    def __init__(self, *, parts: int) -> None:
        super().__init__(f"of {parts} parts")


class Odd(Slow):
    def item(self, number: int) -> Item:
        raise Awkward(parts=3)

    def bare(self) -> Odd:
        return self
