"""Passages: what a person confirms is checked, counted in revisions, and teaches."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from annotations import errors, passages
from annotations.models import Crop, Passage, Video
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
    assert crop.current is not None and crop.transcriptions.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [{"first_pts": 901}, {"status": "accepted", "reject_reason": "duplicate"}],
)
def test_impossible_passages(video: Video, wrong: dict[str, Any]) -> None:
    passage = confirm(video, text="PBA1234", **SPAN)
    with pytest.raises(IntegrityError), transaction.atomic():
        Passage.objects.filter(pk=passage.pk).update(**wrong)


def test_checked_span_has_a_length(video: Video) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        passages.check_span(video, 500, 500)


def test_passages_by_time_through_the_api(api: Any, video: Video) -> None:
    for start in (3000, 1000, 2000):
        confirm(video, first_pts=start, last_pts=start + 500, key_boxes=[], text=f"A{start}")
    status, body = json_of(api, "get", f"passages/?video={video.pk}")
    assert status == 200
    assert [row["first_seconds"] for row in body["results"]] == [1.0, 2.0, 3.0]
