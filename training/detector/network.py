"""DetectNet_v2 with a ResNet-10 or ResNet-18 trunk.

A grid of cells 16 pixels wide looks at the frame; for every class each cell says how much of
it belongs to an object (coverage, 0..1) and where that object's four edges are, relative to
the cell (gridbox.py). The layout follows NVIDIA's TAO toolkit; see
https://docs.nvidia.com/tao/tao-toolkit/ (DetectNet_v2) and He et al.,
https://arxiv.org/abs/1512.03385 for the residual unit.

With stride 8 the trunk's output is brought onto the finer grid of its second block, whose
cells are half as wide: for plates of few pixels (as feature pyramids do,
https://arxiv.org/abs/1612.03144). The trunk sees 155 pixels around a cell, less than a near
car; two coarser grids, of 32 and 64 pixels a cell, let a fine cell see 379.

Letters: N frames, C classes, F features, H and W frame size in pixels, h = H/stride and
w = W/stride grid size.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.detector.sizes import Layers, Stride

BN_EPS = 1e-3
BN_MOMENTUM = 0.01  # Keras' 0.99 seen from the other side

UNITS = {10: 1, 18: 2}  # residual units in every block
BLOCKS = {"block1": (64, 2), "block2": (128, 2), "block3": (256, 2), "block4": (512, 1)}
FINER = 128


def full_widths(layers: Layers, stride: Stride) -> dict[str, int]:
    """Channels of every convolution that no other is joined to, and of every joint."""
    widths = {"conv1": 64}
    for block, (width, _) in BLOCKS.items():
        for unit in range(UNITS[layers]):
            widths |= {f"{block}.{unit}.first": width, f"{block}.{unit}": width}
    return widths | ({"finer": FINER, "finer.out": FINER} if stride == 8 else {})


class SameConv2d(nn.Conv2d):
    """Convolution whose output has ceil(n / stride) rows and columns, as TensorFlow pads.

    A surplus row or column goes to the bottom and right, where PyTorch's own padding would
    put it on all sides and shift the grid by half a step.
    """

    def forward(self, x: Tensor) -> Tensor:
        top, bottom = self._surplus(x.shape[2], axis=0)
        left, right = self._surplus(x.shape[3], axis=1)
        if top == bottom and left == right:
            return F.conv2d(x, self.weight, self.bias, self.stride, (top, left))
        padded = F.pad(x, (left, right, top, bottom))
        return F.conv2d(padded, self.weight, self.bias, self.stride)

    def _surplus(self, length: int, *, axis: int) -> tuple[int, int]:
        kernel, stride = self.kernel_size[axis], self.stride[axis]
        total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
        return total // 2, total - total // 2


class ConvNorm(nn.Sequential):
    """Convolution with bias, then batch norm: ``conv`` and ``norm``."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int) -> None:
        super().__init__()
        self.add_module("conv", SameConv2d(inputs, outputs, kernel, stride))
        self.add_module("norm", nn.BatchNorm2d(outputs, eps=BN_EPS, momentum=BN_MOMENTUM))


class Unit(nn.Module):
    """Residual unit of two 3x3 convolutions; the shortcut is always a 1x1 projection."""

    def __init__(self, inputs: int, middle: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        self.first = ConvNorm(inputs, middle, kernel=3, stride=stride)
        self.second = ConvNorm(middle, outputs, kernel=3, stride=1)
        self.shortcut = ConvNorm(inputs, outputs, kernel=1, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.second(F.relu(self.first(x), inplace=True))
        return F.relu(residual + self.shortcut(x), inplace=True)


class Finer(nn.Module):
    """Features of stride 16 (N, A, h/2, w/2) joined with those of stride 8 (N, B, h, w).

    ``wide``, ``wider`` and ``widest`` look further around, at strides 32, 64 and 64.
    """

    def __init__(self, coarse: int, fine: int, joint: int, outputs: int) -> None:
        super().__init__()
        self.wide = ConvNorm(coarse, joint, kernel=3, stride=2)
        self.wider = ConvNorm(joint, joint, kernel=3, stride=2)
        self.widest = ConvNorm(joint, joint, kernel=3, stride=1)
        self.coarse = ConvNorm(coarse, joint, kernel=1, stride=1)
        self.fine = ConvNorm(fine, joint, kernel=1, stride=1)
        self.out = ConvNorm(joint, outputs, kernel=3, stride=1)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        wide = F.relu(self.wide(_even(coarse)))  # (N, J, h/4, w/4)
        widest = self.widest(F.relu(self.wider(_even(wide))))  # (N, J, h/8, w/8)
        around = F.relu(wide + _enlarged(widest, wide))
        joined = self.coarse(coarse) + _enlarged(around, coarse)
        joined = F.relu(_enlarged(joined, fine) + self.fine(fine), inplace=True)
        return F.relu(self.out(joined), inplace=True)


def _even(features: Tensor) -> Tensor:
    """A row or column more where there is an odd number, so that halving never shifts the grid."""
    return F.pad(features, (0, features.shape[3] % 2, 0, features.shape[2] % 2))


def _enlarged(features: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(features, size=like.shape[2:], mode="nearest")


class DetectNet(nn.Module):
    """Frames to coverage and edges.

    Input (N, 3, H, W), RGB, 0..1. Output: coverage (N, C, h, w) in 0..1, and edges
    (N, 4C, h, w), channels 4c..4c+3 = left, top, right, bottom of class c. ``widths``: where
    a pruned network has other channels than ``full_widths``.
    """

    def __init__(
        self,
        *,
        classes: int,
        layers: Layers = 10,
        stride: Stride = 16,
        widths: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__()
        if classes < 1:
            raise ValueError("a detector needs at least one class")
        self.classes, self.layers, self.stride = classes, layers, stride
        self.widths = wide = {**full_widths(layers, stride), **(widths or {})}
        last = f".{UNITS[layers] - 1}"
        self.conv1 = ConvNorm(3, wide["conv1"], kernel=7, stride=2)
        self.block1 = _block("block1", wide["conv1"], wide, layers)
        self.block2 = _block("block2", wide[f"block1{last}"], wide, layers)
        self.block3 = _block("block3", wide[f"block2{last}"], wide, layers)
        self.block4 = _block("block4", wide[f"block3{last}"], wide, layers)
        coarse, fine = wide[f"block4{last}"], wide[f"block2{last}"]
        if stride == 8:
            self.finer = Finer(coarse, fine, wide["finer"], wide["finer.out"])
        features = wide["finer.out"] if stride == 8 else coarse
        self.cov = nn.Conv2d(features, classes, 1)
        self.bbox = nn.Conv2d(features, 4 * classes, 1)
        self.apply(_initialise)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        return self.heads(self.features(frames))

    def features(self, frames: Tensor) -> Tensor:
        """Trunk alone: (N, 3, H, W) to (N, F, h, w)."""
        x = F.relu(self.conv1(frames), inplace=True)  # (N, 64, H/2, W/2)
        x = self.block1(x)  # (N, 64, H/4, W/4)
        fine = self.block2(x)  # (N, 128, H/8, W/8)
        x = self.block3(fine)  # (N, 256, H/16, W/16)
        x = self.block4(x)  # (N, 512, H/16, W/16)
        return self.finer(x, fine) if self.stride == 8 else x  # type: ignore[no-any-return]  # nn.Module calls are untyped

    def heads(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features (N, F, h, w) to coverage and edges, in the precision of the heads.

        The trunk may have run in bf16; edges are thousandths of a frame and want float32.
        """
        features = features.to(self.cov.weight.dtype)
        return torch.sigmoid(self.cov(features)), self.bbox(features)

    def stages(self) -> tuple[nn.Module, ...]:
        """What can rest in a training: the first convolution (0) and the four blocks."""
        return self.conv1, self.block1, self.block2, self.block3, self.block4


def set_norm_momentum(network: nn.Module, momentum: float) -> None:
    """Let batch norm forget faster (PyTorch convention); short trainings need 0.1, TAO has 0.01."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = momentum


def fuse(network: DetectNet) -> DetectNet:
    """Fold every batch norm into its convolution, in place, for reading only."""
    for name, module in list(network.named_modules()):
        if isinstance(module, ConvNorm):
            parent = network.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], _fused(module))
    return network


def _fused(pair: ConvNorm) -> SameConv2d:
    conv, norm = pair.get_submodule("conv"), pair.get_submodule("norm")
    assert isinstance(conv, SameConv2d) and isinstance(norm, nn.BatchNorm2d)
    assert conv.bias is not None and norm.running_var is not None and norm.running_mean is not None
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    with torch.no_grad():
        conv.weight.mul_(gain[:, None, None, None])
        conv.bias.sub_(norm.running_mean).mul_(gain).add_(norm.bias)
    return conv


def _block(name: str, inputs: int, wide: Mapping[str, int], layers: Layers) -> nn.Sequential:
    units = []
    for number in range(UNITS[layers]):
        joint = f"{name}.{number}"
        stride = BLOCKS[name][1] if number == 0 else 1
        units.append(Unit(inputs, wide[f"{joint}.first"], wide[joint], stride=stride))
        inputs = wide[joint]
    return nn.Sequential(*units)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.xavier_uniform_(module.weight)
        assert module.bias is not None
        nn.init.zeros_(module.bias)
