"""Checkers of reference cases for the room of formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from annotations import errors
from annotations.formats import kitti


def check_dataset_kitti(case: Mapping[str, Any], npz: Any) -> None:
    """Reading KITTI labels, and TAO's two ways to split a data set."""
    given, expected = case["input"], case["expected"]
    if "text" in given:
        _check_label(given["text"], expected)
    elif "sequence_lengths" in given:
        _check_sequences(given, expected)
    else:
        _check_random(given, expected)


def _check_label(text: str, expected: Mapping[str, Any]) -> None:
    if "objects" not in expected:  # a label that must be refused
        with pytest.raises((errors.KittiColumns, errors.KittiNumbers)):
            kitti.read_label(text)
        return
    found = kitti.read_label(text)
    assert [
        {
            "cls": one.cls,
            "truncation": one.truncation,
            "occlusion": one.occlusion,
            "box": list(one.box),
        }
        for one in found
    ] == expected["objects"]


def _check_sequences(given: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    lengths = given["sequence_lengths"]
    named = {f"{place:06d}": range(length) for place, length in enumerate(lengths)}
    found = kitti.sequence_split(named, given["num_partitions"])
    assert found == expected["partitions_of_frame_numbers"]


def _check_random(given: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    val, train = kitti.random_split(given["sorted_names"], given["val_split_percent"])
    assert sorted(val) == sorted(expected["val_set"])
    assert len(train) == expected["train_count"]
    assert not set(val) & set(train)


CHECKERS: dict[str, Callable[[Mapping[str, Any], Any], None]] = {
    "dataset.kitti": check_dataset_kitti
}
