"""Peak attention, the classifier that reads peaks out, VGG16, and parity with the official network."""

from functools import cache

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS, init_default_scope
from reference_models import ROOT, build, check, load_converted, load_model_config

from projects.wsis.apis.configs import load_config
from projects.wsis.models.backbones import VGG16
from projects.wsis.models.heads import PAMHead, PeakAttentionModule


@cache
def read_golden(name):
    with np.load(ROOT / 'tests/data/golden' / f'{name}.npz', allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture
def golden():
    return read_golden('pam')


@pytest.mark.parametrize('case', ['alpha05', 'alpha07'])
def test_attention_has_the_public_values_and_gradients(golden, case):
    features = torch.from_numpy(golden['pam_in']).requires_grad_()
    before = features.detach().clone()
    kept = PeakAttentionModule(float(golden[f'{case}_alpha']))(features)
    torch.testing.assert_close(kept, torch.from_numpy(golden[f'{case}_out']), rtol=0, atol=0)
    (kept * torch.arange(kept.numel()).reshape(kept.shape).cos()).sum().backward()
    torch.testing.assert_close(features.grad, torch.from_numpy(golden[f'{case}_grad']), rtol=1e-6, atol=1e-7)
    assert torch.equal(features.detach(), before)


def test_attention_by_hand():
    features = torch.tensor([[[[1.0, 0.7, 0.69], [-2.0, 0.0, 1.0]], [[-1.0, -2.0, -3.0], [-1.0, -1.0, -1.0]]]])
    kept = PeakAttentionModule(0.7)(features)
    assert kept[0, 0].tolist() == [[1.0, pytest.approx(0.7), 0.0], [0.0, 0.0, 1.0]]
    assert not kept[0, 1].any()


@pytest.mark.parametrize('batch_size', [1, 3])
def test_each_channel_of_each_photo_has_its_own_maximum(batch_size):
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(batch_size, 5, 7, 6, generator=generator).transpose(2, 3)  # not contiguous
    together = PeakAttentionModule(0.6)(features)
    for sample in range(batch_size):
        for channel in range(5):
            alone = PeakAttentionModule(0.6)(features[sample : sample + 1, channel : channel + 1].contiguous())
            assert torch.equal(together[sample, channel], alone[0, 0])


def test_gradients_of_attention():
    features = torch.randn(2, 3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert torch.autograd.gradcheck(PeakAttentionModule(0.5), features.requires_grad_())


@pytest.mark.parametrize('alpha', [-0.1, 1.1, float('nan')])
def test_bad_alpha(alpha):
    with pytest.raises(ValueError, match=r'alpha is a part of the maximum, in \[0, 1\]'):
        PeakAttentionModule(alpha)


def test_head_attends_after_every_convolution():
    torch.manual_seed(0)
    head = PAMHead(
        num_classes=4, in_channels=6, channels=5, num_convs=2, attention=dict(type='PeakAttentionModule', alpha=0.9)
    )
    features = torch.randn(2, 6, 9, 8)
    by_hand = features
    for conv in head.convs:
        by_hand = PeakAttentionModule(0.9)(conv(by_hand))
    torch.testing.assert_close(head((features,)), head.classifier(by_hand))
    assert head.classifier.bias is not None and [conv.in_channels for conv in head.convs] == [6, 5]


def peaks_of(model, maps, size, tags):
    """Peaks of class maps (2, C, h, w) of a photo and its mirror image."""
    merger = MODELS.build(dict(type='CAMTTAModel', module=dict(type='PrecomputedLabels')))
    merger.module = model
    views = []
    for index, view in enumerate(maps):
        info = dict(img_id='a', ori_shape=size, img_shape=size, tags=tags, flip=bool(index))
        sample = DetDataSample(metainfo=dict(info, flip_direction='horizontal' if index else None))
        sample.cam_maps, sample.pred_scores = view.relu(), torch.zeros(len(view))
        views.append(sample)
    return merger.merge_preds([views])[0]


def build_classifier(**test_cfg):
    init_default_scope('mmdet')
    return MODELS.build(
        dict(
            type='PeakClassifier',
            backbone=dict(type='VGG16', out_indices=(0,)),
            head=dict(type='PAMHead', num_classes=5, channels=4, num_convs=1),
            test_cfg=test_cfg,
        )
    ).eval()


def test_peaks_are_those_of_the_public_code(golden):
    rows = torch.from_numpy(read_golden('bestie_peaks')['point_rows'])  # x, y, class, score
    tags = golden['cam_label'][0].nonzero()[0].tolist()
    sample = peaks_of(build_classifier(), torch.from_numpy(golden['cam_raw']), golden['cam_norm'].shape[2:], tags)
    peaks = sample.pred_peaks
    assert torch.equal(peaks.points, rows[:, [1, 0]].long()) and torch.equal(peaks.labels, rows[:, 2].long())
    torch.testing.assert_close(peaks.scores.double(), rows[:, 3], rtol=1e-5, atol=1e-6)
    assert sample.pred_cams.labels.tolist() == tags


def test_settings_of_peaks_count(golden):
    maps, size = torch.from_numpy(golden['cam_raw']), golden['cam_norm'].shape[2:]
    tags = golden['cam_label'][0].nonzero()[0].tolist()
    few = peaks_of(build_classifier(max_peaks=1), maps, size, tags).pred_peaks
    assert len(few) == len(tags)
    high = peaks_of(build_classifier(peak_threshold=0.8), maps, size, tags).pred_peaks
    assert len(high) > 0 and (high.scores >= 0.8).all()
    everywhere = peaks_of(build_classifier(peak_kernel=1), maps, size, tags).pred_peaks
    assert len(everywhere) == 25 * len(tags)


def test_no_response_gives_no_peak():
    sample = peaks_of(build_classifier(), -torch.ones(2, 5, 6, 7), (20, 30), [1, 3])
    assert sample.pred_peaks.points.shape == (0, 2) and sample.pred_cams.cams.shape == (2, 20, 30)


def test_photo_without_tags_has_no_peak():
    sample = peaks_of(build_classifier(), torch.ones(2, 5, 6, 7), (20, 30), [])
    assert sample.pred_peaks.points.shape == (0, 2) and sample.pred_cams.cams.shape == (0, 20, 30)


def test_places_are_whole_in_half_precision():
    maps = torch.zeros(2, 5, 2, 3000, dtype=torch.float16)
    maps[0, 1, 1, 2051] = maps[1, 1, 1, 2999 - 2051] = 1
    peaks = peaks_of(build_classifier(), maps, (2, 3000), [1]).pred_peaks
    assert len(peaks) == 1 and 2050 <= peaks.points[0, 1] <= 2052  # whole numbers over 2048 are even in float16


@pytest.mark.parametrize('cell', [(0, 5), (5, 0), (0, 0), (10, 10), (5, 5)])
def test_an_object_at_the_border_has_one_peak(cell):
    view = torch.zeros(11, 11)
    view[cell] = 1
    view[5, 8 if cell == (5, 5) else 5] = 0.6  # a second object is not crowded out
    maps = torch.zeros(2, 5, 11, 11)
    maps[0, 1], maps[1, 1] = view, view.flip(-1)
    peaks = peaks_of(build_classifier(), maps, (200, 300), [1]).pred_peaks
    assert len(peaks) == 2 and peaks.scores[0] > peaks.scores[1]
    y, x = (peaks.points[0] * 11 // torch.tensor([200, 300])).tolist()
    assert abs(y - cell[0]) <= 1 and abs(x - cell[1]) <= 1


def test_diverged_network_is_named():
    with pytest.raises(ValueError, match='The class maps of photo a are not finite'):
        peaks_of(build_classifier(), torch.full((2, 5, 6, 7), float('nan')), (20, 30), [1])


def test_peaks_need_the_photo_s_own_pixels():
    with pytest.raises(ValueError, match='test_cfg.stride must be 1, not 4'):
        build_classifier(stride=4)


def test_network_and_converter_are_those_of_the_public_code(golden_network, public_state_dict, tmp_path):
    golden = golden_network('bestie_pam')
    state_dict = dict(model=public_state_dict('bestie_pam'), epoch=15, iter=31746)
    model = load_converted(build(load_model_config('pam')), 'pam', state_dict, tmp_path)
    photos, labels = torch.from_numpy(golden['input']), torch.from_numpy(golden['out_label'])
    size = golden['out_cam'].shape[2:]
    with torch.no_grad():
        maps = model(photos, mode='tensor')
        check(maps.mean((2, 3)), golden['out_logits'])
        cams = torch.stack(
            [
                model.resize_to_photo(view.relu() * tags[:, None, None], size, model.sizes['pred_cams'])
                for view, tags in zip(maps, labels)
            ]
        )
        check(cams, golden['out_cam'])


def test_vgg16_has_the_layers_and_names_of_torchvision():
    backbone = VGG16(out_indices=(0, 1, 2, 3, 4), strides=(1, 2, 2, 2, 2), dilations=(1,) * 5)
    indices = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    names = {f'features.{index}.{part}' for index in indices for part in ('weight', 'bias')}
    assert set(backbone.state_dict()) == names
    sizes = [tuple(output.shape[1:]) for output in backbone(torch.zeros(1, 3, 64, 96))]
    assert sizes == [(64, 64, 96), (128, 32, 48), (256, 16, 24), (512, 8, 12), (512, 4, 6)]
    assert VGG16()(torch.zeros(1, 3, 64, 96))[0].shape == (1, 512, 8, 12)


def test_vgg16_freezes_its_first_stages():
    torch.manual_seed(0)
    backbone = VGG16(frozen_stages=1)
    backbone(torch.randn(1, 3, 32, 32))[0].sum().backward()
    trained = {name for name, parameter in backbone.named_parameters() if parameter.grad is not None}
    assert {int(name.split('.')[1]) for name in trained} == {10, 12, 14, 17, 19, 21, 24, 26, 28}


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(strides=(1, 2, 2)), 'have 5 entries'),
        (dict(strides=(2, 2, 2, 2, 1)), 'strides are 1 or 2, and 1 for the first stage'),
        (dict(strides=(1, 2, 4, 2, 1)), 'strides are 1 or 2'),
        (dict(out_indices=(5,)), 'Stages are 0 to 4'),
        (dict(frozen_stages=5), 'Stages are 0 to 4'),
    ],
)
def test_bad_settings_of_vgg16(settings, words):
    with pytest.raises(ValueError, match=words):
        VGG16(**settings)


def test_training_moves_every_weight():
    model = build_classifier().train()
    torch.manual_seed(0)
    samples = [DetDataSample(gt_tags=F.one_hot(torch.tensor(label), 5).float()) for label in (1, 4)]
    model(torch.randn(2, 3, 32, 32), samples, mode='loss')['loss_cls'].backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.head.parameters())


@pytest.mark.parametrize('backbone', ['vgg16', 'r50'])
def test_batch_is_that_of_the_official_results(backbone):
    cfg = load_config(f'configs/pam/pam_{backbone}_15e_voc2012.py')
    batch = 5 * 2  # images on each of two GPUs there; here of all processes
    assert cfg.train_dataloader.batch_size == cfg.auto_scale_lr.base_batch_size == batch
