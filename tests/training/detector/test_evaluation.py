import json

import numpy as np
import pytest

from training.detector import metrics
from training.detector.evaluation import STRICT, Facts, Tally, curve, label_report
from training.detector.metrics import FrameTruth

BOX = [10.0, 10, 50, 20]
TALL = [100.0, 10, 300, 110]
NOTHING = [400.0, 10, 440, 30]


def rows(*found):
    return np.reshape(found, (-1, 5)).astype(float)


@pytest.fixture
def tally():
    """Two frames of two videos: a small plate found, a large one missed, a surer false one."""
    tally = Tally(("plate",))
    tally.add(
        {"plate": FrameTruth(np.array([BOX, TALL]))},
        {"plate": rows([*BOX, 0.8], [*NOTHING, 0.9], [0, 200, 9, 209, 0.05])},
        Facts(7, (640, 360), {"video": "gate.mp4"}),
    )
    tally.add(
        {"plate": FrameTruth(np.array([BOX]), np.array([NOTHING]))},
        {"plate": rows([*BOX, 0.7], [*NOTHING, 0.95])},
        Facts(8, (640, 360), {"video": "yard.mp4"}),
    )
    return tally


def test_report_tells_where_a_detector_errs(tally):
    told = tally.report({"plate": 0.3})["labels"]["plate"]
    assert told["by"]["height"] == [
        {"low": 8, "high": 12, "count": 2, "recall": 1.0},
        {"low": 96, "high": 192, "count": 1, "recall": 0.0},
    ]
    gate, yard = told["by"]["video"]
    assert (gate["name"], gate["count"], gate["recall"], gate["precision"]) == (
        "gate.mp4",
        2,
        0.5,
        0.5,
    )
    assert (yard["name"], yard["recall"], yard["precision"]) == ("yard.mp4", 1.0, 1.0)
    # what lies on an ignored box is not false, what is below the threshold is not shown
    assert told["false"] == [{"frame": 7, "size": [640, 360], "box": NOTHING, "confidence": 0.9}]
    assert told["missed"] == [{"frame": 7, "size": [640, 360], "box": TALL}]
    assert json.loads(json.dumps(told)) == told


def test_average_precision_in_several_definitions(tally):
    told = tally.report({"plate": 0.3})["labels"]["plate"]
    matched = tally.matched("plate")
    assert told["ap_50_11"] == pytest.approx(metrics.average_precision_11(matched), abs=1e-4)
    # every hit is exact, so stricter IoUs change nothing
    assert told["ap_50_95"] == pytest.approx(metrics.average_precision(matched), abs=1e-4)
    assert tally.figures({"plate": 0.3})["map"] == metrics.average_precision(matched)


def test_curve_ends_with_the_lowest_threshold_and_is_short():
    rng = np.random.default_rng(0)
    count = 5000
    matched = metrics.Matched(rng.random(count) < 0.6, -np.sort(-rng.random(count)), 4000)
    points = curve(matched)
    assert 30 < len(points) <= 41
    assert points[-1]["recall"] == pytest.approx(matched.recall, abs=1e-4)
    assert points[-1]["precision"] == pytest.approx(matched.precision, abs=1e-4)
    assert [p["recall"] for p in points] == sorted(p["recall"] for p in points)
    assert curve(metrics.Matched(np.zeros(0, bool), np.zeros(0), 3)) == []


def test_frames_without_anything_have_a_report():
    told = label_report([], 0.3)
    assert (told["ap_50_95"], told["curve"], told["false"], told["missed"]) == (0.0, [], [], [])
    assert Tally(("car",)).report({"car": 0.3}) == {}


def drawn_by_lot(*, crowds: float):
    """Forty frames with boxes apart from each other, found well, badly, twice or not at all."""
    rng = np.random.default_rng(3)
    truths, found = [], []
    for _ in range(40):
        corners = rng.permutation(20)[: rng.integers(0, 8)]
        low = np.stack([corners % 5, corners // 5], axis=1) * 200.0 + rng.uniform(0, 60, 2)
        here = np.hstack([low, low + rng.uniform(20, 100, (len(low), 2))])
        ignored = rng.random(len(here)) < crowds
        near = np.repeat(here, rng.integers(0, 3, len(here)), axis=0)
        near = near + rng.normal(0, 4, near.shape)
        stray = rng.uniform(0, 900, (rng.integers(0, 4), 2))
        said = np.concatenate([near, np.hstack([stray, stray + 50])])
        truths.append(FrameTruth(here[~ignored], here[ignored]))
        found.append(np.hstack([said, rng.random((len(said), 1))]))
    return truths, found


def xywh(box):
    return [*box[:2], box[2] - box[0], box[3] - box[1]]


def coco_average_precision(truths, found):
    """AP per IoU of STRICT as pycocotools counts it."""
    coco = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    scoring = pytest.importorskip("pycocotools.cocoeval")
    there = [
        {"image_id": frame, "category_id": 1, "bbox": xywh(box), "iscrowd": crowd}
        for frame, each in enumerate(truths)
        for crowd, boxes in enumerate((each.boxes, each.ignored))
        for box in boxes
    ]
    said = [
        {"image_id": frame, "category_id": 1, "bbox": xywh(row[:4]), "score": row[4]}
        for frame, rows in enumerate(found)
        for row in rows
    ]
    truth = coco.COCO()
    truth.dataset = {
        "info": {},
        "images": [{"id": frame} for frame in range(len(truths))],
        "annotations": [
            {**box, "id": number, "area": box["bbox"][2] * box["bbox"][3]}
            for number, box in enumerate(there, start=1)
        ],
        "categories": [{"id": 1, "name": "plate"}],
    }
    truth.createIndex()
    scored = scoring.COCOeval(truth, truth.loadRes(said), "bbox")
    scored.params.maxDets = [1000]
    scored.params.areaRng, scored.params.areaRngLbl = [[0, 1e9]], ["all"]
    # so many levels of recall that their mean is the area
    scored.params.recThrs = np.linspace(0, 1, 20001)
    scored.evaluate()
    scored.accumulate()
    return scored.eval["precision"][:, :, 0, 0, 0].mean(axis=1)


def test_average_precision_agrees_with_pycocotools():
    truths, found = drawn_by_lot(crowds=0.0)
    theirs = coco_average_precision(truths, found)
    ours = [metrics.average_precision(metrics.match(truths, found, iou=iou)) for iou in STRICT]
    assert theirs[0] > 0.4
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_ignored_boxes_count_as_the_crowds_of_pycocotools():
    truths, found = drawn_by_lot(crowds=0.3)
    theirs = coco_average_precision(truths, found)
    ours = metrics.average_precision(metrics.match(truths, found))
    assert ours == pytest.approx(theirs[0], abs=1e-3)


def test_recall_at_so_many_false_boxes_takes_the_best_detections():
    hits = np.array([True, False, True, False, True])
    matched = metrics.Matched(hits, np.linspace(0.9, 0.1, 5), 4)
    assert [matched.with_false(most).recall for most in (0, 1, 2)] == [0.25, 0.5, 0.75]
    assert metrics.Matched(hits[:0], np.zeros(0), 4).with_false(3).recall == 0
