"""Affinities from boundary maps."""

import numpy as np
import pytest
import torch

from projects.wsis.ops import boundary_to_affinity, path_affinity, search_paths
from projects.wsis.ops.affinity import follow_paths, pixels_on_paths, source_view


def brute_force(boundary, radius):
    """Affinity pixel by pixel, for one map ``(H, W)``."""
    height, width = boundary.shape
    paths = search_paths(radius)
    affinity = np.zeros((len(paths), height, width))
    for channel, (destination, pixels) in enumerate(paths):
        for y in range(height):
            for x in range(width):
                if y + destination[0] < height and 0 <= x + destination[1] < width:
                    affinity[channel, y, x] = 1 - max(boundary[y + dy, x + dx] for dy, dx in pixels)
    return affinity


def test_golden_mean(golden):
    arrays = golden('irn_losses')
    affinity = path_affinity(torch.from_numpy(arrays['edge_logits']).sigmoid(), radius=10)
    np.testing.assert_allclose(affinity.double().mean((2, 3)).numpy(), arrays['aff_mean'], rtol=1e-5)


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_equals_brute_force(rng, batch, dtype):
    boundary = torch.rand(batch, 1, 7, 9, generator=rng, dtype=dtype)
    affinity = boundary_to_affinity(boundary, radius=4)
    assert affinity.dtype == dtype and affinity.shape == (batch, len(search_paths(4)), 7, 9)
    for sample in range(batch):
        np.testing.assert_allclose(affinity[sample], brute_force(boundary[sample, 0].numpy(), 4), atol=1e-7)


def test_by_hand():
    boundary = torch.tensor([[[[0.1, 0.7, 0.2]]]])
    affinity = boundary_to_affinity(boundary, radius=3)
    channels = {path.destination: channel for channel, path in enumerate(search_paths(3))}
    torch.testing.assert_close(affinity[0, channels[0, 1], 0], torch.tensor([0.3, 0.3, 0.0]))
    torch.testing.assert_close(affinity[0, channels[0, 2], 0], torch.tensor([0.3, 0.0, 0.0]))
    assert affinity[0, channels[1, 0]].eq(0).all()


def test_outside_is_exactly_zero_and_inner_sources_agree(rng):
    boundary = torch.rand(2, 1, 12, 15, generator=rng)
    everywhere = boundary_to_affinity(boundary, radius=5)
    torch.testing.assert_close(source_view(everywhere, 5), path_affinity(boundary, 5), rtol=0, atol=0)
    for channel, (destination, _) in enumerate(search_paths(5)):
        assert everywhere[:, channel, 12 - destination[0] :].eq(0).all()


@pytest.mark.parametrize('function', [boundary_to_affinity, path_affinity])
def test_gradcheck(rng, function):
    boundary = torch.rand(2, 1, 6, 8, generator=rng, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: function(x, 3), boundary)


def test_first_of_equal_path_pixels_gets_the_gradient():
    boundary = torch.full((1, 1, 1, 4), 0.5, requires_grad=True)
    channel = [path.destination for path in search_paths(4)].index((0, 3))
    boundary_to_affinity(boundary, 4)[0, channel, 0, 0].backward()
    assert boundary.grad.flatten().tolist() == [0, 0, 0, -1]  # the path runs from the destination


@pytest.mark.parametrize('radius', [2, 4, 5, 10])
@pytest.mark.parametrize('levels', [None, 3])
def test_strongest_pixel_of_every_path(rng, radius, levels):
    """With few levels many pixels of a path are equal, of which the first one from the destination counts."""
    boundary = torch.rand(2, 2 * radius + 3, 2 * radius + 5, generator=rng)
    if levels:
        boundary = (boundary * levels).floor() / levels
    paths, offsets = search_paths(radius), pixels_on_paths(radius)
    channels = set()
    for channel, destination, values, pixels in follow_paths(boundary, radius):
        assert destination == paths[channel].destination
        stacked = torch.stack([source_view(boundary, radius, pixel) for pixel in paths[channel].pixels])
        torch.testing.assert_close(values, stacked.amax(0), rtol=0, atol=0)
        places = torch.tensor([offsets.index(pixel) for pixel in paths[channel].pixels])
        first = (stacked == values).int().argmax(0)
        assert torch.equal(places[first], pixels.long())
        channels.add(channel)
    assert channels == set(range(len(paths)))


def test_paths_without_their_strongest_pixels(rng):
    boundary = torch.rand(1, 11, 14, generator=rng)
    found = {strongest.channel: strongest for strongest in follow_paths(boundary, 4, find_pixels=False)}
    for strongest in follow_paths(boundary, 4):
        assert found[strongest.channel].pixels is None
        torch.testing.assert_close(found[strongest.channel].values, strongest.values, rtol=0, atol=0)


def test_not_contiguous(rng):
    boundary = torch.rand(1, 1, 9, 7, generator=rng)
    turned = boundary.transpose(2, 3)
    assert not turned.is_contiguous()
    torch.testing.assert_close(boundary_to_affinity(turned), boundary_to_affinity(turned.contiguous()), rtol=0, atol=0)


def test_map_too_small_for_a_source():
    assert path_affinity(torch.rand(1, 1, 5, 30), radius=10).shape == (1, 152, 0, 12)
    assert path_affinity(torch.rand(1, 1, 30, 10), radius=10).numel() == 0


@pytest.mark.parametrize('bad', [torch.rand(1, 2, 4, 4), torch.rand(4, 4), torch.ones(1, 1, 4, 4, dtype=torch.int64)])
@pytest.mark.parametrize('function', [boundary_to_affinity, path_affinity])
def test_bad_input(function, bad):
    with pytest.raises(ValueError, match=r'boundary must be a floating-point tensor \(N, 1, H, W\)'):
        function(bad)
