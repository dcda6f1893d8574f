"""Train, evaluate, read: ``python -m training.work JOB ATTEMPT``.

The only Django module that reaches torch. A supervising task starts it and keeps the job's
lease; it writes progress and results, and ends with its parent.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import django
import torch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lprsite.settings")
django.setup()

# The rows can only be imported once Django is set up.
from django.conf import settings  # noqa: E402

from annotations.models import DatasetVersion  # noqa: E402
from annotations.models.datasets import Kind, Split  # noqa: E402
from annotations.vision.crops import Bgr  # noqa: E402
from lprsite import files  # noqa: E402
from lprsite.errors import Refused  # noqa: E402
from lprsite.jobs import engine, supervise  # noqa: E402
from lprsite.jobs.engine import Running  # noqa: E402
from lprsite.jobs.models import Job  # noqa: E402
from training import checkpoints, exporting, ranks, reading, runs  # noqa: E402
from training.detector import data as detector_data  # noqa: E402
from training.detector import evaluation as detector_evaluation  # noqa: E402
from training.detector import fit as detector_fit  # noqa: E402
from training.detector import predict as detector_predict  # noqa: E402
from training.models import InferenceRun, TrainedModel, TrainingRun  # noqa: E402
from training.recognizer import alphabet as alphabets  # noqa: E402
from training.recognizer import data as recognizer_data  # noqa: E402
from training.recognizer import evaluation  # noqa: E402
from training.recognizer import fit as recognizer_fit  # noqa: E402
from training.recognizer import predict as recognizer_predict  # noqa: E402


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
    for epoch in _epochs(run, folder, running):
        figures = {**epoch.metrics, "seconds": epoch.seconds}
        runs.record(run, epoch.epoch, figures)
        running.progress(epoch.epoch, epoch.epochs, "epochs", _headline(epoch.metrics))
        sys.stdout.write(f"epoch {epoch.epoch}/{epoch.epochs}: {_headline(figures)}\n")
    figures = evaluate_version(folder, run.dataset, held_split(run.dataset))
    model = runs.finish(run, checkpoints.read_metadata(folder), figures)
    # the report is the model's: jobs are listed, and it is long
    headline = {name: value for name, value in figures.items() if name != "report"}
    return {"run": run.pk, "model": model.pk, "figures": headline}


def _epochs(run: TrainingRun, folder: Path, running: Running) -> Iterator[Any]:
    init = files.local_path(run.parent.file) if run.parent else None
    version = str(run.dataset)

    def within(done: int, total: int) -> None:
        running.progress(done, total, "steps")

    if run.kind == Kind.DETECTOR:
        labels = sorted(
            {
                box["label"]
                for boxes in run.dataset.items.values_list("boxes", flat=True)
                for box in boxes
            }
        )
        config = detector_fit.DetectorConfig.of(
            **{"classes": tuple(labels), **_settings(run.config)}
        )
        yield from detector_fit.fit(
            config,
            detector_samples(run.dataset, Split.TRAIN),
            detector_samples(run.dataset, Split.VAL),
            folder,
            init=init,
            progress=within,
            dataset_version=version,
        )
        return
    chosen = _settings(run.config)
    chosen.setdefault("alphabet", _alphabet(run))
    yield from recognizer_fit.fit(
        recognizer_fit.RecognizerConfig.of(started=run.parent is not None, **chosen),
        recognizer_samples(run.dataset, Split.TRAIN),
        recognizer_samples(run.dataset, Split.VAL),
        folder,
        init=init,
        progress=within,
        dataset_version=version,
    )


def assist(running: Running) -> None:
    """Be one of the further processes of a detector's training; the first does all the rest."""
    run = TrainingRun.objects.select_related("dataset", "parent", "project").get(
        pk=running.parameters["run"]
    )
    deque(_epochs(run, files.local_path(runs.folder_key(run)), running), maxlen=0)


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in config.items()}


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


def evaluate_version(checkpoint: Path, version: DatasetVersion, split: str) -> dict[str, Any]:
    """Figures of a checkpoint on one split of a dataset version."""
    if version.kind == Kind.DETECTOR:
        found = detector_predict.Detector.load(checkpoint)
        figures = detector_predict.evaluate(
            found, detector_samples(version, split), facts=_frame_facts(version, split)
        )
    else:
        figures = _evaluate_recognizer(checkpoint, version, split)
    return {**figures, "split": split, "dataset": str(version)}


def _frame_facts(version: DatasetVersion, split: str) -> dict[Path, detector_evaluation.Facts]:
    """What the frames of a split are, by their pictures: dataset items, of videos."""
    rows = version.items.filter(split=split).values_list("pk", "file", "frame__video__name")
    return {
        files.local_path(file): detector_evaluation.Facts(
            item, groups={"video": video} if video else {}
        )
        for item, file, video in rows
    }


def _evaluate_recognizer(checkpoint: Path, version: DatasetVersion, split: str) -> dict[str, Any]:
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
    "evaluate": evaluate,
    "infer": infer,
    "export_model": export_model,
}


def main(arguments: Sequence[str]) -> int:
    """Do the job's work. Returns 0, or 3 when it was refused with a sentence in the row.

    With LPR_TRAIN_PROCESSES above 1, or under torchrun, several processes share the training
    of a detector.
    """
    supervise.die_with_parent()
    running = engine.attach(int(arguments[0]), int(arguments[1]))
    cv2.setNumThreads(1)
    count = settings.TRAIN_PROCESSES if _is_shared(running) and ranks.count_here() == 1 else 1
    with ranks.helped(count, [sys.executable, "-u", "-m", "training.work", *arguments]):
        shares = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
        given = int(os.environ.get("LPR_THREADS") or (os.cpu_count() or 1) // shares)
        torch.set_num_threads(max(given, 1))
        return _work(running) if os.environ.get("RANK", "0") == "0" else _assist(running)


def _is_shared(running: Running) -> bool:
    """Whether several processes can do this job together."""
    detectors = TrainingRun.objects.filter(kind=Kind.DETECTOR)
    return running.job.task == "train" and detectors.filter(pk=running.parameters["run"]).exists()


def _assist(running: Running) -> int:
    if _is_shared(running):
        try:
            assist(running)
        except Refused:  # as the first process is, which says so
            return supervise.REFUSED
    return 0


def _work(running: Running) -> int:
    try:
        result = WORK[running.job.task](running)
    except Refused as refusal:
        running.job.mine().update(**engine.in_words(refusal))
        return supervise.REFUSED
    running.write_progress()
    Job.objects.filter(pk=running.job.pk, attempt=running.job.attempt).update(result=result)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
