"""Who may do what: deny, then allow by membership."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from annotations.errors import NotAllowed
from annotations.models import Membership, Project, Role


def visible(user: Any) -> QuerySet[Project]:
    """The projects this person may see at all."""
    if not user.is_authenticated:
        return Project.objects.none()
    projects = Project.objects.filter(deleting_at=None)
    return projects if user.is_superuser else projects.filter(memberships__user=user)


def may_see(user: Any, project_id: int, role: int = Role.VIEWER) -> bool:
    """Whether the person has at least ``role`` in the project."""
    if not user.is_authenticated:
        return False
    if user.is_superuser:
        return Project.objects.filter(pk=project_id, deleting_at=None).exists()
    known = Membership.objects.filter(user=user, project_id=project_id, role__gte=role)
    return known.filter(project__deleting_at=None).exists()


def require(user: Any, project_id: int, role: int) -> None:
    """Raises NotAllowed unless the person has at least ``role`` in the project."""
    if not may_see(user, project_id, role):
        raise NotAllowed(role=Role(role).label)


def join(project: Project, user: User, role: Role) -> Membership:
    """Make the person a member, or give the member another role."""
    membership, _ = Membership.objects.update_or_create(
        project=project, user=user, defaults={"role": role}
    )
    return membership
