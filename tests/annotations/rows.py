"""Rows for tests: frames with a picture, crops, members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import cv2
import numpy as np
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from annotations import members
from annotations.models import Crop, Frame, Project, Role, Video
from lprsite import files

WIDTH, HEIGHT = 320, 180


def picture(seed: int = 0, *, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Coloured noise in large spots, uint8 BGR, different for every seed."""
    spots = np.random.default_rng(seed).integers(0, 255, (9, 16, 3), np.uint8)
    return cv2.resize(spots, (width, height), interpolation=cv2.INTER_CUBIC)


def make_video(project: Project, **facts: Any) -> Video:
    """A video's row without its file: 1000 steps of pts a second, 60 s."""
    known = {
        "name": "gate.mp4",
        "file": "videos/none.mp4",
        "sha256": uuid4().hex * 2,
        "bytes": 1,
        "container": "mp4",
        "codec": "h264",
        "width": WIDTH,
        "height": HEIGHT,
        "fps": 10.0,
        "duration": 60.0,
        "time_base": "1/1000",
    }
    return Video.objects.create(project=project, **{**known, **facts})


def make_frame(project: Project, *, seed: int = 0, **facts: Any) -> Frame:
    """A frame with its picture in the storage."""
    data = cv2.imencode(".png", picture(seed))[1].tobytes()
    key, sha256 = files.put_bytes("frames", data, ".png")
    return Frame.objects.create(
        project=project, sha256=sha256, file=key, width=WIDTH, height=HEIGHT, **facts
    )


def make_crops(project: Project, count: int, **facts: Any) -> list[Crop]:
    """Crops without boxes, waiting to be read; their files are not there."""

    def known() -> dict[str, Any]:
        sizes = {"width": 96, "height": 48}
        return {"file": "crops/none.png", "sha256": uuid4().hex * 2, **sizes, **facts}

    rows = [Crop(project=project, **known()) for _ in range(count)]
    Crop.objects.bulk_create(rows)
    return list(Crop.objects.filter(project=project).order_by("-id")[:count])[::-1]


def make_member(project: Project, name: str, role: Role = Role.ANNOTATOR) -> User:
    user = User.objects.create_user(name)
    members.join(project, user, role)
    return user


def client_of(user: User | None) -> APIClient:
    """An API client logged in as this person, or as nobody."""
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


def json_of(client: APIClient, method: str, address: str, given: Any = None) -> tuple[int, Any]:
    """Call the API; returns (status, body)."""
    answer = getattr(client, method)(f"/api/v1/{address}", given, format="json")
    return answer.status_code, answer.json() if answer.content else None


def texts(rows: Sequence[Any]) -> list[str]:
    return [row.text for row in rows]
