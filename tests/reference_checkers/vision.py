"""Checkers of reference cases for the room of vision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from annotations.vision import boxes

STRIDE = 16  # pixels of the detector's input for each cell of its grid


def check_resize(case: Mapping[str, Any], npz: Any) -> None:
    """Offline resizing stretches each axis by its own factor."""
    given, expected = case["input"], case["expected"]
    assert given["mode"] == "stretch", f"unknown mode {given['mode']}"
    found = boxes.scale(
        given["boxes"], from_size=tuple(given["src_wh"]), to_size=tuple(given["dst_wh"])
    )
    # The cases are written with nine digits.
    np.testing.assert_allclose(found, boxes.as_boxes(expected["boxes"]), rtol=1e-6, atol=1e-5)
    if "grid_wh" in expected:
        assert [side // STRIDE for side in given["dst_wh"]] == expected["grid_wh"]


CHECKERS: dict[str, Callable[[Mapping[str, Any], Any], None]] = {"dataset.resize": check_resize}
