import pickle
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from annotations.vision.crops import read_picture
from training import checkpoints, devices
from training.detector import fit as fitting
from training.detector import second_look
from training.detector.fit import fit, history
from training.detector.predict import Detector, evaluate
from training.errors import (
    AnotherTrainingHere,
    CheckpointWrongKind,
    Diverged,
    NothingToTrainOn,
    SettingRefused,
)

ROOT = Path(__file__).resolve().parents[3]


def test_an_epoch_writes_checkpoints_that_say_what_they_are(samples, tiny, tmp_path):
    (epoch,) = fit(tiny(epochs=1), samples, samples, tmp_path / "run", dataset_version="7")
    assert (epoch.epoch, epoch.epochs, epoch.best) == (1, 1, True)
    assert {"loss", "rate", "map", "coverage_car", "box_plate", "ap_50_plate"} <= set(epoch.metrics)
    story = checkpoints.read_metadata(tmp_path / "run")
    assert story["kind"] == "detector" and story["classes"] == ["car", "plate"]
    assert story["input_size"] == [96, 64] and story["dataset_version"] == "7"
    assert not (tmp_path / "run" / "frames").exists()


@pytest.mark.parametrize(("plates", "verifies"), [(6, True), (5, True), (2, False)])
def test_a_second_look_is_taken_unless_it_is_clearly_worse(
    plates, verifies, samples, tiny, tmp_path, monkeypatch
):
    """One look finds all six plates, two find so many of them."""

    def truth(number):
        wide, high = 96 / 128, 64 / 96
        rows = [
            (wide * box.x1, high * box.y1, wide * box.x2, high * box.y2, 1.0)
            for box in samples[number].boxes
            if box.label == "plate"
        ]
        return np.array(rows).reshape(-1, 5)

    def once(coverage, edges, config):
        return [[np.zeros((0, 5)), truth(number)] for number in range(len(coverage))]

    def twice(frames, found, **_):
        return [rows if number < plates else rows[:0] for number, rows in enumerate(found)]

    monkeypatch.setattr(fitting, "read_grids", once)
    monkeypatch.setattr(second_look, "verified", twice)
    (epoch,) = fit(tiny(epochs=1), samples, samples, tmp_path / "run")
    assert checkpoints.read_metadata(tmp_path / "run")["verifies"] is verifies
    assert Detector.load(tmp_path / "run").verifies is verifies
    assert epoch.metrics["ap_50_plate"] == pytest.approx(plates / 6 if verifies else 1)


def test_without_plates_nothing_is_looked_at_again(samples, tiny, tmp_path):
    list(fit(tiny(epochs=1, classes=("car",)), samples, samples, tmp_path / "run"))
    assert checkpoints.read_metadata(tmp_path / "run")["verifies"] is False


def test_the_costs_fall(samples, tiny, tmp_path):
    first, second = fit(tiny(evaluate_every=2), samples * 4, (), tmp_path / "run")
    for cost in ("coverage_car", "coverage_plate", "box_car", "box_plate"):
        assert second.metrics[cost] < first.metrics[cost]


def test_a_training_is_the_same_with_processes_that_prepare(samples, tiny, tmp_path, monkeypatch):
    config = tiny(epochs=2, batch=2)
    alone = list(fit(config, samples, samples[:2], tmp_path / "alone"))
    monkeypatch.setattr(fitting, "workers_for", lambda *_, **__: 2)
    before = threading.active_count()

    def stop(done, total):
        if total == 4 and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(fit(config, samples, samples[:2], tmp_path / "helped", progress=stop))
    assert threading.active_count() == before
    assert list(fit(config, samples, samples[:2], tmp_path / "helped")) == alone


def test_cards_get_processes_that_prepare_and_processors_none(monkeypatch):
    monkeypatch.setattr(devices, "cores", lambda: 16)
    assert fitting.workers_for(torch.device("cpu"), batch=8) == 0
    assert fitting.workers_for(torch.device("cuda"), batch=8) == 8
    assert fitting.workers_for(torch.device("cuda"), batch=32) == 15
    assert fitting.workers_for(torch.device("cuda"), batch=32, ranks=4) == 3


def test_each_process_looks_at_its_own_card(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert fitting._own(torch.device("cuda")) == torch.device("cuda:1")
    assert fitting._own(torch.device("cpu")) == torch.device("cpu")


def test_a_stopped_training_goes_on_with_the_same_curve(samples, tiny, tmp_path):
    config = tiny(epochs=2)
    whole = list(fit(config, samples, samples[:2], tmp_path / "whole"))
    list(islice(fit(config, samples, samples[:2], tmp_path / "cut"), 1))

    def stop(done, total):
        if total == 2 and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(fit(config, samples, samples[:2], tmp_path / "cut", progress=stop))
    assert [item.epoch for item in history(tmp_path / "cut")] == [1]
    resumed = list(fit(config, samples, samples[:2], tmp_path / "cut"))
    assert resumed == whole
    assert [item.replayed for item in resumed] == [True, False]
    one, other = (
        checkpoints.load(tmp_path / name / "last.safetensors") for name in ("whole", "cut")
    )
    assert all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)


def test_other_settings_or_samples_in_the_same_folder_are_refused(samples, tiny, tmp_path):
    list(fit(tiny(epochs=1), samples, (), tmp_path / "run"))
    with pytest.raises(AnotherTrainingHere, match="seed"):
        list(fit(tiny(epochs=1, seed=5), samples, (), tmp_path / "run"))
    with pytest.raises(AnotherTrainingHere, match="samples"):
        list(fit(tiny(epochs=1), samples[:3], (), tmp_path / "run"))


def test_a_training_that_explodes_says_so(samples, tiny, tmp_path):
    with pytest.raises(Diverged, match="epoch 1"):
        list(fit(tiny(lr_hi=1e30, soft_start=0.0), samples, (), tmp_path / "run"))


def test_no_samples_no_training(tiny, tmp_path):
    with pytest.raises(NothingToTrainOn):
        next(fit(tiny(), (), (), tmp_path / "run"))


def test_a_start_model_keeps_its_trunk_and_the_heads_of_known_labels(samples, tiny, tmp_path):
    list(fit(tiny(epochs=1), samples, (), tmp_path / "first"))
    start = checkpoints.load(tmp_path / "first").weights
    config = replace(tiny(epochs=1, lr_hi=1e-9, lr_lo=1e-9), classes=("truck", "plate"))
    list(fit(config, samples, (), tmp_path / "second", init=tmp_path / "first"))
    after = checkpoints.load(tmp_path / "second").weights
    torch.testing.assert_close(after["conv1.conv.weight"], start["conv1.conv.weight"])
    torch.testing.assert_close(after["bbox.weight"][4:], start["bbox.weight"][4:])
    torch.testing.assert_close(after["cov.weight"][1], start["cov.weight"][1])
    assert not torch.allclose(after["cov.weight"][0], start["cov.weight"][0])


def test_a_recognizer_is_no_start_model(samples, tiny, tmp_path):
    checkpoints.save(tmp_path / "r.safetensors", {}, {"kind": "recognizer"})
    with pytest.raises(CheckpointWrongKind):
        next(fit(tiny(), samples, (), tmp_path / "run", init=tmp_path / "r.safetensors"))


def test_frozen_stages_stay_as_they_were(samples, tiny, tmp_path):
    list(fit(tiny(epochs=1), samples, (), tmp_path / "first"))
    start = checkpoints.load(tmp_path / "first").weights
    config = tiny(epochs=2, freeze=[0, 1])
    list(islice(fit(config, samples, (), tmp_path / "cut", init=tmp_path / "first"), 1))
    list(fit(config, samples, (), tmp_path / "cut", init=tmp_path / "first"))
    list(fit(config, samples, (), tmp_path / "whole", init=tmp_path / "first"))
    after, resumed = (checkpoints.load(tmp_path / name).weights for name in ("whole", "cut"))
    for name, value in start.items():
        rests = name.startswith(("conv1.", "block1."))
        # running statistics as well as weights
        assert torch.equal(after[name], value) == (rests or value.dim() == 0), name
        assert torch.equal(after[name], resumed[name])


@pytest.mark.parametrize("setting", [{"freeze": (0,)}, {"prune": 0.1}])
def test_what_is_about_a_start_model_needs_one(setting, samples, tiny, tmp_path):
    with pytest.raises(SettingRefused, match="start from"):
        next(fit(tiny(**setting), samples, (), tmp_path / "run"))


def test_training_stops_when_nothing_gets_better(samples, tiny, tmp_path):
    config = tiny(epochs=8, patience=2, lr_hi=1e-9, lr_lo=1e-9, ema=0.0)
    epochs = list(fit(config, samples, samples[:2], tmp_path / "run"))
    figures = [item.metrics["map"] for item in epochs]
    assert len(epochs) < 8 and figures.index(max(figures)) == len(epochs) - 3
    again = list(fit(config, samples, samples[:2], tmp_path / "run"))
    assert again == epochs and all(item.replayed for item in again)


def test_a_pruned_model_trains_on_reloads_and_begets_small_ones(samples, tiny, tmp_path):
    list(fit(tiny(epochs=1, evaluate_every=9), samples, (), tmp_path / "large"))
    large = checkpoints.load(tmp_path / "large")
    for name, value in large.weights.items():
        if name.endswith("conv.weight"):
            value[::2] *= 0.01
    uneven = tmp_path / "uneven.safetensors"
    checkpoints.save(uneven, large.weights, large.metadata)
    small = tiny(epochs=2, prune=0.1)
    list(islice(fit(small, samples, (), tmp_path / "small", init=uneven), 1))
    first, second = fit(small, samples, (), tmp_path / "small", init=uneven)
    assert (first.replayed, second.replayed) == (True, False)
    widths = checkpoints.read_metadata(tmp_path / "small")["widths"]
    assert (widths["conv1"], widths["block4.0"]) == (32, 256)
    sizes = [(tmp_path / name / "best.safetensors").stat().st_size for name in ("small", "large")]
    assert sizes[0] < sizes[1] / 2
    frame = read_picture(samples[0].picture)
    assert Detector.load(tmp_path / "small", precision="float32").detect([frame], confidence=0.0)
    list(fit(tiny(epochs=1), samples, (), tmp_path / "child", init=tmp_path / "small"))
    assert checkpoints.read_metadata(tmp_path / "child")["widths"] == widths


def test_a_finer_grid_is_learnt_and_read(samples, tiny, tmp_path):
    list(fit(tiny(epochs=1), samples, (), tmp_path / "coarse"))
    config = tiny(epochs=2, stride=8, batch=7, lr_hi=5e-3, evaluate_every=2)
    *_, last = fit(config, samples * 12, samples, tmp_path / "run", init=tmp_path / "coarse")
    assert last.metrics["map"] > 0.1
    detector = Detector.load(tmp_path / "run", precision="float32")
    assert detector.config.grid.columns == 12
    assert evaluate(detector, samples)["map"] == pytest.approx(last.metrics["map"], abs=0.1)


def test_a_killed_training_goes_on_with_the_same_curve(samples, tiny, tmp_path):
    config = tiny(epochs=2, evaluate_every=2)
    whole = list(fit(config, samples, samples[:2], tmp_path / "whole"))
    (tmp_path / "given").write_bytes(pickle.dumps((config, samples)))
    program = """
import os, pickle, sys, torch
from pathlib import Path
from training.detector.fit import fit
torch.set_num_threads(int(sys.argv[2]))
folder = Path(sys.argv[1])
config, samples = pickle.loads((folder / "given").read_bytes())
steps = 0
def killed(done, total):
    global steps
    steps += total == 2  # two held frames are decoded, two steps make an epoch
    if steps == 6:
        os.kill(os.getpid(), 9)
list(fit(config, samples, samples[:2], folder / "cut", progress=killed))
"""
    threads = str(torch.get_num_threads())
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), threads], cwd=ROOT, check=False
    )
    assert ended.returncode == -9
    assert [item.epoch for item in history(tmp_path / "cut")] == [1]
    assert list(fit(config, samples, samples[:2], tmp_path / "cut")) == whole


def test_frames_with_plates_alone_do_not_teach_that_there_are_no_cars(samples, tiny, tmp_path):
    list(fit(tiny(epochs=1), samples, (), tmp_path / "first"))
    start = checkpoints.load(tmp_path / "first").weights
    plates = [
        replace(
            sample,
            boxes=tuple(box for box in sample.boxes if box.label == "plate"),
            complete=frozenset({"plate"}),
        )
        for sample in samples
    ]
    (epoch,) = fit(tiny(epochs=1), plates, (), tmp_path / "second", init=tmp_path / "first")
    after = checkpoints.load(tmp_path / "second").weights
    assert epoch.metrics["coverage_car"] == epoch.metrics["box_car"] == 0
    assert epoch.metrics["coverage_plate"] > 0
    for name, count in (("cov", 1), ("bbox", 4)):  # the car is the first label
        for part in ("weight", "bias"):
            assert torch.equal(after[f"{name}.{part}"][:count], start[f"{name}.{part}"][:count])
            assert not torch.equal(after[f"{name}.{part}"][count:], start[f"{name}.{part}"][count:])


def test_a_cost_that_grows_beyond_all_bounds_has_diverged_though_it_is_finite(
    samples, tiny, tmp_path
):
    with pytest.raises(Diverged):
        list(fit(tiny(lr_hi=20.0, soft_start=0.0, epochs=2), samples * 3, (), tmp_path / "run"))


def test_of_epochs_that_are_alike_the_latest_is_kept():
    few = [{"ap_50": 0.6, "objects": 29}, {"ap_50": 0.96, "objects": 46}]
    assert 0.03 < fitting._standard_error(few) < 0.06
    many = [{**item, "objects": 100 * item["objects"]} for item in few]
    assert fitting._standard_error(many) < fitting._standard_error(few) / 8
    assert fitting._standard_error([{"ap_50": 0.0, "objects": 0}]) == 0
