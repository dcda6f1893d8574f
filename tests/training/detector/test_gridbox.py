import numpy as np
import pytest

from training.detector.gridbox import Ellipse, Grid, decode, decode_cells, encode, rasterise

GRID = Grid.of(160, 96)
ROUND = Ellipse(radius=(0.4, 0.4), min_radius=0.7, deadzone=0.3, keep_aspect=False)


def test_every_cell_decodes_to_the_box_it_was_given():
    boxes = np.array([[10.5, 20.25, 70, 60], [0, 0, 160, 96]])
    decoded = decode(encode(boxes, GRID), GRID)
    assert decoded.shape == (2, 4, 6, 10)
    np.testing.assert_allclose(decoded, np.broadcast_to(boxes[:, :, None, None], decoded.shape))


def test_chosen_cells_decode_as_in_the_whole_grid():
    edges = np.random.default_rng(0).normal(size=(4, GRID.rows, GRID.columns))
    rows, columns = np.array([0, 5, 2]), np.array([9, 0, 4])
    chosen = decode_cells(edges[:, rows, columns].T, rows, columns, GRID)
    np.testing.assert_allclose(chosen, decode(edges, GRID)[:, rows, columns].T)


def test_boxes_never_leave_the_frame_nor_turn_inside_out():
    edges = np.random.default_rng(1).normal(0, 5, size=(4, GRID.rows, GRID.columns))
    x1, y1, x2, y2 = decode(edges, GRID)
    assert (x1 >= 0).all() and (y1 >= 0).all() and (x2 <= 160).all() and (y2 <= 96).all()
    assert (x1 <= x2).all() and (y1 <= y2).all()


def test_no_box_draws_nothing():
    drawn = rasterise(np.zeros((0, 4)), GRID, ROUND)
    assert not drawn.coverage.any() and not drawn.normalised.any() and not drawn.edges.any()


def test_a_tiny_plate_still_covers_a_cell_and_every_covered_cell_knows_its_edges():
    plate = np.array([[70.0, 40.0, 80.0, 44.0]])
    drawn = rasterise(plate, GRID, ROUND)
    covered = drawn.coverage > 0
    assert drawn.coverage.max() > 0.4
    boxes = decode(drawn.edges, GRID)
    np.testing.assert_allclose(boxes[:, covered], np.repeat(plate.T, covered.sum(), 1), atol=1e-3)
    assert not drawn.edges[:, ~covered].any()


def test_the_nearer_of_two_boxes_keeps_the_cells_and_order_does_not_matter():
    far, near = [16.0, 8.0, 80.0, 60.0], [20.0, 20.0, 84.0, 90.0]
    drawn = rasterise(np.array([near, far]), GRID, Ellipse())
    other = rasterise(np.array([far, near]), GRID, Ellipse())
    np.testing.assert_array_equal(drawn.edges, other.edges)
    row, column = 3, 3  # the middle of the nearer
    assert decode(drawn.edges, GRID)[3, row, column] == pytest.approx(90, abs=1e-3)


def test_a_box_outside_the_frame_draws_nothing_and_one_on_its_edge_a_part():
    outside = rasterise(np.array([[300.0, 10, 400, 50]]), GRID, ROUND)
    assert not outside.coverage.any()
    edge = rasterise(np.array([[-30.0, 30, 30, 60]]), GRID, ROUND)
    assert (
        0
        < edge.coverage.sum()
        < rasterise(np.array([[50.0, 30, 110, 60]]), GRID, ROUND).coverage.sum()
    )


@pytest.mark.parametrize("wrong", [{"min_radius": 0.0}, {"deadzone": 1.5}, {"radius": (2.0, 0.4)}])
def test_impossible_ellipses_are_refused(wrong):
    with pytest.raises(ValueError, match="ellipse"):
        Ellipse(**wrong)
