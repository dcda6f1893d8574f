"""Train, evaluate, read: ``python -m training.work JOB ATTEMPT``.

The program that reaches torch, through its parts ``learning``, ``evaluating`` and ``reading``.
A supervising task starts it and keeps the job's lease; it writes progress and results, and ends
with its parent.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import django
import torch

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lprsite.settings")
django.setup()

# The rows can only be imported once Django is set up.
from django.core.exceptions import ObjectDoesNotExist  # noqa: E402
from django.db import DatabaseError  # noqa: E402

from lprsite import files  # noqa: E402
from lprsite.errors import Refused  # noqa: E402
from lprsite.jobs import engine, supervise  # noqa: E402
from lprsite.jobs.engine import Running  # noqa: E402
from lprsite.jobs.models import Job  # noqa: E402
from training import (  # noqa: E402
    camera_runs,
    devices,
    evaluating,
    exporting,
    learning,
    reading,
    runs,
)
from training.detector import predict as detector_predict  # noqa: E402
from training.errors import DiskRanFull, MemoryFull  # noqa: E402
from training.models import CameraRun, InferenceRun, TrainedModel, TrainingRun  # noqa: E402
from training.recognizer import predict as recognizer_predict  # noqa: E402

PIECES_SECONDS = 300.0  # on the clock, that a camera's pieces may hold a device


def infer(running: Running) -> dict[str, Any]:
    """Read a whole video with both networks."""
    run = InferenceRun.objects.select_related("video", "detector", "recognizer").get(
        pk=running.parameters["run"]
    )
    eyes, reader = _networks(run)
    return reading.read_video(run, eyes, reader, running)


def _networks(run: InferenceRun) -> tuple[detector_predict.Detector, recognizer_predict.Recognizer]:
    eyes = detector_predict.Detector.load(files.local_path(run.detector.file))
    reader = recognizer_predict.Recognizer.load(
        files.local_path(run.recognizer.file), formats=run.options.get("formats", [])
    )
    return eyes, reader


def read_pieces(running: Running) -> dict[str, Any]:
    """Read the pieces of a camera that wait, the oldest first, with networks loaded once.

    After some minutes it ends all the same, so that others have their turn at the device.
    """
    run = CameraRun.objects.get(pk=running.parameters["camera_run"])
    count, loaded, known = 0, None, None
    until = time.monotonic() + PIECES_SECONDS
    while time.monotonic() < until and (piece := camera_runs.next_unread(run)):
        its = (piece.detector_id, piece.recognizer_id, piece.options["formats"])
        if loaded is None or its != known:
            loaded, known = _networks(piece), its
        try:
            _read_piece(piece, *loaded, running)
        except (DatabaseError, ObjectDoesNotExist):
            if InferenceRun.objects.filter(pk=piece.pk).exists():
                raise
            continue  # somebody deleted it meanwhile
        count += 1
    return {"camera_run": run.pk, "pieces": count}


def _read_piece(
    piece: InferenceRun,
    eyes: detector_predict.Detector,
    reader: recognizer_predict.Recognizer,
    running: Running,
) -> None:
    try:
        reading.read_video(piece, eyes, reader, running)
    except Refused as refusal:
        camera_runs.leave_unread(piece, refusal)
    camera_runs.join_beside(piece)


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
    "train": learning.train,
    "estimate": learning.estimate,
    "evaluate": evaluating.evaluate,
    "compare": evaluating.compare,
    "infer": infer,
    "read_pieces": read_pieces,
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
    learning.share_cores()
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
            learning.assist(running)
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
