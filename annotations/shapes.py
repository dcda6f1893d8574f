"""The shapes of JSON that pages and training rely on, for rows that a stranger wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annotations.vision.selection import KEPT

Shape = Callable[[Any], bool]


def is_text(said: Any) -> bool:
    """A text."""
    return isinstance(said, str)


def is_mapping(said: Any) -> bool:
    """An object of JSON."""
    return isinstance(said, dict)


def is_rule(said: Any) -> bool:
    """Some of a rule for taking frames, as a project keeps it."""
    return is_mapping(said) and said.keys() <= set(KEPT) and all(map(is_number, said.values()))


def is_number(said: Any) -> bool:
    """A number; true and false are none."""
    return isinstance(said, int | float) and not isinstance(said, bool)


def list_of(shape: Shape) -> Shape:
    """A list of what has the shape."""
    return lambda said: isinstance(said, list) and all(map(shape, said))


def numbers(count: int) -> Shape:
    """A list of so many numbers."""
    return lambda said: list_of(is_number)(said) and len(said) == count


def _frozen_box(said: Any) -> bool:
    return (
        isinstance(said, dict)
        and isinstance(said.get("label"), str)
        and isinstance(said.get("ignore"), bool)
        and all(is_number(said.get(edge)) for edge in ("x1", "y1", "x2", "y2"))
    )


OF_COLUMNS: dict[str, Shape] = {
    "key_boxes": list_of(numbers(5)),
    "time_map": list_of(numbers(3)),
    "complete_labels": list_of(is_text),
    "boxes": list_of(_frozen_box),
    "counts": is_mapping,
    "class_map": is_mapping,
    "selection_defaults": is_rule,
    "split_rule": is_mapping,
    "damage": is_mapping,
    "characters": list_of(is_number),
}
