"""DeepLab V1 as its config builds it trains and tests as in the official code of PPC."""

from collections import defaultdict
from copy import deepcopy

import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmdet.structures import DetDataSample
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, TRANSFORMS, DefaultScope
from mmengine.structures import PixelData
from PIL import Image
from reference_models import ROOT, check
from torch import nn

from projects.wsis.apis.configs import load_config
from projects.wsis.ops.dense_crf import refine_scores_with_crf
from projects.wsis.reference.convert import convert_state_dict
from projects.wsis.reference.networks import REFERENCE_NETWORKS

NETWORK = REFERENCE_NETWORKS['deeplab-v1']
GOLDEN = ROOT / 'tests' / 'data' / 'golden'


def read_golden(name):
    with np.load(GOLDEN / f'{name}.npz', allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture(scope='module', autouse=True)
def mmseg_scope():
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


@pytest.fixture(scope='module')
def cfg():
    cfg = load_config(NETWORK.config)
    cfg.model.backbone.init_cfg = None  # a test downloads nothing
    return cfg


@pytest.fixture(scope='module')
def golden():
    """Training step, optimizer groups and initial head of the official code."""
    return read_golden('deeplab_v1_train')


@pytest.fixture(scope='module')
def empty_model(cfg):
    """The model without numbers, in training mode."""
    with torch.device('meta'):
        return MODELS.build(deepcopy(cfg.model)).train()


@pytest.fixture
def model(cfg, public_state_dict):
    with torch.device('meta'):
        model = MODELS.build(deepcopy(cfg.model))
    weights = convert_state_dict(public_state_dict('deeplab_v1_resnet38'), NETWORK, 'public.pth')
    model.load_state_dict(weights, strict=True, assign=True)
    model.data_preprocessor.to_empty(device='cpu')
    return model


def predict_logits(model, photos):
    """Return the logits at photo size (N, 21, H, W) of normalised photos."""
    size = tuple(photos.shape[-2:])
    samples = [DetDataSample(metainfo=dict(ori_shape=size, img_shape=size)) for _ in photos]
    return torch.stack([sample.seg_logits.data for sample in model(photos, samples, mode='predict')])


@torch.no_grad()
def test_converted_checkpoint_gives_the_public_logits(model, golden_network):
    golden = golden_network('deeplab_v1_resnet38')
    found = predict_logits(model.eval(), torch.from_numpy(golden['input']))
    check(found[..., ::3, ::3], golden['out_logits_every_third'], 3e-4)


@torch.no_grad()
def test_training_mode_gives_the_public_logits_and_running_statistics(model, golden_network):
    golden = golden_network('deeplab_v1_resnet38_train')
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
        check(buffers[NETWORK.target_of(key.partition(':')[2])], golden[key])


def test_everything_is_in_training_mode_and_only_affine_parameters_are_fixed(empty_model, golden, golden_network):
    assert golden['modules_in_training_mode'].tolist() == [109, 109]
    modules = list(empty_model.modules())
    assert all(module.training for module in modules)
    norms = [module for module in modules if isinstance(module, nn.BatchNorm2d)]
    network = golden_network('deeplab_v1_resnet38_train')
    assert len(norms) == network['train_bn_layers_in_training_mode']
    momenta = {float(value) for key, value in network.items() if key.startswith('train_momentum:')}
    assert {norm.momentum for norm in norms} == momenta == {3e-4}
    dropouts = [module for module in modules if isinstance(module, (nn.Dropout, nn.Dropout2d))]
    assert len(dropouts) == network['train_dropout_layers_in_training_mode']
    assert [(type(module), module.p) for module in dropouts] == [
        *[(nn.Dropout2d, rate) for rate in (0.3, 0.3, 0.5, 0.5)],
        (nn.Dropout, 0.5),
    ]
    fixed = {id(parameter) for parameter in empty_model.parameters() if not parameter.requires_grad}
    assert fixed == {id(parameter) for norm in norms for parameter in norm.parameters()}


def test_optimizer_groups(cfg, empty_model, golden):
    optimizer = build_optim_wrapper(empty_model, cfg.optim_wrapper).optimizer
    names = {id(parameter): name for name, parameter in empty_model.named_parameters()}
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
            expected = {NETWORK.target_of(name) for name in golden[f'group{index}_names'] if name}
            assert {names.pop(id(parameter)) for parameter in parameters} == expected
        else:
            assert all(names.pop(id(parameter)).startswith('backbone.') for parameter in parameters)
    assert not groups and len(names) == golden['not_optimised_tensors']


@pytest.fixture(scope='module')
def head(cfg):
    torch.manual_seed(0)
    head = MODELS.build(deepcopy(cfg.model.decode_head))
    head.init_weights()
    return head


def test_loss_and_gradient(head, golden):
    logits = torch.from_numpy(golden['logits']).requires_grad_()
    labels = torch.from_numpy(golden['labels']).long()
    assert (labels < 255).sum() == golden['valid_pixels'] < golden['all_pixels']
    samples = [DetDataSample() for _ in labels]
    for sample, label in zip(samples, labels):
        sample.gt_sem_seg = PixelData(data=label[None])
    loss = head.loss_by_feat(logits, samples)['loss_ce']
    loss.backward()
    torch.testing.assert_close(loss.detach(), torch.tensor(golden['loss']), rtol=1e-5, atol=0)
    torch.testing.assert_close(logits.grad, torch.from_numpy(golden['grad_logits']), rtol=1e-4, atol=1e-9)


def test_initial_head(head, golden):
    parameters = dict(head.named_parameters(prefix='decode_head'))
    for index, name in enumerate(golden['head_names']):
        values = parameters.pop(NETWORK.target_of(name)).detach()
        shape = tuple(length for length in golden['head_shape'][index] if length)
        deviation, mean, least, most = (golden[f'head_{key}'][index] for key in ('std', 'mean', 'min', 'max'))
        assert values.shape == shape
        if name == 'cls_conv.bias':  # uniform up to 1 / sqrt(512), as torch makes it
            assert max(-least, most) < 512**-0.5 and values.abs().max() < 512**-0.5
            assert values.abs().max() > 0.5 * 512**-0.5
        elif len(shape) == 1:
            assert deviation == 0 and (values == mean).all()
        else:
            # five standard deviations of the estimates; the extremes tell a normal distribution from a uniform one
            scatter = 5 * deviation / values.numel() ** 0.5
            assert abs(values.std() - deviation) < scatter and abs(values.mean() - mean) < 2 * scatter
            assert 0.75 < values.min() / least < 1.35 and 0.75 < values.max() / most < 1.35
    assert not parameters


@torch.no_grad()
def test_views_are_merged_as_in_the_official_test(cfg, empty_model):
    golden = read_golden('deeplab_tta')
    height, width = golden['size'].tolist()
    views = []
    for index in range(len(golden['scales'])):
        for suffix, flip in (('', None), ('_flip', 'horizontal')):
            logits = torch.from_numpy(golden[f'logits_{index}{suffix}_in_32nds'] / np.float32(32))
            meta = dict(img_id='a', ori_shape=(height, width), flip=flip is not None, flip_direction=flip)
            views += empty_model.postprocess_result(logits[None], [DetDataSample(metainfo=meta)])
    labels = {}
    for average in (cfg.tta_model.average, 'probabilities'):
        settings = dict(cfg.tta_model, crf=None, average=average, module=dict(type='PrecomputedLabels'))
        (merged,) = MODELS.build(settings).merge_preds([deepcopy(views)])
        labels[average] = merged.pred_sem_seg.data[0].numpy()
    assert np.array_equal(labels['logits'], golden['label'])
    assert (labels['probabilities'] != golden['label']).sum() == 19


def test_test_looks_at_the_official_sizes_and_refines_by_the_crf(cfg, tmp_path):
    golden = read_golden('deeplab_tta')
    colors = np.random.default_rng(0).integers(0, 256, (*golden['size'], 3), np.uint8)
    Image.fromarray(colors).save(tmp_path / 'a.png')
    views = Compose(cfg.tta_pipeline)(dict(img_path=str(tmp_path / 'a.png'), img_id='a'))
    sizes = [list(view.shape[1:]) for view in views['inputs']]
    assert sizes == [size for size in golden['sizes'].tolist() for _ in range(2)]
    assert [bool(sample.flip) for sample in views['data_samples']] == [False, True] * len(golden['sizes'])

    logits = 2 * torch.randn(21, *golden['size'], generator=torch.Generator().manual_seed(0))
    sample = views['data_samples'][0]
    sample.seg_logits = PixelData(data=logits)
    merger = MODELS.build(dict(cfg.tta_model, module=dict(type='PrecomputedLabels')))
    (merged,) = merger.merge_preds([[sample]])
    scores = logits.softmax(0).numpy()
    expected = refine_scores_with_crf(colors, scores, 10, gaussian=(1.0, 3.0), bilateral=(67.0, 3.0, 4.0)).argmax(0)
    assert np.array_equal(merged.pred_sem_seg.data[0], expected) and (expected != scores.argmax(0)).any()


def test_training_data_and_length_are_those_of_the_official_code(cfg, golden):
    hsv, crop, (least, most) = golden['hsv_range'], int(golden['crop_size']), golden['scale_range']
    steps = {step.type.split('.')[-1]: TRANSFORMS.build(step) for step in cfg.train_dataloader.dataset.pipeline}
    assert list(steps)[2] == 'RandomHSVShift'
    assert np.array_equal(steps['RandomHSVShift'].ranges, hsv)
    assert steps['RandomRescale'].factor_range == (least, most) and steps['RandomRescale'].interpolation == 'bicubic'
    assert steps['RandomFlip'].prob == golden['flip_probability'] and steps['RandomCropAndPad'].crop_size == crop
    assert cfg.train_dataloader.batch_size == golden['batch_size']
    assert cfg.train_cfg.max_iters == golden['max_iterations']
    assert cfg.optim_wrapper.optimizer.lr == golden['base_lr']
