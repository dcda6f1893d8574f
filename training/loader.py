"""Batches prepared beside a training, in processes of their own, for either network.

A thread would hold the interpreter while the training wants it, and a fork of a process that
has computed with torch may hang: so each worker is a fresh program without torch
(``python -m training.loader``) that is told what to prepare through its standard input and
answers through its standard output. It ends when either is closed, so it does not outlive a
training that was killed; one that was killed itself is replaced, and the epoch goes on with the
batch that was missing.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any, Generic, Protocol, Self, TypeVar

_ROOT = Path(__file__).resolve().parent.parent
_AHEAD = 6
_LIVES = 5  # how often workers are replaced in an epoch before the training gives up
_LONGEST = 1 << 30  # bytes; a batch is far smaller


T = TypeVar("T")
ItemT = TypeVar("ItemT")
BatchT = TypeVar("BatchT", covariant=True)


class WorkerLost(Exception):
    """A worker ended, or its answer was cut off."""


class Source(Protocol[ItemT, BatchT]):
    """What epochs are made of. It is pickled, and its module imports no torch."""

    def steps(self, batch: int) -> int:
        """Batches in an epoch, the last short one included."""

    def shares(
        self, epoch: int, batch: int, *, worker: int = 0, workers: int = 1, first: int = 0
    ) -> Iterator[list[tuple[int, ItemT]]]:
        """Of each batch from the ``first`` the items, with their places, this worker prepares."""

    def collated(self, items: list[ItemT]) -> BatchT:
        """The items of one batch, in order, as one."""

    def bare(self) -> Self:
        """The same without what was kept in memory."""


class Loader(Generic[ItemT, BatchT]):
    """Prepares the batches of a source. Close it, or use it in a ``with``."""

    def __init__(self, source: Source[ItemT, BatchT], *, workers: int) -> None:
        self.source, self.workers = source, workers
        self._started: list[subprocess.Popen[bytes]] = []

    def batches(self, epoch: int, batch: int) -> Generator[BatchT, None, None]:
        """All batches of an epoch, the same ones whatever the number of workers.

        Without workers this process prepares them. A worker's refusal (of a picture that is
        gone, say) is raised here.
        """
        if not self.workers:
            for share in self.source.shares(epoch, batch):
                yield self.source.collated([item for _, item in share])
            return
        done, steps, lives = 0, self.source.steps(batch), _LIVES
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
            plain = self.source.bare()
            for number in range(self.workers):
                worker = _start()
                self._started.append(worker)
                assert worker.stdin is not None
                _send(worker.stdin, (plain, number, self.workers))
        return self._started

    def _collect(self) -> BatchT:
        placed: list[tuple[int, ItemT]] = []
        for worker in self._started:
            assert worker.stdout is not None
            answer = _receive(worker.stdout)
            if isinstance(answer, BaseException):
                raise answer
            placed += answer
        return self.source.collated([item for _, item in sorted(placed, key=_place)])


def prefetch(items: Iterator[T], ahead: int = _AHEAD) -> Generator[T, None, None]:
    """The same items, made up to ``ahead`` of them early in a thread.

    Their errors come out here; leaving early ends the thread.
    """
    ready: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(ahead)
    stopped = threading.Event()

    def put(item: T | None, error: BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ready.put((item, error), timeout=0.1)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put(item, None)
                if stopped.is_set():
                    return
            put(None, None)
        except BaseException as error:  # handed over, raised again in the consumer
            put(None, error)
        finally:
            if isinstance(items, Generator):
                items.close()

    thread = threading.Thread(target=work, name="loader", daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        stopped.set()
        thread.join()


def _place(placed: tuple[int, Any]) -> int:
    return placed[0]


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "training.loader"],
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
        source, number, workers = _receive(asked)
        while True:
            epoch, batch, first = _receive(asked)
            shares = source.shares(epoch, batch, worker=number, workers=workers, first=first)
            _answer(answers, shares)
    except (WorkerLost, BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # without a last flush into a pipe that is closed


def only_ours() -> IO[bytes]:
    """Where answers go. Whatever else is printed, by a C library too, goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _answer(answers: IO[bytes], shares: Iterator[list[tuple[int, Any]]]) -> None:
    try:
        for share in shares:
            _send(answers, share)
    except BrokenPipeError:
        raise
    except Exception as error:  # handed over, raised again in the training
        _send(answers, error)


if __name__ == "__main__":
    main()
