"""Tests of the dense CRF of photos that are too large for the library to see at once."""

import numpy as np
import pytest

from projects.wsis.ops import dense_crf
from projects.wsis.ops.dense_crf import refine_labels_with_crf, refine_scores_with_crf

pytest.importorskip('pydensecrf')
GAUSSIAN, BILATERAL = (2.0, 3.0), (6.0, 8.0, 10.0)


def make_photo(height=120, width=80):
    """A noisy photo of a bright disk, and labels that are a box around it."""
    y, x = np.mgrid[:height, :width]
    disk = (y - height / 2) ** 2 + (x - width / 2) ** 2 < 30**2
    noise = np.random.default_rng(0).integers(0, 30, (height, width, 3))
    labels = (abs(y - height / 2) < 34) & (abs(x - width / 2) < 34)
    return (disk[..., None] * 150 + noise).astype(np.uint8), labels.astype(np.int64), disk


@pytest.mark.parametrize('turned', (False, True))
def test_tiles_of_labels_agree_with_the_whole(monkeypatch, turned):
    image, labels, disk = make_photo()
    if turned:
        image, labels, disk = image.transpose(1, 0, 2), labels.T, disk.T
    whole = refine_labels_with_crf(image, labels, 2, gaussian=GAUSSIAN, bilateral=BILATERAL)
    tiles = []
    build = dense_crf._build_crf
    monkeypatch.setattr(dense_crf, '_build_crf', lambda *given: tiles.append(given[0].shape[:2]) or build(*given))
    monkeypatch.setattr(dense_crf, 'TILE_PIXELS', 80 * 60)
    cut = refine_labels_with_crf(image, labels, 2, gaussian=GAUSSIAN, bilateral=BILATERAL)
    assert len(tiles) == 5 and max(h * w for h, w in tiles) <= 80 * 60
    assert (cut == whole).mean() > 0.99
    assert (whole == disk).mean() > (labels == disk).mean()


@pytest.mark.parametrize('tile_pixels', (dense_crf.TILE_PIXELS, 80 * 60))
def test_label_maps_of_one_photo_share_its_crf_and_are_those_of_each_alone(monkeypatch, tile_pixels):
    image, labels, _ = make_photo()
    monkeypatch.setattr(dense_crf, 'TILE_PIXELS', tile_pixels)
    maps = np.stack([labels, np.roll(labels, 9, 1), np.roll(labels, -7, 0)])
    alone = [refine_labels_with_crf(image, one, 2, gaussian=GAUSSIAN, bilateral=BILATERAL) for one in maps]
    built = []
    build = dense_crf._build_crf
    monkeypatch.setattr(dense_crf, '_build_crf', lambda *given: built.append(given[0].shape) or build(*given))
    together = refine_labels_with_crf(image, maps, 2, gaussian=GAUSSIAN, bilateral=BILATERAL)
    np.testing.assert_array_equal(together, alone)
    assert len(built) == (5 if tile_pixels == 80 * 60 else 1)
    assert any((one != alone[0]).any() for one in alone[1:])


def test_tiles_of_scores_agree_with_the_whole(monkeypatch):
    image, labels, _ = make_photo(81, 123)
    scores = np.stack([labels == 0, labels == 1, labels * 0.3]).astype(np.float32) * 0.8 + 0.1
    whole = refine_scores_with_crf(image, scores, gaussian=GAUSSIAN, bilateral=BILATERAL)
    monkeypatch.setattr(dense_crf, 'TILE_PIXELS', 81 * 60)
    cut = refine_scores_with_crf(image, scores, gaussian=GAUSSIAN, bilateral=BILATERAL)
    assert cut.shape == whole.shape == (3, 81, 123)
    np.testing.assert_allclose(cut.sum(0), 1, atol=1e-4)
    assert (cut.argmax(0) == whole.argmax(0)).mean() > 0.99 and abs(cut - whole).mean() < 0.01


def test_a_tile_has_lines_of_its_own_however_wide_the_photo(monkeypatch):
    image, labels, _ = make_photo()
    monkeypatch.setattr(dense_crf, 'TILE_PIXELS', 1)
    cut = refine_labels_with_crf(image, labels, 2, gaussian=GAUSSIAN, bilateral=BILATERAL)
    assert cut.shape == labels.shape and cut.any() and not cut.all()


def test_a_photo_that_cannot_be_written_to_is_left_as_it_is():
    image, labels, _ = make_photo()
    expected = refine_labels_with_crf(image, labels, 2)
    image.flags.writeable = False
    assert np.array_equal(refine_labels_with_crf(image, labels, 2), expected)
