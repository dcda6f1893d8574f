"""The network that a training begins with: a fresh one, or what a parent knows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from training import checkpoints
from training.detector.config import DetectorConfig
from training.detector.network import DetectNet
from training.detector.predict import KIND, new_network
from training.detector.pruning import prune
from training.errors import OtherNetwork, SettingRefused
from training.reasons import Reason


def first_network(config: DetectorConfig, init: Path | None) -> DetectNet:
    """The network that a training begins with, its parent's filters pruned if that is asked."""
    if init is None:
        for name in ("freeze", "prune"):
            if value := getattr(config, name):
                reason = Reason(
                    "it is about the model to start from, so name one",
                    "trata del modelo del que se parte, así que indique uno",
                )
                raise SettingRefused(setting=name, value=value, reason=reason)
        return _initialised(config, None)
    other = checkpoints.load(init)
    checkpoints.require_kind(other, KIND, name=Path(init).name)
    if other.metadata["network"] != config.network:
        raise OtherNetwork(
            name=Path(init).name, found=other.metadata["network"], wanted=config.network
        )
    network = _initialised(config, other.metadata.get("widths"))
    _take_over(network, config, other)
    return prune(network, threshold=config.prune) if config.prune else network


def _initialised(config: DetectorConfig, widths: Mapping[str, int] | None) -> DetectNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = new_network(config, widths)
    if config.prior:
        assert network.cov.bias is not None
        nn.init.constant_(network.cov.bias, math.log(config.prior / (1 - config.prior)))
    return network


def _take_over(network: DetectNet, config: DetectorConfig, other: checkpoints.Checkpoint) -> None:
    """Weights of another detector: its whole trunk, and the heads of labels both know.

    Heads on another grid look at other features, so of them nothing is taken.
    """
    weights = network.state_dict()
    heads = ("cov.weight", "cov.bias", "bbox.weight", "bbox.bias")
    for name, value in other.weights.items():
        if name in weights and name not in heads:
            weights[name] = value
    same_grid = other.metadata["config"].get("stride", 16) == config.stride
    for number, label in enumerate(config.classes):
        if same_grid and label in other.metadata["classes"]:
            theirs = other.metadata["classes"].index(label)
            for part in ("weight", "bias"):
                weights[f"cov.{part}"][number] = other.weights[f"cov.{part}"][theirs]
                weights[f"bbox.{part}"][4 * number : 4 * number + 4] = other.weights[
                    f"bbox.{part}"
                ][4 * theirs : 4 * theirs + 4]
    network.load_state_dict(weights)
