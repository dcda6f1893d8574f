"""Reading: independent of the batch, every crop read, the same after fusing."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training import checkpoints
from training.errors import CheckpointUnreadable, CheckpointWrongKind
from training.recognizer import automaton
from training.recognizer.network import Lite, build
from training.recognizer.predict import Recognizer, decode, evaluate, examine, fuse


def noisy_recognizer(seed: int = 0) -> Recognizer:
    """Untrained, but with running statistics and scores far enough apart to give texts."""
    torch.manual_seed(seed)
    network = Lite(36)
    network.train()
    with torch.no_grad():
        for _ in range(3):
            network(torch.rand(8, 3, 48, 96))
        network.classifier.weight.mul_(30)
    return Recognizer(network, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def crops(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [
        cv2.resize(rng.integers(0, 256, (6, 12, 3), dtype=np.uint8), (40 + 9 * n, 30 + n))
        for n in range(count)
    ]


def test_one_crop_alone_reads_as_among_many():
    recognizer = noisy_recognizer()
    pictures = crops(37)  # more than one batch, the last one short
    together = recognizer.read(pictures)
    alone = [recognizer.read([picture])[0] for picture in pictures]
    assert [read.text for read in alone] == [read.text for read in together]
    assert any(read.text for read in together)
    for one, many in zip(alone, together, strict=True):
        assert one.confidence == pytest.approx(many.confidence, abs=1e-4)
        assert one.characters == pytest.approx(many.characters, abs=1e-4)


def test_one_crop_alone_reads_as_among_many_with_formats():
    recognizer = noisy_recognizer()
    recognizer.formats = automaton.of_patterns(["AAA9999", "99A"], recognizer.alphabet)
    recognizer.temperature = 1.7
    pictures = crops(5)
    together = recognizer.read(pictures)
    assert all(read.fitted for read in together)
    for picture, many in zip(pictures, together, strict=True):
        one = recognizer.read([picture])[0]
        assert (one.text, one.greedy, one.fitted) == (many.text, many.greedy, many.fitted)
        assert one.fitted_confidence == pytest.approx(many.fitted_confidence, abs=1e-6)
        assert [a[1] for a in one.alternatives] == pytest.approx(
            [a[1] for a in many.alternatives], abs=1e-3
        )


def scores(*steps: dict[str, float], alphabet: str) -> torch.Tensor:
    """(1, T, K + 1) of given probabilities per step; the rest is the blank's ("-")."""
    made = torch.full((1, len(steps), len(alphabet) + 1), 1e-9)
    for at, shares in enumerate(steps):
        for character, share in shares.items():
            made[0, at, alphabet.find(character)] = share  # -1, the last, for "-"
    return made.log()


@pytest.mark.parametrize(("second", "text"), [(0.2, "A8"), (0.01, "AB")])
def test_a_format_is_a_hint_and_no_wall(second: float, text: str):
    logits = scores({"A": 1.0}, {"B": 1 - second, "8": second}, alphabet="AB8")
    read = decode(logits, "AB8", automaton.of_patterns(["A9"], "AB8"))[0]
    assert (read.greedy, read.fitted, read.text) == ("AB", "A8", text)
    assert read.greedy_confidence == pytest.approx(1 - second, abs=1e-5)
    assert read.fitted_confidence == pytest.approx(second, abs=1e-5)
    assert read.confidence == (read.greedy_confidence if text == "AB" else read.fitted_confidence)


def test_the_second_choice_at_each_place():
    logits = scores({"A": 0.9, "B": 0.1}, {"8": 0.7, "B": 0.3}, alphabet="AB8")
    read = decode(logits, "AB8")[0]
    assert read.text == "A8" and (read.fitted, read.greedy) == ("", "A8")
    assert read.characters == pytest.approx((0.9, 0.7), abs=1e-4)
    assert [character for character, _ in read.alternatives] == ["B", "B"]
    assert [share for _, share in read.alternatives] == pytest.approx([0.1, 0.3], abs=1e-4)


def test_nothing_written_stays_nothing_where_that_is_far_likelier():
    logits = scores({"-": 0.95, "A": 0.05}, alphabet="AB8")
    read = decode(logits, "AB8", automaton.of_patterns(["A"], "AB8"))[0]
    assert (read.text, read.confidence, read.fitted) == ("", 0.0, "A")
    forms = automaton.of_patterns(["AA9"], "AB8")
    assert decode(logits, "AB8", forms)[0].fitted == ""  # no room for three characters


def test_nothing_to_read_is_no_reads():
    assert noisy_recognizer().read([]) == []


def test_decode_gives_text_and_confidences():
    logits = torch.full((2, 4, 3), 0.0)
    for step, index in enumerate([0, 2, 0, 1]):
        logits[0, step, index] = 8.0
    logits[1, :, 2] = 8.0
    first, second = decode(logits, "AB")
    assert first.text == "AAB"
    assert len(first.characters) == 3
    assert 0.99 < first.confidence <= 1
    assert all(0.99 < share <= 1 for share in first.characters)
    assert (second.text, second.confidence, second.characters) == ("", 0.0, ())


def test_evaluation_covers_every_sample(make_samples):
    samples = make_samples()
    recognizer = noisy_recognizer()
    figures = evaluate(recognizer, samples)
    assert set(figures) == {"crops", "exact", "char", "ms_per_crop"}
    assert figures["crops"] == 8
    assert figures["ms_per_crop"] > 0
    kept = examine(recognizer, samples)
    assert kept.reads == tuple(recognizer.predict(samples))
    assert [truth for truth, _ in kept.pairs()] == [s.text for s in samples]


def test_evaluating_nothing_is_zero():
    assert evaluate(noisy_recognizer(), []) == {
        "crops": 0, "exact": 0.0, "char": 0.0, "ms_per_crop": 0.0
    }  # fmt: skip


@pytest.mark.parametrize("name", ["lprnet10", "lite"])
def test_folding_norms_changes_nothing(name):
    torch.manual_seed(1)
    network = build(name, 36)
    batch = torch.rand(2, 3, 48, 96)
    with torch.no_grad():
        network.train()(batch)
        before = network.eval()(batch)
        assert torch.allclose(fuse(network)(batch), before, atol=1e-3)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())


def test_wrong_checkpoints_are_refused(tmp_path: Path):
    path = tmp_path / "x.safetensors"
    checkpoints.save(path, {}, {"kind": "detector"})
    with pytest.raises(CheckpointWrongKind):
        Recognizer.load(path)
    checkpoints.save(path, {}, {"kind": "recognizer", "network": "lite", "alphabet": "AB"})
    with pytest.raises(CheckpointUnreadable):  # weights are missing
        Recognizer.load(path)
    checkpoints.save(path, {}, {"kind": "recognizer", "network": "other", "alphabet": "AB"})
    with pytest.raises(CheckpointUnreadable):
        Recognizer.load(path)


@pytest.mark.parametrize(
    "odd",
    [
        {"temperature": "hot"},
        {"temperature": 0},
        {"temperature": None},
        {"forms": 3},
        {"forms": [7]},
    ],
)
def test_a_checkpoint_with_odd_facts_is_refused(tmp_path: Path, odd: dict[str, object]):
    facts = {"kind": "recognizer", "network": "lite", "alphabet": noisy_recognizer().alphabet}
    checkpoints.save(tmp_path / "x.safetensors", Lite(36).state_dict(), {**facts, **odd})
    with pytest.raises(CheckpointUnreadable):
        Recognizer.load(tmp_path / "x.safetensors")


def test_the_temperature_of_the_checkpoint_is_used(tmp_path: Path):
    torch.manual_seed(0)
    network = Lite(36)
    facts = {"kind": "recognizer", "network": "lite", "alphabet": noisy_recognizer().alphabet}
    for name, more in (("plain", {}), ("hot", {"temperature": 2.5})):
        checkpoints.save(tmp_path / f"{name}.safetensors", network.state_dict(), {**facts, **more})
    assert Recognizer.load(tmp_path / "plain.safetensors").temperature == 1.0
    assert Recognizer.load(tmp_path / "hot.safetensors").temperature == 2.5
    recognizer = noisy_recognizer()
    sure = recognizer.read(crops(4))
    recognizer.temperature = 2.5
    unsure = recognizer.read(crops(4))
    assert [read.text for read in unsure] == [read.text for read in sure]
    assert any(a.confidence < b.confidence for a, b in zip(unsure, sure, strict=True))
