"""Programs that the tests of supervised jobs start; what they do is in LPR_TEST_DOES.

``python -m tests.lprsite.job_programs JOB ATTEMPT`` is the child of a job;
``python -m tests.lprsite.job_programs run JOB`` is a worker that runs the job.
A program that waits writes to the named pipe LPR_TEST_PIPE and keeps it open, so that its
reader sees the end of the pipe when the last of them is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def wait_for_ever(line: str) -> None:
    with Path(os.environ["LPR_TEST_PIPE"]).open("w") as pipe:
        pipe.write(line + "\n")
        pipe.flush()
        signal.pause()


def child(job_id: int, attempt: int) -> int:
    does = os.environ["LPR_TEST_DOES"]
    say(f"child does {does}")
    if does == "crash":
        say("the oven is cold")
        return 7
    if does == "refuse":
        return 3
    if does == "grandchild":
        wait_for_ever("grandchild")
    if does in ("wait", "report"):
        import django

        django.setup()
        from lprsite.jobs import engine, supervise

        supervise.die_with_parent()
        if does == "wait":
            other = {**os.environ, "LPR_TEST_DOES": "grandchild"}
            subprocess.Popen([sys.executable, *sys.orig_argv[1:]], env=other)
            wait_for_ever("child")
        running = engine.attach(job_id, attempt)
        running.progress(2, 5, "loaves", "baking")
        running.job.mine().update(error="The oven is cold. Heat it.", error_code="OvenCold")
        return 3
    return 0


def worker(job_id: int) -> int:
    import django

    django.setup()
    from lprsite.jobs import engine, supervise
    from lprsite.jobs.models import Job

    task = engine.Task("bake", "gpu", lambda r: supervise.run(r, __spec__.name), 3)
    job = Job.objects.claim(job_id)
    assert job is not None
    engine.execute(task, job)
    return 0


if __name__ == "__main__":
    first, second = sys.argv[1:]
    sys.exit(worker(int(second)) if first == "run" else child(int(first), int(second)))
