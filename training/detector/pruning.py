"""Taking filters out of a detector that hardly matter, as NVIDIA's TAO toolkit does.

A filter goes when the norm of its kernel is a small share of the largest in its layer. Layers
whose outputs are added keep the union of what each would keep. The counts are rounded up, for
processors like whole groups of channels. A pruned network is worse until it is trained again.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from training.detector.network import UNITS, ConvNorm, DetectNet, SameConv2d

GRANULARITY = 8
FEWEST = 16


def prune(
    network: DetectNet,
    *,
    threshold: float,
    granularity: int = GRANULARITY,
    fewest: int = FEWEST,
) -> DetectNet:
    """A smaller network with the filters of ``network`` that stay; that one is left as it is.

    ``threshold``: kernel norm over the largest of its layer, below which a filter goes.
    ``granularity``: numbers of filters are multiples of it, at least ``fewest``, as long as
    the layer has so many.
    """
    kept = kept_filters(network, threshold=threshold, granularity=granularity, fewest=fewest)
    smaller = DetectNet(
        classes=network.classes,
        layers=network.layers,
        stride=network.stride,
        widths={name: len(numbers) for name, numbers in kept.items()},
    )
    smaller.train(network.training)
    weights = copy.copy(network.state_dict())
    for name, (outputs, inputs) in _layers(network).items():
        for key in [key for key in weights if key.startswith(f"{name}.")]:
            if weights[key].dim() and outputs:
                weights[key] = weights[key][kept[outputs]]
            if weights[key].dim() == 4 and inputs:
                weights[key] = weights[key][:, kept[inputs]]
    smaller.load_state_dict(weights)
    return smaller


def kept_filters(
    network: DetectNet, *, threshold: float, granularity: int, fewest: int
) -> dict[str, Tensor]:
    """The numbers of the filters that stay, for every name in the network's ``widths``."""
    joints: dict[str, list[ConvNorm]] = {}
    for name, (outputs, _) in _layers(network).items():
        module = network.get_submodule(name)
        if isinstance(module, ConvNorm):
            joints.setdefault(outputs, []).append(module)
    return {
        name: _strongest(_strength(layers), threshold, granularity, fewest)
        for name, layers in joints.items()
    }


def _strength(layers: list[ConvNorm]) -> Tensor:
    """Of each filter: kernel norm over the largest, the best of the layers that are joined."""
    shares = []
    for layer in layers:
        conv = layer.get_submodule("conv")
        assert isinstance(conv, SameConv2d)
        norms = conv.weight.detach().flatten(1).norm(dim=1)
        shares.append(norms / norms.max().clamp_min(1e-12))
    return torch.stack(shares).amax(dim=0)


def _strongest(strength: Tensor, threshold: float, granularity: int, fewest: int) -> Tensor:
    strong = int((strength >= threshold).sum())
    count = min(max(-(-strong // granularity) * granularity, fewest), len(strength))
    order = torch.argsort(strength, descending=True, stable=True)
    return order[:count].sort().values


def _layers(network: DetectNet) -> dict[str, tuple[str, str]]:
    """Layer -> names in ``widths`` of its outputs and inputs, "" where they stay as they are."""
    layers = {"conv1": ("conv1", "")}
    before = "conv1"
    for block in ("block1", "block2", "block3", "block4"):
        for number in range(UNITS[network.layers]):
            unit = f"{block}.{number}"
            layers[f"{unit}.first"] = (f"{unit}.first", before)
            layers[f"{unit}.second"] = (unit, f"{unit}.first")
            layers[f"{unit}.shortcut"] = (unit, before)
            before = unit
    if network.stride == 8:
        fine = f"block2.{UNITS[network.layers] - 1}"
        layers["finer.wide"] = layers["finer.coarse"] = ("finer", before)
        layers["finer.wider"] = layers["finer.widest"] = ("finer", "finer")
        layers["finer.fine"] = ("finer", fine)
        layers["finer.out"] = ("finer.out", "finer")
        before = "finer.out"
    return layers | {"cov": ("", before), "bbox": ("", before)}


def masked(network: DetectNet, *, kept: dict[str, Tensor]) -> DetectNet:
    """The network as large as it is, the other filters saying nothing: what pruning must equal."""
    quiet = copy.deepcopy(network)
    for name, (outputs, _) in _layers(network).items():
        module = quiet.get_submodule(name)
        if isinstance(module, ConvNorm):
            norm = module.get_submodule("norm")
            assert isinstance(norm, nn.BatchNorm2d)
            silent = torch.ones(norm.num_features, dtype=torch.bool)
            silent[kept[outputs]] = False
            with torch.no_grad():
                norm.weight[silent] = 0
                norm.bias[silent] = 0
    return quiet
