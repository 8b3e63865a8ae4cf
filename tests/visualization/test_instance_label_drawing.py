"""Pictures of instance labels: which pixels are an instance, and what of it can be seen."""

import numpy as np
import torch

from projects.wsis.ops import InstanceLabels
from projects.wsis.visualization import distinct_colors, draw_instance_labels, instance_label_page
from projects.wsis.visualization.instance_labels import split_by_center

SIZE = (60, 80)


def make_labels(*instances):
    """Labels of rectangles ``(y1, y2, x1, x2, (center y, center x), weight)``, all of class 1 of 3."""
    center, offset, weight = np.zeros((3, *SIZE)), np.zeros((2, *SIZE)), np.zeros((1, *SIZE))
    rows, columns = np.indices(SIZE)
    for y1, y2, x1, x2, (y, x), own in instances:
        offset[:, y1:y2, x1:x2] = (y - rows[y1:y2, x1:x2], x - columns[y1:y2, x1:x2])
        weight[:, y1:y2, x1:x2] = own
        if 0 <= y < SIZE[0] and 0 <= x < SIZE[1]:
            center[1, y, x] = 1
    return InstanceLabels(*(torch.from_numpy(part) for part in (center, offset, weight)))


def test_pixels_of_one_center_are_an_instance():
    labels = make_labels(
        (5, 25, 5, 30, (12, 15), 1.0), (30, 50, 10, 30, (40, 20), 0.5), (30, 50, 40, 70, (-3, 90), 0.25)
    )
    masks, weights = split_by_center(labels.offset.numpy(), labels.weight[0].numpy())
    # in raster order of the centres: the one outside comes first
    assert [mask.sum() for mask in masks] == [600, 500, 400]
    assert weights.tolist() == [0.25, 1.0, 0.5]
    assert masks[1, 5:25, 5:30].all()


def test_an_object_keeps_its_colour_and_a_new_one_has_another():
    pseudo = make_labels((30, 58, 10, 38, (40, 20), 1.0))
    refined = make_labels((2, 26, 42, 78, (12, 60), 0.7), (30, 58, 10, 38, (41, 22), 0.6))
    label_map = np.where((pseudo.weight[0] + refined.weight[0]).numpy() > 0, 2, 0)
    photo = np.full((*SIZE, 3), 128, np.uint8)
    before, after, centers = draw_instance_labels(photo, [pseudo, refined], label_map, ('cat', 'dog', 'cow'))
    assert before.shape == after.shape == centers.shape == (*SIZE, 3)
    hues = {
        name: nearest_color(picture[y, x])
        for name, picture, y, x in (('before', before, 55, 12), ('after', after, 55, 12), ('new', after, 4, 74))
    }
    assert hues == {'before': 0, 'after': 0, 'new': 1}
    assert (before[4, 74] == before[4, 4]).all()  # nothing was there before
    assert (centers[12, 60] != centers[12, 70]).any()


def test_a_photo_without_instances():
    empty = make_labels()
    pictures = draw_instance_labels(
        np.zeros((*SIZE, 3), np.uint8), [empty, empty], np.zeros(SIZE), ('cat', 'dog', 'cow')
    )
    assert len(pictures) == 3 and all((picture == picture[0, 0]).all() for picture in pictures)


def test_page_has_a_row_a_photo_and_enlarges_small_ones():
    labels = [make_labels((5, 25, 5, 30, (12, 15), 1.0))] * 2
    photos = [np.full((*SIZE, 3), color, np.uint8) for color in ((200, 0, 0), (0, 0, 200))]
    page = instance_label_page(photos, ['a', 'b'], [labels] * 2, [np.full(SIZE, 2)] * 2, ('cat', 'dog', 'cow'))
    assert page.shape[0] > 2 * 256 * SIZE[0] / SIZE[1] and page.shape[1] > 4 * 256
    for photo in photos:
        assert (page == photo[0, 0]).all(-1).sum() == 256 * 192  # once, at the size of the page
    rows = [(page == photo[0, 0]).all(-1).any(1).argmax() for photo in photos]
    assert rows[0] < rows[1]


def nearest_color(pixel):
    """Which of the first two colours the hue of a pixel is nearest to."""
    colors = distinct_colors(2).astype(float)
    colors, pixel = colors - colors.mean(1, keepdims=True), pixel - pixel.mean()
    return int((colors @ pixel).argmax())
