"""Which crops come to whom: second readings, disagreements, orders and filters."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from annotations import agreement, boxes, crops
from annotations.leases import Kind, Order, Wanted, lease, lease_ids, release
from annotations.models import Crop, Project, Role, Suggestion, Transcription
from annotations.models.crops import Second
from annotations.transcriptions import Reading, drawn, save
from lprsite import files
from tests.annotations.rows import (
    client_of,
    json_of,
    make_crops,
    make_frame,
    make_member,
    make_video,
)


@pytest.fixture
def all_twice(project: Project) -> Project:
    """Every crop is to be read by two people."""
    project.second_reading_share = 1.0
    project.save()
    return project


def read(crop: Crop, text: str, by: Any) -> None:
    crop.refresh_from_db()
    save(crop, Reading("readable", text, uuid4(), crop.revision, seconds=2.0), by=by)


def told(client: Any, project: Project, **wanted: Any) -> dict[str, Any]:
    asked = {"project": project.pk, **({"wanted": wanted} if wanted else {})}
    status, body = json_of(client, "post", "crops/lease/", asked)
    assert status == 200, body
    return dict(body)


def answer(client: Any, crop: dict[str, Any], text: str) -> dict[str, Any]:
    given = {"status": "readable", "text": text, "client_key": str(uuid4())}
    more = {"revision": crop["revision"], "role": crop["role"]}
    status, body = json_of(client, "post", f"crops/{crop['id']}/transcriptions/", {**given, **more})
    assert status == 201, body
    return dict(body)


def test_second_person_does_not_see_the_first_text(all_twice: Project, api: Any, user: Any) -> None:
    crop = make_crops(all_twice, 1)[0]
    read(crop, "PBA1234", user)
    assert told(api, all_twice)["crops"] == []  # not one's own
    beto = client_of(make_member(all_twice, "beto"))
    (leased,) = told(beto, all_twice)["crops"]
    assert (leased["role"], leased["text"], leased["status"]) == ("second", "", "")
    kept = answer(beto, leased, "PBA1284")
    assert (kept["transcription"]["role"], kept["revision"]) == ("second", leased["revision"])
    crop.refresh_from_db()
    assert crop.current is not None and crop.current.text == "PBA1234"
    assert (crop.second, crop.lease_owner, crop.waiting) == (Second.DIFFERS, None, False)
    assert told(client_of(make_member(all_twice, "caro")), all_twice)["crops"] == []


def test_reviewer_decides_between_both(all_twice: Project, api: Any, user: Any) -> None:
    crop = make_crops(all_twice, 1)[0]
    read(crop, "PBA1234", user)
    beto = client_of(make_member(all_twice, "beto"))
    answer(beto, told(beto, all_twice)["crops"][0], "PBA1284")
    asked = {"project": all_twice.pk, "wanted": {"kind": "disagreements"}}
    assert json_of(beto, "post", "crops/lease/", asked)[0] == 403
    judge = client_of(make_member(all_twice, "dora", Role.REVIEWER))
    body = told(judge, all_twice, kind="disagreements")
    (leased,) = body["crops"]
    assert body["disagreements"] == 1
    assert [one["text"] for one in leased["readings"]] == ["PBA1234", "PBA1284"]
    assert [one["by"] for one in leased["readings"]] == [user.username, "beto"]
    assert answer(judge, leased, "PBA1284")["transcription"]["role"] == "adjudication"
    crop.refresh_from_db()
    assert crop.current is not None and crop.current.text == "PBA1284"
    assert crop.second == Second.DECIDED
    assert told(judge, all_twice, kind="disagreements")["crops"] == []


def test_alike_texts_need_no_reviewer(all_twice: Project, user: Any) -> None:
    crop = make_crops(all_twice, 1)[0]
    read(crop, "PBA1234", user)
    save(crop, Reading("readable", "pba-1234", uuid4(), 2), by=None, role="second")
    crop.refresh_from_db()
    assert crop.second == Second.AGREES
    read(crop, "PBA1235", user)  # the first person changes the text
    crop.refresh_from_db()
    assert crop.second == Second.DIFFERS


def test_second_reading_of_nothing_is_a_first(all_twice: Project, api: Any) -> None:
    crop = make_crops(all_twice, 1)[0]
    given = {"id": crop.pk, "revision": 1, "role": "second"}
    assert answer(api, given, "PBA1234")["transcription"]["role"] == "first"
    given = {"id": crop.pk, "revision": 2, "role": "adjudication"}
    assert answer(api, given, "PBA1234")["transcription"]["role"] == "first"


def test_share_of_crops_is_as_asked(project: Project) -> None:
    project.second_reading_share = 0.05
    share = sum(drawn(Crop(pk=pk, project=project)) for pk in range(1, 20_001)) / 20_000
    assert 0.04 < share < 0.06
    project.second_reading_share = 0.0
    assert not any(drawn(Crop(pk=pk, project=project)) for pk in range(1, 1000))


def test_people_agree_exactly_and_by_character(all_twice: Project, api: Any, user: Any) -> None:
    beto = make_member(all_twice, "beto")
    for crop, second in zip(make_crops(all_twice, 2), ("PBA1234", "PBA1284"), strict=True):
        read(crop, "PBA1234", user)
        save(crop, Reading("readable", second, uuid4(), 2, seconds=4.0), by=beto, role="second")
    _, body = json_of(api, "get", f"transcriptions/people/?project={all_twice.pk}")
    told = {one["person"]: one for one in body}
    assert set(told) == {user.username, "beto"}
    assert (told["beto"]["readings"], told["beto"]["median_seconds"]) == (2, 4.0)
    assert (told["beto"]["compared"], told["beto"]["exact"]) == (2, 0.5)
    assert told["beto"]["characters"] == pytest.approx((1 + 6 / 7) / 2)
    assert sum(told["beto"]["days"].values()) == 2
    assert json_of(api, "get", "transcriptions/people/?project=x")[0] == 400


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [("", "", 1.0), ("AB", "AB", 1.0), ("AB", "AC", 0.5), ("", "AB", 0.0), ("ABC", "AC", 2 / 3)],
)
def test_likeness_by_hand(one: str, other: str, share: float) -> None:
    assert agreement.likeness(one, other) == pytest.approx(share)


# --- orders and filters


def suggest(crop: Crop, text: str, confidence: float | None) -> None:
    Suggestion.objects.create(crop=crop, model_name="starter", text=text, confidence=confidence)


def ordered(project: Project, user: Any, **wanted: Any) -> list[int]:
    return lease_ids(project, user, wanted=Wanted(**wanted))


def test_least_confident_first(project: Project, user: Any) -> None:
    sure, none, unsure = make_crops(project, 3)
    suggest(sure, "PBA1234", 0.9)
    suggest(unsure, "PBA1235", 0.2)
    assert ordered(project, user, order=Order.DOUBTFUL) == [unsure.pk, sure.pk, none.pk]
    assert ordered(project, user) == [sure.pk, none.pk, unsure.pk]


def test_texts_of_no_format(project: Project, user: Any) -> None:
    good, strange, partial = make_crops(project, 3)
    for crop, text in ((good, "PBA1234"), (strange, "1234567")):
        suggest(crop, text, None)
    assert ordered(project, user, order=Order.STRANGE) == [strange.pk]
    for crop, text in ((good, "PBA1234"), (strange, "12"), (partial, "PBA1234")):
        read(crop, text, user)
    asked = {"kind": Kind.READ, "order": Order.STRANGE}
    assert ordered(project, user, **asked) == [strange.pk]


def test_where_people_and_recognizer_differ(project: Project, user: Any) -> None:
    same, other, unasked = make_crops(project, 3)
    for crop in (same, other, unasked):
        read(crop, "PBA1234", user)
    for crop, text in ((same, "PBA1234"), (other, "PBA1284")):
        crop.refresh_from_db()
        Suggestion.objects.create(crop=crop, revision=2, model_name="m", text=text)
    assert ordered(project, user, kind=Kind.READ, order=Order.DIFFERENT) == [other.pk]


def test_by_time_in_the_video(project: Project, user: Any) -> None:
    video = make_video(project)
    pks = []
    for pts in (3000, 1000):
        frame = make_frame(project, seed=pts, video=video, pts=pts)
        box = boxes.draw(frame, label="plate", xyxy=(10, 10, 90, 50))
        pks.append(Crop.objects.get(box=box).pk)
    make_crops(project, 1)
    assert ordered(project, user, video=video.pk, order=Order.TIME) == pks[::-1]


def test_filters(project: Project, user: Any) -> None:
    small, large = make_crops(project, 1, height=10)[0], make_crops(project, 1, sharpness=50.0)[0]
    suggest(small, "PBA1234", 0.5)
    suggest(large, "XYZ0001", 0.5)
    assert ordered(project, user, text="PB?12*") == [small.pk]
    assert ordered(project, user, text="000") == [large.pk]
    assert ordered(project, user, max_height=20) == [small.pk]
    assert ordered(project, user, min_height=20) == [large.pk]
    assert ordered(project, user, min_sharpness=10.0) == [large.pk]
    read(large, "XYZ0001", user)
    today = timezone.now().date()
    assert ordered(project, user, kind=Kind.READ, by=user.username, since=today) == [large.pk]
    assert ordered(project, user, kind=Kind.READ, until=today - timedelta(days=1)) == []
    assert ordered(project, user, kind=Kind.READ, text="x*1") == [large.pk]


def test_what_was_read_comes_with_its_text(project: Project, api: Any, user: Any) -> None:
    crop = make_crops(project, 1)[0]
    read(crop, "PBA1234", user)
    (leased,) = told(api, project, kind="read")["crops"]
    assert (leased["text"], leased["role"], leased["readings"]) == ("PBA1234", "first", [])
    answer(api, leased, "PBA1284")
    assert Transcription.objects.filter(crop=crop).count() == 2
    assert lease(project, user) == []


def test_what_is_held_is_held_on_and_nothing_else(project: Project, api: Any, user: Any) -> None:
    first, *rows = make_crops(project, 6)
    luis = make_member(project, "luis")
    assert lease(project, luis, count=1) == [first]
    held = [crop.pk for crop in lease(project, user, count=5)]
    release(project, luis, [first.pk])  # comes before the others, but is not asked for
    soon = timezone.now() + timedelta(seconds=5)
    Crop.objects.filter(pk__in=held).update(lease_until=soon)
    Crop.objects.filter(pk=held[0]).update(lease_owner=luis)
    read(rows[1], "PBA1234", luis)
    asked = {"project": project.pk, "held": held}
    kept = json_of(api, "post", "crops/lease/", asked)[1]["crops"]
    assert [crop["id"] for crop in kept] == held[2:]
    late = Crop.objects.filter(lease_owner=user, lease_until__gt=soon)
    assert [crop.pk for crop in late] == held[2:]


@pytest.mark.parametrize("order", [Order.TIME, Order.DOUBTFUL])
def test_second_readings_come_in_every_order_of_all(
    all_twice: Project, user: Any, order: Order
) -> None:
    crop = make_crops(all_twice, 1)[0]
    read(crop, "PBA1234", user)
    beto = make_member(all_twice, "beto")
    assert lease_ids(all_twice, beto, wanted=Wanted(order=order)) == [crop.pk]


def test_small_pictures_come_with_the_lease(project: Project, api: Any) -> None:
    small, large, _gone = make_crops(project, 3)
    for crop, data in ((small, b"a plate"), (large, b"x" * (crops.INLINE_BYTES + 1))):
        key, _ = files.put_bytes("crops", data, ".png")
        Crop.objects.filter(pk=crop.pk).update(file=key)
    asked = {"project": project.pk, "pictures": True}
    leased = json_of(api, "post", "crops/lease/", asked)[1]["crops"]
    encoded = base64.b64encode(b"a plate").decode()
    assert [crop["inline"] for crop in leased] == [f"data:image/png;base64,{encoded}", "", ""]
    assert told(api, project)["crops"][0]["inline"] == ""


def test_a_lease_brings_only_so_many_pictures(project: Project, api: Any) -> None:
    key, _ = files.put_bytes("crops", b"x" * crops.INLINE_BYTES, ".png")
    brought = crops.inline(dict.fromkeys(range(30), key))
    assert len(brought) == crops.INLINE_IN_ALL // crops.INLINE_BYTES


def test_unknown_order_is_a_400(project: Project, api: Any) -> None:
    asked = {"project": project.pk, "wanted": {"order": "beauty"}}
    assert json_of(api, "post", "crops/lease/", asked)[0] == 400
