"""The three networks: shapes, a step that learns, and no talk between neighbours."""

from __future__ import annotations

import pytest
import torch

from training.recognizer import ctc, network
from training.recognizer.config import NETWORKS, NetworkName


@pytest.mark.parametrize("name", NETWORKS)
def test_crops_become_24_steps_of_classes(name: NetworkName):
    net = network.build(name, 36).eval()
    with torch.inference_mode():
        assert net(torch.rand(2, 3, 48, 96)).shape == (2, 24, 37)


@pytest.mark.parametrize("name", ["lprnet10", "lite"])
def test_a_few_steps_lower_the_loss(name: NetworkName):
    torch.manual_seed(0)
    net = network.build(name, 10).train()
    crops, targets = torch.rand(2, 3, 48, 96), [[1, 2, 3], [4, 5]]
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3)
    losses = []
    for _ in range(4):
        loss = ctc.loss(net(crops), targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] * 0.9


@pytest.mark.parametrize("name", ["lprnet10", "lite"])
def test_a_crop_does_not_see_its_neighbours(name: NetworkName):
    torch.manual_seed(1)
    net = network.build(name, 36).eval()
    crop, others = torch.rand(1, 3, 48, 96), torch.rand(5, 3, 48, 96) ** 3
    with torch.inference_mode():
        alone, among = net(crop)[0], net(torch.cat([others, crop]))[-1]
    assert torch.allclose(alone, among, atol=1e-4)


def test_paper_layout_does_not_see_its_neighbours_either():
    torch.manual_seed(1)
    net = network.PaperLite(37).eval()
    crop, others = torch.rand(1, 3, 24, 94), torch.rand(3, 3, 24, 94) ** 3
    with torch.inference_mode():
        assert torch.allclose(net(crop)[0], net(torch.cat([others, crop]))[-1], atol=1e-4)


def test_lite_forgets_exposure_and_contrast():
    torch.manual_seed(2)
    net = network.build("lite", 36).eval()
    crop = torch.rand(1, 3, 48, 96)
    with torch.inference_mode():
        assert torch.allclose(net(crop), net(crop * 0.6 + 0.2), atol=0.02)


def test_lite_is_small():
    assert sum(p.numel() for p in network.build("lite", 36).parameters()) < 800_000


def test_a_blank_crop_gives_finite_scores():
    for name in NETWORKS:
        with torch.inference_mode():
            assert network.build(name, 36).eval()(torch.zeros(1, 3, 48, 96)).isfinite().all()
