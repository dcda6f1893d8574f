"""Training a detector: epochs come out one by one, and it goes on where it was stopped."""

from __future__ import annotations

import copy
import hashlib
import math
import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training import bounds, checkpoints, devices, ranks
from training.detector import second_look
from training.detector.beginning import first_network
from training.detector.config import DetectorConfig
from training.detector.data import Batch, Bgr, FrameStore, Item, Sample, SampleBox, TrainSet
from training.detector.evaluation import Tally
from training.detector.inputs import Inputs, as_input
from training.detector.loss import Balance, ClassCost, Objectives, class_costs
from training.detector.network import set_norm_momentum
from training.detector.predict import (
    CHUNK,
    KIND,
    Floats,
    choose_device,
    choose_dtype,
    new_network,
    read_grids,
    truths_of,
)
from training.errors import (
    AnotherTrainingHere,
    Diverged,
    NothingToTrainOn,
)
from training.loader import Loader, prefetch
from training.ranks import ALONE, Ranks, share_norms
from training.schedule import soft_start_annealing

__all__ = ["DetectorConfig", "Epoch", "Sample", "SampleBox", "fit", "history"]

STATE_KIND = "detector-state"
CACHE = "frames"
# A training has diverged when an epoch costs so many times what its first batch did, and more
# than any usable one: 0.1 is a bad first epoch.
HOPELESS_GROWTH, HOPELESS_COST = 10.0, 0.5
MOST_WORKERS = 16
LOOK_EVERY = 50  # steps after which a training that diverged is noticed at the latest

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Epoch:
    """One finished epoch, counted from 1. ``best``: no earlier one was clearly better, by more
    than a standard error: a later one is better annealed and averaged, an earlier one luckier.

    ``replayed`` says that it was finished before a resume and is only told again.
    """

    epoch: int
    epochs: int
    metrics: dict[str, float]
    best: bool
    seconds: float = field(default=0.0, compare=False)
    replayed: bool = field(default=False, compare=False)


def fit(
    config: DetectorConfig,
    train: Sequence[Sample],
    val: Sequence[Sample],
    out_dir: Path,
    *,
    init: Path | None = None,
    progress: Progress | None = None,
    dataset_version: str | None = None,
    device: str = "auto",
) -> Iterator[Epoch]:
    """Train, yielding each epoch after its checkpoints are on disk.

    Writes best.safetensors, last.safetensors and the state to go on from. Called again with
    the same settings and samples on the same ``out_dir`` it first tells the finished epochs
    again (``replayed``), then does the remaining ones, with the same figures as an
    uninterrupted training on the same processor.

    ``init``: a detector to start from; heads of labels it knows are taken over. It is frozen
    and pruned as the settings say, and a pruned one stays as small. ``progress``
    is called with (done, total) frames while they are decoded, then with (done, total) steps
    of each epoch; what it raises stops the training. ``dataset_version`` goes into the
    checkpoints.

    Where torchrun or the like started several processes (training/ranks.py), each calls this
    alike. The first one writes, is called back and yields; the others yield nothing.

    Raises Diverged, NothingToTrainOn, AnotherTrainingHere, OtherNetwork, and what reading
    pictures and checkpoints refuses. Metrics: "loss", "rate", per label "coverage_LABEL" and
    "box_LABEL" (unweighted costs), and in evaluated epochs "map" and per label
    "ap_50_LABEL", "recall_50_LABEL", "precision_50_LABEL".
    """
    if not train:
        raise NothingToTrainOn
    chosen = _own(choose_device(device))
    state = _read_state(out_dir, config, _fingerprint(train, val))
    torch.backends.cudnn.benchmark = True  # windows and frames keep their sizes for long
    with ranks.joined(chosen) as here:
        training = _Training(config, chosen, init=init, state=state, ranks=here)
        if state:
            training.restore(state)
        told = progress if here.first else None
        with closing(_epochs(training, train, val, out_dir, told)) as epochs:
            if not here.first:
                with suppress(ranks.AnotherLeft):
                    deque(epochs, maxlen=0)
                return
            yield from (replace(epoch, replayed=True) for epoch in training.history)
            for epoch in epochs:
                _save(training, out_dir, _fingerprint(train, val), dataset_version, epoch)
                yield epoch
    shutil.rmtree(out_dir / CACHE, ignore_errors=True)


def _epochs(
    training: _Training,
    train: Sequence[Sample],
    val: Sequence[Sample],
    out_dir: Path,
    progress: Progress | None,
) -> Generator[Epoch, None, None]:
    """The epochs that are not done yet, nothing written."""
    if training.over:
        return
    config, cache = training.config, out_dir / CACHE
    size = (config.width, config.height)
    with training.ranks.first_before_others(training.device):
        store = FrameStore.build(train, size=size, folder=cache, progress=progress)
        held = FrameStore.build(val, size=size, folder=cache, progress=progress)
    part = (training.ranks.rank, training.ranks.count)
    frames = TrainSet(train, store, config, part=part)
    workers = workers_for(training.device, batch=config.batch, ranks=training.ranks.count)
    with Loader(frames, workers=workers) as loader:
        while not training.over:
            begun = time.perf_counter()
            training.run_epoch(loader, progress)
            if training.epoch % config.evaluate_every == 0 or training.epoch == config.epochs:
                training.evaluate(val, held)
            yield training.report(begun)


def workers_for(device: torch.device, *, batch: int, ranks: int = 1) -> int:
    """How many processes prepare batches for each of ``ranks`` trainings on this machine.

    None on a processor: a thread keeps up with it, and it needs its cores itself. No more than
    there are frames in its part of a batch.
    """
    if device.type == "cpu":
        return 0
    return max(1, min(devices.cores() // ranks - 1, -(-batch // ranks), MOST_WORKERS))


def _own(device: torch.device) -> torch.device:
    """This process's card by its number: other threads do not know which one is set."""
    if device.type == "cuda" and device.index is None:
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return device


def history(out_dir: Path) -> tuple[Epoch, ...]:
    """The epochs finished so far in ``out_dir``, for whoever missed some; none before the first."""
    file = out_dir / checkpoints.STATE
    if not file.is_file():
        return ()
    return tuple(Epoch(**item) for item in checkpoints.read_metadata(file)["history"])


class _Training:
    """Everything that changes while training, and how it is kept and restored."""

    def __init__(
        self,
        config: DetectorConfig,
        device: torch.device,
        *,
        init: Path | None = None,
        state: checkpoints.Checkpoint | None = None,
        ranks: Ranks = ALONE,
    ) -> None:
        self.config, self.device, self.ranks = config, device, ranks
        self.dtype = choose_dtype(config.precision, device)
        if state:
            self.network = new_network(config, state.metadata.get("widths")).to(device)
        else:
            self.network = first_network(config, init).to(device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in the stub
        set_norm_momentum(self.network, config.norm_momentum)
        if ranks.count > 1:
            share_norms(self.network)
        # What is evaluated and saved: the running mean of the weights, or the weights.
        self.mean = copy.deepcopy(self.network) if config.ema else self.network
        pairs = zip(
            self.mean.state_dict().values(), self.network.state_dict().values(), strict=True
        )
        moving = [pair for pair in pairs if pair[0].is_floating_point()]
        self.followed = [mean for mean, _ in moving], [now for _, now in moving]
        for stage in self._frozen:
            stage.requires_grad_(requires_grad=False)
        self.learning = [value for value in self.network.parameters() if value.requires_grad]
        fused = device.type == "cuda"  # one kernel instead of some for each parameter
        self.optimiser = torch.optim.Adam(self.learning, lr=config.lr_hi, fused=fused)
        shares = {"coverage": 1.0, "box": config.box_target}
        self.balance = Balance(
            [
                ClassCost(
                    name=name,
                    foreground=config.foreground,
                    focus=config.focus,
                    giou=config.giou,
                    initial=shares,
                    target=shares,
                )
                for name in config.classes
            ]
        )
        self.epoch, self.steps = 0, 0
        self.best = -math.inf
        self.doubt = 0.0  # standard error of the last mean AP
        self.first_cost: float | None = None  # of the first batch, before anything was learnt
        self.history: list[Epoch] = []
        self.metrics: dict[str, float] = {}
        self.thresholds: dict[str, float] = {}
        self.verifies = False  # whether the last figures are not worse with a second look
        self.evaluated = False

    @property
    def over(self) -> bool:
        """Whether all epochs are done, or the last evaluations brought nothing better."""
        figures = [item.metrics["map"] for item in self.history if "map" in item.metrics]
        in_vain = len(figures) - 1 - figures.index(max(figures)) if figures else 0
        tired = 0 < self.config.patience <= in_vain
        return tired or self.epoch >= self.config.epochs

    @property
    def _frozen(self) -> list[nn.Module]:
        return [self.network.stages()[number] for number in self.config.freeze]

    # --- one epoch

    def run_epoch(self, loader: Loader[Item, Batch], progress: Progress | None) -> None:
        self.epoch += 1
        self.network.train()
        for stage in self._frozen:
            stage.eval()
        total = loader.source.steps(self.config.batch)
        costs = torch.zeros(1 + 2 * len(self.config.classes), dtype=torch.double)
        costs = costs.to(self.device)
        with closing(prefetch(self._inputs(loader), ahead=2)) as batches:
            for done, batch in enumerate(batches, start=1):
                rate = self._rate(total)
                costs += self._step(batch)
                if done == 1 or done % LOOK_EVERY == 0:  # each look waits for the device
                    self._check_cost(costs)
                with self.ranks.leaving_together(self.device):
                    if progress:
                        progress(done, total)
        self._check_cost(costs)
        self._check_weights()
        loss, plain = self._named(costs.tolist())
        self.balance.end_epoch(plain)
        parts = {
            f"{part}_{name}": cost / total
            for name, objectives in plain.items()
            for part, cost in objectives.items()
        }
        self.metrics = {"loss": loss / total} | parts | {"rate": rate}
        assert self.first_cost is not None
        if self.metrics["loss"] > max(HOPELESS_GROWTH * self.first_cost, HOPELESS_COST):
            raise Diverged(epoch=self.epoch)
        self.evaluated = False

    def _inputs(self, loader: Loader[Item, Batch]) -> Generator[Inputs, None, None]:
        with closing(loader.batches(self.epoch, self.config.batch)) as batches:
            for batch in batches:
                yield Inputs.of(batch, self.device)

    def _rate(self, steps_per_epoch: int) -> float:
        settings = self.config
        rate = soft_start_annealing(
            self.steps / (steps_per_epoch * settings.epochs),
            lo=settings.lr_lo,
            hi=settings.lr_hi,
            soft_start=settings.soft_start,
            annealing=settings.annealing,
        )
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return rate

    def _step(self, batch: Inputs) -> Tensor:
        """Learn from a batch; its cost, and those of the parts in the order of ``_named``."""
        reduced = self.dtype != torch.float32
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=reduced):
            features = self.network.features(batch.frames)
        coverage, edges = self.network.heads(features)
        costs = class_costs(
            coverage,
            edges,
            targets=(batch.coverage, batch.normalised, batch.edges),
            mask=batch.mask,
            classes=self.balance.classes,
            whole=batch.whole,
        )
        total = self.balance.total(costs)
        if self.config.l1:
            total = total + self.config.l1 * _l1(self.network) / self.ranks.count
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        self.ranks.add_gradients(self.learning)
        self.optimiser.step()
        self.steps += 1
        self._follow()
        each = [cost for parts in costs.values() for cost in parts.values()]
        values = torch.stack([total, *each]).detach().double()
        self.ranks.add(values)
        return values

    def _named(self, values: Sequence[float]) -> tuple[float, dict[str, Objectives]]:
        """The whole cost, and each class's by its objectives."""
        cost, *parts = values
        told = iter(parts)
        return cost, {
            item.name: {part: next(told) for part in ("coverage", "box")}
            for item in self.balance.classes
        }

    def _check_cost(self, costs: Tensor) -> None:
        """Raises Diverged where the sum of an epoch's costs so far is no number."""
        cost = float(costs[0])
        if not math.isfinite(cost):
            raise Diverged(epoch=self.epoch)
        if self.first_cost is None:
            self.first_cost = cost

    def _follow(self) -> None:
        """Move the running mean of the weights; young means follow faster."""
        if not self.config.ema:
            return
        decay = min(self.config.ema, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            torch._foreach_lerp_(*self.followed, 1 - decay)

    def _check_weights(self) -> None:
        for value in self.network.state_dict().values():
            if value.is_floating_point() and not torch.isfinite(value).all():
                raise Diverged(epoch=self.epoch)

    # --- evaluation

    def evaluate(self, val: Sequence[Sample], held: FrameStore) -> None:
        """Figures on the held frames; without any, the loss alone decides which is best."""
        self.mean.eval()
        once, twice = tallies = Tally(self.config.classes), Tally(self.config.classes)
        size = (self.config.width, self.config.height)
        own = {
            start: self._looks(np.array(held.frames[start : start + CHUNK]))
            for start in self.ranks.share(range(0, len(val), CHUNK))
        }
        found = chain.from_iterable(self.ranks.together(own))
        for sample, original, looks in zip(val, held.original_sizes, found, strict=True):
            truths = truths_of(sample, self.config.classes, to_size=size, original=original)
            for tally, classes in zip(tallies, looks, strict=True):
                tally.add(truths, dict(zip(self.config.classes, classes, strict=True)))
        self.evaluated = True
        if val:
            figures = once.figures(once.thresholds())
            least = figures.pop("map") - _standard_error(list(figures.values()))
            # Few frames say little, and on most pictures a second look is better.
            self.verifies = twice.mean_ap() >= least and second_look.LABEL in figures
            tally = twice if self.verifies else once
            self.thresholds = tally.thresholds()
            figures = tally.figures(self.thresholds)
            self.metrics["map"] = figures.pop("map")
            self.doubt = _standard_error(list(figures.values()))
            for name, values in figures.items():
                for key in ("ap_50", "recall_50", "precision_50"):
                    self.metrics[f"{key}_{name}"] = values[key]

    def _looks(self, frames: Bgr) -> list[tuple[list[Floats], list[Floats]]]:
        """What is found on each frame, per class, and the same with verified plates."""
        once = self._read(frames)
        if second_look.LABEL not in self.config.classes:
            return [(classes, classes) for classes in once]
        plate = self.config.classes.index(second_look.LABEL)
        again = second_look.verified(
            frames,
            [classes[plate] for classes in once],
            read=lambda windows: [classes[plate] for classes in self._read(windows)],
            window=self.config.part(second_look.PART),
        )
        return [
            (classes, [*classes[:plate], rows, *classes[plate + 1 :]])
            for classes, rows in zip(once, again, strict=True)
        ]

    def _read(self, frames: Bgr) -> list[list[Floats]]:
        return read_grids(*self._forward(frames), self.config)

    def _forward(self, frames: Bgr) -> tuple[Tensor, Tensor]:
        with torch.inference_mode():
            inputs = as_input(frames, self.device)
            with torch.autocast(
                self.device.type, dtype=torch.bfloat16, enabled=self.dtype != torch.float32
            ):
                features = self.mean.features(inputs)
            coverage, edges = self.mean.heads(features)
        return coverage, edges

    def report(self, begun: float) -> Epoch:
        """The epoch just finished, added to the history."""
        figure = self.metrics.get("map", -self.metrics["loss"])
        best = self.evaluated and figure >= self.best - self.doubt
        if self.evaluated:
            self.best = max(self.best, figure)
        epoch = Epoch(
            self.epoch, self.config.epochs, dict(self.metrics), best, time.perf_counter() - begun
        )
        self.history.append(epoch)
        return epoch

    # --- keeping

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and plain JSON to go on from."""
        tensors, plain = checkpoints.flatten(
            {
                "network": self.network.state_dict(),
                "mean": self.mean.state_dict() if self.config.ema else {},
                "optimiser": self.optimiser.state_dict(),
            }
        )
        return tensors, {
            "tensors": plain,
            "epoch": self.epoch,
            "steps": self.steps,
            "best": self.best if math.isfinite(self.best) else None,
            "first_cost": self.first_cost,
            "weights": self.balance.weights,
            "thresholds": self.thresholds,
            "verifies": self.verifies,
            "history": [asdict(replace(item, replayed=False)) for item in self.history],
        }

    def restore(self, state: checkpoints.Checkpoint) -> None:
        """Go on from what ``state`` kept."""
        kept = state.metadata
        parts = checkpoints.unflatten(state.weights, kept["tensors"])
        self.network.load_state_dict(parts["network"])
        if self.config.ema:
            self.mean.load_state_dict(parts["mean"])
        self.optimiser.load_state_dict(parts["optimiser"])
        self.epoch, self.steps = kept["epoch"], kept["steps"]
        self.best = -math.inf if kept["best"] is None else kept["best"]
        self.first_cost = kept.get("first_cost")  # older trainings did not keep it
        self.balance.weights = kept["weights"]
        self.thresholds = kept["thresholds"]
        self.verifies = kept.get("verifies", False)
        self.history = [Epoch(**item) for item in kept["history"]]


def _standard_error(figures: Sequence[Mapping[str, Any]]) -> float:
    """Of the mean AP of labels, as if AP were a share of their objects."""
    errors = [
        bounds.standard_error(item["ap_50"], item["objects"]) for item in figures if item["objects"]
    ]
    return math.hypot(*errors) / max(len(errors), 1)


def _l1(network: nn.Module) -> Tensor:
    convs = [item for item in network.modules() if isinstance(item, nn.Conv2d)]
    return torch.stack([value.abs().sum() for conv in convs for value in conv.parameters()]).sum()


# --- files


def _save(
    training: _Training, out_dir: Path, samples: str, dataset_version: str | None, report: Epoch
) -> None:
    """Checkpoints first, state last: a state on disk means that its epoch is whole."""
    config = training.config
    story = {
        "kind": KIND,
        "network": config.network,
        "classes": list(config.classes),
        "input_size": [config.width, config.height],
        "config": config.to_json(),
        "widths": training.network.widths,
        "thresholds": training.thresholds,
        "verifies": training.verifies,
        "epoch": training.epoch,
        "figures": report.metrics,
        "dataset_version": dataset_version,
        "code_version": checkpoints.code_version(),
    }
    weights = training.mean.state_dict()
    if report.best:
        checkpoints.save(out_dir / checkpoints.BEST, weights, story)
    checkpoints.save(out_dir / checkpoints.LAST, weights, story)
    tensors, plain = training.state()
    kept = {
        "kind": STATE_KIND,
        "config": config.to_json(),
        "widths": training.network.widths,
        "samples": samples,
        **plain,
    }
    checkpoints.save(out_dir / checkpoints.STATE, tensors, kept)


def _read_state(
    out_dir: Path, config: DetectorConfig, samples: str
) -> checkpoints.Checkpoint | None:
    file = out_dir / checkpoints.STATE
    if not file.is_file():
        return None
    state = checkpoints.load(file)
    checkpoints.require_kind(state, STATE_KIND, name=out_dir.name)
    before = DetectorConfig.of_checkpoint(state.metadata["config"]).to_json()
    for setting, value in config.to_json().items():
        if before.get(setting) != value:
            raise AnotherTrainingHere(name=out_dir.name, setting=setting)
    if state.metadata["samples"] != samples:
        raise AnotherTrainingHere(name=out_dir.name, setting="samples")
    return state


def _fingerprint(train: Sequence[Sample], val: Sequence[Sample]) -> str:
    digest = hashlib.sha256()
    for samples in (train, val):
        digest.update(b"|")
        for sample in samples:
            boxes = [tuple(asdict(box).values()) for box in sample.boxes]
            facts = (sample.picture.name, boxes, sorted(sample.complete))
            digest.update(repr(facts).encode())
    return digest.hexdigest()
