"""What both minings of labels have in common: the CRF finds edges, photos without classes, CAMs of stride 4, no CRF."""

import numpy as np
import pytest
from label_mining import mine, square_photo

from projects.wsis.datasets.transforms import GenerateAffinityLabels, GenerateInterPixelLabels
from projects.wsis.ops import dense_crf

both = pytest.mark.parametrize('kind', [GenerateAffinityLabels, GenerateInterPixelLabels])


@pytest.mark.parametrize(
    ('kind', 'spread', 'wrong_at_first'), [(GenerateAffinityLabels, 60, 200), (GenerateInterPixelLabels, 100, 300)]
)
def test_crf_brings_blurred_cams_to_the_edges_of_the_photo(kind, spread, wrong_at_first):
    image, mask = square_photo()
    rows, columns = np.mgrid[:40, :48]
    cam = np.exp(-((rows - 19.5) ** 2 + (columns - 22.5) ** 2) / spread).astype(np.float32)[None]
    plain, refined = mine(kind(crf=None), cam, [6], image), mine(kind(), cam, [6], image)
    assert set(np.unique(refined)) <= {0, 7, 255}

    def wrong(labels):
        return ((labels == 7) & ~mask).sum() + ((labels == 0) & mask).sum() + (labels == 255).sum()

    assert wrong(plain) > wrong_at_first and wrong(refined) < wrong(plain) / 4


@both
@pytest.mark.parametrize('settings', [dict(), dict(crf=None)])
def test_photo_without_classes_is_background(kind, settings):
    assert mine(kind(**settings), np.zeros((0, 1, 1)), []).tolist() == [[0, 0, 0], [0, 0, 0]]


@both
def test_cams_of_stride_4_are_enlarged_first(kind):
    cams = np.zeros((1, 3, 4), np.float32)
    cams[0, 0, 0] = 1
    labels = mine(kind(crf=None), cams, [0], np.zeros((9, 14, 3), np.uint8))
    assert labels.shape == (9, 14) and labels[0, 0] == 1 and labels[-1, -1] == 0 and (labels == 255).any()


@both
def test_missing_pydensecrf_gets_one_line(kind, monkeypatch):
    monkeypatch.setattr(dense_crf, 'densecrf', None)
    with pytest.raises(ImportError, match=f'pip install pydensecrf2.*{kind.__name__}') as caught:
        kind()
    assert '\n' not in str(caught.value)
    assert mine(kind(crf=None), [[[0.9, 0.2, 0.0]] * 2], [0]).tolist() == [[1, 255, 0]] * 2
