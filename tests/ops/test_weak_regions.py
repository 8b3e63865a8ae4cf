"""Weak regions of offsets: golden values, by hand, bad input."""

import numpy as np
import pytest
import torch

from projects.wsis.ops import weak_regions
from projects.wsis.ops.weak_regions import find_weak_regions


@pytest.mark.parametrize('tolerance, threshold', [(5, 2.5), (3, 2.5), (8, 3.0)])
def test_weak_regions_are_those_of_the_public_code(labels, tolerance, threshold):
    foreground = torch.from_numpy(np.isin(labels['rf_gt_seg_map'][:1], (2, 3))).long()
    offset = torch.from_numpy(labels['rf_offset'][:1])
    found = find_weak_regions(offset, foreground, threshold, tolerance=tolerance)
    expected = labels[f'cp_beta{tolerance}_thresh{threshold * 10:.0f}']
    assert sorted(found[:, 1:].tolist()) == sorted(expected.tolist())


def test_weak_region_around_another_component_is_no_centre():
    offset = torch.full((1, 2, 30, 30), 9.0)
    components = torch.ones(1, 30, 30, dtype=torch.long)
    components[0, :20, 10:13] = 2  # a bar, around whose tip the region lies
    for row, column in [
        *((r, 9) for r in range(12, 21)),
        *((r, 13) for r in range(12, 21)),
        *((20, c) for c in (10, 11, 12)),
    ]:
        offset[0, :, row, column] = 0
    assert len(find_weak_regions(offset, torch.ones_like(components))) == 1
    assert len(find_weak_regions(offset, components)) == 0


def test_a_large_region_that_has_not_settled_does_not_count():
    # a winding line of one pixel's width is longer than labels travel; it must not fall into pieces that count
    offset = torch.full((1, 2, 40, 60), 9.0)
    for row in range(0, 40, 4):
        offset[:, :, row, 2:58] = 0
        offset[:, :, row : row + 4, 57 if row % 8 == 0 else 2] = 0
    everywhere = torch.ones(1, 40, 60, dtype=torch.long)
    assert len(find_weak_regions(offset, everywhere)) == 0
    assert len(find_weak_regions(offset, everywhere, tolerance=20.5)) == 0
    offset[:, :, 1:3, 20:31] = 9.0
    offset[:, :, 20:40] = 9.0
    offset[:, :, 30, 10:31] = 0  # 21 in a row
    assert find_weak_regions(offset, everywhere).tolist() == [[0, 30, 20]]
    # regions end where their component does
    everywhere[:, :, :20] = 2
    assert len(find_weak_regions(offset, everywhere)) == 0


@pytest.mark.parametrize('size', [(130, 9), (97, 14), (48, 40)])
def test_regions_of_bands_are_those_of_the_whole(monkeypatch, rng, size):
    # blots of all sizes, some of which reach over several bands
    smooth = torch.nn.functional.avg_pool2d(torch.randn(2, 1, *size, generator=rng), 5, 1, 2)[:, 0]
    offset = (20 * smooth)[:, None].expand(-1, 2, -1, -1).contiguous()
    components = torch.ones(2, *size, dtype=torch.long)
    components[:, :, 5:] = 2
    settings = dict(threshold=4.0, area=12, tolerance=11)
    expected = find_weak_regions(offset, components, **settings)
    monkeypatch.setattr(weak_regions, 'BAND_PIXELS', 1)
    found = find_weak_regions(offset, components, **settings)
    assert torch.equal(found, expected) and len(found) > 8


def test_bad_offsets():
    with pytest.raises(ValueError, match='must fit, got'):
        find_weak_regions(torch.zeros(1, 2, 5, 5), torch.zeros(1, 5, 6, dtype=torch.long))
