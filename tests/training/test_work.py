"""From a dataset version to reads, with tiny networks on drawn pictures, in this process."""

from __future__ import annotations

import errno
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from annotations import videos
from annotations.models import DatasetItem, DatasetVersion, Project
from lprsite import files
from lprsite.jobs import engine
from lprsite.jobs.engine import Cancelled, Running
from lprsite.jobs.models import Job, State, lease_end
from tests.annotations.vision import clips
from training import checkpoints, estimates, evaluating, evaluations, learning, readings, runs, work
from training.errors import CheckpointMissing, DiskRanFull, MemoryFull, NothingKept
from training.models import Evaluation, Metric, TrainedModel, TrainingRun
from training.synthetic import plates, scenes

SIZE = (192, 128)
TINY = {"width": 96, "height": 64, "batch": 4, "precision": "float32"}


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def version(project: Project) -> Callable[[str], DatasetVersion]:
    """Freezes eight drawn pictures: five to train on, two to judge, one held back."""

    def make(kind: str) -> DatasetVersion:
        made = DatasetVersion.objects.create(
            project=project, kind=kind, number=1, manifest_hash="a" * 64
        )
        rng = np.random.default_rng(7)
        splits = ["train"] * 5 + ["val"] * 2 + ["test"]
        for position, split in enumerate(splits):
            facts = crop(rng) if kind == "recognizer" else frame(rng)
            DatasetItem.objects.create(
                version=made, position=position, name=f"{position}.png", split=split, **facts
            )
        return made

    return make


def stored(folder: str, picture: np.ndarray) -> dict[str, Any]:
    data = cv2.imencode(".png", picture)[1].tobytes()
    key, sha256 = files.put_bytes(folder, data, ".png")
    height, width = picture.shape[:2]
    return {"file": key, "sha256": sha256, "width": width, "height": height}


def crop(rng: np.random.Generator) -> dict[str, Any]:
    plate = plates.render(rng, damage=0.0)
    return {**stored("crops", plate.picture), "text": plate.text}


def frame(rng: np.random.Generator) -> dict[str, Any]:
    scene = scenes.render(rng, size=SIZE, vehicles_most=2, damage=0.0)
    found = [
        {"label": b.label, "x1": b.x1, "y1": b.y1, "x2": b.x2, "y2": b.y2, "ignore": False}
        for b in scene.boxes
    ]
    labels = ["car", "plate"]
    return {**stored("frames", scene.picture), "boxes": found, "complete_labels": labels}


def attached(task: str, **parameters: Any) -> Running:
    """A job as the child of its supervisor sees it."""
    job = Job.objects.create(
        task=task,
        queue="gpu",
        state=State.RUNNING,
        attempt=1,
        lease_until=lease_end(),
        parameters=parameters,
    )
    return engine.attach(job.pk, 1)


def trained(version: DatasetVersion, **config: Any) -> TrainedModel:
    run = runs.create(version, {"epochs": 1, "seed": 1, **config})
    result = learning.train(attached("train", run=run.pk))
    run.refresh_from_db()
    assert run.trained_model is not None and result["model"] == run.trained_model.pk
    return run.trained_model


def test_line_from_dataset_to_reads(
    version: Callable[[str], DatasetVersion], project: Project, tmp_path: Path
) -> None:
    detector = trained(version("detector"), **TINY)
    recognizer = trained(version("recognizer"), network="lite", batch=4)
    assert detector.figures["split"] == recognizer.figures["split"] == "test"
    report = recognizer.figures["report"]
    item = DatasetItem.objects.get(version=recognizer.dataset, split="test")
    told = report["worst"] + [crop for cell in report["confusions"] for crop in cell["crops"]]
    assert report["curve"][-1]["coverage"] == 1.0
    assert all(crop["crop"] == item.pk for crop in told)
    assert recognizer.figures["crops"] == 1 and {"car", "plate"} <= set(detector.figures)
    assert runs.current(project, "detector") is None  # the starter finds more
    told = detector.figures["report"]["labels"]["car"]
    frame = DatasetItem.objects.get(version=detector.dataset, split="test")
    assert all(place["frame"] == frame.pk for place in told["missed"] + told["false"])
    assert [place["size"] for place in told["missed"]] == [[*SIZE]] * len(told["missed"])
    weights = files.local_path(recognizer.file)
    (curves,) = (weights.parent / "tensorboard").iterdir()
    assert b"loss" in curves.read_bytes()
    metadata = checkpoints.read_metadata(weights)
    assert metadata["alphabet"] == project.alphabet and metadata["kind"] == "recognizer"
    clip = clips.write(tmp_path / "gate.mp4", frames=12)
    video, _ = videos.ingest(clip, project=project, name="gate.mp4")
    reading = readings.create(video, detector=detector, recognizer=recognizer, fps=5.0)
    result = work.infer(attached("infer", run=reading.pk))
    reading.refresh_from_db()
    assert result["frames"] == reading.throughput["frames"] == 6
    assert result["reads"] == reading.reads.count() and reading.chunks.count() == 1
    given = {"dataset": recognizer.dataset_id, "split": "val"}
    checkpoint = str(files.local_path(recognizer.file))
    figures = evaluating.evaluate(attached("evaluate", checkpoint=checkpoint, **given))
    assert (figures["crops"], figures["split"]) == (2, "val")


def test_stopped_training_goes_on_with_one_curve(
    version: Callable[[str], DatasetVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.create(version("recognizer"), {"epochs": 2, "batch": 4, "network": "lite"})
    first = attached("train", run=run.pk)

    def progress(done: int, total: int, unit: str, *_: Any) -> None:
        if unit == "epochs":
            raise Cancelled

    monkeypatch.setattr(first, "progress", progress)
    with pytest.raises(Cancelled):
        learning.train(first)
    assert not TrainedModel.objects.exists()
    Metric.objects.all().delete()  # as if it had been killed between the file and the row
    second = attached("train", run=run.pk)
    learning.train(second)
    curves = runs.curves(run)
    assert curves["steps"] == [1, 2] and None not in curves["series"]["loss"]
    assert (second.job.done, second.job.total, second.job.unit) == (2, 2, "epochs")
    learning.train(attached("train", run=run.pk))
    assert TrainedModel.objects.filter(project=run.project).count() == 1
    assert runs.curves(run) == curves
    shown = runs.samples(run)
    assert [len(row["found"]) for row in shown["steps"]] == [2, 2]
    assert [item["text"] for item in shown["items"]] == [
        item.text for item in run.dataset.items.filter(split="val")
    ]
    run.refresh_from_db()
    assert run.environment["config"]["batch"] == 4
    assert run.environment["dataset_hash"] == run.dataset.manifest_hash


@pytest.mark.parametrize("when", ["now", "epoch"])
def test_stopped_training_leaves_its_best_as_the_model(
    version: Callable[[str], DatasetVersion], monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    run = runs.create(version("recognizer"), {"epochs": 50, "batch": 4, "network": "lite"})
    job = attached("train", run=run.pk)

    def wish(_: Any) -> str:
        return when if run.metrics.exists() or when == "epoch" else ""

    monkeypatch.setattr(runs, "wish", wish)
    monkeypatch.setattr(learning, "_LOOK_EVERY", 0.0)
    result = learning.train(job)
    run.refresh_from_db()
    assert run.trained_model is not None and run.trained_model.pk == result["model"]
    assert runs.curves(run)["steps"] == [1]


def test_training_stopped_before_an_epoch_left_nothing(
    version: Callable[[str], DatasetVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.create(version("recognizer"), {"epochs": 2, "batch": 4, "network": "lite"})
    monkeypatch.setattr(runs, "wish", lambda _: "now")
    monkeypatch.setattr(learning, "_LOOK_EVERY", 0.0)
    with pytest.raises(NothingKept):
        learning.train(attached("train", run=run.pk))
    assert not TrainedModel.objects.filter(project=run.project).exists()


def test_models_are_compared_on_the_same_pictures(
    version: Callable[[str], DatasetVersion], project: Project
) -> None:
    made = version("recognizer")
    model = trained(made, network="lite", batch=4)
    starter = runs.starter("recognizer")
    assert set(evaluations.lacking(project, made)) == {model.pk, starter.pk}
    given = {"dataset": made.pk, "models": evaluations.lacking(project, made)}
    assert evaluating.compare(attached("compare", **given))["models"] == 2
    assert evaluations.lacking(project, made) == []
    ours, its = (Evaluation.objects.get(model=one) for one in (model, starter))
    assert ours.split == "test" and ours.figures["crops"] == len(ours.found) == 1
    assert (ours.learned, its.learned) == (0, 0)
    found = evaluations.compare(its, ours)
    assert found.both_right + found.both_wrong + found.only_first + found.only_second == 1


def test_what_people_can_mend_is_a_sentence() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert isinstance(work.refusal_of(full), DiskRanFull)
    assert isinstance(work.refusal_of(torch.OutOfMemoryError("CUDA")), MemoryFull)
    assert isinstance(work.refusal_of(RuntimeError("can't allocate memory")), MemoryFull)
    assert work.refusal_of(ValueError("a mistake of ours")) is None


def test_child_program_writes_its_result_or_its_refusal(
    version: Callable[[str], DatasetVersion], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = version("recognizer")
    monkeypatch.setitem(work.WORK, "evaluate", lambda running: {"exact": 0.5})
    done = attached("evaluate", dataset=made.pk).job
    assert work.main([str(done.pk), "1"]) == 0
    done.refresh_from_db()
    assert done.result == {"exact": 0.5}
    monkeypatch.undo()
    wrong = attached("evaluate", dataset=made.pk, checkpoint=str(tmp_path)).job
    assert work.main([str(wrong.pk), "1"]) == 3
    wrong.refresh_from_db()
    assert wrong.error_code == CheckpointMissing.__name__ and wrong.error


def test_further_processes_help_with_a_detector_and_write_nothing(
    version: Callable[[str], DatasetVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    @contextmanager
    def helped(count: int, command: list[str]) -> Iterator[None]:
        asked.append(count)
        yield

    seen: list[str] = []

    def trained(run: TrainingRun, *_: Any) -> Iterator[None]:
        seen.append(run.kind)
        yield

    monkeypatch.setattr("training.learning.ranks.helped", helped)
    monkeypatch.setattr("training.learning.settings.TRAIN_PROCESSES", 4)
    monkeypatch.setattr(learning, "_fit", lambda *given: None)
    monkeypatch.setattr(learning, "_epochs", trained)
    kinds = ("detector", "recognizer")
    jobs = [attached("train", run=runs.create(version(kind), {}).pk).job for kind in kinds]
    assert [work.main([str(job.pk), "1"]) for job in jobs] == [3, 3]  # nothing was kept
    assert asked == [4, 1]
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert [work.main([str(job.pk), "1"]) for job in jobs] == [0, 0]
    assert asked == [4, 1] and seen == ["detector"]


@pytest.mark.parametrize(
    ("splits", "held"),
    [(("train", "val", "test"), "test"), (("train", "val"), "val"), (("train",), "train")],
)
def test_a_model_is_judged_on_what_it_did_not_see(
    project: Project, splits: tuple[str, ...], held: str
) -> None:
    made = DatasetVersion.objects.create(project=project, kind="recognizer", number=1)
    for position, split in enumerate(splits):
        DatasetItem.objects.create(
            version=made, position=position, split=split, width=1, height=1, file="x", text="A"
        )
    assert evaluating.held_split(made) == held


@pytest.mark.parametrize("kind", ["detector", "recognizer"])
def test_few_steps_tell_what_a_training_takes(
    version: Callable[[str], DatasetVersion], kind: str
) -> None:
    tiny = {**TINY, "window": 0.5} if kind == "detector" else {"batch": 4, "synthetic": 12}
    told = learning.estimate(
        attached(
            "estimate",
            dataset=version(kind).pk,
            config={"preset": "quick", **tiny},
            parent=None,
            device="auto",
        )
    )
    assert told["epoch_seconds"] > 0 and told["memory_mb"] > 50
    assert told["steps"] == (4 if kind == "detector" else 5)  # two passes; 17 crops by four
    assert told["memory_total_mb"] > told["memory_mb"]


def test_training_with_a_time_limit_fits_its_epochs_and_says_so(
    version: Callable[[str], DatasetVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = estimates.Measured(
        epoch_seconds=20, once_seconds=0, spread=0, steps=2, memory_mb=1, memory_total_mb=2,
        device="CPU",
    )  # fmt: skip
    monkeypatch.setattr(learning, "measure", lambda *_: pace)
    small = {"epochs": 9, "batch": 4, "network": "lite"}
    run = runs.create(version("recognizer"), small, minutes=1)
    learning.train(attached("train", run=run.pk))
    run.refresh_from_db()
    assert run.environment["budget"] == {
        "minutes": 1, "asked": 9, "epochs": 2, "epoch_seconds": 20,
    }  # fmt: skip
    assert run.environment["config"]["epochs"] == run.metrics.filter(name="loss").count() == 2


def test_training_ends_cleanly_when_its_time_is_up(
    version: Callable[[str], DatasetVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = estimates.Measured(
        epoch_seconds=1e-3, once_seconds=0, spread=0, steps=2, memory_mb=1, memory_total_mb=2,
        device="CPU",
    )  # fmt: skip
    monkeypatch.setattr(learning, "measure", lambda *_: fast)
    clock = itertools.count(0, 4.0)  # an epoch looks at it several times
    monkeypatch.setattr("training.learning.time.monotonic", lambda: next(clock))
    run = runs.create(version("recognizer"), {"epochs": 20, "batch": 4}, minutes=2)
    learning.train(attached("train", run=run.pk))
    run.refresh_from_db()
    stopped = run.environment["budget"]["stopped_after"]
    assert 1 < stopped < 20
    assert run.trained_model is not None and run.metrics.filter(name="loss").count() == stopped
