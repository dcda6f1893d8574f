"""What belongs to a person, in every project."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Keymap(models.Model):
    """The keys that a person gave to commands in place of the usual ones."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="keymap"
    )
    keys = models.JSONField(default=dict)  # command -> key

    def __str__(self) -> str:
        return f"keys of {self.user_id}"
