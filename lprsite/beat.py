"""The clock of the schedule: it sends tasks by name and needs none of the apps.

``python -m celery -A lprsite.beat beat`` reads the same settings as the workers, but
loads neither Django's apps nor the tasks, and so takes a fraction of their memory.
"""

from __future__ import annotations

from celery import Celery

app = Celery("lpr", fixups=[])
app.config_from_object("lprsite.settings", namespace="CELERY")
