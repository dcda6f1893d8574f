"""The files behind rows: for members only, in ranges, small ones made once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotations import boxes
from annotations.models import Export, Frame, Project, Role
from lprsite import files
from tests.annotations.rows import make_frame, make_member, make_video


@pytest.fixture
def frame(project: Project) -> Frame:
    return make_frame(project)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body_of(answer: Any) -> bytes:
    return bytes(answer.getvalue() if answer.streaming else answer.content)


def shape_of(answer: Any) -> tuple[int, ...]:
    decoded = cv2.imdecode(np.frombuffer(body_of(answer), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return tuple(map(int, decoded.shape))


def test_member_gets_the_picture(frame: Frame, user: Any) -> None:
    answer = client_of(user).get(f"/api/v1/media/frames/{frame.pk}/")
    assert answer.status_code == 200
    assert body_of(answer) == files.local_path(frame.file).read_bytes()
    assert "no-cache" in answer["Cache-Control"]


def test_address_with_a_version_is_kept_for_ever(frame: Frame, user: Any) -> None:
    answer = client_of(user).get(f"/api/v1/media/frames/{frame.pk}/?v=abc")
    assert "immutable" in answer["Cache-Control"] and "private" in answer["Cache-Control"]


def test_crop_of_a_box_is_a_png(frame: Frame, user: Any) -> None:
    box = boxes.draw(frame, label="plate", xyxy=(10, 10, 60, 40))
    answer = client_of(user).get(f"/api/v1/media/crops/{box.crop.pk}/")
    assert answer["Content-Type"] == "image/png"
    assert shape_of(answer) == (30, 50, 3)


def test_small_picture_is_made_once(frame: Frame, user: Any, storage: Path) -> None:
    client = client_of(user)
    first = client.get(f"/api/v1/media/frame-thumbnails/{frame.pk}/")
    assert shape_of(first) == (135, 240, 3)
    made = [p for p in (storage / "small").rglob("*") if p.is_file()]
    before = made[0].stat().st_mtime_ns
    second = client.get(f"/api/v1/media/frame-thumbnails/{frame.pk}/")
    assert body_of(first) == body_of(second)
    assert len(made) == 1 and made[0].stat().st_mtime_ns == before


def test_video_plays_in_parts_and_downloads_by_name(
    project: Project, user: Any, storage: Path
) -> None:
    key, _ = files.put_bytes("videos", bytes(range(200)), ".mp4")
    video = make_video(project, file=key)
    answer = client_of(user).get(
        f"/api/v1/media/videos/{video.pk}/", headers={"Range": "bytes=50-59"}
    )
    assert (answer.status_code, body_of(answer)) == (206, bytes(range(50, 60)))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_token_of_the_api_opens_files_too(frame: Frame, user: Any) -> None:
    from rest_framework.authtoken.models import Token

    address, token = f"/api/v1/media/frames/{frame.pk}/", Token.objects.create(user=user)
    stranger = Token.objects.create(user=User.objects.create_user("eve"))

    def status(key: str) -> int:
        return Client().get(address, headers={"Authorization": f"Token {key}"}).status_code

    assert [status(key) for key in (token.key, stranger.key, "no-token", "")] == [
        200,
        404,
        404,
        404,
    ]
    user.is_active = False
    user.save()
    assert status(token.key) == 404


def test_others_and_nobody_get_the_same_as_for_nothing(frame: Frame) -> None:
    outsider = client_of(User.objects.create_user("eve"))
    address = f"/api/v1/media/frames/{frame.pk}/"
    assert outsider.get(address).status_code == Client().get(address).status_code == 404
    assert outsider.get("/api/v1/media/frames/999999/").status_code == 404


@pytest.mark.parametrize(
    "address", ["media/frames/{}/", "media/exports/{}/", "media/frame-packs/{}/"]
)
def test_files_are_only_read_and_refusals_are_json(frame: Frame, user: Any, address: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    written = client.post(f"/api/v1/{address.format(frame.pk)}", {"a": 1})
    assert (written.status_code, written["Allow"]) == (405, "GET, HEAD")
    gone = client.get(f"/api/v1/{address.format(10**6)}", headers={"accept-language": "es"})
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert gone.json()["message"].startswith("Aquí")
    assert written.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("address", ["secrets/1", "previews/{}", "frames/999999"])
def test_what_is_not_there_is_404(project: Project, user: Any, address: str) -> None:
    video = make_video(project)
    answer = client_of(user).get(f"/api/v1/media/{address.format(video.pk)}/")
    assert answer.status_code == 404


def test_row_whose_file_is_gone_is_404(frame: Frame, user: Any) -> None:
    files.delete(frame.file)
    client = client_of(user)
    for kind in ("frames", "frame-thumbnails"):
        assert client.get(f"/api/v1/media/{kind}/{frame.pk}/").status_code == 404


def test_whole_exports_are_for_reviewers(project: Project, user: Any, storage: Path) -> None:
    key, _ = files.put_bytes("exports", b"zip", ".zip")
    export = Export.objects.create(project=project, format="csv", file=key)
    reader = make_member(project, "beto", Role.ANNOTATOR)
    address = f"/api/v1/media/exports/{export.pk}/"
    assert client_of(reader).get(address).status_code == 404
    assert body_of(client_of(user).get(address)) == b"zip"
