"""What an epoch shows: real crops and drawn plates, in an order, changed for training.

It depends only on (seed, epoch, index), never on timing or on how many processes prepare it.
No torch here: the processes that prepare batches start quickly and stay small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from annotations.vision.crops import Bgr, read_picture, resize_crop
from training.recognizer import alphabet as alphabets
from training.recognizer import rows
from training.recognizer.augment import FINEST, Grey, augment, grey, reseen, shrink
from training.recognizer.config import Augmentation

# streams of random numbers that must not meet: (seed, epoch, stream, index)
_ORDER, _REAL, _DRAWN, _RESEEN, _HELD = range(5)
# drawing a plate costs half of training on it, so each serves this many epochs
REUSE = 4
_DRAWN_WIDTH = 128  # pixels of a drawn plate that is kept: some more than a crop's 96
_MOST_REAL, _MOST_DRAWN = 4_000, 50_000  # kept in memory: at most 220 and 400 MB
_TRIES = 20

Item = tuple[Grey, str]


@dataclass(frozen=True)
class Sample:
    """One crop on disk and the text on it, in the alphabet, without separators."""

    picture: Path
    text: str


@dataclass(frozen=True)
class Batch:
    """``crops`` uint8, grey (N, 48, 96) or BGR (N, 48, 96, 3); N lists of class numbers."""

    crops: npt.NDArray[np.uint8]
    targets: list[list[int]]


@dataclass(frozen=True)
class Drawn:
    """A drawn plate kept for some epochs: ``picture`` grey (H, W)."""

    generation: int
    picture: Grey
    text: str


@dataclass(frozen=True)
class Mix:
    """What an epoch is made of: the real samples once, and ``synthetic`` drawn plates.

    The first ``easy_epochs`` show clean drawn plates, and half the real ones unchanged: a
    network that has not yet found where characters stand learns nothing from blurred ones.
    """

    samples: tuple[Sample, ...]
    alphabet: str
    synthetic: int = 0
    formats: tuple[str, ...] = ("ecuador",)
    augmentation: Augmentation = "plates"
    seed: int = 0
    easy_epochs: int = 0
    _real: dict[int, Bgr] = field(default_factory=dict, compare=False, repr=False)
    _drawn: dict[int, Drawn] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.samples) + self.synthetic

    def steps(self, batch: int) -> int:
        """Batches in an epoch, the last short one included."""
        return -(-len(self) // batch)

    def item(self, epoch: int, index: int) -> Item:
        """The grey crop (48, 96), changed for training, and the text at ``index``."""
        if index < len(self.samples):
            rng = np.random.default_rng((self.seed, epoch, _REAL, index))
            easy = epoch <= self.easy_epochs and rng.random() < 0.5
            kind: Augmentation = "none" if easy else self.augmentation
            return augment(self._picture(index), rng, kind), self.samples[index].text
        kept = self._plate(epoch, index - len(self.samples))
        rng = np.random.default_rng((self.seed, epoch, _RESEEN, index))
        return reseen(kept.picture, rng), kept.text

    def collated(self, items: list[Item]) -> Batch:
        """Prepared items as one batch."""
        return collate(items, self.alphabet)

    def bare(self) -> Mix:
        """The same without the pictures kept in memory."""
        return replace(self, _real={}, _drawn={})

    def shares(
        self, epoch: int, batch: int, *, worker: int = 0, workers: int = 1, first: int = 0
    ) -> Iterator[list[tuple[int, Item]]]:
        """Of each batch from the ``first`` the items, with their places, this worker prepares.

        An index is always the same worker's, who can so keep its picture.
        """
        order = np.random.default_rng((self.seed, epoch, _ORDER)).permutation(len(self))
        for start in range(first * batch, len(order), batch):
            places = enumerate(int(index) for index in order[start : start + batch])
            mine = [(place, index) for place, index in places if index % workers == worker]
            yield [(place, self.item(epoch, index)) for place, index in mine]

    def _picture(self, index: int) -> Bgr:
        kept = self._real.get(index)
        if kept is None:
            kept = shrink(read(self.samples[index].picture), FINEST)
            if len(self._real) < _MOST_REAL:
                self._real[index] = kept
        return kept

    def _plate(self, epoch: int, index: int) -> Drawn:
        """Drawn anew every few epochs, a share of all in each."""
        generation = (epoch + index % REUSE) // REUSE
        kept = self._drawn.get(index)
        if kept is None or kept.generation != generation:
            rng = np.random.default_rng((self.seed, generation, _DRAWN, index))
            drawn_in = max(1, generation * REUSE - index % REUSE)
            damage = _damage(rng, easy=drawn_in <= self.easy_epochs)
            picture, text = draw(rng, self.formats, self.alphabet, damage=damage)
            kept = Drawn(generation, grey(shrink(picture, _DRAWN_WIDTH)), text)
            if index in self._drawn or len(self._drawn) < _MOST_DRAWN:
                self._drawn[index] = kept
        return kept


def read(path: Path) -> Bgr:
    """The crop's picture as one row of characters, uint8 BGR (H, W, 3)."""
    picture = read_picture(path)
    return rows.side_by_side(picture) if rows.surely_two(picture) else picture


def _damage(rng: np.random.Generator, *, easy: bool) -> float:
    """How much a drawn plate has suffered: 1 is the spread of real road cameras."""
    if easy:
        return float(rng.uniform(0, 0.6))
    return 1.0 if rng.random() < 0.7 else float(rng.uniform(0, 1))


def draw(
    rng: np.random.Generator, formats: Sequence[str], alphabet: str, *, damage: float = 1.0
) -> tuple[Bgr, str]:
    """A drawn plate, uint8 BGR (H, W, 3), whose text the alphabet can write."""
    # drawing loads fonts: only a training that mixes drawn plates pays for it
    from training.synthetic import plates

    for _ in range(_TRIES):
        plate = plates.render(rng, formats=formats, damage=damage)
        if set(plate.text) <= set(alphabet):
            break
    else:
        alphabets.encode(plate.text, alphabet, name="synthetic")
    return plate.picture, plate.text


def held_out(count: int, *, formats: Sequence[str], alphabet: str, seed: int) -> list[Batch]:
    """Drawn plates that no epoch shows, for a training without real ones to be judged by."""
    items = []
    for index in range(count):
        rng = np.random.default_rng((seed, 0, _HELD, index))
        picture, text = draw(rng, formats, alphabet)
        items.append((resize_crop(picture), text))
    return [collate(items[i : i + 64], alphabet) for i in range(0, count, 64)]


def fixed_batches(samples: Sequence[Sample], alphabet: str, batch: int = 64) -> Iterator[Batch]:
    """The samples in order and unchanged: for evaluation. The last batch may be short."""
    for start in range(0, len(samples), batch):
        part = samples[start : start + batch]
        yield collate([(resize_crop(read(s.picture)), s.text) for s in part], alphabet)


def collate(items: Sequence[tuple[npt.NDArray[np.uint8], str]], alphabet: str) -> Batch:
    """96x48 crops, all grey or all BGR, and their texts as one batch."""
    targets = [alphabets.encode(text, alphabet) for _, text in items]
    return Batch(np.stack([crop for crop, _ in items]), targets)
