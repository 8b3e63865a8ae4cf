"""DeepLab V1 and V2 on ResNet-101 as their configs build them train and test as in the official code of PPC."""

from copy import deepcopy

import pytest
import torch
from mmengine.registry import DefaultScope
from reference_deeplab import (
    build_converted,
    build_empty,
    build_head,
    check_fixed_parameters,
    check_initial_head,
    check_optimizer_groups,
    check_training_mode,
    label_samples,
    make_noise,
    predict_logits,
    read_config,
    read_golden,
)
from reference_models import check
from torch import nn

from projects.wsis.reference.networks import REFERENCE_NETWORKS

TABLES = {'deeplab-v1-r101': 'deeplab_v1_resnet101', 'deeplab-v2-ppc': 'deeplab_v2_resnet101'}


@pytest.fixture(scope='module', autouse=True)
def mmseg_scope():
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


@pytest.fixture(scope='module', params=TABLES)
def network(request):
    return REFERENCE_NETWORKS[request.param]


@pytest.fixture(scope='module')
def cfg(network):
    return read_config(network)


@pytest.fixture(scope='module')
def empty_model(cfg):
    return build_empty(cfg)


@pytest.fixture(scope='module')
def golden(network):
    """Optimizer groups and initial head of the official code."""
    return read_golden(f'{TABLES[network.name]}_train')


@pytest.fixture(scope='module')
def trained(network, golden_network):
    """The official network in training mode."""
    return golden_network(f'{TABLES[network.name]}_train')


@torch.no_grad()
def test_converted_checkpoint_gives_the_public_logits(cfg, network, public_state_dict, golden_network):
    golden = golden_network(TABLES[network.name])
    model = build_converted(cfg, network, public_state_dict(TABLES[network.name])).eval()
    photos = make_noise(golden['noise_seed'], 1, 3, *golden['wide_size'])  # as wide as all dilations reach
    check(predict_logits(model, photos)[..., ::8, ::8], golden['wide_out_logits'])


@torch.no_grad()
def test_training_mode_gives_the_public_logits_and_running_statistics(cfg, network, public_state_dict, trained):
    state_dict = public_state_dict(TABLES[network.name])
    before = {key.partition(':')[2]: torch.from_numpy(value) for key, value in trained.items() if key.startswith('bn:')}
    assert len(before) == 4 and before.keys() <= state_dict.keys()
    model = build_converted(cfg, network, {**state_dict, **before})
    check_training_mode(deepcopy(model), network, trained)


def test_everything_is_in_training_mode_and_only_affine_parameters_are_fixed(network, empty_model, golden, trained):
    assert len(set(golden['modules_in_training_mode'].tolist())) == 1
    assert all(module.training for module in empty_model.modules())
    norms = {name: one for name, one in empty_model.named_modules() if isinstance(one, nn.BatchNorm2d)}
    assert len(norms) == trained['train_bn_layers_in_training_mode'] == trained['train_bn_layers']
    momenta = {key.partition(':')[2]: float(value) for key, value in trained.items() if 'train_momentum:' in key}
    assert {norms[network.target_of(name)].momentum for name in momenta} == set(momenta.values()) == {0.1, 3e-4}
    assert {norm.momentum for name, norm in norms.items() if name.startswith('backbone.')} == {0.1}
    assert {norm.momentum for name, norm in norms.items() if not name.startswith('backbone.')} == {3e-4}
    dropouts = [one for one in empty_model.modules() if isinstance(one, (nn.Dropout, nn.Dropout2d))]
    assert [(type(one), one.p) for one in dropouts] == [(nn.Dropout, 0.5)] * len(dropouts)
    assert len(dropouts) == trained['train_dropout_layers_in_training_mode']
    check_fixed_parameters(empty_model)


def test_optimizer_groups(cfg, network, empty_model, golden):
    check_optimizer_groups(cfg, empty_model, network, golden)


def test_initial_head(cfg, network, golden):
    check_initial_head(build_head(cfg), network, golden)


def test_loss_and_gradient(cfg):
    golden = read_golden('deeplab_v1_train')  # the loss is that of all experiments
    logits = torch.from_numpy(golden['logits']).requires_grad_()
    loss = build_head(cfg).loss_by_feat(logits, label_samples(golden['labels']))['loss_ce']
    loss.backward()
    torch.testing.assert_close(loss.detach(), torch.tensor(golden['loss']), rtol=1e-5, atol=0)
    torch.testing.assert_close(logits.grad, torch.from_numpy(golden['grad_logits']), rtol=1e-4, atol=1e-9)


def test_settings_are_those_of_the_other_experiment(cfg, golden):
    v1 = read_config(REFERENCE_NETWORKS['deeplab-v1'])
    assert (
        cfg.train_dataloader.batch_size == golden['batch_size'] and cfg.train_cfg.max_iters == golden['max_iterations']
    )
    assert cfg.optim_wrapper.optimizer == v1.optim_wrapper.optimizer
    assert cfg.optim_wrapper.optimizer.lr == golden['base_lr'] and cfg.param_scheduler == v1.param_scheduler
    assert cfg.train_dataloader.dataset.pipeline == v1.train_dataloader.dataset.pipeline
    assert cfg.train_dataloader.dataset.pipeline[5].crop_size == golden['crop_size']
    # whose merging of views is compared with the official one in test_reference_deeplab_v1.py
    assert cfg.tta_pipeline == v1.tta_pipeline and cfg.tta_model == v1.tta_model
