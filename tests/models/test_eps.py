"""EPS: losses on both kinds of supervision, maps in the contract of CAMs, the contrast as a switch."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS, init_default_scope
from saliency_samples import CLASSES, sample_of
from torch import nn

from projects.wsis.models.classifiers.two_view_classifier import make_second_view


def build(test_cfg=None, **kwargs):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='EPS',
            backbone=dict(type='ResNet', depth=18, base_channels=8, num_stages=3, out_indices=(2,), norm_eval=True,
                          strides=(1, 2, 1), dilations=(1, 1, 1)),
            head=dict(type='EPSHead', num_classes=CLASSES),
            test_cfg=test_cfg,
            **kwargs,
        )
    )  # fmt: skip
    nn.init.normal_(model.head.classifier.weight)
    return model


@pytest.mark.parametrize('batch', [1, 3])
def test_losses_reach_every_parameter(batch):
    model = build().train()
    photos = torch.randn(batch, 3, 48, 64)
    samples = [sample_of((48, 64), tags) for tags in ((0,), (0, 1, 2), ())[:batch]]
    losses = model(photos, samples, mode='loss')
    maps = model(photos, mode='tensor')
    assert set(losses) == {'loss_cls', 'loss_eps'} and maps.shape == (batch, CLASSES + 1, 6, 8)
    tags = torch.stack([sample.gt_tags for sample in samples])
    expected = F.multilabel_soft_margin_loss(maps[:, 1:].mean((2, 3)), tags)
    torch.testing.assert_close(losses['loss_cls'], expected)
    saliency = torch.stack([sample.gt_saliency.data for sample in samples]).float() / 255
    torch.testing.assert_close(losses['loss_eps'], model.head.loss_eps(maps, saliency, tags))
    sum(losses.values()).backward()
    assert all(p.grad.abs().sum() > 0 for name, p in model.named_parameters() if 'fc' not in name)
    assert (model.head.classifier.weight.grad[0] != 0).any()  # the background learns from saliency alone


def test_mixed_precision_gives_nearly_the_same_losses_in_float32():
    model, photos = build().train(), torch.randn(2, 3, 48, 64)
    samples = [sample_of((48, 64), (0,)), sample_of((48, 64))]
    exact = model(photos, [sample.clone() for sample in samples], mode='loss')
    with torch.autocast('cpu', torch.bfloat16):
        mixed = model(photos, samples, mode='loss')
    for name, loss in exact.items():
        assert mixed[name].dtype == torch.float32
        torch.testing.assert_close(mixed[name], loss, rtol=0.1, atol=0.02)
    sum(mixed.values()).backward()
    assert model.head.classifier.weight.grad.isfinite().all()
    # on the same maps the loss is the same to the last bit
    maps, saliency = torch.randn(2, CLASSES + 1, 6, 8), torch.rand(2, 1, 48, 64)
    tags = torch.tensor([[1.0] + [0.0] * (CLASSES - 1), [1.0] * CLASSES])
    exact = model.head.loss_eps(maps, saliency, tags)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(model.head.loss_eps(maps, saliency, tags), exact)


def test_prediction_keeps_the_contract_of_cams():
    model = build(dict(mode='pseudo_label', stride=4)).eval()
    photo = torch.randn(1, 3, 45, 30)
    with torch.no_grad():
        (sample,) = model(photo, [sample_of((45, 30), (2, 0), saliency=False)], mode='predict')
        maps = model(photo, mode='tensor')[0]
    torch.testing.assert_close(sample.cam_maps, maps.softmax(0)[1:])
    torch.testing.assert_close(sample.pred_scores, maps[1:].mean((1, 2)).sigmoid())
    assert sample.pred_cams.labels.tolist() == [2, 0] and sample.pred_cams.cams.shape == (2, 12, 8)
    expected = F.interpolate(maps.softmax(0)[None, [3, 1]], (12, 8), mode='bilinear')[0]
    torch.testing.assert_close(sample.pred_cams.cams, expected / (expected.amax((1, 2), keepdim=True) + 1e-5))


def test_photo_without_saliency_is_named():
    samples = [sample_of((32, 32)), sample_of((32, 32), photo='bare', saliency=False)]
    with pytest.raises(ValueError, match=r'Photo bare comes without saliency map: add LoadSaliency'):
        build()(torch.randn(2, 3, 32, 32), samples, mode='loss')


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_photo_whose_maps_are_not_finite_is_named(value):
    photos = torch.randn(2, 3, 32, 32)
    photos[1] = value
    samples = [sample_of((32, 32), photo='good'), sample_of((32, 32), photo='spoilt')]
    with pytest.raises(ValueError, match='spoilt') as error:
        build()(photos, samples, mode='loss')
    assert 'good' not in str(error.value) and '\n' not in str(error.value)


@MODELS.register_module()
class SpyContrast(nn.Module):
    """Stands for PPCHead: one convolution, and a memory of what it was given."""

    def __init__(self, in_channels):
        super().__init__()
        self.projector = nn.Conv2d(in_channels, 4, 1)

    def loss(self, features1, maps1, features2, maps2, tags):
        self.given = (features1, maps1, features2, maps2, tags)
        return dict(loss_contrast=self.projector(features1).mean() + self.projector(features2).mean() * 0)


def copy_without_contrast(model):
    plain = build()
    missing, unexpected = plain.load_state_dict(model.state_dict(), strict=False)
    assert not missing and all(name.startswith('contrast_head.') for name in unexpected)
    return plain


def test_contrast_gets_both_views_and_losses_are_their_mean():
    model = build(contrast_head=dict(type='SpyContrast'), second_view=dict(scale_factor=0.5)).train()
    photos, samples = torch.randn(2, 3, 64, 48), [sample_of((64, 48), (1,)), sample_of((64, 48))]
    losses = model(photos, samples, mode='loss')
    features1, maps1, features2, maps2, tags = model.contrast_head.given
    second = F.interpolate(photos, (32, 24), mode='bilinear', align_corners=True)
    torch.testing.assert_close(maps2, model(second, mode='tensor').softmax(1))
    torch.testing.assert_close(maps1, model(photos, mode='tensor').softmax(1))
    assert features1.shape[1] == features2.shape[1] == 32 and maps1.shape[1] == CLASSES + 1
    assert tags.tolist() == [[0, 1, 0], [1, 0, 1]]
    plain = copy_without_contrast(model).train()
    halves = [plain(view, [sample.clone() for sample in samples], mode='loss') for view in (photos, second)]
    for name in ('loss_cls', 'loss_eps'):
        torch.testing.assert_close(losses[name], (halves[0][name] + halves[1][name]) / 2)


def test_at_inference_nothing_of_the_contrast_is_used():
    contrast = build(contrast_head=dict(type='SpyContrast')).eval()
    plain = copy_without_contrast(contrast).eval()
    names = {name for name, _ in contrast.named_parameters()} - {name for name, _ in plain.named_parameters()}
    assert names and all(name.startswith('contrast_head.') for name in names)
    contrast.contrast_head.projector.forward = None  # calling it fails
    photo = torch.randn(1, 3, 40, 40)
    results = [model(photo, [sample_of((40, 40))], mode='predict')[0].pred_cams.cams for model in (contrast, plain)]
    assert torch.equal(*results)


@pytest.mark.parametrize('second_view', [dict(scale=0.5), dict(scale_factor=0.5, size=8)])
def test_second_view_takes_one_of_both(second_view):
    build(second_view=dict(scale_factor=None, size=(16, 16)))  # as configs override
    with pytest.raises(ValueError, match='second_view is dict'):
        build(second_view=second_view)


@pytest.mark.parametrize(
    'settings, size', [(dict(scale_factor=0.3), (13, 6)), (dict(size=(16, 16)), (16, 16)), (dict(size=(9, 7)), (9, 7))]
)
def test_second_view_keeps_corners(settings, size):
    photos = torch.randn(2, 3, 45, 20)
    view = make_second_view(photos, **settings)
    assert view.shape == (2, 3, *size)
    for row, column in ((0, 0), (0, -1), (-1, 0), (-1, -1)):
        torch.testing.assert_close(view[..., row, column], photos[..., row, column])
