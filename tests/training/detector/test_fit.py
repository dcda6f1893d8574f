from dataclasses import replace
from itertools import islice

import pytest
import torch

from training import checkpoints
from training.detector.fit import fit, history
from training.errors import AnotherTrainingHere, CheckpointWrongKind, Diverged, NothingToTrainOn


def test_an_epoch_writes_checkpoints_that_say_what_they_are(samples, tiny, tmp_path):
    (epoch,) = fit(tiny(epochs=1), samples, samples, tmp_path / "run", dataset_version="7")
    assert (epoch.epoch, epoch.epochs, epoch.best) == (1, 1, True)
    assert {"loss", "rate", "map", "coverage_car", "box_plate", "ap_50_plate"} <= set(epoch.metrics)
    story = checkpoints.read_metadata(tmp_path / "run")
    assert story["kind"] == "detector" and story["classes"] == ["car", "plate"]
    assert story["input_size"] == [96, 64] and story["dataset_version"] == "7"
    assert not (tmp_path / "run" / "frames").exists()


def test_the_costs_fall(samples, tiny, tmp_path):
    first, second = fit(tiny(evaluate_every=2), samples * 4, (), tmp_path / "run")
    for cost in ("coverage_car", "coverage_plate", "box_car", "box_plate"):
        assert second.metrics[cost] < first.metrics[cost]


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
