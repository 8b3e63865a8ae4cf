"""What a network gave is checked, and the photo named."""

import pytest
import torch

from projects.wsis.structures.finite_maps import check_finite_maps


def test_any_bad_map_is_named_and_good_ones_pass():
    good = torch.zeros(2, 3)
    check_finite_maps('a', 'CAMs', good, good[:0])
    for value in (float('nan'), float('inf')):
        with pytest.raises(ValueError, match='The CAMs of photo a are not finite: has the training diverged'):
            check_finite_maps('a', 'CAMs', good, torch.tensor([1.0, value]))
