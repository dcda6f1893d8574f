"""Texts: saved exactly once, never over somebody else's, only what a plate can say."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from annotations import errors
from annotations.leases import lease
from annotations.models import Crop, Suggestion, Transcription
from annotations.models.crops import ReadingRole
from annotations.transcriptions import Reading, clean, save
from tests.annotations.rows import client_of, json_of, make_crops, make_member


@pytest.fixture
def crop(project: Any) -> Crop:
    return make_crops(project, 1)[0]


def said(text: str, status: str = "readable", *, revision: int = 1, **more: Any) -> Reading:
    return Reading(status, text, uuid4(), revision, **more)


def test_reading_becomes_the_current_text(crop: Crop, user: Any) -> None:
    lease(crop.project, user)
    row, new = save(crop, said("pba-1234", seconds=2.5), by=user)
    crop.refresh_from_db()
    assert (new, row.text, crop.current, crop.revision) == (True, "PBA1234", row, 2)
    assert (crop.waiting, crop.lease_owner, crop.lease_until) == (False, None, None)


def test_same_key_again_is_the_same_row(crop: Crop, user: Any) -> None:
    reading = said("PBA1234")
    first, _ = save(crop, reading, by=user)
    again, new = save(crop, reading, by=user)
    assert (again, new) == (first, False) and Transcription.objects.count() == 1


def test_key_of_another_person_gives_nothing_away(crop: Crop, user: Any, project: Any) -> None:
    reading = said("PBA1234")
    save(crop, reading, by=user)
    with pytest.raises(errors.KeyTaken):
        save(crop, reading, by=make_member(project, "beto"))


def test_two_texts_at_once_are_a_conflict_with_both(crop: Crop, user: Any, project: Any) -> None:
    save(crop, said("PBA1234"), by=user)
    with pytest.raises(errors.CropChanged) as conflict:
        save(crop, said("PBA1284"), by=make_member(project, "beto"))
    details = conflict.value.details
    assert (details["yours"], details["current"]["text"]) == ("PBA1284", "PBA1234")
    assert Transcription.objects.count() == 1
    crop.refresh_from_db()
    assert crop.current is not None and crop.current.text == "PBA1234"


def test_who_saw_the_newest_may_correct_it(crop: Crop, user: Any) -> None:
    save(crop, said("PBA1234"), by=user)
    crop.refresh_from_db()
    save(crop, said("PBA1284", revision=crop.revision), by=user)
    crop.refresh_from_db()
    assert crop.current is not None and crop.current.text == "PBA1284"
    assert Transcription.objects.count() == 2


def test_withdrawn_crop_is_a_conflict(crop: Crop, user: Any) -> None:
    Crop.objects.update(withdrawn=True, waiting=False)
    with pytest.raises(errors.CropChanged) as conflict:
        save(crop, said("PBA1234"), by=user)
    assert conflict.value.details["current"]["withdrawn"] is True


def test_second_opinion_moves_nothing(crop: Crop, user: Any) -> None:
    save(crop, said("PBA1234"), by=user)
    save(crop, said("PBA1284"), by=user, role=ReadingRole.SECOND)
    crop.refresh_from_db()
    assert crop.current is not None and crop.current.text == "PBA1234"


@pytest.mark.parametrize(
    ("status", "text", "stored"),
    [
        ("readable", " pba 12·34 ", "PBA1234"),
        ("readable", "hw_0a-1", "HW0A1"),
        ("partial", "pb?12??", "PB?12??"),
        ("unreadable", "", ""),
        ("unreadable", " - ", ""),
    ],
)
def test_text_is_stored_as_plates_say_it(
    crop: Crop, user: Any, status: str, text: str, stored: str
) -> None:
    assert save(crop, said(text, status), by=user)[0].text == stored


@pytest.mark.parametrize(
    ("status", "text", "refusal"),
    [
        ("readable", "", errors.TextEmpty),
        ("readable", "--", errors.TextEmpty),
        ("partial", "", errors.TextEmpty),
        ("readable", "PBA12?4", errors.TextForeign),
        ("readable", "PBÑ1234", errors.TextForeign),
        ("partial", "PB*1234", errors.TextForeign),
        ("readable", "A" * 17, errors.TextTooLong),
        ("unreadable", "PBA1234", errors.TextNotWanted),
    ],
)
def test_text_no_plate_has_is_refused(
    crop: Crop, user: Any, status: str, text: str, refusal: type[errors.Refused]
) -> None:
    with pytest.raises(refusal):
        save(crop, said(text, status), by=user)
    assert not Transcription.objects.exists()


def test_alphabet_of_the_project_decides(crop: Crop, user: Any) -> None:
    crop.project.alphabet += "Ñ"
    assert save(crop, said("ñba1234"), by=user)[0].text == "ÑBA1234"


@pytest.mark.parametrize(
    ("status", "text"), [("readable", ""), ("unreadable", "A"), ("partial", "")]
)
def test_text_exactly_when_readable_is_a_constraint(crop: Crop, status: str, text: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Transcription.objects.create(crop=crop, status=status, text=text, client_key=uuid4())


def test_suggestion_of_another_crop_is_not_kept(crop: Crop, user: Any, project: Any) -> None:
    other = make_crops(project, 1)[0]
    mine = Suggestion.objects.create(crop=crop, model_name="starter", text="PBA1234")
    foreign = Suggestion.objects.create(crop=other, model_name="starter", text="X")
    row, _ = save(crop, said("PBA1234", suggestion=foreign.pk), by=user)
    assert row.suggestion is None
    row, _ = save(crop, said("PBA1234", revision=2, suggestion=mine.pk), by=user)
    assert row.suggestion == mine


def test_separators_are_not_text() -> None:
    assert clean(" pba–12") == "PBA–12"  # a dash nobody types stays, and is refused
    assert clean("a-b_c.d e·f") == "ABCDEF"


# --- through the API


def test_save_through_the_api_exactly_once(api: Any, crop: Crop, user: Any) -> None:
    given = {"status": "readable", "text": "pba1234", "client_key": str(uuid4()), "revision": 1}
    address = f"crops/{crop.pk}/transcriptions/"
    status, first = json_of(api, "post", address, {**given, "suggestion": 10**6})
    assert (status, first["revision"]) == (201, 2)
    assert (first["transcription"]["text"], first["transcription"]["by"]) == ("PBA1234", "ana")
    assert json_of(api, "post", address, given) == (200, first)
    late = {**given, "client_key": str(UUID(int=9)), "text": "XXX"}
    status, conflict = json_of(api, "post", address, late)
    assert (status, conflict["code"], conflict["yours"]) == (409, "CropChanged", "XXX")
    assert conflict["current"]["text"] == "PBA1234"


def test_own_texts_newest_first(api: Any, user: Any, project: Any) -> None:
    for number, crop in enumerate(make_crops(project, 3)):
        save(crop, said(f"PBA000{number}"), by=user)
    save(make_crops(project, 1)[0], said("XXX0000"), by=make_member(project, "beto"))
    _, body = json_of(api, "get", f"transcriptions/?mine=1&project={project.pk}")
    assert [row["text"] for row in body["results"]] == ["PBA0002", "PBA0001", "PBA0000"]


@pytest.mark.parametrize(
    "wrong", [{"client_key": "x"}, {"status": "guess"}, {"seconds": -1}, {"revision": None}]
)
def test_wrong_reading_is_a_400(api: Any, crop: Crop, wrong: dict[str, Any]) -> None:
    given = {"status": "readable", "text": "A1", "client_key": str(uuid4()), "revision": 1}
    status, body = json_of(api, "post", f"crops/{crop.pk}/transcriptions/", {**given, **wrong})
    assert (status, body["code"]) == (400, "Invalid")


def test_crop_of_another_project_is_not_there(crop: Crop, django_user_model: Any) -> None:
    outsider = client_of(django_user_model.objects.create_user("eve"))
    assert json_of(outsider, "post", f"crops/{crop.pk}/transcriptions/", {})[0] == 404
