"""Who works on which graphics card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from annotations.models import Project
from tests.training.rows import make_version
from training import devices, runs, tasks
from training.devices import AUTO, CPU, Device

CARDS = ("cuda:0", "cuda:1")


def test_two_workers_have_a_card_each_and_a_third_waits(tmp_path: Path) -> None:
    with devices.taken(AUTO, CARDS, locks=tmp_path) as first:
        with devices.taken(AUTO, CARDS, locks=tmp_path) as second:
            assert (first, second) == CARDS
            with devices.taken(AUTO, CARDS, locks=tmp_path) as third:
                assert third is None
        with devices.taken(AUTO, CARDS, locks=tmp_path) as again:
            assert again == "cuda:1"


def test_with_one_device_the_second_waits(tmp_path: Path) -> None:
    with (
        devices.taken(AUTO, (), locks=tmp_path) as first,
        devices.taken(CPU, (), locks=tmp_path) as second,
    ):
        assert (first, second) == (CPU, None)


def test_whoever_asks_for_a_card_waits_for_that_one(tmp_path: Path) -> None:
    with (
        devices.taken("cuda:1", CARDS, locks=tmp_path) as first,
        devices.taken("cuda:1", CARDS, locks=tmp_path) as second,
        devices.taken(AUTO, CARDS, locks=tmp_path) as third,
    ):
        assert (first, second, third) == ("cuda:1", None, "cuda:0")


def test_run_has_the_card_it_asks_for_and_a_shared_training_has_all(
    project: Project, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA = tmp_path
    monkeypatch.setattr(devices, "found", lambda: tuple(Device(n, n, 1) for n in CARDS))
    run = runs.create(make_version(project), {}, device="cuda:1")
    asked, other = tasks.start_training(run), tasks.evaluate.enqueue(project_id=project.pk)
    with tasks.train.place(asked) as first, tasks.evaluate.place(other) as second:
        assert (first, second) == ("cuda:1", "cuda:0")
    settings.TRAIN_PROCESSES = 2
    with tasks.train.place(asked) as first, tasks.evaluate.place(other) as second:
        assert (first, second) == (AUTO, None)
