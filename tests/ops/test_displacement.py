"""Refinement and clustering of displacement fields."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from projects.wsis.ops import cluster_centroids, cluster_displacement, refine_displacement

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'tools' / 'analysis_tools'))

from benchmark_displacement import refine_in_numpy  # noqa: E402


def field_of_instances(height, width, centers, scale=0.3, noise=0.0, seed=0):
    rows, columns = np.mgrid[:height, :width]
    nearest = np.argmin([(rows - y) ** 2 + (columns - x) ** 2 for y, x in centers], axis=0)
    centers = np.array(centers)[nearest]
    field = np.stack([centers[..., 0] - rows, centers[..., 1] - columns]) * scale
    field += np.random.default_rng(seed).normal(0, noise, field.shape) if noise else 0
    return torch.from_numpy(field.astype(np.float32))


@pytest.mark.parametrize('case', ['case0', 'case1'])
@pytest.mark.parametrize('iterations', [100, 300])
def test_golden_centroids(golden, case, iterations):
    arrays = golden('irn_instances')
    centroids = refine_displacement(torch.from_numpy(arrays[f'{case}_dp'])[None], iterations)[0]
    np.testing.assert_array_equal(centroids.round().int(), arrays[f'{case}_centroids_{iterations}'])
    if iterations == 300:
        np.testing.assert_allclose(centroids, arrays[f'{case}_centroids_300_float'], atol=1e-4)


@pytest.mark.parametrize('case', ['case0', 'case1'])
def test_golden_clusters(golden, case):
    arrays = golden('irn_instances')
    clusters = cluster_displacement(torch.from_numpy(arrays[f'{case}_dp'])[None])
    np.testing.assert_array_equal(clusters[0], arrays[f'{case}_cluster_map'])
    assert int(clusters.max()) + 1 == arrays[f'{case}_num_clusters']


def test_golden_strong_centroids_share_a_cluster(golden):
    arrays = golden('irn_instances')
    displacement = torch.from_numpy(arrays['cluster_dp'])[None]
    clusters = cluster_centroids(torch.from_numpy(arrays['cluster_centroids'])[None], displacement)
    np.testing.assert_array_equal(clusters[0], arrays['cluster_out'])
    assert clusters.dtype == torch.int64 and len(clusters.unique()) == arrays['cluster_num']


@pytest.mark.parametrize('noise', [0.0, 0.7])
@pytest.mark.parametrize('iterations', [0, 1, 7, 8, 9, 50, 77])
def test_same_as_step_by_step(noise, iterations):
    field = field_of_instances(31, 40, [(8, 8), (20, 30), (28, 12)], noise=noise)
    expected = refine_in_numpy(field.numpy(), iterations)
    result = refine_displacement(field[None], iterations)[0].numpy()
    np.testing.assert_array_equal(np.round(result), np.round(expected))
    np.testing.assert_allclose(result, expected, atol=1e-4)


@pytest.mark.parametrize('iterations', [300, 301, 302, 303, 304, 305])
def test_positions_that_go_round_are_followed_to_the_last_step(iterations):
    # two neighbours point at each other, a cycle of three beside them: the end depends on the number of steps
    field = torch.zeros(1, 2, 1, 8)
    field[0, 1, 0] = torch.tensor([1.0, -1, 0, 1, 1, -2, -1, 0])
    expected = refine_in_numpy(field[0].numpy(), iterations)
    np.testing.assert_array_equal(refine_displacement(field, iterations)[0], expected)


def test_by_hand():
    field = torch.zeros(1, 2, 3, 5)
    field[0, 0] = torch.tensor([1.0, 0.0, -1.0])[:, None]
    field[0, 1] = torch.tensor([2.0, 1.0, 0.0, -1.0, -2.0])
    centroids = refine_displacement(field, 2)
    assert centroids[0, 0].eq(1).all() and centroids[0, 1].eq(2).all()
    assert cluster_displacement(field).eq(0).all()


def test_ideal_field_gives_one_cluster_per_instance():
    centers = [(15, 20), (15, 60), (50, 40)]
    field = field_of_instances(70, 80, centers)
    clusters = cluster_displacement(field[None])[0]
    rows, columns = np.mgrid[:70, :80]
    nearest = np.argmin([(rows - y) ** 2 + (columns - x) ** 2 for y, x in centers], axis=0)
    assert int(clusters.max()) == 2
    for instance in range(3):
        assert len(clusters[torch.from_numpy(nearest == instance)].unique()) == 1


def test_batch_is_each_sample_alone():
    fields = torch.stack([field_of_instances(20, 30, [(5, 5), (15, y)], noise=0.2, seed=y) for y in (10, 18, 25)])
    together = refine_displacement(fields)
    clusters = cluster_displacement(fields)
    for sample in range(3):
        torch.testing.assert_close(together[sample : sample + 1], refine_displacement(fields[sample : sample + 1]))
        assert torch.equal(clusters[sample : sample + 1], cluster_displacement(fields[sample : sample + 1]))
        assert torch.equal(clusters[sample].unique(), torch.arange(int(clusters[sample].max()) + 1))


@pytest.mark.parametrize('size', [(1, 1), (1, 6), (6, 1)])
def test_narrow_maps_and_negative_zero(size):
    field = torch.full((1, 2, *size), -0.0)
    start = torch.stack(torch.meshgrid(*(torch.arange(float(n)) for n in size), indexing='ij'))
    torch.testing.assert_close(refine_displacement(field)[0], start, rtol=0, atol=0)


def test_not_contiguous_and_float64():
    field = field_of_instances(20, 30, [(5, 5), (15, 20)])[None]
    turned = field.transpose(2, 3).contiguous().transpose(2, 3).double()
    result = refine_displacement(turned)
    assert result.dtype == torch.float64
    torch.testing.assert_close(result, refine_displacement(field).double())


@pytest.mark.parametrize('function', [refine_displacement, cluster_displacement])
def test_bad_input(function):
    for bad in (torch.rand(2, 5, 5), torch.rand(1, 3, 5, 5), torch.ones(1, 2, 5, 5, dtype=torch.int64)):
        with pytest.raises(ValueError, match='displacement must be'):
            function(bad)
    with pytest.raises(ValueError, match='NaN'):
        function(torch.full((1, 2, 3, 3), float('nan')))
    with pytest.raises(ValueError, match='iterations must be >= 0'):
        function(torch.zeros(1, 2, 3, 3), iterations=-1)


def test_centroids_outside_or_of_another_shape():
    with pytest.raises(ValueError, match='inside the 3x4 map'):
        cluster_centroids(torch.full((1, 2, 3, 4), 3), torch.zeros(1, 2, 3, 4))
    with pytest.raises(ValueError, match='one shape'):
        cluster_centroids(torch.zeros(1, 2, 4, 3), torch.zeros(1, 2, 3, 4))
