"""Figures of the method pages: one row for each photo, points at their places, pale unsure pixels."""

import json
import sys

import numpy as np
import pytest
from PIL import Image
from tiny_chain.processes import TOOLS

from projects.wsis.inspection.photo_results import Instances, PhotoResults
from projects.wsis.structures.index_png import write_index_png

CLASSES = ['disc', 'square']


@pytest.fixture(scope='module')
def tool():
    sys.path.insert(0, str(TOOLS / 'misc'))
    try:
        import make_method_figures
    finally:
        sys.path.remove(str(TOOLS / 'misc'))
    return make_method_figures


@pytest.fixture
def photo(tool):
    image = np.full((40, 50, 3), 90, np.uint8)
    mask = np.zeros((1, 40, 50), bool)
    mask[0, 10:30, 20:40] = True
    nothing = dict.fromkeys(('cams', 'cam_labels', 'boundary', 'displacement'))
    result = PhotoResults('a', image, [1], **nothing, truth=Instances(mask, np.array([1])))
    return tool.Photo(result, tool.enlarge(image), CLASSES)


def test_a_figure_has_a_row_for_each_photo(tool, photo, tmp_path):
    columns = [
        ('image', lambda photo: photo.picture),
        ('true', lambda photo: tool.draw_masks(photo, photo.result.truth)),
    ]
    for count in (1, 2):
        tool.write_figure(tmp_path / f'{count}.jpg', [photo] * count, columns)
    one, two = (Image.open(tmp_path / f'{count}.jpg') for count in (1, 2))
    assert one.format == 'JPEG' and two.width == one.width
    assert two.height - one.height >= photo.size[0]


def test_points_and_label_maps_are_drawn_at_the_size_of_the_picture(tool, photo, tmp_path):
    assert photo.size == (160, tool.LONG_SIDE)
    points = [dict(photo='a', **{'class': 'square'}, y=20, x=30, score=score) for score in (1, 0.1)]
    points[1]['x'] = 5
    (tmp_path / 'points.json').write_text(json.dumps(dict(points=points)))
    changed = (tool.draw_point_file(photo, tmp_path / 'points.json') != photo.picture).any(2)
    rows, columns = np.nonzero(changed)
    assert (
        abs(rows.mean() - 80) < 2 and abs(columns.mean() - 120) < 2
    )  # four times (20, 30); the weak point is left out
    labels = np.zeros((40, 50), np.uint8)
    labels[:, :25] = 255
    write_index_png(tmp_path / 'a.png', labels)
    drawn = tool.draw_label_file(photo, tmp_path)
    assert drawn.shape == photo.picture.shape
    assert drawn[:, :95].min() > drawn[:, 105:].max()  # unsure pixels are pale
