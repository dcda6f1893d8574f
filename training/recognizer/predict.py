"""Reading plates with a trained recognizer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from annotations.vision.crops import Bgr, resize_crop
from training import checkpoints
from training.errors import CheckpointOtherLayout, CheckpointUnreadable
from training.recognizer import alphabet as alphabets
from training.recognizer import automaton, beam, ctc, metrics, posterior, rows
from training.recognizer.automaton import Automaton
from training.recognizer.config import NETWORKS
from training.recognizer.data import Sample, read, to_tensor
from training.recognizer.network import build

_BATCH = 32
_RESCORED = 3  # texts of a search that are measured exactly

# A text with a format is taken when it is at least this likely beside the greedy text. Lower
# wins little on real crops and costs plates of other countries dearly (docs/benchmarks.md).
MARGIN = 0.1


@dataclass(frozen=True)
class PlateRead:
    """What the network read on one crop.

    ``confidence`` is the probability of the whole text, all its alignments together;
    ``characters`` has the share of each character among all that could stand in its place,
    ``alternatives`` the second choice at each place and its share. ``greedy`` is what the
    network says by itself, ``fitted`` the likeliest text that has one of the formats ("" if
    none was looked for); ``text`` is one of the two. All 0..1; nothing read: 0.
    """

    text: str
    confidence: float
    characters: tuple[float, ...]
    alternatives: tuple[tuple[str, float], ...] = ()
    greedy: str = ""
    greedy_confidence: float = 0.0
    fitted: str = ""
    fitted_confidence: float = 0.0


class Recognizer:
    """A network ready to read, and its alphabet. A read never depends on the other crops.

    ``formats`` are patterns of plate formats, a hint and no wall: a text that has none of them
    is read all the same where it is much likelier. ``characters`` is a wall: no other is read;
    "" stands for all of the alphabet. ``temperature`` divides the scores.
    """

    def __init__(
        self,
        network: nn.Module,
        alphabet: str,
        *,
        formats: Iterable[str] = (),
        characters: str = "",
        temperature: float = 1.0,
    ) -> None:
        self.network = network.eval()
        kept = [at for at, one in enumerate(alphabet) if one in characters or not characters]
        self._classes = [*kept, len(alphabet)]  # the blank comes last
        self.alphabet = "".join(alphabet[at] for at in kept)
        self.formats = automaton.of_patterns(formats, self.alphabet)
        self.temperature = temperature

    @classmethod
    def load(cls, path: Path, *, formats: Iterable[str] = (), characters: str = "") -> Recognizer:
        """From a checkpoint file or a run's folder; on the accelerator if there is one.

        Without ``formats`` those of the texts it learned from count (training.recognizer.forms).
        Refuses with CheckpointMissing, CheckpointUnreadable, CheckpointWrongKind or BadPattern.
        """
        checkpoint = checkpoints.load(path)
        checkpoints.require_kind(checkpoint, "recognizer", name=path.name)
        alphabet = str(checkpoint.metadata.get("alphabet", ""))
        network = restore(checkpoint, name=path.name)
        heat = checkpoint.metadata.get("temperature", 1.0)
        forms = checkpoint.metadata.get("forms", [])
        if not (_is_positive(heat) and _are_texts(forms)):
            raise CheckpointUnreadable(name=path.name)
        return cls(
            place(fuse(network.eval()), processor()),
            alphabet,
            formats=tuple(formats) or forms,
            characters=characters,
            temperature=float(heat),
        )

    def read(self, crops: Sequence[Bgr]) -> list[PlateRead]:
        """Read crops of any size, uint8 BGR (H, W, 3), in their order.

        A crop that may show two rows of characters is read both ways; the surer one counts.
        """
        return both_ways(self._read, crops)

    def _read(self, crops: Sequence[Bgr]) -> list[PlateRead]:
        device = next(self.network.parameters()).device
        reads: list[PlateRead] = []
        for start in range(0, len(crops), _BATCH):
            part = np.stack([resize_crop(crop) for crop in crops[start : start + _BATCH]])
            with torch.inference_mode():
                logits = self.network(to_tensor(part, device)).float()[..., self._classes]
            reads += decode(logits / self.temperature, self.alphabet, self.formats)
        return reads

    def predict(self, samples: Sequence[Sample]) -> list[PlateRead]:
        """Read the crops of the samples, in their order; only a batch is in memory at a time."""
        return [each for _, _, reads in self._timed(samples) for each in reads]

    def _timed(
        self, samples: Sequence[Sample]
    ) -> Iterator[tuple[Sequence[Bgr], float, list[PlateRead]]]:
        for start in range(0, len(samples), _BATCH):
            part = samples[start : start + _BATCH]
            crops = [read(sample.picture) for sample in part]
            begun = time.perf_counter()
            reads = self.read(crops)
            yield crops, time.perf_counter() - begun, reads


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


def both_ways(
    read: Callable[[Sequence[Bgr]], list[PlateRead]], crops: Sequence[Bgr]
) -> list[PlateRead]:
    """Read crops as one row of characters, those that may show two so as well; the surer counts."""
    reads = read(crops)
    squarish = [at for at, crop in enumerate(crops) if rows.perhaps_two(crop)]
    again = read([rows.side_by_side(crops[at]) for at in squarish])
    for at, other in zip(squarish, again, strict=True):
        if other.confidence > reads[at].confidence:
            reads[at] = other
    return reads


def examine(
    recognizer: Recognizer,
    samples: Sequence[Sample],
    *,
    seen: Callable[[Bgr], None] | None = None,
) -> Evaluation:
    """Read every sample, the last short batch included, and keep the reads.

    ``seen`` is shown every crop, in the order of the samples.
    """
    seconds, reads = 0.0, list[PlateRead]()
    for crops, spent, part in recognizer._timed(samples):
        if seen is not None:
            for crop in crops:
                seen(crop)
        seconds += spent
        reads += part
    return Evaluation(tuple(samples), tuple(reads), seconds)


def evaluate(recognizer: Recognizer, samples: Sequence[Sample]) -> dict[str, float]:
    """{"crops", "exact", "char", "ms_per_crop"} over every sample; see :func:`examine`."""
    return examine(recognizer, samples).figures()


def decode(logits: Tensor, alphabet: str, formats: Automaton | None = None) -> list[PlateRead]:
    """(N, T, K + 1) -> the read of each crop: greedy, or what has a format and is near it."""
    scores = logits.double().log_softmax(dim=-1).cpu().numpy()
    shares = np.exp(scores)
    greedy = [tuple(emission.index for emission in crop) for crop in ctc.greedy(logits)]
    by_itself = posterior.judge(shares, greedy)
    if formats is None:
        return [
            _plate_read(classes, sure, alphabet)
            for classes, sure in zip(greedy, by_itself, strict=True)
        ]
    fitted = _fitted(scores, shares, greedy, by_itself, formats)
    return [
        _chosen(mine, other, alphabet)
        for mine, other in zip(zip(greedy, by_itself, strict=True), fitted, strict=True)
    ]


_Judged = tuple[tuple[int, ...], posterior.Sure]


def _fitted(
    scores: posterior.Floats,
    shares: posterior.Floats,
    greedy: Sequence[tuple[int, ...]],
    by_itself: Sequence[posterior.Sure],
    formats: Automaton,
) -> list[_Judged | None]:
    """The likeliest text with a format, per crop; None where no form can be written."""
    found: list[_Judged | None] = [
        (classes, sure) if _is_best(classes, sure, formats) else None
        for classes, sure in zip(greedy, by_itself, strict=True)
    ]
    open_crops = [at for at, known in enumerate(found) if known is None]
    searched = beam.search(scores[open_crops], formats)
    candidates = [
        (at, text.classes)
        for at, texts in zip(open_crops, searched, strict=True)
        for text in texts[:_RESCORED]
    ]
    judged = posterior.judge(shares[[at for at, _ in candidates]], [c for _, c in candidates])
    for (at, classes), sure in zip(candidates, judged, strict=True):
        best = found[at]
        if best is None or sure.probability > best[1].probability:
            found[at] = (classes, sure)
    return found


def _is_best(classes: tuple[int, ...], sure: posterior.Sure, formats: Automaton) -> bool:
    """Whether no search is needed: it has a format, and no other text can be as likely."""
    return sure.probability > 0.5 and formats.fits(classes)


def _chosen(mine: _Judged, other: _Judged | None, alphabet: str) -> PlateRead:
    read = _plate_read(*mine, alphabet)
    if other is None:
        return read
    fitted = _plate_read(*other, alphabet)
    near = other[1].probability >= MARGIN * mine[1].probability
    return replace(
        fitted if near else read,
        greedy=read.greedy,
        greedy_confidence=read.greedy_confidence,
        fitted=fitted.text,
        fitted_confidence=other[1].probability,
    )


def _plate_read(classes: tuple[int, ...], sure: posterior.Sure, alphabet: str) -> PlateRead:
    text = alphabets.decode(classes, alphabet)
    share = sure.probability if text else 0.0
    own = tuple(float(row[at]) for row, at in zip(sure.places, classes, strict=True))
    others = tuple(_second(row, at, alphabet) for row, at in zip(sure.places, classes, strict=True))
    return PlateRead(text, share, own, others, greedy=text, greedy_confidence=share)


def _second(row: posterior.Floats, chosen: int, alphabet: str) -> tuple[str, float]:
    """The likeliest other character at a place, and its share; "" in an alphabet of one."""
    if len(row) < 2:
        return "", 0.0
    rest = row.copy()
    rest[chosen] = -1.0
    best = int(rest.argmax())
    return alphabet[best], float(rest[best])


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value > 0


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def restore(checkpoint: checkpoints.Checkpoint, *, name: str) -> nn.Module:
    """The network a recognizer's checkpoint holds, weights and all."""
    network, alphabet = checkpoint.metadata.get("network"), checkpoint.metadata.get("alphabet")
    if network not in NETWORKS or not isinstance(alphabet, str):
        raise CheckpointUnreadable(name=name)
    built = build(network, len(alphabet))
    try:
        built.load_state_dict(checkpoint.weights)
    except RuntimeError as error:
        raise CheckpointOtherLayout(name=name, network=network) from error
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
