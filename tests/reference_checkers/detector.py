"""Checks of the detector's reference cases. Tolerances are those the cases are published with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from training.detector import cluster as clustering
from training.detector import gridbox, loss, metrics
from training.detector.network import ConvNorm, DetectNet, SameConv2d, Unit
from training.schedule import soft_start_annealing

Case = dict[str, Any]
Arrays = Mapping[str, np.ndarray]


def check_network_shape(case: Case, arrays: Arrays) -> None:
    wanted, expected = case["input"], case["expected"]
    network = DetectNet(classes=wanted["classes"], layers=wanted["num_layers"]).eval()
    _vary(network, wanted)
    count = sum(item.numel() for item in network.parameters() if item.requires_grad)
    products = 0

    def multiply_adds(module, inputs, output):
        nonlocal products
        products += output.numel() * module.weight[0].numel()

    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(multiply_adds)
    width, height = wanted["image_wh"]
    # Tensors without storage: shapes and counts need no arithmetic.
    with torch.no_grad():
        cov, bbox = network.to("meta")(torch.empty(1, 3, height, width, device="meta"))
    found = {
        "trainable_params": count,
        "cov_shape": list(cov.shape),
        "bbox_shape": list(bbox.shape),
        "multiply_adds": products,
    }
    assert found == {**found, **{k: v for k, v in expected.items() if k != "note"}}
    assert any(isinstance(module, SameConv2d) for module in network.modules())


def _vary(network: DetectNet, wanted: Case) -> None:
    """TAO's other layouts, which ours is never built in: as a case asks for them."""
    assert not wanted.get("use_pooling"), "a detector has strides, no pooling"
    for name, module in list(network.named_modules()):
        if isinstance(module, ConvNorm):
            if not wanted.get("conv_bias", True):
                module.get_submodule("conv").register_parameter("bias", None)
            if not wanted.get("batch_norm", True):
                module.set_submodule("norm", torch.nn.Identity())
        first = name.endswith(".0")  # of a stage: it changes the channels
        if isinstance(module, Unit) and not first and not wanted.get("all_projections", True):
            module.set_submodule("shortcut", torch.nn.Identity())


def _grid(wanted: Case, key: str = "grid_hw") -> gridbox.Grid:
    rows, columns = wanted[key] if key == "grid_hw" else reversed(wanted[key])
    width, height = wanted["image_wh"]
    more = {}
    if scale := wanted.get("scale", wanted.get("bbox_scale")):
        more["scale"] = scale
    offset = wanted.get("offset", wanted.get("bbox_offset"))
    if offset is not None:
        more["offset"] = offset
    return gridbox.Grid(width=width, height=height, rows=rows, columns=columns, **more)


def _ellipse(wanted: Case) -> gridbox.Ellipse:
    return gridbox.Ellipse(
        center=tuple(wanted["cov_center"]),
        radius=tuple(wanted["cov_radius"]),
        min_radius=wanted["bbox_min_radius"],
        deadzone=wanted["deadzone_radius"],
    )


def check_rasterizer_params(case: Case, arrays: Arrays) -> None:
    wanted, expected = case["input"], case["expected"]
    if "box_grid" in wanted:  # cells of one pixel
        grid = gridbox.Grid(width=100, height=100, rows=100, columns=100)
        box = np.asarray([wanted["box_grid"]], dtype=float)
    else:
        grid = _grid(wanted, "grid_wh")
        box = np.asarray([wanted["box_px"]], dtype=float)
    drawn = gridbox.ellipses(box, grid, _ellipse(wanted))
    found = {
        "box_grid": (box / np.tile(grid.cell, 2))[0],
        "center": drawn.middle[0],
        "coverage_semi_axes": drawn.coverage_axes[0],
        "deadzone_semi_axes": drawn.deadzone_axes[0],
        "coverage_to_deadzone_ratio": drawn.coverage_axes[0] / drawn.deadzone_axes[0],
        "inv_area": drawn.inverse_area[0],
    }
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-5, err_msg=name)


def check_rasterizer_coverage(case: Case, arrays: Arrays) -> None:
    wanted = case["input"]
    rows, columns = wanted["grid_hw"]
    axes = np.multiply(wanted["deadzone_semi_axes"], wanted["coverage_to_deadzone_ratio"])
    found = gridbox.share_inside(
        wanted["ellipse_center"], axes, rows=slice(0, rows), columns=slice(0, columns)
    )
    _assert_coverage(found, np.asarray(case["expected"]["coverage"]))


def check_rasterizer_targets(case: Case, arrays: Arrays) -> None:
    wanted, expected = case["input"], case["expected"]
    boxes = np.asarray(wanted["boxes_px"], dtype=float).reshape(-1, 4)
    targets = gridbox.rasterise(boxes, _grid(wanted), _ellipse(wanted))
    coverage, normalised, edges = (arrays[name] for name in expected["arrays"])
    coverage = coverage.reshape(targets.coverage.shape)
    _assert_coverage(targets.coverage, coverage)
    same = np.isclose(targets.coverage, coverage, atol=1e-5)
    normalised = normalised.reshape(same.shape)
    np.testing.assert_allclose(targets.normalised[same], normalised[same], atol=1e-5)
    edges = edges.reshape(targets.edges.shape)
    np.testing.assert_allclose(targets.edges[:, same], edges[:, same], atol=1e-5)
    slack = 0.01 * max(1, int((coverage > 0).sum())) / 16
    sums = {"cov_sum": targets.coverage.sum(), "cov_norm_sum": targets.normalised.sum()}
    for name in sums.keys() & expected.keys():
        assert sums[name] == pytest.approx(expected[name], abs=slack), name
    counts = {
        "cov_nonzero": (targets.coverage > 0).sum(),
        "cov_gt_half": (targets.coverage > 0.5).sum(),
    }
    for name in counts.keys() & expected.keys():
        assert counts[name] == pytest.approx(expected[name], rel=0.01), name


def _assert_coverage(found: np.ndarray, expected: np.ndarray) -> None:
    difference = np.abs(found - expected)
    loose = difference > 1e-5
    # Probes that fall on the ellipse itself may count either way.
    assert loose.sum() <= 0.01 * (expected > 0).sum()
    assert difference.max(initial=0.0) <= 1 / 16 + 1e-5


def check_codec(case: Case, arrays: Arrays) -> None:
    wanted, expected = case["input"], case["expected"]
    grid = _grid(wanted)
    if "ltrb_all" in wanted:
        edges = np.full((4, grid.rows, grid.columns), wanted["ltrb_all"])
        np.testing.assert_allclose(gridbox.decode(edges, grid), expected["decoded"], atol=1e-3)
        return
    edges = gridbox.encode(np.asarray(wanted["box_px"], dtype=float), grid)
    for name, value in expected.items():
        if name.startswith("encoded_at_cell_"):
            row, column = (int("".join(filter(str.isdigit, part))) for part in name.split("_")[-2:])
            np.testing.assert_allclose(
                edges[:, row, column] * grid.scale, np.multiply(value, grid.scale), atol=1e-3
            )
    boxes = gridbox.decode(edges, grid)
    wide = np.broadcast_to(np.reshape(expected["decoded_box"], (4, 1, 1)), boxes.shape)
    np.testing.assert_allclose(boxes, wide, atol=1e-3)
    cells = np.indices((grid.rows, grid.columns)).reshape(2, -1)
    alone = gridbox.decode_cells(edges.reshape(4, -1).T, cells[0], cells[1], grid)
    np.testing.assert_allclose(alone, wide.reshape(4, -1).T, atol=1e-3)


def check_loss(case: Case, arrays: Arrays) -> None:
    wanted, expected = case["input"], case["expected"]
    if "classes" in wanted:
        return _check_balance(wanted, expected)
    prediction = torch.tensor(wanted["pred"], dtype=torch.float64)
    target = torch.tensor(wanted["target"], dtype=torch.float64)
    if "weight" in wanted:
        weight = torch.tensor(wanted["weight"], dtype=torch.float64)
        cost = loss.box_cost(prediction, target, weight)
    else:
        cost = loss.coverage_cost(prediction, target, foreground=wanted["fg_weight"])
    _close(cost.numpy(), expected["elementwise"])
    if "mean" in expected:
        _close(cost.mean().item(), expected["mean"])
    return None


def _close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-9)


def _check_balance(wanted: Case, expected: Case) -> None:
    classes = [
        loss.ClassCost(
            name=item["name"],
            weight=item["class_weight"],
            foreground=item["fg"],
            initial={"coverage": item["obj"]["cov"][0], "box": item["obj"]["bbox"][0]},
            target={"coverage": item["obj"]["cov"][1], "box": item["obj"]["bbox"][1]},
        )
        for item in wanted["classes"]
    ]
    balance = loss.Balance(classes, lightest=wanted["min_weight"], heaviest=wanted["max_weight"])
    _close(list(balance.class_weights.values()), list(expected["class_weights"].values()))
    rows, columns = wanted["grid"]
    square = torch.zeros(rows, columns, dtype=torch.float64)
    square[1:3, 1:3] = 1
    count = len(classes)
    cov = square.expand(1, count, rows, columns)
    bbox = square.expand(1, 4 * count, rows, columns)
    steps = wanted["epochs"] * wanted["batches_per_epoch"]
    for number, epoch in enumerate(expected["epochs"]):
        totals = []
        sums = {item.name: {"coverage": 0.0, "box": 0.0} for item in classes}
        for batch in range(wanted["batches_per_epoch"]):
            value = (number * wanted["batches_per_epoch"] + batch) / (steps - 1)
            costs = loss.class_costs(
                cov * value,
                bbox * (11 - 10 * value),
                targets=(cov, cov, bbox),
                mask=torch.ones_like(cov),
                classes=classes,
            )
            totals.append(balance.total(costs).item())
            for name, parts in costs.items():
                for key, cost in parts.items():
                    sums[name][key] += cost.item()
        balance.end_epoch(sums)
        _close(totals, epoch["total_cost_per_step"])
        for name, weights in epoch["weights_after_epoch"].items():
            found = balance.weights[name]
            _close([found["coverage"], found["box"]], [weights["cov"], weights["bbox"]])


def check_schedule(case: Case, arrays: Arrays) -> None:
    wanted = case["input"]
    rates = [
        soft_start_annealing(
            progress,
            lo=wanted["min_lr"],
            hi=wanted["max_lr"],
            soft_start=wanted["soft_start"],
            annealing=wanted["annealing"],
        )
        for progress in wanted["progress"]
    ]
    np.testing.assert_allclose(rates, case["expected"]["lr"], rtol=1e-6)


def _cells(wanted: Case, arrays: Arrays) -> tuple[np.ndarray, np.ndarray]:
    if "boxes" in wanted:
        scores = _named(wanted, "scores", "cov", "covs", "coverages", "coverage")
        boxes, scores = (
            arrays[item] if isinstance(item, str) else item for item in (wanted["boxes"], scores)
        )
        return np.asarray(boxes, dtype=float).reshape(-1, 4), np.asarray(scores, float).reshape(-1)
    rows, columns = wanted["grid_hw"]
    boxes, scores = np.zeros((rows, columns, 4)), np.zeros((rows, columns))
    for fill in wanted["fills"]:
        area = slice(*fill["rows"]), slice(*fill["cols"])
        (boxes if fill["what"] == "bbox" else scores)[area] = fill["value"]
    return boxes.reshape(-1, 4), scores.reshape(-1)


def _named(values: Case, *names: str, default: Any = None) -> Any:
    """The first of the names that is there: the toolkit has several for one setting."""
    return next((values[name] for name in names if name in values), default)


def _settings(config: Case, method: clustering.Method) -> clustering.Clustering:
    confidence = float(_named(config, "confidence_threshold", default=0.0))
    return clustering.Clustering(
        method=method,
        coverage=_named(config, "coverage_threshold", "score_threshold", default=0.0),
        eps=_named(config, "eps", "dbscan_eps"),
        min_samples=_named(config, "min_samples", "dbscan_min_samples"),
        min_height=_named(config, "min_height", "minimum_bounding_box_height", default=0.0),
        threshold=_named(config, "nms_confidence_threshold", default=confidence),
        group_threshold=_named(config, "dbscan_confidence_threshold", default=confidence),
        nms_iou=float(_named(config, "nms_iou_threshold", "iou_threshold", default=0.4)),
        nms_border=1.0,
        merge_iou=1.0,
        confidence="sum",
        max_cells=None,
    )


def check_dbscan(case: Case, arrays: Arrays) -> None:
    boxes, scores = _cells(case["input"], arrays)
    found = clustering.cluster(boxes, scores, _settings(case["input"]["config"], "dbscan"))
    expected = case["expected"]
    assert len(found.boxes) == len(expected)
    for item in expected:  # border points may change the order of near equals
        near = np.abs(found.boxes - item["bbox"]).max(axis=1)
        place = int(near.argmin())
        assert near[place] <= 1
        assert found.confidence[place] == pytest.approx(item["confidence"], rel=0.02)
        if "n_cells" in item:
            assert found.cells[place] == pytest.approx(item["n_cells"], rel=0.02)


def check_hybrid(case: Case, arrays: Arrays) -> None:
    boxes, scores = _cells(case["input"], arrays)
    config = case["input"].get("config", case["input"])
    found = clustering.cluster(boxes, scores, _settings(config, "hybrid"))
    expected = case["expected"]
    if isinstance(expected, dict):  # as the cases of NMS
        wanted = _named(expected, "kept_boxes", "boxes", "bboxes")
        sure = _named(expected, "kept_scores", "scores", "confidences")
        if (kept := _named(expected, "kept_indices", "indices")) is not None:
            np.testing.assert_allclose(found.boxes, boxes[kept], atol=1e-3)
            wanted = found.boxes if wanted is None else wanted
    else:
        wanted = [item["bbox"] for item in expected]
        sure = [item["confidence"] for item in expected if "confidence" in item] or None
    wanted = np.asarray(arrays[wanted] if isinstance(wanted, str) else wanted, dtype=float)
    np.testing.assert_allclose(found.boxes, wanted.reshape(-1, 4), atol=1e-3)  # in order
    if sure is not None:
        np.testing.assert_allclose(found.confidence, sure, rtol=1e-5)


def check_nms(case: Case, arrays: Arrays) -> None:
    wanted, expected = case["input"], case["expected"]
    boxes, scores = _cells(wanted, arrays)
    kept = clustering.nms(boxes, scores, iou=wanted["iou_threshold"], border=1.0)
    kept = kept[scores[kept] > wanted["score_threshold"]]
    assert kept.tolist() == expected["kept_indices"]
    near = np.asarray(expected["kept_boxes"], dtype=float).reshape(-1, 4)
    np.testing.assert_allclose(boxes[kept], near, rtol=1e-6)
    np.testing.assert_allclose(scores[kept], expected["kept_scores"], rtol=1e-6)


def check_average_precision(case: Case, arrays: Arrays) -> None:
    wanted = case["input"]
    truths = [metrics.FrameTruth(np.asarray(boxes, float).reshape(-1, 4)) for boxes in wanted["gt"]]
    found = [np.asarray(boxes, float).reshape(-1, 5) for boxes in wanted["pred"]]
    sizes = metrics.Sizes(smallest=tuple(wanted["min_wh"]), largest=tuple(wanted["max_wh"]))
    for name, expected in case["expected"].items():
        matched = metrics.match(
            truths,
            found,
            iou=wanted["iou_threshold"],
            sizes=sizes,
            whole_pixels=name == "tao",
        )
        values = {
            "n_gt": matched.objects,
            "tp": matched.hit_count,
            "fp": matched.false_count,
            "precision": matched.precision,
            "recall": matched.recall,
            "sample11": metrics.average_precision_11(matched),
            "integrate_tao": metrics.average_precision_tao(matched),
            "integrate_voc2010": metrics.average_precision(matched),
        }
        for key, value in expected.items():
            assert values[key] == pytest.approx(value, abs=1e-6), (name, key)


CHECKERS = {
    "network.shape": check_network_shape,
    "rasterizer.params": check_rasterizer_params,
    "rasterizer.coverage": check_rasterizer_coverage,
    "rasterizer.targets": check_rasterizer_targets,
    "bbox.codec": check_codec,
    "loss": check_loss,
    "loss.autoweight": check_loss,
    "lr": check_schedule,
    "cluster.dbscan": check_dbscan,
    "cluster.hybrid": check_hybrid,
    "cluster.nms": check_nms,
    "metrics.ap": check_average_precision,
}
