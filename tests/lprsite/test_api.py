"""What every API door shares: refusals in the reader's language, pages by key."""

from __future__ import annotations

from typing import Any

import pytest

from annotations import projects
from annotations.errors import BadPattern
from lprsite.errors import Refused


class NoBread(Refused):
    en = "There is no {kind} bread."
    es = "No hay pan {kind}."


def test_refusal_speaks_both_languages_and_survives_a_pickle() -> None:
    import pickle

    refusal = pickle.loads(pickle.dumps(NoBread(kind="white")))  # noqa: S301 (our own bytes)
    assert str(refusal) == "There is no white bread."
    assert refusal.sentence("es-ec") == "No hay pan white."
    assert (refusal.sentence("fr"), refusal.code) == (str(refusal), "NoBread")


@pytest.mark.parametrize(("language", "begins"), [("en", "“[” is no"), ("es", "«[» no es")])
def test_refusal_is_answered_in_the_readers_language(
    api: Any, project: Any, language: str, begins: str
) -> None:
    given = {"project": project.pk, "name": "x", "pattern": "["}
    answer = api.post("/api/v1/plate-formats/", given, headers={"Accept-Language": language})
    assert (answer.status_code, answer.json()["code"]) == (400, BadPattern.__name__)
    assert answer.json()["message"].startswith(begins)


def test_wrong_field_is_named(api: Any, project: Any) -> None:
    answer = api.post("/api/v1/crops/lease/", {"project": project.pk, "count": 0}, format="json")
    assert answer.status_code == 400
    assert (answer.json()["code"], list(answer.json()["fields"])) == ("Invalid", ["count"])
    assert answer.json()["message"].startswith("count: ")


def test_broken_json_and_unknown_method_have_a_code(api: Any, project: Any) -> None:
    broken = api.post("/api/v1/crops/lease/", "{", content_type="application/json")
    wrong = api.put("/api/v1/crops/lease/", {}, format="json")
    assert (broken.status_code, broken.json()["code"]) == (400, "parse_error")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("address", ["boxes/{}/", "boxes/?frame={}", "stats/?project={}"])
def test_number_no_column_holds_is_no_server_error(api: Any, db: None, address: str) -> None:
    assert api.get("/api/v1/" + address.format("9" * 40)).status_code in (400, 404)


def test_pages_follow_the_key(api: Any, user: Any, storage: Any) -> None:
    made = [projects.create(f"Gate {n}", by=user).pk for n in range(5)]
    seen: list[int] = []
    address = "/api/v1/projects/?limit=2"
    while address:
        page = api.get(address).json()
        assert len(page["results"]) <= 2
        seen += [row["id"] for row in page["results"]]
        address = page["next"]
    assert seen == made


def test_schema_describes_the_api(api: Any, db: None) -> None:
    answer = api.get("/api/v1/schema/", {"format": "json"})
    assert answer.status_code == 200
    assert b"/api/v1/crops/lease/" in answer.content
