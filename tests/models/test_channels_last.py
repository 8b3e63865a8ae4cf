"""Weights whose channels lie last."""

import pytest
import torch
from torch import nn

from projects.wsis.models.channels_last import FEWEST_CHANNELS, is_unsafe, lay_out_channels_last


def test_maps_follow_the_layout_of_the_weights():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3))
    photos = torch.randn(2, 3, 9, 9)
    plain = model(photos)
    lay_out_channels_last(model)
    found = model(photos)
    assert found.is_contiguous(memory_format=torch.channels_last) and not plain.is_contiguous(
        memory_format=torch.channels_last
    )
    torch.testing.assert_close(found, plain)


class OtherOperator(nn.Module):
    """A module with weights like those of a convolution, such as the operators of mmcv have."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 8, 3, 3))


def test_only_convolutions_are_laid_out_anew():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(8, 8, 2), OtherOperator())
    values = [parameter.detach().clone() for parameter in model.parameters()]
    lay_out_channels_last(model)
    found = [module.weight.is_contiguous(memory_format=torch.channels_last) for module in model]
    assert found == [True, True, False]
    assert all(map(torch.equal, model.parameters(), values)), 'the same numbers'


@pytest.mark.parametrize(
    'module, expected',
    [
        (nn.Conv2d(FEWEST_CHANNELS - 1, 32, 1, stride=2), True),
        (nn.Conv2d(FEWEST_CHANNELS, 32, 1, stride=2), False),
        (nn.Conv2d(2 * FEWEST_CHANNELS, 32, 1, stride=(1, 2), groups=4), True),
        (nn.Conv2d(2, 32, 1), False),
        (nn.Conv2d(2, 32, 3, stride=2), False),
        (nn.Linear(2, 2), False),
    ],
)
def test_convolutions_that_torch_calculates_wrongly_are_known(module, expected):
    assert is_unsafe(module) is expected


def test_a_model_with_one_of_them_stays_as_it_is():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 16, 1, stride=2))
    lay_out_channels_last(model)
    assert not model[0].weight.is_contiguous(memory_format=torch.channels_last)
