import pytest
import torch

from tests.training.detector.test_network import randomised
from training.detector.network import DetectNet, full_widths
from training.detector.pruning import kept_filters, masked, prune


def uneven(network: DetectNet) -> DetectNet:
    """Filters of very different weight, as training with L1 leaves them."""
    generator = torch.Generator().manual_seed(1)
    for name, value in network.named_parameters():
        if value.dim() == 4 and name.endswith("conv.weight"):
            share = torch.rand(len(value), generator=generator) ** 3
            value.data.mul_(share[:, None, None, None])
    return randomised(network)


@pytest.mark.parametrize(("layers", "stride"), [(10, 16), (10, 8), (18, 16)])
def test_pruned_network_says_what_the_masked_one_says(layers, stride):
    network = uneven(DetectNet(classes=2, layers=layers, stride=stride))
    smaller = prune(network, threshold=0.3)
    kept = kept_filters(network, threshold=0.3, granularity=8, fewest=16)
    full = full_widths(layers, stride)
    assert smaller.widths == {name: len(numbers) for name, numbers in kept.items()}
    assert set(smaller.widths) == set(full)
    assert all(n % 8 == 0 and 16 <= n <= full[name] for name, n in smaller.widths.items())
    count = sum(item.numel() for item in smaller.parameters())
    assert count < 0.7 * sum(item.numel() for item in network.parameters())
    frames = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        for one, other in zip(smaller(frames), masked(network, kept=kept)(frames), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def strong(network: DetectNet, layer: str, numbers: range) -> None:
    """Make only these filters of a layer count."""
    kernels = network.state_dict()[f"{layer}.conv.weight"]
    kernels.fill_(1e-3)
    kernels[numbers.start : numbers.stop] = 1.0


def test_branches_that_are_added_keep_what_either_would():
    network = DetectNet(classes=1)
    strong(network, "block1.0.second", range(20))
    strong(network, "block1.0.shortcut", range(30, 40))
    kept = kept_filters(network, threshold=0.5, granularity=1, fewest=1)
    assert kept["block1.0"].tolist() == [*range(20), *range(30, 40)]


def test_counts_are_rounded_up_and_never_too_few():
    network = DetectNet(classes=1)
    strong(network, "conv1", range(17))
    kept = kept_filters(network, threshold=0.5, granularity=8, fewest=16)
    assert len(kept["conv1"]) == 24 and kept["conv1"].tolist()[:17] == list(range(17))
    assert len(kept_filters(network, threshold=2.0, granularity=8, fewest=16)["conv1"]) == 16


def test_nothing_goes_where_no_filter_is_weak():
    network = DetectNet(classes=1)
    smaller = prune(network, threshold=0.0)
    assert smaller.widths == network.widths
    for name, value in smaller.state_dict().items():
        assert torch.equal(value, network.state_dict()[name])
