"""Reading plates with a trained recognizer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from annotations.vision.crops import Bgr, resize_crop
from training import checkpoints
from training.errors import CheckpointUnreadable
from training.recognizer import alphabet as alphabets
from training.recognizer import ctc, metrics, rows
from training.recognizer.data import Sample, read, to_tensor
from training.recognizer.network import NETWORKS, build

_BATCH = 32


@dataclass(frozen=True)
class PlateRead:
    """What the network read on one crop.

    ``confidence`` is the probability of the whole text, all its alignments together;
    ``characters`` has the highest probability of each character. All 0..1; nothing read: 0.
    """

    text: str
    confidence: float
    characters: tuple[float, ...]


class Recognizer:
    """A network ready to read, and its alphabet. A read never depends on the other crops."""

    def __init__(self, network: nn.Module, alphabet: str) -> None:
        self.network = network.eval()
        self.alphabet = alphabet

    @classmethod
    def load(cls, path: Path) -> Recognizer:
        """From a checkpoint file or a run's folder; on the accelerator if there is one.

        Refuses with CheckpointMissing, CheckpointUnreadable or CheckpointWrongKind.
        """
        checkpoint = checkpoints.load(path)
        checkpoints.require_kind(checkpoint, "recognizer", name=path.name)
        alphabet = str(checkpoint.metadata.get("alphabet", ""))
        network = restore(checkpoint, name=path.name)
        return cls(place(fuse(network.eval()), processor()), alphabet)

    def read(self, crops: Sequence[Bgr]) -> list[PlateRead]:
        """Read crops of any size, uint8 BGR (H, W, 3), in their order.

        A crop that may show two rows of characters is read both ways; the surer one counts.
        """
        reads = self._read(crops)
        squarish = [at for at, crop in enumerate(crops) if rows.perhaps_two(crop)]
        again = self._read([rows.side_by_side(crops[at]) for at in squarish])
        for at, other in zip(squarish, again, strict=True):
            if other.confidence > reads[at].confidence:
                reads[at] = other
        return reads

    def _read(self, crops: Sequence[Bgr]) -> list[PlateRead]:
        device = next(self.network.parameters()).device
        reads: list[PlateRead] = []
        for start in range(0, len(crops), _BATCH):
            part = np.stack([resize_crop(crop) for crop in crops[start : start + _BATCH]])
            with torch.inference_mode():
                logits = self.network(to_tensor(part, device)).float()
            reads += decode(logits, self.alphabet)
        return reads

    def predict(self, samples: Sequence[Sample]) -> list[PlateRead]:
        """Read the crops of the samples, in their order; only a batch is in memory at a time."""
        return [each for _, _, reads in self._timed(samples) for each in reads]

    def _timed(
        self, samples: Sequence[Sample]
    ) -> Iterator[tuple[Sequence[Sample], float, list[PlateRead]]]:
        for start in range(0, len(samples), _BATCH):
            part = samples[start : start + _BATCH]
            crops = [read(sample.picture) for sample in part]
            begun = time.perf_counter()
            reads = self.read(crops)
            yield part, time.perf_counter() - begun, reads


@dataclass(frozen=True)
class Evaluation:
    """Every sample's read, in order, and the seconds that reading (not loading) took."""

    samples: tuple[Sample, ...]
    reads: tuple[PlateRead, ...]
    seconds: float

    def pairs(self) -> list[metrics.Pair]:
        """(true text, read text) of every sample."""
        return [(s.text, r.text) for s, r in zip(self.samples, self.reads, strict=True)]

    def figures(self) -> dict[str, float]:
        """crops, exact and char (0..1), ms_per_crop."""
        pairs = self.pairs()
        return {
            "crops": len(pairs),
            "exact": metrics.exact(pairs),
            "char": metrics.character_accuracy(pairs),
            "ms_per_crop": 1000 * self.seconds / len(pairs) if pairs else 0.0,
        }


def examine(recognizer: Recognizer, samples: Sequence[Sample]) -> Evaluation:
    """Read every sample, the last short batch included, and keep the reads."""
    seconds, reads = 0.0, list[PlateRead]()
    for _, spent, part in recognizer._timed(samples):
        seconds += spent
        reads += part
    return Evaluation(tuple(samples), tuple(reads), seconds)


def evaluate(recognizer: Recognizer, samples: Sequence[Sample]) -> dict[str, float]:
    """{"crops", "exact", "char", "ms_per_crop"} over every sample; see :func:`examine`."""
    return examine(recognizer, samples).figures()


def decode(logits: Tensor, alphabet: str) -> list[PlateRead]:
    """(N, T, K + 1) -> the greedy read of each crop."""
    emissions = ctc.greedy(logits)
    classes = [[emission.index for emission in crop] for crop in emissions]
    shares = ctc.likelihood(logits, classes).tolist()
    return [
        PlateRead(
            alphabets.decode(indices, alphabet),
            share if indices else 0.0,
            tuple(emission.peak for emission in crop),
        )
        for crop, indices, share in zip(emissions, classes, shares, strict=True)
    ]


def restore(checkpoint: checkpoints.Checkpoint, *, name: str) -> nn.Module:
    """The network a recognizer's checkpoint holds, weights and all."""
    network, alphabet = checkpoint.metadata.get("network"), checkpoint.metadata.get("alphabet")
    if network not in NETWORKS or not isinstance(alphabet, str):
        raise CheckpointUnreadable(name=name)
    built = build(network, len(alphabet))
    try:
        built.load_state_dict(checkpoint.weights)
    except RuntimeError as error:
        raise CheckpointUnreadable(name=name) from error
    return built


def fuse(network: nn.Module) -> nn.Module:
    """Fold each batch norm into the convolution before it. Changes ``network``, in eval mode."""
    for block in network.modules():
        if not isinstance(block, nn.Sequential):
            continue
        for at in range(len(block) - 1):
            conv, norm = block[at], block[at + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                block[at], block[at + 1] = fuse_conv_bn_eval(conv, norm), nn.Identity()
    return network


def processor() -> torch.device:
    """The accelerator if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def place(network: nn.Module, device: torch.device) -> nn.Module:
    """On the device, convolution weights stored channels last, as the crops are."""
    for weight in network.to(device).parameters():
        if weight.ndim == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    return network
