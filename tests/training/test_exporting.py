"""Models as ONNX files. What needs the optional packages is skipped where they are not."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from annotations.models import Project
from annotations.vision.crops import resize_crop
from lprsite import files
from lprsite.jobs.models import Job
from tests.annotations.rows import json_of
from tests.training.conftest import drawn
from tests.training.detector.test_pruning import uneven
from tests.training.test_work import attached
from training import checkpoints, exporting, runs, starters, work
from training.detector.config import DetectorConfig
from training.detector.network import DetectNet
from training.detector.pruning import prune
from training.errors import OnnxDiffers
from training.models import TrainedModel
from training.recognizer.config import NETWORKS
from training.recognizer.data import to_tensor
from training.recognizer.network import build
from training.recognizer.predict import Recognizer

HERE = all(find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))
needs_onnx = pytest.mark.skipif(
    not HERE, reason="exporting needs onnx, onnxscript and onnxruntime (--extra onnx)"
)


def recognizer(folder: Path, network: Any, alphabet: str = "0123AB") -> Path:
    torch.manual_seed(0)
    built = build(network, len(alphabet))
    told = {"kind": "recognizer", "network": network, "alphabet": alphabet, "temperature": 1.5}
    path = folder / "best.safetensors"
    checkpoints.save(path, built.state_dict(), told)
    return path


def session(path: Path) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@needs_onnx
@pytest.mark.parametrize("network", NETWORKS)
def test_recognizer_says_the_same_in_batches_of_any_size(tmp_path: Path, network: Any) -> None:
    checkpoint, target = recognizer(tmp_path, network), tmp_path / "plates.onnx"
    assert 0 <= exporting.export(checkpoint, target) < 1e-4
    opened = session(target)
    told = opened.get_modelmeta().custom_metadata_map
    assert (told["alphabet"], told["network"], told["input_size"]) == (
        "0123AB",
        network,
        "[96, 48]",
    )
    assert told["temperature"] == "1.5" and told["input"].startswith("BGR, 0..1")
    pictures = np.random.default_rng(1).random((5, 3, 48, 96), dtype=np.float32)
    (found,) = opened.run(["log_probabilities"], {"image_input": pictures})
    assert found.shape == (5, 24, 7)
    np.testing.assert_allclose(np.exp(found).sum(axis=2), 1, rtol=1e-4)
    (alone,) = opened.run(None, {"image_input": pictures[3:4]})
    np.testing.assert_allclose(alone[0], found[3], atol=1e-4)


@needs_onnx
def test_starter_reads_a_plate_through_its_file(tmp_path: Path) -> None:
    target = tmp_path / "starter.onnx"
    exporting.export(starters.path("recognizer"), target)
    opened = session(target)
    alphabet = opened.get_modelmeta().custom_metadata_map["alphabet"]
    crop = to_tensor(resize_crop(drawn("PBA1234"))[None], torch.device("cpu")).numpy()
    (scores,) = opened.run(None, {"image_input": crop})
    path = scores[0].argmax(axis=1)
    text = "".join(
        alphabet[index]
        for place, index in enumerate(path)
        if index < len(alphabet) and (not place or path[place - 1] != index)
    )
    reader = Recognizer.load(starters.path("recognizer"))
    assert text == reader.read([drawn("PBA1234")])[0].text != ""


@needs_onnx
@pytest.mark.parametrize(("stride", "rows", "columns"), [(16, 4, 6), (8, 8, 12)])
def test_pruned_detector_says_the_same_under_the_names_of_tao(
    tmp_path: Path, stride: Literal[16, 8], rows: int, columns: int
) -> None:
    config = DetectorConfig.of(
        "quick", classes=("car", "plate"), width=96, height=64, stride=stride
    )
    full = uneven(DetectNet(classes=2, layers=config.layers, stride=stride))
    network = prune(full, threshold=0.3).eval()
    assert network.widths != full.widths
    told = {
        "kind": "detector",
        "config": config.to_json(),
        "network": "detectnet",
        "widths": network.widths,
    }
    checkpoints.save(tmp_path / "best.safetensors", network.state_dict(), told)
    target = tmp_path / "cars.onnx"
    assert exporting.export(tmp_path, target) < 1e-4
    opened = session(target)
    shapes = {one.name: one.shape[1:] for one in opened.get_outputs()}
    assert shapes == {
        "output_cov/Sigmoid": [2, rows, columns],
        "output_bbox/BiasAdd": [8, rows, columns],
    }
    told = opened.get_modelmeta().custom_metadata_map
    assert json.loads(told["classes"]) == ["car", "plate"] and told["input"].startswith("RGB")
    frames = torch.rand(5, 3, 64, 96)
    with torch.inference_mode():
        expected = network(frames)
    found = opened.run(list(shapes), {"input_1": frames.numpy()})
    for ours, theirs in zip(expected, found, strict=True):
        assert ours.std() > 1e-3
        np.testing.assert_allclose(theirs, ours.numpy(), rtol=1e-4, atol=1e-4)


@needs_onnx
def test_file_that_would_read_differently_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = recognizer(tmp_path, "lite")
    monkeypatch.setattr(exporting, "_furthest", lambda plan, file: float("nan"))
    with pytest.raises(OnnxDiffers):
        exporting.export(checkpoint, tmp_path / "plates.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["best.safetensors"]


@needs_onnx
def test_model_keeps_its_file_and_members_take_it_away(
    api: Any, client: Client, user: User, project: Project, tmp_path: Path
) -> None:
    client.force_login(user)
    model = runs.register(recognizer(tmp_path, "lite"), "recognizer", project)
    assert json_of(api, "get", f"models/{model.pk}/")[1]["onnx"] is False
    assert client.get(f"/api/v1/media/models/{model.pk}/onnx/").status_code == 404
    result = work.export_model(attached("export_model", model=model.pk))
    assert result["model"] == model.pk and result["max_difference"] < 1e-4
    assert json_of(api, "get", f"models/{model.pk}/")[1]["onnx"] is True
    model.refresh_from_db()
    assert files.local_path(model.onnx).stat().st_size == result["bytes"]
    answer = client.get(f"/api/v1/media/models/{model.pk}/onnx/")
    assert answer.status_code == 200 and ".onnx" in answer["Content-Disposition"]


def test_export_starts_as_one_job(
    api: Any, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "find_spec", lambda name: object())
    model = TrainedModel.objects.create(project=project, kind="detector", name="A", file="a")
    for _ in range(2):
        status, job = json_of(api, "post", f"models/{model.pk}/export/")
        assert (status, job["task"], job["state"]) == (202, "export_model", "queued")
    assert Job.objects.get().parameters == {"model": model.pk}


def test_missing_packages_are_a_sentence_before_anything_starts(
    api: Any, project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runs, "find_spec", lambda name: None)
    model = TrainedModel.objects.create(project=project, kind="detector", name="A", file="a")
    status, told = json_of(api, "post", f"models/{model.pk}/export/")
    assert (status, told["code"]) == (409, "OnnxMissing")
    with pytest.raises(CommandError, match="--extra onnx"):
        call_command("export_model", model="starter", out=tmp_path / "x.onnx")
    assert not Job.objects.exists()


def test_command_knows_the_kind_of_a_number_and_of_a_folder(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []
    monkeypatch.setattr(runs, "find_spec", lambda name: object())

    def export(checkpoint: Path, target: Path) -> float:
        asked.append(checkpoint.name)
        target.write_bytes(b"graph")
        return 0.0

    monkeypatch.setattr(exporting, "export", export)
    monkeypatch.setattr(
        "training.tasks.supervise.run", lambda running, _: work.export_model(running)
    )
    model = runs.register(recognizer(tmp_path, "lite"), "recognizer", project)
    model.kind = "detector"
    model.save()
    for given in (str(model.pk), str(tmp_path), "starter"):
        call_command("export_model", model=given, out=tmp_path / "x.onnx")
    assert (tmp_path / "x.onnx").read_bytes() == b"graph" and len(asked) == 3
    with pytest.raises(CommandError, match="no recognizer “99”"):
        call_command("export_model", model="99", out=tmp_path / "x.onnx")
