import pytest
import torch

from training.detector.loss import Balance, ClassCost, class_costs, coverage_cost, giou_cost


def costs(mask_value: float = 1.0, error: float = 0.2):
    coverage = torch.zeros(1, 1, 2, 2)
    coverage[..., 0, 0] = 1
    edges = torch.zeros(1, 4, 2, 2)
    return class_costs(
        coverage.clamp(0.1, 0.9),
        edges + error,
        targets=(coverage, coverage, edges),
        mask=torch.full_like(coverage, mask_value),
        classes=[ClassCost(name="car")],
    )["car"]


def test_box_cost_counts_only_covered_cells_but_is_a_mean_over_all():
    assert costs()["box"].item() == pytest.approx(0.2 / 4)


def test_masked_cells_cost_nothing():
    assert costs(mask_value=0.0)["coverage"].item() == 0
    assert costs(mask_value=0.0)["box"].item() == 0


def test_foreground_weight_applies_above_one_half_only():
    prediction = torch.tensor([0.5, 0.5])
    target = torch.tensor([0.5, 0.51])
    background, foreground = coverage_cost(prediction, target, foreground=0.05)
    assert background / foreground == pytest.approx(19, rel=1e-4)


def test_weights_follow_the_costs_and_stay_when_there_were_none():
    balance = Balance([ClassCost(name="car"), ClassCost(name="plate", weight=3)])
    assert balance.class_weights == {"car": 0.25, "plate": 0.75}
    nothing = {"coverage": 0.0, "box": 0.0}
    balance.end_epoch({"car": {"coverage": 1.0, "box": 10.0}, "plate": nothing})
    assert balance.weights["car"] == pytest.approx({"coverage": 0.5, "box": 0.5})
    assert balance.weights["plate"] == pytest.approx({"coverage": 1 / 11, "box": 10 / 11})


def test_weights_are_clamped():
    balance = Balance([ClassCost(name="car")])
    balance.end_epoch({"car": {"coverage": 1e9, "box": 1.0}})
    assert balance.weights["car"] == {"coverage": 1e-4, "box": 0.9999}


def test_focus_makes_cells_that_are_nearly_right_weigh_less():
    prediction, target = torch.tensor([0.5, 0.9]), torch.tensor([1.0, 1.0])
    plain = coverage_cost(prediction, target, foreground=0.5)
    focused = coverage_cost(prediction, target, foreground=0.5, focus=2.0)
    torch.testing.assert_close(focused / plain, torch.tensor([0.25, 0.01]))


def test_giou_cost_of_two_squares_that_share_a_corner():
    # Around the cell at 1.5, 1.5: (0, 0, 2, 2) and (1, 1, 3, 3) share 1, cover 7, span 9.
    first = torch.tensor([1.5, 1.5, 0.5, 0.5]).reshape(1, 4, 1, 1)
    second = torch.tensor([0.5, 0.5, 1.5, 1.5]).reshape(1, 4, 1, 1)
    weight = torch.full((1, 1, 1), 2.0)
    expected = torch.tensor(2 * (1 - (1 / 7 - 2 / 9))).reshape(1, 1, 1)
    torch.testing.assert_close(giou_cost(first, second, weight), expected, atol=1e-4, rtol=0)
    nothing = giou_cost(first, first, weight)
    torch.testing.assert_close(nothing, torch.zeros(1, 1, 1), atol=1e-4, rtol=0)


def test_giou_cost_of_an_inverted_box_is_finite():
    edges = torch.full((1, 4, 1, 1), -0.1, requires_grad=True)
    giou_cost(edges, torch.ones(1, 4, 1, 1), torch.ones(1, 1, 1)).sum().backward()
    assert edges.grad is not None and torch.isfinite(edges.grad).all()
