"""Operators on a GPU give what they give on a CPU."""

import pytest
import torch

from projects.wsis.ops import (
    cluster_displacement,
    find_peaks,
    path_affinity,
    random_walk,
    random_walk_from_affinity,
    refine_displacement,
    search_paths,
    split_regions,
    strongest_map,
    transition,
    upsample_maps,
)

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU')


@pytest.fixture
def maps():
    """Scores (2, 3, 37, 45) and boundaries (2, 1, 37, 45) of two photos."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(2, 3, 37, 45, generator=generator)
    return scores, torch.rand(2, 1, 37, 45, generator=generator) ** 4


@pytest.mark.parametrize('use_csr', [True, False])
@pytest.mark.parametrize('dtype, limit', [(torch.float32, 2e-4), (torch.float64, 1e-12)])
def test_random_walks(maps, monkeypatch, use_csr, dtype, limit):
    scores, boundary = (values.double() for values in maps)
    truth = random_walk(scores, boundary)
    affinity = path_affinity(torch.nn.functional.pad(boundary, (4, 4, 0, 4), value=1.0), 5)
    truth_of_affinity = random_walk_from_affinity(scores, affinity, 5, 10.0, 256)
    monkeypatch.setattr(transition, 'prefers_csr', lambda device: use_csr)
    scores, boundary, affinity = (values.to('cuda', dtype) for values in (scores, boundary, affinity))
    walked = random_walk(scores, boundary)
    assert walked.is_cuda and float((walked.cpu() - truth).abs().max()) <= limit * float(truth.max())
    walked = random_walk_from_affinity(scores, affinity, 5, 10.0, 256).cpu()
    assert float((walked - truth_of_affinity).abs().max()) <= limit * float(truth_of_affinity.max())


def test_affinities_follow_the_same_paths(maps):
    boundary = torch.nn.functional.pad(maps[1], (4, 4, 0, 4), value=1.0)
    assert len(search_paths(5)) == 34
    assert path_affinity(boundary.cuda(), 5).cpu().equal(path_affinity(boundary, 5))


def test_displacements_lead_to_the_same_places(maps):
    field = torch.cat([maps[0][:, :2] * 6 - 3, maps[0][:, 1:] * 2 - 1])
    assert refine_displacement(field.cuda(), 50).cpu().equal(refine_displacement(field, 50))
    assert cluster_displacement(field.cuda(), iterations=50).cpu().equal(cluster_displacement(field, iterations=50))


def test_regions_and_peaks(maps):
    scores = maps[0][0]
    winner, best = strongest_map(scores, scores.shape[-2:])
    labels = torch.tensor([4, 2, 7])
    here = split_regions(winner + 1, best, labels, 3.0)
    there = split_regions((winner + 1).cuda(), best.cuda(), labels.cuda(), 3.0)
    assert there.numbers.is_cuda and there.numbers.cpu().equal(here.numbers)
    assert there.labels.cpu().equal(here.labels) and there.scores.cpu().equal(here.scores)
    assert find_peaks(scores[None].cuda(), 3, 0.1).cpu().equal(find_peaks(scores[None], 3, 0.1))


def test_enlarged_maps(maps):
    scores, size = maps[0][0], (148, 180)
    assert torch.allclose(upsample_maps(scores.cuda(), size).cpu(), upsample_maps(scores, size), atol=1e-6)
    winner, best = strongest_map(scores, size)
    winner_there, best_there = (values.cpu() for values in strongest_map(scores.cuda(), size))
    assert torch.allclose(best_there, best, atol=1e-6) and (winner == winner_there).float().mean() > 0.999
