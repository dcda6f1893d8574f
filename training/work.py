"""Train, evaluate, read: ``python -m training.work JOB ATTEMPT``.

The only Django module that reaches torch. A supervising task starts it and keeps the job's
lease; it writes progress and results, and ends with its parent.
"""

from __future__ import annotations

import contextlib
import errno
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
import django
import numpy as np
import torch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lprsite.settings")
django.setup()

# The rows can only be imported once Django is set up.
from django.conf import settings  # noqa: E402

from annotations.models import DatasetItem, DatasetVersion  # noqa: E402
from annotations.models.datasets import Kind, Split  # noqa: E402
from annotations.vision.crops import Bgr, read_picture  # noqa: E402
from lprsite import files  # noqa: E402
from lprsite.errors import Refused  # noqa: E402
from lprsite.jobs import engine, supervise  # noqa: E402
from lprsite.jobs.engine import Running  # noqa: E402
from lprsite.jobs.models import Job  # noqa: E402
from training import (  # noqa: E402
    checkpoints,
    devices,
    estimates,
    evaluations,
    events,
    exporting,
    headers,
    measuring,
    options,
    ranks,
    reading,
    runs,
)
from training.detector import data as detector_data  # noqa: E402
from training.detector import evaluation as detector_evaluation  # noqa: E402
from training.detector import fit as detector_fit  # noqa: E402
from training.detector import predict as detector_predict  # noqa: E402
from training.detector.config import DetectorConfig  # noqa: E402
from training.errors import DiskRanFull, MemoryFull, NothingKept  # noqa: E402
from training.models import InferenceRun, TrainedModel, TrainingRun  # noqa: E402
from training.recognizer import alphabet as alphabets  # noqa: E402
from training.recognizer import data as recognizer_data  # noqa: E402
from training.recognizer import evaluation  # noqa: E402
from training.recognizer import fit as recognizer_fit  # noqa: E402
from training.recognizer import predict as recognizer_predict  # noqa: E402

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
    split = held_split(run.dataset)
    figures = evaluate_version(folder, run.dataset, split)
    rival = runs.rival(run.project, run.kind)
    starter: dict[str, Any] | None = None
    if rival is not None:
        starter = evaluate_version(files.local_path(rival.file), run.dataset, split)
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
        _share_cores()
        yield
    _share_cores()


def _share_cores() -> None:
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


def detector_samples(version: DatasetVersion, split: str) -> list[detector_data.Sample]:
    """The frames of a split; boxes in pixels of the frame as stored."""
    return [
        detector_data.Sample(
            files.local_path(item.file),
            tuple(
                detector_data.SampleBox(b["label"], b["x1"], b["y1"], b["x2"], b["y2"], b["ignore"])
                for b in item.boxes
            ),
            frozenset(item.complete_labels),
        )
        for item in version.items.filter(split=split).iterator(chunk_size=1000)
    ]


def recognizer_samples(version: DatasetVersion, split: str) -> list[recognizer_data.Sample]:
    """The crops of a split with their texts."""
    rows = version.items.filter(split=split).values_list("file", "text")
    return [recognizer_data.Sample(files.local_path(file), text) for file, text in rows]


def held_split(version: DatasetVersion) -> str:
    """The split to judge a trained model on: test, else val, else what there is."""
    for split in (Split.TEST, Split.VAL):
        if version.items.filter(split=split).exists():
            return split.value
    return Split.TRAIN.value


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
        seen = detector_predict.Detector.load(last).detect(pictures)
        return [found_boxes(item.pk, each) for item, each in zip(items, seen, strict=True)]
    reads = recognizer_predict.Recognizer.load(last).read(pictures)
    return [found_text(item.pk, read) for item, read in zip(items, reads, strict=True)]


def found_boxes(item: int, found: Sequence[detector_predict.Detection]) -> dict[str, Any]:
    """Detections of one frame as the rows keep them: label, corners, confidence."""
    rows = [[d.label, *(round(v, 1) for v in d.box), round(d.confidence, 3)] for d in found]
    return {"item": item, "boxes": rows}


def found_text(item: int, read: recognizer_predict.PlateRead) -> dict[str, Any]:
    """The read of one crop as the rows keep it."""
    return {"item": item, "text": read.text, "confidence": round(read.confidence, 4)}


def evaluate_version(
    checkpoint: Path,
    version: DatasetVersion,
    split: str,
    *,
    keep: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Figures of a checkpoint on one split of a dataset version.

    ``keep`` is given what it said on every picture.
    """
    if version.kind == Kind.DETECTOR:
        facts = _frame_facts(version, split)

        def on_frame(sample: detector_data.Sample, found: list[detector_predict.Detection]) -> None:
            if keep is not None:
                item = facts[sample.picture].frame
                wrong = evaluations.errors_of(
                    [(b.label, b.x1, b.y1, b.x2, b.y2, b.ignore) for b in sample.boxes],
                    [(d.label, *d.box) for d in found],
                )
                keep.append({**found_boxes(int(item), found), **wrong})

        figures = detector_predict.evaluate(
            detector_predict.Detector.load(checkpoint),
            detector_samples(version, split),
            facts=facts,
            on_frame=on_frame,
        )
    else:
        figures = _evaluate_recognizer(checkpoint, version, split, keep)
    return {**figures, "split": split, "dataset": str(version)}


def compare(running: Running) -> dict[str, Any]:
    """Judge several models on the same held pictures of one dataset version."""
    version = DatasetVersion.objects.get(pk=running.parameters["dataset"])
    split = held_split(version)
    models = TrainedModel.objects.filter(pk__in=running.parameters["models"], retired_at=None)
    for done, model in enumerate(models):
        running.progress(done, len(models), "models", model.name)
        found: list[dict[str, Any]] = []
        checkpoint = files.local_path(model.file)
        figures = evaluate_version(checkpoint, version, split, keep=found)
        evaluations.keep(model, version, split, figures, found)
    running.progress(len(models), len(models), "models")
    return {"dataset": version.pk, "split": split, "models": len(models)}


def _frame_facts(version: DatasetVersion, split: str) -> dict[Path, detector_evaluation.Facts]:
    """What the frames of a split are, by their pictures: dataset items, of videos."""
    rows = version.items.filter(split=split).values_list("pk", "file", "frame__video__name")
    return {
        files.local_path(file): detector_evaluation.Facts(
            item, groups={"video": video} if video else {}
        )
        for item, file, video in rows
    }


def _evaluate_recognizer(
    checkpoint: Path,
    version: DatasetVersion,
    split: str,
    keep: list[dict[str, Any]] | None,
) -> dict[str, Any]:
    """The headline figures, and under "report" all that training.recognizer.evaluation tells.

    Crops are named by the number of their dataset item. The project's formats are a hint, as
    they are when videos are read.
    """
    formats = list(version.project.plate_formats.order_by("id").values_list("name", "pattern"))
    reader = recognizer_predict.Recognizer.load(
        checkpoint, formats=[pattern for _, pattern in formats]
    )
    rows = version.items.filter(split=split)
    videos = list(rows.values_list("pk", "crop__box__frame__video__name"))
    facts: list[evaluation.Facts] = []

    def measure(crop: Bgr) -> None:
        item, video = videos[len(facts)]
        facts.append(evaluation.facts_of(crop, item, {"video": video} if video else {}))

    kept = recognizer_predict.examine(reader, recognizer_samples(version, split), seen=measure)
    examined = [
        evaluation.Examined(fact, truth, read)
        for fact, (truth, _), read in zip(facts, kept.pairs(), kept.reads, strict=True)
    ]
    if keep is not None:
        keep += [
            {**found_text(item, read), "wrong": int(read.text != truth)}
            for (item, _), (truth, _), read in zip(videos, kept.pairs(), kept.reads, strict=True)
        ]
    return {**kept.figures(), "report": evaluation.report(examined, formats)}


def evaluate(running: Running) -> dict[str, Any]:
    """Evaluate a checkpoint on a dataset version."""
    version = DatasetVersion.objects.get(pk=running.parameters["dataset"])
    split = running.parameters.get("split") or held_split(version)
    return evaluate_version(Path(running.parameters["checkpoint"]), version, split)


def infer(running: Running) -> dict[str, Any]:
    """Read a whole video with both networks."""
    run = InferenceRun.objects.select_related("video", "detector", "recognizer").get(
        pk=running.parameters["run"]
    )
    eyes = detector_predict.Detector.load(files.local_path(run.detector.file))
    reader = recognizer_predict.Recognizer.load(
        files.local_path(run.recognizer.file), formats=run.options.get("formats", [])
    )
    return reading.read_video(run, eyes, reader, running)


def export_model(running: Running) -> dict[str, Any]:
    """Make a model's ONNX file, and say how far it is from torch."""
    runs.require_onnx()
    model = TrainedModel.objects.get(pk=running.parameters["model"])
    key = runs.onnx_key(model)
    apart = exporting.export(files.local_path(model.file), files.local_path(key))
    TrainedModel.objects.filter(pk=model.pk).update(onnx=key)
    return {
        "model": model.pk,
        "bytes": files.local_path(key).stat().st_size,
        "max_difference": apart,
    }


WORK: dict[str, Callable[[Running], dict[str, Any]]] = {
    "train": train,
    "estimate": estimate,
    "evaluate": evaluate,
    "compare": compare,
    "infer": infer,
    "export_model": export_model,
}


def refusal_of(problem: Exception) -> Refused | None:
    """The sentence for what people can do something about; None for what the program did wrong."""
    if isinstance(problem, Refused):
        return problem
    if isinstance(problem, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(
        problem
    ):
        return MemoryFull()
    if getattr(problem, "errno", None) == errno.ENOSPC or any(
        words in str(problem) for words in ("No space left", "disk is full")
    ):
        return DiskRanFull()
    return None


def main(arguments: Sequence[str]) -> int:
    """Do the job's work. Returns 0, or 3 when it was refused with a sentence in the row.

    With LPR_TRAIN_PROCESSES above 1, or under torchrun, several processes share the training
    of a detector.
    """
    supervise.die_with_parent()
    running = engine.attach(int(arguments[0]), int(arguments[1]))
    devices.restrict(os.environ.get(supervise.PLACE) or _device_of(running))
    cv2.setNumThreads(1)
    _share_cores()
    return _work(running) if os.environ.get("RANK", "0") == "0" else _assist(running)


def _device_of(running: Running) -> str:
    """The device that the job is to use."""
    if running.job.task == "train":
        rows = TrainingRun.objects.filter(pk=running.parameters["run"])
        return rows.values_list("device", flat=True).get()
    return str(running.parameters.get("device", devices.AUTO))


def _assist(running: Running) -> int:
    if running.job.task == "train":
        try:
            assist(running)
        except Refused:  # as the first process is, which says so
            return supervise.REFUSED
    return 0


def _work(running: Running) -> int:
    try:
        result = WORK[running.job.task](running)
    except Exception as problem:
        if (refusal := refusal_of(problem)) is None:
            raise
        running.job.mine().update(**engine.in_words(refusal))
        return supervise.REFUSED
    running.write_progress()
    Job.objects.filter(pk=running.job.pk, attempt=running.job.attempt).update(result=result)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
