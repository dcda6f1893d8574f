"""Batches prepared beside the training, in processes of their own.

A thread would hold the interpreter while the training wants it, and a fork of a process that
has computed with torch may hang: so each worker is a fresh program without torch
(``python -m training.recognizer.loader``) that is told what to prepare through its standard
input and answers through its standard output. It ends when either is closed, so it does not
outlive a training that was killed; one that was killed itself is replaced, and the epoch goes
on with the batch that was missing.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Self

from training.recognizer.mix import Batch, Item, Mix, collate

_ROOT = Path(__file__).resolve().parent.parent.parent
# below this many items an epoch is over before a worker has started
_WORTH_IT = 400
_LIVES = 5  # how often workers are replaced in an epoch before the training gives up
_LONGEST = 1 << 30  # bytes; a batch is far smaller


class WorkerLost(Exception):
    """A worker ended, or its answer was cut off."""


def workers_for(items: int, *, accelerated: bool) -> int:
    """How many processes prepare epochs of so many items; 0: the training's own does it."""
    cores = os.cpu_count() or 1
    if items < _WORTH_IT or cores == 1:
        return 0
    return min(8, cores - 1) if accelerated else max(1, cores // 4)


class Loader:
    """Prepares the batches of a mix. Close it, or use it in a ``with``."""

    def __init__(self, mix: Mix, *, workers: int) -> None:
        self.mix, self.workers = mix, workers
        self._started: list[subprocess.Popen[bytes]] = []

    def batches(self, epoch: int, batch: int) -> Generator[Batch, None, None]:
        """All batches of an epoch, the same ones whatever the number of workers.

        A worker's refusal (of a picture that is gone, say) is raised here.
        """
        if not self.workers:
            yield from self.mix.batches(epoch, batch)
            return
        done, steps, lives = 0, self.mix.steps(batch), _LIVES
        try:
            while done < steps:
                try:
                    self._ask(epoch, batch, first=done)
                    while done < steps:
                        yield self._collect()
                        done += 1
                except (WorkerLost, BrokenPipeError):
                    self.close()
                    lives -= 1
                    if not lives:
                        raise
        finally:
            if done < steps:  # what is still on its way belongs to no epoch
                self.close()

    def close(self) -> None:
        """End the workers. They start again when batches are asked for."""
        for worker in self._started:
            worker.kill()
        for worker in self._started:
            worker.communicate()
        self._started = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, epoch: int, batch: int, *, first: int) -> None:
        for worker in self._running():
            assert worker.stdin is not None
            _send(worker.stdin, (epoch, batch, first))

    def _running(self) -> list[subprocess.Popen[bytes]]:
        if not self._started:
            plain = replace(self.mix, _real={}, _drawn={})
            for number in range(self.workers):
                worker = _start()
                self._started.append(worker)
                assert worker.stdin is not None
                _send(worker.stdin, (plain, number, self.workers))
        return self._started

    def _collect(self) -> Batch:
        placed: list[tuple[int, Item]] = []
        for worker in self._started:
            assert worker.stdout is not None
            answer = _receive(worker.stdout)
            if isinstance(answer, BaseException):
                raise answer
            placed += answer
        return collate([item for _, item in sorted(placed, key=_place)], self.mix.alphabet)


def _place(placed: tuple[int, Item]) -> int:
    return placed[0]


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "training.recognizer.loader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def _send(pipe: IO[bytes], message: Any) -> None:
    data = pickle.dumps(message, protocol=5)
    pipe.write(len(data).to_bytes(8, "little") + data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    """The next message of our own worker, or of our training. WorkerLost when it has ended."""
    length = int.from_bytes(_exactly(pipe, 8), "little")
    if length > _LONGEST:
        raise WorkerLost("what came is no message")
    data = _exactly(pipe, length)
    try:
        return pickle.loads(data)  # noqa: S301  # nobody else writes into this pipe
    except pickle.UnpicklingError as error:
        raise WorkerLost("what came is no message") from error


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    data = pipe.read(count)
    if len(data) != count:
        raise WorkerLost("the other end is closed")
    return data


def main() -> None:
    """A worker: what to prepare comes in, shares of batches go out, until a pipe closes."""
    import cv2

    cv2.setNumThreads(1)
    asked, answers = sys.stdin.buffer, only_ours()
    try:
        mix, number, workers = _receive(asked)
        while True:
            epoch, batch, first = _receive(asked)
            _answer(answers, mix.shares(epoch, batch, worker=number, workers=workers, first=first))
    except (WorkerLost, BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # without a last flush into a pipe that is closed


def only_ours() -> IO[bytes]:
    """Where answers go. Whatever else is printed, by a C library too, goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _answer(answers: IO[bytes], shares: Iterator[list[tuple[int, Item]]]) -> None:
    try:
        for share in shares:
            _send(answers, share)
    except BrokenPipeError:
        raise
    except Exception as error:  # handed over, raised again in the training
        _send(answers, error)


if __name__ == "__main__":
    main()
