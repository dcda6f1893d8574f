"""Reads against the truth: matched by time and place, reviewed, and made to teach."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from annotations import passages, transcriptions
from annotations.errors import PassageChanged, TextForeign
from annotations.models import CheckedSpan, Crop, Passage, Transcription, Video
from annotations.models.crops import ReadingRole
from tests.annotations.rows import client_of, json_of, make_member, make_video
from tests.training.rows import FAR, FIRST, keys, make_read, make_run
from training import readings, reads, reviews
from training.models import InferenceRun, Match
from training.reads import match_run, overlap


@pytest.fixture
def video(project: Any) -> Video:
    return make_video(project)


@pytest.fixture
def run(project: Any, video: Video) -> InferenceRun:
    return make_run(project, video)


@pytest.fixture
def truth(video: Video) -> Callable[..., Passage]:
    """Confirms that a plate passed from start to end (pts)."""

    def confirm(text: str, start: int, end: int, box: tuple[float, ...] = FIRST) -> Passage:
        return passages.confirm(
            video, first_pts=start, last_pts=end, key_boxes=keys(start, end, box), text=text
        )

    return confirm


def outcomes(run: InferenceRun) -> dict[str, str]:
    rows = run.reads.select_related("match")
    return {row.text: row.match.outcome if hasattr(row, "match") else "" for row in rows}


# --- overlap, worked by hand


def test_same_boxes_agree_wholly() -> None:
    assert overlap(keys(0, 10), keys(0, 10)) == 1.0


def test_without_a_common_moment_nothing_agrees() -> None:
    assert overlap(keys(0, 10), keys(11, 20)) == 0.0
    assert overlap([], keys(0, 10)) == overlap(keys(0, 10), []) == 0.0


def test_one_common_moment_is_enough() -> None:
    assert overlap(keys(0, 10), keys(10, 20)) == 1.0


def test_boxes_between_keys_are_interpolated() -> None:
    moving = [[0, 0, 0, 10, 10], [10, 100, 0, 110, 10]]
    assert overlap(moving, [[5, 50, 0, 60, 10]]) == 1.0
    assert overlap(moving, [[5, 55, 0, 65, 10]]) == pytest.approx(1 / 3)
    assert overlap([[5, 55, 0, 65, 10]], moving) == pytest.approx(1 / 3)


def test_vehicles_side_by_side_do_not_agree() -> None:
    assert overlap(keys(0, 10), keys(0, 10, FAR)) == 0.0


# --- matching


def test_right_wrong_double_and_open(run: InferenceRun, truth: Callable[..., Passage]) -> None:
    truth("PBA1234", 0, 1000)
    truth("GSK7788", 0, 1000, FAR)
    make_read(run, "PBA1234", 0, 1000)
    make_read(run, "PBA1Z34", 800, 1000)
    make_read(run, "GSK7789", 100, 900, box=FAR)
    make_read(run, "XYZ0000", 5000, 6000)
    score = match_run(run)
    assert outcomes(run) == {
        "PBA1234": "right",
        "PBA1Z34": "double",
        "GSK7789": "wrong",
        "XYZ0000": "",
    }
    counts = {"right": 1, "wrong": 1, "false": 0, "double": 1}
    assert score == {**counts, "missed": 0, "reads": 4, "open": 1, "unseen": 0}


def test_false_only_inside_a_checked_span(run: InferenceRun, video: Video) -> None:
    make_read(run, "IN", 1000, 2000)
    make_read(run, "BESIDE", 2500, 3500)
    make_read(run, "OUT", 5000, 6000)
    passages.check_span(video, 0, 3000)
    assert match_run(run)["false"] == 1
    assert outcomes(run) == {"IN": "false", "BESIDE": "", "OUT": ""}


def test_missed_counts_confirmed_passages_of_checked_spans(
    run: InferenceRun, video: Video, truth: Callable[..., Passage]
) -> None:
    truth("PBA1234", 100, 900)
    truth("OUT1234", 5000, 6000)
    assert match_run(run)["missed"] == 0
    CheckedSpan.objects.create(video=video, first_pts=0, last_pts=2000)
    assert match_run(run)["missed"] == 1
    make_read(run, "PBA1234", 100, 900)
    assert match_run(run)["missed"] == 0


def test_the_better_agreement_wins_and_order_does_not_matter(
    run: InferenceRun, truth: Callable[..., Passage]
) -> None:
    truth("PBA1234", 0, 1000)
    make_read(run, "SLIPPED", 0, 1000, box=(120.0, 50.0, 180.0, 80.0))
    make_read(run, "PBA1234", 0, 1000)
    match_run(run)
    assert outcomes(run) == {"SLIPPED": "double", "PBA1234": "right"}


def test_matching_again_changes_nothing(run: InferenceRun, truth: Callable[..., Passage]) -> None:
    truth("PBA1234", 0, 1000)
    make_read(run, "PBA1234", 0, 1000)
    make_read(run, "PBA1Z34", 800, 1000)
    first = match_run(run), outcomes(run)
    assert (match_run(run), outcomes(run)) == first and Match.objects.count() == 2


def test_a_new_run_is_judged_on_what_was_reviewed(run: InferenceRun, project: Any) -> None:
    reviews.accept(make_read(run, "PBA1Z34", 0, 1000), text="PBA1234")
    reviews.reject(make_read(run, "SIGN", 0, 1000, box=FAR), reason="not_a_plate")
    reviews.reject(make_read(run, "PBA1Z34", 700, 1000), reason="duplicate")
    second = make_run(project, run.video)
    make_read(second, "PBA1234", 10, 990)
    make_read(second, "SIGN", 10, 990, box=FAR)
    make_read(second, "PBA12", 720, 990)
    match_run(second)
    assert outcomes(second) == {"PBA1234": "right", "SIGN": "false", "PBA12": "double"}


def test_a_verdict_on_this_very_read_counts_before_other_passages(
    run: InferenceRun, truth: Callable[..., Passage]
) -> None:
    truth("PBA1234", 0, 1000)
    make_read(run, "PBA1234", 0, 1000)
    twin = make_read(run, "PBA12", 100, 900)
    passage = reviews.reject(twin, reason="duplicate")
    match_run(run)
    assert Match.objects.get(read=twin).passage == passage


def test_only_the_stretch_that_changed_is_matched_anew(
    run: InferenceRun, truth: Callable[..., Passage], django_assert_max_num_queries: Any
) -> None:
    for place in range(30):
        truth(f"PBA{place:04}", 2000 * place, 2000 * place + 900)
        make_read(run, f"PBA{place:04}", 2000 * place, 2000 * place + 900)
    match_run(run)
    before = set(Match.objects.values_list("pk", flat=True))
    changed = Passage.objects.get(text="PBA0010")
    with django_assert_max_num_queries(25):
        reviews.correct(changed, passages.Edit(text="PBA9999"), revision=1)
    assert outcomes(run)["PBA0010"] == "wrong"
    assert len(before - set(Match.objects.values_list("pk", flat=True))) == 1
    assert match_run(run) == reads.score(run)


def test_stretch_grows_to_what_hangs_together(
    run: InferenceRun, truth: Callable[..., Passage]
) -> None:
    """The double of a read just outside the change must not become its only read."""
    passage = truth("PBA1234", 0, 1000)
    make_read(run, "PBA1234", 0, 1000)
    make_read(run, "PBA12", 800, 1900)
    reads.rescore(run.video, 1800, 1900)
    assert outcomes(run) == {"PBA1234": "right", "PBA12": "double"}
    assert set(Match.objects.values_list("passage", flat=True)) == {passage.pk}


def test_stretch_does_not_grow_to_what_is_only_in_sight_too(run: InferenceRun) -> None:
    """On a busy road each vehicle is seen beside the next."""
    for place in range(20):
        read = make_read(run, f"PBA{place:04}", 500 * place, 500 * place + 900)
        read.boxes = keys(
            read.first_pts,
            read.last_pts,
            (10.0 + 80 * (place % 3), 10, 70.0 + 80 * (place % 3), 40),
        )
        read.save()
    touched, _ = reads._touched(run, (0, 900))
    assert [read.text for read in touched] == ["PBA0000", "PBA0001"]


def test_every_reading_of_the_video_is_scored_after_a_review(
    run: InferenceRun, project: Any
) -> None:
    second = make_run(project, run.video)
    other = make_run(project)
    for one in (run, second, other):
        make_read(one, "PBA1Z34", 0, 1000)
    reviews.accept(run.reads.get(), text="PBA1234")
    assert [outcomes(one)["PBA1Z34"] for one in (run, second, other)] == ["wrong", "wrong", ""]
    reviews.reject(second.reads.get(), reason="not_a_plate")
    assert outcomes(run)["PBA1Z34"] == outcomes(second)["PBA1Z34"] == "false"


def test_scores_of_many_runs_are_four_queries(
    run: InferenceRun, project: Any, truth: Callable[..., Passage], django_assert_num_queries: Any
) -> None:
    truth("PBA1234", 0, 1000)
    truth("GSK7788", 0, 1000, FAR)
    passages.check_span(run.video, 0, 2000)
    second, third = make_run(project, run.video), make_run(project)
    make_read(run, "PBA1234", 0, 1000)
    make_read(second, "PBA12", 0, 1000)
    make_read(second, "NOTHING", 1200, 1300, box=FAR)
    make_read(third, "PBA1234", 0, 1000)
    reads.rescore(run.video)
    with django_assert_num_queries(4):
        found = reads.scores([run, second, third])
    none = dict.fromkeys((*reads.OUTCOMES, "missed", "open", "unseen"), 0)
    assert found[run.pk] == {**none, "right": 1, "missed": 1, "reads": 1}
    assert found[second.pk] == {**none, "wrong": 1, "false": 1, "missed": 1, "reads": 2}
    assert found[third.pk] == {**none, "reads": 1, "open": 1}


# --- review


def test_two_reviewers_of_a_read_are_a_conflict_with_both(run: InferenceRun, user: Any) -> None:
    read = make_read(run, "PBA1234", 0, 1000)
    reviews.accept(read, revision=0, by=user)
    assert reviews.accept(read, revision=0).revision == 1  # said the same: nothing to decide
    with pytest.raises(PassageChanged) as conflict:
        reviews.accept(read, text="PBA1284", revision=0)
    assert conflict.value.details["current"]["text"] == "PBA1234"
    with pytest.raises(PassageChanged):
        reviews.reject(read, reason="unreadable", revision=0)
    assert reviews.accept(read, text="PBA1284", revision=1).revision == 2
    assert reviews.reject(read, reason="unreadable", revision=2).revision == 3
    assert reviews.reject(read, reason="unreadable", revision=2).revision == 3
    assert reviews.accept(read, text="PBA1284").status == "corrected"


def test_corrected_passage_teaches_its_new_text(run: InferenceRun) -> None:
    passage = reviews.accept(make_read(run, "PBA1234", 0, 1000, crops=("PBA1234", "GSK7780")))
    reviews.correct(passage, passages.Edit(text="PBA1235"), revision=1)
    texts = Crop.objects.order_by("pk").values_list("current__text", flat=True)
    assert list(texts) == ["PBA1235", None]
    assert outcomes(run)["PBA1234"] == "wrong"


def test_accepted_read_becomes_truth_and_teaches(run: InferenceRun, user: Any) -> None:
    read = make_read(run, "PBA1234", 0, 1000, crops=("PBA1234", "PBA12", "PB1", "XXXXXXX"))
    passage = reviews.accept(read, by=user)
    assert (passage.status, passage.text, passage.reviewer) == ("accepted", "PBA1234", user)
    assert passage.key_boxes == read.boxes and Match.objects.get().outcome == "right"
    taught = Crop.objects.filter(current__text="PBA1234", current__role=ReadingRole.REVIEW)
    assert taught.count() == 2
    assert Crop.objects.filter(waiting=True, current=None).count() == 2
    assert set(Crop.objects.values_list("group", flat=True)) == {f"passage {passage.pk}"}


def test_corrected_read_keeps_what_was_wrong(run: InferenceRun) -> None:
    passage = reviews.accept(make_read(run, "PBA1Z34", 0, 1000), text="pba-1234")
    assert (passage.status, passage.text) == ("corrected", "PBA1234")
    assert Match.objects.get().outcome == "wrong"


def test_second_correction_takes_the_first_back(run: InferenceRun) -> None:
    read = make_read(run, "PBA1234", 0, 1000, crops=("PBA1234", "GSK7780"))
    first = reviews.accept(read)
    again = reviews.accept(read, text="GSK7788")
    assert again == first and Passage.objects.count() == 1
    texts = dict(Crop.objects.values_list("name", "current__text"))
    assert len(texts) == 1
    found = Crop.objects.order_by("pk").values_list("current__text", "waiting")
    assert list(found) == [(None, True), ("GSK7788", False)]


def test_rejected_then_accepted_again(run: InferenceRun) -> None:
    read = make_read(run, "PBA1234", 0, 1000, crops=("PBA1234", "XXXXXXX"))
    reviews.accept(read)
    reviews.reject(read, reason="unreadable")
    passage = Passage.objects.get()
    assert (passage.status, passage.text) == ("rejected", "")
    assert not Crop.objects.filter(withdrawn=False).exists()
    assert Match.objects.get().outcome == "false"
    reviews.accept(read)
    assert Passage.objects.get().status == "accepted"
    assert list(Crop.objects.order_by("pk").values_list("withdrawn", "waiting")) == [
        (False, False),
        (False, True),
    ]


def test_rejecting_a_double_leaves_the_truth_alone(
    run: InferenceRun, truth: Callable[..., Passage]
) -> None:
    passage = truth("PBA1234", 0, 1000)
    make_read(run, "PBA1234", 0, 1000)
    double = make_read(run, "PBA1Z34", 700, 1000)
    match_run(run)
    reviews.reject(double, reason="duplicate")
    reviews.reject(double, reason="duplicate")
    passage.refresh_from_db()
    assert (passage.status, passage.text) == ("accepted", "PBA1234")
    assert Passage.objects.count() == 2
    assert match_run(run)["double"] == 1


def test_text_no_plate_has_confirms_nothing(run: InferenceRun) -> None:
    with pytest.raises(TextForeign):
        reviews.accept(make_read(run, "PBA1234", 0, 1000, crops=("PBA1234",)), text="PB*")
    assert not Passage.objects.exists() and not Transcription.objects.exists()


def test_person_who_reads_a_taught_crop_is_not_overruled(run: InferenceRun, user: Any) -> None:
    read = make_read(run, "PBA1234", 0, 1000, crops=("XXXXXXX",))
    reviews.accept(read)
    crop = Crop.objects.get()
    said = transcriptions.Reading("readable", "GSK7788", uuid4(), crop.revision)
    transcriptions.save(crop, said, by=user)
    reviews.accept(read)
    crop.refresh_from_db()
    assert crop.current is not None and crop.current.text == "GSK7788"


# --- through the API


def test_review_through_the_api(api: Any, run: InferenceRun) -> None:
    read = make_read(run, "PBA1234", 1500, 2500, crops=("PBA1234",))
    status, body = json_of(api, "get", f"reads/?run={run.pk}")
    row = body["results"][0]
    assert (status, row["first_seconds"], row["outcome"]) == (200, 1.5, "")
    assert row["boxes"][0] == [1.5, *FIRST] and row["crops"][0]["seconds"] == 1.5
    status, row = json_of(api, "post", f"reads/{read.pk}/accept/", {"text": "PBA1235"})
    assert (status, row["passage"]["status"], row["outcome"]) == (200, "corrected", "wrong")
    status, row = json_of(api, "post", f"reads/{read.pk}/reject/", {"reason": "unreadable"})
    assert (status, row["passage"]["reject_reason"]) == (200, "unreadable")
    assert json_of(api, "post", f"reads/{read.pk}/reject/", {"reason": "bored"})[0] == 400
    assert json_of(api, "post", f"reads/{read.pk}/accept/", {"text": ""})[0] == 400
    assert json_of(api, "get", f"inference-runs/{run.pk}/")[1]["score"]["false"] == 1


def test_conflict_through_the_api_shows_the_other_decision(api: Any, run: InferenceRun) -> None:
    read = make_read(run, "PBA1234", 0, 1000)
    reviews.accept(read, text="PBA1235")
    given = {"text": "PBA1236", "revision": 0}
    status, body = json_of(api, "post", f"reads/{read.pk}/accept/", given)
    assert (status, body["code"], body["current"]["text"]) == (409, "PassageChanged", "PBA1235")
    status, row = json_of(api, "post", f"reads/{read.pk}/accept/", {**given, "revision": 1})
    assert (status, row["passage"]["revision"]) == (200, 2)


def test_missed_vehicles_and_checked_spans_through_the_api(api: Any, run: InferenceRun) -> None:
    video = run.video_id
    make_read(run, "GSK7788", 4000, 5000, box=FAR)
    box = [2.5, 100, 50, 160, 80]
    given = {"video": video, "text": "pba1234", "boxes": [box], "client_key": str(uuid4())}
    status, row = json_of(api, "post", "passages/", given)
    assert (status, row["text"], row["boxes"], row["first_seconds"]) == (201, "PBA1234", [box], 2.5)
    assert json_of(api, "post", "passages/", given)[1]["id"] == row["id"]
    span = {"video": video, "first_seconds": 1.0, "last_seconds": 6.0}
    status, checked = json_of(api, "post", "checked-spans/", span)
    assert (status, checked["last_seconds"], checked["by"]) == (201, 6.0, "ana")
    score = json_of(api, "get", f"inference-runs/?video={video}")[1]["results"][0]["score"]
    assert (score["missed"], score["false"], score["open"]) == (1, 1, 0)

    address = f"passages/{row['id']}/"
    change = {"revision": 1, "text": "PBA1235", "first_seconds": 2.0, "last_seconds": 7.0}
    status, row = json_of(api, "patch", address, change)
    assert (status, row["text"], row["last_seconds"], row["revision"]) == (200, "PBA1235", 7.0, 2)
    assert json_of(api, "get", f"inference-runs/{run.pk}/")[1]["score"]["missed"] == 0
    assert json_of(api, "patch", address, change)[0] == 409
    assert json_of(api, "delete", f"{address}?revision=1")[0] == 409
    assert json_of(api, "delete", f"{address}?revision=2")[0] == 204

    found = json_of(api, "get", f"checked-spans/?video={video}")[1]["results"]
    assert found == [checked]
    assert json_of(api, "delete", f"checked-spans/{checked['id']}/")[0] == 204
    assert json_of(api, "get", f"inference-runs/{run.pk}/")[1]["score"]["false"] == 0


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("passages/", {"text": "A1", "boxes": []}),
        ("passages/", {"text": "A1", "boxes": [[1, 2, 3, 4]]}),
        ("passages/", {"text": "A1", "boxes": [[1, 900, 0, 950, 40]]}),
        ("passages/", {"text": "", "boxes": [[1, 0, 0, 50, 40]]}),
        ("checked-spans/", {"first_seconds": 2, "last_seconds": 2}),
        ("checked-spans/", {"first_seconds": -1, "last_seconds": 2}),
    ],
)
def test_wrong_truth_is_a_sentence(
    api: Any, run: InferenceRun, address: str, given: dict[str, Any]
) -> None:
    status, body = json_of(api, "post", address, {"video": run.video_id, **given})
    assert status == 400 and body["message"]


def test_only_reviewers_write_the_truth(project: Any, run: InferenceRun) -> None:
    annotator = client_of(make_member(project, "beto"))
    span = {"video": run.video_id, "first_seconds": 0, "last_seconds": 2}
    added = {"video": run.video_id, "text": "A1", "boxes": [[1, 0, 0, 50, 40]]}
    assert json_of(annotator, "post", "checked-spans/", span)[0] == 403
    assert json_of(annotator, "post", "passages/", added)[0] == 403
    assert json_of(annotator, "get", f"passages/?video={run.video_id}")[0] == 200


def test_table_tells_direction_and_the_recordings_own_time(run: InferenceRun) -> None:
    Video.objects.filter(pk=run.video_id).update(recorded_at=datetime(2026, 5, 1, 12, tzinfo=UTC))
    read = make_read(run, "PBA1234", 1000, 2000)
    read.direction, read.characters = "leaving", [0.9, 0.25]
    read.save()
    (line,) = readings.csv_of(run).splitlines()[1:]
    assert line.endswith(",leaving,2026-05-01T12:00:01.000+00:00,0.90 0.25")
    run.refresh_from_db()
    (told,) = json.loads(readings.json_of(run))["reads"]
    assert (told["text"], told["direction"], told["characters"]) == (
        "PBA1234",
        "leaving",
        [0.9, 0.25],
    )
    assert told["boxes"][0] == [1.0, *FIRST]


def test_table_of_reads_is_guarded_and_by_time(run: InferenceRun) -> None:
    make_read(run, "SECOND", 3000, 4000)
    reviews.accept(make_read(run, "PBA1234", 1000, 2000))
    head, first, second = readings.csv_of(run).splitlines()
    assert head == ",".join(readings.COLUMNS)
    assert first == "1,1.0,2.0,PBA1234,0.9,0,accepted,PBA1234,,,"
    assert second == "0,3.0,4.0,SECOND,0.9,0,,,,,"
