"""Pixels given to the nearest centre of their group."""

import pytest
import torch

from projects.wsis.ops import nearest_center
from projects.wsis.ops.nearest_center import find_nearest


@pytest.mark.parametrize('band_pixels', [nearest_center.BAND_PIXELS, 1, 30])
@pytest.mark.parametrize('batch', [1, 3])
def test_every_pixel_goes_to_the_nearest_center_of_its_group(monkeypatch, rng, batch, band_pixels):
    monkeypatch.setattr(nearest_center, 'BAND_PIXELS', band_pixels)
    slots = torch.randint(0, 9, (2, 3, 2), generator=rng).float()
    slots[1, 2] = float('inf')
    groups = torch.randint(0, 3, (batch, 7, 8), generator=rng)
    offset = 3 * torch.randn(batch, 2, 7, 8, generator=rng)
    found = find_nearest(slots, groups, offset)
    assert found.shape == groups.shape and found.dtype == torch.int64
    for sample, y, x in torch.cartesian_prod(torch.arange(batch), torch.arange(7), torch.arange(8)).tolist():
        group = int(groups[sample, y, x])
        if group == 0:
            assert found[sample, y, x] == 0
            continue
        target = offset[sample, :, y, x] + torch.tensor([y, x])
        nearest = int((slots[group - 1] - target).norm(dim=1).argmin())
        assert found[sample, y, x] == 1 + (group - 1) * 3 + nearest


def test_a_group_without_centers_gets_none():
    slots = torch.full((1, 2, 2), float('inf'))
    assert not find_nearest(slots, torch.ones(1, 2, 3, dtype=torch.int64), torch.zeros(1, 2, 2, 3)).any()
