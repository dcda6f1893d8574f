"""Train the network of a run: resumed where it stopped, ended early when somebody asks.

Part of ``work``: it reaches torch.
"""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from django.conf import settings

from annotations.models import DatasetItem, DatasetVersion
from annotations.models.datasets import Kind, Split
from annotations.vision.crops import read_picture
from lprsite import files
from lprsite.jobs.engine import Running
from training import (
    checkpoints,
    devices,
    estimates,
    evaluating,
    events,
    headers,
    measuring,
    options,
    ranks,
    runs,
)
from training.detector import fit as detector_fit
from training.detector import predict as detector_predict
from training.detector.config import DetectorConfig
from training.errors import NothingKept
from training.evaluating import detector_samples, found_boxes, found_text, recognizer_samples
from training.models import TrainedModel, TrainingRun
from training.recognizer import alphabet as alphabets
from training.recognizer import fit as recognizer_fit
from training.recognizer import predict as recognizer_predict

_CROPS_SHOWN, _FRAMES_SHOWN = 12, 4
_CURVES = "tensorboard"  # the folder of a run with files for it
_LOOK_EVERY = 1.0  # seconds between two looks at whether somebody wants a stop


def train(running: Running) -> dict[str, Any]:
    """Train a run's network, resuming where an earlier attempt stopped."""
    run = TrainingRun.objects.select_related("dataset", "parent", "project").get(
        pk=running.parameters["run"]
    )
    if run.job_id != running.job.pk:  # begun by a command
        run.job = running.job
        run.save(update_fields=["job"])
    folder = files.local_path(runs.folder_key(run))
    folder.mkdir(parents=True, exist_ok=True)
    config = _within_budget(run, _config(run))
    with _helped(run, running), contextlib.suppress(StopNow):
        _fit(run, config, folder, running)
    if not any((folder / name).is_file() for name in (headers.BEST, headers.LAST)):
        raise NothingKept()
    split = evaluating.held_split(run.dataset)
    figures = evaluating.evaluate_version(folder, run.dataset, split)
    rival = runs.rival(run.project, run.kind)
    starter: dict[str, Any] | None = None
    if rival is not None:
        starter = evaluating.evaluate_version(files.local_path(rival.file), run.dataset, split)
    model = runs.finish(run, checkpoints.read_metadata(folder), figures, starter=starter)
    # the report is the model's: jobs are listed, and it is long
    headline = {name: value for name, value in figures.items() if name != "report"}
    return {"run": run.pk, "model": model.pk, "figures": headline}


@contextlib.contextmanager
def _helped(run: TrainingRun, running: Running) -> Iterator[None]:
    """Several processes train in the block, where the settings say so and the network can."""
    alone = run.kind != Kind.DETECTOR or ranks.count_here() > 1
    me = [str(running.job.pk), str(running.job.attempt)]
    command = [sys.executable, "-u", "-m", "training.work", *me]
    with ranks.helped(1 if alone else settings.TRAIN_PROCESSES, command):
        share_cores()
        yield
    share_cores()


def share_cores() -> None:
    """Use as many threads as there are cores for each process."""
    shares = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    given = int(os.environ.get("LPR_THREADS") or devices.cores() // shares)
    torch.set_num_threads(max(given, 1))


@dataclass
class _Course:
    """How far a training is, and whether it is to end before its last epoch."""

    run: TrainingRun
    running: Running
    epochs: int
    over: int = 0  # epochs
    said: str = ""
    leave: bool = False
    looked: float = field(default_factory=time.monotonic)

    def step(self, done: int, total: int) -> None:
        """A step of an epoch is done. Raises StopNow where the training is to end."""
        if self.leave:
            raise StopNow
        self.running.progress(self.over * total + done, self.epochs * total, "steps", self.said)
        if time.monotonic() - self.looked >= _LOOK_EVERY:
            self.looked = time.monotonic()
            if runs.wish(self.run) == runs.NOW:
                raise StopNow

    def epoch(self, epoch: Any, figures: Mapping[str, float]) -> None:
        """An epoch is over."""
        self.over, self.said = epoch.epoch, f"{epoch.epoch}/{epoch.epochs}: {_headline(figures)}"
        self.running.progress(epoch.epoch, epoch.epochs, "epochs", self.said)
        sys.stdout.write(f"epoch {self.said}\n")


def _fit(run: TrainingRun, config: options.Config, folder: Path, running: Running) -> None:
    """Train until the last epoch, or until somebody asks to stop before it."""
    if "config" not in run.environment:
        told = {**_environment(run.dataset), "config": config.to_json()}
        told["tensorboard"] = f"files/{runs.folder_key(run)}/{_CURVES}"  # in the data folder
        run.environment = {**run.environment, **told}
        run.save(update_fields=["environment"])
    samples = _fixed_samples(run.dataset)
    course = _Course(run, running, config.epochs)
    curves = events.EventFile(folder / _CURVES, running.job.attempt)
    spent, begun, worked = 0.0, time.monotonic(), time.process_time()
    with contextlib.closing(_epochs(run, config, folder, course.step)) as epochs:
        for epoch in epochs:
            figures = {**epoch.metrics, "seconds": epoch.seconds}
            if not epoch.replayed:
                wall = max(time.monotonic() - begun, 1e-6)
                figures["cpu_cores"] = (time.process_time() - worked) / wall
                figures["memory_mb"] = _memory() / 1e6
                with torch.random.fork_rng():  # as if nobody had looked
                    runs.keep_samples(run, epoch.epoch, _said(run, folder, samples))
                curves.add(epoch.epoch, figures)
            runs.record(run, epoch.epoch, figures)
            course.epoch(epoch, figures)
            spent += epoch.seconds if epoch.replayed else time.monotonic() - begun
            if not epoch.replayed and (runs.wish(run) or _time_is_up(run, epoch, spent)):
                course.leave = True  # with the next step, as all processes that share it
            begun, worked = time.monotonic(), time.process_time()


def _memory() -> int:
    """The most memory this program has held so far, in bytes: the accelerator's if there is one."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


def _environment(version: DatasetVersion) -> dict[str, Any]:
    """What a training ran with, for whoever wants to repeat it."""
    return {
        "code": checkpoints.code_version(),
        "dataset_hash": version.manifest_hash,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "system": platform.platform(),
        "cores": devices.cores(),
        "threads": torch.get_num_threads(),
        "device": _device_name(),
    }


class StopNow(Exception):
    """Somebody asked to stop and to keep the best so far."""


def _config(run: TrainingRun) -> options.Config:
    """All settings of the run, checked. Raises SettingRefused, AlphabetRefused."""
    data: dict[str, Any] = {}
    if run.kind == Kind.DETECTOR:
        rows = run.dataset.items.values_list("boxes", flat=True)
        data["classes"] = tuple(sorted({box["label"] for boxes in rows for box in boxes}))
    else:
        data["alphabet"] = _alphabet(run)
    return options.config_of(run.kind, run.config, started=run.parent is not None, **data)


def _epochs(
    run: TrainingRun,
    config: options.Config,
    folder: Path,
    progress: Callable[[int, int], None] | None,
) -> Generator[Any]:
    init = files.local_path(run.parent.file) if run.parent else None
    version = str(run.dataset)
    if isinstance(config, DetectorConfig):
        yield from detector_fit.fit(
            config,
            detector_samples(run.dataset, Split.TRAIN),
            detector_samples(run.dataset, Split.VAL),
            folder,
            init=init,
            progress=progress,
            dataset_version=version,
        )
        return
    yield from recognizer_fit.fit(
        config,
        recognizer_samples(run.dataset, Split.TRAIN),
        recognizer_samples(run.dataset, Split.VAL),
        folder,
        init=init,
        progress=progress,
        dataset_version=version,
    )


def _within_budget(run: TrainingRun, config: options.Config) -> options.Config:
    """The settings with as many epochs as fit into the run's minutes, if it has a limit.

    Decided once: a resumed run keeps its epochs.
    """
    if run.minutes is None or "budget" in run.environment:
        return config
    key = estimates.key_of(run.dataset, run.config, parent=run.parent, device=run.device)
    pace = estimates.known(run.dataset, key) or measure(run.dataset, config, run.parent)
    epochs = pace.epochs_within(run.minutes, config.epochs)
    run.environment["budget"] = {
        "minutes": run.minutes,
        "asked": config.epochs,
        "epochs": epochs,
        "epoch_seconds": round(pace.epoch_seconds, 2),
    }
    run.config["epochs"] = epochs
    run.save(update_fields=["environment", "config"])
    return _config(run)


def _time_is_up(run: TrainingRun, epoch: Any, spent: float) -> bool:
    """Whether another epoch would take the run beyond its minutes; the run then says so."""
    left = epoch.epochs - epoch.epoch
    if run.minutes is None or not left or spent + epoch.seconds <= run.minutes * 60:
        return False
    run.environment["budget"]["stopped_after"] = epoch.epoch
    run.save(update_fields=["environment"])
    return True


def measure(
    version: DatasetVersion, config: options.Config, parent: TrainedModel | None
) -> estimates.Measured:
    """A few steps of a training on this machine, and what they say of all of them."""
    init = files.local_path(parent.file) if parent else None
    if isinstance(config, DetectorConfig):
        frames = (detector_samples(version, split) for split in (Split.TRAIN, Split.VAL))
        pace = measuring.detector(config, *frames, init=init)
    else:
        crops = (recognizer_samples(version, split) for split in (Split.TRAIN, Split.VAL))
        pace = measuring.recognizer(config, *crops, init=init)
    return estimates.Measured(
        **asdict(pace),
        memory_mb=_memory() / 1e6,
        memory_total_mb=_memory_total() / 1e6,
        device=_device_name(),
    )


def _memory_total() -> int:
    """The memory of the device that trains, in bytes."""
    if torch.cuda.is_available():
        return int(torch.cuda.get_device_properties(0).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def estimate(running: Running) -> dict[str, Any]:
    """Measure a few steps of a training that nobody has started yet."""
    told = running.parameters
    version = DatasetVersion.objects.select_related("project").get(pk=told["dataset"])
    parent = TrainedModel.objects.get(pk=told["parent"]) if told["parent"] else None
    run = TrainingRun(
        project=version.project,
        kind=version.kind,
        dataset=version,
        parent=parent,
        config=told["config"],
    )
    return asdict(measure(version, _config(run), parent))


def _device_name() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"


def assist(running: Running) -> None:
    """Be one of the further processes of a detector's training; the first does all the rest."""
    run = TrainingRun.objects.select_related("dataset", "parent", "project").get(
        pk=running.parameters["run"]
    )
    if run.kind != Kind.DETECTOR:
        return  # one process does these
    folder = files.local_path(runs.folder_key(run))
    deque(_epochs(run, _config(run), folder, None), maxlen=0)


def _alphabet(run: TrainingRun) -> str:
    """The project's alphabet: a network that cannot say a letter will never read it."""
    seen = set("".join(run.dataset.items.values_list("text", flat=True)))
    extra = "".join(sorted(seen - set(run.project.alphabet)))
    return str(run.project.alphabet) + extra or alphabets.DEFAULT


def _headline(metrics: Mapping[str, float]) -> str:
    shown = [name for name in ("loss", "exact", "char", "map") if name in metrics]
    return ", ".join(f"{name} {metrics[name]:.3f}" for name in shown)


def _fixed_samples(version: DatasetVersion) -> list[DatasetItem]:
    """The same few held pictures every time, spread over the split."""
    most = _FRAMES_SHOWN if version.kind == Kind.DETECTOR else _CROPS_SHOWN
    rows = version.items.filter(split=Split.VAL)
    keys = list(rows.values_list("pk", flat=True))
    chosen = keys[:: max(1, -(-len(keys) // most))]
    return list(rows.filter(pk__in=chosen))


def _said(run: TrainingRun, folder: Path, items: Sequence[DatasetItem]) -> list[dict[str, Any]]:
    """What the network of the epoch just finished says on these pictures."""
    last = folder / checkpoints.LAST
    pictures = [read_picture(files.local_path(item.file)) for item in items]
    if not pictures:
        return []
    if run.kind == Kind.DETECTOR:
        detector = detector_predict.Detector.load(last)
        seen = detector.detect(pictures, verify=detector.verifies)
        return [found_boxes(item.pk, each) for item, each in zip(items, seen, strict=True)]
    reads = recognizer_predict.Recognizer.load(last).read(pictures)
    return [found_text(item.pk, read) for item, read in zip(items, reads, strict=True)]
