"""What people read is in their language: validators, the library's own sentences, logging in."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.models import User
from django.test import Client
from django.utils.translation import override

from lprsite import settings as ours
from lprsite.texts import both

EN: Any = {"HTTP_ACCEPT_LANGUAGE": "en"}
ES: Any = {"HTTP_ACCEPT_LANGUAGE": "es-EC,es;q=0.9"}


def test_text_is_chosen_when_it_is_shown() -> None:
    text = both("one %(n)s", "uno %(n)s")
    with override("es"):
        assert (str(text), text % {"n": 3}) == ("uno %(n)s", "uno 3")
    with override("en"):
        assert str(text) == "one %(n)s"


@pytest.mark.parametrize(
    ("address", "given", "english", "spanish"),
    [
        (
            "members/",
            {"username": "nobody", "role": 1},
            "no user named “nobody”",
            "llamado «nobody»",
        ),
        ("members/", {"role": 1}, "username: This field is required", "username: Este campo es"),
        ("projects/", {"name": "P", "time_zone": "Mars"}, "“Mars” is no time", "«Mars» no es una"),
        ("projects/", {"name": "P", "alphabet": "AA"}, "names each character", "nombra cada"),
        ("projects/", {"name": ""}, "may not be blank", "no puede estar en blanco"),
        (
            "plate-formats/",
            {"name": "x", "pattern": "[A"},
            "is no plate format",
            "no es un formato",
        ),
        ("videos/", {}, "Send a file", "Envíe un archivo"),
    ],
)
def test_refused_in_both_languages(
    api: Any, project: Any, address: str, given: dict[str, Any], english: str, spanish: str
) -> None:
    for headers, wanted in ((EN, english), (ES, spanish)):
        body = {"project": project.pk, **given}
        answer = api.post(f"/api/v1/{address}", body, format="json", **headers)
        assert answer.status_code == 400 and wanted in answer.json()["message"]


def test_nothing_there_and_wrong_password_in_both_languages(api: Any, project: Any) -> None:
    for headers, nothing, wrong in (
        (EN, "no such thing", "password is wrong"),
        (ES, "no hay tal cosa", "contraseña no es"),
    ):
        for address in ("videos/99/", "stats/?project=99"):
            answer = api.get(f"/api/v1/{address}", **headers)
            assert answer.status_code == 404 and nothing in answer.json()["message"]
        given = {"username": "ana", "password": "guess"}
        answer = Client().post("/api/v1/session/", given, "application/json", **headers)
        assert answer.status_code == 403 and wrong in answer.json()["message"]


def test_passwords_are_hashed_with_argon2_and_old_ones_still_work(
    db: None, settings: Any, client: Client
) -> None:
    settings.PASSWORD_HASHERS = ours.PASSWORD_HASHERS[1:]
    user = User.objects.create_user("old", password="a-good-password")
    assert identify_hasher(user.password).algorithm == "pbkdf2_sha256"
    settings.PASSWORD_HASHERS = ours.PASSWORD_HASHERS
    assert client.login(username="old", password="a-good-password")
    user.refresh_from_db()
    assert identify_hasher(user.password).algorithm == "argon2"


def test_guessing_passwords_is_slowed_down(db: None, settings: Any) -> None:
    rates: Any = ours.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    assert "login" in rates
    given = {"username": "ana", "password": "guess"}
    from annotations.views.projects import LoginThrottle

    before = LoginThrottle.THROTTLE_RATES
    LoginThrottle.THROTTLE_RATES = {"login": "2/min"}
    try:
        seen = [
            Client(REMOTE_ADDR="203.0.113.9").post("/api/v1/session/", given, "application/json")
            for _ in range(3)
        ]
    finally:
        LoginThrottle.THROTTLE_RATES = before
    assert [answer.status_code for answer in seen] == [403, 403, 429]
