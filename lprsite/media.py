"""Send files to the browser: single byte ranges, bounded parts, asynchronously.

Django has no range support, and under ASGI a synchronous file response is read whole into
memory first. Here an answer to a range holds at most ``PART`` bytes; several ranges at once
give the whole file. Behind nginx it sends the files itself: ``LPR_X_ACCEL`` names the internal
location of the storage folder.
"""

from __future__ import annotations

import asyncio
import functools
import mimetypes
import os
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.csrf import csrf_exempt

from lprsite import files
from lprsite.texts import both

PART = 4 * 1024 * 1024
PIECE = 256 * 1024
SMALL = 512 * 1024
_RANGE = re.compile(r"bytes=(?=[0-9-]*[0-9])([0-9]{0,18})-([0-9]{0,18})$")


View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
READING = ("GET", "HEAD")
NOT_HERE = both(
    "There is no such thing here, or not for you.", "Aquí no hay tal cosa, o no para usted."
)
ONLY_READ = both("Files here can only be read.", "Los archivos de aquí solo se pueden leer.")


def only_read(view: View) -> View:
    """A view of files that answers GET and HEAD, and refuses as the API does."""

    @csrf_exempt  # nothing is written, so that every other method hears that
    @functools.wraps(view)
    async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in READING:
            said = {"code": "method_not_allowed", "message": str(ONLY_READ)}
            return JsonResponse(said, status=405, headers={"Allow": ", ".join(READING)})
        try:
            return await view(request, *args, **kwargs)
        except Http404:
            return JsonResponse({"code": "not_found", "message": str(NOT_HERE)}, status=404)

    return answer


async def send_file(
    request: HttpRequest,
    path: Path,
    *,
    cache: str = "private, max-age=31536000, immutable",
    content_type: str = "",
    download_as: str = "",
) -> HttpResponseBase:
    """The file, or the asked range of it. Raises Http404 when it is not there."""
    try:
        facts = await asyncio.to_thread(path.stat)
    except OSError as missing:
        raise Http404("The file is not there any more.") from missing
    size, etag = facts.st_size, f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
    kind = content_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": cache,
        "ETag": etag,
        "Last-Modified": http_date(facts.st_mtime),
        "X-Content-Type-Options": "nosniff",
    }
    if download_as:
        safe = re.sub(r"[^\w.\- ]", "_", download_as, flags=re.ASCII)
        headers["Content-Disposition"] = f'attachment; filename="{safe}"'
    if _known(request, etag, facts.st_mtime):
        return HttpResponse(status=304, headers=headers)
    if handed := _handed_over(path):
        headers["X-Accel-Redirect"] = handed
        return HttpResponse(headers=headers, content_type=kind)
    same = _is_the_same(request, etag, facts)
    wanted = _RANGE.match(request.headers.get("Range", "")) if same else None
    wanted = None if wanted and _is_backwards(wanted) else wanted
    span = _span(wanted, size)
    if span is None:
        headers["Content-Range"] = f"bytes */{size}"
        return HttpResponse(status=416, headers=headers)
    start, end = span
    status = 206 if wanted else 200
    headers["Content-Length"] = str(end - start)
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers, content_type=kind)
    if end - start <= SMALL:
        data = await asyncio.to_thread(_read, path, start, end)
        return HttpResponse(data, status=status, headers=headers, content_type=kind)
    return StreamingHttpResponse(
        _pieces(path, start, end), status=status, headers=headers, content_type=kind
    )


def _known(request: HttpRequest, etag: str, changed: float) -> bool:
    """Whether the browser has this very file: If-None-Match, else If-Modified-Since."""
    answer = get_conditional_response(request, etag=etag, last_modified=int(changed))
    return answer is not None and answer.status_code == 304


def _is_the_same(request: HttpRequest, etag: str, facts: os.stat_result) -> bool:
    """Whether If-Range, a tag or a date, names this version of the file."""
    given = request.headers.get("If-Range", etag)
    return given == etag or parse_http_date_safe(given) == int(facts.st_mtime)


def _handed_over(path: Path) -> str:
    """The address under which nginx finds a file of the storage; empty where it does not."""
    if not settings.X_ACCEL:
        return ""
    root = files.root().resolve()
    there = path.resolve()
    if not there.is_relative_to(root):
        return ""
    return f"{settings.X_ACCEL}/{quote(str(there.relative_to(root)))}"


def _is_backwards(wanted: re.Match[str]) -> bool:
    """Whether a range ends before it begins: that is no range, and is ignored."""
    first, last = wanted.groups()
    return bool(first and last) and int(last) < int(first)


def _span(wanted: re.Match[str] | None, size: int) -> tuple[int, int] | None:
    """The asked bytes [start, end); all of them for no or several ranges; None if impossible."""
    if wanted is None:
        return 0, size
    first, last = wanted.groups()
    if not first:
        if int(last) == 0 or size == 0:
            return None
        start = max(0, size - int(last))
        return start, min(size, start + PART)
    start = int(first)
    end = min(int(last) + 1 if last else size, size, start + PART)
    return (start, end) if start < size and start < end else None


def _read(path: Path, start: int, end: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(end - start)


async def _pieces(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    file: BinaryIO = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, start)
        left = end - start
        while left and (piece := await asyncio.to_thread(file.read, min(PIECE, left))):
            left -= len(piece)
            yield piece
    finally:
        await asyncio.to_thread(file.close)


async def static(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of the bundle or of an app's static folder; hashed names are kept for a year."""
    found = await asyncio.to_thread(finders.find, path)
    if not isinstance(found, str) or not Path(found).is_file():
        raise Http404("There is no such file.")
    hashed = Path(found).is_relative_to(settings.BUNDLE / "assets")
    cache = "public, max-age=31536000, immutable" if hashed else "public, max-age=300"
    return await send_file(request, Path(found), cache=cache)
