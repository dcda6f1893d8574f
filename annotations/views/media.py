"""The files behind rows, for members only."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from annotations import members
from annotations.models import Crop, Export, Frame, Video
from annotations.vision import crops as vision
from lprsite import files
from lprsite.media import send_file

THUMBNAIL_WIDTH = 320

# kind -> (model, name of the field with the file's key)
KINDS: dict[str, tuple[Any, str]] = {
    "videos": (Video, "file"),
    "previews": (Video, "preview"),
    "thumbnails": (Video, "thumbnail"),
    "frames": (Frame, "file"),
    "frame-thumbnails": (Frame, "file"),
    "crops": (Crop, "file"),
    "exports": (Export, "file"),
}


@sync_to_async
def key_of(request: HttpRequest, rows: QuerySet[Any], project: str, field: str) -> str:
    """The file's key of the one row in ``rows``, if the person may see its project.

    Raises Http404, the same for a row that is not there and one that is not theirs.
    """
    row = rows.values_list(project, field).first()
    if row is None or not members.may_see(request.user, row[0] or 0) or not row[1]:
        raise Http404("There is no such file.")
    return str(row[1])


async def media(request: HttpRequest, kind: str, pk: int) -> HttpResponseBase:
    """The file of a row, with byte ranges. Others than members get 404."""
    if kind not in KINDS:
        raise Http404("There is no such file.")
    model, field = KINDS[kind]
    key = await key_of(request, model.objects.filter(pk=pk), "project_id", field)
    path = files.local_path(key)
    if kind == "frame-thumbnails":
        path = await asyncio.to_thread(_small, path)
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
