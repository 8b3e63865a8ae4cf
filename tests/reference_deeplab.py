"""What tests of the official DeepLab codes share: golden arrays, logits through mmseg, and checks that several use."""

from collections import defaultdict
from copy import deepcopy

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS
from mmengine.structures import PixelData
from reference_models import ROOT, check
from torch import nn

from projects.wsis.apis.configs import load_config
from projects.wsis.reference.convert import convert_state_dict


def read_golden(name):
    with np.load(ROOT / 'tests' / 'data' / 'golden' / f'{name}.npz', allow_pickle=False) as arrays:
        return dict(arrays)


def make_noise(seed, *shape):
    """Photos (N, 3, H, W), normalised, that golden outputs were made of."""
    return torch.tensor(np.random.default_rng(int(seed)).standard_normal(shape), dtype=torch.float32)


def read_config(network):
    cfg = load_config(network.config)
    cfg.model.backbone.init_cfg = None  # a test downloads nothing
    return cfg


def build_empty(cfg):
    """The model without numbers, in training mode."""
    with torch.device('meta'):
        return MODELS.build(deepcopy(cfg.model)).train()


def build_converted(cfg, network, state_dict):
    """The model with the weights of the official code, every key."""
    model = build_empty(cfg)
    model.load_state_dict(convert_state_dict(state_dict, network, 'public.pth'), strict=True, assign=True)
    model.data_preprocessor.to_empty(device='cpu')
    return model


def predict_logits(model, photos):
    """Return the logits at photo size (N, 21, H, W) of normalised photos."""
    size = tuple(photos.shape[-2:])
    samples = [DetDataSample(metainfo=dict(ori_shape=size, img_shape=size)) for _ in photos]
    return torch.stack([sample.seg_logits.data for sample in model(photos, samples, mode='predict')])


def label_samples(labels):
    """Samples with label maps (N, H, W)."""
    samples = [DetDataSample() for _ in labels]
    for sample, label in zip(samples, labels):
        sample.gt_sem_seg = PixelData(data=torch.from_numpy(label).long()[None])
    return samples


def check_training_mode(model, network, golden):
    """Logits and running statistics after a forward in training mode are the official ones, with dropout off."""
    model.train()
    for module in model.modules():
        if isinstance(module, (nn.Dropout, nn.Dropout2d)):
            module.eval()
    found = predict_logits(model, torch.from_numpy(golden['train_input']))
    check(found[..., ::8, ::8], golden['train_out_logits'], 1e-2)  # the reference's own float32 is 1.5e-3 off
    buffers = dict(model.named_buffers())
    after = [key for key in golden if key.startswith('train_after:')]
    assert len(after) == 4
    for key in after:
        check(buffers[network.target_of(key.partition(':')[2])], golden[key])


def check_fixed_parameters(model):
    """All but weights and biases of batch normalisations is trained."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    fixed = {id(parameter) for parameter in model.parameters() if not parameter.requires_grad}
    assert fixed == {id(parameter) for norm in norms for parameter in norm.parameters()}


def check_optimizer_groups(cfg, model, network, golden):
    """The groups have the official rates, settings and parameters; the first has the backbone's weights alone."""
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = defaultdict(list)
    for group in optimizer.param_groups:
        groups[round(group['lr'], 9), group['weight_decay']] += group['params']
        settings = group['momentum'], group['dampening'], group['nesterov']
        assert settings == tuple(golden[f'group_{name}'][0] for name in ('momentum', 'dampening', 'nesterov'))
    for index, key in enumerate(zip(golden['group_lr'].round(9), golden['group_weight_decay'])):
        parameters = groups.pop(key, [])
        assert len(parameters) == golden['group_tensors'][index]
        assert sum(parameter.numel() for parameter in parameters) == golden['group_scalars'][index]
        if index:
            expected = {network.target_of(name) for name in golden[f'group{index}_names'] if name}
            assert {names.pop(id(parameter)) for parameter in parameters} == expected
        else:
            assert all(names.pop(id(parameter)).startswith('backbone.') for parameter in parameters)
    assert not groups and len(names) == golden['not_optimised_tensors']


def build_head(cfg):
    """The head as training begins with it."""
    torch.manual_seed(0)
    head = MODELS.build(deepcopy(cfg.model.decode_head))
    head.init_weights()
    return head


def check_initial_weights(values, deviation, mean, least, most):
    """Five standard deviations of the estimates; the extremes tell a normal distribution from a uniform one (1.7)."""
    scatter = 5 * deviation / values.numel() ** 0.5
    assert abs(values.std() - deviation) < scatter and abs(values.mean() - mean) < 2 * scatter
    for extreme in (-values.min(), values.max(), -least, most):
        assert 2.5 < extreme / deviation < 7


def check_initial_head(head, network, golden):
    """Every parameter of a head of PPC is drawn as in the official code, and there is no other."""
    parameters = dict(head.named_parameters(prefix='decode_head'))
    for index, name in enumerate(golden['head_names']):
        values = parameters.pop(network.target_of(name)).detach()
        shape = tuple(length for length in golden['head_shape'][index] if length)
        deviation, mean, least, most = (golden[f'head_{key}'][index] for key in ('std', 'mean', 'min', 'max'))
        assert values.shape == shape
        if name == 'cls_conv.bias':  # uniform up to 1 / sqrt(inputs), as torch makes it
            limit = dict(zip(golden['head_names'], golden['head_shape']))['cls_conv.weight'][1] ** -0.5
            assert max(-least, most) < limit and 0.5 * limit < values.abs().max() < limit
        elif len(shape) == 1:
            assert deviation == 0 and (values == mean).all()
        else:
            check_initial_weights(values, deviation, mean, least, most)
    assert not parameters
