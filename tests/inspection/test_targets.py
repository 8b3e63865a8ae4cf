"""What a model gets, drawn: labels, pairs, instances, centre maps, points and masks to evaluate on."""

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import PixelData
from PIL import Image
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import run_tool

from projects.wsis.inspection.targets import TargetSettings, draw_labels, draw_pairs, draw_targets, name_sample
from projects.wsis.structures.masks import encode_mask

CLASSES = ('cat', 'dog')


def test_pairs_are_dark_where_two_classes_meet():
    labels = torch.zeros(1, 96, 128, dtype=torch.uint8)
    labels[..., 64:] = 2
    picture = draw_pairs(labels, 3, (96, 128)).astype(int).sum(2)
    assert (picture[:, :48] == 765).all() and (picture[:, 80:] == 765).all()  # farther than the radius: no such pair
    assert picture[:, 60:68].max() < 700
    assert (draw_pairs(torch.full((1, 96, 128), 255), 3, (96, 128)) == 255).all()  # nothing is known
    assert (draw_pairs(labels[:, :8, :8], 3, (8, 8)) == 255).all()  # too small for a pair


def test_labels_have_colours_and_unsure_pixels_are_pale():
    image, labels = np.full((20, 40, 3), 90, np.uint8), np.zeros((20, 40), np.uint8)
    labels[:, 10:20], labels[:, 30:] = 1, 255
    picture = draw_labels(image, labels, CLASSES).astype(int)
    assert (picture[:, 32:].min() > picture[:, 22:28].max()) and np.ptp(picture[0, 15]) > 20 > np.ptp(picture[0, 35])


def test_labels_of_a_training_are_not_called_truth():
    sample = DetDataSample(gt_sem_seg=PixelData(data=torch.ones(1, 20, 40, dtype=torch.uint8)))
    image = np.zeros((20, 40, 3), np.uint8)
    titles = [
        [title.split('\n')[0] for title, _ in draw_targets(image, sample, CLASSES, TargetSettings(training, 3))]
        for training in (True, False)
    ]
    assert titles == [['labels', 'pairs'], ['true labels']]


def test_true_masks_are_brought_to_the_size_of_the_image():
    labels = np.zeros((20, 40), np.uint8)
    labels[:, 20:] = 1
    instance = dict(mask=encode_mask(labels), bbox_label=0)
    sample = DetDataSample(
        metainfo=dict(ori_shape=(20, 40), instances=[instance], img_path='folder/a photo.jpg', img_id=7),
        gt_sem_seg=PixelData(data=torch.from_numpy(labels)[None]),
    )
    image = np.full((60, 120, 3), 90, np.uint8)
    pictures = dict(draw_targets(image, sample, CLASSES, TargetSettings(training=False)))
    assert [title.split('\n')[0] for title in pictures] == ['true labels', 'true instances']
    for picture in pictures.values():
        spread = np.ptp(picture.astype(int), axis=2)
        assert picture.shape == image.shape and spread[:5, :50].max() == 0 and spread[:5, 66:].min() > 20
    assert name_sample(sample) == 'a photo'


@pytest.mark.parametrize(
    'config, phase, options, columns',
    [
        ('tiny_irnet.py', 'train', ['{}.data_prefix.inter_pixel_labels={}/inter_pixel_labels/inter_pixel_labels'], 3),
        ('tiny_inter_pixel_labels.py', 'test', ['{}.data_prefix.cams={}/cams/cams'], 5),
        ('tiny_cam.py', 'test', [], 3),
        ('tiny_cam.py', 'train', [], 1),
    ],
)
def test_tool_draws_a_row_per_image(config, phase, options, columns, chain, demo_root, tmp_path):
    chosen = [option.format(f'{phase}_dataloader.dataset', chain) for option in options]
    arguments = ['--phase', phase, '--output-dir', 'browse', '--show-number', 2]
    arguments += ['--cfg-options', *chosen] if chosen else []
    config = f'tests/tiny_chain/{config}'
    result = run_tool(demo_root, tmp_path, 'analysis_tools/browse_dataset.py', config, *arguments)
    assert result.status == 0, result.tail
    assert result.output.splitlines()[-1] == f'2 pictures: {tmp_path / "browse"}'
    for path in (tmp_path / 'browse').iterdir():
        page = np.array(Image.open(path))
        frames = (page[page.shape[0] // 2, 200:] != 255).any(1)  # pictures are parted by white gaps
        assert page.shape[1] > 200 + 64 * columns and frames.any()


def test_bestie_shows_what_its_heads_learn(chain, demo_root, tmp_path):
    options = [f'train_dataloader.dataset.data_prefix.semantic_masks={chain}/pseudo_labels/semantic_masks']
    made = run_tool(demo_root, tmp_path, 'dataset_converters/make_points.py', CONFIGS / 'tiny_pam.py', 'points.json')
    assert made.status == 0, made.tail
    options += ['train_dataloader.dataset.points_file=points.json']
    arguments = ['tests/tiny_chain/tiny_bestie.py', '--output-dir', 'browse', '--show-number', 1]
    result = run_tool(demo_root, tmp_path, 'analysis_tools/browse_dataset.py', *arguments, '--cfg-options', *options)
    assert result.status == 0, result.tail
    (path,) = (tmp_path / 'browse').iterdir()
    assert Image.open(path).width > 200 + 5 * 64  # image, labels, instances, centre maps, points


def test_missing_phase_is_said(demo_root, tmp_path):
    arguments = ['configs/irnet/inter-pixel-labels_demo.py', '--output-dir', 'browse']
    result = run_tool(demo_root, tmp_path, 'analysis_tools/browse_dataset.py', *arguments)
    assert result.status == 1 and 'has no data set for train; it has: test' in result.output
