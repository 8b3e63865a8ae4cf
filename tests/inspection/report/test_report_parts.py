"""Parts of the report: the order of stages, loss curves of resumed trainings, and pictures of layers."""

import io
import json

import numpy as np
import pytest
from hostile_run import write_record
from PIL import Image

from projects.wsis.inspection.report.curves import draw_losses, read_losses
from projects.wsis.inspection.report.overlays import (
    draw_boundary_layer,
    draw_cam_layer,
    draw_class_map_layer,
    draw_displacement_layer,
)
from projects.wsis.inspection.report.run_folder import read_run
from projects.wsis.structures import write_json
from projects.wsis.visualization import distinct_colors

COLORS = distinct_colors(40)


def decode(picture: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(picture)) as opened:
        return np.array(opened.convert('RGBA')).astype(int)


def test_stages_of_an_older_run_stand_in_the_order_in_which_they_were_made(tmp_path):
    for name, inputs in dict(a_detector=['labels'], labels=['model'], model=[]).items():
        write_record(tmp_path / name, 'train', inputs)
    assert [stage.name for stage in read_run(tmp_path).stages] == ['model', 'labels', 'a_detector']
    write_json(tmp_path / 'results_other.json', dict(stages=[dict(name='z', action='tool'), dict(name='model')]))
    found = {stage.name: stage.status for stage in read_run(tmp_path).stages}
    assert found == dict(z='not run', model='complete', labels='complete', a_detector='complete')


def write_scalars(folder, name: str, values: dict[int, float]) -> None:
    path = folder / name / 'vis_data/scalars.json'
    path.parent.mkdir(parents=True)
    entries = [dict(step=step, loss=value, loss_x=value / 4, loss_y=0.1, lr=1) for step, value in values.items()]
    path.write_text('\n'.join(map(json.dumps, [*entries, dict(step=9, mAP=3.0)])))


def test_losses_of_a_resumed_training_are_one_curve(tmp_path):
    write_scalars(tmp_path, '20260101_000000', {10: 4.0, 20: 3.0, 30: 2.5})
    write_scalars(tmp_path, '20260102_000000', {30: 2.0, 40: 1.0})  # what was logged again counts
    curves = read_losses(tmp_path)
    assert list(curves) == ['loss', 'loss_x', 'loss_y']
    assert curves['loss'] == ([10, 20, 30, 40], [4.0, 3.0, 2.0, 1.0])
    assert read_losses(tmp_path / 'nothing') == {}


def test_curves_take_their_colours_from_the_page_and_names_are_text():
    curves = {'loss': ([1, 2], [2.0, float('nan')]), '$x_1$ <b>': ([1], [1.0]), 'loss_b': ([1, 2], [1.0, 0.5])}
    svg = draw_losses(curves, '"> <script>')
    assert svg.startswith('<svg viewBox=') and 'var(--text)' in svg and '#070809' not in svg
    assert '$x_1$ &lt;b&gt;' in svg and '<script' not in svg and 'font-family' not in svg and '<style' not in svg
    assert draw_losses({'loss': ([1, 2], [2.0, 1.0]), 'loss_cls': ([1, 2], [2.0, 1.0])}, 'x').count('loss_cls') == 0


def test_cams_of_the_strongest_class_cover_as_much_as_they_say():
    cams = np.zeros((2, 4, 4), np.float32)
    cams[0, :, :2], cams[1, :, 2:] = 1.0, 0.3
    drawn = decode(draw_cam_layer(cams, np.array([3, 5]), (4, 4), COLORS))
    assert drawn[0, 0, :3].tolist() == COLORS[3].tolist() and drawn[0, 3, :3].tolist() == COLORS[5].tolist()
    assert drawn[0, 0, 3] > 2 * drawn[0, 3, 3] > 0
    assert not decode(draw_cam_layer(np.zeros((1, 4, 4)), np.array([3]), (4, 4), COLORS))[..., 3].any()
    assert not decode(draw_cam_layer(np.zeros((0, 4, 4)), np.array([], int), (4, 4), COLORS))[..., 3].any()
    many = np.eye(40, dtype=np.float32).reshape(40, 8, 5)
    assert decode(draw_cam_layer(many, np.arange(40), (8, 5), COLORS))[0, 0, 3] > 0, 'more than a palette takes'


def test_boundaries_are_ink_and_displacements_are_hues():
    ink = decode(draw_boundary_layer(np.array([[0.0, 1.0], [0.0, 1.0]]), (2, 2)))
    assert ink[0, 0, 3] == 0 and ink[0, 1, 3] > 200 and ink[0, 1, :3].max() < 80
    right = np.zeros((2, 16, 16), np.float32)
    right[1] = 4  # (y, x): to the right, which is red
    drawn = decode(draw_displacement_layer(right, (16, 16), 4.0))
    assert drawn[8, 8, 0] > drawn[8, 8, 1:3].max() + 80 and drawn[8, 8, 3] > 200
    assert decode(draw_displacement_layer(right / 100, (16, 16), 4.0))[8, 8, 3] < 20


@pytest.mark.parametrize('size', [(40, 60), (20, 30)])
def test_class_maps_are_filled_outlined_and_unsure_is_grey(size):
    labels = np.zeros((40, 60), np.uint8)
    labels[8:32, 8:28], labels[8:32, 36:56] = 2, 255
    drawn = decode(draw_class_map_layer(labels, size, COLORS, 'prediction'))
    middle, scale = size[0] // 2, size[0] / 40
    inside, unsure = drawn[middle, round(18 * scale)], drawn[middle, round(46 * scale)]
    assert inside[:3].tolist() == COLORS[1].tolist() and 0 < inside[3] < 255
    assert unsure[:3].tolist() == [150, 150, 150] and drawn[0, 0, 3] == 0
    assert drawn[round(8 * scale), round(18 * scale)].tolist() == [255, 255, 255, 255]
