"""Training: it learns, it resumes on the same curve, and it refuses in words."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from training import checkpoints
from training.errors import (
    AlphabetRefused,
    AnotherTrainingHere,
    CheckpointOtherLayout,
    CheckpointWrongKind,
    Diverged,
    NothingToTrainOn,
    OtherNetwork,
    SettingRefused,
)
from training.recognizer import ctc, data
from training.recognizer import fit as fitting
from training.recognizer.config import PRESETS, RecognizerConfig
from training.recognizer.fit import fit, rate_at
from training.recognizer.network import Lite, build
from training.recognizer.predict import Recognizer, evaluate

FEW = RecognizerConfig(epochs=3, batch=4, augmentation="none", rate=1e-3, bf16=False)


def test_eight_plates_are_overfitted_and_reload_reads_the_same(make_samples, tmp_path: Path):
    samples = make_samples()
    config = replace(FEW, epochs=60, batch=8, rate=6e-3, ema=0.8, weight_decay=0.0)
    epochs = list(fit(config, samples, samples, tmp_path / "run"))
    assert epochs[-1].metrics["loss"] < epochs[0].metrics["loss"] / 10
    best = [epoch for epoch in epochs if epoch.best][-1]
    assert best.metrics["exact"] == 1
    figures = evaluate(Recognizer.load(tmp_path / "run"), samples)
    assert figures["exact"] == figures["char"] == 1
    assert figures["crops"] == 8


def test_checkpoint_tells_its_story(make_samples, tmp_path: Path):
    samples = make_samples("AB1", "CD2")
    config = replace(FEW, epochs=1, alphabet="ABCD12")
    (epoch,) = fit(config, samples, samples, tmp_path, dataset_version="plates 3")
    told = checkpoints.read_metadata(tmp_path)
    assert told["kind"] == "recognizer"
    assert (told["network"], told["alphabet"], told["input_size"]) == ("lite", "ABCD12", [96, 48])
    assert told["dataset_version"] == "plates 3"
    assert told["figures"] == epoch.metrics
    assert RecognizerConfig.from_json(told["config"]) == config
    assert epoch.best
    assert (epoch.epoch, epoch.epochs) == (1, 1)
    assert set(epoch.metrics) == {"loss", "val_loss", "exact", "char", "rate"}


def test_a_stop_comes_out_as_it_was_raised_with_workers_at_work(
    make_samples, tmp_path: Path, monkeypatch
):
    monkeypatch.setattr(data, "workers_for", lambda *_, **__: 2)

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    for run in range(3):  # it was a broken pipe four times in five
        with pytest.raises(KeyboardInterrupt):
            list(fit(replace(FEW, batch=1), make_samples(), (), tmp_path / str(run), progress=stop))


def test_resumed_curve_is_the_uninterrupted_one(make_samples, tmp_path: Path):
    samples = make_samples()
    config = replace(FEW, augmentation="plates", synthetic=3)
    whole = list(fit(config, samples, samples[:2], tmp_path / "whole"))
    # dies within epoch 2, as a killed process would: nothing of that epoch was written
    stopped = fit(config, samples, samples[:2], tmp_path / "broken", progress=_stop_at(5))
    with pytest.raises(KeyboardInterrupt):
        list(stopped)
    torch.rand(7)  # the generator stands elsewhere in a new process
    resumed = list(fit(config, samples, samples[:2], tmp_path / "broken"))
    assert resumed == whole
    assert [epoch.replayed for epoch in resumed] == [True, False, False]
    for name in ("best", "last"):
        ours = checkpoints.load(tmp_path / "broken" / f"{name}.safetensors").weights
        theirs = checkpoints.load(tmp_path / "whole" / f"{name}.safetensors").weights
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    assert list(fit(config, samples, samples[:2], tmp_path / "broken")) == whole


def test_an_early_lucky_epoch_does_not_outlive_equals(tmp_path: Path, make_samples):
    samples = make_samples("AB1")
    assert [epoch.best for epoch in fit(FEW, samples, samples, tmp_path)] == [True] * 3


def _stop_at(calls: int):
    counted = 0

    def progress(done: int, total: int) -> None:
        nonlocal counted
        counted += 1
        if counted == calls:
            raise KeyboardInterrupt

    return progress


def test_progress_counts_the_steps_of_each_epoch(make_samples, tmp_path: Path):
    seen: list[tuple[int, int]] = []
    samples = make_samples()
    list(
        fit(
            replace(FEW, epochs=2),
            samples,
            samples[:1],
            tmp_path,
            progress=lambda *p: seen.append(p),
        )
    )
    assert seen == [(1, 2), (2, 2)] * 2


def test_other_settings_or_other_texts_do_not_resume(make_samples, tmp_path: Path):
    samples = make_samples()
    next(fit(FEW, samples, samples[:1], tmp_path))
    with pytest.raises(AnotherTrainingHere, match="rate differs"):
        next(fit(replace(FEW, rate=2e-3), samples, samples[:1], tmp_path))
    with pytest.raises(AnotherTrainingHere, match="data differs"):
        next(fit(FEW, samples[1:], samples[:1], tmp_path))


def test_loss_far_worse_than_guessing_diverges(make_samples, tmp_path: Path, monkeypatch):
    real = ctc.loss
    monkeypatch.setattr(ctc, "loss", lambda *given: real(*given) + 500)
    with pytest.raises(Diverged, match="epoch 1"):
        next(fit(FEW, make_samples("AB1", "CD2"), make_samples("AB1"), tmp_path))


@pytest.mark.parametrize("how", ["loss", "val_loss"])
def test_loss_that_is_no_number_diverges(make_samples, tmp_path: Path, monkeypatch, how: str):
    name = "loss" if how == "loss" else "negative_log_likelihood"
    real = getattr(ctc, name)
    monkeypatch.setattr(ctc, name, lambda *given: real(*given) * float("nan"))
    with pytest.raises(Diverged, match="epoch 1"):
        next(fit(FEW, make_samples("AB1", "CD2"), make_samples("AB1"), tmp_path))
    assert not (tmp_path / "last.safetensors").exists()


def test_nothing_to_train_on_is_refused(make_samples, tmp_path: Path):
    with pytest.raises(NothingToTrainOn):
        next(fit(FEW, [], make_samples("AB1"), tmp_path))


def test_without_val_drawn_plates_judge(make_samples, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(fitting, "_HELD_OUT", 3)
    (epoch,) = fit(replace(FEW, epochs=1, synthetic=2), [], [], tmp_path)
    assert 0 <= epoch.metrics["exact"] <= 1
    assert epoch.metrics["val_loss"] > 0


def test_start_with_another_alphabet_keeps_the_rows_of_common_characters(tmp_path: Path):
    old = build("lite", 3)
    _write(tmp_path / "old.safetensors", old, "AB1")
    new = build("lite", 4)
    fresh = new.state_dict()["classifier.weight"].clone()
    fitting.start_from(new, tmp_path / "old.safetensors", replace(FEW, alphabet="1ZAÑ"))
    rows = new.state_dict()["classifier.weight"]
    before = old.state_dict()["classifier.weight"]
    assert torch.equal(rows[[0, 2, 4]], before[[2, 0, 3]])  # 1, A and the blank
    assert torch.equal(rows[[1, 3]], fresh[[1, 3]])
    assert torch.equal(new.state_dict()["stem.0.weight"], old.state_dict()["stem.0.weight"])


def test_start_from_another_network_or_kind_is_refused(make_samples, tmp_path: Path):
    samples = make_samples("AB1")
    _write(tmp_path / "ten.safetensors", build("lprnet10", 36), FEW.alphabet, name="lprnet10")
    with pytest.raises(OtherNetwork, match="lprnet10"):
        next(fit(FEW, samples, samples, tmp_path / "run", init=tmp_path / "ten.safetensors"))
    checkpoints.save(tmp_path / "box.safetensors", {}, {"kind": "detector"})
    with pytest.raises(CheckpointWrongKind):
        next(fit(FEW, samples, samples, tmp_path / "run", init=tmp_path / "box.safetensors"))


def test_checkpoint_of_an_earlier_layout_is_refused_in_words(make_samples, tmp_path: Path):
    _write(tmp_path / "old.safetensors", Lite(36, widths=(8, 8, 8, 8)), FEW.alphabet)
    for refused in (
        lambda: next(
            fit(FEW, make_samples("A"), (), tmp_path / "run", init=tmp_path / "old.safetensors")
        ),
        lambda: Recognizer.load(tmp_path / "old.safetensors"),
    ):
        with pytest.raises(CheckpointOtherLayout, match="another layout of the network “lite”"):
            refused()


def _write(path: Path, network: torch.nn.Module, alphabet: str, *, name: str = "lite"):
    metadata = {"kind": "recognizer", "network": name, "alphabet": alphabet}
    checkpoints.save(path, network.state_dict(), metadata)


@pytest.mark.parametrize(
    "wrong",
    [{"epochs": 0}, {"batch": 0}, {"rate": 0.0}, {"network": "lprnet34"}, {"ema": 1.0},
     {"soft_start": 0.8, "annealing": 0.5}, {"synthetic": -1}, {"synthetic_formats": ()},
     {"rate": float("nan")}, {"epochs": "12"}, {"ema": None}],
)  # fmt: skip
def test_impossible_settings_are_refused_by_name(wrong: dict[str, Any]):
    with pytest.raises(SettingRefused, match=next(reversed(wrong))):
        RecognizerConfig(**wrong)


def test_impossible_alphabet_is_refused():
    with pytest.raises(AlphabetRefused):
        RecognizerConfig(alphabet="AA")


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_survive_json(preset):
    config = RecognizerConfig.of(preset, seed=3)
    assert RecognizerConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    assert (config.preset, config.seed) == (preset, 3)


def test_unknown_preset_or_setting_is_refused():
    with pytest.raises(SettingRefused, match="choose among quick"):
        RecognizerConfig.of("slow")
    with pytest.raises(SettingRefused, match="no such setting"):
        RecognizerConfig.from_json({"speed": 3})


def test_cosine_rate_rises_then_falls_to_the_floor():
    config = RecognizerConfig(rate=1e-2, rate_floor=1e-4, soft_start=0.1)
    assert rate_at(config, 0) == pytest.approx(1e-4)
    assert rate_at(config, 0.1) == pytest.approx(1e-2)
    assert rate_at(config, 0.55) == pytest.approx((1e-2 + 1e-4) / 2)
    assert rate_at(config, 1) == pytest.approx(1e-4)


def test_tao_rate_is_soft_start_annealing():
    config = RecognizerConfig.of("tao")
    assert rate_at(config, 0.3) == pytest.approx(5e-4)
    assert rate_at(config, 1) == pytest.approx(1e-6)


def test_tao_preset_trains_lprnet10(make_samples, tmp_path: Path):
    samples = make_samples("AB1", "CD2")
    epoch = next(islice(fit(RecognizerConfig.of("tao"), samples, samples, tmp_path), 1))
    assert epoch.epochs == 100
    assert checkpoints.read_metadata(tmp_path)["network"] == "lprnet10"


def test_started_from_a_checkpoint_shows_no_easy_plates_even_resumed(make_samples, tmp_path: Path):
    samples = make_samples("AB1", "CD2")
    _write(tmp_path / "old.safetensors", build("lite", 36), FEW.alphabet)
    config = replace(FEW, augmentation="plates", easy_start=1.0)
    old = tmp_path / "old.safetensors"
    whole = list(fit(config, samples, samples, tmp_path / "whole", init=old))
    next(fit(config, samples, samples, tmp_path / "broken", init=old))
    assert list(fit(config, samples, samples, tmp_path / "broken")) == whole


def test_presets_learn_more_gently_from_a_model_unless_told(make_samples):
    fresh, started = (RecognizerConfig.of("standard", started=s) for s in (False, True))
    assert started.rate < fresh.rate
    assert started.easy_start == 0
    assert RecognizerConfig.of("standard", started=True, rate=2e-3).rate == 2e-3
    assert RecognizerConfig.of("tao", started=True) == RecognizerConfig.of("tao")


def test_head_only_changes_nothing_below_the_classifier(make_samples, tmp_path: Path):
    samples = make_samples()
    old = tmp_path / "old.safetensors"
    _write(old, build("lite", 36), FEW.alphabet)
    config = replace(FEW, tune="head", epochs=2, ema=0.0)
    list(fit(config, samples, samples, tmp_path / "run", init=old))
    before, after = (checkpoints.load(p).weights for p in (old, tmp_path / "run"))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"classifier.weight", "classifier.bias"}


def test_gradual_resumes_on_its_curve_with_the_same_parts_resting(make_samples, tmp_path: Path):
    samples = make_samples()
    config = replace(FEW, tune="gradual", epochs=4)
    whole = list(fit(config, samples, samples[:2], tmp_path / "whole"))
    for _ in range(4):
        resumed = list(islice(fit(config, samples, samples[:2], tmp_path / "broken"), 4))
    next(fit(config, samples, samples[:2], tmp_path / "other"))
    next(islice(fit(config, samples, samples[:2], tmp_path / "other"), 1, None))
    assert list(fit(config, samples, samples[:2], tmp_path / "other")) == resumed == whole
