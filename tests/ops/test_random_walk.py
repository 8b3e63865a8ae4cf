"""The sparse random walk against golden values and the dense formula."""

import math
import sys

import numpy as np
import pytest
import torch

from projects.wsis.ops import boundary_to_affinity, random_walk, random_walk_from_affinity, search_paths, transition
from projects.wsis.ops.random_walk import chebyshev_coefficients


def dense_walk(scores, affinity, radius, beta, steps):
    """The formula of the paper in float64, for one sample: scores ``(C, H, W)``, affinity ``(P, H, W)``."""
    channels, height, width = scores.shape
    matrix = torch.eye(height * width, dtype=torch.float64)
    place = torch.arange(height * width).view(height, width)
    for weights, (destination, _) in zip(affinity.double(), search_paths(radius)):
        for y in range(height - destination[0]):
            for x in range(max(0, -destination[1]), min(width, width - destination[1])):
                source, target = place[y, x], place[y + destination[0], x + destination[1]]
                matrix[source, target] = matrix[target, source] = weights[y, x] ** beta
    matrix /= matrix.sum(0)
    walked = scores.double().flatten(1) @ torch.linalg.matrix_power(matrix, steps)
    return walked.view(channels, height, width)


def relative_error(result, truth):
    return float((result.double() - truth).abs().max() / truth.max())


@pytest.mark.parametrize(
    'case, steps, beta, limit',
    [('beta10_exp8', 256, 10, 1e-4), ('beta10_exp4', 16, 10, 2e-5), ('beta5_exp3', 8, 5, 2e-5)],
)
@pytest.mark.parametrize('size', [0, 1])
def test_golden(golden, size, case, steps, beta, limit):
    arrays = golden('irn_random_walk')
    boundary = torch.from_numpy(arrays[f'size{size}_edge'])[None]
    scores = torch.from_numpy(arrays[f'size{size}_x']).reshape(1, -1, *boundary.shape[2:])
    truth = torch.from_numpy(arrays[f'size{size}_{case}_rw64'])[:, 0]
    assert relative_error(random_walk(scores, boundary, beta=beta, steps=steps)[0], truth) <= limit
    in_float64 = random_walk(scores.double(), boundary.double(), beta=beta, steps=steps)[0]
    assert relative_error(in_float64, truth) <= 3e-6


@pytest.mark.parametrize('dtype, limit', [(torch.float32, 1e-4), (torch.float64, 1e-5)])
def test_equals_dense_formula_where_a_peak_spreads(dtype, limit):
    # The largest result is far below the largest score here, which is the hard case for a series.
    boundary = torch.zeros(1, 1, 16, 14, dtype=dtype)
    boundary[..., 7] = 0.8
    scores = torch.zeros(1, 2, 16, 14, dtype=dtype)
    scores[0, 0, 3, 3] = scores[0, 1, 15, 13] = 1
    truth = dense_walk(scores[0], boundary_to_affinity(boundary.double())[0], 5, 10, 256)
    assert relative_error(random_walk(scores, boundary)[0], truth) <= limit


@pytest.mark.parametrize('steps', [0, 1, 2, 7, 100])
@pytest.mark.parametrize('use_csr', [True, False])
def test_any_number_of_steps_either_product(rng, monkeypatch, steps, use_csr):
    if use_csr and not torch.backends.mkl.is_available():
        pytest.skip('this build of torch has no MKL')
    monkeypatch.setattr(transition, 'prefers_csr', lambda device: use_csr)
    monkeypatch.setattr(transition, 'BAND_PIXELS', 40)  # several bands, the last one smaller
    boundary = torch.rand(1, 1, 11, 13, generator=rng, dtype=torch.float64)
    scores = torch.rand(1, 2, 11, 13, generator=rng, dtype=torch.float64)
    affinity = boundary_to_affinity(boundary, radius=4)
    truth = dense_walk(scores[0], affinity[0], 4, 3.0, steps)
    walked = random_walk_from_affinity(scores, affinity, radius=4, beta=3.0, steps=steps, tol=1e-9)
    assert relative_error(walked[0], truth) <= 1e-8
    truth = dense_walk(scores[0] * (1 - boundary[0]), affinity[0], 4, 3.0, steps)
    assert relative_error(random_walk(scores, boundary, 4, 3.0, steps, 1e-9)[0], truth) <= 1e-8


@pytest.mark.parametrize('size', [(1, 1), (1, 9), (9, 1), (2, 3), (3, 40)])
def test_narrow_maps(rng, size):
    boundary = torch.rand(1, 1, *size, generator=rng, dtype=torch.float64)
    scores = torch.rand(1, 3, *size, generator=rng, dtype=torch.float64)
    affinity = boundary_to_affinity(boundary)
    truth = dense_walk(scores[0], affinity[0], 5, 2.0, 64)
    assert relative_error(random_walk_from_affinity(scores, affinity, 5, 2.0, 64)[0], truth) <= 1e-5


def test_values_outside_the_map_are_not_read(rng):
    scores = torch.rand(1, 1, 8, 9, generator=rng)
    affinity = boundary_to_affinity(torch.rand(1, 1, 8, 9, generator=rng))
    spoilt = torch.where(boundary_to_affinity(torch.zeros(1, 1, 8, 9)) > 0, affinity, torch.tensor(0.7))
    assert not torch.equal(spoilt, affinity)
    expected = random_walk_from_affinity(scores, affinity, 5, 8.0, 64)
    torch.testing.assert_close(random_walk_from_affinity(scores, spoilt, 5, 8.0, 64), expected, rtol=0, atol=0)


def test_batch_is_each_sample_alone(rng):
    boundary = torch.rand(3, 1, 10, 12, generator=rng, dtype=torch.float64)
    scores = torch.rand(3, 4, 10, 12, generator=rng, dtype=torch.float64)
    together = random_walk(scores, boundary)
    for sample in range(3):
        alone = random_walk(scores[sample : sample + 1], boundary[sample : sample + 1])
        torch.testing.assert_close(together[sample], alone[0], rtol=0, atol=1e-9)


def test_channel_chunks_change_nothing(rng, monkeypatch):
    boundary = torch.rand(1, 1, 10, 12, generator=rng, dtype=torch.float64)
    scores = torch.rand(1, 7, 10, 12, generator=rng, dtype=torch.float64)
    expected = random_walk(scores, boundary)
    # the package's attribute of this name is the function
    monkeypatch.setattr(sys.modules['projects.wsis.ops.random_walk'], 'CHUNK_BYTES', 2 * 10 * 12 * 8)
    torch.testing.assert_close(random_walk(scores, boundary), expected, rtol=0, atol=1e-9)


def test_constant_scores_without_boundary_stay_nearly_as_they_are():
    # rows of the transition matrix sum to 1, which rounding must not spoil over 256 steps
    walked = random_walk_from_affinity(torch.ones(1, 1, 30, 30), torch.ones(1, 34, 30, 30), 5, 10.0, 256)
    torch.testing.assert_close(walked, torch.ones_like(walked), rtol=0, atol=1e-4)


def test_closed_wall_holds_and_flat_regions_fill():
    boundary = torch.zeros(1, 1, 12, 20)
    boundary[..., 10] = 1
    scores = torch.zeros(1, 1, 12, 20)
    scores[..., 0] = 1
    walked = random_walk(scores, boundary)[0, 0]
    assert walked[:, 11:].max() < 1e-6 and walked[:, 10].max() < 0.05
    assert walked[:, 9].min() > 0.02 and (walked >= 0).all()


def test_not_contiguous(rng):
    boundary = torch.rand(1, 1, 9, 14, generator=rng).transpose(2, 3)
    scores = torch.rand(1, 9, 14, 3, generator=rng).permute(0, 3, 2, 1)
    expected = random_walk(scores.contiguous(), boundary.contiguous())
    torch.testing.assert_close(random_walk(scores, boundary), expected, rtol=0, atol=1e-7)


def test_no_channels():
    assert random_walk(torch.rand(1, 0, 5, 6), torch.rand(1, 1, 5, 6)).shape == (1, 0, 5, 6)


@pytest.mark.parametrize('steps, tol', [(0, 1e-5), (1, 1e-5), (8, 1e-5), (64, 1e-3), (256, 1e-5), (255, 1e-7)])
def test_series_is_within_its_tolerance(steps, tol):
    coefficients = chebyshev_coefficients(steps, tol)
    z = np.linspace(-1, 1, 2001)
    series = np.polynomial.chebyshev.chebval(z, coefficients)
    assert np.abs(series - z**steps).max() <= tol
    assert len(coefficients) - 1 <= math.ceil(math.sqrt(2 * steps * math.log(2 / tol)))


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(scores=torch.rand(3, 4, 5)), 'scores must be'),
        (dict(scores=torch.ones(1, 2, 4, 5, dtype=torch.int64)), 'scores must be'),
        (dict(boundary=torch.rand(1, 1, 5, 5)), 'boundary must be'),
        (dict(boundary=torch.rand(2, 1, 4, 5)), 'boundary must be'),
        (dict(boundary=torch.randn(1, 1, 4, 5) - 5), r'boundary must lie in \[0, 1\]'),
        (dict(boundary=torch.full((1, 1, 4, 5), math.nan)), r'boundary must lie in \[0, 1\]'),
        (dict(scores=torch.rand(1, 2, 4, 5) - 2), 'scores must not be negative'),
        (dict(scores=torch.full((1, 2, 4, 5), math.inf)), 'scores must not be negative, infinite or NaN'),
        (dict(steps=-1), 'steps must be'),
        (dict(steps=2.5), 'steps must be'),
        (dict(tol=0.0), 'tol must be'),
        (dict(beta=0.0), 'beta must be'),
        (dict(radius=1), 'radius must be'),
    ],
)
def test_bad_input(change, message):
    arguments = dict(scores=torch.rand(1, 2, 4, 5), boundary=torch.rand(1, 1, 4, 5))
    with pytest.raises(ValueError, match=message):
        random_walk(**{**arguments, **change})


def test_affinity_of_another_radius():
    with pytest.raises(ValueError, match='affinity must be .* for radius 4'):
        random_walk_from_affinity(torch.rand(1, 2, 6, 6), torch.rand(1, 34, 6, 6), 4, 10.0, 16)


@pytest.mark.parametrize('device, bands', [('cpu', 3), ('meta', 1)])
def test_a_photo_is_one_band_where_starting_a_kernel_costs_most(device, bands):
    def rows_of_affinity(top, bottom):
        return torch.ones(len(search_paths(3)), bottom - top, 100, device=device)

    like = torch.empty(0, device=device)
    matrix = transition.TransitionMatrix(rows_of_affinity, size=(200, 100), radius=3, beta=10, like=like)
    assert len(matrix.bands) == bands
    assert [matrix.bands[0][0], matrix.bands[-1][1]] == [0, 20000]
