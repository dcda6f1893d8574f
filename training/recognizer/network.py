"""The recognizer's networks: a 96x48 crop goes in, 24 columns of character scores come out.

N crops, H height, W width, T steps along the width (24), K characters, C channels.
The blank of CTC is always the last class, index K.

LPRNet, TAO's layout (``lprnet10``, ``lprnet18``):
    https://docs.nvidia.com/tao/tao-toolkit/text/character_recognition/lprnet.html
LPRNet, the paper (``lite`` follows its idea):
    Zherzdev and Gruzdev, https://arxiv.org/abs/1806.10447
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from training.recognizer.config import NetworkName

WIDTH, HEIGHT = 96, 48
STEPS = 24  # one per four columns of the crop

# the only layer whose size depends on the alphabet; its rows are the characters, then the blank
CLASSIFIER = "classifier"


def build(network: NetworkName, characters: int) -> nn.Module:
    """A fresh network: (N, 3, 48, 96) BGR in 0..1 -> logits (N, 24, characters + 1)."""
    if network == "lprnet10":
        return LPRNet(characters, units=1)
    if network == "lprnet18":
        return LPRNet(characters, units=2)
    return Lite(characters)


def parts(network: nn.Module) -> list[nn.Module]:
    """The children of a network from the crop to the classifier, for training some of them."""
    children = dict(network.named_children())
    classifier = children.pop(CLASSIFIER)
    return [*children.values(), classifier]


def sum_channels(crops: Tensor) -> Tensor:
    """(N, 3, H, W) in 0..1 -> (N, 1, H, W) in 0..3: colour says nothing about a character."""
    return crops.sum(dim=1, keepdim=True)


# --- LPRNet as TAO builds it


class LPRNet(nn.Module):
    """ResNet trunk at a quarter of the width, one LSTM along the width, one dense layer.

    ``units`` is the number of residual units in a stage: 1 gives LPRNet-10, 2 LPRNet-18.
    """

    def __init__(self, characters: int, *, units: int = 1) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 64, 3, padding=1),
            _tao_norm(64),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=1, padding=1),
        )
        self.stages = nn.Sequential(
            _stage(64, 64, stride=1, units=units),
            _stage(64, 128, stride=2, units=units),
            _stage(128, 256, stride=2, units=units),
            _stage(256, 300, stride=1, units=units),
        )
        self.lstm = nn.LSTM(300 * HEIGHT // 4, 512, batch_first=True)
        self.classifier = nn.Linear(512, characters + 1)
        self._initialise()

    def forward(self, crops: Tensor) -> Tensor:
        x = self.stages(self.stem(sum_channels(crops)))  # (N, 300, H/4, T)
        x = x.permute(0, 3, 2, 1).flatten(2)  # (N, T, H/4 * 300)
        x, _ = self.lstm(x)  # (N, T, 512)
        logits: Tensor = self.classifier(x)  # (N, T, K + 1)
        return logits

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        recurrent = dict(self.lstm.named_parameters())
        nn.init.xavier_uniform_(recurrent["weight_ih_l0"])
        nn.init.orthogonal_(recurrent["weight_hh_l0"])
        nn.init.zeros_(recurrent["bias_ih_l0"])
        nn.init.zeros_(recurrent["bias_hh_l0"])
        # gates are input, forget, cell, output: open the forget gate, as Keras does
        with torch.no_grad():
            recurrent["bias_ih_l0"][512:1024].fill_(1.0)


class ResidualUnit(nn.Module):
    """Two 3x3 convolutions beside a shortcut; the "a" unit of a stage projects it by 1x1."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, projection: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1),
            _tao_norm(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1),
            _tao_norm(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if projection:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride), _tao_norm(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


def _stage(inputs: int, outputs: int, *, stride: int, units: int) -> nn.Sequential:
    first = ResidualUnit(inputs, outputs, stride=stride, projection=True)
    rest = [ResidualUnit(outputs, outputs, stride=1, projection=False) for _ in range(units - 1)]
    return nn.Sequential(first, *rest)


def _tao_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-4, momentum=0.003)


# --- lite: fully convolutional, for a processor without an accelerator


class Lite(nn.Module):
    """A small LPRNet for 96x48 crops without recurrence, 0.73 million parameters.

    Each crop is brought to mean 0 and deviation 1 by itself, and the global context is scaled
    by its own energy, so the reading of a plate never depends on its neighbours in the batch.
    """

    def __init__(self, characters: int, *, widths: Sequence[int] = (24, 48, 96, 104)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.stem = _conv(1, a, (5, 5), stride=2)
        self.low = nn.Sequential(_conv(a, b, (3, 3)), nn.MaxPool2d(2))
        self.middle = nn.Sequential(_conv(b, c, (3, 3)), Skip(c), Skip(c), nn.MaxPool2d((2, 1)))
        self.high = nn.Sequential(_conv(c, d, (3, 3)), Skip(d), Skip(d))
        self.column = _conv(d, d, (HEIGHT // 8, 1), padding=0)
        self.along = nn.Sequential(_conv(d, d, (1, 9)), Skip(d, (1, 5)))
        self.dropout = nn.Dropout(0.1)
        self.classifier = nn.Conv1d(d + d + b + d, characters + 1, 1)

    def forward(self, crops: Tensor) -> Tensor:
        x = standardise(sum_channels(crops))
        low = self.low(self.stem(x))  # (N, b, H/4, T)
        high = self.high(self.middle(low))  # (N, d, H/8, T)
        column = self.column(high)  # (N, d, 1, T)
        along = self.along(column)  # (N, d, 1, T)
        whole = high.mean(dim=(2, 3), keepdim=True).expand_as(column)  # (N, d, 1, T)
        context = torch.cat(
            [along, column, scale_by_energy(low.mean(dim=2, keepdim=True)), scale_by_energy(whole)],
            dim=1,
        )
        logits: Tensor = self.classifier(self.dropout(context).squeeze(2))  # (N, K + 1, T)
        return logits.transpose(1, 2)  # (N, T, K + 1)


class PaperLite(nn.Module):
    """The paper's layout for 94x24 crops as the best-known open version builds it.

    (N, 3, 24, 94) -> logits (N, 18, classes), blank included in ``classes``. It is here to
    compare with, not to be trained: 96x48 crops do not fit it. Unlike the original, the mean
    of squares is taken over each crop, not over the batch.
    https://github.com/sirius-ai/LPRNet_Pytorch
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.first = _plain(3, 64, 3)  # (N, 64, 22, 92)
        self.second = nn.Sequential(  # (N, 128, 20, 90)
            nn.MaxPool2d(3, stride=1), SmallBlock(64, 128), nn.BatchNorm2d(128), nn.ReLU()
        )
        self.third = nn.Sequential(  # (N, 256, 18, 44)
            nn.MaxPool3d((1, 3, 3), stride=(2, 1, 2)),
            *(SmallBlock(64, 256), nn.BatchNorm2d(256), nn.ReLU()),
            *(SmallBlock(256, 256), nn.BatchNorm2d(256), nn.ReLU()),
        )
        self.fourth = nn.Sequential(  # (N, classes, 4, 18)
            nn.MaxPool3d((1, 3, 3), stride=(4, 1, 2)),
            nn.Dropout(0.5),
            _plain(64, 256, (1, 4)),
            nn.Dropout(0.5),
            _plain(256, classes, (13, 1)),
        )
        self.fine, self.coarse = nn.AvgPool2d(5), nn.AvgPool2d((4, 10), stride=(4, 2))
        self.classifier = nn.Conv2d(64 + 128 + 256 + classes, classes, 1)

    def forward(self, crops: Tensor) -> Tensor:
        first = self.first(crops)
        second = self.second(first)
        third = self.third(second)
        fourth = self.fourth(third)
        contexts = [self.fine(first), self.fine(second), self.coarse(third), fourth]
        scaled = [c / c.square().mean(dim=(1, 2, 3), keepdim=True).add(1e-12) for c in contexts]
        logits: Tensor = self.classifier(torch.cat(scaled, dim=1)).mean(dim=2)  # (N, classes, T)
        return logits.transpose(1, 2)


class SmallBlock(nn.Sequential):
    """1x1 to a quarter, 3x1, 1x3, 1x1 to the full width."""

    def __init__(self, inputs: int, outputs: int) -> None:
        quarter = outputs // 4
        super().__init__(
            *(nn.Conv2d(inputs, quarter, 1), nn.ReLU()),
            *(nn.Conv2d(quarter, quarter, (3, 1), padding=(1, 0)), nn.ReLU()),
            *(nn.Conv2d(quarter, quarter, (1, 3), padding=(0, 1)), nn.ReLU()),
            nn.Conv2d(quarter, outputs, 1),
        )


def _plain(inputs: int, outputs: int, kernel: int | tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel), nn.BatchNorm2d(outputs), nn.ReLU())


class Skip(nn.Module):
    """x + relu(norm(conv(x)))."""

    def __init__(self, channels: int, kernel: tuple[int, int] = (3, 3)) -> None:
        super().__init__()
        self.conv = _conv(channels, channels, kernel)

    def forward(self, x: Tensor) -> Tensor:
        summed: Tensor = x + self.conv(x)
        return summed


def standardise(crops: Tensor) -> Tensor:
    """Each crop by itself to mean 0, deviation 1: exposure and contrast stop mattering."""
    mean = crops.mean(dim=(1, 2, 3), keepdim=True)
    deviation = crops.var(dim=(1, 2, 3), keepdim=True, unbiased=False).add(1e-3).sqrt()
    return (crops - mean) / deviation


def scale_by_energy(features: Tensor) -> Tensor:
    """Divide each crop's features by their own root mean square (never the batch's)."""
    energy = features.float().square().mean(dim=(1, 2, 3), keepdim=True)
    return features * torch.rsqrt(energy + 1e-6).to(features.dtype)


def _conv(
    inputs: int,
    outputs: int,
    kernel: tuple[int, int],
    *,
    stride: int = 1,
    padding: int | None = None,
) -> nn.Sequential:
    around = (kernel[0] // 2, kernel[1] // 2) if padding is None else (padding, padding)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=around, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
