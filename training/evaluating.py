"""Judge checkpoints on the held part of a dataset version. Part of ``work``: it reaches torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from annotations.models import DatasetVersion
from annotations.models.datasets import Kind, Split
from annotations.vision.crops import Bgr
from lprsite import files
from lprsite.jobs.engine import Running
from training import evaluations
from training.detector import data as detector_data
from training.detector import evaluation as detector_evaluation
from training.detector import predict as detector_predict
from training.models import TrainedModel
from training.recognizer import data as recognizer_data
from training.recognizer import evaluation
from training.recognizer import predict as recognizer_predict


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
