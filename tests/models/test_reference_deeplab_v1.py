"""DeepLab V1 as its config builds it trains and tests as in the official code of PPC."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS, TRANSFORMS, DefaultScope
from mmengine.structures import PixelData
from PIL import Image
from reference_deeplab import (
    build_converted,
    build_empty,
    build_head,
    check_fixed_parameters,
    check_initial_head,
    check_optimizer_groups,
    check_training_mode,
    label_samples,
    predict_logits,
    read_config,
    read_golden,
)
from reference_models import check
from torch import nn

from projects.wsis.apis.configs import load_config
from projects.wsis.ops.dense_crf import refine_scores_with_crf
from projects.wsis.reference.networks import REFERENCE_NETWORKS

NETWORK = REFERENCE_NETWORKS['deeplab-v1']


@pytest.fixture(scope='module', autouse=True)
def mmseg_scope():
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


@pytest.fixture(scope='module')
def cfg():
    return read_config(NETWORK)


@pytest.fixture(scope='module')
def golden():
    """Training step, optimizer groups and initial head of the official code."""
    return read_golden('deeplab_v1_train')


@pytest.fixture(scope='module')
def empty_model(cfg):
    return build_empty(cfg)


@pytest.fixture
def model(cfg, public_state_dict):
    return build_converted(cfg, NETWORK, public_state_dict('deeplab_v1_resnet38'))


@torch.no_grad()
def test_converted_checkpoint_gives_the_public_logits(model, golden_network):
    golden = golden_network('deeplab_v1_resnet38')
    found = predict_logits(model.eval(), torch.from_numpy(golden['input']))
    check(found[..., ::3, ::3], golden['out_logits_every_third'], 3e-4)


@torch.no_grad()
def test_training_mode_gives_the_public_logits_and_running_statistics(model, golden_network):
    check_training_mode(model, NETWORK, golden_network('deeplab_v1_resnet38_train'))


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
    check_fixed_parameters(empty_model)


def test_optimizer_groups(cfg, empty_model, golden):
    check_optimizer_groups(cfg, empty_model, NETWORK, golden)


@pytest.fixture(scope='module')
def head(cfg):
    return build_head(cfg)


def test_loss_and_gradient(head, golden):
    logits = torch.from_numpy(golden['logits']).requires_grad_()
    assert (golden['labels'] < 255).sum() == golden['valid_pixels'] < golden['all_pixels']
    loss = head.loss_by_feat(logits, label_samples(golden['labels']))['loss_ce']
    loss.backward()
    torch.testing.assert_close(loss.detach(), torch.tensor(golden['loss']), rtol=1e-5, atol=0)
    torch.testing.assert_close(logits.grad, torch.from_numpy(golden['grad_logits']), rtol=1e-4, atol=1e-9)


def test_initial_head(head, golden):
    check_initial_head(head, NETWORK, golden)


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


@pytest.mark.parametrize(
    'name, settings',
    [
        ('deeplab-v1', dict(iterations=10, gaussian=(1.0, 3.0), bilateral=(67.0, 3.0, 4.0))),
        ('deeplab-v1-seam', dict(iterations=1, gaussian=(3.0, 3.0), bilateral=(32.0, 13.0, 10.0))),
    ],
)
def test_crf_of_ppc_and_of_seam_see_red_first(name, settings, tmp_path):
    cfg = load_config(f'configs/deeplab/{name}_resnet38_20k_voc2012.py')
    coarse = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    photo = Image.fromarray(coarse).resize((50, 40), Image.BICUBIC)
    photo.save(tmp_path / 'a.png')
    logits = torch.randn(21, 40, 50, generator=torch.Generator().manual_seed(0))
    sample = DetDataSample(metainfo=dict(img_id='a', img_path=str(tmp_path / 'a.png'), ori_shape=(40, 50)))
    sample.seg_logits = PixelData(data=logits)
    (merged,) = MODELS.build(dict(cfg.tta_model, module=dict(type='PrecomputedLabels'))).merge_preds([[sample]])
    scores, colors = logits.softmax(0).numpy(), np.asarray(photo)
    expected = refine_scores_with_crf(colors, scores, **settings).argmax(0)
    assert np.array_equal(merged.pred_sem_seg.data[0], expected)
    blue_first = refine_scores_with_crf(np.ascontiguousarray(colors[..., ::-1]), scores, **settings).argmax(0)
    assert (blue_first != expected).any()


def test_unknown_order_of_colours_is_refused(cfg):
    settings = dict(cfg.tta_model, crf=dict(channel_order='grb'), module=dict(type='PrecomputedLabels'))
    with pytest.raises(ValueError, match="^channel_order of the crf .* is one of bgr, rgb, not 'grb'$"):
        MODELS.build(settings)


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
