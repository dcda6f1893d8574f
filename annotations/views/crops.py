"""Crops and what people read on them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import agreement, crops, leases, members, overview, transcriptions
from annotations.access import InProject
from annotations.models import Crop, Project, Role, Transcription
from annotations.models.crops import ReadingRole
from annotations.serializers_crops import (
    CROP_COLUMNS,
    CropSerializer,
    LeasedSerializer,
    LeaseSerializer,
    OfProjectSerializer,
    PersonSerializer,
    ReadingSerializer,
    ReleasedSerializer,
    ReleaseSerializer,
    SavedReadingSerializer,
    TranscriptionSerializer,
    leased_json,
)
from lprsite.jobs.views import NewestFirst


class CropViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    queryset = Crop.objects.filter(withdrawn=False).values(*CROP_COLUMNS)
    serializer_class = CropSerializer
    filterset_fields = ["project", "waiting", "box__frame", "box__frame__video"]

    @extend_schema(request=LeaseSerializer, responses=LeasedSerializer)
    @action(detail=False, methods=["post"])
    def lease(self, request: Request) -> Response:
        """The next crops to read, held for this person for ten minutes."""
        given = LeaseSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        project, user = self._project(given.validated_data["project"]), self._user()
        asked = given.validated_data
        wanted = leases.Wanted(**asked.get("wanted", {}))
        if wanted.kind == leases.Kind.DISAGREEMENTS:
            members.require(user, project.pk, Role.REVIEWER)
        if held := asked["held"]:
            ids = leases.renew(project, user, held, wanted.kind)
        else:
            count, exclude = asked["count"], asked["exclude"]
            ids = leases.lease_ids(project, user, count=count, exclude=exclude, wanted=wanted)
        suggestions = transcriptions.newest_suggestions(ids)
        texts = leases.both_texts(ids) if wanted.kind == leases.Kind.DISAGREEMENTS else {}
        found = Crop.objects.filter(pk__in=ids).values(*CROP_COLUMNS, "file")
        rows = {row["id"]: row for row in found}
        inline = crops.inline({pk: rows[pk]["file"] for pk in ids}) if asked["pictures"] else {}
        leased = [
            leased_json(rows[pk], suggestions.get(pk), texts.get(pk, []), wanted.kind)
            | {"inline": inline.get(pk, "")}
            for pk in ids
        ]
        return Response(
            {
                "crops": leased,
                "left": transcriptions.left(project.pk),
                "disagreements": leases.disagreements(project).count(),
            }
        )

    @extend_schema(request=ReleaseSerializer, responses=ReleasedSerializer)
    @action(detail=False, methods=["post"])
    def release(self, request: Request) -> Response:
        """Give held crops back, so that others get them at once."""
        given = ReleaseSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        project = self._project(given.validated_data["project"])
        count = leases.release(project, self._user(), given.validated_data["crops"])
        return Response({"released": count})

    @extend_schema(
        request=ReadingSerializer,
        responses={200: SavedReadingSerializer, 201: SavedReadingSerializer},
    )
    @action(detail=True, methods=["post"], url_path="transcriptions")
    def transcribe(self, request: Request, pk: str) -> Response:
        """Keep a reading, once per ``client_key``: 201 when new, 200 when already kept."""
        crop = get_object_or_404(
            Crop.objects.select_related("project", "current").filter(
                project__in=members.visible(request.user)
            ),
            pk=pk,
        )
        self.check_object_permissions(request, crop)
        given = ReadingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        said = dict(given.validated_data)
        role = transcriptions.role_of(said.pop("role"), crop, self._user())
        if role == ReadingRole.ADJUDICATION:
            members.require(self._user(), crop.project_id, Role.REVIEWER)
        reading = transcriptions.Reading(**said)
        row, new = transcriptions.save(crop, reading, by=self._user(), role=role)
        if new:
            revision = crop.revision
        else:
            revision = Crop.objects.values_list("revision", flat=True).get(pk=row.crop_id)
        return Response(
            SavedReadingSerializer({"transcription": row, "revision": revision}).data,
            status=status.HTTP_201_CREATED if new else status.HTTP_200_OK,
        )

    def _project(self, pk: int) -> Project:
        project = get_object_or_404(members.visible(self.request.user), pk=pk)
        return self.project_for(project)

    def _user(self) -> Any:
        return self.request.user


class TranscriptionViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    """What was read, newest first; ``mine=1`` for one's own."""

    queryset = Transcription.objects.select_related("by")
    serializer_class = TranscriptionSerializer
    project_path = "crop__project"
    pagination_class = NewestFirst
    filterset_fields = ["crop", "status", "text"]

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        asked = self.request.query_params if self.request else {}
        if asked.get("project", "").isdecimal():
            rows = rows.filter(crop__project_id=int(asked["project"]))
        if asked.get("mine") == "1":
            rows = rows.filter(by_id=self.request.user.pk)
        return rows

    @extend_schema(parameters=[OpenApiParameter("project", int), OpenApiParameter("mine", str)])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(
        parameters=[OfProjectSerializer],
        responses=PersonSerializer(many=True),
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def people(self, request: Request) -> Response:
        """How much each person read, how fast, and how often others read the same."""
        given = OfProjectSerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        visible = members.visible(request.user)
        project = get_object_or_404(visible, pk=given.validated_data["project"])
        people = overview.remembered("people", project, agreement.people)
        return Response(PersonSerializer(people, many=True).data)
