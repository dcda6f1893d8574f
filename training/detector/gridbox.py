"""Boxes to grid targets and back: the code between pixels and DetectNet's cells.

Boxes are (x1, y1, x2, y2) in pixels of the network's input. A cell stands for its upper left
corner, half a pixel in. Every box is drawn as an ellipse around its middle: the share of a
cell inside it is that cell's coverage. A larger "deadzone" ellipse blanks what other boxes
drew there, so that two objects never share a cell.

Letters: N boxes, h and w grid rows and columns. Semi-axes and radii are in cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Pair = tuple[float, float]

SAMPLES = 4  # each cell is probed at 4x4 points
SMALLEST_AXIS = 0.1


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Network input size in pixels, its cells, and how box edges become numbers near 1."""

    width: int
    height: int
    columns: int
    rows: int
    scale: float = 35.0
    offset: float = 0.5

    def __post_init__(self) -> None:
        if min(self.width, self.height, self.columns, self.rows) < 1 or self.scale <= 0:
            raise ValueError(f"not a grid: {self}")

    @classmethod
    def of(cls, width: int, height: int, *, stride: int = 16) -> Grid:
        """The grid of a network input of this size."""
        return cls(
            width=width, height=height, columns=-(-width // stride), rows=-(-height // stride)
        )

    @property
    def cell(self) -> Pair:
        """Width and height of a cell in pixels."""
        return self.width / self.columns, self.height / self.rows

    def sized(self, width: int, height: int) -> Grid:
        """The same cells on an input of another size, which they must fill."""
        wide, high = self.cell
        columns, rows = round(width / wide), round(height / high)
        return replace(self, width=width, height=height, columns=columns, rows=rows)

    def corners(self) -> tuple[Floats, Floats]:
        """x of every column (w,) and y of every row (h,), in pixels."""
        wide, high = self.cell
        x = np.arange(self.columns) * wide + self.offset
        y = np.arange(self.rows) * high + self.offset
        return x, y


@dataclass(frozen=True, kw_only=True)
class Ellipse:
    """How a class draws its boxes.

    ``radius``: semi-axes as shares of the box's half width and half height. ``min_radius``:
    the smallest semi-axis in cells. ``deadzone`` 0..1: from the ellipse itself to the whole
    box. ``keep_aspect``: enlarge both axes together until each reaches ``min_radius`` (as TAO
    does: a thin plate grows in width too); without it each axis is enlarged alone.
    """

    center: Pair = (0.5, 0.5)
    radius: Pair = (0.4, 0.4)
    min_radius: float = 1.0
    deadzone: float = 0.67
    keep_aspect: bool = True

    def __post_init__(self) -> None:
        shares = (*self.center, *self.radius, self.deadzone)
        if not all(0 <= share <= 1 for share in shares) or not self.min_radius > 0:
            raise ValueError(f"ellipse shares must be 0..1 and min_radius positive: {self}")


@dataclass(frozen=True)
class Drawn:
    """Ellipses of N boxes on the grid: all (N, 2) in cells, but ``inverse_area`` (N,)."""

    middle: Floats
    coverage_axes: Floats
    deadzone_axes: Floats
    inverse_area: Floats


@dataclass(frozen=True)
class Targets:
    """What one class should see: coverage (h, w), coverage over area (h, w), edges (4, h, w)."""

    coverage: NDArray[np.float32]
    normalised: NDArray[np.float32]
    edges: NDArray[np.float32]


def encode(boxes: Floats, grid: Grid) -> Floats:
    """Boxes (..., 4) in pixels as edges of every cell: (..., 4, h, w), left top right bottom."""
    x, y = grid.corners()
    shape = (*boxes.shape, grid.rows, grid.columns)
    edges = np.empty(shape, dtype=np.float64)
    edges[..., 0, :, :] = x - boxes[..., 0, None, None]
    edges[..., 1, :, :] = y[:, None] - boxes[..., 1, None, None]
    edges[..., 2, :, :] = boxes[..., 2, None, None] - x
    edges[..., 3, :, :] = boxes[..., 3, None, None] - y[:, None]
    return edges / grid.scale


def decode(edges: Floats, grid: Grid) -> Floats:
    """Edges (..., 4, h, w) as pixel boxes (..., 4, h, w), inside the frame, never inverted."""
    x, y = grid.corners()
    return _decoded(edges, x[None, :], y[:, None], grid)


def decode_cells(
    edges: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp], grid: Grid
) -> Floats:
    """Edges (N, 4) of chosen cells as boxes (N, 4): what ``decode`` gives, without the rest."""
    x, y = grid.corners()
    return _decoded(edges.T, x[columns], y[rows], grid).T


def _decoded(edges: Floats, x: Floats, y: Floats, grid: Grid) -> Floats:
    left, top, right, bottom = np.moveaxis(edges, -3, 0) if edges.ndim > 2 else edges
    x1 = np.clip(x - grid.scale * left, 0, grid.width)
    y1 = np.clip(y - grid.scale * top, 0, grid.height)
    x2 = np.clip(x + grid.scale * right, x1, grid.width)
    y2 = np.clip(y + grid.scale * bottom, y1, grid.height)
    return np.stack([x1, y1, x2, y2], axis=-3 if edges.ndim > 2 else 0)


def ellipses(boxes: Floats, grid: Grid, ellipse: Ellipse) -> Drawn:
    """The ellipses of boxes (N, 4) given in pixels."""
    cells = np.asarray(boxes, dtype=np.float64).reshape(-1, 4) / np.tile(grid.cell, 2)
    low, high = cells[:, :2], cells[:, 2:]
    middle = low + np.asarray(ellipse.center) * (high - low)
    extent = np.minimum(middle - low, high - middle)
    axes = np.maximum(np.asarray(ellipse.radius) * extent, SMALLEST_AXIS)
    if ellipse.keep_aspect:
        for axis in (0, 1):
            axes *= np.maximum(ellipse.min_radius / axes[:, axis, None], 1.0)
    else:
        axes = np.maximum(axes, ellipse.min_radius)
    deadzone = np.maximum((1 - ellipse.deadzone) * axes + ellipse.deadzone * extent, axes)
    return Drawn(middle, axes, deadzone, 1 / np.maximum(4 * axes[:, 0] * axes[:, 1], 1.0))


def share_inside(
    middle: Sequence[float] | Floats, axes: Sequence[float] | Floats, *, rows: slice, columns: slice
) -> Floats:
    """Share of each cell of a window inside an ellipse, in 1/16: (rows, columns)."""
    u = ((_probes(columns) - middle[0]) / axes[0]) ** 2
    v = ((_probes(rows) - middle[1]) / axes[1]) ** 2
    inside = u[None, :] + v[:, None] <= 1.0
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    counts: Floats = inside.reshape(high, SAMPLES, wide, SAMPLES).sum(axis=(1, 3))
    return counts / SAMPLES**2


def _probes(window: slice) -> Floats:
    return (np.arange(window.start * SAMPLES, window.stop * SAMPLES) + 0.5) / SAMPLES


def rasterise(boxes: Floats, grid: Grid, ellipse: Ellipse) -> Targets:
    """Targets of one class for its boxes (N, 4) in pixels; N may be 0.

    Boxes are drawn from the top of the frame down: the nearer one wins a contested cell.
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    boxes = boxes[np.argsort(boxes[:, 3], kind="stable")]
    drawn = ellipses(boxes, grid, ellipse)
    coverage = np.zeros((grid.rows, grid.columns))
    owner = np.full((grid.rows, grid.columns), -1)
    for index in range(len(boxes)):
        _draw(index, drawn, coverage, owner)
    return _targets(boxes, drawn, coverage, owner, grid)


def _draw(index: int, drawn: Drawn, coverage: Floats, owner: NDArray[np.int_]) -> None:
    middle, reach = drawn.middle[index], drawn.deadzone_axes[index]
    rows, columns = (
        slice(
            int(np.clip(np.floor(middle[axis] - reach[axis]), 0, length)),
            int(np.clip(np.ceil(middle[axis] + reach[axis]), 0, length)),
        )
        for axis, length in ((1, coverage.shape[0]), (0, coverage.shape[1]))
    )
    kept, owners = coverage[rows, columns], owner[rows, columns]  # views: written in place
    if kept.size == 0:
        return
    dead = share_inside(middle, reach, rows=rows, columns=columns)
    share = share_inside(middle, drawn.coverage_axes[index], rows=rows, columns=columns)
    erased = (dead >= kept) & (dead > 0)
    kept[erased], owners[erased] = 0, -1
    taken = (share >= kept) & (share > 0)
    kept[taken], owners[taken] = share[taken], index


def _targets(
    boxes: Floats, drawn: Drawn, coverage: Floats, owner: NDArray[np.int_], grid: Grid
) -> Targets:
    normalised = np.zeros_like(coverage, dtype=np.float32)
    edges = np.zeros((4, grid.rows, grid.columns), dtype=np.float32)
    rows, columns = np.nonzero(owner >= 0)
    if len(rows):
        owners = owner[rows, columns]
        x, y = grid.corners()
        at = np.stack([x[columns], y[rows]])  # (2, cells)
        own = boxes[owners].T  # (4, cells)
        normalised[rows, columns] = coverage[rows, columns] * drawn.inverse_area[owners]
        edges[:2, rows, columns] = (at - own[:2]) / grid.scale
        edges[2:, rows, columns] = (own[2:] - at) / grid.scale
    return Targets(coverage.astype(np.float32), normalised, edges)
