"""Peaks of heat maps, instance centres, grouping of pixels."""

import numpy as np
import pytest
import torch

from projects.wsis.ops import find_centers, find_peaks, group_pixels


def test_golden_point_extraction(golden):
    arrays = golden('bestie_peaks')
    peaks = find_peaks(torch.from_numpy(arrays['smoothed']), kernel=15, threshold=0.1)
    rows = peaks[:, [3, 2, 1, 4]].numpy()  # x, y, class, confidence
    np.testing.assert_array_equal(rows[:, :3], arrays['point_rows'][:, :3])
    np.testing.assert_allclose(rows[:, 3], arrays['point_rows'][:, 3], atol=1e-3)  # written with 3 decimals


def test_golden_plateaus(golden):
    arrays = golden('bestie_peaks')
    heatmap = torch.from_numpy(arrays['plateau_in'])
    peaks = find_peaks(heatmap, kernel=15, threshold=1e-12)
    for channel in (0, 1):
        rows = peaks[peaks[:, 1] == channel][:, [4, 2, 3]]
        np.testing.assert_allclose(rows, arrays[f'plateau_peaks{channel}'], rtol=1e-6)
    assert not (peaks[:, 1] == 2).any()


def test_peaks_by_hand_and_threshold_is_inclusive():
    heatmap = torch.zeros(2, 2, 6, 7)
    heatmap[1, 0, 0, 0], heatmap[1, 0, 5, 6], heatmap[1, 0, 5, 5] = 0.25, 0.75, 0.5
    heatmap[0, 1, 2, 3] = 0.5
    expected = torch.tensor([[0, 1, 2, 3, 0.5], [1, 0, 5, 6, 0.75], [1, 0, 0, 0, 0.25]])
    torch.testing.assert_close(find_peaks(heatmap, 3, 0.25), expected)
    torch.testing.assert_close(find_peaks(heatmap, 3, 0.26), expected[:2])


def test_alone_is_the_first_of_equal_neighbours():
    heatmap = torch.zeros(1, 1, 8, 12)
    heatmap[0, 0, 0:3, 0:4] = 0.5  # a plateau
    heatmap[0, 0, 5, 3] = heatmap[0, 0, 6, 2] = 0.5  # diagonal neighbours
    heatmap[0, 0, 5, 8] = heatmap[0, 0, 5, 10] = 0.5  # equal, but apart
    assert len(find_peaks(heatmap, 3, 0.1)) == 12 + 2 + 2
    assert find_peaks(heatmap, 3, 0.1, alone=True)[:, 2:4].tolist() == [[0, 0], [5, 3], [5, 8], [5, 10]]


def test_topk_counts_per_sample_and_class(rng):
    heatmap = torch.rand(3, 2, 20, 24, generator=rng)
    everything = find_peaks(heatmap, 3, 0.5)
    strongest = find_peaks(heatmap, 3, 0.5, topk=2)
    assert len(everything) > len(strongest) == 3 * 2 * 2
    for sample in range(3):
        for channel in range(2):
            own = everything[(everything[:, 0] == sample) & (everything[:, 1] == channel)]
            assert (own[:, 4].diff() <= 0).all()
            of_two = strongest[(strongest[:, 0] == sample) & (strongest[:, 1] == channel)]
            torch.testing.assert_close(of_two, own[:2])


def test_peaks_equal_a_plain_search(rng):
    heatmap = torch.rand(1, 1, 9, 11, generator=rng)
    expected = [
        (y, x)
        for y in range(9)
        for x in range(11)
        if heatmap[0, 0, y, x] == heatmap[0, 0, max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].max()
    ]
    found = find_peaks(heatmap, 5, 0.0)
    assert sorted(map(tuple, found[:, 2:4].long().tolist())) == expected


@pytest.mark.parametrize('case, heatmap', [('fic0', 'fic_in_a'), ('fic1', 'fic_in_b'), ('fic2', 'fic_in_b')])
def test_golden_centers(golden, case, heatmap):
    arrays = golden('bestie_peaks')
    threshold, kernel = arrays[f'{case}_params']
    centers = find_centers(torch.from_numpy(arrays[heatmap]), int(kernel), float(threshold))
    assert centers.dtype == torch.int64
    np.testing.assert_array_equal(centers[:, 2:], arrays[f'{case}_out'])


def test_golden_center_plateau(golden):
    arrays = golden('bestie_peaks')
    centers = find_centers(torch.from_numpy(arrays['fic_plateau_in']), 7, 0.2)
    np.testing.assert_array_equal(centers[:, 2:], arrays['fic_plateau_out'])


def test_center_threshold_is_exclusive():
    heatmap = torch.zeros(3, 2, 5, 5).transpose(2, 3)
    heatmap[2, 1, 4, 0] = 0.5
    assert find_centers(heatmap, 3, 0.25).tolist() == [[2, 1, 4, 0]]
    assert find_centers(heatmap, 3, 0.5).shape == (0, 4)


def test_golden_grouping(golden):
    arrays = golden('bestie_peaks')
    groups = group_pixels(torch.from_numpy(arrays['gp_centers']), torch.from_numpy(arrays['gp_offsets'])[0])
    np.testing.assert_array_equal(groups, arrays['gp_out'][0])


def test_grouping_by_hand():
    offsets = torch.zeros(2, 1, 5)
    assert group_pixels(torch.tensor([[0, 0], [0, 4]]), offsets).tolist() == [[1, 1, 1, 2, 2]]  # a tie goes to 1
    offsets[1, 0, 0] = 4
    assert group_pixels(torch.tensor([[0, 0], [0, 4]]), offsets).tolist() == [[2, 1, 1, 2, 2]]
    assert group_pixels(torch.zeros(0, 2), offsets).tolist() == [[0] * 5]


def test_nothing_found():
    assert find_peaks(torch.zeros(1, 2, 5, 5)).shape == (0, 5)
    assert find_peaks(torch.zeros(1, 2, 5, 5), topk=3).shape == (0, 5)
    assert find_peaks(torch.zeros(0, 2, 5, 5)).shape == (0, 5)


@pytest.mark.parametrize('function', [find_peaks, find_centers])
def test_bad_heatmap(function):
    with pytest.raises(ValueError, match='kernel must be odd'):
        function(torch.rand(1, 1, 5, 5), kernel=4)
    with pytest.raises(ValueError, match='heatmap must be'):
        function(torch.rand(5, 5))
    with pytest.raises(ValueError, match='heatmap must be'):
        function(torch.ones(1, 1, 5, 5, dtype=torch.uint8))


def test_bad_arguments():
    with pytest.raises(ValueError, match='topk must be positive'):
        find_peaks(torch.rand(1, 1, 5, 5), topk=0)
    with pytest.raises(ValueError, match='centers must be'):
        group_pixels(torch.zeros(3, 4), torch.zeros(2, 5, 5))
    with pytest.raises(ValueError, match='offsets must be'):
        group_pixels(torch.zeros(3, 2), torch.zeros(1, 2, 5, 5))
