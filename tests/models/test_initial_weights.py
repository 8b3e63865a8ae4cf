"""Heads of the shipped configs start with weights of the same distributions as those of the official codes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS, init_default_scope
from torch import nn

from projects.wsis.apis.configs import load_config

GOLDEN = Path(__file__).resolve().parents[1] / 'data' / 'golden' / 'heads_init.npz'
CORRELATION = {
    'f8_3.weight': 'head.correlation.branches.0.weight',
    'f8_4.weight': 'head.correlation.branches.1.weight',
    'f9.weight': 'head.correlation.embedding.weight',
}
BRANCHES = {
    f'{theirs}.{layer}.{kind}': f'head.{ours}.{layer}.{kind}'
    for theirs, ours in (('seg', 'semantic'), ('center', 'center'), ('offset', 'offset'))
    for layer in (0, 2)
    for kind in ('weight', 'bias')
}
# official network: config, and the names of its parameters here
NETWORKS = {
    'bestie_hrnet48': ('bestie/bestie_hrnet48_50k_voc2012', BRANCHES),
    'bestie_hrnet32': ('bestie/bestie_hrnet32_50k_voc2012', BRANCHES),
    'eps': ('eps/eps_resnet38_reference_voc2012', {'fc8.weight': 'head.classifier.weight'}),
    'eps_cls': ('eps/eps-cls_resnet38_reference_voc2012', {'fc8.weight': 'head.classifier.weight'}),
    'seam': ('seam/seam_resnet38_reference_voc2012', {'fc8.weight': 'head.classifier.weight', **CORRELATION}),
    'ppc': (
        'ppc/ppc-seam_resnet38_reference_voc2012',
        {'fc8.weight': 'head.classifier.weight', 'fc_proj.weight': 'contrast_head.projector.weight', **CORRELATION},
    ),
    'ppc_eps': (
        'ppc/ppc-eps_resnet38_reference_voc2012',
        {'fc8.weight': 'head.classifier.weight', 'proj_fc.weight': 'contrast_head.projector.weight', **CORRELATION},
    ),
    'seam_aff': (
        'affinitynet/affinitynet_resnet38_reference_voc2012',
        {
            'f8_3.weight': 'head.projections.0.weight',
            'f8_4.weight': 'head.projections.1.weight',
            'f8_5.weight': 'head.projections.2.weight',
            'f9.weight': 'head.fusion.weight',
        },
    ),
}


def start_heads(name: str) -> dict[str, torch.Tensor]:
    """Return the initial parameters of the heads of a config; its backbone is never filled with numbers."""
    cfg = load_config(f'configs/{name}.py')
    init_default_scope(cfg.default_scope)
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    found = {}
    for part in ('head', 'contrast_head'):
        head: nn.Module | None = getattr(model, part, None)
        if head is not None:
            head.to_empty(device='cpu').init_weights()
            found.update({f'{part}.{key}': value.detach() for key, value in head.named_parameters()})
    return found


@pytest.mark.parametrize('network', NETWORKS)
def test_heads_start_as_in_the_official_code(network):
    config, names = NETWORKS[network]
    with np.load(GOLDEN, allow_pickle=False) as arrays:
        golden = {key: arrays[f'{network}_{key}'] for key in ('names', 'shape', 'std', 'min', 'max')}
    torch.manual_seed(0)
    found = start_heads(config)
    assert set(golden['names']) == set(names), 'every parameter of the official heads has its place here'
    for index, theirs in enumerate(golden['names']):
        ours = found[names[theirs]]
        assert list(ours.shape) == [length for length in golden['shape'][index] if length]
        deviation = golden['std'][index]
        # the deviation of n normal values scatters by 1 / sqrt(2 n), of both samples
        scatter = 5 / ours.numel() ** 0.5
        assert ours.std(correction=0).item() == pytest.approx(deviation, rel=scatter, abs=1e-12), theirs
        # the largest value tells a uniform from a normal distribution
        largest = max(-golden['min'][index], golden['max'][index])
        assert ours.abs().max().item() == pytest.approx(largest, rel=0.35, abs=1e-12), theirs


def test_centers_of_a_new_bestie_are_no_peaks():
    torch.manual_seed(0)
    cfg = load_config('configs/bestie/bestie_hrnet32_50k_voc2012.py')
    init_default_scope(cfg.default_scope)
    head = MODELS.build(dict(cfg.model.head, in_channels=[32]))
    head.init_weights()
    maps = head((torch.randn(2, 32, 24, 24),))
    assert maps.center.abs().max() < 0.3 * cfg.model.refinement.threshold
