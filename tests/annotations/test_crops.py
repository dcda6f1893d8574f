"""Crops are leased: two people never read the same one by accident."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotations import transcriptions
from annotations.models import Crop, Suggestion
from annotations.transcriptions import lease, newest_suggestions, release
from tests.annotations.rows import json_of, make_crops, make_member


def ids(rows: list[Crop]) -> list[int]:
    return [row.pk for row in rows]


def test_two_people_never_get_the_same_crop(project: Any, user: Any) -> None:
    made, other = make_crops(project, 5), make_member(project, "beto")
    mine, theirs = lease(project, user, count=3), lease(project, other, count=3)
    assert ids(mine) == ids(made[:3]) and ids(theirs) == ids(made[3:])
    assert lease(project, make_member(project, "caro")) == []


def test_same_person_gets_the_held_crops_again(project: Any, user: Any) -> None:
    make_crops(project, 4)
    assert ids(lease(project, user, count=2)) == ids(lease(project, user, count=2))


def test_excluded_crops_are_passed_over(project: Any, user: Any) -> None:
    made = make_crops(project, 4)
    assert ids(lease(project, user, exclude=ids(made[:2]))) == ids(made[2:])


def test_lease_runs_out(project: Any, user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made, other = make_crops(project, 1), make_member(project, "beto")
    lease(project, user)
    assert lease(project, other) == []
    Crop.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert ids(lease(project, other)) == ids(made)
    held = Crop.objects.get()
    assert held.lease_owner == other and held.lease_until is not None
    assert held.lease_until - timezone.now() > transcriptions.LEASE - timedelta(minutes=1)


def test_only_the_holder_gives_crops_back(project: Any, user: Any) -> None:
    made, other = make_crops(project, 2), make_member(project, "beto")
    lease(project, user)
    assert release(project, other, ids(made)) == 0
    assert release(project, user, ids(made)) == 2
    assert ids(lease(project, other)) == ids(made)


def test_read_and_withdrawn_crops_are_not_leased(project: Any, user: Any) -> None:
    make_crops(project, 1, withdrawn=True, waiting=False)
    assert lease(project, user) == []


def test_newest_suggestion_counts(project: Any) -> None:
    first, second = make_crops(project, 2)
    for text in ("OLD111", "NEW222"):
        Suggestion.objects.create(crop=first, model_name="starter", text=text)
    found = newest_suggestions([first, second])
    assert {pk: row.text for pk, row in found.items()} == {first.pk: "NEW222"}


@pytest.mark.parametrize(
    "facts",
    [
        {"waiting": False},
        {"withdrawn": True, "waiting": True},
        {"waiting": False, "recheck": True},
    ],
)
def test_unread_crop_that_nobody_waits_for_is_impossible(
    project: Any, facts: dict[str, bool]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_crops(project, 1, **facts)


def test_same_picture_is_one_crop_without_a_box(project: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_crops(project, 2, sha256="a" * 64)


def test_lease_through_the_api(api: Any, project: Any) -> None:
    made = make_crops(project, 3)
    Suggestion.objects.create(crop=made[0], model_name="starter", text="PBA1234")
    given = {"project": project.pk, "count": 2, "exclude": [made[1].pk]}
    status, body = json_of(api, "post", "crops/lease/", given)
    assert (status, body["left"]) == (200, 3)
    assert [row["id"] for row in body["crops"]] == [made[0].pk, made[2].pk]
    assert body["crops"][0]["suggestion"]["text"] == "PBA1234"
    held = {"project": project.pk, "crops": [made[0].pk]}
    assert json_of(api, "post", "crops/release/", held) == (200, {"released": 1})
