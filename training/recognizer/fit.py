"""Training a recognizer: the loop knows nothing of rows, sockets or commands.

    for epoch in fit(config, train, val, folder):
        ...

The folder gets ``best.safetensors`` and ``last.safetensors`` (what a Recognizer loads) and
``state.safetensors`` (what resuming needs). Called again on the same folder, ``fit`` first
yields the finished epochs again, then goes on: on a CPU the curve is the uninterrupted one.
"""

from __future__ import annotations

import copy
import hashlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training import bounds, checkpoints
from training.errors import (
    AnotherTrainingHere,
    CheckpointOtherLayout,
    Diverged,
    NothingToTrainOn,
    OtherNetwork,
)
from training.loader import Loader, prefetch
from training.recognizer import alphabet as alphabets
from training.recognizer import calibration, ctc, data, forms, metrics, tuning
from training.recognizer.config import RecognizerConfig
from training.recognizer.data import Batch, Mix, Sample
from training.recognizer.network import CLASSIFIER, HEIGHT, WIDTH, build, parts
from training.recognizer.predict import decode, place, processor
from training.schedule import soft_start_annealing

Progress = Callable[[int, int], None]

HOPELESS = 500.0  # nats a crop: guessing at random costs less than 100
_HELD_OUT = 256


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave. ``metrics``: loss, val_loss, exact, char (0..1), rate.

    ``replayed`` says that it was finished before a resume and is only told again.
    """

    epoch: int  # 1-based
    epochs: int
    metrics: dict[str, float]
    best: bool
    seconds: float = field(default=0.0, compare=False)
    replayed: bool = field(default=False, compare=False)


def fit(
    config: RecognizerConfig,
    train: Sequence[Sample],
    val: Sequence[Sample],
    out_dir: Path,
    *,
    init: Path | None = None,
    progress: Progress | None = None,
    dataset_version: str | None = None,
) -> Iterator[Epoch]:
    """Train, yielding after every epoch; best is the latest of the most exact on ``val``.

    Epochs within one standard error of the most exact count as equals: a later one is better
    annealed and averaged, an earlier one was luckier.

    Without ``val`` 256 drawn plates that training never shows judge instead. ``init`` is a
    checkpoint to start from: the same network, any alphabet. ``progress(done, steps)`` is
    called after each step and may raise to stop. Raises Diverged, NothingToTrainOn,
    AnotherTrainingHere, OtherNetwork and the refusals of a sample (PictureMissing,
    CharacterUnknown, TextTooLong).
    """
    run = _Run(config, train, val, out_dir, init=init, dataset_version=dataset_version)
    yield from run.history
    with run.loader:
        for number in range(len(run.history) + 1, config.epochs + 1):
            begun = time.perf_counter()
            loss = run.train_epoch(number, progress)
            yield run.finish_epoch(number, loss, begun)


class _Run:
    """The moving parts of one training."""

    def __init__(
        self,
        config: RecognizerConfig,
        train: Sequence[Sample],
        val: Sequence[Sample],
        out_dir: Path,
        *,
        init: Path | None,
        dataset_version: str | None,
    ) -> None:
        data.check_samples([*train, *val], config.alphabet)
        self.config, self.val, self.out_dir = config, tuple(val), out_dir
        self.dataset_version = dataset_version
        self.data = _fingerprint(train, val)
        self.started = _was_started(out_dir / checkpoints.STATE, init)
        self.mix = Mix(
            tuple(train),
            config.alphabet,
            synthetic=config.synthetic,
            formats=config.synthetic_formats,
            augmentation=config.augmentation,
            seed=config.seed,
            easy_epochs=0 if self.started else round(config.easy_start * config.epochs),
        )
        if not len(self.mix):
            raise NothingToTrainOn()
        self.held_out: list[Batch] | None = None
        self.history: list[Epoch] = []
        self.judged: list[Tensor] = []  # scores and truths of the last validation
        self.truths: list[Sequence[int]] = []
        self.device = processor()
        workers = data.workers_for(len(self.mix), accelerated=self.device.type == "cuda")
        self.loader = Loader(self.mix, workers=workers)
        self._build(init)
        if (out_dir / checkpoints.STATE).is_file():
            self._resume()

    # --- beginning

    def _build(self, init: Path | None) -> None:
        torch.manual_seed(self.config.seed)
        network = build(self.config.network, len(self.config.alphabet))
        if init is not None:
            start_from(network, init, self.config)
        self.network = place(network, self.device)
        self.averaged = copy.deepcopy(self.network).eval() if self.config.ema else self.network
        self.optimiser = _optimiser(self.network, self.config)
        self.steps = self.mix.steps(self.config.batch)
        self.autocast = self.config.bf16 and has_bf16(self.device)

    def _resume(self) -> None:
        state = checkpoints.load(self.out_dir / checkpoints.STATE)
        self._check_same(state.metadata)
        self.network.load_state_dict(_under(state.weights, "network."))
        if self.config.ema:
            self.averaged.load_state_dict(_under(state.weights, "averaged."))
        self.optimiser.load_state_dict(
            checkpoints.unflatten(_under(state.weights, "optimiser."), state.metadata["optimiser"])
        )
        self.history = [Epoch(**told, replayed=True) for told in state.metadata["history"]]

    def _check_same(self, metadata: Mapping[str, Any]) -> None:
        """Refuse to go on with other settings or other data than the training began with."""
        ours = {**self.config.to_json(), "data": self.data}
        theirs = {**metadata.get("config", {}), "data": metadata.get("data")}
        for name in ours:
            if ours[name] != theirs.get(name):
                raise AnotherTrainingHere(name=self.out_dir.name, setting=name)

    # --- one epoch

    def train_epoch(self, number: int, progress: Progress | None) -> float:
        """All steps of an epoch; the mean loss per crop."""
        torch.manual_seed(self.config.seed * 100_003 + number)  # dropout, the same after a resume
        self.network.train()
        tuning.freeze(self.network, self._frozen(number))
        total, seen = 0.0, 0
        with closing(prefetch(self.loader.batches(number, self.config.batch))) as batches:
            for step, batch in enumerate(batches, start=1):
                done = (number - 1) * self.steps + step
                self._set_rate((done - 1) / (self.steps * self.config.epochs))
                loss = self._step(batch, number)
                self._average(done)
                total, seen = total + loss * len(batch.targets), seen + len(batch.targets)
                if progress is not None:
                    progress(step, self.steps)
        if total / seen > HOPELESS:
            raise Diverged(epoch=number)
        return total / seen

    def _frozen(self, number: int) -> int:
        """Parts of the network that do not learn in this epoch."""
        return tuning.frozen_parts(
            self.config.tune, len(parts(self.network)), number, self.config.epochs
        )

    def _step(self, batch: Batch, number: int) -> float:
        crops = data.to_tensor(batch.crops, self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            logits = self.network(crops)
        loss = ctc.loss(logits, batch.targets)
        value = loss.item()
        if not math.isfinite(value):
            raise Diverged(epoch=number)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves backward untyped
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)
        self.optimiser.step()
        return value

    def _set_rate(self, progress: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.config, progress)

    def _average(self, done: int) -> None:
        """Move the running mean towards the weights; quickly while it has seen few steps."""
        if not self.config.ema:
            return
        share = 1 - min(self.config.ema, (1 + done) / (10 + done))
        with torch.no_grad():
            ours, theirs = self.averaged.state_dict(), self.network.state_dict()
            for name, mean in ours.items():
                if mean.is_floating_point():
                    mean.lerp_(theirs[name], share)
                else:
                    mean.copy_(theirs[name])

    # --- judging and keeping

    def finish_epoch(self, number: int, loss: float, begun: float) -> Epoch:
        """Evaluate, write the checkpoints and the state; only then is the epoch done."""
        figures = {"loss": loss, **self._judge(), "rate": self.optimiser.param_groups[0]["lr"]}
        if not math.isfinite(figures["val_loss"]):
            raise Diverged(epoch=number)
        most = max((old.metrics["exact"] for old in self.history), default=0.0)
        best = figures["exact"] >= most - bounds.standard_error(most, len(self.truths))
        epoch = Epoch(
            number, self.config.epochs, figures, best, seconds=time.perf_counter() - begun
        )
        self.history.append(epoch)
        heat = self._temperature() if best or number == self.config.epochs else 1.0
        if best:
            self._save(checkpoints.BEST, epoch, heat)
        self._save(checkpoints.LAST, epoch, heat)
        self._save_state()
        return epoch

    def _temperature(self) -> float:
        """What makes the confidences of the network just judged true on the validation."""
        return calibration.temperature(torch.cat(self.judged), self.truths)

    def _judge(self) -> dict[str, float]:
        self.averaged.eval()
        pairs: list[metrics.Pair] = []
        lost = 0.0
        self.judged, self.truths = [], []
        with torch.inference_mode():
            for batch in self._val_batches():
                logits = self.averaged(data.to_tensor(batch.crops, self.device)).float()
                lost += float(ctc.negative_log_likelihood(logits, batch.targets).sum())
                self.judged.append(logits.cpu())
                self.truths += batch.targets
                truths = [alphabets.decode(t, self.config.alphabet) for t in batch.targets]
                reads = decode(logits, self.config.alphabet)
                pairs += [(truth, read.text) for truth, read in zip(truths, reads, strict=True)]
        return {
            "val_loss": lost / len(pairs),
            "exact": metrics.exact(pairs),
            "char": metrics.character_accuracy(pairs),
        }

    def _val_batches(self) -> Iterable[Batch]:
        if self.val:
            return prefetch(data.fixed_batches(self.val, self.config.alphabet), 2)
        if self.held_out is None:
            self.held_out = data.held_out(
                _HELD_OUT,
                formats=self.config.synthetic_formats,
                alphabet=self.config.alphabet,
                seed=self.config.seed,
            )
        return self.held_out

    def _save(self, name: str, epoch: Epoch, temperature: float) -> None:
        checkpoints.save(
            self.out_dir / name,
            self.averaged.state_dict(),
            {
                "kind": "recognizer",
                "network": self.config.network,
                "alphabet": self.config.alphabet,
                "input_size": [WIDTH, HEIGHT],
                "dataset_version": self.dataset_version,
                "temperature": temperature,
                "forms": list(forms.learned([sample.text for sample in self.mix.samples])),
                "figures": epoch.metrics,
                "epoch": epoch.epoch,
                "code_version": checkpoints.code_version(),
                "config": self.config.to_json(),
            },
        )

    def _save_state(self) -> None:
        tensors, plain = checkpoints.flatten(self.optimiser.state_dict())
        weights = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        if self.config.ema:
            weights |= {f"averaged.{k}": v for k, v in self.averaged.state_dict().items()}
        weights |= {f"optimiser.{k}": v for k, v in tensors.items()}
        metadata = {
            "kind": "recognizer-state",
            "config": self.config.to_json(),
            "data": self.data,
            "started": self.started,
            "optimiser": plain,
            "history": [_told(epoch) for epoch in self.history],
        }
        checkpoints.save(self.out_dir / checkpoints.STATE, weights, metadata)


def _was_started(state: Path, init: Path | None) -> bool:
    """Whether the training began from a checkpoint; a resumed one remembers."""
    if state.is_file():
        return bool(checkpoints.read_metadata(state).get("started"))
    return init is not None


def rate_at(config: RecognizerConfig, progress: float) -> float:
    """The learning rate at ``progress`` (steps done / all steps, 0..1)."""
    if config.schedule == "soft_start":
        return soft_start_annealing(
            progress,
            lo=config.rate_floor,
            hi=config.rate,
            soft_start=config.soft_start,
            annealing=config.annealing,
        )
    if progress < config.soft_start:
        height = progress / config.soft_start
    else:
        height = (
            1 + math.cos(math.pi * (progress - config.soft_start) / (1 - config.soft_start))
        ) / 2
    return config.rate_floor + height * (config.rate - config.rate_floor)


def start_from(network: nn.Module, path: Path, config: RecognizerConfig) -> None:
    """Load a checkpoint's weights. The classifier keeps the rows of characters both know.

    Refuses another network (OtherNetwork, CheckpointOtherLayout) and what is not a recognizer.
    """
    checkpoint = checkpoints.load(path)
    checkpoints.require_kind(checkpoint, "recognizer", name=path.name)
    found = checkpoint.metadata.get("network")
    if found != config.network:
        raise OtherNetwork(name=path.name, found=found, wanted=config.network)
    weights = dict(checkpoint.weights)
    fresh = network.state_dict()
    rows = _shared_rows(str(checkpoint.metadata["alphabet"]), config.alphabet)
    try:
        for name in [name for name in fresh if name.startswith(f"{CLASSIFIER}.")]:
            mixed = fresh[name].clone()
            for old, new in rows:
                mixed[new] = weights[name][old]
            weights[name] = mixed
        network.load_state_dict(weights)
    except (RuntimeError, KeyError, IndexError) as error:
        raise CheckpointOtherLayout(name=path.name, network=config.network) from error


def has_bf16(device: torch.device) -> bool:
    """Whether the processor computes in bfloat16 itself (emulation is slower than float32)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    abilities = torch.cpu.get_capabilities()
    return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16"))


def _shared_rows(old: str, new: str) -> list[tuple[int, int]]:
    """(row before, row now) of every character in both alphabets, and of the blank."""
    rows = [(old.index(character), at) for at, character in enumerate(new) if character in old]
    return [*rows, (len(old), len(new))]


def _optimiser(network: nn.Module, config: RecognizerConfig) -> torch.optim.Optimizer:
    if config.optimiser == "sgd":
        return torch.optim.SGD(
            network.parameters(), lr=config.rate, momentum=0.9, weight_decay=config.weight_decay
        )
    # norms and biases are not decayed
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.rate)


def _told(epoch: Epoch) -> dict[str, Any]:
    told = asdict(epoch)
    del told["replayed"]
    return told


def _under(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def _fingerprint(train: Sequence[Sample], val: Sequence[Sample]) -> str:
    """Names and texts in order; folders may move."""
    digest = hashlib.sha256()
    for part in (train, val):
        for sample in part:
            digest.update(f"{sample.picture.name}\0{sample.text}\n".encode())
        digest.update(b"--\n")
    return digest.hexdigest()
