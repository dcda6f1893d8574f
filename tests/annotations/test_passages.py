"""Passages: what a person confirms is checked, counted in revisions, and teaches."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from annotations import errors, passages, transcriptions
from annotations.models import AuditEntry, Crop, Passage, Video
from annotations.passages import KeptCrop, confirm, edits, reject, teach
from tests.annotations.rows import json_of, make_video

SPAN: Any = {"first_pts": 0, "last_pts": 900, "key_boxes": [[0, 1, 1, 9, 9], [900, 1, 1, 9, 9]]}


@pytest.fixture
def video(project: Any) -> Video:
    return make_video(project)


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("", "", 0),
        ("ABC", "", 3),
        ("ABC", "ABC", 0),
        ("ABC123", "A8C123", 1),
        ("ABC123", "ABC0123", 1),
        ("ABC123", "BC1234", 2),
        ("KITTEN", "SITTING", 3),
    ],
)
def test_edits_are_counted(first: str, second: str, distance: int) -> None:
    assert edits(first, second) == edits(second, first) == distance


def test_confirming_again_is_a_new_revision(video: Video) -> None:
    first = confirm(video, text="pba 1234", **SPAN)
    again = confirm(video, text="PBA1235", corrected=True, known=first, **SPAN)
    assert (again.pk, again.revision, again.text) == (first.pk, 2, "PBA1235")
    assert Passage.objects.get().status == "corrected"


@pytest.mark.parametrize(
    ("text", "refusal"), [("-", errors.TextEmpty), ("PÑ1", errors.TextForeign)]
)
def test_no_plate_is_confirmed(video: Video, text: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        confirm(video, text=text, **SPAN)


def test_reason_of_a_rejection_is_one_of_three(video: Video) -> None:
    with pytest.raises(errors.ReasonUnknown, match="duplicate"):
        reject(video, reason="bored", **SPAN)
    assert reject(video, reason="unreadable", **SPAN).text == ""


def test_same_crop_teaches_once(video: Video) -> None:
    passage = confirm(video, text="PBA1234", **SPAN)
    kept = [KeptCrop("crops/a.png", "a" * 64, 60, 30, 9.0, "PBA1234")]
    assert (teach(passage, kept), Crop.objects.count()) == (1, 1)
    again = confirm(video, text="PBA1234", known=passage, **SPAN)
    assert teach(again, kept) == 1
    crop = Crop.objects.get()
    assert crop.current is not None and crop.transcriptions.count() == 1
    other = confirm(video, text="PBA1235", known=passage, **SPAN)
    assert teach(other, kept) == 1
    crop.refresh_from_db()
    assert (crop.current.text, crop.revision) == ("PBA1235", 3)


def test_what_a_person_read_on_a_crop_is_not_overruled(video: Video, user: Any) -> None:
    passage = confirm(video, text="PBA1234", **SPAN)
    kept = [KeptCrop("crops/a.png", "a" * 64, 60, 30, 9.0, "PBA1234")]
    teach(passage, kept)
    crop = Crop.objects.get()
    said = transcriptions.Reading("readable", "PBA1284", uuid4(), crop.revision)
    transcriptions.save(crop, said, by=user)
    assert teach(confirm(video, text="PBA1235", known=passage, **SPAN), kept) == 0
    crop.refresh_from_db()
    assert crop.current is not None and crop.current.text == "PBA1284"


@pytest.mark.parametrize(
    "wrong",
    [{"first_pts": 901}, {"status": "accepted", "reject_reason": "duplicate"}],
)
def test_impossible_passages(video: Video, wrong: dict[str, Any]) -> None:
    passage = confirm(video, text="PBA1234", **SPAN)
    with pytest.raises(IntegrityError), transaction.atomic():
        Passage.objects.filter(pk=passage.pk).update(**wrong)


def test_checked_span_has_a_length(video: Video) -> None:
    for last in (500, 400):
        with pytest.raises(errors.SpanEmpty):
            passages.check_span(video, 500, last)


def spans(video: Video) -> list[tuple[int, int]]:
    return list(video.checked_spans.values_list("first_pts", "last_pts"))


def test_checked_spans_that_touch_are_one(video: Video) -> None:
    passages.check_span(video, 0, 100)
    passages.check_span(video, 200, 300)
    passages.check_span(make_video(video.project), 100, 200)
    assert spans(video) == [(0, 100), (200, 300)]
    passages.check_span(video, 100, 150)
    assert spans(video) == [(0, 150), (200, 300)]
    joined = passages.check_span(video, 140, 210)
    assert spans(video) == [(0, 300)]
    assert passages.check_span(video, 0, 300) == joined
    inside = passages.check_span(video, 50, 60)
    assert (inside.first_pts, inside.last_pts, spans(video)) == (0, 300, [(0, 300)])


ADDED: Any = {"first_pts": 500, "last_pts": 500, "key_boxes": [[500, 10, 10, 60, 40]]}


def test_missed_vehicle_is_added_once(video: Video, user: Any) -> None:
    key = uuid4()
    first = passages.add(video, text="pba-1234", client_key=key, by=user, **ADDED)
    again = passages.add(video, text="pba-1234", client_key=key, by=user, **ADDED)
    assert again == first and (first.text, first.status) == ("PBA1234", "corrected")
    with pytest.raises(errors.KeyTaken):
        passages.add(make_video(video.project), text="A1", client_key=key, **ADDED)


def test_key_boxes_stay_on_the_picture_and_in_order(video: Video) -> None:
    keys = [[700, 300, 100, 400, 300], [500, -5, -5, 60, 40]]
    passage = passages.add(video, first_pts=500, last_pts=700, text="A1", key_boxes=keys)
    assert passage.key_boxes == [[500, 0, 0, 60, 40], [700, 300, 100, 320, 180]]
    turned = make_video(video.project, rotation=90)
    passage = passages.add(
        turned, first_pts=0, last_pts=0, text="A1", key_boxes=[[0, 0, 0, 999, 999]]
    )
    assert passage.key_boxes == [[0, 0, 0, 180, 320]]


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"key_boxes": []}, errors.PassageNowhere),
        ({"key_boxes": [[500, 400, 10, 500, 40]]}, errors.PassageNowhere),
        ({"key_boxes": [[500, float("nan"), 10, 60, 40]]}, errors.PassageNowhere),
        ({"last_pts": 499}, errors.PassageBackwards),
    ],
)
def test_passage_that_cannot_be(
    video: Video, wrong: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        passages.add(video, text="A1", **{**ADDED, **wrong})
    assert not Passage.objects.exists()


def test_two_reviewers_of_a_passage_are_a_conflict_with_both(video: Video, user: Any) -> None:
    passage = passages.add(video, text="PBA1234", **ADDED)
    passages.change(passage, passages.Edit(text="PBA1235"), revision=1, by=user)
    with pytest.raises(errors.PassageChanged) as conflict:
        passages.change(passage, passages.Edit(text="PBA1236"), revision=1)
    current = conflict.value.details["current"]
    assert (current["text"], current["revision"], current["reviewer"]) == ("PBA1235", 2, "ana")
    with pytest.raises(errors.PassageChanged):
        passages.delete(passage, revision=1)
    passages.delete(passage, revision=2, by=user)
    with pytest.raises(errors.PassageChanged) as conflict:
        confirm(video, text="PBA1236", known=passage, **SPAN)
    assert conflict.value.details["current"] is None
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.details["text"]) == ("delete passage", "PBA1235")


def test_deleted_passage_teaches_no_more(video: Video) -> None:
    passage = confirm(video, text="PBA1234", **SPAN)
    teach(passage, [KeptCrop("crops/a.png", "a" * 64, 60, 30, 9.0, "PBA1234")])
    passages.delete(passage, revision=1)
    assert Crop.objects.get().withdrawn


def test_passages_by_time_through_the_api(api: Any, video: Video) -> None:
    for start in (3000, 1000, 2000):
        confirm(video, first_pts=start, last_pts=start + 500, key_boxes=[], text=f"A{start}")
    status, body = json_of(api, "get", f"passages/?video={video.pk}")
    assert status == 200
    assert [row["first_seconds"] for row in body["results"]] == [1.0, 2.0, 3.0]
