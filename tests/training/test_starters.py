"""The networks the program comes with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training import checkpoints, starters
from training.errors import StarterMissing
from training.recognizer.predict import Recognizer
from training.synthetic import plates


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
