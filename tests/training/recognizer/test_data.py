"""Batches: every item once, reproducible, refused when it cannot be learned."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from annotations.vision.crops import resize_crop
from training import devices
from training.errors import CharacterUnknown, PictureMissing, TextTooLong
from training.loader import Loader
from training.recognizer import data
from training.recognizer import mix as mixing
from training.recognizer.alphabet import DEFAULT, decode
from training.recognizer.augment import grey
from training.recognizer.data import Mix, Sample


def _batches(mix, epoch, batch):
    return Loader(mix, workers=0).batches(epoch, batch)


def test_an_epoch_shows_every_sample_once_with_a_short_last_batch(make_samples):
    samples = make_samples()
    batches = list(_batches(Mix(tuple(samples), DEFAULT), 1, 3))
    assert [len(b.targets) for b in batches] == [3, 3, 2]
    assert batches[0].crops.shape == (3, 48, 96)
    shown = Counter(decode(t, DEFAULT) for b in batches for t in b.targets)
    assert shown == Counter(s.text for s in samples)


def test_an_epoch_is_the_same_again_and_the_next_one_is_not(make_samples):
    samples = tuple(make_samples())
    first, again, other = (
        next(_batches(Mix(samples, DEFAULT, seed=7), epoch, 8)) for epoch in (3, 3, 4)
    )
    assert np.array_equal(first.crops, again.crops)
    assert first.targets == again.targets
    assert not np.array_equal(first.crops, other.crops)


def test_drawn_plates_do_not_depend_on_the_epochs_seen_before():
    used, fresh = (Mix((), DEFAULT, synthetic=6, seed=1) for _ in range(2))
    for epoch in (1, 2):
        list(_batches(used, epoch, 6))
    assert np.array_equal(next(_batches(used, 3, 6)).crops, next(_batches(fresh, 3, 6)).crops)


def test_drawn_plates_change_over_the_epochs():
    mix = Mix((), DEFAULT, synthetic=1)
    texts = {mix.item(epoch, 0)[1] for epoch in range(1, 2 * mixing.REUSE + 1)}
    assert len(texts) == 3
    assert not np.array_equal(mix.item(4, 0)[0], mix.item(5, 0)[0])


def test_drawn_plates_that_the_alphabet_cannot_write_are_refused():
    with pytest.raises(CharacterUnknown):
        mixing.draw(np.random.default_rng(0), ("ecuador",), "AB")


def test_held_out_plates_come_in_short_batches():
    batches = data.held_out(5, formats=("ecuador",), alphabet=DEFAULT, seed=0)
    assert [len(b.targets) for b in batches] == [5]


def test_unusable_samples_are_refused_with_their_file(make_samples, tmp_path: Path):
    good = make_samples()[0]
    data.check_samples([good], DEFAULT)
    with pytest.raises(PictureMissing, match=r"none\.png"):
        data.check_samples([Sample(tmp_path / "none.png", "A1")], DEFAULT)
    with pytest.raises(CharacterUnknown, match=r"000\.png"):
        data.check_samples([replace(good, text="PB-1234")], DEFAULT)
    with pytest.raises(TextTooLong, match=r"000\.png"):
        data.check_samples([replace(good, text="1" * 13)], DEFAULT)


def test_tensor_is_channels_first_between_0_and_1():
    crops = np.zeros((2, 48, 96, 3), np.uint8)
    crops[:, :, :, 2] = 255
    tensor = data.to_tensor(crops, torch.device("cpu"))
    assert tensor.shape == (2, 3, 48, 96)
    assert tensor[:, 2].min() == 1
    assert tensor[:, :2].max() == 0


def test_grey_and_colour_crops_of_the_same_light_are_the_same_to_a_network():
    light = np.random.default_rng(0).integers(0, 256, (2, 48, 96), dtype=np.uint8)
    cpu = torch.device("cpu")
    colour = np.repeat(light[..., None], 3, axis=3)
    assert torch.equal(data.to_tensor(light, cpu), data.to_tensor(colour, cpu))


def test_the_first_epochs_draw_easier_plates(monkeypatch):
    asked: list[tuple[int, float]] = []
    now = 0

    def remember(rng, formats, alphabet, *, damage):
        asked.append((now, damage))
        return np.zeros((48, 96, 3), np.uint8), "A"

    monkeypatch.setattr(mixing, "draw", remember)
    mix = Mix((), DEFAULT, synthetic=16, easy_epochs=4)
    for now in range(1, 33):
        list(_batches(mix, now, 8))
    assert all(damage <= 0.6 for epoch, damage in asked if epoch <= 4)
    later = [damage for epoch, damage in asked if epoch > 4]
    assert later.count(1.0) > len(later) / 2


def test_real_crops_of_the_first_epochs_are_half_unchanged(make_samples):
    samples = tuple(make_samples())
    plain = {resize_crop(grey(data.read(sample.picture))).tobytes() for sample in samples}
    mix = Mix(samples, DEFAULT, easy_epochs=6)
    unchanged = [mix.item(e, i)[0].tobytes() in plain for e in range(1, 7) for i in range(8)]
    assert 12 < sum(unchanged) < 40


def test_small_epochs_need_no_worker_and_accelerators_get_more(monkeypatch):
    monkeypatch.setattr(devices, "cores", lambda: 16)
    assert data.workers_for(50, accelerated=True) == 0
    assert data.workers_for(5000, accelerated=True) > data.workers_for(5000, accelerated=False) > 0
