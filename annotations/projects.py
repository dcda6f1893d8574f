"""Make a project with what it needs from the first minute."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q

from annotations import members, plate_formats
from annotations.errors import ProjectUnclear, ProjectUnknown
from annotations.models import Box, Label, PlateFormat, Project, Role

LABELS = ("car", "plate")


@transaction.atomic
def create(
    name: str,
    *,
    by: User | None = None,
    time_zone: str = "UTC",
    countries: Iterable[str] = ("EC",),
) -> Project:
    """A project with the labels car and plate and the plate formats of ``countries``."""
    project = Project(name=name, time_zone=time_zone)
    project.full_clean()
    project.save()
    Label.objects.bulk_create(
        Label(project=project, name=label, position=i) for i, label in enumerate(LABELS)
    )
    wanted = set(countries)
    PlateFormat.objects.bulk_create(
        PlateFormat(
            project=project,
            country=shipped.country,
            name=shipped.name,
            pattern=shipped.pattern,
            display=shipped.display,
            examples=list(shipped.examples),
        )
        for shipped in plate_formats.SHIPPED
        if shipped.country in wanted
    )
    if by is not None:
        members.join(project, by, Role.MANAGER)
    return project


def named_or_only(name: str | None) -> Project:
    """The project a command means: the named one, the only one, or a first one made now.

    Raises:
        ProjectUnknown: nothing has that name.
        ProjectUnclear: no name given and several projects exist.
    """
    projects = Project.objects.order_by("id")
    if name:
        found = projects.filter(name=name).first()
        if found is None and name.isdecimal():
            found = projects.filter(pk=int(name)).first()
        if found is None:
            raise ProjectUnknown(name=name)
        return found
    if projects.count() > 1:
        raise ProjectUnclear(names=", ".join(projects.values_list("name", flat=True)[:10]))
    return projects.first() or create("First project")


def counts(project: Project) -> dict[str, int]:
    """What is there and what is left up to the dataset version; each a grouped query."""
    frames = dict(project.frames.order_by().values_list("status").annotate(n=Count("*")))
    crops = project.crops.filter(withdrawn=False).aggregate(
        all=Count("id"),
        waiting=Count("id", filter=Q(waiting=True)),
        read=Count("id", filter=Q(current__isnull=False)),
    )
    return {
        "videos": project.videos.count(),
        "frames": sum(frames.values()),
        "frames_open": frames.get("open", 0),
        # By label: a label belongs to one project, and its boxes need no join with their frames.
        "boxes": Box.objects.present().filter(label__project=project).count(),
        "crops": crops["all"],
        "transcribed": crops["read"],
        "waiting": crops["waiting"],
        "datasets": project.datasets.count(),
    }
