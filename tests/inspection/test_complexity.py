"""Parameters and operations of every kind of model."""

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from random_models import KINDS

from projects.wsis.apis.configs import load_config
from projects.wsis.inspection.complexity import format_complexity, measure_complexity


@pytest.fixture(autouse=True)
def own_scope(monkeypatch):
    """Leave the default scope as it was."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())


@pytest.mark.parametrize('kind', KINDS)
def test_every_kind_of_model_is_counted(kind):
    options = {'model.test_cfg.rpn.max_per_img': 10} if kind == 'mask_rcnn' else None
    counts = measure_complexity(load_config(KINDS[kind], options), (64, 64))
    whole = counts.pop('')
    for name in ('params', 'flops'):
        assert sum(part[name] for part in counts.values()) == whole[name] > 0
    assert all(part['flops'] for part in counts.values())


def test_a_convolution_by_hand():
    cfg = load_config(KINDS['cam'])
    channels, classes, places = 128, len(cfg.classes), 8 * 12  # features of stride 8
    head = measure_complexity(cfg, (64, 96))['head']
    assert head == dict(params=channels * classes, flops=channels * classes * places, activations=classes * places)


def test_the_table_ends_with_the_whole():
    counts = {'': dict(params=2_500_000, flops=3), 'head': dict(params=1500, flops=2_000_000_000)}
    lines = format_complexity(counts).splitlines()
    assert lines[3].split('|')[1:4] == [' head        ', ' 1.500K ', ' 2.000G ']
    assert 'whole model' in lines[5] and '2.500M' in lines[5]


@pytest.mark.parametrize(
    'name, size, message',
    [
        ('configs/irnet/inter-pixel-labels_demo.py', (64, 64), 'has no network to count'),
        ('configs/seam/seam_r18_36e_demo.py', (0, 64), 'an image of 0 x 64 pixels does not fit'),
        (None, (64, 64), 'has no model'),
    ],
)
def test_what_cannot_be_counted_gets_one_line(name, size, message):
    with pytest.raises(ValueError, match=message) as caught:
        measure_complexity(load_config(name) if name else Config({}), size)
    assert '\n' not in str(caught.value)
