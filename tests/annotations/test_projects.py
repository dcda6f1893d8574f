"""Projects, sessions and what is left to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from annotations import boxes, projects
from annotations.errors import ProjectUnclear, ProjectUnknown
from annotations.models import Project
from tests.annotations.rows import (
    client_of,
    json_of,
    make_crops,
    make_frame,
    make_member,
    make_video,
)


def test_new_project_has_labels_formats_and_a_manager(project: Project, user: Any) -> None:
    assert list(project.labels.values_list("name", flat=True)) == ["car", "plate"]
    assert project.countries() == {"EC"}
    assert [(m.user, m.role) for m in project.memberships.all()] == [(user, 4)]


def test_countries_bring_their_formats(db: None) -> None:
    assert projects.create("South", countries=("CL", "PE")).countries() == {"CL", "PE"}


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Olympus"}, {"name": ""}])
def test_impossible_project_is_refused(db: None, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        projects.create(**{"name": "x", **wrong})
    assert not Project.objects.exists()


@pytest.mark.parametrize("alphabet", ["", "AAB", "AB?"])
def test_alphabet_names_each_character_once(project: Project, alphabet: str) -> None:
    project.alphabet = alphabet
    with pytest.raises(ValidationError):
        project.full_clean()


def test_share_is_a_share(project: Project) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.update(second_reading_share=1.5)


def test_command_means_the_only_project_or_makes_one(db: None) -> None:
    made = projects.named_or_only(None)
    assert projects.named_or_only(None) == made
    other = projects.create("Other")
    assert projects.named_or_only("Other") == projects.named_or_only(str(other.pk)) == other
    with pytest.raises(ProjectUnclear, match="Other"):
        projects.named_or_only(None)
    for name in ("Nothing", "999999", "²"):
        with pytest.raises(ProjectUnknown, match=name):
            projects.named_or_only(name)


# --- through the API


def test_project_through_the_api(api: Any, db: None) -> None:
    given = {"name": "Gate", "time_zone": "America/Guayaquil", "countries": ["CL"]}
    status, body = json_of(api, "post", "projects/", given)
    assert (status, body["role"], [row["name"] for row in body["labels"]]) == (
        201,
        4,
        ["car", "plate"],
    )
    assert json_of(api, "post", "projects/", given)[0] == 400
    status, body = json_of(api, "patch", f"projects/{body['id']}/", {"name": "North gate"})
    assert (status, body["name"]) == (200, "North gate")


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars"}, {"alphabet": "AA"}])
def test_wrong_project_is_a_400(api: Any, project: Project, wrong: dict[str, str]) -> None:
    assert json_of(api, "patch", f"projects/{project.pk}/", wrong)[0] == 400


def test_log_in_look_and_log_out(user: Any) -> None:
    client = Client(enforce_csrf_checks=True)

    def call(method: str, **given: str) -> tuple[int, Any]:
        token = client.cookies["csrftoken"].value if "csrftoken" in client.cookies else ""
        answer = getattr(client, method)(
            "/api/v1/session/",
            given,
            content_type="application/json",
            headers={"X-CSRFToken": token},
        )
        return answer.status_code, answer.json()

    assert client.get("/api/v1/session/").json() == {"user": None}
    status, body = call("post", username="ana", password="wrong")
    assert status in (401, 403) and body["message"]
    status, body = call("post", username="ana", password="a-good-password")
    assert (status, body["user"]["username"]) == (200, "ana")
    assert client.get("/api/v1/projects/").status_code == 200
    assert client.delete("/api/v1/session/").status_code == 403  # no token: another site asked
    assert call("delete") == (200, {"user": None})
    assert client.get("/api/v1/projects/").status_code in (401, 403)


def test_guessing_passwords_is_slowed_down(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.cache import cache

    cache.clear()
    client = Client()
    given = {"username": "ana", "password": "guess"}
    codes = [
        client.post("/api/v1/session/", given, content_type="application/json").status_code
        for _ in range(21)
    ]
    assert codes[19] in (401, 403) and codes[20] == 429
    assert client.get("/api/v1/session/").status_code == 200
    cache.clear()


def test_stats_count_what_is_left(api: Any, project: Project) -> None:
    frame = make_frame(project, video=make_video(project), pts=0)
    boxes.draw(frame, label="plate", xyxy=(10, 10, 60, 40))
    gone = boxes.draw(frame, label="plate", xyxy=(90, 10, 140, 40))
    boxes.delete(gone, revision=1)
    make_crops(project, 2)
    _, body = json_of(api, "get", f"stats/?project={project.pk}")
    counted = {key: body[key] for key in ("videos", "frames", "frames_open", "boxes")}
    assert counted == {"videos": 1, "frames": 1, "frames_open": 1, "boxes": 1}
    assert (body["crops"], body["waiting"], body["transcribed"]) == (3, 3, 0)


def test_role_is_told_to_its_person(project: Project) -> None:
    from tests.annotations.rows import client_of

    beto = client_of(make_member(project, "beto"))
    assert json_of(beto, "get", f"projects/{project.pk}/")[1]["role"] == 2


def test_keys_go_with_the_person(project: Project, api: Any) -> None:
    assert json_of(api, "get", "session/keys/") == (200, {"keys": None})
    for keys in ({"boxes.draw": "D"}, {}):
        assert json_of(api, "put", "session/keys/", {"keys": keys}) == (200, {"keys": keys})
        assert json_of(api, "get", "session/keys/") == (200, {"keys": keys})
    beto = client_of(make_member(project, "beto"))
    assert json_of(beto, "get", "session/keys/")[1] == {"keys": None}


@pytest.mark.parametrize(
    "keys", [{"a": 5 * ["b"]}, {"a": "K" * 41}, {str(n): "K" for n in range(501)}]
)
def test_impossible_keys_are_refused(project: Project, api: Any, keys: Any) -> None:
    assert json_of(api, "put", "session/keys/", {"keys": keys})[0] == 400
