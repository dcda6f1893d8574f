"""Search over the reads of all videos."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from annotations import passages
from annotations.models import AuditEntry, Camera, Crop, Passage, Video
from tests.annotations.rows import client_of, make_video
from tests.training.rows import FAR, make_read, make_run
from training import reads, reviews
from training.models import InferenceRun
from training.sightings import Sought, find, nearby

DAY = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def run(project: Any) -> InferenceRun:
    made = make_run(project)
    for place, text in enumerate(("PBA1234", "PBA1284", "GSK7788", "PB1234", "=CMD")):
        make_read(made, text, 1000 * place, 1000 * place + 500, crops=(text,))
    return made


def texts(project: Any, **sought: Any) -> set[str]:
    return {one.text for one in find(project, Sought(**sought))}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("PBA12?4", {"PBA1234", "PBA1284"}),
        ("pb*34", {"PBA1234", "PB1234"}),
        ("778", {"GSK7788"}),
        ("PBA-1234", {"PBA1234"}),
        ("%", set()),
    ],
)
def test_patterns(run: InferenceRun, project: Any, pattern: str, found: set[str]) -> None:
    assert texts(project, text=pattern) == found


def test_one_character_other_missing_or_too_many(run: InferenceRun, project: Any) -> None:
    assert texts(project, text="PBA1234", near=True) == {"PBA1234", "PBA1284", "PB1234"}
    assert texts(project, text="GSK77883", near=True) == {"GSK7788"}
    assert len(nearby("A" * 40)) < 100


def test_what_people_said_counts(run: InferenceRun, project: Any) -> None:
    first, _, third = run.reads.order_by("number")[:3]
    reviews.accept(first, text="PBX1234")
    reviews.reject(third, reason="not_a_plate")
    assert texts(project, text="PB?1?34") == {"PBX1234"}
    assert texts(project, text="GSK") == set()


def test_vehicles_that_only_a_person_saw_are_found(run: InferenceRun, project: Any) -> None:
    drawn: dict[str, Any] = {"first_pts": 1200, "last_pts": 1200, "key_boxes": [[1200, *FAR]]}
    passages.add(run.video, text="PBA1239", **drawn)
    nobody_looked = passages.add(run.video, text="PBA1238", **drawn)
    Passage.objects.filter(pk=nobody_looked.pk).update(status="accepted", unseen=True)
    passages.reject(run.video, reason="unreadable", **drawn)
    reads.rescore(run.video)
    found = list(find(project, Sought(text="PBA123?", confidence=0.99)))
    assert [(one.text, one.read, one.run, one.review) for one in found] == [
        ("PBA1238", None, run.pk, "accepted unseen"),
        ("PBA1239", None, run.pk, "by a person"),
    ]
    assert texts(project, text="PBA1239", video=run.video_id + 1) == set()
    later = make_run(project, run.video)
    make_read(later, "PBA1239", 1200, 1300, box=FAR)
    reads.match_run(later)
    (found_,) = find(project, Sought(text="PBA1239"))  # now it has a read
    assert found_.read is not None


def test_pages_go_through_reads_and_passages_alike(
    run: InferenceRun, project: Any, user: Any
) -> None:
    other = make_run(project, make_video(project))
    make_read(other, "GSK0001", 2000, 2500)
    for video in (run.video, other.video):
        for text in ("GSK0002", "GSK0003"):
            where: dict[str, Any] = {
                "first_pts": 2000,
                "last_pts": 2000,
                "key_boxes": [[2000, *FAR]],
            }
            passages.add(video, text=text, **where)
    api, found, page = client_of(user), [], f"/api/v1/reads/search/?project={project.pk}&limit=1"
    while page:
        answer = api.get(page).json()
        found += [(row["video"], row["text"]) for row in answer["results"]]
        page = answer["next"]
    order = ["=CMD", "PB1234", "GSK7788", "GSK0003", "GSK0002", "PBA1284", "PBA1234"]
    assert [text for video, text in found if video == run.video_id] == order
    assert found[:3] == [(other.video_id, f"GSK000{n}") for n in (1, 3, 2)]
    broken = api.get(f"/api/v1/reads/search/?project={project.pk}&cursor=1.2.3")
    assert broken.status_code == 404


def test_a_drawn_vehicle_shows_what_was_cut_of_it(
    run: InferenceRun, project: Any, user: Any
) -> None:
    where: dict[str, Any] = {"first_pts": 1200, "last_pts": 1200, "key_boxes": [[1200, *FAR]]}
    passage = passages.add(run.video, text="QQQ0001", **where)
    crop = Crop.objects.create(
        project=project,
        group=passages.group_of(passage.pk),
        file="x",
        sha256="a" * 64,
        width=9,
        height=9,
    )
    answer = client_of(user).get(f"/api/v1/reads/search/?project={project.pk}&text=QQQ0001")
    (row,) = answer.json()["results"]
    assert row["picture"] == f"/api/v1/media/crops/{crop.pk}/?v=aaaaaaaa"
    assert (row["read"], row["confidence"], row["review"]) == (None, None, "by a person")


def test_newest_reading_of_a_video_counts(run: InferenceRun, project: Any) -> None:
    later = make_run(project, run.video)
    assert len(list(find(project, Sought()))) == 5  # one without reads hides nothing
    make_read(later, "NEW0001", 0, 500)
    assert texts(project) == {"NEW0001"}
    InferenceRun.objects.filter(pk=run.pk).update(throughput={"frames": 9})
    assert len(list(find(project, Sought()))) == 5  # one at work, or broken off, hides no whole one
    InferenceRun.objects.filter(pk=later.pk).update(throughput={"frames": 9})
    assert texts(project) == {"NEW0001"}


def test_camera_confidence_and_video(run: InferenceRun, project: Any) -> None:
    gate = Camera.objects.create(project=project, name="Gate")
    other = make_run(project, make_video(project))
    other.video.camera = gate
    other.video.save()
    make_read(other, "ELS0001", 0, 500, box=FAR)
    assert texts(project, camera=gate.pk) == texts(project, video=other.video_id) == {"ELS0001"}
    assert texts(project, confidence=0.95) == set()


def test_times_of_the_recordings(run: InferenceRun, project: Any) -> None:
    video = run.video
    video.recorded_at, video.duration = DAY, 60.0
    video.save()
    at = [DAY + timedelta(seconds=video.seconds(1000 * k)) for k in range(5)]
    assert texts(project, since=at[1], until=at[2]) == {"PBA1284", "GSK7788"}
    assert texts(project, until=DAY - timedelta(seconds=1)) == set()
    assert len(texts(project, since=DAY - timedelta(days=1), until=DAY + timedelta(days=1))) == 5


def test_a_camera_may_have_thousands_of_pieces(
    run: InferenceRun, project: Any, django_assert_num_queries: Any
) -> None:
    """More than the terms that SQLite takes in one expression."""
    facts = {"project": project, "width": 9, "height": 9, "bytes": 9, "duration": 30.0}
    models = {"detector": run.detector, "recognizer": run.recognizer, "project": project}
    pieces = Video.objects.bulk_create(
        Video(sha256=str(n), recorded_at=DAY + timedelta(seconds=30 * n), time_base="1/10", **facts)
        for n in range(1100)
    )
    runs = InferenceRun.objects.bulk_create(InferenceRun(video=v, **models) for v in pieces)
    for n in (0, 3, 1099):
        make_read(runs[n], f"DAY{n:04}", 100, 110)  # ten seconds from its start
    since, until = DAY + timedelta(seconds=10), DAY + timedelta(seconds=30 * 3 + 9)
    with django_assert_num_queries(3):  # pieces, reads, passages
        assert texts(project, since=since, until=until) == {"DAY0000"}
    until += timedelta(seconds=1)
    assert texts(project, since=since, until=until) == {"DAY0000", "DAY0003"}
    assert texts(project, since=since + timedelta(seconds=2)) == {"DAY0003", "DAY1099"}


def test_api_finds_and_takes_away_with_an_audit_trail(
    run: InferenceRun, project: Any, user: Any, django_assert_max_num_queries: Any
) -> None:
    api = client_of(user)
    with django_assert_max_num_queries(12):
        found = api.get(f"/api/v1/reads/search/?project={project.pk}&text=PBA&limit=1").json()
    assert [row["text"] for row in found["results"]] == ["PBA1284"] and found["next"]
    assert found["results"][0]["picture"] and found["results"][0]["seen_at"] is None
    table = api.get(f"/api/v1/reads/table/?project={project.pk}").content.decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["text"] for row in rows][-1] == "PBA1234" and rows[0]["text"] == "'=CMD"
    assert rows[0]["confidence"] == "0.9"
    table = api.get(f"/api/v1/reads/table/?project={project.pk}&decimal=comma").content.decode()
    with_commas = list(csv.DictReader(io.StringIO(table.removeprefix("\ufeff")), delimiter=";"))
    assert [row["text"] for row in with_commas] == [row["text"] for row in rows]
    assert with_commas[0]["confidence"] == "0,9"
    assert api.get("/api/v1/reads/search/?project=x").status_code == 400
    noted = AuditEntry.objects.filter(project=project).values_list("action", "details")
    assert list(noted.order_by("pk")) == [
        ("searched reads", {"text": "PBA", "limit": "1"}),
        ("export reads", {}),
        ("export reads", {"decimal": "comma"}),
    ]
