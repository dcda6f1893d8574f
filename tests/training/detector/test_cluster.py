import time

import numpy as np
import pytest

from training.detector.cluster import Clustering, cluster, dbscan, nms, overlaps

CAR = np.array([100.0, 100, 200, 180])
FAR = np.array([400.0, 50, 430, 62])


def cells(*groups):
    boxes = np.concatenate(
        [box + np.linspace(-1, 1, len(scores))[:, None] for box, scores in groups]
    )
    return boxes, np.concatenate([np.asarray(scores, float) for _, scores in groups])


def test_cells_of_two_objects_become_two_boxes_best_first():
    boxes, scores = cells((FAR, [0.4]), (CAR, [0.5, 0.9, 0.5]))
    found = cluster(boxes, scores, Clustering(confidence="peak"))
    assert found.cells.tolist() == [3, 1]
    np.testing.assert_allclose(found.boxes[0], CAR)
    assert found.confidence.tolist() == [0.9, 0.4]


def test_a_single_doubtful_cell_is_an_object_only_below_one_sample():
    boxes, scores = cells((FAR, [0.4]))
    assert len(cluster(boxes, scores, Clustering(confidence="peak", min_samples=0.3)).boxes) == 1
    assert len(cluster(boxes, scores, Clustering(confidence="peak", min_samples=1.0)).boxes) == 0


def test_cluster_box_leans_towards_the_surer_cell():
    boxes, scores = cells((CAR, [0.3, 0.9]))
    assert cluster(boxes, scores, Clustering(confidence="peak")).boxes[0, 0] == pytest.approx(100.5)


def test_border_boxes_join_the_first_group_and_noise_none():
    line = np.array([[0.0, 0, 10, 10], [2, 0, 12, 10], [4, 0, 14, 10], [50, 0, 60, 10]])
    assert dbscan(line, np.array([0.1, 1, 0.1, 0.1]), eps=0.35, min_samples=1).tolist() == [
        0,
        0,
        0,
        -1,
    ]


def test_low_things_and_weak_things_are_dropped():
    boxes, scores = cells((np.array([0.0, 0, 30, 3.5]), [0.9]), (CAR, [0.3]))
    assert len(cluster(boxes, scores, Clustering(confidence="peak")).boxes) == 1
    assert len(cluster(boxes, scores, Clustering(confidence="peak", threshold=0.5)).boxes) == 0


@pytest.mark.parametrize("kind", ["mean", "peak", "filled"])
def test_confidence_lies_between_nought_and_one(kind):
    boxes, scores = cells((CAR, [1.0] * 40), (FAR, [0.2, 0.3]))
    found = cluster(
        boxes, scores, Clustering(confidence=kind), expected=lambda rows: np.full(len(rows), 5.0)
    )
    assert len(found.boxes) == 2
    assert (found.confidence > 0).all() and (found.confidence <= 1).all()


def test_the_toolkits_confidence_is_a_sum():
    boxes, scores = cells((CAR, [0.9, 0.8, 0.7]))
    assert cluster(boxes, scores, Clustering.tao()).confidence == pytest.approx([2.4])


def test_overlapping_groups_are_merged_unless_told_otherwise():
    boxes, scores = cells((CAR, [0.9]), (CAR + np.array([0, 0, 45, 0]), [0.5]))
    assert len(cluster(boxes, scores, Clustering(confidence="peak")).boxes) == 1
    assert len(cluster(boxes, scores, Clustering(confidence="peak", merge_iou=1.0)).boxes) == 2


@pytest.mark.parametrize("method", ["nms", "hybrid"])
def test_suppression_keeps_the_best_cell_of_each_object(method):
    boxes, scores = cells((CAR, [0.5, 0.9, 0.5]), (FAR, [0.4]))
    found = cluster(boxes, scores, Clustering(method=method))
    assert found.confidence.tolist() == [0.9, 0.4]


def test_nms_survivors_do_not_overlap():
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 80, (60, 2))
    boxes = np.hstack([low, low + rng.uniform(5, 40, (60, 2))])
    kept = nms(boxes, rng.random(60), iou=0.3)
    shared = overlaps(boxes[kept])
    np.fill_diagonal(shared, 0)
    assert shared.max() <= 0.3


def test_nothing_in_nothing_out():
    for method in ("dbscan", "nms", "hybrid"):
        assert (
            len(
                cluster(
                    np.zeros((0, 4)), np.zeros(0), Clustering(method=method, confidence="peak")
                ).boxes
            )
            == 0
        )


def test_an_untrained_network_is_clustered_quickly():
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 500, (2040, 2))
    boxes = np.hstack([low, low + 60])
    begun = time.process_time()
    cluster(boxes, rng.uniform(0.2, 1, 2040), Clustering(confidence="peak"))
    assert time.process_time() - begun < 0.5
