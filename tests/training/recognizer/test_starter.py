"""The starter: made by one function, resumable, small, and a start for other trainings."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training import checkpoints
from training.recognizer import fit as fitting
from training.recognizer import starter
from training.recognizer.config import RecognizerConfig
from training.recognizer.fit import fit
from training.recognizer.network import build
from training.recognizer.predict import Recognizer
from training.synthetic import plates


@pytest.fixture
def made(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(fitting, "_HELD_OUT", 4)
    settings = starter.config(epochs=1)
    (epoch,) = starter.make(settings, tmp_path / "run", count=4)
    assert epoch.epochs == 1
    return tmp_path / "run"


def test_it_learns_from_plates_of_every_country_and_no_real_one():
    assert set(starter.config().synthetic_formats) == set(plates.format_names())


def test_what_is_shipped_is_half_as_large_and_reads_like_the_training_s_last(made: Path):
    shipped = made / starter.NAME
    assert shipped.stat().st_size < 0.6 * (made / "last.safetensors").stat().st_size
    assert checkpoints.read_metadata(shipped)["starter"] is True
    half, whole = Recognizer.load(shipped), Recognizer.load(made / "last.safetensors")
    batch = torch.rand(3, 3, 48, 96)
    with torch.inference_mode():
        assert torch.allclose(half.network(batch), whole.network(batch), atol=0.05)


def test_a_training_starts_from_it(made: Path, make_samples, tmp_path: Path):
    config = RecognizerConfig(epochs=1, batch=4, bf16=False)
    samples = make_samples("AB1", "CD2")
    (epoch,) = fit(config, samples, samples, tmp_path / "tuned", init=made / starter.NAME)
    assert epoch.epoch == 1
    weights = checkpoints.load(tmp_path / "tuned").weights
    assert weights["stem.0.weight"].dtype == torch.float32
    network = build("lite", len(config.alphabet))
    fitting.start_from(network, made / starter.NAME, config)
    assert next(network.parameters()).dtype == torch.float32


def test_an_earlier_starter_is_continued_with_lower_rates(made: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(fitting, "_HELD_OUT", 4)
    settings = starter.config(epochs=1, batch=2, started=True)
    assert settings.rate < starter.config().rate and settings.batch == 2
    list(starter.make(settings, tmp_path / "next", init=made / starter.NAME, count=4))
    assert (tmp_path / "next" / starter.NAME).is_file()
