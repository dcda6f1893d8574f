"""Suggestions of the detector: on which frames, by whom, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from annotations import boxes, frames, suggestions
from annotations.models import Box, Frame, Project, Role, Suggestion
from lprsite import files
from lprsite.jobs.engine import Running
from lprsite.jobs.models import Job, State
from tests.annotations.rows import client_of, json_of, make_frame, make_member, make_video
from training import reader, runs, starters, suggesting, tasks
from training.detector.predict import Detection
from training.errors import StarterMissing
from training.models import TrainedModel

CAR = ["car", 10.0, 20.0, 110.0, 90.0, 0.9]


@pytest.fixture
def detector(project: Project) -> TrainedModel:
    """The project's current detector."""
    model = TrainedModel.objects.create(
        project=project, kind="detector", name="Detector 1", file="models/none.safetensors"
    )
    runs.promote(model)
    return model


@pytest.fixture
def no_starter(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(kind: str) -> Path:
        raise StarterMissing(kind=kind)

    monkeypatch.setattr(starters, "path", missing)


def finds(*boxes: list[Any], asked: list[int] | None = None) -> suggesting.Ask:
    """A program that finds these boxes on every frame."""

    def ask(request: dict[str, Any], check: Callable[[], None]) -> dict[str, Any]:
        check()
        if asked is not None:
            asked.append(len(request["frames"]))
        return {"found": [list(boxes) for _ in request["frames"]]}

    return ask


def film(project: Project, count: int) -> list[Frame]:
    video = make_video(project)
    return [make_frame(project, video=video, pts=1000 * n, seed=n) for n in range(count)]


def looked_at() -> set[int]:
    return set(Suggestion.objects.values_list("frame", flat=True))


def shown(api: Any, frame: Frame) -> Any:
    return json_of(api, "get", f"frames/{frame.pk}/")[1]["suggestions"]


def test_frame_and_the_next_ones_without_boxes(
    project: Project, running: Running, detector: TrainedModel
) -> None:
    rows = film(project, 12)
    boxes.draw(rows[3], label="car", xyxy=(0, 0, 50, 50))
    frames.mark(rows[4], status="nothing_here")
    asked: list[int] = []
    result = suggesting.suggest_boxes(rows[1], running, finds(CAR, asked=asked))
    assert looked_at() == {rows[n].pk for n in (1, 2, 5, 6, 7, 8, 9)}
    assert result == {"frames": 7, "model": "Detector 1"}
    assert asked == [1, 6]  # the one on screen does not wait for the others
    assert suggesting.suggest_boxes(rows[1], running, finds(CAR))["frames"] == 0


def test_single_pictures_go_on_to_the_next_pictures(
    project: Project, running: Running, detector: TrainedModel
) -> None:
    film(project, 1)
    rows = [make_frame(project, seed=20 + n) for n in range(2)]
    suggesting.suggest_boxes(rows[0], running, finds(CAR))
    assert looked_at() == {row.pk for row in rows}


def test_frame_carries_what_was_found(
    api: Any, project: Project, running: Running, detector: TrainedModel
) -> None:
    found, nothing = film(project, 2)
    assert shown(api, found) is None
    suggestions.keep_boxes("Detector 1", {nothing.pk: []})
    suggesting.suggest_boxes(
        found, running, finds(CAR, ["lorry", 1, 1, 9, 9, 0.9], ["car", 5, 5, 5, 40, 0.8])
    )
    assert shown(api, nothing) == []
    (one,) = shown(api, found)  # neither a label the project lacks, nor what has no area
    assert (one["model_name"], one["label"], one["confidence"]) == ("Detector 1", "car", 0.9)
    assert [one[side] for side in ("x1", "y1", "x2", "y2")] == CAR[1:5]


def test_another_detector_replaces_what_was_proposed(
    project: Project, running: Running, detector: TrainedModel
) -> None:
    frame = film(project, 1)[0]
    suggestions.keep_boxes("Detector 0", {frame.pk: [("plate", 1, 1, 9, 9, 0.5)], 0: []})
    suggesting.suggest_boxes(frame, running, finds(CAR))
    assert [row.box for row in Suggestion.objects.all()] == [CAR]


def test_rejected_box_is_not_proposed_again(
    api: Any, project: Project, running: Running, detector: TrainedModel
) -> None:
    frame = film(project, 1)[0]
    suggesting.suggest_boxes(frame, running, finds(CAR))
    (one,) = shown(api, frame)
    assert json_of(api, "delete", f"box-suggestions/{one['id']}/")[0] == 204
    assert suggesting.suggest_boxes(frame, running, finds(CAR))["frames"] == 0
    assert shown(api, frame) == []
    assert json_of(api, "post", f"box-suggestions/{one['id']}/offer/")[0] == 204
    assert shown(api, frame) == [one]


def test_accepted_box_that_was_deleted_is_not_proposed_again(api: Any, project: Project) -> None:
    frame, other = film(project, 2)
    suggestions.keep_boxes("Detector 1", {frame.pk: [("car", 1, 1, 50, 50, 0.9)]})
    (one,) = shown(api, frame)
    given = {"label": "car", "x1": 1, "y1": 1, "x2": 50, "y2": 50, "suggestion": one["id"]}
    json_of(api, "post", "boxes/", {**given, "frame": other.pk})
    assert shown(api, frame) == [one], "it is of another frame"
    box = json_of(api, "post", "boxes/", {**given, "frame": frame.pk})[1]
    json_of(api, "delete", f"boxes/{box['id']}/?revision=1")
    assert shown(api, frame) == []


def test_accepted_box_says_whose_it_was(api: Any, project: Project) -> None:
    given = {"label": "car", "x1": 1, "y1": 1, "x2": 50, "y2": 50, "frame": film(project, 1)[0].pk}
    accepted = {**given, "source": "model", "confidence": 0.9}
    status, box = json_of(api, "post", "boxes/", accepted)
    assert (status, box["source"], box["confidence"]) == (201, "model", 0.9)
    assert json_of(api, "post", "boxes/", given)[1]["source"] == "person"
    assert json_of(api, "post", "boxes/", {**given, "source": "review"})[0] == 400
    assert json_of(api, "post", "boxes/", {**accepted, "confidence": 1.1})[0] == 400
    assert Box.objects.count() == 2


# --- asking


def ask(api: Any, frame: Frame) -> tuple[int, Any]:
    return json_of(api, "post", "box-suggestions/", {"frame": frame.pk})


def test_asking_for_a_frame_queues_one_job(
    api: Any, project: Project, detector: TrainedModel, running: Running
) -> None:
    frame = film(project, 1)[0]
    for _ in range(2):
        status, job = ask(api, frame)
    assert (status, job["task"], job["state"]) == (202, "suggest_boxes", "queued")
    assert Job.objects.filter(task="suggest_boxes", queue="suggest").count() == 1
    suggestions.keep_boxes("Detector 1", {frame.pk: []})
    assert ask(api, frame)[0] == 204


def test_many_frames_ahead_are_looked_at_in_time(project: Project, detector: TrainedModel) -> None:
    rows = film(project, 9)
    suggestions.keep_boxes("Detector 1", {row.pk: [] for row in rows[:5]})
    assert not suggesting.boxes_due(rows[0])
    Suggestion.objects.filter(frame=rows[4]).delete()
    assert suggesting.boxes_due(rows[0])


def test_without_a_detector_nothing_is_proposed(
    api: Any, project: Project, no_starter: None
) -> None:
    assert ask(api, film(project, 1)[0])[0] == 204
    assert not Job.objects.exists()


def test_what_failed_rests(api: Any, project: Project, detector: TrainedModel) -> None:
    frame = film(project, 1)[0]
    ask(api, frame)
    Job.objects.update(state=State.FAILED, ended_at=timezone.now(), dedupe_key="")
    assert ask(api, frame)[0] == 204


def test_only_annotators_ask_and_reject(project: Project, detector: TrainedModel) -> None:
    frame = film(project, 1)[0]
    suggestions.keep_boxes("Detector 1", {frame.pk: [("car", 1, 1, 9, 9, 0.5)]})
    pk = Suggestion.objects.get().pk
    viewer = client_of(make_member(project, "eva", Role.VIEWER))
    assert ask(viewer, frame)[0] == 403
    assert json_of(viewer, "delete", f"box-suggestions/{pk}/")[0] == 403
    stranger = client_of(None)
    assert ask(stranger, frame)[0] in (401, 403)
    assert Suggestion.objects.get().box


def test_task_looks_and_keeps_only_its_own_row(
    project: Project, detector: TrainedModel, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = film(project, 1)[0]
    monkeypatch.setattr(files, "local_path", Path)
    monkeypatch.setattr(tasks.READER, "ask", finds(CAR))
    running.parameters = {"frame": frame.pk}
    assert tasks.suggest_boxes.work(running) == {"frames": 1, "model": "Detector 1"}


# --- the program that looks


class Finder:
    verifies = True

    def detect(self, pictures: list[Any], **_: bool) -> list[list[Detection]]:
        return [[Detection("car", 10.04, 20.0, 110.0, 90.0, 0.90004)] for _ in pictures]


def test_reader_answers_boxes_and_passes_over_a_broken_picture(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "detector", lambda checkpoint: Finder())
    whole = str(files.local_path(film(project, 1)[0].file))
    asked = {"detector": "some.safetensors", "frames": ["/nowhere.png", whole]}
    assert reader.answer(asked) == {"found": [[], [CAR]]}


def test_detector_that_is_gone_is_refused_in_words() -> None:
    told = reader.answer({"detector": "/nowhere.safetensors", "frames": []})
    assert told["refused"]["code"] == "CheckpointMissing"
