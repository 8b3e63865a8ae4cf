"""Centre maps: golden values, by hand, bad input."""

import numpy as np
import pytest
import torch

from projects.wsis.ops.center_maps import draw_centers


def test_centre_maps_are_those_of_the_public_code(labels):
    sigma = float(labels['cmap_sigma'])
    rows = [
        # there the window is rounded, not the point
        (0, int(label), *(round(value - 3 * sigma - 1) + 3 * int(sigma) + 1 for value in (y, x)))
        for x, y, label in labels['cmap_points'].tolist()
        if 0 <= x < labels['cmap_out'].shape[2] and 0 <= y < labels['cmap_out'].shape[1]
    ]
    drawn = draw_centers(torch.tensor(rows), (1, *labels['cmap_out'].shape), sigma)
    torch.testing.assert_close(drawn[0], torch.from_numpy(labels['cmap_out']), rtol=1e-6, atol=1e-7)
    for name, value in (('gaussian_sigma6', 6), ('gaussian_sigma4', 4)):
        golden = torch.from_numpy(labels[name]).float()
        middle = len(golden) // 2
        drawn = draw_centers(torch.tensor([[0, 0, middle, middle]]), (1, 1, *golden.shape), value)
        torch.testing.assert_close(drawn[0, 0], golden, rtol=1e-6, atol=1e-9)


def test_centres_outside_are_left_out_and_the_highest_counts():
    rows = torch.tensor([[0, 0, -1, 3], [0, 0, 9, 3], [0, 0, 3, -1], [0, 0, 3, 9], [1, 1, 2, 2], [1, 1, 2, 4]])
    drawn = draw_centers(rows, (2, 2, 9, 9), 1.0)
    assert not drawn[0].any() and not drawn[1, 0].any()
    assert drawn[1, 1, 2, 2] == drawn[1, 1, 2, 4] == 1 and drawn[1, 1, 2, 3] == pytest.approx(np.exp(-0.5))
    assert not draw_centers(rows[:0], (2, 2, 9, 9), 1.0).any()


@pytest.mark.parametrize(
    'rows, sigma, words',
    [
        (torch.zeros(2, 3, dtype=torch.long), 6.0, 'integer rows'),
        (torch.zeros(2, 4), 6.0, 'integer rows'),
        (torch.zeros(2, 4, dtype=torch.long), 0.0, 'sigma must be positive'),
    ],
)
def test_bad_centres(rows, sigma, words):
    with pytest.raises(ValueError, match=words):
        draw_centers(rows, (1, 1, 5, 5), sigma)
