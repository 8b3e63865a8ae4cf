"""Pictures of data samples: what is drawn of a sample, and where."""

import matplotlib
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData, PixelData

from projects.wsis.structures.masks import masks_to_instances
from projects.wsis.visualization import (
    WSISLocalVisualizer,
    distinct_colors,
    draw_points,
    draw_prediction,
    draw_semantic_map,
    draw_truth,
)

SIZE = (60, 80)
CLASSES = ('cat', 'dog', 'cow')
PHOTO = np.full((*SIZE, 3), 128, np.uint8)


def make_mask(y1, y2, x1, x2):
    mask = torch.zeros(SIZE, dtype=torch.bool)
    mask[y1:y2, x1:x2] = True
    return mask


def nearest_class(picture, y, x):
    """Which class has the hue of a pixel; None where the photo is as it was, but for being muted."""
    pixel = picture[y, x].astype(float)
    if np.ptp(pixel) < 10:
        return None
    colors = distinct_colors(len(CLASSES)).astype(float)
    return int(((colors - colors.mean(1, keepdims=True)) @ (pixel - pixel.mean())).argmax())


@pytest.fixture
def sample():
    found = InstanceData(
        masks=torch.stack([make_mask(5, 25, 5, 30), make_mask(40, 58, 50, 75)]),
        labels=torch.tensor([1, 2]),
        scores=torch.tensor([0.9, 0.2]),
    )
    return DetDataSample(pred_instances=found)


def test_instances_over_the_score(sample):
    all_drawn, best = draw_prediction(PHOTO, sample, CLASSES), draw_prediction(PHOTO, sample, CLASSES, 0.5)
    assert nearest_class(all_drawn, 7, 7) == nearest_class(best, 7, 7) == 0  # colours count instances
    assert nearest_class(all_drawn, 42, 52) == 1 and nearest_class(best, 42, 52) is None
    assert draw_prediction(PHOTO, DetDataSample(), CLASSES) is None
    nothing = draw_prediction(PHOTO, sample, CLASSES, 0.95)
    assert (nothing == nothing[0, 0]).all()


def test_semantic_map_has_a_background_and_ignored_pixels():
    label_map = np.zeros(SIZE, np.uint8)
    label_map[5:25, 5:30], label_map[40:58, 5:30], label_map[40:58, 50:75] = 1, 3, 255
    sample = DetDataSample(pred_sem_seg=PixelData(data=torch.from_numpy(label_map)[None]))
    picture = draw_prediction(PHOTO, sample, CLASSES)
    assert (picture == draw_semantic_map(PHOTO, label_map, CLASSES)).all()
    places = [(7, 7), (42, 7), (42, 52), (30, 40)]
    assert [nearest_class(picture, *place) for place in places] == [0, 2, None, None]


def test_cams_and_peaks():
    cams = torch.zeros(1, *SIZE)
    cams[0, 5:25, 5:30] = 1
    sample = DetDataSample(pred_cams=InstanceData(cams=cams, labels=torch.tensor([1])))
    alone = draw_prediction(PHOTO, sample, CLASSES)
    assert nearest_class(alone, 10, 10) == 1 and nearest_class(alone, 50, 60) is None
    sample.pred_peaks = InstanceData(
        points=torch.tensor([[50, 60], [30, 60]]), labels=torch.tensor([2, 2]), scores=torch.tensor([0.8, 0.3])
    )
    with_peaks = draw_prediction(PHOTO, sample, CLASSES, 0.5)
    assert (with_peaks[50, 60] == distinct_colors(3)[2]).all()
    assert (with_peaks[30, 60] == alone[30, 60]).all() and (with_peaks[:40] == alone[:40]).all()


def test_a_point_at_the_border_and_no_point():
    drawn = draw_points(PHOTO, np.array([[0, 79]]), np.array([0]))
    assert (drawn[0, 79] == distinct_colors(1)[0]).all() and (drawn[:, :60] == PHOTO[:, :60]).all()
    assert (draw_points(PHOTO, np.zeros((0, 2)), np.zeros(0, int)) == PHOTO).all()


def test_truth_is_drawn_as_objects_else_as_a_map():
    semantic, instance = np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8)
    semantic[5:25, 5:30], instance[5:25, 5:18], instance[5:25, 18:30] = 2, 1, 2
    sample = DetDataSample(gt_sem_seg=PixelData(data=torch.from_numpy(semantic)[None]))
    whole = draw_truth(PHOTO, sample, CLASSES)
    assert nearest_class(whole, 7, 7) == nearest_class(whole, 7, 27) == 1
    sample.set_metainfo(dict(instances=masks_to_instances(semantic, instance)))
    objects = draw_truth(PHOTO, sample, CLASSES)
    assert (nearest_class(objects, 22, 8), nearest_class(objects, 22, 24)) == (0, 1)
    smaller = DetDataSample(gt_sem_seg=PixelData(data=torch.zeros(1, 30, 40)))
    assert draw_truth(PHOTO, smaller, CLASSES) is None and draw_truth(PHOTO, DetDataSample(), CLASSES) is None


def test_visualizer_puts_the_truth_beside_the_prediction(sample, tmp_path):
    visualizer = WSISLocalVisualizer(name='test_samples')
    visualizer.dataset_meta = dict(classes=CLASSES)
    sample.gt_sem_seg = PixelData(data=torch.full((1, *SIZE), 3))
    visualizer.add_datasample('photo', PHOTO, sample, out_file=str(tmp_path / 'both.png'))
    both = visualizer.get_image()
    assert both.shape == (60, 160, 3) and (tmp_path / 'both.png').is_file()
    assert nearest_class(both, 2, 2) == 2 and nearest_class(both, 2, 82) is None
    visualizer.add_datasample('photo', PHOTO, sample, draw_gt=False, out_file=str(tmp_path / 'one.png'))
    # releases before 3.11 move what is drawn by part of a pixel
    share = 1 if matplotlib.__version_info__ >= (3, 11) else 0.9
    assert (visualizer.get_image() == both[:, 80:]).all(2).mean() >= share
    visualizer.add_datasample('photo', PHOTO, out_file=str(tmp_path / 'photo.png'))
    assert (visualizer.get_image() == PHOTO).all()
