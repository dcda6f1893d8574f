"""Frames and the boxes on them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import DestroyModelMixin, ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import boxes, frames
from annotations.access import InProject
from annotations.models import Box, Frame
from annotations.serializers import (
    BoxPatchSerializer,
    BoxSerializer,
    FrameDetailSerializer,
    FramePatchSerializer,
    FrameSerializer,
)


class FrameViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    queryset = Frame.objects.select_related("video").order_by("id")
    filterset_fields = ["project", "video", "status"]
    http_method_names = ["get", "patch", "head", "options"]

    def get_serializer_class(self) -> Any:
        return FrameSerializer if self.action == "list" else FrameDetailSerializer

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        if self.action == "list":
            present = Count("boxes", filter=Q(boxes__deleted_at__isnull=True))
            rows = rows.annotate(box_count=present)
        return rows

    @extend_schema(request=FramePatchSerializer, responses=FrameDetailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say that the frame is done, has nothing on it, or needs somebody again."""
        frame: Frame = self.get_object()
        given = FramePatchSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        frames.mark(frame, **given.validated_data)
        return Response(self.get_serializer(frame).data)


class BoxViewSet(ListModelMixin, RetrieveModelMixin, DestroyModelMixin, InProject):
    queryset = Box.objects.present().select_related("frame", "label", "crop__current")
    serializer_class = BoxSerializer
    project_path = "frame__project"
    filterset_fields = ["frame", "frame__project"]
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> Any:
        if self.action == "restore":
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
            ignore=new.get("ignore", False),
            car=new["car"].pk if new.get("car") else None,
            client_key=new.get("client_key"),
        )
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

    def _data(self, box: Box) -> Any:
        fresh = Box.objects.select_related("label", "crop__current").get(pk=box.pk)
        return BoxSerializer(fresh).data
