"""Two models on the same pictures."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.models import Project
from tests.annotations.rows import json_of
from tests.training.rows import make_version
from training import evaluations
from training.errors import NotComparable
from training.models import Evaluation, TrainedModel

CAR = ("car", 0.0, 0.0, 10.0, 10.0)
PLATE = ("plate", 2.0, 2.0, 6.0, 4.0)


@pytest.mark.parametrize(
    ("truths", "found", "missed", "false"),
    [
        ([], [], 0, 0),
        ([(*CAR, False)], [CAR], 0, 0),
        ([(*CAR, False)], [], 1, 0),
        ([], [CAR], 0, 1),
        ([(*CAR, False)], [CAR, CAR], 0, 1),
        ([(*CAR, False)], [("plate", *CAR[1:])], 1, 1),
        ([(*CAR, True)], [CAR, CAR], 0, 0),
        ([(*CAR, False), (*PLATE, True)], [], 1, 0),
    ],
)
def test_errors_of_a_frame(truths: Any, found: Any, missed: int, false: int) -> None:
    told = evaluations.errors_of(truths, found)
    assert told == {"missed": missed, "false": false, "wrong": missed + false}


def evaluation(project: Project, version: Any, texts: list[str], **more: Any) -> Evaluation:
    model = TrainedModel.objects.create(
        project=project, kind="recognizer", name="m", file="x", **more
    )
    items = list(version.items.filter(split="val"))
    found = [
        {"item": item.pk, "text": text, "confidence": 0.5, "wrong": int(text != item.text)}
        for item, text in zip(items, texts, strict=True)
    ]
    return evaluations.keep(model, version, "val", {"exact": 0.5, "report": {}}, found)


def test_pictures_where_one_is_right_come_first(api: Any, project: Project) -> None:
    version = make_version(project, splits=("val",) * 4)
    first = evaluation(project, version, ["A", "PBA1001", "B", "PBA1003"])
    second = evaluation(project, version, ["C", "PBA1001", "PBA1002", "X"])
    address = f"evaluations/{first.pk}/compare/?other={second.pk}"
    status, body = json_of(api, "get", address)
    assert status == 200
    counts = [body[name] for name in ("both_right", "only_first", "only_second", "both_wrong")]
    assert counts == [1, 1, 1, 1]
    texts = [
        [row["item"]["text"], row["first"]["text"], row["second"]["text"]]
        for row in body["differing"]
    ]
    assert texts == [
        ["PBA1002", "B", "PBA1002"], ["PBA1003", "PBA1003", "X"], ["PBA1000", "A", "C"],
    ]  # fmt: skip


def test_other_pictures_are_not_compared(api: Any, project: Project) -> None:
    version, other = (make_version(project, splits=("val",), number=n) for n in (1, 2))
    first, second = (evaluation(project, one, ["A"]) for one in (version, other))
    with pytest.raises(NotComparable):
        evaluations.compare(first, second)
    status, body = json_of(api, "get", f"evaluations/{first.pk}/compare/?other={second.pk}")
    assert (status, body["code"]) == (400, "NotComparable")
    assert json_of(api, "get", f"evaluations/{first.pk}/compare/?other=x")[0] == 404


def test_pictures_that_a_model_learned_from_are_counted(project: Project) -> None:
    version = make_version(project, splits=("train", "val"))
    again = make_version(project, splits=("val", "val"), number=4)  # the same two pictures
    assert evaluation(project, again, ["A", "B"], dataset=version).learned == 1
    assert evaluation(project, again, ["A", "B"]).learned == 0


def test_all_that_were_not_judged_are_judged(api: Any, project: Project) -> None:
    version = make_version(project)
    model = TrainedModel.objects.create(project=project, kind="recognizer", name="m", file="x")
    status, job = json_of(api, "post", "evaluations/", {"dataset": version.pk})
    assert (status, job["task"]) == (202, "compare")
    assert model.pk in job["parameters"]["models"]
    evaluations.keep(model, version, "train", {"exact": 1.0, "report": {"long": 1}}, [])
    assert model.pk not in evaluations.lacking(project, version)
    _, listed = json_of(api, "get", f"evaluations/?dataset={version.pk}")
    assert [row["figures"] for row in listed["results"]] == [{"exact": 1.0}]
