"""Mmcv without its compiled operators: what imports, calculates, and refuses."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from projects.wsis.uncompiled_mmcv import UncompiledOperators

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import json, sys
import projects.wsis
from projects.wsis.environment import has_compiled_operators
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmdet.testing import demo_mm_inputs
from projects.wsis.apis.configs import load_config
import torch

assert not has_compiled_operators() and type(sys.modules['mmcv._ext']).__name__ == 'UncompiledOperators'
init_default_scope('mmdet')
torch.manual_seed(0)
cfg = load_config('configs/mask_rcnn/mask-rcnn_r18_6e_demo.py', {'model.backbone.init_cfg': None})
model = MODELS.build(ConfigDict(cfg.model))
batch = demo_mm_inputs(2, [[3, 64, 96], [3, 64, 80]], num_classes=3, with_mask=True)
losses = model.train()(**model.data_preprocessor(batch, True), mode='loss')
total, parsed = model.parse_losses(losses)
total.backward()
assert model.neck.fpn_convs[0].conv.weight.grad.abs().sum() > 0
with torch.no_grad():
    model.eval().roi_head.test_cfg.score_thr = 0.
    found = model(**model.data_preprocessor(batch, False), mode='predict')
from mmcv.ops import ModulatedDeformConv2d
try:
    ModulatedDeformConv2d(3, 4, 3)(torch.zeros(1, 3, 8, 8), torch.zeros(1, 18, 6, 6), torch.zeros(1, 9, 6, 6))
except RuntimeError as error:
    refusal = str(error)
print(json.dumps(dict(losses={name: float(value) for name, value in parsed.items()}, refusal=refusal,
                      boxes=[len(sample.pred_instances) for sample in found])))
"""


@pytest.fixture
def uncompiled(tmp_path):
    """The environment of a process that sees mmcv without its extension."""
    installed = Path(importlib.util.find_spec('mmcv').origin).parent
    copy = tmp_path / 'mmcv'
    copy.mkdir()
    for entry in installed.iterdir():
        if not entry.name.startswith(('_ext', '__pycache__')):
            (copy / entry.name).symlink_to(entry)
    return {**os.environ, 'PYTHONPATH': os.pathsep.join([str(tmp_path), str(ROOT)])}


@pytest.mark.parametrize('first', ['mmdet.structures', 'mmdet.models'])
def test_mmdet_before_this_package_is_refused(uncompiled, first):
    code = f'import contextlib\nwith contextlib.suppress(ImportError):\n    import {first}\nimport projects.wsis'
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, env=uncompiled, capture_output=True, text=True, timeout=300
    )
    imported = result.returncode == 0  # mmdet of OpenMMLab does not import at all, and nothing is left of it
    assert imported or result.stderr.splitlines()[-1].startswith(
        'ImportError: mmcv was installed without its compiled operators: import projects.wsis before mmdet'
    ), result.stderr


def test_mmcv_tells_of_its_environment(uncompiled):
    code = """
import projects.wsis, importlib.util
from mmcv.utils import collect_env
print(importlib.util.find_spec('mmcv._ext').name, collect_env()['MMCV Compiler'])
"""
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, env=uncompiled, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == 'mmcv._ext n/a'


def test_a_detector_trains_and_predicts(uncompiled):
    result = subprocess.run(
        [sys.executable, '-c', SCRIPT], cwd=ROOT, env=uncompiled, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    assert found['losses']['loss_mask'] > 0 and found['losses']['loss'] < 100
    assert len(found['boxes']) == 2 and all(found['boxes'])
    assert found['refusal'] == (
        'mmcv was installed without its compiled operators, and modulated_deform_conv_forward is one of them: '
        'run `make setup COMPILE_MMCV=1`'
    )


def test_regions_as_mmcv_asks_for_them():
    operators = UncompiledOperators('mmcv._ext')
    torch.manual_seed(0)
    maps = torch.randn(1, 2, 8, 8)
    regions, nothing = torch.tensor([[0, 1.0, 1, 6, 7]]), torch.zeros(0)
    settings = dict(aligned_height=2, aligned_width=3, spatial_scale=1.0, sampling_ratio=2, aligned=True)
    bins = torch.zeros(1, 2, 2, 3)
    operators.roi_align_forward(maps, regions, bins, nothing, nothing, pool_mode=1, **settings)
    assert bins.abs().min() > 0
    direction, gradient = torch.randn(1, 2, 2, 3), torch.zeros(1, 2, 8, 8)
    operators.roi_align_backward(direction, regions, nothing, nothing, gradient, pool_mode=1, **settings)
    # bins are linear in the maps: their product with a direction is that of the maps with its gradient
    torch.testing.assert_close((bins * direction).sum(), (maps * gradient).sum())
    with pytest.raises(RuntimeError, match="RoIAlign with pool_mode='max' is one of them"):
        operators.roi_align_forward(maps, regions, bins, nothing, nothing, pool_mode=0, **settings)


def test_what_a_module_has_is_not_taken_for_an_operator():
    with pytest.raises(AttributeError):
        _ = UncompiledOperators('mmcv._ext').__path__
