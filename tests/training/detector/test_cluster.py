import time

import numpy as np
import pytest

from training.detector.cluster import Clustering, candidates, cluster, dbscan, nms, overlaps

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


def crowd(count: int, *, seed: int = 0):
    """Cells of many objects, some of them side by side, and a few stray ones."""
    rng = np.random.default_rng(seed)
    objects = rng.uniform((0, 0), (1800, 1000), (count // 40, 2))
    of = rng.integers(len(objects), size=count)
    low = objects[of] + rng.normal(0, 3, (count, 2))
    sizes = rng.uniform(10, 90, (len(objects), 2))[of] * rng.uniform(0.95, 1.05, (count, 2))
    boxes = np.hstack([low, low + sizes])
    boxes[::50, 2:] = boxes[::50, :2]  # without area
    return boxes, rng.integers(1, 1000, count) / 1000  # with ties


def slow_dbscan(boxes, weights, eps, min_samples):
    """Ester et al. by the book: one point after the other."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    sides = np.maximum(np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - low, 0)
    shared = sides.prod(axis=2)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    near = 1 - shared / (areas[:, None] + areas[None] - shared + 1e-5) <= eps
    core = [weights[row].sum() >= min_samples for row in near]
    groups, found = [-1] * len(boxes), 0
    for seed in range(len(boxes)):
        if groups[seed] != -1 or not core[seed]:
            continue
        stack = [seed]
        while stack:
            at = stack.pop()
            if groups[at] == -1:
                groups[at] = found
                if core[at]:
                    stack.extend(np.flatnonzero(near[at]).tolist())
        found += 1
    return groups


def slow_nms(boxes, scores, iou, border=0.0):
    left, kept = np.argsort(-scores, kind="stable").tolist(), []
    while left:
        best, *left = left
        kept.append(best)
        if left:
            shared = overlaps(boxes[[best]], others=boxes[left], border=border)[0]
            left = [other for other, share in zip(left, shared, strict=True) if share <= iou]
    return kept


@pytest.mark.parametrize("seed", range(3))
def test_groups_are_those_of_looking_at_every_pair(seed):
    boxes, weights = crowd(500, seed=seed)
    for eps, least in ((0.15, 1.0), (0.3, 0.2), (0.6, 3.0), (1.0, 1.0)):
        found = dbscan(boxes, weights, eps=eps, min_samples=least)
        assert found.tolist() == slow_dbscan(boxes, weights, eps, least)


@pytest.mark.parametrize("iou", [0.0, 0.3, 0.7, 1.0])
def test_suppression_is_that_of_looking_at_every_pair(iou):
    boxes, scores = crowd(500)
    for border in (0.0, 1.0):
        found = nms(boxes, scores, iou=iou, border=border)
        assert found.tolist() == slow_nms(boxes, scores, iou, border)


def test_hybrid_of_thousands_of_cells_is_exact_and_in_order():
    boxes, scores = crowd(5000)
    settings = Clustering(
        method="hybrid",
        coverage=0.005,
        eps=0.3,
        min_samples=1.0,
        group_threshold=0.9,
        threshold=0.2,
        nms_iou=0.3,
        nms_border=1.0,
        max_cells=None,
    )
    found = cluster(boxes, scores, settings)
    groups = dbscan(boxes, scores, eps=0.3, min_samples=1.0)
    members = []
    for group in range(groups.max() + 1):
        own = np.flatnonzero(groups == group)
        weights = scores[own, None]
        middle = (boxes[own] * weights).sum(axis=0) / weights.sum()
        if middle[3] - middle[1] > settings.min_height and weights.sum() > 0.9:
            members.extend(own.tolist())
    kept = np.array(members)[slow_nms(boxes[members], scores[members], 0.3, 1.0)]
    kept = kept[scores[kept] > 0.2]
    assert len(kept) > 100
    np.testing.assert_array_equal(found.boxes, boxes[kept])
    np.testing.assert_array_equal(found.confidence, scores[kept])


@pytest.mark.parametrize("method", ["dbscan", "nms", "hybrid"])
def test_an_untrained_network_is_clustered_quickly(method):
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 500, (2040, 2))
    boxes, scores = np.hstack([low, low + 60]), rng.uniform(0.2, 1, 2040)
    spent = []
    for _ in range(5):
        begun = time.process_time()
        cluster(boxes, scores, Clustering(method=method, confidence="peak"))
        spent.append(time.process_time() - begun)
    assert min(spent) < 0.02  # takes 2 ms


def test_only_the_best_cells_are_clustered():
    scores = np.array([0.3, 0.01, 0.9, 0.5, 0.7])
    assert candidates(scores, Clustering(max_cells=3)).tolist() == [2, 3, 4]
    assert candidates(scores, Clustering(max_cells=None)).tolist() == [0, 2, 3, 4]


def test_a_near_car_leaves_a_cell_to_the_car_behind_it():
    coverage = np.zeros((12, 16))
    coverage[2:10, 1:9] = np.random.default_rng(0).uniform(0.8, 0.9, (8, 8))
    coverage[4:6, 12:14] = [[0.3, 0.2], [0.2, 0.2]]
    settings = Clustering(max_cells=20)
    chosen = candidates(coverage, settings)
    assert len(chosen) == 20 and 4 * 16 + 12 in chosen
    assert 4 * 16 + 12 not in candidates(coverage.reshape(-1), settings)
    # Peaks everywhere, as an untrained network has them, leave half to the best cells.
    noise = np.random.default_rng(1).uniform(0.4, 0.6, (40, 60))
    best = set(np.argsort(-noise.reshape(-1))[:10].tolist())
    assert len(candidates(noise, settings)) == 20 and best <= set(candidates(noise, settings))
