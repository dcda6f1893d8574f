"""Batches prepared by other processes: the same ones, errors included, and nothing left over."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.sources import Odd, Slow
from training import loader as loading
from training.errors import HelpersEnded
from training.loader import Loader, prefetch
from training.recognizer.alphabet import DEFAULT
from training.recognizer.mix import Mix, read


def test_workers_prepare_what_the_training_would_itself(make_samples):
    samples = tuple(make_samples())
    mix = Mix(samples, DEFAULT, synthetic=3)
    with Loader(mix, workers=2) as loader:
        for epoch in (1, 2):
            ours, theirs = (
                list(Loader(mix, workers=0).batches(epoch, 4)),
                list(loader.batches(epoch, 4)),
            )
            assert [b.targets for b in theirs] == [b.targets for b in ours]
            for a, b in zip(ours, theirs, strict=True):
                assert np.array_equal(a.crops, b.crops)


def test_left_early_the_workers_end_and_start_again_when_asked(make_samples):
    mix = Mix(tuple(make_samples()), DEFAULT)
    with Loader(mix, workers=1) as loader:
        batches = loader.batches(1, 2)
        next(batches)
        (worker,) = loader._started
        batches.close()
        assert worker.process.poll() is not None
        assert len(list(loader.batches(1, 2))) == 4


def test_a_workers_refusal_is_raised_in_the_training(make_samples):
    samples = make_samples()
    samples[3].picture.unlink()
    with (
        Loader(Mix(tuple(samples), DEFAULT), workers=1) as loader,
        pytest.raises(Exception) as told,
    ):
        list(loader.batches(1, 8))
    with pytest.raises(type(told.value)):
        read(samples[3].picture)
    assert not isinstance(told.value, loading.WorkerLost)


def test_a_killed_worker_is_replaced_and_the_epoch_goes_on(make_samples):
    mix = Mix(tuple(make_samples()), DEFAULT)
    with Loader(mix, workers=2) as loader:
        batches = loader.batches(1, 2)
        shown = [next(batches)]
        loader._started[1].process.kill()
        loader._started[1].process.wait()
        shown += batches
        assert [b.targets for b in shown] == [
            b.targets for b in Loader(mix, workers=0).batches(1, 2)
        ]
        assert len(loader._started) == 2


def test_workers_that_always_end_stop_the_training_with_a_sentence(make_samples, monkeypatch):
    ended = [sys.executable, "-c", "pass"]
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda _, **given: start(ended, **given))
    with (
        Loader(Mix(tuple(make_samples()), DEFAULT), workers=1) as loader,
        pytest.raises(HelpersEnded, match="want of memory"),
    ):
        next(loader.batches(1, 2))


def test_a_shelf_is_used_again_only_when_its_arrays_were_copied():
    source = Slow(20)
    with Loader(source, workers=2) as loader:
        assert list(loader.batches(1, 2)) == list(Loader(source, workers=0).batches(1, 2))


def test_an_error_that_cannot_be_pickled_is_told_all_the_same():
    with (
        Loader(Odd(4), workers=1) as loader,
        pytest.raises(RuntimeError, match="Awkward: of 3 parts"),
    ):
        list(loader.batches(1, 2))


def test_relative_pictures_are_found_from_anywhere(make_samples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    samples = tuple(replace(s, picture=Path(s.picture.name)) for s in make_samples())
    with Loader(Mix(samples, DEFAULT), workers=1) as loader:
        assert len(list(loader.batches(1, 4))) == 2


def test_where_no_file_can_be_in_memory_alone_it_is_on_a_disk(monkeypatch):
    def forbidden(_: str) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "memfd_create", forbidden, raising=False)
    with loading._memory() as file:
        file.write(b"here")


def test_a_worker_ends_with_its_training(make_samples):
    worker = loading.Worker()
    worker.asked.close()
    assert worker.process.wait(timeout=30) == 0
    worker.answers.close()
    worker.shelves.close()


def test_workers_come_without_torch():
    code = (
        "import sys, training.loader, training.detector.data, training.recognizer.mix; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_stray_print_does_not_fall_among_the_answers():
    code = (
        "import os; from training import loader; out = loader.only_ours(); "
        "os.write(1, b'of C, '); print('of Python', flush=True); out.write(b'answer'); out.flush()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"answer", b"of C, of Python\n")


def test_what_is_no_message_counts_as_a_lost_worker():
    wrong = (5).to_bytes(8, "little") + b"\xffAB12"
    with pytest.raises(loading.WorkerLost):
        loading._receive(io.BytesIO(wrong))


def test_prefetch_keeps_order_and_ends():
    assert list(prefetch(iter(range(50)), 2)) == list(range(50))


def test_prefetch_hands_errors_over():
    def broken():
        yield 1
        raise OSError("disk")

    items = prefetch(broken())
    assert next(items) == 1
    with pytest.raises(OSError, match="disk"):
        next(items)


def test_prefetch_left_early_leaves_no_thread():
    before = threading.active_count()
    items = prefetch(iter(range(10**6)), 2)
    next(items)
    items.close()
    assert threading.active_count() == before
