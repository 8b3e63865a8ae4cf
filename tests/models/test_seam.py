"""SEAM and SEAM + PPC: training steps, predictions, what the contrast leaves behind, bad input."""

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.registry import MODELS, init_default_scope
from tiny_chain.processes import call_in_ranks
from torch import nn
from torch.testing import assert_close

from projects.wsis.apis.configs import load_config
from projects.wsis.apis.launch import finish
from projects.wsis.ops.class_maps import clean_maps, resize_aligned
from projects.wsis.ops.pixel_correlation import pixel_correlation

CLASSES = 4
SEAM_LOSSES = {'loss_cls', 'loss_min_pooling', 'loss_er', 'loss_ecr'}
PPC_LOSSES = {'loss_cross_prototype', 'loss_cross_cam', 'loss_intra_view'}


@MODELS.register_module()
class ThreeLevels(nn.Module):
    """Levels of stride 4, 8 and 8 that do not look beyond their cells of 8 pixels."""

    def __init__(self):
        super().__init__()
        self.fine = nn.Conv2d(3, 5, 4, stride=4)
        self.coarse = nn.Conv2d(5, 6, 2, stride=2)
        self.last = nn.Conv2d(6, 8, 1)

    def forward(self, x):
        rows, columns = (-length % 8 for length in x.shape[-2:])
        fine = self.fine(F.pad(x, (0, columns, 0, rows))).relu()
        coarse = self.coarse(fine).relu()
        return fine, coarse, self.last(coarse).relu()


def build(contrast=False, backbone=None, head=None, **settings):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='SEAM',
            backbone=backbone or dict(type='ThreeLevels'),
            head=dict(type='SEAMHead', num_classes=CLASSES, dropout=0.0, **(head or {})),
            contrast_head=dict(type='PPCHead', channels=7) if contrast else None,
            **settings,
        )
    )
    model.init_weights()
    return model.eval()


def sample_of(size, tags=(1, 3), name='a', **metainfo):
    sample = DetDataSample(metainfo=dict(img_id=name, ori_shape=size, img_shape=size, tags=list(tags), **metainfo))
    sample.gt_tags = F.one_hot(torch.tensor(list(tags), dtype=torch.long), CLASSES).sum(0).float()
    return sample


def batch_of(batch_size, size=(40, 48), tags=((0,), (1, 2), ())):
    generator = torch.Generator().manual_seed(0)
    photos = torch.randn(batch_size, 3, *size, generator=generator)
    return photos, [sample_of(size, tags[place % len(tags)], f'photo{place}') for place in range(batch_size)]


@pytest.mark.parametrize('contrast', [False, True])
@pytest.mark.parametrize('loss_stride', [1, 4, None])
@pytest.mark.parametrize('second_view', [dict(scale_factor=0.5), dict(size=(24, 24))])
def test_training_step(contrast, loss_stride, second_view):
    model = build(contrast, loss_stride=loss_stride, second_view=second_view).train()
    losses = model(*batch_of(3), mode='loss')
    assert set(losses) == SEAM_LOSSES | (PPC_LOSSES if contrast else set())
    assert all(loss.isfinite() and loss >= 0 for loss in losses.values())
    sum(losses.values()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize('contrast', [False, True])
@pytest.mark.parametrize('tags', [(), (2,), (0, 1, 2, 3)])
def test_batch_of_one_with_no_one_and_all_classes(contrast, tags):
    model = build(contrast).train()
    losses = model(*batch_of(1, tags=(tags,)), mode='loss')
    sum(losses.values()).backward()
    assert all(loss.isfinite() for loss in losses.values())
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_contrast_changes_no_loss_of_seam():
    photos, samples = batch_of(3)
    seam, both = build(), build(contrast=True)
    both.load_state_dict(seam.state_dict(), strict=False)
    alone, together = seam(photos, samples, mode='loss'), both(photos, samples, mode='loss')
    for name in SEAM_LOSSES:
        assert_close(alone[name], together[name])


def build_shipped(name):
    """The model of a config on the small backbone of these tests."""
    cfg = load_config(f'configs/ppc/{name}.py').model
    cfg.backbone = ConfigDict(type='ThreeLevels')
    cfg.head.num_classes = CLASSES
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    return model


@pytest.mark.parametrize('name', [None, 'ppc-seam_resnet38_8e_voc2012', 'ppc-seam_resnet38_reference_voc2012'])
def test_contrast_sees_what_the_classifier_sees(name):
    model = build_shipped(name) if name else build(contrast=True)
    model.train()
    if name:
        assert type(model.head.dropout) is nn.Dropout2d and model.head.dropout.p == 0.5
    model.head.dropout.p = 0.5
    seen = {'classifier': [], 'projector': []}
    for owner, name in ((model.head, 'classifier'), (model.contrast_head, 'projector')):
        getattr(owner, name).register_forward_hook(lambda _, inputs, __, name=name: seen[name].append(inputs[0]))
    levels = []
    model.backbone.register_forward_hook(lambda *arguments: levels.append(arguments[-1][-1]))
    model.loss(*batch_of(2))
    for classified, projected, level in zip(seen['classifier'], seen['projector'], levels, strict=True):
        assert torch.equal(classified, projected)
        dropped = (classified == 0).all((2, 3)) & (level != 0).any(3).any(2)
        assert dropped.any() and not dropped.all()


def test_pixel_correlation_teaches_nothing_to_the_backbone():
    model = build()
    photos, _ = batch_of(2)
    model.head(model.extract_feat(photos), photos).refined.sum().backward()
    assert all(parameter.grad is None for parameter in model.backbone.parameters())
    assert model.head.classifier.weight.grad is None
    assert model.head.correlation.embedding.weight.grad is not None


@torch.no_grad()
def test_tensor_mode_gives_raw_and_refined_maps_of_the_photos_size():
    model = build()
    photos, _ = batch_of(2)
    levels = model.extract_feat(photos)
    raw = F.conv2d(levels[2], model.head.classifier.weight)
    module, size = model.head.correlation, raw.shape[-2:]
    parts = [resize_aligned(photos, size)]
    for branch, level in zip(module.branches, levels[:2]):
        parts.append(resize_aligned(branch(level).relu(), size))
    refined = pixel_correlation(clean_maps(raw), module.embedding(torch.cat(parts, 1)))
    maps = model(photos, mode='tensor')
    assert maps.raw.shape == maps.refined.shape == (2, CLASSES + 1, 40, 48)
    assert_close(maps.raw, F.interpolate(raw, (40, 48), mode='bilinear', align_corners=True))
    assert_close(maps.refined, F.interpolate(refined, (40, 48), mode='bilinear', align_corners=True))


@torch.no_grad()
@pytest.mark.parametrize('stride', [1, 4])
def test_predictions_are_refined_maps_from_minimum_to_maximum(stride):
    model = build(test_cfg=dict(stride=stride))
    photos, _ = batch_of(1, (45, 30))
    (sample,) = model(photos, [sample_of((45, 30), (3, 1))], mode='predict')
    maps = model(photos, mode='tensor')
    enlarged = model.enlarge_maps(sample.cam_maps, sample)
    assert enlarged.shape == (CLASSES, 45, 30)
    assert_close(enlarged, maps.refined[0, 1:])
    size = ((45 - 1) // stride + 1, (30 - 1) // stride + 1)
    expected = F.interpolate(maps.refined[:, [4, 2]], size, mode='bilinear')[0]
    lowest, highest = expected.amin((1, 2), keepdim=True), expected.amax((1, 2), keepdim=True)
    assert sample.pred_cams.labels.tolist() == [3, 1]
    assert_close(sample.pred_cams.cams, (expected - lowest) / (highest - lowest + 1e-5))
    logits = model.head(model.extract_feat(photos), photos).raw[0, 1:].mean((1, 2))
    assert_close(sample.pred_scores, logits.sigmoid())


@torch.no_grad()
@pytest.mark.parametrize('sizes', [((40, 64), (64, 40)), ((33, 50), (50, 21)), ((17, 33), (8, 8))])
def test_padded_batch_gives_what_single_photos_give(sizes):
    model = build()
    height, width = (max(size[axis] for size in sizes) for axis in (0, 1))
    photos = [torch.randn(3, *size, generator=torch.Generator().manual_seed(1)) for size in sizes]
    batch = torch.stack([F.pad(photo, (0, width - photo.shape[2], 0, height - photo.shape[1])) for photo in photos])
    together = model(batch, [sample_of(size) for size in sizes], mode='predict')
    for photo, size, sample in zip(photos, sizes, together):
        # the backbone of this test cuts the photo into whole cells, so padding it changes nothing
        (alone,) = model(photo[None], [sample_of(size)], mode='predict')
        assert_close(sample.pred_scores, alone.pred_scores)
        assert_close(sample.pred_cams.cams, alone.pred_cams.cams)


@torch.no_grad()
def test_merging_of_views_works_unchanged():
    model = build()
    merger = MODELS.build(dict(type='CAMTTAModel', module=dict(type='PrecomputedLabels')))
    merger.module = model
    photos, _ = batch_of(1, (40, 48))
    flips = (None, dict(flip=True, flip_direction='horizontal'))
    views = [
        model(photos if flip is None else photos.flip(-1), [sample_of((40, 48), **(flip or {}))], mode='predict')[0]
        for flip in flips
    ]
    (merged,) = merger.merge_preds([views])
    total = model(photos, mode='tensor').refined + model(photos.flip(-1), mode='tensor').refined.flip(-1)
    total = F.interpolate(total[:, [2, 4]], (10, 12), mode='bilinear')[0]
    lowest, highest = total.amin((1, 2), keepdim=True), total.amax((1, 2), keepdim=True)
    assert_close(merged.pred_cams.cams, (total - lowest) / (highest - lowest + 1e-5))


@torch.no_grad()
def test_contrast_costs_nothing_at_inference():
    seam, both = build(), build(contrast=True)
    extra = set(dict(both.named_parameters())) - set(dict(seam.named_parameters()))
    assert extra == {'contrast_head.projector.weight'}
    for parameter in both.parameters():
        parameter.add_(0.05 * torch.randn_like(parameter))
    # a checkpoint of SEAM + PPC in SEAM: every parameter finds its weights
    missing = seam.load_state_dict(both.state_dict(), strict=False).missing_keys
    assert not missing
    photos, samples = batch_of(2)
    calls = []
    both.contrast_head.register_forward_hook(lambda *_: calls.append(1))
    both.contrast_head.projector.register_forward_hook(lambda *_: calls.append(1))
    found = both(photos, samples, mode='predict')
    expected = seam(photos, [sample.clone() for sample in samples], mode='predict')
    assert not calls
    for one, other in zip(found, expected):
        assert torch.equal(one.pred_scores, other.pred_scores)
        assert torch.equal(one.pred_cams.cams, other.pred_cams.cams)


@pytest.mark.parametrize(
    'backbone',
    [
        dict(type='ResNet', depth=18, base_channels=8, strides=(1, 2, 2, 1)),
        dict(type='ResNet', depth=18, base_channels=8, strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4)),
        dict(type='StridedMobileNetV2', output_stride=16, widen_factor=0.5, out_indices=(2, 4, 7)),
        dict(type='ResNet38', base_channels=4, out_indices=(2, 3, 4)),
        dict(type='mmseg.ResNetV1c', depth=18, base_channels=8, stem_channels=8, strides=(1, 2, 1, 1)),
    ],
)
@pytest.mark.parametrize('contrast', [False, True])
def test_any_backbone_at_stride_8_or_16(backbone, contrast):
    model = build(contrast, backbone, second_view=dict(size=(64, 64))).train()
    assert model.feature_stride in (8, 16)
    photos, samples = batch_of(2, (96, 96))
    losses = model(photos, samples, mode='loss')
    sum(losses.values()).backward()
    assert all(loss.isfinite() for loss in losses.values())
    with torch.no_grad():
        (sample, _) = model.eval()(photos, samples, mode='predict')
        assert model.enlarge_maps(sample.cam_maps, sample).shape == (CLASSES, 96, 96)


def test_half_precision():
    model = build(contrast=True).train()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model(*batch_of(3), mode='loss')
    exact = model(*batch_of(3), mode='loss')
    assert all(loss.dtype == torch.float32 for loss in losses.values())
    for name in SEAM_LOSSES:
        assert_close(losses[name], exact[name], rtol=0.1, atol=0.01)
    sum(losses.values()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def _rank_gradients(rank, world_size, rendezvous, folder):
    dist.init_process_group('gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=world_size)
    torch.set_num_threads(1)
    torch.save(_train_once(rank), f'{folder}/rank{rank}.pth')
    finish()  # together, or a process may wait for one that has left


def _train_once(rank):
    """Losses and gradients of SEAM + PPC, under DistributedDataParallel where there are processes."""
    model = build(contrast=True, second_view=dict(size=(24, 24))).train()
    wrapped = model if rank is None else nn.parallel.DistributedDataParallel(model)
    photos, samples = batch_of(4)
    share = slice(None) if rank is None else slice(2 * rank, 2 * rank + 2)
    losses = wrapped(photos[share], samples[share], mode='loss')
    sum(losses.values()).backward()
    return dict(
        losses={name: loss.detach() for name, loss in losses.items()},
        gradients={name: parameter.grad for name, parameter in model.named_parameters()},
    )


def test_two_processes_equal_one(tmp_path):
    call_in_ranks(_rank_gradients, 2, tmp_path / 'rendezvous', tmp_path)
    ranks = [torch.load(tmp_path / f'rank{rank}.pth', weights_only=True) for rank in (0, 1)]
    whole = _train_once(None)
    for name, loss in whole['losses'].items():
        shares = [rank['losses'][name] for rank in ranks]
        assert shares[0] != shares[1], 'the ranks should differ, or this test shows nothing'
        assert_close(sum(shares) / 2, loss, rtol=1e-4, atol=1e-6)
    for name, gradient in whole['gradients'].items():
        for rank in ranks:
            scale = gradient.abs().max()
            assert_close(rank['gradients'][name] / scale, gradient / scale, rtol=1e-3, atol=1e-4)


def test_nan_names_the_photo():
    model = build(contrast=True).train()
    photos, samples = batch_of(3)
    photos[1, 0, 3, 3] = float('nan')
    with pytest.raises(ValueError, match='photo1') as error:
        model(photos, samples, mode='loss')
    assert '\n' not in str(error.value) and 'photo0' not in str(error.value)


@pytest.mark.parametrize('second_view', [dict(scale_factor=0.3, size=(9, 9)), dict(scale_factor=None), dict(scale=0.3)])
def test_bad_second_view(second_view):
    with pytest.raises(ValueError, match=r'second_view is dict\(scale_factor=.3\) or dict\(size=\(128, 128\)\), not'):
        build(second_view=second_view)


def test_inherited_second_view_is_taken_back_with_none():
    assert build(second_view=dict(scale_factor=None, size=(9, 9))).second_view == dict(size=(9, 9))


def test_bad_normalization():
    with pytest.raises(ValueError, match="normalization is 'max' or 'min_max', not 'sum'"):
        build(test_cfg=dict(normalization='sum'))
