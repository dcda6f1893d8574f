"""The Celery app. It carries job ids; ``lprsite.jobs`` holds the truth."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lprsite.settings")

app = Celery("lpr")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
