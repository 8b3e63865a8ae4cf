"""How right the contrast's pseudo labels and prototypes are: counts, alignment of maps and masks, and bad input."""

import re

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS, init_default_scope
from tiny_chain.fixtures import CONFIGS, read_tiny_config
from tiny_chain.processes import run_tool

from projects.wsis.inspection.contrast_labels import ViewQuality, measure_contrast_labels
from projects.wsis.models.classifiers.eps import EPS
from projects.wsis.structures.masks import IGNORE_LABEL, read_index_png

TOOL = 'analysis_tools/measure_contrast_labels.py'
GREY_STEP = 25


@pytest.fixture
def checkpoint(tmp_path):
    """Weights of a network that has learnt nothing."""
    cfg = read_tiny_config('tiny_ppc_eps.py', tmp_path / 'unused')
    init_default_scope(cfg.default_scope)
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict(), meta={}), tmp_path / 'untrained.pth')
    return tmp_path / 'untrained.pth'


def test_shares_of_a_row_of_pixels():
    quality = ViewQuality()
    truth = torch.tensor([0, 0, 1, 1, 1, 2, IGNORE_LABEL, 0])
    quality.add_labels(torch.tensor([0, 1, 1, 1, 0, 1, 1, 0]), truth)
    assert (quality.foreground_precision.right, quality.foreground_precision.all) == (2, 4)
    assert (quality.foreground_recall.right, quality.foreground_recall.all) == (2, 4)
    assert (quality.background_precision.right, quality.background_precision.all) == (2, 3)
    # the batch has the first class only; the prototype of the second does not count
    quality.add_prototypes(torch.tensor([[0, 2], [3, 6], [5, 5]]), truth, torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    assert quality.background_prototype.percentage == 50
    assert (quality.class_prototypes.right, quality.class_prototypes.all) == (1, 1)
    assert np.isnan(ViewQuality().class_prototypes.percentage)


def paint_classes(root):
    """Give every photo the grey of its classes."""
    for path in sorted((root / 'SegmentationClass').glob('*.png')):
        labels = read_index_png(path)
        labels[labels == IGNORE_LABEL] = 0
        photo = np.repeat(labels[..., None] * GREY_STEP, 3, axis=2)
        cv2.imwrite(str(root / 'JPEGImages' / f'{path.stem}.jpg'), photo, [cv2.IMWRITE_JPEG_QUALITY, 100])


def test_maps_that_are_right_are_found_right(demo_copy, monkeypatch, tmp_path, checkpoint):
    paint_classes(demo_copy)
    cfg = read_tiny_config('tiny_ppc_eps.py', tmp_path / 'work')
    cfg.model.contrast_head.loss_contrast.prototype_photos = 'tagged'
    cfg.model.contrast_head.loss_contrast.prototype_fraction = 1 / 1024
    cfg.model.second_view.size = (256, 256)  # a contrast of 32x32 pixels meets every object
    processor = cfg.model.data_preprocessor
    classes = cfg.model.head.num_classes

    def read_classes(model, inputs):
        greys = inputs[:, 0] * processor.std[0] + processor.mean[0]
        labels = (greys / GREY_STEP).round().long().clamp(0, classes)
        return model.extract_feat(inputs)[model.head.in_index], 10.0 * F.one_hot(labels, classes + 1).movedim(-1, 1)

    monkeypatch.setattr(EPS, '_find_maps', read_classes)
    for quality in measure_contrast_labels(cfg, checkpoint, 2, 4, 96, 'cpu'):
        shares = {name: count.percentage for name, count in vars(quality).items()}
        assert shares['class_prototypes'] > 95 and shares['background_prototype'] > 95, shares
        assert min(shares.values()) > 80, shares  # the rest is pixels at the rims, whose grey is mixed


def test_tool_prints_both_views(demo_root, tmp_path, checkpoint):
    counts = ['--batches', 1, '--batch-size', 4, '--long-side', 64]
    result = run_tool(demo_root, tmp_path, TOOL, CONFIGS / 'tiny_ppc_eps.py', checkpoint, *counts)
    assert result.status == 0, result.tail
    rows = re.findall(r'^\| (larger|smaller) (\| (?:nan|[\d.]+) ){5}\|$', result.output, re.MULTILINE)
    assert [view for view, _ in rows] == ['larger', 'smaller']


def test_checkpoint_of_another_model_is_refused(demo_root, tmp_path, checkpoint):
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    weights = {name: value for name, value in weights.items() if not name.startswith(('head.', 'contrast_head.'))}
    torch.save(dict(state_dict=weights, meta={}), tmp_path / 'other.pth')
    result = run_tool(demo_root, tmp_path, TOOL, CONFIGS / 'tiny_ppc_eps.py', 'other.pth')
    assert result.status == 1 and 'error: ' in result.output and 'head.classifier.weight' in result.output
    assert 'Traceback' not in result.output


@pytest.mark.parametrize(
    'arguments, words',
    [
        (['tiny_eps.py'], 'error: the model EPS has no contrast_head: give a training config of PPC'),
        (['tiny_ppc_eps.py', '--batch-size', '9'], 'error: 8 images are fewer than a batch of 9'),
        (['tiny_ppc_eps.py', '--batches', '0'], 'error: --batches must be 1 or more'),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_line(demo_root, tmp_path, checkpoint, arguments, words):
    config, *options = arguments
    result = run_tool(demo_root, tmp_path, TOOL, CONFIGS / config, checkpoint, *options)
    assert result.status != 0 and words in result.output and 'Traceback' not in result.output
