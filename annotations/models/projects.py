"""A project, who may do what in it, and what plates look like there."""

from __future__ import annotations

import zoneinfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from annotations import plate_formats
from lprsite.texts import both

LONGEST_OFF = 3.2e9  # seconds, a century: recorders that lost power begin in 1970 or 2000


def check_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            both(
                "“%(name)s” is no time zone; write one such as America/Guayaquil.",
                "«%(name)s» no es una zona horaria; escriba una como America/Guayaquil.",
            ),
            params={"name": name},
        )


def check_alphabet(alphabet: str) -> None:
    if not alphabet or len(set(alphabet)) != len(alphabet) or "?" in alphabet:
        raise ValidationError(
            both(
                "An alphabet names each character once, and never “?”.",
                "Un alfabeto nombra cada carácter una vez, y nunca «?».",
            )
        )


def check_areas(areas: object) -> None:
    """Areas are lists of at least three corners (x, y), each in 0..1 of the picture."""
    right = isinstance(areas, list) and len(areas) <= 100
    for corners in areas if right and isinstance(areas, list) else []:
        right = right and isinstance(corners, list) and 3 <= len(corners) <= 200
        right = right and all(
            isinstance(corner, list)
            and len(corner) == 2
            and all(isinstance(n, int | float) and 0 <= n <= 1 for n in corner)
            for corner in corners
        )
    if not right:
        raise ValidationError(
            both(
                "An area is a list of three or more corners [x, y] within 0 to 1.",
                "Un área es una lista de tres o más esquinas [x, y] entre 0 y 1.",
            )
        )


class Project(models.Model):
    name = models.CharField(max_length=120, unique=True)
    time_zone = models.CharField(max_length=60, default="UTC", validators=[check_time_zone])
    alphabet = models.CharField(
        max_length=100, default=plate_formats.DEFAULT_ALPHABET, validators=[check_alphabet]
    )
    selection_defaults = models.JSONField(default=dict, blank=True)
    second_reading_share = models.FloatField(default=0.05)
    retention_days = models.PositiveIntegerField(null=True, blank=True)  # of reads, recordings
    class_map = models.JSONField(default=dict, blank=True)  # remembered from the last import
    created_at = models.DateTimeField(auto_now_add=True)
    deleting_at = models.DateTimeField(null=True, blank=True)  # a job is taking it away

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="project_share_in_0_1",
                condition=Q(second_reading_share__gte=0, second_reading_share__lte=1),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def countries(self) -> set[str]:
        return set(self.plate_formats.values_list("country", flat=True))


class Role(models.IntegerChoices):
    VIEWER = 1, "viewer"
    ANNOTATOR = 2, "annotator"
    REVIEWER = 3, "reviewer"
    MANAGER = 4, "manager"


class Membership(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.ANNOTATOR)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_each")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.project}"


class Camera(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="cameras")
    name = models.CharField(max_length=120)
    ignore_mask = models.JSONField(default=list, blank=True)  # polygons in 0..1 of the picture
    clock_offset = models.FloatField(  # seconds to add to the recorder's clock
        default=0.0,
        validators=[MinValueValidator(-LONGEST_OFF), MaxValueValidator(LONGEST_OFF)],
    )
    # Over the net: its address may hold a password, so people see only its kind and host.
    sealed_address = models.TextField(default="", blank=True, editable=False)
    source_kind = models.CharField(max_length=4, default="", blank=True, editable=False)
    source_host = models.CharField(max_length=255, default="", blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="camera_names_differ")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        check_areas(self.ignore_mask)

    def areas(self) -> list[list[list[float]]]:
        """The ignored areas, corners (x, y) in 0..1 of the picture."""
        return [[[float(x), float(y)] for x, y in corners] for corners in self.ignore_mask]


class Label(models.Model):
    """The class of a box: ``car``, ``plate``, more."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="label_names_differ")
        ]

    def __str__(self) -> str:
        return self.name


class PlateFormat(models.Model):
    """A pattern of ``annotations.plate_formats`` that this project expects."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="plate_formats")
    country = models.CharField(max_length=2, blank=True)
    name = models.CharField(max_length=60)
    pattern = models.CharField(max_length=200)
    display = models.CharField(max_length=40, blank=True)
    examples = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="format_names_differ")
        ]

    def __str__(self) -> str:
        return self.name
