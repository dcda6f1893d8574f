"""Does the jobs that wait in a site without workers. ``python tests/browser/work.py`` with LPR_DATA
set; jobs that fail say so in their row, as with a worker.
"""

from __future__ import annotations

import os


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lprsite.settings")
    import django

    django.setup()
    from annotations import tasks
    from lprsite.jobs.engine import TASKS, execute
    from lprsite.jobs.models import Job, State
    from training.tasks import suggest

    assert {tasks.run_import.name, suggest.name} <= set(TASKS)
    queues = ("media", "suggest", "default")
    jobs = Job.objects.filter(state=State.QUEUED, queue__in=queues).order_by("id")
    while waiting := jobs.first():
        if job := Job.objects.claim(waiting.pk):
            execute(TASKS[job.task], job)


if __name__ == "__main__":
    main()
