"""From samples to batches: reading, mixing with drawn plates, and working ahead in a thread.

What an epoch shows depends only on (seed, epoch, index), never on timing.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from annotations.vision.crops import Bgr, read_picture, resize_crop
from training.errors import PictureMissing
from training.recognizer import alphabet as alphabets
from training.recognizer import ctc
from training.recognizer.augment import Augmentation, augment, reseen
from training.recognizer.network import STEPS

T = TypeVar("T")

# streams of random numbers that must not meet: (seed, epoch, stream, index)
_ORDER, _REAL, _DRAWN, _RESEEN, _HELD = range(5)
_AHEAD = 6
# a drawn plate costs ten times as much as a changed one, so each serves this many epochs
_REUSE = 4
_TRIES = 20


@dataclass(frozen=True)
class Sample:
    """One crop on disk and the text on it, in the alphabet, without separators."""

    picture: Path
    text: str


@dataclass(frozen=True)
class Batch:
    """``crops`` uint8 BGR (N, 48, 96, 3); ``targets`` N lists of class numbers."""

    crops: npt.NDArray[np.uint8]
    targets: list[list[int]]


@dataclass(frozen=True)
class Drawn:
    """A drawn plate kept for some epochs: ``crop`` (48, 96, 3)."""

    generation: int
    crop: Bgr
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
    _drawn: dict[int, Drawn] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.samples) + self.synthetic

    def steps(self, batch: int) -> int:
        """Batches in an epoch, the last short one included."""
        return -(-len(self) // batch)

    def item(self, epoch: int, index: int) -> tuple[Bgr, str]:
        """The crop (48, 96, 3), changed for training, and the text at ``index``."""
        if index < len(self.samples):
            sample = self.samples[index]
            rng = np.random.default_rng((self.seed, epoch, _REAL, index))
            easy = epoch <= self.easy_epochs and rng.random() < 0.5
            kind: Augmentation = "none" if easy else self.augmentation
            return augment(read(sample.picture), rng, kind), sample.text
        return self._plate(epoch, index - len(self.samples))

    def _plate(self, epoch: int, index: int) -> tuple[Bgr, str]:
        """Drawn anew every few epochs, a share of all in each; changed a little in between."""
        generation, age = divmod(epoch + index % _REUSE, _REUSE)
        kept = self._drawn.get(index)
        if kept is None or kept.generation != generation:
            rng = np.random.default_rng((self.seed, generation, _DRAWN, index))
            drawn_in = max(1, generation * _REUSE - index % _REUSE)
            damage = _damage(rng, easy=drawn_in <= self.easy_epochs)
            picture, text = draw(rng, self.formats, self.alphabet, damage=damage)
            kept = self._drawn[index] = Drawn(generation, resize_crop(picture), text)
        if age == 0:
            return kept.crop, kept.text
        return reseen(
            kept.crop, np.random.default_rng((self.seed, epoch, _RESEEN, index))
        ), kept.text

    def batches(self, epoch: int, batch: int) -> Iterator[Batch]:
        """All items of an epoch in a fresh order."""
        order = np.random.default_rng((self.seed, epoch, _ORDER)).permutation(len(self))
        for start in range(0, len(order), batch):
            items = [self.item(epoch, int(index)) for index in order[start : start + batch]]
            yield collate(items, self.alphabet)


def check_samples(samples: Iterable[Sample], alphabet: str) -> None:
    """Refuse what cannot be learned: a missing file, an unknown character, a text too long."""
    for sample in samples:
        if not sample.picture.is_file():
            raise PictureMissing(name=sample.picture.name)
        alphabets.encode(sample.text, alphabet, name=sample.picture.name)
        ctc.check_capacity(sample.text, STEPS, name=sample.picture.name)


def read(path: Path) -> Bgr:
    """The crop's picture, uint8 BGR (H, W, 3)."""
    return read_picture(path)


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


def collate(items: Sequence[tuple[Bgr, str]], alphabet: str) -> Batch:
    """96x48 crops and their texts as one batch."""
    targets = [alphabets.encode(text, alphabet) for _, text in items]
    return Batch(np.stack([crop for crop, _ in items]), targets)


def to_tensor(crops: npt.NDArray[np.uint8], device: torch.device) -> Tensor:
    """uint8 (N, 48, 96, 3) -> float (N, 3, 48, 96) in 0..1, stored channels last."""
    moved = torch.from_numpy(crops).to(device)
    return moved.permute(0, 3, 1, 2).float().div_(255)


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
        try:
            for item in produce():
                put(item, None)
                if stopped.is_set():
                    return
            put(None, None)
        except BaseException as error:  # handed over, raised again in the consumer
            put(None, error)

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
