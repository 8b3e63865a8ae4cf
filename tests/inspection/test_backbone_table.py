"""The table of backbones: what works has its size and time, what does not its reason; alone and in two processes."""

import re

import pytest

from projects.wsis.inspection import backbone_table
from projects.wsis.inspection.backbone_table import METHODS, make_table
from projects.wsis.inspection.backbone_trial import try_backbone

SWIN = dict(type='mmdet.SwinTransformer', embed_dims=12, depths=(1, 1, 1, 1), num_heads=(1, 2, 4, 8))


@pytest.mark.parametrize('method', ['cam', 'irnet', 'deeplab'])
def test_small_swin_works_by_one_line(method):
    trial = try_backbone(METHODS[method], SWIN, photos=2)
    assert trial.error is None
    assert trial.parameters > 1e5 and trial.step_seconds > 0
    assert bool(trial.settings) == (method == 'deeplab')


def test_wrong_backbones_get_their_reason():
    one_level = dict(SWIN, out_indices=(3,))
    assert (
        'IRNetNeck takes 3 to 5 backbone levels, not 1: set out_indices'
        in try_backbone(METHODS['irnet'], one_level).error
    )
    assert 'is not in the mmdet::model registry' in try_backbone(METHODS['cam'], dict(type='Nothing')).error


def test_page_of_two_processes(monkeypatch):
    page = make_table(['MobileNetV2'], ['cam'], processes=2)
    assert '| backbone | cam |' in page
    row = next(line for line in page.splitlines() if line.startswith('| MobileNetV2'))
    assert re.fullmatch(r'\| MobileNetV2 \| [\d.]+ M, [\d.]+ s \|', row)
    monkeypatch.setitem(backbone_table.BACKBONES, 'wrong', dict(type='Nothing'))
    assert '| wrong | no: KeyError' in make_table(['wrong'], ['cam'], processes=1)
