"""Two tracks become one vehicle, one becomes two, and everything can be taken back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from annotations import passages
from annotations.errors import NothingToUndo, PassageChanged, SplitAtEdge, TracksApart
from annotations.models import Crop, Passage, PassageChange
from tests.annotations.rows import json_of
from tests.training.rows import FAR, FIRST, make_read, make_run
from training import reads, reviews
from training.models import InferenceRun

BOX = dict.fromkeys(range(0, 1001, 250), FIRST)


@pytest.fixture
def run(project: Any) -> InferenceRun:
    return make_run(project)


def outcomes(run: InferenceRun) -> list[str]:
    rows = run.reads.select_related("match").order_by("number")
    return [row.match.outcome if hasattr(row, "match") else "" for row in rows]


def truth() -> list[tuple[Any, ...]]:
    rows = Passage.objects.order_by("first_pts", "pk")
    return list(rows.values_list("text", "status", "first_pts", "last_pts"))


def taught() -> dict[str, str | None]:
    """The text of each crop by the order in which the crops were made."""
    rows = Crop.objects.filter(withdrawn=False).order_by("pk")
    return {f"{crop.group} {crop.pk}": crop.current.text if crop.current else None for crop in rows}


def long_read(run: InferenceRun, text: str, *, crops: tuple[str, ...] = ()) -> Any:
    """A read from 0 to 1000 with a key box every 250."""
    read = make_read(run, text, 0, 1000, crops=crops)
    read.boxes = [[at, *box] for at, box in BOX.items()]
    read.save()
    for place, crop in enumerate(read.crops.order_by("pts")):
        crop.pts = 500 * place + 100
        crop.save()
    return read


def test_two_tracks_of_one_vehicle_are_one_passage(run: InferenceRun) -> None:
    first = make_read(run, "PBA1Z34", 0, 1000, crops=("PBA1Z34",))
    second = make_read(run, "PBA1234", 2000, 3000, crops=("PBA1234",))
    reviews.accept(second)
    reviews.merge(first, second, text="PBA1234")
    assert truth() == [("PBA1234", "corrected", 0, 3000)]
    assert sorted(outcomes(run)) == ["double", "right"]
    assert outcomes(run)[1] == "right"  # the one that read it
    assert set(taught().values()) == {"PBA1234"}
    assert {name.rsplit(" ", 1)[0] for name in taught()} == {f"passage {Passage.objects.get().pk}"}


def test_a_double_can_be_split_and_rejected_by_who_saw_its_passage(run: InferenceRun) -> None:
    first, second = long_read(run, "PBA1234"), make_read(run, "PBA1Z34", 0, 1000)
    passage = reviews.accept(first)
    assert outcomes(run) == ["right", "double"]
    second.boxes = first.boxes
    second.save()
    reviews.split(second, 500, texts=("GSK0001", "GSK0002"), revision=passage.revision)
    assert [text for text, *_ in truth()] == ["PBA1234", "GSK0001", "GSK0002"]
    third = make_read(run, "PBA1234", 0, 1000)
    reads.match(run)
    assert outcomes(run)[2] == "double"
    reviews.reject(third, reason="duplicate", revision=passage.revision)
    passage.refresh_from_db()
    assert passage.status == "accepted"


def test_who_rejects_what_was_taken_back_meanwhile_is_told(run: InferenceRun) -> None:
    read, key = make_read(run, "PBA1234", 0, 1000), uuid4()
    seen = reviews.accept(read, deed=key)
    reviews.undo(run.video, key)
    with pytest.raises(PassageChanged):
        reviews.reject(read, reason="unreadable", revision=seen.revision)


def test_a_split_track_teaches_each_vehicle_its_own_part(run: InferenceRun) -> None:
    read = long_read(run, "PBA1234", crops=("PBA1234", "GSK7788"))  # at 100 and 600
    first, second = reviews.split(read, 500, texts=("PBA1234", "GSK7788"))
    found = {(lesson.passage, lesson.pts) for lesson in reviews.lessons_of(run)}
    assert (first.pk, 100) in found and (first.pk, 600) not in found
    assert all(pts >= 500 for passage, pts in found if passage == second.pk)


def test_a_merge_is_taken_back_whole(run: InferenceRun) -> None:
    first = make_read(run, "PBA1234", 0, 1000, crops=("PBA1234",))
    second = make_read(run, "GSK7788", 2000, 3000, crops=("GSK7788",))
    reviews.accept(first)
    reviews.accept(second)
    before, known = truth(), taught()
    key = uuid4()
    reviews.merge(first, second, text="PBA1234", deed=key)
    assert len(truth()) == 1
    reviews.undo(run.video, key)
    assert (truth(), taught(), outcomes(run)) == (before, known, ["right", "right"])
    with pytest.raises(PassageChanged):  # it was taken back already
        reviews.undo(run.video, key)


def test_a_missed_vehicle_and_a_track_are_one(api: Any, run: InferenceRun) -> None:
    read = make_read(run, "PBA1Z34", 1000, 2000, crops=("PBA1Z34",))
    spot: dict[str, Any] = {"first_pts": 500, "last_pts": 500, "text": "PBA1234"}
    drawn = passages.add(run.video, key_boxes=[[500, *FIRST]], **spot)
    given = {"passage": drawn.pk, "text": "PBA1234", "other_revision": drawn.revision}
    refused = json_of(api, "post", f"reads/{read.pk}/merge/", {**given, "other": read.pk})
    assert refused[0] == 400
    key = uuid4()
    asked = {**given, "client_key": str(key)}
    status, row = json_of(api, "post", f"reads/{read.pk}/merge/", asked)
    assert (status, row["passage"]["text"], row["outcome"]) == (200, "PBA1234", "wrong")
    assert truth() == [("PBA1234", "corrected", 500, 2000)]
    assert list(taught().values()) == ["PBA1234"]
    assert json_of(api, "post", f"reads/{read.pk}/merge/", asked) == (200, row)  # sent twice
    reviews.undo(run.video, key)
    assert truth() == [("PBA1234", "corrected", 500, 500)]
    assert outcomes(run) == [""]


def test_two_vehicles_beside_each_other_are_not_merged(run: InferenceRun) -> None:
    first = make_read(run, "PBA1234", 0, 1000)
    second = make_read(run, "GSK7788", 500, 3000, box=FAR)
    with pytest.raises(TracksApart):
        reviews.merge(first, second, text="PBA1234")
    assert truth() == []


def test_a_track_of_two_vehicles_is_split_at_a_moment(run: InferenceRun) -> None:
    read = long_read(run, "GSK7788", crops=("PBA1234", "GSK7788"))
    reviews.split(read, 400, texts=("PBA1234", "GSK7788"))
    assert truth() == [("PBA1234", "corrected", 0, 250), ("GSK7788", "accepted", 500, 1000)]
    assert outcomes(run) == ["right"]  # of the vehicle whose text it read
    assert sorted(taught().values(), key=str) == ["GSK7788", "PBA1234"]
    assert len({name.rsplit(" ", 1)[0] for name in taught()}) == 2


@pytest.mark.parametrize("at", [0, 1001])
def test_nothing_is_split_at_its_edge(run: InferenceRun, at: int) -> None:
    with pytest.raises(SplitAtEdge):
        reviews.split(long_read(run, "GSK7788"), at, texts=("PBA1234", "GSK7788"))
    assert truth() == []


def test_a_split_of_what_was_accepted_is_taken_back(run: InferenceRun) -> None:
    read, key = long_read(run, "GSK7788", crops=("PBA1234", "GSK7788")), uuid4()
    reviews.accept(read)
    before, known = truth(), taught()
    reviews.split(read, 400, texts=("PBA1234", "GSK7788"), deed=key)
    reviews.undo(run.video, key)
    assert (truth(), taught(), outcomes(run)) == (before, known, ["right"])


def test_every_verdict_is_taken_back_in_turn(run: InferenceRun) -> None:
    read = make_read(run, "PBA1Z34", 0, 1000, crops=("PBA1Z34",))
    keys = [uuid4() for _ in range(4)]
    reviews.accept(read, deed=keys[0])
    reviews.accept(read, text="PBA1234", deed=keys[1])
    reviews.reject(read, reason="unreadable", deed=keys[2])
    found = []
    for key in reversed(keys[:3]):
        reviews.undo(run.video, key, deed=uuid4())
        found.append((truth(), outcomes(run), list(taught().values())))
    assert found == [
        ([("PBA1234", "corrected", 0, 1000)], ["wrong"], ["PBA1234"]),
        ([("PBA1Z34", "accepted", 0, 1000)], ["right"], ["PBA1Z34"]),
        ([], [""], []),
    ]
    with pytest.raises(NothingToUndo):
        reviews.undo(run.video, keys[3])


def test_what_somebody_else_decided_since_is_not_taken_back(run: InferenceRun, user: Any) -> None:
    read, key = make_read(run, "PBA1234", 0, 1000), uuid4()
    reviews.accept(read, deed=key)
    reviews.accept(read, text="PBA1235", by=user)
    with pytest.raises(PassageChanged) as conflict:
        reviews.undo(run.video, key)
    assert conflict.value.details["current"]["text"] == "PBA1235"


def test_taking_back_is_done_once_and_can_be_taken_back(run: InferenceRun) -> None:
    read, key, undone = make_read(run, "PBA1234", 0, 1000), uuid4(), uuid4()
    reviews.accept(read, deed=key)
    reviews.undo(run.video, key, deed=undone)
    reviews.undo(run.video, key, deed=undone)  # sent twice
    assert truth() == []
    reviews.undo(run.video, undone)
    assert truth() == [("PBA1234", "accepted", 0, 1000)]
    assert PassageChange.objects.count() == 3


def test_missed_vehicle_and_its_deletion_are_taken_back(run: InferenceRun, user: Any) -> None:
    added, gone = uuid4(), uuid4()
    where: dict[str, Any] = {"first_pts": 5, "last_pts": 5, "key_boxes": [[5, *FIRST]]}
    row = passages.add(run.video, text="PBA1234", client_key=added, by=user, **where)
    passages.delete(row, revision=1, by=user, deed=passages.Deed("delete", gone))
    reviews.undo(run.video, gone)
    again = Passage.objects.get()
    assert (again.pk, again.text, again.client_key, again.reviewer) == (
        row.pk, "PBA1234", added, user,
    )  # fmt: skip
    reviews.undo(run.video, added)
    assert truth() == []


def test_merge_split_and_undo_through_the_api(api: Any, run: InferenceRun) -> None:
    first = make_read(run, "PBA1234", 0, 1000)
    second = make_read(run, "PBA12", 2000, 3000)
    key = {"client_key": str(uuid4())}
    given = {"other": second.pk, "text": "PBA1234", "revision": 0, "other_revision": 0, **key}
    status, row = json_of(api, "post", f"reads/{first.pk}/merge/", given)
    assert (status, row["passage"]["last_seconds"], row["outcome"]) == (200, 3.0, "right")
    back = {"undone": key["client_key"], "client_key": str(uuid4())}
    assert json_of(api, "post", f"inference-runs/{run.pk}/undo/", back)[0] == 200
    assert truth() == []
    parts = {"seconds": 0.5, "texts": ["PBA1234", "GSK7788"], "revision": 0}
    status, row = json_of(api, "post", f"reads/{first.pk}/split/", parts)
    assert (status, row["passage"]["text"], len(truth())) == (200, "PBA1234", 2)
    status, body = json_of(api, "post", f"reads/{first.pk}/split/", parts)
    assert (status, body["code"]) == (409, "PassageChanged")
    far = make_read(run, "XYZ0000", 0, 1000, box=FAR)
    other = {"other": far.pk, "text": "PBA1234"}
    status, body = json_of(api, "post", f"reads/{first.pk}/merge/", other)
    assert (status, body["code"]) == (400, "TracksApart")
