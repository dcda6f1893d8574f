"""tus 1.0: files that come in pieces and go on where they ended (https://tus.io/protocols).

The pieces themselves are received by ``upload``, an asynchronous view: everything that can be
refused is refused before the first byte of a body is taken in (see ``lprsite.bodies``).
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator
from contextlib import aclosing
from io import BytesIO
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.http import http_date
from django.utils.translation import get_language
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import members, tasks, uploads
from annotations.access import InProject
from annotations.errors import (
    LoginNeeded,
    NotAllowed,
    TusVersionUnknown,
    UploadBodyKindWrong,
    UploadBroken,
    UploadExpired,
    UploadHeaderWrong,
    UploadLengthUnknown,
    UploadNotYours,
    UploadOffsetWrong,
    UploadPieceTooLarge,
)
from annotations.models import Purpose, Role, Upload
from annotations.serializers_uploads import UploadSerializer
from lprsite import bodies
from lprsite.errors import Refused
from lprsite.jobs import engine
from lprsite.jobs.models import Job, State

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
PIECE_TYPE = "application/offset+octet-stream"
MOST_BYTES = 2**53  # a size that every client can count


def header(name: str, text: str) -> OpenApiParameter:
    """A request header, for the schema."""
    return OpenApiParameter(name, str, "header", required=True, description=text)


TUS = header("Tus-Resumable", VERSION)


class UploadViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    """Members see who sends what; each goes on only with their own."""

    queryset = Upload.objects.select_related("user", "project").order_by("id")
    serializer_class = UploadSerializer
    filterset_fields = ["project", "purpose"]
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Any]:
        job = Job.objects.filter(pk=OuterRef("job_id"))
        # A batch without a format was not understood, or not looked at yet.
        look = Job.objects.filter(pk=OuterRef("batch__job_id"), state=State.FAILED)
        names = ("state", "error", "error_es")
        said: dict[str, Any] = {f"job_{name}": Subquery(job.values(name)[:1]) for name in names}
        said |= {
            f"look_{name}": Case(When(batch__format="", then=Subquery(look.values(name)[:1])))
            for name in names
        }
        rows: QuerySet[Any] = super().get_queryset()
        if self.request.user.is_authenticated:
            mine = Q(project=None, user=self.request.user)
            rows |= Upload.objects.filter(mine).select_related("user", "project")
        shown: QuerySet[Any] = rows.annotate(**said)
        return shown.order_by("id")

    def check_object_permissions(self, request: Request, obj: Any) -> None:
        if obj.project_id is not None:
            super().check_object_permissions(request, obj)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        version = request.headers.get("Tus-Resumable")
        if request.method not in ("GET", "OPTIONS") and version != VERSION:
            self._refuse_version(request, kwargs)

    def _refuse_version(self, request: Request, kwargs: dict[str, Any]) -> None:
        """Whom the upload is not shown hears that first. Raises TusVersionUnknown."""
        if "pk" in kwargs:
            self.get_object()
        elif not _may_bring(request.user, ""):
            raise NotAllowed(role=Role.ANNOTATOR.label)
        raise TusVersionUnknown()

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        for name, value in _always(answer.status_code).items():
            answer.headers.setdefault(name, value)
        return answer

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        largest = max(uploads.Announced("", 0, purpose).limit for purpose in Purpose)
        said = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(largest)}
        return Response(status=status.HTTP_204_NO_CONTENT, headers=said)

    @extend_schema(
        request=None,
        responses={201: UploadSerializer},
        parameters=[
            TUS,
            header("Upload-Length", "bytes"),
            header(
                "Upload-Metadata",
                "filename, purpose, fingerprint and, but for an archive, project; base64",
            ),
        ],
    )
    def create(self, request: Request) -> Response:
        """Announce a file: its size and, as metadata, its name, project and purpose."""
        said = uploads.parse_metadata(request.headers.get("Upload-Metadata", ""))
        announced, project = _announced(request, said), None
        if announced.purpose != Purpose.ARCHIVE:
            project = get_object_or_404(members.visible(request.user), pk=_number(said, "project"))
            self.project_for(project)
        user: Any = request.user
        upload = uploads.create(project, announced, by=user)
        answer = self.get_serializer(self.get_queryset().get(pk=upload.pk)).data
        place = {"Location": f"{request.path}{upload.pk}/", "Upload-Expires": _expires(upload)}
        return Response(answer, status=status.HTTP_201_CREATED, headers=place)

    def offset(self, request: Request, pk: int) -> Response:
        """HEAD: where the file ends here."""
        upload = self._theirs()
        said = {
            "Upload-Offset": str(uploads.settled_offset(upload)),
            "Upload-Length": str(upload.size),
            "Upload-Expires": _expires(upload),
            "Cache-Control": "no-store",
        }
        if upload.metadata:
            said["Upload-Metadata"] = upload.metadata
        return Response(headers=said)

    @extend_schema(
        request={PIECE_TYPE: OpenApiTypes.BINARY},
        responses={204: None},
        parameters=[TUS, header("Upload-Offset", "where the piece begins")],
    )
    def append(self, request: Request, pk: int) -> Response:
        """A piece of the file, to be written from ``Upload-Offset`` on."""
        upload = self._theirs()
        if request.headers.get("Content-Type", "") != PIECE_TYPE:
            raise UploadBodyKindWrong()
        if upload.expired:
            raise UploadExpired(name=upload.name)
        offset = _number(request.headers, "Upload-Offset")
        _check_length(request, upload, offset)
        upload.offset = offset
        writer = uploads.Writer(upload, uploads.hold(upload, offset))
        return Admitted(writer)

    @extend_schema(parameters=[TUS], responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """Give the upload up; what has come of it is removed."""
        upload = self._theirs(also=Role.MANAGER)
        for job in Job.objects.active().filter(pk=upload.job_id or 0):
            engine.cancel(job)
        uploads.give_up(upload)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _theirs(self, also: int | None = None) -> Upload:
        """The upload, if it is this person's or they have the role ``also`` in its project."""
        upload: Upload = self.get_object()
        if upload.user != self.request.user and not (
            also and members.may_see(self.request.user, upload.project_id or 0, also)
        ):
            raise UploadNotYours(name=upload.name)
        return upload


class Admitted(Response):
    """The answer of ``append`` before the body has been taken in."""

    def __init__(self, writer: uploads.Writer) -> None:
        super().__init__(status=status.HTTP_204_NO_CONTENT)
        self.writer = writer


_detail = UploadViewSet.as_view(
    {"get": "retrieve", "head": "offset", "patch": "append", "delete": "destroy"}
)


@functools.wraps(_detail)  # with its attributes: the schema and the router read them
async def upload(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One upload. A PATCH that was admitted is received here, piece by piece."""
    if request.method == "POST":
        request.method = request.headers.get("X-HTTP-Method-Override", "POST").upper()
    answer: HttpResponseBase = await sync_to_async(_detail)(request, pk=pk)
    return await _received(request, answer.writer) if isinstance(answer, Admitted) else answer


async def _received(request: HttpRequest, writer: uploads.Writer) -> HttpResponseBase:
    """Write the body down. What came of a body that broke off is kept."""
    refusal: Refused | None = None
    try:
        await _take_in(request, writer)
    except bodies.SenderGone:
        refusal = UploadBroken()
    except Refused as wrong:
        refusal = wrong
    except BaseException:  # the server stops: the person goes on later
        await sync_to_async(_close)(writer, keep=True)
        raise
    try:
        keep = refusal is None or isinstance(refusal, UploadBroken)
        await sync_to_async(_close)(writer, keep=keep)
    except Refused as lost:
        refusal = lost
    if refusal is not None:
        return _refusal(refusal)
    said = {"Upload-Offset": str(writer.at), "Upload-Expires": _expires(writer.upload)}
    return HttpResponse(status=204, headers={**_always(204), **said})


async def _take_in(request: HttpRequest, writer: uploads.Writer) -> None:
    async with aclosing(_pieces(request)) as pieces:
        async for piece in pieces:
            await sync_to_async(writer.write)(piece)


async def _pieces(request: HttpRequest) -> AsyncGenerator[bytes, None]:
    """The body, from the wire; or from Django, where no ``Bodies`` stands before it."""
    body: bodies.Body | None = getattr(request, "scope", {}).get(bodies.BODY)
    if body is not None:
        async with aclosing(body.pieces()) as pieces:
            async for piece in pieces:
                yield piece
        return
    while piece := await sync_to_async(request.read)(bodies.PIECE):
        yield piece


def _close(writer: uploads.Writer, *, keep: bool) -> None:
    """Let go; the last piece starts the job that looks at the file, in the same transaction."""
    with transaction.atomic():
        if writer.close(keep=keep):
            tasks.check_upload(Upload.objects.get(pk=writer.upload.pk))


def _announced(request: Request, said: dict[str, str]) -> uploads.Announced:
    if "Upload-Defer-Length" in request.headers:
        raise UploadLengthUnknown()
    name = said.get("filename") or said.get("name") or ""
    purpose = said.get("purpose", Purpose.VIDEO)
    if not name or purpose not in Purpose.values:
        raise UploadHeaderWrong(header="Upload-Metadata")
    return uploads.Announced(
        name=name.replace("\\", "/").rpartition("/")[2] or name,
        size=_number(request.headers, "Upload-Length"),
        purpose=Purpose(purpose),
        metadata=request.headers.get("Upload-Metadata", ""),
        fingerprint=said.get("fingerprint", ""),
    )


def _number(said: Any, name: str) -> int:
    """A whole number of 0 or more. Raises UploadHeaderWrong."""
    text = said.get(name, "")
    if not text.isascii() or not text.isdecimal() or int(text) >= MOST_BYTES:
        raise UploadHeaderWrong(header=name if name.startswith("Upload") else "Upload-Metadata")
    return int(text)


def _check_length(request: Request, upload: Upload, offset: int) -> None:
    """Refuse a body that says it is too long before any of it is sent.

    Raises UploadOffsetWrong, UploadPieceTooLarge.
    """
    if offset > upload.size or (offset != upload.offset and not upload.being_sent):
        raise UploadOffsetWrong(offset=upload.offset)
    length = request.headers.get("Content-Length", "")
    most = min(upload.size - offset, uploads.piece_limit())
    if length.isdecimal() and int(length) > most:
        raise UploadPieceTooLarge(limit=uploads.piece_limit() // uploads.MB)


def _expires(upload: Upload) -> str:
    return http_date(upload.expires_at.timestamp())


def _always(code: int) -> dict[str, str]:
    """The headers of every tus answer."""
    said = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}
    return {**said, "Tus-Version": VERSION} if code == 412 else said


def _refusal(refusal: Refused) -> HttpResponseBase:
    said = {"code": refusal.code, "message": refusal.sentence(get_language() or "en")}
    return JsonResponse(
        {**said, **refusal.details}, status=refusal.status, headers=_always(refusal.status)
    )


# --- the doorman of forms with files


@sync_to_async
def doorman(scope: Any) -> Refused | None:
    """Why the sender of a form with files is not let in, before any of it is taken in.

    Looks at the session or token and at ``?project=``; the view checks everything again.
    """
    request = ASGIRequest(dict(scope), BytesIO())
    SessionMiddleware(lambda _: HttpResponse()).process_request(request)
    try:
        by_token = TokenAuthentication().authenticate(Request(request))
    except AuthenticationFailed:
        return LoginNeeded()
    user = by_token[0] if by_token else get_user(request)
    if not user.is_authenticated:
        return LoginNeeded()
    # A whole project is brought by anybody who may make one.
    allowed = request.path.endswith("/projects/restore/") or _may_bring(
        user, request.GET.get("project", "")
    )
    return None if allowed else NotAllowed(role=Role.ANNOTATOR.label)


def _may_bring(user: Any, project: str) -> bool:
    """Whether the person may bring files into the project; into any, where none is named."""
    if project.isdecimal():
        return members.may_see(user, int(project), Role.ANNOTATOR)
    return bool(user.is_superuser) or bool(
        user.memberships.filter(role__gte=Role.ANNOTATOR).exists()
    )
