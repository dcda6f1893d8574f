"""Boxes as plain geometry: cases by hand and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.vision import boxes

edge = st.floats(-500, 500, allow_nan=False)
side = st.floats(0.5, 300)
box = st.tuples(edge, edge, side, side).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))
many = st.lists(box, max_size=6)


def test_iou_by_hand():
    found = boxes.iou([(0, 0, 10, 10)], [(5, 0, 15, 10), (0, 0, 10, 10), (20, 20, 30, 30)])
    assert found == pytest.approx(np.array([[1 / 3, 1.0, 0.0]]))


@given(many, many)
def test_iou_is_symmetric_and_bounded(first, second):
    found = boxes.iou(first, second)
    assert found.shape == (len(first), len(second))
    assert np.allclose(found, boxes.iou(second, first).T)
    assert ((found >= 0) & (found <= 1 + 1e-12)).all()


def test_boxes_without_area_share_nothing():
    assert boxes.iou([(1, 1, 1, 5)], [(1, 1, 1, 5)]).tolist() == [[0.0]]


def test_area_of_a_box_turned_inside_out_is_zero():
    assert boxes.area([(0, 0, 3, 4), (5, 5, 1, 1)]).tolist() == [12.0, 0.0]


def test_clip_keeps_the_part_inside():
    found = boxes.clip([(-5, 2, 50, 99), (200, 0, 300, 10)], width=40, height=30)
    assert found.tolist() == [[0, 2, 40, 30], [40, 0, 40, 10]]
    assert boxes.area(found)[1] == 0


@given(many, st.integers(1, 4000), st.integers(1, 4000))
def test_scale_there_and_back_is_identity(given_boxes, width, height):
    there = boxes.scale(given_boxes, from_size=(640, 480), to_size=(width, height))
    back = boxes.scale(there, from_size=(width, height), to_size=(640, 480))
    assert np.allclose(back, boxes.as_boxes(given_boxes), atol=1e-6)


def test_scale_wants_real_sizes():
    with pytest.raises(ValueError, match="positive"):
        boxes.scale([(0, 0, 1, 1)], from_size=(0, 10), to_size=(5, 5))


@given(many)
def test_centre_form_there_and_back_is_identity(given_boxes):
    back = boxes.cxcywh_to_xyxy(boxes.xyxy_to_cxcywh(given_boxes))
    assert np.allclose(back, boxes.as_boxes(given_boxes))


def test_no_box_is_an_empty_array():
    assert boxes.as_boxes([]).shape == (0, 4)
    assert boxes.iou([], [(0, 0, 1, 1)]).shape == (0, 1)
