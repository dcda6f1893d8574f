"""Checkers of the reference cases of the recognizer: each asserts one case of its kind.

``npz`` holds the arrays a case names; these kinds name none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from training.recognizer import ctc
from training.recognizer.network import HEIGHT, LPRNet, PaperLite

Case = Mapping[str, Any]
Arrays = Mapping[str, Any] | None

REMARKS = {"note", "rule", "brute_force_checked"}


def check_greedy(case: Case, npz: Arrays = None) -> None:
    given, expected = case["input"], case["expected"]
    found = ctc.collapse(given["argmax_ids"], given["max_prob"], blank=given["blank_index"])
    _compare(
        {
            "text": "".join(given["characters"][e.index] for e in found),
            "char_confidence": pytest.approx([e.confidence for e in found]),
            "frame_of_char": [e.frame for e in found],
        },
        expected,
    )


def check_loss(case: Case, npz: Arrays = None) -> None:
    """In double precision, as the cases are written; what no path can give costs infinity."""
    given, expected = case["input"], case["expected"]
    logits = torch.tensor(given["logits_TxK"], dtype=torch.float64)[None]  # (1, T, K + 1)
    assert given["blank_index"] == logits.shape[-1] - 1
    told = expected["neg_log_likelihood"]
    wanted = math.inf if told is None else float(told)
    assert float(ctc.loss(logits, [given["target"]])) == pytest.approx(wanted, rel=1e-4, abs=1e-8)
    if wanted > 1e-3:  # in the precision of a training
        assert float(ctc.loss(logits.float(), [given["target"]])) == pytest.approx(wanted, rel=1e-4)


def check_capacity(case: Case, npz: Arrays = None) -> None:
    given = case["input"]
    found: dict[str, object] = {}
    if "text" in given:
        found["min_frames"] = ctc.steps_needed(given["text"])
    if "max_label_length" in given:
        width = ctc.width_needed(given["max_label_length"])
        found |= {"min_width": width, "fits_96": width <= 96}
    _compare(found, case["expected"])


def check_network_shape(case: Case, npz: Arrays = None) -> None:
    """The cases of kind network.shape whose id starts with "lprnet"."""
    if "nlayers" in case["input"]:
        _check_lprnet(case["input"], case["expected"])
    else:
        _check_lite(case["input"], case["expected"])


def _check_lprnet(given: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    width, height, channels = given["image_whc"]
    network = LPRNet(given["characters"], units={10: 1, 18: 2}[given["nlayers"]])
    if height != HEIGHT:  # ours reads 48 lines; nothing else depends on it
        rows = 300 * -(-height // 4)
        network.lstm = nn.LSTM(rows, network.lstm.hidden_size, batch_first=True)
    logits, convolved = _run(network.eval(), torch.zeros(1, channels, height, width))
    weights = sum(p.numel() for name, p in network.lstm.named_parameters() if "weight" in name)
    _compare(
        {
            "trainable_params": _parameters(network),
            "lstm_input_size": network.lstm.input_size,
            "time_steps": logits.shape[1],
            "logits_per_step": logits.shape[2],
            "trunk_multiply_adds": convolved,
            "lstm_multiply_adds": logits.shape[1] * weights,
        },
        expected,
    )


def _check_lite(given: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    width, height, _ = given["image_whc"]
    network = PaperLite(given["classes_with_blank"]).eval()
    logits, convolved = _run(network, torch.zeros(1, 3, height, width))
    _compare(
        {
            "trainable_params": _parameters(network),
            "time_steps": logits.shape[1],
            "logits_per_step": given["classes_with_blank"],
            "multiply_adds": convolved,
        },
        expected,
    )
    assert logits.shape[2] == given["classes_with_blank"]


def _compare(found: Mapping[str, object], expected: Mapping[str, object]) -> None:
    """Whatever a case expects, and nothing it does not; what it expects we must know."""
    for name, value in expected.items():
        if name not in REMARKS:
            assert name in found, f"nothing here measures {name}"
            assert value == found[name], name


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
