"""What every view of a project's rows shares: only members see them, only roles write them."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import GenericViewSet

from annotations import members
from annotations.errors import BeingDeleted
from annotations.models import Project, Role


def project_of(row: Model, path: str) -> int:
    """The id of the row's project, along a path such as ``frame__project``."""
    value: Any = row
    for step in path.split("__"):
        value = getattr(value, step)
    return int(value.pk)


class InProject(GenericViewSet[Any]):
    """Rows of the projects a person belongs to; others do not exist for them (404)."""

    project_path = "project"
    write_role: int = Role.ANNOTATOR

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        if self.request.user.is_superuser:
            return rows
        return rows.filter(**{f"{self.project_path}__in": members.visible(self.request.user)})

    def check_object_permissions(self, request: Request, obj: Model) -> None:
        super().check_object_permissions(request, obj)
        if request.method not in SAFE_METHODS:
            project_id = obj.pk if isinstance(obj, Project) else project_of(obj, self.project_path)
            members.require(request.user, project_id, self.write_role)
            if getattr(obj, "deleting_at", None) and request.method != "DELETE":
                raise BeingDeleted(name=str(obj))

    def project_for(self, project: Project, role: int | None = None) -> Project:
        """The project a new row will belong to, once the person may write there."""
        members.require(self.request.user, project.pk, role or self.write_role)
        return project


class VisibleProjects(ModelSerializer[Any]):
    """A serializer whose ``project`` field offers only what the person may see."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        request = self.context.get("request")
        if "project" in fields and request is not None and not fields["project"].read_only:
            fields["project"].queryset = members.visible(request.user)
        return fields
