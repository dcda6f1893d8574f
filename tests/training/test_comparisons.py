"""Two readings of a video, judged on what was already reviewed."""

from __future__ import annotations

from typing import Any

import pytest

from annotations import passages, projects
from tests.annotations.rows import client_of, json_of, make_video
from tests.training.rows import FAR, FIRST, make_read, make_run
from training import reads, reviews
from training.comparisons import compare, cycles
from training.errors import ReadingsOfDifferentVideos
from training.models import InferenceRun


def reviewed(project: Any) -> tuple[InferenceRun, InferenceRun]:
    """A reviewed reading, and a later one that nobody looked at."""
    first = make_run(project)
    second = make_run(project, first.video)
    for text, start, box in (("PBA1234", 0, FIRST), ("GSK7788", 0, FAR), ("ABC0001", 3000, FIRST)):
        reviews.accept(make_read(first, text, start, start + 1000, box=box))
    reviews.accept(make_read(first, "XYZ0000", 6000, 7000), text="XYZ0009")
    make_read(second, "PBA1234", 100, 900)
    make_read(second, "GSK7789", 0, 1000, box=FAR)
    make_read(second, "XYZ0009", 6000, 7000)
    make_read(second, "EEE0000", 9000, 9500)
    passages.check_span(first.video, 0, 10_000)
    reads.match_run(second)
    return first, second


def test_what_one_read_and_the_other_not(project: Any) -> None:
    first, second = reviewed(project)
    told = compare(first, second)
    assert told["passages"] == 4
    assert told["table"] == {
        "right right": 1,
        "right wrong": 1,
        "right missed": 1,
        "wrong right": 1,
    }
    assert (told["only_right"], told["false"]) == ([2, 1], [0, 1])
    assert told["chance"] == 1.0
    assert [share["right"] for share in told["shares"]] == [3, 2]
    assert [(row["text"], row["second"]["text"]) for row in told["differing"]] == [
        ("GSK7788", "GSK7789"),
        ("ABC0001", ""),
        ("XYZ0009", "XYZ0009"),
    ]


def test_other_video_is_refused(project: Any) -> None:
    other = make_run(project, make_video(project))
    with pytest.raises(ReadingsOfDifferentVideos):
        compare(make_run(project), other)


def test_by_the_api(project: Any, user: Any, django_assert_max_num_queries: Any) -> None:
    first, second = reviewed(project)
    api = client_of(user)
    with django_assert_max_num_queries(20):
        told = api.get(f"/api/v1/inference-runs/{first.pk}/compare/?other={second.pk}").json()
    assert told["table"]["wrong right"] == 1
    assert api.get(f"/api/v1/inference-runs/{first.pk}/compare/?other=x").status_code == 404


def test_gain_of_a_cycle_on_the_same_truth(
    project: Any, api: Any, django_assert_num_queries: Any
) -> None:
    first, second = reviewed(project)
    for run in (first, second):
        run.throughput = {"frames": 100}
        run.save()
    assert cycles(projects.create("Empty")) == []
    with django_assert_num_queries(3):
        [told] = cycles(project)
    assert (told["videos"], told["passages"], told["only_right"]) == (1, 4, [2, 1])
    assert [share["right"] for share in told["shares"]] == [3, 2]
    other = make_run(project)  # of another video: nothing to compare with
    other.throughput = {"frames": 100}
    other.save()
    assert len(cycles(project)) == 1
    third = make_run(project, first.video)  # after models that read nothing reviewed
    third.throughput = {"frames": 100}
    third.save()
    assert [told["passages"] for told in cycles(project)] == [4, 4]
    status, body = json_of(api, "get", f"inference-runs/cycles/?project={project.pk}")
    assert (status, body["results"][0]["passages"]) == (200, 4)
