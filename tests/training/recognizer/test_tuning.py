"""Which parts learn: all, the classifier alone, or one after the other."""

from __future__ import annotations

import pytest
import torch

from training.recognizer import tuning
from training.recognizer.config import NETWORKS
from training.recognizer.network import build, parts


@pytest.mark.parametrize("name", NETWORKS)
def test_parts_are_the_whole_network_and_end_with_the_classifier(name):
    network = build(name, 5)
    listed = parts(network)
    assert listed[-1] is network.classifier
    counted = sum(p.numel() for part in listed for p in part.parameters())
    assert counted == sum(p.numel() for p in network.parameters())


def test_full_rests_nothing_and_head_all_but_the_classifier():
    assert {tuning.frozen_parts("full", 7, epoch, 10) for epoch in range(1, 11)} == {0}
    assert {tuning.frozen_parts("head", 7, epoch, 10) for epoch in range(1, 11)} == {6}


def test_gradual_thaws_from_the_classifier_down_within_half_the_epochs():
    resting = [tuning.frozen_parts("gradual", 7, epoch, 12) for epoch in range(1, 13)]
    assert resting[0] == 6
    assert resting == sorted(resting, reverse=True)
    assert resting[6:] == [0] * 6


def test_frozen_parts_keep_weights_and_statistics():
    torch.manual_seed(0)
    network = build("lite", 5)
    network.train()
    tuning.freeze(network, len(parts(network)) - 1)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.1, weight_decay=0.1)
    network(torch.rand(2, 3, 48, 96)).sum().backward()
    optimiser.step()
    changed = {n for n, v in network.state_dict().items() if not torch.equal(v, before[n])}
    assert changed == {"classifier.weight", "classifier.bias"}
