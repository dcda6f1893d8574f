"""Batches prepared beside a training, in processes of their own, for either network.

A thread would hold the interpreter while the training wants it, and a fork of a process that
has computed with torch may hang: so each worker is a fresh program without torch
(``python -m training.loader``) that is told what to prepare through its standard input and
answers through its standard output. It ends when either is closed, so it does not outlive a
training that was killed; one that was killed itself is replaced, and the epoch goes on with the
batch that was missing.

Pictures do not go through the pipes, which carry half a gigabyte a second on some machines:
a worker leaves arrays in one of two files of its own, mapped into the memory of both, and goes
on when the training says that it has taken what was in the one it needs.
"""

from __future__ import annotations

import mmap
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Generic, Protocol, Self, TypeVar

from training.errors import HelpersEnded

_ROOT = Path(__file__).resolve().parent.parent
_AHEAD = 6
_LIVES = 5  # how often workers are replaced in an epoch before the training gives up
_LONGEST = 1 << 30  # bytes; a batch is far smaller
_SHELVES = 2  # files a worker leaves arrays in, in turns
_TAKEN = b"."


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
        """The items of one batch, in order, as one. Arrays are copied: theirs change soon."""

    def bare(self) -> Self:
        """The same without what was kept in memory."""


class Loader(Generic[ItemT, BatchT]):
    """Prepares the batches of a source. Close it, or use it in a ``with``."""

    def __init__(self, source: Source[ItemT, BatchT], *, workers: int) -> None:
        self.source, self.workers = source, workers
        self._started: list[Worker] = []

    def batches(self, epoch: int, batch: int) -> Generator[BatchT, None, None]:
        """All batches of an epoch, the same ones whatever the number of workers.

        Without workers this process prepares them. A worker's refusal (of a picture that is
        gone, say) is raised here; HelpersEnded where they are ended again and again.
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
                except (WorkerLost, BrokenPipeError) as error:
                    self.close()
                    lives -= 1
                    if not lives:
                        raise HelpersEnded(times=_LIVES) from error
        finally:
            if done < steps:  # what is still on its way belongs to no epoch
                self.close()

    def close(self) -> None:
        """End the workers. They start again when batches are asked for."""
        for worker in self._started:
            worker.process.kill()
        for worker in self._started:
            worker.process.communicate()
            worker.shelves.close()
        self._started = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, epoch: int, batch: int, *, first: int) -> None:
        for worker in self._running():
            _send(worker.asked, (epoch, batch, first))

    def _running(self) -> list[Worker]:
        if not self._started:
            plain = pickle.dumps(self.source.bare(), protocol=5)
            self._started = [Worker() for _ in range(self.workers)]
            for number, worker in enumerate(self._started):
                _send(worker.asked, (plain, number, self.workers))
        return self._started

    def _collect(self) -> BatchT:
        placed: list[tuple[int, ItemT]] = []
        for worker in self._started:
            answer = worker.shelves.receive(worker.answers)
            if isinstance(answer, BaseException):
                raise answer
            placed += answer
        made = self.source.collated([item for _, item in sorted(placed, key=_place)])
        for worker in self._started:
            worker.asked.write(_TAKEN)
            worker.asked.flush()
        return made


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


class Worker:
    """A process that prepares shares, its pipes and its shelves."""

    def __init__(self) -> None:
        self.shelves = Shelves([_memory() for _ in range(_SHELVES)])
        numbers = self.shelves.numbers
        found = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "training.loader", *map(str, numbers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": found},
            pass_fds=numbers,
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.asked, self.answers = self.process.stdin, self.process.stdout


def _memory() -> IO[bytes]:
    """A file that is only in memory, where the system has such."""
    try:
        return os.fdopen(os.memfd_create("shelf"), "r+b")
    except (AttributeError, OSError):  # not in every Python, and some systems forbid it
        return tempfile.TemporaryFile()


class Shelves:
    """Files that hold the arrays of messages, in turns; who else has them open sees the same."""

    def __init__(self, files: Sequence[IO[bytes]]) -> None:
        self._files = deque(files)
        self._maps: dict[int, mmap.mmap] = {}

    @property
    def numbers(self) -> list[int]:
        """The files' descriptors, in turn."""
        return [file.fileno() for file in self._files]

    def send(self, pipe: IO[bytes], message: Any) -> None:
        """A message with its arrays on the next shelf."""
        arrays: list[pickle.PickleBuffer] = []
        plain = pickle.dumps(message, protocol=5, buffer_callback=arrays.append)
        raw = [array.raw() for array in arrays]
        shelf, at = self._next(sum(each.nbytes for each in raw)), 0
        for each in raw:
            shelf[at : at + each.nbytes] = each
            at += each.nbytes
        _send(pipe, (plain, [each.nbytes for each in raw]))

    def receive(self, pipe: IO[bytes]) -> Any:
        """The next message; its arrays change when the shelf is used again."""
        plain, sizes = _receive(pipe)
        view, at, arrays = memoryview(self._next(sum(sizes))), 0, []
        for size in sizes:
            arrays.append(view[at : at + size])
            at += size
        return pickle.loads(plain, buffers=arrays)  # noqa: S301  # from our own worker

    def close(self) -> None:
        """Give the files up. What still looks at an array keeps its memory."""
        self._maps.clear()
        for file in self._files:
            file.close()

    def _next(self, size: int) -> mmap.mmap:
        """The shelf whose turn it is, at least ``size`` bytes long."""
        file = self._files[0]
        self._files.rotate(-1)
        number = file.fileno()
        shelf = self._maps.get(number)
        if shelf is None or len(shelf) < size:
            if os.fstat(number).st_size < max(1, size):
                os.ftruncate(number, max(1, size))
            shelf = self._maps[number] = mmap.mmap(number, 0)
        return shelf


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
        shelves = Shelves([os.fdopen(int(number), "r+b") for number in sys.argv[1:]])
        plain, number, workers = _receive(asked)
        source = pickle.loads(plain)  # noqa: S301  # from our own training
        while True:
            epoch, batch, first = _receive(asked)
            shares = source.shares(epoch, batch, worker=number, workers=workers, first=first)
            _answer(answers, shelves, shares, asked)
    except (WorkerLost, BrokenPipeError, KeyboardInterrupt):
        os._exit(0)  # without a last flush into a pipe that is closed


def only_ours() -> IO[bytes]:
    """Where answers go. Whatever else is printed, by a C library too, goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _answer(
    answers: IO[bytes],
    shelves: Shelves,
    shares: Iterator[list[tuple[int, Any]]],
    asked: IO[bytes],
) -> None:
    """Send every share, never more than there are shelves before the training has taken one."""
    full = 0
    try:
        for share in shares:
            if full == _SHELVES:
                _exactly(asked, len(_TAKEN))
                full -= 1
            shelves.send(answers, share)
            full += 1
    except (BrokenPipeError, WorkerLost):
        raise
    except Exception as error:  # handed over, raised again in the training
        shelves.send(answers, _portable(error))
        full += 1
    _exactly(asked, full * len(_TAKEN))


def _portable(error: Exception) -> Exception:
    """The error, or what it says where it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  # what was just written
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


if __name__ == "__main__":
    main()
