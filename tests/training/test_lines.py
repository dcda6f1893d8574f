"""The list of a reviewer's page, and what changed since it last looked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations import passages
from annotations.models import Camera, Video
from tests.annotations.rows import json_of
from tests.training.rows import FAR, keys, make_read, make_run
from training import lines, reviews
from training.models import InferenceRun, Read


@pytest.fixture
def run(project: Any) -> InferenceRun:
    return make_run(project)


def test_lines_through_the_api_cost_the_same_for_any_number(api: Any, run: InferenceRun) -> None:
    def asked() -> tuple[int, list[dict[str, Any]]]:
        with CaptureQueriesContext(connection) as seen:
            status, page = json_of(api, "get", f"reads/lines/?run={run.pk}")
        assert status == 200
        return len(seen), page["results"]

    reviews.accept(make_read(run, "PBA1234", 1500, 2500, crops=("PBA1234",)))
    before, [line] = asked()
    assert (line["first_seconds"], line["best_seconds"], line["outcome"]) == (1.5, 1.5, "right")
    assert line["passage"]["text"] == "PBA1234" and not line["passage"]["unseen"]
    assert "boxes" not in line
    for number in range(5):
        make_read(run, f"GSK000{number}", 5000 * number, 5000 * number + 100, crops=("GSK0001",))
    after, found = asked()
    assert (after, len(found)) == (before, 6)


def test_missed_vehicles_of_a_run_alone(api: Any, run: InferenceRun) -> None:
    reviews.accept(make_read(run, "PBA1234", 0, 1000))
    row = passages.add(
        run.video, first_pts=0, last_pts=900, key_boxes=keys(0, 900, FAR), text="GSK7788"
    )
    address = f"passages/?video={run.video_id}&missed_by={run.pk}"
    assert [one["id"] for one in json_of(api, "get", address)[1]["results"]] == [row.pk]
    other = make_run(run.project, run.video)
    assert lines.missed_by(other.pk).count() == 2


def test_news_are_the_stretches_that_changed(api: Any, run: InferenceRun) -> None:
    first = make_read(run, "PBA1234", 0, 1000)
    make_read(run, "GSK7788", 5000, 6000)
    status, news = json_of(api, "get", f"inference-runs/{run.pk}/news/")
    assert (status, news["last"], news["lines"]) == (200, 0, [])
    reviews.accept(first)
    passages.add(run.video, first_pts=0, last_pts=900, key_boxes=keys(0, 900, FAR), text="XYZ0000")
    news = json_of(api, "get", f"inference-runs/{run.pk}/news/?since={news['last']}")[1]
    assert [line["text"] for line in news["lines"]] == ["PBA1234"]
    assert [row["text"] for row in news["missed"]] == ["XYZ0000"]
    assert news["stretches"] == [[0.0, 1.0]] and not news["all"]
    again = json_of(api, "get", f"inference-runs/{run.pk}/news/?since={news['last']}")[1]
    assert again == {**news, "lines": [], "missed": [], "stretches": []}


def test_reads_by_number(api: Any, run: InferenceRun) -> None:
    made = [make_read(run, "PBA1234", at * 1000, at * 1000 + 500) for at in range(3)]
    page = json_of(api, "get", f"reads/?ids={made[0].pk},{made[2].pk},x")[1]
    assert [row["id"] for row in page["results"]] == [made[0].pk, made[2].pk]


def test_news_are_also_the_reads_of_a_reading_at_work(api: Any, run: InferenceRun) -> None:
    camera = Camera.objects.create(project=run.project, name="North", clock_offset=5.0)
    began = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    Video.objects.filter(pk=run.video_id).update(camera=camera, recorded_at=began)
    first = make_read(run, "PBA1234", 0, 1000)
    second = make_read(run, "GSK7788", 5000, 6000)
    Read.objects.filter(pk=second.pk).update(direction="leaving")
    news = json_of(api, "get", f"inference-runs/{run.pk}/news/?since=0&after={first.number}")[1]
    [line] = news["lines"]
    assert (line["text"], line["direction"]) == ("GSK7788", "leaving")
    assert line["seen_at"] == "2026-11-02T08:00:10Z"
    everything = json_of(api, "get", f"inference-runs/{run.pk}/news/?since=0&after=-1")[1]
    assert len(everything["lines"]) == 2
