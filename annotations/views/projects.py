"""Session, projects, members, cameras, plate formats, and what is left to do."""

from __future__ import annotations

import base64
from typing import Any, cast

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.middleware.csrf import get_token
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.mixins import (
    CreateModelMixin,
    DestroyModelMixin,
    ListModelMixin,
    RetrieveModelMixin,
    UpdateModelMixin,
)
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from annotations import cameras, deletion, members, projects, tasks
from annotations.access import InProject
from annotations.errors import LastManager
from annotations.models import AuditEntry, Camera, Keymap, Membership, PlateFormat, Project, Role
from annotations.serializers import (
    CameraLookSerializer,
    CameraPictureSerializer,
    CameraSerializer,
    CredentialsSerializer,
    KeymapSerializer,
    LossesSerializer,
    MembershipSerializer,
    PlateFormatSerializer,
    ProjectSerializer,
    SessionSerializer,
)
from lprsite.jobs.serializers import JobSerializer
from lprsite.texts import both


class LoginThrottle(ScopedRateThrottle):
    """Counts only attempts to log in, by address."""

    scope_attr = "throttle_scope"

    def allow_request(self, request: Request, view: Any) -> bool:
        return request.method != "POST" or super().allow_request(request, view)


class SessionView(APIView):
    """Who is logged in; log in; log out. The GET sets the CSRF cookie."""

    permission_classes = [AllowAny]
    throttle_classes = [LoginThrottle]
    throttle_scope = "login"

    def _answer(self, request: Request) -> Response:
        get_token(request)
        user = request.user if request.user.is_authenticated else None
        return Response(SessionSerializer({"user": user}).data)

    @extend_schema(responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        return self._answer(request)

    @extend_schema(request=CredentialsSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        given = CredentialsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = authenticate(request, **given.validated_data)
        if user is None:
            raise AuthenticationFailed(
                both(
                    "The name or the password is wrong.",
                    "El nombre o la contraseña no es correcto.",
                )
            )
        login(request._request, user)
        request.user = user
        return self._answer(request)

    @extend_schema(request=None, responses=SessionSerializer)
    def delete(self, request: Request) -> Response:
        logout(request._request)
        return Response(SessionSerializer({"user": None}).data)


class KeymapView(APIView):
    """The keys that this person gave to commands."""

    @extend_schema(responses=KeymapSerializer)
    def get(self, request: Request) -> Response:
        row = Keymap.objects.filter(user=request.user.pk).first()
        return Response({"keys": row.keys if row else None})

    @extend_schema(request=KeymapSerializer, responses=KeymapSerializer)
    def put(self, request: Request) -> Response:
        given = KeymapSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        keys = given.validated_data["keys"]
        person = cast(User, request.user)
        Keymap.objects.update_or_create(user=person, defaults={"keys": keys})
        return Response({"keys": keys})


class ProjectViewSet(
    CreateModelMixin, ListModelMixin, RetrieveModelMixin, UpdateModelMixin, InProject
):
    queryset = Project.objects.prefetch_related("labels", "memberships").order_by("id")
    serializer_class = ProjectSerializer
    write_role = Role.MANAGER
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = Project.objects.prefetch_related("labels", "memberships")
        return rows.filter(pk__in=members.visible(self.request.user)).order_by("id")

    def perform_create(self, serializer: Any) -> None:
        given = serializer.validated_data
        project = projects.create(
            given["name"],
            by=cast(User, self.request.user),
            time_zone=given.get("time_zone", "UTC"),
            countries=given.get("countries", ["EC"]),
        )
        serializer.instance = project

    def perform_update(self, serializer: Any) -> None:
        serializer.validated_data.pop("countries", None)
        serializer.save()

    @extend_schema(
        responses={202: JobSerializer},
        parameters=[OpenApiParameter("name", str, required=True, description="typed as a check")],
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete the project with everything in it; it is gone for everybody at once."""
        project: Project = self.get_object()
        user = cast(User, request.user)
        deletion.begin_project(project, request.query_params.get("name", ""), by=user)
        job = tasks.start_delete_project(project, user)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses=LossesSerializer)
    @action(detail=True, methods=["get"])
    def losses(self, request: Request, pk: str) -> Response:
        """How much would be deleted with the project."""
        return Response({"counts": deletion.losses_of_project(self.get_object())})


class _ByProject(
    CreateModelMixin,
    ListModelMixin,
    RetrieveModelMixin,
    UpdateModelMixin,
    DestroyModelMixin,
    InProject,
):
    filterset_fields = ["project"]
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def perform_create(self, serializer: Any) -> None:
        self.project_for(serializer.validated_data["project"])
        serializer.save()

    def perform_update(self, serializer: Any) -> None:
        serializer.validated_data.pop("project", None)
        serializer.save()


class MemberViewSet(_ByProject):
    queryset = Membership.objects.select_related("user", "project").order_by("id")
    serializer_class = MembershipSerializer
    write_role = Role.MANAGER

    def perform_update(self, serializer: Any) -> None:
        serializer.validated_data.pop("user", None)
        if serializer.validated_data.get("role", Role.MANAGER) != Role.MANAGER:
            self._keep_a_manager(serializer.instance)
        super().perform_update(serializer)

    def perform_destroy(self, instance: Membership) -> None:
        self._keep_a_manager(instance)
        instance.delete()

    def _keep_a_manager(self, leaving: Membership) -> None:
        others = Membership.objects.filter(project=leaving.project, role=Role.MANAGER)
        if leaving.role == Role.MANAGER and not others.exclude(pk=leaving.pk).exists():
            raise LastManager()


class CameraViewSet(_ByProject):
    queryset = Camera.objects.order_by("id")
    serializer_class = CameraSerializer
    write_role = Role.MANAGER

    def perform_create(self, serializer: Any) -> None:
        self.project_for(serializer.validated_data["project"])
        self._save(serializer)

    def perform_update(self, serializer: Any) -> None:
        serializer.validated_data.pop("project", None)
        self._save(serializer)

    def perform_destroy(self, instance: Camera) -> None:
        cameras.forget(instance)

    def _save(self, serializer: Any) -> None:
        """Keep the row; what becomes of its address is noted, without the address."""
        address = serializer.validated_data.pop("address", None)
        if address is None:
            serializer.save()
            return
        source = cameras.source_of(address)
        with transaction.atomic():
            camera = serializer.save(**source)
            AuditEntry.objects.create(
                project=camera.project,
                user_id=self.request.user.pk,
                action="set the address of a camera",
                subject=camera.name,
                details={"kind": camera.source_kind, "host": camera.source_host},
            )

    @extend_schema(request=CameraLookSerializer, responses=CameraPictureSerializer)
    @action(detail=True, methods=["post"], url_path="try")
    def look(self, request: Request, pk: str) -> Response:
        """Connect to the camera and show one picture that it sends. Only managers."""
        given = CameraLookSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        seen = cameras.look(self.get_object(), given.validated_data.get("address", ""))
        picture = f"data:image/jpeg;base64,{base64.b64encode(seen.data).decode()}"
        return Response(CameraPictureSerializer({**seen.facts, "picture": picture}).data)


class PlateFormatViewSet(_ByProject):
    queryset = PlateFormat.objects.order_by("id")
    serializer_class = PlateFormatSerializer
    write_role = Role.MANAGER
