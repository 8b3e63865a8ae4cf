"""Heads of the shipped configs start with weights of the same distributions as those of the official codes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from shipped_configs import CONFIGS, read
from torch import nn

from projects.wsis.reference.networks import REFERENCE_NETWORKS

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
    cfg = read(f'configs/{name}.py')
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    found = {}
    for part in ('head', 'contrast_head'):
        head: nn.Module | None = getattr(model, part, None)
        if head is not None:
            head.to_empty(device='cpu').apply(construct)
            head.init_weights()
            found.update({f'{part}.{key}': value.detach() for key, value in head.named_parameters()})
    return found


def construct(module: nn.Module) -> None:
    """Give a module the weights that torch gives it when it is made."""
    if hasattr(module, 'reset_parameters'):
        module.reset_parameters()


def read_golden(network: str) -> dict[str, np.ndarray]:
    """Return what is known of the initial parameters of an official network, each array of one row per parameter."""
    with np.load(GOLDEN, allow_pickle=False) as arrays:
        return {key: arrays[f'{network}_{key}'] for key in ('names', 'shape', 'std', 'mean', 'min', 'max')}


@pytest.mark.parametrize('network', NETWORKS)
def test_heads_start_as_in_the_official_code(network):
    config, names = NETWORKS[network]
    golden = read_golden(network)
    torch.manual_seed(0)
    check_distributions(start_heads(config), golden, names)


def check_distributions(found: dict[str, torch.Tensor], golden: dict[str, np.ndarray], names: dict[str, str]) -> None:
    """Compare parameters with those of an official network, whose names are turned into those here."""
    assert set(golden['names']) == set(names), 'every parameter of the official heads has its place here'
    for index, theirs in enumerate(golden['names']):
        ours = found[names[theirs]]
        assert list(ours.shape) == [length for length in golden['shape'][index] if length]
        deviation = golden['std'][index]
        # the deviation of n normal values scatters by 1 / sqrt(2 n), of both samples
        scatter = 5 / ours.numel() ** 0.5
        assert ours.std(correction=0).item() == pytest.approx(deviation, rel=scatter, abs=1e-12), theirs
        mean = pytest.approx(golden['mean'][index], abs=5 * deviation * (2 / ours.numel()) ** 0.5 + 1e-12)
        assert ours.mean().item() == mean, theirs
        if deviation and ours.numel() < 100:
            continue  # the largest of so few says little
        # the largest value tells a uniform from a normal distribution
        largest = max(-golden['min'][index], golden['max'][index])
        assert ours.abs().max().item() == pytest.approx(largest, rel=0.35, abs=1e-12), theirs


def test_decoders_of_bestie_on_resnet_start_as_in_the_official_code_but_for_their_last_biases():
    golden, target_of = read_golden('bestie_resnet101'), REFERENCE_NETWORKS['bestie-r101'].target_of
    torch.manual_seed(0)
    found = start_heads('bestie/bestie_r101_50k_voc2012')
    assert {target_of(name) for name in golden['names']} == set(found)
    # those of the three classifiers, which are at random there
    drawn = np.array([name.endswith('.bias') for name in golden['names']]) & (golden['std'] > 0)
    assert drawn.sum() == 3
    assert not any(found[target_of(name)].any() for name in golden['names'][drawn])
    same = {key: array[~drawn] for key, array in golden.items()}
    check_distributions(found, same, {name: target_of(name) for name in same['names']})


XAVIER = [
    name.removeprefix('configs/').removesuffix('.py')
    for name in CONFIGS
    if name.split('/')[1] in ('eps', 'seam', 'ppc') and 'reference' not in name
]


@pytest.mark.parametrize('config', XAVIER)
def test_classifiers_and_projectors_start_by_xavier_in_other_configs_too(config):
    torch.manual_seed(0)
    found = start_heads(config)
    names = ['head.classifier.weight']
    names += ['contrast_head.projector.weight'] if config.startswith('ppc/') else []
    for name in names:
        weight = found[name]
        assert weight.shape[2:] == (1, 1)
        bound = (6 / sum(weight.shape[:2])) ** 0.5
        assert 0.98 * bound < weight.abs().max() <= bound, name
        assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=5 / weight.numel() ** 0.5), name


def test_centers_of_a_new_bestie_are_no_peaks():
    torch.manual_seed(0)
    cfg = read('configs/bestie/bestie_hrnet32_50k_voc2012.py')
    head = MODELS.build(dict(cfg.model.head, in_channels=[32]))
    head.init_weights()
    maps = head((torch.randn(2, 32, 24, 24),))
    assert maps.center.abs().max() < 0.3 * cfg.model.refinement.threshold
