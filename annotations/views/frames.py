"""Frames and the boxes on them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import DestroyModelMixin, ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import boxes, frames, interpolations, members, suggestions
from annotations.access import InProject
from annotations.frames import Place, Sought
from annotations.models import Box, Frame, Project, Role, Video
from annotations.models.frames import Source
from annotations.serializers import (
    BoxChangeSerializer,
    BoxPatchSerializer,
    BoxSerializer,
    FrameDetailSerializer,
    FramePatchSerializer,
    FrameSerializer,
)
from annotations.serializers_frames import (
    BulkDoneSerializer,
    BulkSerializer,
    CountsQuerySerializer,
    FrameCountsSerializer,
    FrameIdsSerializer,
    FrameIndexSerializer,
    IndexQuerySerializer,
    InterpolatedSerializer,
    InterpolateSerializer,
    ReadingQuerySerializer,
    SoughtSerializer,
    index_of,
)
from lprsite.texts import both


class FrameViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    queryset = Frame.objects.select_related("video").order_by("id")
    filterset_fields = ["project", "video", "status"]
    http_method_names = ["get", "patch", "post", "head", "options"]

    def get_serializer_class(self) -> Any:
        return FrameSerializer if self.action == "list" else FrameDetailSerializer

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        if self.action != "list":
            return rows
        present = Box.objects.present().filter(frame=OuterRef("pk")).order_by().values("frame")
        counted = Subquery(present.annotate(n=Count("*")).values("n"), IntegerField())
        return rows.annotate(box_count=Coalesce(counted, 0))

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action != "list":  # one frame is there whatever is looked for beside it
            return queryset
        rows = super().filter_queryset(queryset)
        sought = self._sought() or Sought()
        if sought == Sought(video=sought.video, status=sought.status):
            return rows
        return rows.filter(pk__in=frames.find(self._project_of(sought), sought).values("pk"))

    def _sought(self) -> Sought | None:
        """What the address looks for; None when it looks for nothing."""
        given = SoughtSerializer(data=self.request.query_params)
        given.is_valid(raise_exception=True)
        return given.sought() if given.validated_data else None

    def _project_of(self, sought: Sought) -> int:
        given = self.request.query_params.get("project", "")
        if given.isdecimal():
            return int(given)
        video = Video.objects.filter(pk=sought.video or 0).first()
        if video is None:
            raise ValidationError(
                {
                    "project": both(
                        "Name the project, or the video.", "Indique el proyecto o el video."
                    )
                }
            )
        return video.project_id

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        return {**context, "sought": self._sought() if self.action == "retrieve" else None}

    @extend_schema(parameters=[SoughtSerializer])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Frames by id. For the order of the grid, and for very many, see ``index``."""
        return super().list(request, *args, **kwargs)

    @extend_schema(parameters=[SoughtSerializer])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One frame; ``previous`` and ``next`` are among those looked for, else in its video."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(parameters=[IndexQuerySerializer], responses=FrameIndexSerializer, filters=False)
    @action(detail=False, pagination_class=None)
    def index(self, request: Request) -> Response:
        """All frames of a project or video in the grid's order, three thousand a page."""
        given = IndexQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        project = self._visible(asked["project"])
        after = Place.parse(asked["after"]) if "after" in asked else None
        page = frames.page(project.pk, video=asked.get("video"), after=after, limit=asked["limit"])
        return Response(index_of(page, [name for _, name in frames.labels_of(project.pk)]))

    @extend_schema(
        parameters=[CountsQuerySerializer], responses=FrameCountsSerializer, filters=False
    )
    @action(detail=False, pagination_class=None)
    def counts(self, request: Request) -> Response:
        """How many frames of a project or video have each status and each label."""
        given = CountsQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        project = self._visible(given.validated_data["project"])
        return Response(frames.counts(project.pk, given.validated_data.get("video")))

    @extend_schema(parameters=[ReadingQuerySerializer], responses=FrameIdsSerializer, filters=False)
    @action(detail=False, pagination_class=None)
    def reading(self, request: Request) -> Response:
        """The frames with a plate of this text: ``PB?12*``; their ids in no order."""
        given = ReadingQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        project = self._visible(given.validated_data["project"])
        found = frames.reading(project.pk, given.validated_data["text"])
        return Response({"frames": sorted(set(found))})

    @extend_schema(request=BulkSerializer, responses=BulkDoneSerializer)
    @action(detail=False, methods=["post"], pagination_class=None)
    def bulk(self, request: Request) -> Response:
        """Mark or delete up to a thousand frames; says which were left out, and why."""
        given = BulkSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        project = self._visible(asked["project"])
        if asked["do"] == "delete":
            self.project_for(project, Role.REVIEWER)
            user: Any = request.user
            return Response(frames.delete_many(project, asked["frames"], by=user))
        self.project_for(project)
        return Response(frames.mark_many(project, asked["frames"], asked["do"]))

    def _visible(self, project_id: int) -> Project:
        return get_object_or_404(members.visible(self.request.user), pk=project_id)

    @extend_schema(request=FramePatchSerializer, responses=FrameDetailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say that the frame is done, has nothing on it, or needs somebody again."""
        frame: Frame = self.get_object()
        given = FramePatchSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        frames.mark(frame, **given.validated_data)
        return Response(self.get_serializer(frame).data)

    @extend_schema(request=InterpolateSerializer, responses=InterpolatedSerializer)
    @action(detail=True, methods=["post"])
    def interpolate(self, request: Request, pk: str) -> Response:
        """Draw boxes of this frame on the frames before it, back to where each was last drawn."""
        frame, asked = self._interpolation(request)
        user: Any = request.user
        return Response(interpolations.draw(frame, asked["boxes"], asked["client_key"], by=user))

    @extend_schema(request=InterpolateSerializer, responses=InterpolatedSerializer)
    @action(detail=True, methods=["post"], url_path="interpolate/undo")
    def take_back(self, request: Request, pk: str) -> Response:
        """Delete what this ``client_key`` drew, except for what somebody has moved since."""
        frame, asked = self._interpolation(request)
        user: Any = request.user
        return Response(interpolations.undo(frame, asked["boxes"], asked["client_key"], by=user))

    def _interpolation(self, request: Request) -> tuple[Frame, Any]:
        given = InterpolateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self.get_object(), given.validated_data


class BoxViewSet(ListModelMixin, RetrieveModelMixin, DestroyModelMixin, InProject):
    queryset = Box.objects.present().select_related("frame", "label", "crop__current")
    serializer_class = BoxSerializer
    project_path = "frame__project"
    filterset_fields = ["frame", "frame__project"]
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> Any:
        if self.action in ("restore", "partial_update", "changes"):  # deleted ones as well
            self.queryset = Box.objects.select_related("frame", "label", "crop__current")
        return super().get_queryset()

    @extend_schema(request=BoxSerializer, responses={201: BoxSerializer})
    def create(self, request: Request) -> Response:
        given = BoxSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        new = given.validated_data
        frame: Frame = new["frame"]
        self.project_for(frame.project)
        user: Any = request.user
        box = boxes.draw(
            frame,
            label=new["label"]["name"],
            xyxy=(new["x1"], new["y1"], new["x2"], new["y2"]),
            by=user,
            source=new.get("source", Source.PERSON),
            confidence=new.get("confidence"),
            ignore=new.get("ignore", False),
            car=new["car"].pk if new.get("car") else None,
            client_key=new.get("client_key"),
        )
        if "suggestion" in new:
            suggestions.settle(frame, new["suggestion"])
        return Response(self._data(box), status=status.HTTP_201_CREATED)

    @extend_schema(request=BoxPatchSerializer, responses=BoxSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Move, relabel or mark; 409 with the present box when ``revision`` is old."""
        box: Box = self.get_object()
        given = BoxPatchSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        new = given.validated_data
        xyxy = (new["x1"], new["y1"], new["x2"], new["y2"]) if "x1" in new else None
        car = new.get("car", boxes.LEAVE)
        edit = boxes.Edit(xyxy, new.get("label"), new.get("ignore"), car)
        user: Any = request.user
        return Response(self._data(boxes.change(box, edit, revision=new["revision"], by=user)))

    @extend_schema(parameters=[OpenApiParameter("revision", int, required=True)])
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        box: Box = self.get_object()
        given = request.query_params.get("revision", "")
        user: Any = request.user
        boxes.delete(box, revision=int(given) if given.isdecimal() else -1, by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=BoxSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Bring a deleted box back, with its crop and texts."""
        user: Any = request.user
        return Response(self._data(boxes.restore(self.get_object(), by=user)))

    @extend_schema(responses=BoxChangeSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def changes(self, request: Request, pk: str) -> Response:
        """What was done to the box, by whom and when, the newest first."""
        rows = self.get_object().changes.select_related("by").order_by("-id")
        return Response(BoxChangeSerializer(rows, many=True).data)

    def _data(self, box: Box) -> Any:
        fresh = Box.objects.select_related("label", "crop__current").get(pk=box.pk)
        return BoxSerializer(fresh).data
