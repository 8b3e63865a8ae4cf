"""A segmentor of several scales, the ResNet of Caffe, and the head of joined branches: by hand, and what is refused."""

import pytest
import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.registry import MODELS, DefaultScope, init_default_scope
from mmengine.structures import PixelData

import projects.wsis.models.heads.deeplab_head
import projects.wsis.models.heads.pyramid_head
import projects.wsis.models.segmentors.multi_scale_segmentor  # noqa: F401  (as configs import it)


@pytest.fixture(autouse=True)
def mmseg_scope(monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
    init_default_scope('mmseg')
    torch.manual_seed(0)


BACKBONE = dict(
    type='CaffeResNet', depth=50, base_channels=4, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), out_indices=(3,)
)
HEAD = dict(
    type='DeepLabHead', in_channels=128, dilations=(1, 2), num_classes=4, loss_decode=dict(type='CrossEntropyLoss')
)


def build(**settings):
    model = MODELS.build(
        dict(
            type='MultiScaleSegmentor',
            backbone=BACKBONE,
            decode_head=HEAD,
            train_cfg=dict(),
            test_cfg=ConfigDict(mode='whole'),
            data_preprocessor=dict(type='SegDataPreProcessor'),
            **settings,
        )
    )
    model.init_weights()
    return model


def samples_of(photos, label=None):
    size = tuple(photos.shape[-2:])
    samples = [DetDataSample(metainfo=dict(ori_shape=size, img_shape=size)) for _ in photos]
    for sample in samples:
        labels = torch.randint(0, 4, (1, *size)) if label is None else torch.full((1, *size), label)
        sample.gt_sem_seg = PixelData(data=labels)
    return samples


@torch.no_grad()
@pytest.mark.parametrize('count', [1, 3])
def test_maximum_by_hand(count):
    model = build(scales=(0.5,)).eval()
    photos = torch.randn(count, 3, 65, 81)
    head, small = model.decode_head, F.interpolate(photos, scale_factor=0.5, mode='bilinear')
    first, second = head(model.backbone(photos)), head(model.backbone(small))
    assert first.shape[-2:] == (9, 11) and second.shape[-2:] == (5, 6)
    expected = torch.maximum(first, F.interpolate(second, (9, 11), mode='bilinear'))
    found = model(photos, mode='tensor')
    assert torch.equal(found, expected) and (found > first).any() and (found == first).any()
    logits = torch.stack([one.seg_logits.data for one in model(photos, samples_of(photos), mode='predict')])
    torch.testing.assert_close(logits, F.interpolate(expected, (65, 81), mode='bilinear'))


def test_every_scale_and_the_maximum_have_a_loss_that_trains():
    model = build().train()
    photos = torch.randn(2, 3, 64, 64)
    losses = model(photos, samples_of(photos), mode='loss')
    names = ['decode.loss_scale_1', 'decode.loss_scale_0.5', 'decode.loss_scale_0.75', 'decode.loss_maximum']
    assert list(losses) == [*names, 'decode.acc_seg'] and 0 <= losses['decode.acc_seg'] <= 100
    total, _ = model.parse_losses(losses)
    torch.testing.assert_close(total, sum(losses[name] for name in names))
    total.backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in model.decode_head.parameters())


def test_unsure_pixels_do_not_count():
    model = build().train()
    photos = torch.randn(2, 3, 64, 64)
    losses = model(photos, samples_of(photos, label=255), mode='loss')
    assert all(value == 0 for key, value in losses.items() if 'loss' in key)


@torch.no_grad()
@pytest.mark.parametrize('size', [(1, 1), (1, 30), (2, 1), (200, 1)])
def test_thin_photos(size):
    model = build().eval()
    photos = torch.randn(1, 3, *size)
    (found,) = model(photos, samples_of(photos), mode='predict')
    assert tuple(found.pred_sem_seg.data.shape) == (1, *size) and found.seg_logits.data.isfinite().all()


def test_auxiliary_heads_are_refused():
    with pytest.raises(ValueError, match='set auxiliary_head=None') as error:
        build(auxiliary_head=HEAD)
    assert '\n' not in str(error.value)


@torch.no_grad()
def test_pooling_of_caffe_rounds_up():
    settings = {key: value for key, value in BACKBONE.items() if key != 'type'}
    ours = MODELS.build(BACKBONE)
    plain = MODELS.build(dict(type='mmdet.ResNet', style='caffe', **settings))
    for network in (ours, plain):
        network.eval()  # returns nothing in mmdet
    plain.load_state_dict(ours.state_dict())
    assert ours.layer2[0].conv1.stride == (2, 2) and ours.layer2[0].conv2.stride == (1, 1)
    for side, stem in ((321, 81), (240, 61), (160, 41)):
        photos = torch.randn(1, 3, side, side)
        (found,), (other,) = ours(photos), plain(photos)
        assert found.shape[-1] == (stem + 1) // 2
        assert (found.shape == other.shape) == (side == 321 or stem % 2 == 0)
    torch.testing.assert_close(*(model(torch.randn(1, 3, 321, 321, generator=seeded()))[0] for model in (ours, plain)))


def seeded():
    return torch.Generator().manual_seed(0)


def build_pyramid(**settings):
    settings = dict(in_channels=6, channels=5, num_classes=4, norm_cfg=dict(type='BN'), **settings)
    return MODELS.build(dict(type='PyramidHead', **settings))


@torch.no_grad()
def test_branches_are_joined_and_the_photo_comes_last():
    head = build_pyramid(dilations=(2, 3)).eval()
    features = torch.randn(2, 6, 9, 11)
    parts = [head.branches[0](features), head.branches[1](features)]
    parts.append(head.photo_branch(features.mean((2, 3), keepdim=True)).expand(2, 5, 9, 11))
    assert [branch.conv.dilation for branch in head.branches] == [(2, 2), (3, 3)]
    fused = head.fusion[0](torch.cat(parts, 1))
    torch.testing.assert_close(head((features,)), head.conv_seg(fused))
    assert head((features,)).shape == (2, 4, 9, 11) and head.fusion[0].conv.kernel_size == (1, 1)


def test_values_are_dropped_twice_in_training():
    head = build_pyramid(dilations=(1,), dropout_ratio=0.5).train()
    dropped = [module for module in head.modules() if isinstance(module, torch.nn.Dropout)]
    assert [module.p for module in dropped] == [0.5, 0.5]
    features = torch.randn(2, 6, 9, 11)
    assert not torch.equal(head((features,)), head((features,)))


def test_pyramid_without_branch_is_refused():
    with pytest.raises(ValueError, match='PyramidHead needs one dilation at least'):
        build_pyramid(dilations=())
