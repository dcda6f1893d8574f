"""``python -m tests.training.reading_program RUN WHOLE [KILL]``, which a test starts.

It reads the run's video with the eyes of the tests, and prints whether it then says the same as
the run WHOLE, and at how many pictures it looked. With KILL it kills itself (SIGKILL) when it is
to look at that picture, while others are being read.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import django


def main(number: int, whole: int, kill: int | None) -> None:
    django.setup()
    from lprsite.jobs.engine import Running
    from lprsite.jobs.models import Job
    from tests.training import test_reading
    from training import reading
    from training.models import InferenceRun

    class Eyes(test_reading.Eyes):
        def detect(self, frames: Any, **told: Any) -> Any:
            if kill is not None and self.looked + len(frames) >= kill:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().detect(frames, **told)

    reading.CHUNK_SECONDS = 1.0
    run, eyes = InferenceRun.objects.get(pk=number), Eyes()
    test_reading.read_all(run, Running(Job.objects.get()), eyes)
    same = test_reading.told(run) == test_reading.told(InferenceRun.objects.get(pk=whole))
    sys.stdout.write(f"{'same' if same else 'other'} {eyes.looked}")


if __name__ == "__main__":
    run, whole, *kill = map(int, sys.argv[1:])
    main(run, whole, kill[0] if kill else None)
