"""Affinity of pixel pairs from features."""

import math

import pytest
import torch

from projects.wsis.ops import feature_affinity, search_paths


def straightforward(features, radius):
    """The formula, pair by pair."""
    count, _, height, width = features.shape
    affinity = features.new_zeros(count, len(search_paths(radius)), height, width)
    for channel, path in enumerate(search_paths(radius)):
        for y in range(height):
            for x in range(width):
                row, column = y + path.destination[0], x + path.destination[1]
                if row < height and 0 <= column < width:
                    distance = (features[:, :, y, x] - features[:, :, row, column]).abs().mean(1)
                    affinity[:, channel, y, x] = (-distance).exp()
    return affinity


def make_features(batch=2, channels=5, height=7, width=9, dtype=torch.float64):
    return torch.randn(batch, channels, height, width, generator=torch.Generator().manual_seed(0), dtype=dtype)


def test_by_hand():
    # two channels, two rows; destinations of radius 2: right, below, below left, below right
    features = torch.tensor([[[[0.0, 2.0], [4.0, 0.0]], [[1.0, 1.0], [1.0, 3.0]]]])
    expected = torch.tensor(
        [
            [[1.0, 0], [3.0, 0]],  # (|0-2| + 0) / 2; (|4-0| + |1-3|) / 2
            [[2.0, 2.0], [0, 0]],  # (4 + 0) / 2; (2 + 2) / 2
            [[0, 1.0], [0, 0]],  # (|2-4| + 0) / 2
            [[1.0, 0], [0, 0]],  # (0 + 2) / 2
        ]
    )
    expected = torch.where(expected > 0, (-expected).exp(), 0)
    torch.testing.assert_close(feature_affinity(features, 2)[0], expected)


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('size', [(7, 9), (3, 12), (12, 2), (1, 1)])
@pytest.mark.parametrize('radius', [2, 5])
def test_equals_the_formula_pair_by_pair(batch, size, radius):
    features = make_features(batch, 3, *size)
    torch.testing.assert_close(feature_affinity(features, radius), straightforward(features, radius))


def test_range_and_equal_pixels():
    affinity = feature_affinity(torch.full((1, 4, 6, 9), 3.0), 3)
    assert set(affinity.unique().tolist()) == {0.0, 1.0}  # outside, and equal
    assert affinity[:, 0].sum() == 6 * 8
    found = feature_affinity(make_features() * 1000, 3)
    assert torch.isfinite(found).all() and found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize('size', [(4, 5), (2, 7), (1, 1)])
def test_gradcheck(size):
    features = make_features(2, 3, *size).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: feature_affinity(x, 3), features)


def test_gradient_equals_that_of_the_formula_with_equal_features_too():
    features = make_features(1, 3).round().requires_grad_()  # many differences are exactly 0
    weights = torch.randn(
        1, len(search_paths(3)), 7, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    (expected,) = torch.autograd.grad((straightforward(features, 3) * weights).sum(), features)
    (found,) = torch.autograd.grad((feature_affinity(features, 3) * weights).sum(), features)
    torch.testing.assert_close(found, expected)


def test_strides_and_half_precision():
    features = make_features(dtype=torch.float32)
    expected = feature_affinity(features, 3)
    turned = features.transpose(2, 3).contiguous().transpose(2, 3)
    torch.testing.assert_close(feature_affinity(turned, 3), expected)
    half = features.half().requires_grad_()
    found = feature_affinity(half, 3)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-3)
    found.sum().backward()
    assert half.grad.dtype == torch.float16 and torch.isfinite(half.grad).all()


def test_bad_input():
    for features in (torch.zeros(3, 4, 5), torch.zeros(1, 3, 4, 5, dtype=torch.int64), torch.zeros(1, 0, 4, 5)):
        with pytest.raises(ValueError, match=r'floating-point tensor \(N, C, H, W\)'):
            feature_affinity(features)
    with pytest.raises(ValueError, match='radius must be'):
        feature_affinity(torch.zeros(1, 3, 4, 5), 1)


def test_example_of_the_docstring():
    features = torch.tensor([[[[0.0, 0.0, 2.0]], [[1.0, 1.0, 1.0]]]])
    torch.testing.assert_close(feature_affinity(features, radius=2)[0, 0], torch.tensor([[1, math.exp(-1), 0]]))
