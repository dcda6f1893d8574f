"""Which networks there are: the layers of the trunk, the pixels of a grid cell."""

from __future__ import annotations

from typing import Literal

STRIDE = 16

Layers = Literal[10, 18]
Stride = Literal[16, 8]
