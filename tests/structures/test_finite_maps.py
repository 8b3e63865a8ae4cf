"""What a network gave is checked, and the photo named."""

import pytest
import torch

from projects.wsis.structures import finite_maps
from projects.wsis.structures.finite_maps import FiniteCheck, check_finite_maps


def test_any_bad_map_is_named_and_good_ones_pass():
    good = torch.zeros(2, 3)
    check_finite_maps('a', 'CAMs', good, good[:0])
    for value in (float('nan'), float('inf')):
        with pytest.raises(ValueError, match='The CAMs of photo a are not finite: has the training diverged'):
            check_finite_maps('a', 'CAMs', good, torch.tensor([1.0, value]))


def broken_at(*places: tuple[int, ...]) -> torch.Tensor:
    maps = torch.zeros(3, 2, 4, 5)
    for place in places:
        maps[place] = float('nan')
    return maps


def test_images_with_broken_maps_are_found():
    check = FiniteCheck()
    assert check.find_broken(broken_at(), broken_at()) == [[], []]
    assert check.find_broken(broken_at((0, 1, 2, 3), (2, 0, 0, 0)), broken_at((1, 1, 1, 1))) == [[0, 2], [1]]


def test_other_devices_are_looked_at_now_and_then(monkeypatch):
    monkeypatch.setattr(finite_maps, 'QUICK_DEVICES', ())
    check = FiniteCheck()
    found = [check.find_broken(broken_at((1, 0, 0, 0))) for _ in range(100)]
    assert [step for step, broken in enumerate(found, 1) if broken != [[]]] == [50, 100]


def test_single_overflows_of_mixed_precision_are_left_to_the_scaler():
    check, results = FiniteCheck(), []
    with torch.autocast('cpu', torch.bfloat16):
        for broken in (True, True, False, True, True, True):
            results.append(check.find_broken(broken_at((1, 0, 0, 0)) if broken else broken_at()))
    assert results == [[[]], [[]], [[]], [[]], [[]], [[1]]]
