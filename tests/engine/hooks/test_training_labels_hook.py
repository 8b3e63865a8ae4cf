"""Training sets that teach nothing are one line before the first iteration."""

from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.dataset import Compose
from PIL import Image

from projects.wsis.datasets.transforms import LoadInterPixelLabels, LoadPoints, LoadSemanticMasks
from projects.wsis.engine.hooks import TrainingLabelsHook
from projects.wsis.structures.point_file import Point


class GivenInfos(list):
    """A data set with data infos and a pipeline."""

    points_file = 'peaks.json'

    def __init__(self, infos, *transforms):
        super().__init__(infos)
        self.pipeline = Compose(transforms)

    def get_data_info(self, index):
        return dict(self[index])


def start(dataset):
    wrapped = SimpleNamespace(datasets=[SimpleNamespace(dataset=dataset)])
    TrainingLabelsHook().before_train(SimpleNamespace(train_dataloader=SimpleNamespace(dataset=wrapped)))


@pytest.mark.parametrize(
    'kind, load, words',
    [
        ('inter_pixel_label', LoadInterPixelLabels, 'none of the inter-pixel labels of 3 photos .* surely of a class'),
        ('semantic_mask', LoadSemanticMasks, 'none of the semantic masks of 3 photos holds a pixel that is of a class'),
    ],
)
def test_label_maps_without_a_class(tmp_path, kind, load, words):
    infos = [{'img_id': str(index), 'img_path': f'{index}.jpg', f'{kind}_dir': str(tmp_path)} for index in range(3)]
    labels = np.zeros((4, 5), np.uint8)
    for index in range(3):
        labels[index] = 255
        Image.fromarray(labels).save(tmp_path / f'{index}.png')
    with pytest.raises(ValueError, match=words) as caught:
        start(GivenInfos(infos, load()))
    assert str(tmp_path) in str(caught.value) and '\n' not in str(caught.value)
    labels[3, 3] = 2
    Image.fromarray(labels).save(tmp_path / '1.png')
    (tmp_path / '2.png').unlink()  # not looked at any more
    start(GivenInfos(infos, load()))


def test_points_below_the_threshold():
    infos = [dict(points=[]), dict(points=[Point(0, 1, 1, 0.55), Point(1, 2, 2, 0.3)])]
    words = r'peaks\.json: none of the 2 points of 2 photos scores over 0\.7 \(the highest 0\.55\)'
    with pytest.raises(ValueError, match=words):
        start(GivenInfos(infos, LoadPoints()))
    start(GivenInfos(infos, LoadPoints(min_score=0.5)))
