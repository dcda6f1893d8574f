"""The files behind rows, for members only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from annotations import members
from annotations.models import Crop, DatasetItem, Export, Frame, Role, Video
from annotations.vision import crops as vision
from lprsite import files
from lprsite.errors import Refused
from lprsite.media import send_file

THUMBNAIL_WIDTH = 320


@dataclass(frozen=True)
class Kind:
    """Where a kind of file is found, and who may have it."""

    model: Any
    field: str = "file"
    project: str = "project_id"
    role: int = Role.VIEWER


KINDS = {
    "videos": Kind(Video),
    "previews": Kind(Video, "preview"),
    "thumbnails": Kind(Video, "thumbnail"),
    "frames": Kind(Frame),
    "frame-thumbnails": Kind(Frame),
    "crops": Kind(Crop),
    "dataset-items": Kind(DatasetItem, project="version__project_id"),
    "exports": Kind(Export, role=Role.REVIEWER),
}


@sync_to_async
def key_of(
    request: HttpRequest,
    rows: QuerySet[Any],
    project: str,
    field: str,
    role: int = Role.VIEWER,
) -> str:
    """The file's key of the one row in ``rows``, if the person has the role in its project.

    Raises Http404, the same for a row that is not there and one that is not theirs.
    """
    row = rows.values_list(project, field).first()
    if row is None or not members.may_see(request.user, row[0] or 0, role) or not row[1]:
        raise Http404("There is no such file.")
    return str(row[1])


async def media(request: HttpRequest, kind: str, pk: int) -> HttpResponseBase:
    """The file of a row, with byte ranges. Others than members get 404."""
    if kind not in KINDS:
        raise Http404("There is no such file.")
    its = KINDS[kind]
    rows = its.model.objects.filter(pk=pk)
    key = await key_of(request, rows, its.project, its.field, its.role)
    path = files.local_path(key)
    if kind == "frame-thumbnails":
        try:
            path = await asyncio.to_thread(_small, path)
        except (FileNotFoundError, Refused) as gone:
            raise Http404("There is no such file.") from gone
    return await send_file(
        request,
        path,
        cache=cache_of(request),
        download_as=path.name if kind in ("videos", "exports") else "",
    )


def cache_of(request: HttpRequest) -> str:
    """Addresses with a version never change; others are asked for again."""
    return "private, max-age=31536000, immutable" if "v" in request.GET else "private, no-cache"


def _small(path: Path) -> Path:
    """A small copy of a picture, made the first time somebody looks."""
    small = files.root() / "small" / path.parent.name / path.name
    if not small.exists():
        bgr = vision.read_picture(path)
        height = max(1, round(bgr.shape[0] * THUMBNAIL_WIDTH / bgr.shape[1]))
        data = vision.encode_jpeg(vision.resize_frame(bgr, (THUMBNAIL_WIDTH, height)), 80)
        small.parent.mkdir(parents=True, exist_ok=True)
        fresh = small.with_name(f".{small.name}.{id(data)}")
        fresh.write_bytes(data)
        fresh.replace(small)
    return small
