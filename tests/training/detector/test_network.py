import pytest
import torch
from torch import nn

from training.detector.network import DetectNet, SameConv2d, fuse


def randomised(network: DetectNet) -> DetectNet:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return network.eval()


@pytest.mark.parametrize(("layers", "count"), [(10, 4_918_090), (18, 11_541_770)])
def test_a_frame_becomes_coverage_and_edges_of_every_class(layers, count):
    network = DetectNet(classes=2, layers=layers).eval()
    assert sum(item.numel() for item in network.parameters()) == count
    with torch.no_grad():
        coverage, edges = network(torch.rand(2, 3, 96, 64))
    assert coverage.shape == (2, 2, 6, 4)
    assert edges.shape == (2, 8, 6, 4)
    assert coverage.min() >= 0 and coverage.max() <= 1


def test_a_finer_grid_has_twice_the_rows_and_columns_and_the_same_trunk():
    network = DetectNet(classes=2, stride=8).eval()
    with torch.no_grad():
        coverage, edges = network(torch.rand(2, 3, 96, 64))
    assert coverage.shape == (2, 2, 12, 8) and edges.shape == (2, 8, 12, 8)
    heads = ("cov.weight", "bbox.weight")
    faithful = {name: item.shape for name, item in DetectNet(classes=2).state_dict().items()}
    finer = {name: item.shape for name, item in network.state_dict().items()}
    assert {n: s for n, s in faithful.items() if n not in heads}.items() <= finer.items()


def test_surplus_padding_goes_right_and_down():
    conv = SameConv2d(1, 1, 3, stride=2, bias=False)
    nn.init.ones_(conv.weight)
    ramp = torch.arange(16.0).reshape(1, 1, 4, 4)
    # TensorFlow's SAME: windows begin at 0 and 2, the last one hangs over the far edge.
    assert conv(ramp).flatten().tolist() == [45.0, 39.0, 66.0, 50.0]


def test_odd_lengths_are_padded_on_both_sides():
    conv = SameConv2d(1, 1, 3, stride=2, bias=False)
    assert conv(torch.rand(1, 1, 5, 7)).shape == (1, 1, 3, 4)


@pytest.mark.parametrize("stride", [16, 8])
def test_batch_norm_folded_into_the_convolutions_changes_nothing(stride):
    network = randomised(DetectNet(classes=1, stride=stride))
    frames = torch.rand(1, 3, 48, 64)
    with torch.no_grad():
        before = network(frames)
        after = fuse(network)(frames)
    assert not any(isinstance(item, nn.BatchNorm2d) for item in network.modules())
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_a_detector_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one class"):
        DetectNet(classes=0)
