"""How long the curves of a run with 100,000 points take: ``python benchmarks/run_page.py``.

A scratch data folder (``LPR_DATA``, refused if it holds a database) gets one run of 10,000
epochs with ten figures each; the answer that its page draws is asked for through the server's
own code, without the network.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EPOCHS, NAMES, TRIES = 10_000, 10, 7


def main() -> None:
    """Make the run, ask for its curves several times, and say the median."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(LPR_DATA=folder, DJANGO_SETTINGS_MODULE="lprsite.settings")
        sys.path.insert(0, str(ROOT))
        import django

        django.setup()
        measure()


def measure() -> None:
    """In a database of its own."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    from annotations import projects
    from annotations.models import DatasetVersion
    from training.models import Metric, TrainingRun

    call_command("migrate", verbosity=0)
    user = User.objects.create_superuser("a")
    project = projects.create("Points", by=user)
    version = DatasetVersion.objects.create(
        project=project, kind="recognizer", number=1, manifest_hash="a" * 64
    )
    run = TrainingRun.objects.create(project=project, kind="recognizer", dataset=version)
    Metric.objects.bulk_create(
        (
            Metric(run=run, step=step, name=f"loss_{name}", value=1 / step)
            for step in range(1, EPOCHS + 1)
            for name in range(NAMES)
        ),
        batch_size=2000,
    )
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    taken, size = [], 0
    for _ in range(TRIES):
        begun = time.perf_counter()
        answer = client.get(f"/api/v1/training-runs/{run.pk}/metrics/")
        taken.append(time.perf_counter() - begun)
        assert answer.status_code == 200
        size = len(answer.content)
    sys.stdout.write(
        f"{EPOCHS * NAMES} points: median {statistics.median(taken):.2f} s, "
        f"{size / 1e6:.1f} MB, of {TRIES}\n"
    )


if __name__ == "__main__":
    main()
