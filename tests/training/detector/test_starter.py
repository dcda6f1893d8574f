"""The starter detector: drawn scenes, one function, resumable, small, a start for trainings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from training import checkpoints
from training.detector import starter
from training.detector.data import Sample
from training.detector.drawn import draw
from training.detector.fit import fit
from training.detector.network import DetectNet
from training.detector.predict import Detector


def small(**changes):
    """The starter's settings on an input of 160x96."""
    settings = starter.config(epochs=1)
    return replace(settings, width=160, height=96, batch=2, precision="float32", **changes)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (epoch,) = starter.make(small(), tmp_path / "run", count=4, held=1)
    assert epoch.epochs == 1
    return tmp_path / "run"


def test_scenes_are_fully_labelled_the_same_each_time_and_drawn_once(tmp_path: Path):
    told: list[tuple[int, int]] = []

    def drawn(folder: str, count: int, seed: int = 1) -> list[Sample]:
        return draw(
            tmp_path / folder,
            count=count,
            size=(160, 96),
            classes=starter.CLASSES,
            seed=seed,
            progress=lambda *at: told.append(at),
        )

    first, again, more = drawn("a", 3), drawn("a", 3), drawn("b", 4)
    assert told == [(1, 3), (2, 3), (3, 3), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert first == again
    assert [item.boxes for item in first] == [item.boxes for item in more[:3]]
    other = drawn("a", 3, seed=2)
    assert [item.boxes for item in other] != [item.boxes for item in first]
    assert all(item.complete == {"car", "plate"} for item in first)
    assert {box.label for item in more for box in item.boxes} == {"car", "plate"}


def test_what_is_shipped_is_half_as_large_and_finds_what_the_training_s_last_finds(made: Path):
    shipped = made / starter.NAME
    assert shipped.stat().st_size < 0.6 * (made / "last.safetensors").stat().st_size
    assert checkpoints.read_metadata(shipped)["starter"] is True
    assert checkpoints.read_metadata(shipped)["thresholds"] == {"car": 0.5, "plate": 0.5}
    half, whole = Detector.load(shipped), Detector.load(made / "last.safetensors")
    assert (half.classes, half.size, half.config.stride) == (("car", "plate"), (160, 96), 8)
    frame = np.random.default_rng(0).integers(0, 255, (96, 160, 3), dtype=np.uint8)
    for ours, theirs in zip(
        half.detect([frame], confidence=0.0)[0],
        whole.detect([frame], confidence=0.0)[0],
        strict=True,
    ):
        assert ours.label == theirs.label
        assert ours.confidence == pytest.approx(theirs.confidence, abs=0.02)
        assert ours.box == pytest.approx(theirs.box, abs=1)


def test_a_training_starts_from_it_in_full_precision(made: Path, samples, tmp_path: Path):
    config = small(augmentation=starter.config().augmentation)
    (epoch,) = fit(config, samples, (), tmp_path / "tuned", init=made / starter.NAME)
    assert epoch.epoch == 1
    assert checkpoints.load(tmp_path / "tuned").weights["conv1.conv.weight"].dtype == torch.float32


def test_an_earlier_starter_is_continued_with_lower_rates():
    assert starter.config(started=True).lr_hi < starter.config().lr_hi


def test_its_cells_see_near_cars_whole():
    network = DetectNet(classes=1, stride=8).eval()
    frame = torch.zeros(1, 3, 384, 640)
    with torch.inference_mode():
        before = network.features(frame)[0, :, 24, 40]
        frame[0, :, 184:200, 320 + 170 : 320 + 180] = 1.0
        assert not torch.equal(network.features(frame)[0, :, 24, 40], before)
