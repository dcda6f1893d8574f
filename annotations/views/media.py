"""The files behind rows, for members only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from annotations import members, thumbnails
from annotations.models import Crop, DatasetItem, Frame, ImportBatch, Role, Video
from lprsite import files
from lprsite.errors import Refused
from lprsite.media import only_read, send_file


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
    "import-samples": Kind(ImportBatch, "samples"),
    "import-reports": Kind(ImportBatch, "report_csv"),
    "import-reports-json": Kind(ImportBatch, "report_json"),
}

DOWNLOADS = frozenset({"videos", "import-reports", "import-reports-json"})


def person(request: HttpRequest) -> Any:
    """Who asks: by session, or by the token of the API."""
    if request.user.is_authenticated:
        return request.user
    try:
        found = TokenAuthentication().authenticate(Request(request))
    except AuthenticationFailed:
        return request.user
    return found[0] if found else request.user


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
    if row is None or not members.may_see(person(request), row[0] or 0, role) or not row[1]:
        raise Http404("There is no such file.")
    return str(row[1])


@only_read
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
            path = await asyncio.to_thread(thumbnails.made, key)
        except (FileNotFoundError, Refused) as gone:
            raise Http404("There is no such file.") from gone
    return await send_file(
        request,
        path,
        cache=cache_of(request),
        download_as=path.name if kind in DOWNLOADS else "",
    )


def cache_of(request: HttpRequest) -> str:
    """Addresses with a version never change; others are asked for again."""
    return "private, max-age=31536000, immutable" if "v" in request.GET else "private, no-cache"


@sync_to_async
def pictures_of(request: HttpRequest, ids: list[int]) -> list[thumbnails.Wanted]:
    """Those of the frames that the person may see, in the order of ``ids``."""
    rows = Frame.objects.filter(pk__in=ids, project__in=members.visible(person(request)))
    found = {row[0]: thumbnails.Wanted(*row) for row in rows.values_list("pk", "name", "file")}
    return [found[pk] for pk in dict.fromkeys(ids) if pk in found]


@only_read
async def frame_pack(request: HttpRequest, frames: str) -> HttpResponseBase:
    """The small pictures of up to 100 frames, ``1,2,5``, in one answer; 404 if none is theirs.

    What a frame shows never changes, so an answer is kept for ever.
    """
    numbers = frames.split(",")
    if len(numbers) > thumbnails.MOST or not all(n.isdecimal() and len(n) < 19 for n in numbers):
        raise Http404("There is no such pack.")
    wanted = await pictures_of(request, [int(number) for number in numbers])
    if not wanted:
        raise Http404("There is no such pack.")
    data = await asyncio.to_thread(thumbnails.pack, wanted)
    return HttpResponse(
        data,
        content_type="application/octet-stream",
        headers={
            "Cache-Control": "private, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )
