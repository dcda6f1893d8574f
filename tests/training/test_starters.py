"""The networks the program comes with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training import checkpoints, starters
from training.detector.metrics import FrameTruth, match
from training.detector.predict import Detector
from training.errors import StarterMissing
from training.recognizer.predict import Recognizer
from training.synthetic import plates, scenes


def test_a_kind_without_weights_is_refused_with_a_sentence(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(starters, "_HERE", tmp_path)
    with pytest.raises(StarterMissing, match="without a recognizer to start with"):
        starters.path("recognizer")
    (tmp_path / "recognizer.safetensors").touch()
    assert starters.path("recognizer") == tmp_path / "recognizer.safetensors"


def test_the_shipped_recognizer_reads_drawn_plates_of_four_countries():
    reader = Recognizer.load(starters.path("recognizer"))
    countries = ("ecuador", "brazil", "argentina", "colombia")
    drawn = [
        plates.render(np.random.default_rng((5, n)), formats=(countries[n % 4],), damage=0.2)
        for n in range(40)
    ]
    reads = reader.read([plate.picture for plate in drawn])
    assert sum(read.text == plate.text for read, plate in zip(reads, drawn, strict=True)) >= 34


def test_the_shipped_recognizer_tells_its_story():
    told = checkpoints.read_metadata(starters.path("recognizer"))
    assert (told["kind"], told["network"], told["input_size"]) == ("recognizer", "lite", [96, 48])
    assert told["starter"] is True


def test_the_shipped_detector_finds_most_cars_and_plates_of_drawn_scenes():
    detector = Detector.load(starters.path("detector"))
    truths: list[FrameTruth] = []
    found: list[Any] = []
    for number in range(12):  # other scenes than it learnt from
        scene = scenes.render(np.random.default_rng((11, number)), size=(640, 384), damage=0.3)
        plates_of = [b for b in scene.boxes if b.label == "plate" and b.x2 - b.x1 >= 25]
        truths.append(FrameTruth(np.array([(b.x1, b.y1, b.x2, b.y2) for b in plates_of])))
        seen = [d for d in detector.detect([scene.picture])[0] if d.label == "plate"]
        found.append(np.array([(*d.box, d.confidence) for d in seen]).reshape(-1, 5))
    matched = match(truths, found)
    assert matched.objects >= 8
    assert matched.recall >= 0.8


def test_the_shipped_detector_tells_its_story():
    told = checkpoints.read_metadata(starters.path("detector"))
    assert (told["kind"], told["classes"]) == ("detector", ["car", "plate"])
    assert (told["input_size"], told["starter"]) == ([640, 384], True)


def test_the_starters_are_small_enough_to_come_with_the_program():
    files = [starters.path(kind) for kind in ("detector", "recognizer")]
    assert sum(file.stat().st_size for file in files) < 25_000_000
