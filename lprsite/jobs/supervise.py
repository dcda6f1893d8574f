"""Run a job's work in a program of its own, and end that program with us.

The supervising task imports no torch. The child starts in its own process group and holds
the reading end of a pipe whose writing end is ours alone: when we die, however we die, the
pipe closes and the child ends its whole group.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from lprsite.errors import Refused
from lprsite.jobs.engine import Cancelled, Lost, Running
from lprsite.jobs.models import Job

PIPE = "LPR_PARENT_PIPE"
PLACE = "LPR_DEVICE"  # tells the child the device that is its own
GRACE_SECONDS = 20.0
LOG_SECONDS = 3.0  # between two looks of the pages at the child's last words
REFUSED = 3  # exit code of a child that wrote its refusal into the job's row


class ChildFailed(Refused):
    en = "The program doing this ended with code {code}. Its last words: {words}"
    es = "El programa que hacía esto terminó con el código {code}. Sus últimas palabras: {words}"


class ChildKilled(Refused):
    en = (
        "The system ended the program doing this, most likely because memory ran out. Choose "
        "less at a time, close other programs, and start again."
    )
    es = (
        "El sistema terminó el programa que hacía esto, casi seguro por falta de memoria. Elija "
        "menos a la vez, cierre otros programas y empiece de nuevo."
    )


class ChildRefused(Refused):
    en = "{why}"
    es = "{why_es}"

    @property
    def code(self) -> str:
        return str(self.facts["code"])


def run(running: Running, module: str) -> dict[str, Any]:
    """Run ``python -m MODULE JOB ATTEMPT`` until it ends, is cancelled or loses its lease.

    Returns what the child wrote into the job's ``result``.

    Raises:
        Cancelled, Lost: the child was stopped for that reason.
        ChildRefused: the child refused the work with a sentence.
        ChildFailed: the child ended with another code.
    """
    job = running.job
    read_end, write_end = os.pipe()
    tail: deque[str] = deque(maxlen=200)
    child = subprocess.Popen(
        [sys.executable, "-u", "-m", module, str(job.pk), str(job.attempt)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # Threads that wait must not burn the cores that labelling needs.
        env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ, PIPE: str(read_end), PLACE: running.place},
        pass_fds=[read_end],
        start_new_session=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    os.close(read_end)
    reader = threading.Thread(target=_collect, args=(child, tail), daemon=True)
    reader.start()
    told, last = "", time.monotonic()
    try:
        while child.poll() is None:
            running.check()
            running.relay()
            if (said := _said(tail)) != told and time.monotonic() - last >= LOG_SECONDS:
                told, last = said, time.monotonic()
                job.mine().update(log=said)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=0.5)
    except (Cancelled, Lost):
        stop(child)
        raise
    finally:
        stop(child, grace=0)
        os.close(write_end)
        reader.join(timeout=2)
        job.mine().update(log=_said(tail))
        # What the child wrote last is how far the work came, however it ended.
        job.refresh_from_db(
            fields=["result", "error", "error_es", "error_code", "done", "total", "unit", "message"]
        )
    _judge(job, child.returncode, tail)
    return dict(job.result)


def _said(tail: deque[str]) -> str:
    """The last words of the child, as the job's log keeps them."""
    return "".join(tail)[-20_000:]


def _judge(job: Job, code: int, tail: deque[str]) -> None:
    if code == REFUSED:
        raise ChildRefused(why=job.error, why_es=job.error_es, code=job.error_code)
    if code == -signal.SIGKILL:
        raise ChildKilled()
    if code != 0:
        words = " ".join("".join(list(tail)[-3:]).split())[-400:] or "none"
        raise ChildFailed(code=code, words=words)


def _collect(child: subprocess.Popen[str], tail: deque[str]) -> None:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            tail.append(line)


def stop(child: subprocess.Popen[str], grace: float = GRACE_SECONDS) -> None:
    """End the child's group: politely first, then for good."""
    if child.poll() is None and grace:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=grace)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def die_with_parent() -> None:
    """In the child: end this process group as soon as the parent is gone."""
    given = os.environ.pop(PIPE, "")
    if not given:
        return
    handle = int(given)

    def watch() -> None:
        while os.read(handle, 1):
            pass
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
