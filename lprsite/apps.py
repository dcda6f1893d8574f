"""The site itself, an app so that its commands are found."""

from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "lprsite"

    def ready(self) -> None:
        from lprsite import celery  # noqa: F401  (shared tasks need the Celery app to exist)
