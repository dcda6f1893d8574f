"""A trained detector at work: frames in, boxes with labels and confidences out.

Letters: N frames, C classes, H and W the network's input size, h and w grid rows and columns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from annotations.vision import boxes as geometry
from annotations.vision.crops import read_picture, resize_frame
from training import checkpoints
from training.detector import evaluation, metrics, second_look
from training.detector import tiles as tiling
from training.detector.cluster import candidates, cluster
from training.detector.config import DetectorConfig, Precision
from training.detector.data import Sample
from training.detector.evaluation import DEFAULT_THRESHOLD
from training.detector.gridbox import Grid, decode_cells, ellipses
from training.detector.inputs import as_input
from training.detector.network import DetectNet, fuse
from training.errors import CheckpointOtherLayout
from training.loader import prefetch

KIND = "detector"
READING_MARGIN = 0.08  # of the box, at every edge
CHUNK = 8  # frames in one forward pass
CAR = "car"  # the label
DOUBTFUL = 0.6  # of a car's threshold: enough to look there again

Bgr = NDArray[np.uint8]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Detection:
    """A box in pixels of the original frame, its label and how sure the network is, 0..1."""

    label: str
    x1: float
    y1: float
    x2: float
    y2: float
    confidence: float

    @property
    def box(self) -> geometry.Xyxy:
        """The four edges."""
        return self.x1, self.y1, self.x2, self.y2

    def moved(self, right: float, down: float) -> Detection:
        """The same elsewhere on the frame, pixels."""
        x1, y1, x2, y2 = self.box
        return Detection(self.label, x1 + right, y1 + down, x2 + right, y2 + down, self.confidence)

    def with_margin(self) -> geometry.Xyxy:
        """The box a plate is read in: a little more, since a box cut short loses characters."""
        return geometry.grown(self.box, READING_MARGIN)


def choose_device(name: str = "auto") -> torch.device:
    """The named device, or the graphics card if there is one, else the processor."""
    if name != "auto":
        return torch.device(name)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def choose_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware calculates in it (or when told so), else float32."""
    if precision != "auto":
        return torch.float32 if precision == "float32" else torch.bfloat16
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


def new_network(config: DetectorConfig, widths: Mapping[str, int] | None = None) -> DetectNet:
    """The network that the settings ask for; ``widths`` where it was pruned."""
    return DetectNet(
        classes=len(config.classes), layers=config.layers, stride=config.stride, widths=widths
    )


def restore(checkpoint: checkpoints.Checkpoint, *, name: str) -> tuple[DetectNet, DetectorConfig]:
    """A checkpoint's network with its weights, and its settings.

    Refuses with CheckpointOtherLayout, in which ``name`` stands.
    """
    config = DetectorConfig.of_checkpoint(checkpoint.metadata["config"])
    network = new_network(config, checkpoint.metadata.get("widths"))
    try:
        network.load_state_dict(checkpoint.weights)
    except RuntimeError as error:
        raise CheckpointOtherLayout(name=name, network=config.network) from error
    return network, config


class Detector:
    """A checkpoint ready to read. The detections of a frame do not depend on its batch."""

    def __init__(
        self,
        network: DetectNet,
        config: DetectorConfig,
        *,
        thresholds: Mapping[str, float],
        metadata: Mapping[str, Any],
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.config, self.metadata = config, dict(metadata)
        self.classes = config.classes
        self.thresholds = {name: thresholds.get(name, DEFAULT_THRESHOLD) for name in self.classes}
        self.verifies = bool(metadata.get("verifies"))
        """Whether a second look was not worse on its training's validation frames, by more than a
        standard error: on most pictures it is better."""
        self.clustering = 0.0
        """Seconds spent so far on making boxes of what the network said."""
        self._device, self._dtype = device, dtype
        self._network = fuse(network.eval()).to(device)
        self._network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stub
        for name, part in self._network.named_children():
            if name not in ("cov", "bbox"):  # heads stay in float32
                part.to(dtype)

    @classmethod
    def load(cls, path: Path, *, precision: Precision = "auto", device: str = "auto") -> Detector:
        """A checkpoint file, or the folder of a training. Refuses what is not a detector."""
        checkpoint = checkpoints.load(path)
        checkpoints.require_kind(checkpoint, KIND, name=Path(path).name)
        network, config = restore(checkpoint, name=Path(path).name)
        chosen = choose_device(device)
        return cls(
            network,
            config,
            thresholds=checkpoint.metadata.get("thresholds", {}),
            metadata=checkpoint.metadata,
            device=chosen,
            dtype=choose_dtype(precision, chosen),
        )

    @property
    def size(self) -> geometry.Size:
        """(width, height) every frame is stretched to."""
        return self.config.width, self.config.height

    def detect(
        self,
        frames: Sequence[Bgr],
        *,
        confidence: float | None = None,
        tiles: int = 1,
        around_cars: bool = False,
        verify: bool = False,
    ) -> list[list[Detection]]:
        """Detections of each BGR frame (H, W, 3) of any size, best first.

        Without ``confidence`` each label has the threshold that was best on the validation
        frames of its training. ``tiles`` above 1 looks also at so many parts across and down
        of every frame, for far plates on wide shots: 1 + tiles * tiles passes a frame.
        ``around_cars`` looks again around every car found: a pass more for each. ``verify``
        looks again at every plate found (second_look.py): a quarter of a pass for each.
        """
        found: list[list[Detection]] = []
        for start in range(0, len(frames), CHUNK):
            chunk = frames[start : start + CHUNK]
            resized = np.stack([resize_frame(frame, self.size) for frame in chunk])
            whole = zip(chunk, self.read(resized), strict=True)
            seen = [self._detections(classes, frame) for frame, classes in whole]
            if tiles > 1 or around_cars:
                seen = [
                    self._with_closer_looks(items, frame, tiles, around_cars=around_cars)
                    for items, frame in zip(seen, chunk, strict=True)
                ]
            if verify:
                seen = self._verified(seen, chunk)
            found += [
                [item for item in items if item.confidence >= self._least(item, confidence)]
                for items in seen
            ]
        return found

    def _verified(
        self, found: list[list[Detection]], frames: Sequence[Bgr]
    ) -> list[list[Detection]]:
        if second_look.LABEL not in self.classes:
            return found
        plate = self.classes.index(second_look.LABEL)
        rows = second_look.verified(
            frames,
            [_rows(items, second_look.LABEL) for items in found],
            read=lambda windows: [classes[plate] for classes in self.read(windows)],
            window=self.config.part(second_look.PART),
        )
        others = [[item for item in items if item.label != second_look.LABEL] for items in found]
        return [
            sorted(
                [*kept, *(Detection(second_look.LABEL, *row) for row in again.tolist())],
                key=lambda item: -item.confidence,
            )
            for kept, again in zip(others, rows, strict=True)
        ]

    def _least(self, item: Detection, confidence: float | None) -> float:
        return self.thresholds[item.label] if confidence is None else confidence

    def _with_closer_looks(
        self, found: list[Detection], frame: Bgr, tiles: int, *, around_cars: bool
    ) -> list[Detection]:
        size = (frame.shape[1], frame.shape[0])
        closer = []
        if tiles > 1:
            closer = self._look(frame, tiling.windows(size, tiles), small=tiling.SMALL)
        if around_cars:
            cars = [item for item in found if item.label == CAR]
            sure = [car.box for car in cars if car.confidence >= DOUBTFUL * self.thresholds[CAR]]
            looks = self._look(frame, tiling.around(sure, size), small=tiling.SMALL_AT_CAR)
            closer += [item for item in looks if item.label != CAR]
        if not closer:
            return found
        every = found + closer
        kept = tiling.once_each(
            np.array([item.box for item in every]),
            np.array([item.confidence for item in every]),
            [item.label for item in every],
        )
        return [every[number] for number in kept]

    def _look(self, frame: Bgr, parts: Sequence[tiling.Window], *, small: float) -> list[Detection]:
        size = (frame.shape[1], frame.shape[0])
        cut = [frame[top:bottom, left:right] for left, top, right, bottom in parts]
        found = []
        for part, detections in zip(parts, self.detect(cut, confidence=0.0), strict=True):
            moved = [item.moved(*part[:2]) for item in detections]
            edges = np.array([item.box for item in moved]).reshape(-1, 4)
            added = tiling.worth_adding(edges, part, size, small=small)
            found += [item for item, more in zip(moved, added, strict=True) if more]
        return found

    def read(self, resized: Bgr) -> list[list[Floats]]:
        """Frames (N, H, W, 3) BGR of the network's size or a window: per frame and class (K, 5).

        Columns are x1 y1 x2 y2 in pixels of what is read, and confidence.
        """
        with torch.inference_mode():
            inputs = as_input(resized, self._device).to(self._dtype)
            coverage, edges = (each.cpu() for each in self._network(inputs))
        begun = time.perf_counter()
        found = read_grids(coverage, edges, self.config)
        self.clustering += time.perf_counter() - begun
        return found

    def _detections(self, classes: Sequence[Floats], frame: Bgr) -> list[Detection]:
        original = (frame.shape[1], frame.shape[0])
        found = []
        for label, rows in zip(self.classes, classes, strict=True):
            scaled = geometry.scale(rows[:, :4], from_size=self.size, to_size=original)
            scaled = geometry.clip(scaled, width=original[0], height=original[1])
            for box, sure in zip(scaled.tolist(), rows[:, 4].tolist(), strict=True):
                found.append(Detection(label, box[0], box[1], box[2], box[3], sure))
        return sorted(found, key=lambda detection: -detection.confidence)


def read_grids(coverage: Tensor, edges: Tensor, config: DetectorConfig) -> list[list[Floats]]:
    """Network output (N, C, h, w) and (N, 4C, h, w) as boxes (K, 5) per frame and class."""
    covered = coverage.double().cpu().numpy()
    sides = edges.double().cpu().numpy()
    count = len(config.classes)
    sides = sides.reshape(len(sides), count, 4, *sides.shape[2:])
    wide, high = config.grid.cell
    grid = config.grid.sized(round(sides.shape[-1] * wide), round(sides.shape[-2] * high))
    return [
        [
            _read_class(covered[frame, number], sides[frame, number], config, grid)
            for number in range(count)
        ]
        for frame in range(len(covered))
    ]


def _read_class(covered: Floats, sides: Floats, config: DetectorConfig, grid: Grid) -> Floats:
    settings = config.clustering
    chosen = candidates(covered, settings)
    rows, columns = np.divmod(chosen, grid.columns)
    boxes = decode_cells(sides[:, rows, columns].T, rows, columns, grid)

    def expected(groups: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        axes = ellipses(groups, grid, config.ellipse).coverage_axes
        area: Floats = np.pi * axes[:, 0] * axes[:, 1]
        return area

    found = cluster(boxes, covered[rows, columns], settings, expected=expected)
    return np.concatenate([found.boxes, found.confidence[:, None]], axis=1)


# --- evaluation


def truths_of(
    sample: Sample, classes: Sequence[str], *, to_size: geometry.Size, original: geometry.Size
) -> dict[str, metrics.FrameTruth]:
    """The truth of each class that can be judged on this frame.

    Where a class is not complete, boxes can be found or missed, but no detection is false.
    """
    truths = {}
    for name in classes:
        own = [box for box in sample.boxes if box.label == name]
        wanted = [(box.x1, box.y1, box.x2, box.y2) for box in own if not box.ignore]
        ignored = [(box.x1, box.y1, box.x2, box.y2) for box in own if box.ignore]
        if name not in sample.complete:
            if not wanted:
                continue
            ignored = [(-1.0, -1.0, original[0] + 1.0, original[1] + 1.0)]
        truths[name] = metrics.FrameTruth(
            geometry.scale(wanted, from_size=original, to_size=to_size),
            geometry.scale(ignored, from_size=original, to_size=to_size),
        )
    return truths


def evaluate(
    detector: Detector,
    samples: Sequence[Sample],
    *,
    on_frame: Callable[[Sample, list[Detection]], None] | None = None,
    facts: Mapping[Path, evaluation.Facts] | None = None,
    tiles: int = 1,
    around_cars: bool = False,
    verify: bool | None = None,
    smallest: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Figures per label at IoU 0.5, and "map", the mean AP of the labels that have objects.

    Each label: {"images", "objects", "recall_50", "precision_50", "ap_50",
    "recall_50_one_false", "threshold"}; recall and precision at the detector's own thresholds,
    AP (VOC 2010) over all confidences, one recall at one false box a picture. Under
    "report" all else that training.detector.evaluation tells; ``facts`` say what frames are,
    by their pictures. ``tiles``, ``around_cars`` and ``verify`` as ``Detector.detect`` takes
    them; without the last plates are verified where that was not worse in the model's training.
    ``smallest``: by label, the share of the frame's height below which boxes count neither
    way. ``on_frame`` is given each sample with the detections above the thresholds.
    """
    tally = evaluation.Tally(detector.classes)
    verify = detector.verifies if verify is None else verify
    looks: dict[str, Any] = {"tiles": tiles, "around_cars": around_cars, "verify": verify}
    parts = (samples[start : start + CHUNK] for start in range(0, len(samples), CHUNK))
    decoded = prefetch(
        (([read_picture(item.picture) for item in part], part) for part in parts), ahead=1
    )
    for frames, chunk in decoded:
        seen = detector.detect(frames, confidence=0.0, **looks)
        for sample, frame, found in zip(chunk, frames, seen, strict=True):
            size = (frame.shape[1], frame.shape[0])
            known = (facts or {}).get(sample.picture, evaluation.Facts(sample.picture.name))
            truths = truths_of(sample, detector.classes, to_size=size, original=size)
            rows: dict[str, NDArray[np.floating[Any]]] = {
                name: _rows(found, name) for name in detector.classes
            }
            for name, share in (smallest or {}).items():
                if name in truths:
                    truths[name], rows[name] = metrics.without_small(
                        truths[name], rows[name], height=share * size[1]
                    )
            tally.add(truths, rows, replace(known, size=size))
            if on_frame:
                shown = [
                    item for item in found if item.confidence >= detector.thresholds[item.label]
                ]
                on_frame(sample, shown)
    return {
        **tally.figures(detector.thresholds),
        "report": tally.report(detector.thresholds),
    }


def _rows(found: Sequence[Detection], label: str) -> Floats:
    rows = [(*item.box, item.confidence) for item in found if item.label == label]
    return np.array(rows, dtype=np.float64).reshape(-1, 5)
