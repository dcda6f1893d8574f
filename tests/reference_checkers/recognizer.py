"""Checkers of the reference cases of the recognizer: each asserts one case of its kind.

``npz`` holds the arrays a case names; these kinds name none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from training.recognizer import ctc
from training.recognizer.network import LPRNet, PaperLite

Case = Mapping[str, Any]
Arrays = Mapping[str, Any] | None


def check_greedy(case: Case, npz: Arrays = None) -> None:
    given, expected = case["input"], case["expected"]
    found = ctc.collapse(given["argmax_ids"], given["max_prob"], blank=given["blank_index"])
    assert "".join(given["characters"][e.index] for e in found) == expected["text"]
    assert [e.confidence for e in found] == expected["char_confidence"]
    assert [e.frame for e in found] == expected["frame_of_char"]


def check_loss(case: Case, npz: Arrays = None) -> None:
    given, expected = case["input"], case["expected"]
    logits = torch.tensor(given["logits_TxK"])[None]  # (1, T, K + 1)
    assert given["blank_index"] == logits.shape[-1] - 1
    found = float(ctc.loss(logits, [given["target"]]))
    assert found == pytest.approx(expected["neg_log_likelihood"], rel=1e-4)


def check_capacity(case: Case, npz: Arrays = None) -> None:
    given, expected = case["input"], case["expected"]
    if "text" in given:
        assert ctc.steps_needed(given["text"]) == expected["min_frames"]
    if "max_label_length" in given:
        width = ctc.width_needed(given["max_label_length"])
        assert width == expected["min_width"]
        assert (width <= 96) == expected["fits_96"]


def check_network_shape(case: Case, npz: Arrays = None) -> None:
    """The cases of kind network.shape whose id starts with "lprnet"."""
    if "nlayers" in case["input"]:
        _check_lprnet(case["input"], case["expected"])
    else:
        _check_lite(case["input"], case["expected"])


def _check_lprnet(given: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    width, height, _ = given["image_whc"]
    assert (width, height) == (96, 48), "the recognizer reads 96x48 crops only"
    network = LPRNet(given["characters"], units={10: 1, 18: 2}[given["nlayers"]])
    network.eval()
    assert _parameters(network) == expected["trainable_params"]
    assert network.lstm.input_size == expected["lstm_input_size"]
    logits, convolved = _run(network, torch.zeros(1, 3, height, width))
    assert logits.shape == (1, expected["time_steps"], expected["logits_per_step"])
    assert convolved == expected["trunk_multiply_adds"]
    weights = sum(p.numel() for name, p in network.lstm.named_parameters() if "weight" in name)
    assert logits.shape[1] * weights == expected["lstm_multiply_adds"]


def _check_lite(given: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    width, height, _ = given["image_whc"]
    network = PaperLite(given["classes_with_blank"]).eval()
    assert _parameters(network) == expected["trainable_params"]
    logits, convolved = _run(network, torch.zeros(1, 3, height, width))
    assert logits.shape == (1, expected["time_steps"], given["classes_with_blank"])
    assert convolved == expected["multiply_adds"]


def _parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def _run(network: nn.Module, crops: Tensor) -> tuple[Tensor, int]:
    """The logits, and the multiply-adds of all convolutions on the way."""
    counted = 0

    def count(layer: nn.Module, _: tuple[Tensor, ...], out: Tensor) -> None:
        nonlocal counted
        if isinstance(layer, nn.Conv2d):
            counted += layer.weight[0].numel() * out.numel()

    for layer in network.modules():
        layer.register_forward_hook(count)
    with torch.inference_mode():
        return network(crops), counted


CHECKERS: dict[str, Callable[[Case, Arrays], None]] = {
    "ctc.greedy": check_greedy,
    "ctc.loss": check_loss,
    "ctc.capacity": check_capacity,
    "network.shape": check_network_shape,
}
