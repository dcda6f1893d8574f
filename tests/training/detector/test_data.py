from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.training.detector.conftest import STILL
from training.detector.augmentation import Augmentation
from training.detector.data import (
    FrameBoxes,
    FrameStore,
    Sample,
    SampleBox,
    TrainSet,
    augment,
    frame_boxes,
    targets,
    transform_boxes,
)
from training.detector.gridbox import Ellipse, Grid
from training.detector.inputs import Inputs, as_input
from training.errors import PictureMissing
from training.loader import Loader

GRID = Grid.of(96, 64)
DRAWN = Ellipse(min_radius=0.7, deadzone=0.3, keep_aspect=False)


def boxes_of(*rows, ignored=False):
    count = len(rows)
    return FrameBoxes(
        np.reshape(rows, (-1, 4)).astype(float),
        np.zeros(count, dtype=np.intp),
        np.full(count, ignored),
    )


def train_set(samples, folder, tiny, **changes):
    store = FrameStore.build(samples, size=(96, 64), folder=folder)
    return TrainSet(samples, store, tiny(augmentation=Augmentation(), seed=3), **changes)


def test_an_epoch_is_every_frame_once_with_the_short_batch(samples, tmp_path, tiny):
    frames = train_set(samples, tmp_path, tiny)
    batches = [Inputs.of(batch) for batch in Loader(frames, workers=0).batches(1, 4)]
    assert [len(batch.frames) for batch in batches] == [4, 3]
    assert batches[0].frames.shape == (4, 3, 64, 96)
    assert batches[0].coverage.shape == batches[0].mask.shape == (4, 2, 4, 6)
    assert batches[0].edges.shape == (4, 8, 4, 6)
    assert 0 <= batches[0].frames.min() <= batches[0].frames.max() <= 1


def test_batches_depend_on_seed_and_epoch_only(samples, tmp_path, tiny):
    first, again = (
        next(Loader(train_set(samples, tmp_path, tiny), workers=0).batches(2, 7)) for _ in range(2)
    )
    np.testing.assert_array_equal(first.frames, again.frames)
    np.testing.assert_array_equal(first.edges, again.edges)
    other = next(Loader(train_set(samples, tmp_path, tiny), workers=0).batches(3, 7))
    assert (first.frames != other.frames).any()


def test_workers_prepare_what_the_training_would_itself(samples, tmp_path, tiny):
    frames = train_set(samples, tmp_path, tiny)
    ours = Loader(frames, workers=0).batches(1, 4)
    with Loader(frames, workers=3) as loader:
        for mine, theirs in zip(ours, loader.batches(1, 4), strict=True):
            assert mine.whole == theirs.whole
            np.testing.assert_array_equal(mine.frames, theirs.frames)
            np.testing.assert_array_equal(mine.edges, theirs.edges)


def test_processes_that_train_together_share_every_batch(samples, tmp_path, tiny):
    whole, first, second = (
        list(Loader(train_set(samples, tmp_path, tiny, part=part), workers=0).batches(1, 3))
        for part in ((0, 1), (0, 2), (1, 2))
    )
    for all_of_it, even, odd in zip(whole, first, second, strict=True):
        assert even.whole == odd.whole == all_of_it.whole == len(all_of_it.frames)
        np.testing.assert_array_equal(even.frames, all_of_it.frames[::2])
        np.testing.assert_array_equal(odd.frames, all_of_it.frames[1::2])
    assert (len(second[-1].frames), second[-1].whole) == (0, 1)


def test_frames_are_decoded_once(samples, tmp_path):
    calls = []
    for _ in range(2):
        store = FrameStore.build(
            samples, size=(96, 64), folder=tmp_path / "cache", progress=lambda *c: calls.append(c)
        )
    assert calls[-1] == (7, 7) and len(calls) == 7
    assert store.frames.shape == (7, 64, 96, 3)
    assert store.original_sizes[0] == (128, 96)


def test_a_missing_picture_is_named(tmp_path):
    with pytest.raises(PictureMissing, match=r"gone\.png"):
        FrameStore.build([Sample(tmp_path / "gone.png")], size=(96, 64), folder=tmp_path)


def test_boxes_follow_their_frame_to_the_networks_size(samples):
    boxes = frame_boxes(samples[0], classes=("car",), original=(128, 96), size=(96, 64))
    np.testing.assert_allclose(boxes.boxes, [[8 * 0.75, 4, 45, 28]])


def test_input_is_rgb_between_nought_and_one():
    blue = np.zeros((1, 2, 2, 3), np.uint8)
    blue[..., 0] = 255
    assert as_input(blue)[0, :, 0, 0].tolist() == [0, 0, 1]


def test_boxes_stay_on_their_pixels_when_a_frame_is_changed():
    still = replace(STILL, zoom=(0.8, 1.35), shift=0.1, flip=0.5)
    frame = np.zeros((128, 192, 3), np.uint8)
    frame[40:80, 60:120] = 255
    for seed in range(12):
        picture, moved = augment(
            frame, boxes_of([60, 40, 120, 80]), still, np.random.default_rng(seed)
        )
        rows, columns = np.nonzero(picture[..., 0] > 190)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(moved.boxes[0], seen, atol=1.2)


def test_windows_are_small_and_look_at_boxes():
    still = replace(STILL, zoom=(0.8, 1.35), shift=0.1, flip=0.5)
    frame = np.zeros((192, 320, 3), np.uint8)
    frame[100:116, 40:80] = 255
    shown = 0
    for seed in range(40):
        picture, moved = augment(
            frame, boxes_of([40, 100, 80, 116]), still, np.random.default_rng(seed), window=(96, 64)
        )
        assert picture.shape == (64, 96, 3)
        beyond = (picture == 114).all(axis=2)  # nothing outside the frame is shown
        assert not beyond.all(axis=0).any() and not beyond.all(axis=1).any()
        shown += len(moved.boxes)
        for x1, y1, x2, y2 in moved.boxes[~moved.ignored].round().astype(int):
            assert picture[y1 + 1 : y2 - 1, x1 + 1 : x2 - 1].min() > 190
    assert shown > 30


def test_boxes_stay_around_their_pixels_in_perspective():
    tilted = replace(STILL, perspective=1.0)
    frame = np.zeros((128, 192, 3), np.uint8)
    frame[40:80, 60:120] = 255
    for seed in range(12):
        picture, moved = augment(
            frame, boxes_of([60, 40, 120, 80]), tilted, np.random.default_rng(seed)
        )
        rows, columns = np.nonzero(picture[..., 0] > 128)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(moved.boxes[0], seen, atol=1.2)


@pytest.mark.parametrize(
    "change",
    [
        {"brightness": 0.3},
        {"contrast": 0.3},
        {"gamma": 0.5},
        {"cast": 0.2},
        {"saturation": 0.5},
        {"hue": 30.0},
        {"grey": 1.0},
        {"blur": 1.0},
        {"motion": 1.0},
        {"noise": 1.0},
        {"jpeg": 1.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_change_of_the_picture_is_seen_and_leaves_boxes_alone(change):
    rng = np.random.default_rng(1)
    small = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    frame = np.asarray(cv2.resize(small, (96, 72)), np.uint8)
    box = boxes_of([10, 10, 60, 50])
    still, _ = augment(frame, box, STILL, np.random.default_rng(2))
    np.testing.assert_allclose(still, frame, atol=6)  # to hues and back
    picture, kept = augment(frame, box, replace(STILL, **change), np.random.default_rng(2))
    assert picture.shape == frame.shape and picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - still).mean() > 0.5
    np.testing.assert_array_equal(kept.boxes, box.boxes)


def test_a_mirrored_box_is_mirrored():
    moved = transform_boxes(
        boxes_of([10, 5, 30, 20]),
        np.array([[-1.0, 0, 96], [0, 1, 0], [0, 0, 1]]),
        width=96,
        height=64,
    )
    assert moved.boxes.tolist() == [[66, 5, 86, 20]]


def test_boxes_that_mostly_left_are_ignored_and_those_outside_gone():
    moved = transform_boxes(
        boxes_of([0, 0, 20, 20], [-10, 0, 50, 20], [-60, 0, -10, 20]),
        np.array([[1.0, 0, -15], [0, 1, 0], [0, 0, 1]]),
        width=96,
        height=64,
    )
    assert moved.boxes.tolist() == [[0, 0, 5, 20], [0, 0, 35, 20]]
    assert moved.ignored.tolist() == [True, False]


def test_where_a_label_is_not_complete_only_its_boxes_teach():
    coverage, _, mask, _ = targets(
        boxes_of([10, 10, 60, 50]), learnt=np.array([False, True]), grid=GRID, ellipse=DRAWN
    )
    np.testing.assert_array_equal(mask[0] > 0, coverage[0] > 0)
    assert coverage[0].any() and mask[1].all() and not coverage[1].any()


def test_ignored_boxes_teach_nothing():
    coverage, _, mask, _ = targets(
        boxes_of([17, 17, 47, 47], ignored=True), learnt=np.array([True]), grid=GRID, ellipse=DRAWN
    )
    assert not coverage.any()
    assert (mask[0, 1:3, 1:3] == 0).all() and mask.sum() == 24 - 4


def test_unknown_labels_are_left_out(tmp_path):
    sample = Sample(tmp_path, (SampleBox("dog", 0, 0, 9, 9),), frozenset({"car"}))
    assert len(frame_boxes(sample, classes=("car",), original=(9, 9), size=(96, 64)).boxes) == 0
