"""A program that stays: it answers one line of JSON with another, from job to job.

For work that is short beside what it costs to start, such as loading a network. The program
reads from a pipe whose writing end is ours alone: when we die, however we die, the pipe closes
and the program ends. It ends as well when nobody asks for a while.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from lprsite.jobs import supervise

PATIENCE_SECONDS = 180.0  # for one answer, the program's start included
LOOK_SECONDS = 0.5


class Resident:
    """``python -m MODULE``, started when it is first asked and again when it has ended."""

    def __init__(self, module: str) -> None:
        self.module = module
        self._child: subprocess.Popen[str] | None = None
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._tail: deque[str] = deque(maxlen=200)
        self._readers: list[threading.Thread] = []

    def ask(self, request: dict[str, Any], check: Callable[[], None]) -> dict[str, Any]:
        """The answer to a request; ``check`` is called while it takes long, and may raise.

        Raises:
            ChildRefused: the program refused with a sentence.
            ChildFailed: it ended, or it was silent for too long.
        """
        said = None
        if self._child is not None and self._child.poll() is None:
            with contextlib.suppress(supervise.ChildFailed):
                said = self._exchange(request, check)
        if said is None:  # none was there, or it ended just now; what it died of may not return
            self._start()
            said = self._exchange(request, check)
        if said is None:
            raise self._failed()
        if refusal := said.get("refused"):
            raise supervise.ChildRefused(**refusal)
        return said

    def end(self) -> None:
        """End the program, if it runs."""
        child, self._child = self._child, None
        if child is None:
            return
        supervise.stop(child, grace=0)
        for reader in self._readers:
            reader.join(timeout=2)
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()

    def _start(self) -> None:
        self.end()
        self._answers, self._tail = queue.SimpleQueue(), deque(maxlen=200)
        self._child = subprocess.Popen(
            [sys.executable, "-u", "-m", self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # A network this small gains nothing from an accelerator that a training needs.
            env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ, "CUDA_VISIBLE_DEVICES": ""},
            start_new_session=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        assert self._child.stdout is not None and self._child.stderr is not None
        self._readers = [
            self._listen(self._child.stdout, self._answers.put),
            self._listen(self._child.stderr, self._tail.append),
        ]

    def _listen(self, pipe: IO[str], hear: Callable[[str], None]) -> threading.Thread:
        def read() -> None:
            with pipe:
                for line in pipe:
                    hear(line)
            hear("")

        thread = threading.Thread(target=read, name=f"listening to {self.module}", daemon=True)
        thread.start()
        return thread

    def _exchange(
        self, request: dict[str, Any], check: Callable[[], None]
    ) -> dict[str, Any] | None:
        """The answer; None when the program ended by itself and in order."""
        assert self._child is not None and self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(request) + "\n")
            self._child.stdin.flush()
            line = self._next_line(check)
        except BrokenPipeError:
            line = ""
        except BaseException:
            self.end()  # its answer would come to somebody else
            raise
        if line:
            return dict(json.loads(line))
        if self._child.wait(timeout=5) != 0:
            raise self._failed()
        return None

    def _next_line(self, check: Callable[[], None]) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                return self._answers.get(timeout=LOOK_SECONDS)
            check()
        raise supervise.ChildFailed(code="–", words=f"no answer in {PATIENCE_SECONDS:.0f} seconds")

    def _failed(self) -> supervise.ChildFailed:
        assert self._child is not None
        code = self._child.returncode
        self.end()
        words = " ".join("".join(list(self._tail)[-3:]).split())[-400:] or "none"
        return supervise.ChildFailed(code=code, words=words)
