"""Suggestions of the recognizer: from whom, for which crops, and when they are made."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.utils import timezone

from annotations import suggestions
from annotations.models import Crop, Project, Role, Suggestion
from annotations.transcriptions import newest_suggestions
from lprsite import files
from lprsite.jobs.engine import Cancelled, Running
from lprsite.jobs.models import Job, State
from tests.annotations.rows import client_of, json_of, make_crops, make_member
from training import reader, runs, starters, suggesting, tasks
from training.models import TrainedModel
from training.recognizer.predict import PlateRead
from training.synthetic import plates

MARK = hashlib.sha256(starters.path("recognizer").read_bytes()).hexdigest()[:4]
STARTER = f"Starter recognizer {MARK}"


def says(text: str) -> suggesting.Ask:
    """A program that reads this on every crop."""

    def ask(request: dict[str, Any], check: Callable[[], None]) -> dict[str, Any]:
        check()
        read = {"text": text, "characters": [0.9] * len(text), "alternatives": [[["8", 0.1]]]}
        return {"reads": [read for _ in request["crops"]]}

    return ask


def recognizer(project: Project, name: str) -> TrainedModel:
    return TrainedModel.objects.create(
        project=project, kind="recognizer", name=name, file="models/none.safetensors"
    )


def made() -> list[tuple[str, str]]:
    return list(Suggestion.objects.order_by("crop").values_list("model_name", "text"))


def test_starter_proposes_where_there_is_no_model(project: Project, running: Running) -> None:
    make_crops(project, 40)
    result = suggesting.suggest(project, running, says("PBA1234"), again=False)
    assert result == {"made": 40, "model": STARTER}
    assert made() == [(STARTER, "PBA1234")] * 40
    assert suggesting.suggest(project, running, says("X"), again=True)["made"] == 0


def test_current_recognizer_proposes_anew_once_promoted(project: Project, running: Running) -> None:
    crop = make_crops(project, 1)[0]
    suggesting.suggest(project, running, says("PBA1234"), again=False)
    runs.promote(recognizer(project, "Recognizer 1"))
    suggesting.suggest(project, running, says("PBA7777"), again=False)
    assert newest_suggestions([crop.pk])[crop.pk]["text"] == "PBA1234"
    suggesting.suggest(project, running, says("PBA7777"), again=True)
    assert newest_suggestions([crop.pk])[crop.pk]["model_name"] == "Recognizer 1"


def test_more_than_any_plate_has_is_no_suggestion(project: Project, running: Running) -> None:
    make_crops(project, 1)
    suggesting.suggest(project, running, says("A" * 17), again=False)
    assert made() == [(STARTER, "")] and suggestions.projects_lacking() == []


def test_stopping_keeps_what_was_made(project: Project, running: Running) -> None:
    make_crops(project, 40)
    asked = says("PBA1234")

    def ask(request: dict[str, Any], check: Callable[[], None]) -> dict[str, Any]:
        Job.objects.update(state=State.CANCELLING)
        running.beat()
        return asked(request, lambda: None)

    with pytest.raises(Cancelled):
        suggesting.suggest(project, running, ask, again=False)
    assert len(made()) == suggesting.PIECE
    assert Crop.objects.filter(suggested=False).count() == 40 - suggesting.PIECE


# --- the program that reads


def drawn(project: Project, *, seed: int = 3) -> tuple[Crop, str]:
    plate = plates.render(np.random.default_rng(seed), damage=0.0)
    data = cv2.imencode(".png", plate.picture)[1].tobytes()
    key, sha256 = files.put_bytes("crops", data, ".png")
    return make_crops(project, 1, file=key, sha256=sha256)[0], plate.text


def test_starter_reads_a_drawn_plate(project: Project, running: Running) -> None:
    broken = make_crops(project, 1)[0]
    crop, text = drawn(project)
    suggesting.suggest(project, running, lambda asked, _: reader.answer(asked), again=False)
    found = newest_suggestions([broken.pk, crop.pk])
    assert found[broken.pk]["text"] == "" and found[crop.pk]["text"] == text
    assert len(found[crop.pk]["characters"]) == len(found[crop.pk]["alternatives"]) == len(text)
    other, share = found[crop.pk]["alternatives"][0][0]
    assert isinstance(other, str) and 0 <= share <= 1


def test_only_characters_of_the_project_are_proposed(project: Project, running: Running) -> None:
    project.alphabet = "0123456789"
    project.save()
    crop, text = drawn(project)
    suggesting.suggest(project, running, lambda asked, _: reader.answer(asked), again=False)
    said = newest_suggestions([crop.pk])[crop.pk]["text"]
    assert said.isdecimal() and text[-3:] == said[-3:]


@pytest.mark.parametrize("alphabet", ["Ñ", "京"])
def test_foreign_alphabet_gets_no_text(project: Project, running: Running, alphabet: str) -> None:
    Project.objects.update(alphabet=alphabet)
    project.refresh_from_db()
    drawn(project)
    suggesting.suggest(project, running, lambda asked, _: reader.answer(asked), again=False)
    assert made() == [(STARTER, "")]


def test_checkpoint_that_is_gone_is_refused_in_words(project: Project) -> None:
    asked = {"checkpoint": "/nowhere.safetensors", "formats": [], "characters": "", "crops": []}
    assert reader.answer(asked)["refused"]["code"] == "CheckpointMissing"


# --- the optional assistant


@pytest.fixture
def assistant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The extra is installed, and its network lies here."""
    monkeypatch.setattr(starters, "assistant", lambda: tmp_path / "assistant.onnx")
    return tmp_path / "assistant.onnx"


def test_surer_of_starter_and_assistant_is_believed_and_named(
    project: Project, running: Running, assistant: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, text = drawn(project)
    second, _ = drawn(project, seed=4)
    told = [PlateRead("DIM1234", 0.0, (0.1,) * 7), PlateRead("PBA1234", 1.1, (1.0,) * 7)]
    monkeypatch.setattr(reader, "assistant", lambda *_: lambda crops: told[: len(crops)])
    suggesting.suggest(project, running, lambda asked, _: reader.answer(asked), again=False)
    assert made() == [
        (f"{STARTER} beside PP-OCRv6", text),
        (f"PP-OCRv6 beside starter {MARK}", "PBA1234"),
    ]
    assert suggesting.suggest(project, running, says("X"), again=True)["made"] == 0
    assert suggestions.projects_lacking() == [] and first.pk < second.pk


def test_own_recognizer_needs_no_assistant(project: Project, assistant: Path) -> None:
    assert suggesting.source_of(project).assistant == assistant
    runs.promote(recognizer(project, "Recognizer 1"))
    assert suggesting.source_of(project).assistant is None


def test_without_the_extra_there_is_no_assistant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert starters.assistant() is None


# --- when they are made


def test_new_crops_are_noticed_once(project: Project) -> None:
    tasks.suggest_new()
    assert not Job.objects.exists()
    make_crops(project, 1)
    for _ in range(2):
        tasks.suggest_new()
    job = Job.objects.get()
    assert (job.queue, job.project_id, job.parameters["again"]) == ("suggest", project.pk, False)


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_what_failed_or_was_stopped_rests_an_hour(project: Project, state: str) -> None:
    make_crops(project, 1)
    tasks.suggest_new()
    Job.objects.update(state=state, ended_at=timezone.now())
    assert suggesting.due([project.pk]) == []
    Job.objects.update(ended_at=timezone.now() - timedelta(hours=2))
    assert suggesting.due([project.pk]) == [project.pk]


def test_only_the_latest_job_that_began_by_itself_is_kept(project: Project, user: Any) -> None:
    old = [Job.objects.create(task="suggest", queue="suggest", project_id=project.pk)]
    asked = Job.objects.create(
        task="suggest", queue="suggest", project_id=project.pk, created_by=user
    )
    Job.objects.update(state=State.SUCCEEDED)
    last = Job.objects.create(task="suggest", queue="suggest", project_id=project.pk)
    last.forget_earlier()
    assert set(Job.objects.all()) == {asked, last} and old


def test_promoting_a_recognizer_asks_for_new_suggestions(api: Any, project: Project) -> None:
    model = recognizer(project, "Recognizer 1")
    assert json_of(api, "post", f"models/{model.pk}/promote/", {})[0] == 200
    assert not Job.objects.exists()  # nothing waits
    make_crops(project, 1)
    assert json_of(api, "post", f"models/{model.pk}/promote/", {})[0] == 200
    job = Job.objects.get()
    assert (job.task, job.parameters) == ("suggest", {"project": project.pk, "again": True})


def test_asking_through_the_api(api: Any, project: Project) -> None:
    for _ in range(2):
        status, job = json_of(api, "post", "suggestions/", {"project": project.pk})
    assert (status, job["task"], job["state"]) == (202, "suggest", "queued")
    assert Job.objects.count() == 1
    assert json_of(api, "post", "suggestions/", {"project": 0})[0] == 404
    viewer = client_of(make_member(project, "eva", Role.VIEWER))
    assert json_of(viewer, "post", "suggestions/", {"project": project.pk})[0] == 403


def test_suggestions_are_listed_newest_first(api: Any, project: Project) -> None:
    crop = make_crops(project, 1)[0]
    for model in ("A", "B"):
        suggestions.keep(model, [suggestions.Proposal(crop.pk, 1, model)])
    _, body = json_of(api, "get", f"suggestions/?crop={crop.pk}")
    assert [row["model_name"] for row in body["results"]] == ["B", "A"]
