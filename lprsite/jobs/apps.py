from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "lprsite.jobs"
    label = "jobs"
    verbose_name = "Jobs"
