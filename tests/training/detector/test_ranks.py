"""One training on two processes, as torchrun starts them."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from training import checkpoints, ranks
from training.detector.fit import fit, history

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import os, pickle, sys
from pathlib import Path
import torch
from training.detector.fit import fit
torch.set_num_threads(1)
folder = Path(sys.argv[1])
config, samples = pickle.loads((folder / "given").read_bytes())
told = list(fit(config, samples, samples[:3], folder / "both"))
(folder / f"told{os.environ['RANK']}").write_text(str(len(told)))


class Enough(Exception):
    pass


left = []
ends = {"decoding": 1, "training": len(samples) + 3 + 2}
for (name, last), port in zip(ends.items(), sys.argv[2:], strict=True):
    os.environ["MASTER_PORT"] = port
    calls = []

    def leave(done, total):
        calls.append(done)
        if len(calls) == last:
            raise Enough

    try:
        list(fit(config, samples, samples[:3], folder / name, progress=leave))
    except Enough:
        left.append(name)
(folder / f"left{os.environ['RANK']}").write_text(" ".join(left))
"""


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@contextmanager
def two(arguments: list[str], folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes of one training; killed at the end, whatever came."""
    told = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    started = []
    try:
        for rank in ("0", "1"):
            env = {**os.environ, **told, "RANK": rank, "LOCAL_RANK": rank}
            with (folder / f"words{rank}").open("w") as words:
                started.append(
                    subprocess.Popen(
                        arguments, cwd=ROOT, env=env, stdout=words, stderr=words, text=True
                    )
                )
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_two_processes_train_what_one_does(samples, tiny, tmp_path):
    # Batches of 6 and 1: the second process has nothing of the last one.
    config = tiny(epochs=2, batch=6, l1=1e-6)
    alone = list(fit(config, samples, samples[:3], tmp_path / "alone"))
    (tmp_path / "given").write_bytes(pickle.dumps((config, samples)))
    ports = [free_port(), free_port()]  # of the trainings that are stopped
    with two([sys.executable, "-c", PROGRAM, str(tmp_path), *ports], tmp_path) as processes:
        codes = [process.wait(timeout=100) for process in processes]
    words = "".join((tmp_path / f"words{rank}").read_text() for rank in "01")
    assert codes == [0, 0], words
    assert [(tmp_path / f"told{rank}").read_text() for rank in "01"] == ["2", "0"]
    # One process was told to stop, and none waited for it.
    assert [(tmp_path / f"left{rank}").read_text() for rank in "01"] == ["decoding training", ""]
    for one, other in zip(alone, history(tmp_path / "both"), strict=True):
        assert one.metrics.keys() == other.metrics.keys()
        for name, figure in one.metrics.items():
            assert other.metrics[name] == pytest.approx(figure, rel=0.02, abs=1e-4), name
    weights, others = (checkpoints.load(tmp_path / name).weights for name in ("alone", "both"))
    assert weights.keys() == others.keys()
    for name, value in weights.items():
        if value.dim() == 4:  # biases before a norm learn nothing but rounding
            assert (value - others[name]).abs().mean() < 3e-4, name


def test_a_helper_that_fails_ends_the_first_process_too(tmp_path):
    program = (
        "import os, sys, threading; from training import ranks; ranks.LAST_WORDS_SECONDS = 0.01\n"
        "with ranks.helped(2, [sys.executable, '-c', 'raise SystemExit(5)']):\n"
        "    threading.Event().wait(60)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=60)
    assert ended.returncode == 1


def test_helpers_know_their_place_and_end_with_the_block(tmp_path):
    program = "import os, time; print(os.environ['RANK'], flush=True); time.sleep(60)"
    kept = dict(os.environ)
    started = []
    real = subprocess.Popen

    def start(*given, **options):
        started.append(real(*given, **options))
        return started[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.ranks.subprocess.Popen", start)
        with ranks.helped(3, [sys.executable, "-c", program]):
            assert (os.environ["RANK"], os.environ["WORLD_SIZE"]) == ("0", "3")
    assert [process.returncode for process in started] == [-15, -15]
    assert dict(os.environ) == kept


def test_one_of_several_that_needs_no_help_stays_what_it_is(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with ranks.helped(1, ["nothing"]):
        assert (os.environ["RANK"], ranks.count_here()) == ("1", 2)


def test_batch_norm_over_all_is_the_usual_one(monkeypatch):
    monkeypatch.setattr("training.ranks.dist.all_reduce", lambda values: None)
    torch.manual_seed(0)
    usual = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, momentum=0.1))
    shared = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, momentum=0.1))
    shared.load_state_dict(usual.state_dict())
    ranks.share_norms(shared)
    assert isinstance(shared[1], ranks.SharedNorm)
    values = torch.randn(2, 3, 5, 6)
    goal = torch.randn(2, 4, 5, 6)
    for network in (usual, shared):
        (network(values) * goal).sum().backward()
    torch.testing.assert_close(shared.state_dict(), usual.state_dict())
    for one, other in zip(usual.parameters(), shared.parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(shared.eval()(values), usual.eval()(values))


def test_parts_of_a_batch_make_it_whole():
    here = [ranks.Ranks(rank, 3) for rank in range(3)]
    parts = [one.share([5, 6, 7, 8]) for one in here]
    assert sorted(np.concatenate(parts)) == [5, 6, 7, 8] and parts[0] == [5, 8]
    assert here[2].share([5, 6]) == []
    assert ranks.ALONE.first and ranks.ALONE.share([1, 2]) == [1, 2]
    assert ranks.ALONE.together({1: "b", 0: "a"}) == ["a", "b"]
