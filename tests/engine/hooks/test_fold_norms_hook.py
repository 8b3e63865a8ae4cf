"""Labels are made with folded norms on a CPU, and are those of the network as it was trained."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.registry import MODELS, init_default_scope
from tiny_chain.fixtures import read_tiny_config
from torch import nn

from projects.wsis.apis import launch
from projects.wsis.engine.hooks import FoldNormsHook, fold_norms_hook
from projects.wsis.structures import PseudoLabelStore

NORMS_OF_MOBILENET = 52
BACKBONE = dict(type='StridedMobileNetV2', widen_factor=0.25, out_indices=(7,))


def count_norms(model):
    return sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())


@pytest.fixture
def checkpoint(tmp_path):
    """Weights of a small MobileNetV2 whose norms do something."""
    cfg = read_tiny_config('tiny_cam.py', tmp_path / 'unused')
    cfg.model.backbone = BACKBONE
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
    torch.save(dict(state_dict=model.state_dict(), meta={}), tmp_path / 'model.pth')
    return str(tmp_path / 'model.pth')


def make_cams(checkpoint, work_dir, monkeypatch, **options):
    """Make CAMs by a small MobileNetV2; return them by photo, and how many batch norms the network ended with."""
    cfg = read_tiny_config('tiny_cam.py', work_dir, **options)
    cfg.model.backbone = BACKBONE
    cfg.load_from = checkpoint
    launch.apply_tta(cfg)
    runners, build = [], launch.build_runner
    with monkeypatch.context() as patched:
        patched.setattr(launch, 'build_runner', lambda cfg: runners.append(build(cfg)) or runners[0])
        launch.run_test(cfg)
    store = PseudoLabelStore(work_dir / 'cams', 'cams', '.npz')
    cams = {path.stem: store.read_arrays(path.stem) for path in sorted(store.root.glob('*.npz'))}
    return cams, count_norms(runners[0].model)


@pytest.mark.skipif(torch.cuda.is_available(), reason='the stage would run on the GPU')
def test_cams_are_those_of_the_network_as_it_was_trained(demo_environment, checkpoint, tmp_path, monkeypatch):
    folded, left = make_cams(checkpoint, tmp_path / 'folded', monkeypatch)
    plain, kept = make_cams(checkpoint, tmp_path / 'plain', monkeypatch, **{'default_hooks.fold_norms.fold': False})
    assert (left, kept) == (0, NORMS_OF_MOBILENET)
    assert len(plain) == len(folded) == 8
    for photo, arrays in plain.items():
        np.testing.assert_array_equal(folded[photo]['labels'], arrays['labels'])
        for name in ('cams', 'scores'):
            expected = arrays[name].astype(float)
            assert np.abs(folded[photo][name].astype(float) - expected).max() < 2e-3 * max(1, np.abs(expected).max())


@pytest.mark.parametrize(
    'device, hooks, left', [('cpu', [], 1), ('cuda', [], 53), ('cpu', [EMAHook()], 53)], ids=['cpu', 'gpu', 'average']
)
def test_norms_of_our_backbone_alone_are_folded_on_a_cpu(device, hooks, left, monkeypatch):
    init_default_scope('mmdet')
    model = nn.ModuleDict(
        dict(backbone=MODELS.build(BACKBONE), head=nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)))
    )
    monkeypatch.setattr(fold_norms_hook, 'get_device', lambda: device)
    FoldNormsHook().before_test(SimpleNamespace(model=model, hooks=hooks))
    assert count_norms(model) == left
