import numpy as np
import pytest
import torch

from annotations.vision.crops import read_picture
from training import checkpoints
from training.detector import tiles
from training.detector.fit import fit
from training.detector.predict import Detector, evaluate, new_network
from training.errors import CheckpointOtherLayout, CheckpointWrongKind


@pytest.fixture
def learnt(samples, tiny, tmp_path):
    """A detector that has learnt the drawn frames by heart."""
    config = tiny(epochs=3, batch=7, lr_hi=5e-3, evaluate_every=3)
    list(fit(config, samples * 30, samples, tmp_path / "run"))
    return tmp_path / "run"


def test_drawn_frames_are_learnt_by_heart_and_found_again(samples, learnt, monkeypatch):
    detector = Detector.load(learnt, precision="float32")
    seen = []
    figures = evaluate(detector, samples, on_frame=lambda sample, found: seen.append(found))
    assert figures["map"] > 0.75
    assert figures["plate"]["objects"] == 6 and figures["plate"]["images"] == 7
    assert figures["plate"]["recall_50"] > 0.8
    assert len(seen) == 7
    large = evaluate(detector, samples, smallest={"plate": 0.2})
    assert large["plate"]["objects"] == 0 and large["car"] == figures["car"]

    # In the pixels of the original frame, which is larger than the network's input.
    best = max((item for item in seen[0] if item.label == "car"), key=lambda item: item.confidence)
    np.testing.assert_allclose(best.box, [8, 6, 60, 42], atol=8)
    assert all(0 <= item.confidence <= 1 for found in seen for item in found)

    # Loaded again it says the same, alone or among others, in whatever sizes they come.
    frames = [read_picture(sample.picture) for sample in samples]
    frames[3] = np.repeat(np.repeat(frames[3], 2, axis=0), 2, axis=1)
    together = Detector.load(learnt, precision="float32").detect(frames)
    for frame, found in zip(frames, together, strict=True):
        (alone,) = detector.detect([frame])
        assert [item.label for item in alone] == [item.label for item in found]
        for one, other in zip(alone, found, strict=True):
            np.testing.assert_allclose(one.box, other.box, atol=0.01)
            assert one.confidence == pytest.approx(other.confidence, abs=1e-4)

    # On a wide shot a closer look finds the plate once, in the pixels of the whole.
    monkeypatch.setattr(tiles, "SMALL", 0.3)  # plates are large on frames this small
    wide = np.full((192, 256, 3), 110, np.uint8)
    wide[8:104, 10:138] = read_picture(samples[0].picture)
    plates = [item for item in detector.detect([wide], tiles=2)[0] if item.label == "plate"]
    assert len(plates) == 1
    np.testing.assert_allclose(plates[0].box, [26, 32, 62, 46], atol=8)


def untrained(config, **metadata):
    return Detector(
        new_network(config),
        config,
        thresholds={},
        metadata=metadata,
        device=torch.device("cpu"),
        dtype=torch.float32,
    )


def test_a_second_look_at_a_plate_is_in_pixels_of_the_frame_and_leaves_cars(tiny, monkeypatch):
    detector = untrained(tiny())
    wide, high = detector.size
    nothing = np.zeros((0, 5))
    car = np.array([[0.1 * wide, 0.1 * high, 0.9 * wide, 0.9 * high, 0.8]])
    plate = np.array([[0.40 * wide, 0.5 * high, 0.54 * wide, 0.54 * high, 0.4]])
    # Close up it is 0.28 of a window that is half the frame, from 0.22 and 0.27 of it on.
    again = np.array([[0.18 * wide, 0.23 * high, 0.32 * wide, 0.27 * high, 0.9]])
    asked = []

    def read(resized):
        asked.append(resized.shape)
        return [[nothing, again]] if len(asked) == 2 else [[car, plate]]

    monkeypatch.setattr(detector, "read", read)
    (found,) = detector.detect([np.zeros((900, 1600, 3), np.uint8)], verify=True)
    assert asked == [(1, high, wide, 3), (1, high // 2, wide // 2, 3)]
    assert [(item.label, round(item.confidence, 3)) for item in found] == [
        ("car", 0.8), ("plate", 0.6)]  # fmt: skip
    np.testing.assert_allclose(found[1].box, [640, 450, 864, 486], atol=2)


def test_without_plates_there_is_nothing_to_look_at_again(tiny, monkeypatch):
    detector = untrained(tiny(classes=("car",)))
    wide, high = detector.size
    reads = iter([[[np.array([[0, 0, wide / 2, high / 2, 0.9]])]]])
    monkeypatch.setattr(detector, "read", lambda resized: next(reads))
    (found,) = detector.detect([np.zeros((90, 160, 3), np.uint8)], verify=True)
    assert [item.label for item in found] == ["car"]


@pytest.mark.parametrize(
    ("kept", "asked", "looks"),
    [(True, None, True), (False, None, False), (True, False, False), (False, True, True)],
)
def test_plates_are_verified_where_the_training_says_so_or_somebody_asks(
    samples, tiny, monkeypatch, kept, asked, looks
):
    detector = untrained(tiny(), verifies=kept)
    told = []
    real = detector.detect

    def detect(frames, **options):
        told.append(options["verify"])
        return real(frames, **options)

    monkeypatch.setattr(detector, "detect", detect)
    evaluate(detector, samples[:1], verify=asked)
    assert told == [looks]


def test_a_look_around_a_car_finds_the_plate_that_was_missed(tiny, monkeypatch):
    detector = untrained(tiny())
    wide, high = detector.size
    nothing = np.zeros((0, 5))
    car = np.array([[0.5 * wide, 0.5 * high, 0.7 * wide, 0.7 * high, 0.8]])
    plates = np.array([[0.5 * wide, 0.5 * high, 0.6 * wide, 0.6 * high, 0.9], [0, 0, wide, 9, 1]])
    looks = iter([[[car, nothing]], [[car, plates]]])
    monkeypatch.setattr(detector, "read", lambda resized: next(looks))
    frame = np.zeros((900, 1600, 3), np.uint8)
    found = detector.detect([frame], around_cars=True)[0]
    assert [item.label for item in found] == ["plate", "car"]
    # Around the car lies a part of 0.3 of the frame, its middle at 0.6 of it.
    np.testing.assert_allclose(found[0].box, [960, 540, 1008, 567], atol=1)
    assert found[1].box == pytest.approx((800, 450, 1120, 630))

    looks = iter([[[nothing, nothing]]])
    assert detector.detect([frame], around_cars=True) == [[]]


def test_a_detector_of_no_frames_finds_nothing(samples, tiny, tmp_path):
    list(fit(tiny(epochs=1), samples, (), tmp_path / "run"))
    assert Detector.load(tmp_path / "run").detect([]) == []


def test_something_else_is_not_a_detector(tmp_path):
    checkpoints.save(tmp_path / "r.safetensors", {}, {"kind": "recognizer"})
    with pytest.raises(CheckpointWrongKind):
        Detector.load(tmp_path / "r.safetensors")


def test_weights_of_another_layout_are_refused_with_the_files_name(learnt, tmp_path):
    kept = checkpoints.load(learnt)
    weights = {name: value for name, value in kept.weights.items() if name != "cov.bias"}
    checkpoints.save(tmp_path / "older.safetensors", weights, kept.metadata)
    with pytest.raises(CheckpointOtherLayout, match="older"):
        Detector.load(tmp_path / "older.safetensors")
