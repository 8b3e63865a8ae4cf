"""Labels are made with folded norms on a CPU, and are those of the network as it was trained."""

import numpy as np
from tiny_chain.fixtures import read_tiny_config
from torch import nn

from projects.wsis.apis import launch
from projects.wsis.structures import PseudoLabelStore

NORMS_OF_MOBILENET = 52


def make_cams(work_dir, monkeypatch, **options):
    """Make CAMs by a small MobileNetV2; return them by photo, and how many batch norms the network ended with."""
    cfg = read_tiny_config('tiny_cam.py', work_dir, **options)
    cfg.model.backbone = dict(type='StridedMobileNetV2', widen_factor=0.25, out_indices=(7,))
    cfg.randomness = dict(seed=0)
    launch.apply_tta(cfg)
    runners, build = [], launch.build_runner
    with monkeypatch.context() as patched:
        patched.setattr(launch, 'build_runner', lambda cfg: runners.append(build(cfg)) or runners[0])
        launch.run_test(cfg)
    store = PseudoLabelStore(work_dir / 'cams', 'cams', '.npz')
    cams = {path.stem: store.read_arrays(path.stem) for path in sorted(store.root.glob('*.npz'))}
    return cams, sum(isinstance(module, nn.BatchNorm2d) for module in runners[0].model.modules())


def test_cams_are_those_of_the_network_as_it_was_trained(demo_environment, tmp_path, monkeypatch):
    folded, left = make_cams(tmp_path / 'folded', monkeypatch)
    plain, kept = make_cams(tmp_path / 'plain', monkeypatch, **{'default_hooks.fold_norms.fold': False})
    assert (left, kept) == (0, NORMS_OF_MOBILENET)
    assert len(plain) == len(folded) == 8
    for photo, arrays in plain.items():
        np.testing.assert_array_equal(folded[photo]['labels'], arrays['labels'])
        for name in ('cams', 'scores'):
            expected = arrays[name].astype(float)
            assert np.abs(folded[photo][name].astype(float) - expected).max() < 2e-3 * max(1, np.abs(expected).max())
