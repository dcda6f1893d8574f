"""Trained models as ONNX files, for programs that know nothing of torch.

Needs the optional packages ``onnx``, ``onnxscript`` and ``onnxruntime``. N is free in both:

    recognizer  image_input (N, 3, 48, 96)  ->  log_probabilities (N, 24, K + 1)
    detector    input_1 (N, 3, H, W)        ->  output_cov/Sigmoid (N, C, H/s, W/s),
                                                output_bbox/BiasAdd (N, 4C, H/s, W/s)

s is the stride, 16 unless the model was trained with 8.

What a reader has to know beside (channel order, alphabet or classes, where the blank is) is
in the file's metadata, lists as JSON.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training import checkpoints
from training.detector.network import fuse as fuse_detector
from training.detector.predict import restore as restore_detector
from training.errors import OnnxDiffers
from training.recognizer import predict
from training.recognizer.network import HEIGHT, WIDTH

OPSET = 18
FURTHEST = 1e-3  # of any output value from torch's
_CHECKED = (1, 3)  # crops or frames in the batches that are compared


@dataclass(frozen=True)
class _Plan:
    """A network in eval mode, its input's (C, H, W), and how all is called."""

    network: nn.Module
    shape: tuple[int, int, int]
    source: str
    outputs: tuple[str, ...]
    metadata: Mapping[str, Any]


class LogProbabilities(nn.Module):
    """A recognizer whose scores are ln of probabilities: (N, 3, H, W) -> (N, T, K + 1)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: Tensor) -> Tensor:
        logits: Tensor = self.network(crops)
        return logits.log_softmax(dim=-1)


def export(checkpoint: Path, target: Path) -> float:
    """Write the ONNX file of a checkpoint (a file or a folder), once it is proven equal.

    Returns the largest difference of any output value from what torch says.

    Raises:
        CheckpointMissing, CheckpointUnreadable
        OnnxDiffers: the file says something else than torch; nothing is written.
    """
    plan = _plan(checkpoint)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        _write(plan, part)
        apart = _furthest(plan, part)
        if not apart <= FURTHEST:
            raise OnnxDiffers(difference=f"{apart:.2g}")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return apart


def _plan(path: Path) -> _Plan:
    checkpoint = checkpoints.load(path)
    told = {
        name: checkpoint.metadata[name]
        for name in ("kind", "network", "dataset_version", "code_version")
        if checkpoint.metadata.get(name)
    }
    if checkpoint.metadata.get("kind") == "detector":
        return _of_detector(checkpoint, told, name=path.name)
    checkpoints.require_kind(checkpoint, "recognizer", name=path.name)
    network = predict.fuse(predict.restore(checkpoint, name=path.name).eval())
    return _Plan(
        LogProbabilities(network).eval(),
        (3, HEIGHT, WIDTH),
        "image_input",
        ("log_probabilities",),
        {
            **told,
            "alphabet": checkpoint.metadata["alphabet"],
            "blank": "the last class",
            "input_size": [WIDTH, HEIGHT],
            "input": "BGR, 0..1, stretched to the input size",
            "temperature": checkpoint.metadata.get("temperature", 1.0),
        },
    )


def _of_detector(
    checkpoint: checkpoints.Checkpoint, told: Mapping[str, Any], *, name: str
) -> _Plan:
    network, config = restore_detector(checkpoint, name=name)
    return _Plan(
        fuse_detector(network.eval()),
        (3, config.height, config.width),
        "input_1",
        ("output_cov/Sigmoid", "output_bbox/BiasAdd"),
        {
            **told,
            "classes": list(config.classes),
            "input_size": [config.width, config.height],
            "stride": config.stride,
            "input": "RGB, 0..1, stretched to the input size",
            "boxes": "left, top, right, bottom of each class, see docs/exports.md",
            "thresholds": checkpoint.metadata.get("thresholds", {}),
        },
    )


def _write(plan: _Plan, target: Path) -> None:
    """The graph with its weights and metadata, in one file."""
    with warnings.catch_warnings():
        # torch's exporter warns of its own code and of the LSTM's weights, which it copies
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            plan.network,
            (torch.zeros(2, *plan.shape),),
            dynamo=True,
            input_names=[plan.source],
            output_names=list(plan.outputs),
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            opset_version=OPSET,
            verbose=False,
        )
    assert program is not None
    for name, value in plan.metadata.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        program.model.metadata_props[name] = text
    program.save(target, external_data=False)


def _furthest(plan: _Plan, file: Path) -> float:
    """The largest difference of any output, over batches of random pictures."""
    import onnxruntime  # optional: only who exports needs it

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    apart = 0.0
    for count in _CHECKED:
        pictures = rng.random((count, *plan.shape), dtype=np.float32)
        with torch.inference_mode():
            told = plan.network(torch.from_numpy(pictures))
        expected = [told] if isinstance(told, Tensor) else list(told)
        found = session.run(list(plan.outputs), {plan.source: pictures})
        for ours, theirs in zip(expected, found, strict=True):
            apart = max(apart, float(np.abs(ours.numpy() - theirs).max()))
    return apart
