"""Walks on maps whose matrix is made tile by tile."""

import importlib

import pytest
import torch

from projects.wsis.ops import boundary_to_affinity, random_walk, random_walk_from_affinity, tiled_walk, transition

random_walk_module = importlib.import_module('projects.wsis.ops.random_walk')


@pytest.fixture
def little_memory(monkeypatch):
    """Let a matrix take as many rows as fit into a number of bytes, in bands of a few rows."""

    def set_bytes(count):
        monkeypatch.setattr(tiled_walk, 'MATRIX_BYTES', count)
        monkeypatch.setattr(transition, 'BAND_PIXELS', 150)

    return set_bytes


def draw(height, width, channels=2, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    boundary = torch.rand(1, 1, height, width, generator=generator, dtype=dtype) ** 4
    return torch.rand(1, channels, height, width, generator=generator, dtype=dtype), boundary


@pytest.mark.parametrize('size, steps', [((231, 20), 256), ((97, 90), 7)])
def test_tiles_give_the_walk_on_the_whole_map(little_memory, size, steps):
    scores, boundary = draw(*size)
    little_memory(2**40)
    expected = random_walk(scores, boundary, steps=steps)
    little_memory(1)
    plan = tiled_walk.plan_tiles(*size, 5, len(random_walk_module.chebyshev_coefficients(steps, 1e-5)) - 1, scores)
    assert 3 * plan.rows <= size[0] and (steps == 7 or plan.terms < 30), 'several tiles, and several times'
    torch.testing.assert_close(random_walk(scores, boundary, steps=steps), expected, rtol=0, atol=1e-6)


def test_shifted_slices_walk_in_tiles_too(little_memory, monkeypatch):
    monkeypatch.setattr(transition, 'prefers_csr', lambda device: False)
    test_tiles_give_the_walk_on_the_whole_map(little_memory, (97, 40), 7)


def test_walks_on_given_affinities_and_chunks_of_channels(little_memory, monkeypatch):
    scores, boundary = draw(160, 20, channels=5, dtype=torch.float64)
    affinity = boundary_to_affinity(boundary, 4)
    little_memory(2**40)
    expected = random_walk_from_affinity(scores, affinity, radius=4, beta=8.0, steps=16)
    little_memory(1)
    monkeypatch.setattr(random_walk_module, 'CHUNK_BYTES', 1)
    monkeypatch.setattr(random_walk_module, 'FEWEST_CHANNELS', 2)
    found = random_walk_from_affinity(scores, affinity, radius=4, beta=8.0, steps=16)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_plan_keeps_the_matrix_small():
    like = torch.zeros(1)
    assert tiled_walk.plan_tiles(500, 750, 5, 80, like) is None  # CAMs of 2000x3000 pixels
    plan = tiled_walk.plan_tiles(2000, 3000, 5, 80, like)
    rows = min(2000, plan.rows + 2 * plan.beyond)
    assert rows * transition.bytes_of_row(3000, 5, like) <= tiled_walk.MATRIX_BYTES
    assert plan.beyond <= plan.rows and plan.terms * 4 <= plan.beyond


def test_matrices_of_tiles_are_small_beside_the_whole(little_memory, monkeypatch):
    """No matrix holds more rows than planned; the whole map's, as it used to be made, would hold all of them."""
    sizes = []
    build = transition.TransitionMatrix._build

    def note(self, *arguments):
        sizes.append(self.size[0])
        return build(self, *arguments)

    monkeypatch.setattr(transition.TransitionMatrix, '_build', note)
    scores, boundary = draw(400, 20)
    little_memory(1)
    random_walk(scores, boundary, steps=7)
    assert max(sizes) <= 400 // 3
