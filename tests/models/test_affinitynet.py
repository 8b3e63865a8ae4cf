"""AffinityNet: features, training, label reduction, and the refinement of CAMs."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS, TRANSFORMS, init_default_scope
from mmengine.structures import InstanceData, PixelData

from projects.wsis.apis.configs import load_config
from projects.wsis.models.heads import AffinityNetHead
from projects.wsis.models.segmentors.affinitynet import vote_labels
from projects.wsis.models.segmentors.affinitynet_labels import AffinityNetLabelMaker
from projects.wsis.ops import feature_affinity, search_paths, strongest_map

RESNET38 = dict(type='ResNet38', base_channels=2, out_indices=(2, 3, 4), norm_cfg=dict(type='BN', requires_grad=False))
BACKBONES = {
    'ResNet38': (RESNET38, 8),
    'ResNet': (dict(type='ResNet', depth=18, base_channels=8, num_stages=3, strides=(1, 2, 1), dilations=(1, 1, 1),
                    out_indices=(0, 1, 2), norm_eval=True), 4),
    'StridedMobileNetV2': (dict(type='StridedMobileNetV2', output_stride=8, widen_factor=0.25, out_indices=(2, 4, 7),
                                norm_eval=True), 8),
}  # fmt: skip


def build(backbone='ResNet38', **settings):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='AffinityNet',
            backbone=BACKBONES[backbone][0],
            head=dict(type='AffinityNetHead', channels=(4, 6, 8)),
            **settings,
        )
    )
    model.init_weights()
    if backbone == 'ResNet38':  # its activations grow from block to block while no statistics are learnt
        with torch.no_grad():
            for projection in model.head.projections:
                projection.weight.mul_(0.02)
    return model


def training_batch(batch_size, height=96, width=112, label=None):
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(batch_size, 3, height, width, generator=generator)
    samples = []
    for _ in range(batch_size):
        labels = torch.zeros(1, height, width, dtype=torch.uint8)
        labels[:, :, 40:], labels[:, :30, 60:], labels[:, 80:] = 3, 7, 255
        if label is not None:
            labels.fill_(label)
        samples.append(DetDataSample(gt_sem_seg=PixelData(data=labels)))
    return inputs, samples


@pytest.mark.parametrize('name', BACKBONES)
@pytest.mark.parametrize('size', [(64, 80), (61, 75)])
def test_features_have_the_stride_of_the_first_level(name, size):
    model = build(name).eval()
    stride = BACKBONES[name][1]
    assert model.stride == stride
    with torch.no_grad():
        features = model(torch.randn(2, 3, *size), mode='tensor')
    assert features.shape == (2, 18, -(-size[0] // stride), -(-size[1] // stride))
    assert torch.isfinite(features).all() and features.min() >= -1  # an ELU comes last


def test_head_by_hand():
    torch.manual_seed(0)
    head = AffinityNetHead((2, 3), channels=(2, 4))
    fine, coarse = torch.randn(1, 2, 4, 6), torch.randn(1, 3, 2, 3)
    first = F.elu(F.conv2d(fine, head.projections[0].weight))
    second = F.interpolate(F.elu(F.conv2d(coarse, head.projections[1].weight)), (4, 6), mode='bilinear')
    expected = F.elu(F.conv2d(torch.cat([first, second], 1), head.fusion.weight))
    torch.testing.assert_close(head([fine, coarse]), expected)
    assert not any(parameter.dim() == 1 for parameter in head.parameters())  # no bias


def test_head_begins_as_the_public_one():
    head = AffinityNetHead((512, 1024, 4096))
    assert head.fusion.weight.shape == (448, 448, 1, 1)
    head.init_weights()
    bound = 4 * (6 / (448 + 448)) ** 0.5
    assert 0.99 * bound < head.fusion.weight.abs().max() <= bound
    for projection, channels in zip(head.projections, (512, 1024, 4096)):
        assert projection.weight.std().item() == pytest.approx((2 / channels) ** 0.5, rel=0.02)


def test_levels_that_do_not_fit():
    with pytest.raises(ValueError, match='projects 3 backbone levels, not 1: set out_indices') as error:
        build_with(dict(RESNET38, out_indices=(4,)))
    assert '\n' not in str(error.value)
    with pytest.raises(ValueError, match='finest backbone level first'):
        # a backbone that gives its levels the wrong way round
        build_with(dict(type='Reversed', backbone=dict(BACKBONES['ResNet'][0])))


@MODELS.register_module(name='Reversed', force=True)
class Reversed(torch.nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = MODELS.build(backbone)

    def forward(self, x):
        return self.backbone(x)[::-1]


def build_with(backbone):
    init_default_scope('mmdet')
    return MODELS.build(dict(type='AffinityNet', backbone=backbone, head=dict(type='AffinityNetHead')))


@pytest.mark.parametrize('name', BACKBONES)
@pytest.mark.parametrize('batch_size', [1, 3])
def test_training_step(name, batch_size):
    model = build(name).train()
    losses = model(*training_batch(batch_size), mode='loss')
    assert sorted(losses) == [f'loss_affinity_{kind}' for kind in ('background', 'foreground', 'negative')]
    assert all(value.dim() == 0 and value > 0 for value in losses.values())
    sum(losses.values()).backward()
    for parameter in model.head.parameters():
        assert torch.isfinite(parameter.grad).all() and parameter.grad.any()
    assert any(parameter.grad is not None and parameter.grad.any() for parameter in model.backbone.parameters())


def test_losses_fall_in_training():
    model = build('ResNet').train()
    batch = training_batch(2)
    batch[0][:, :, :, 40:] += 2
    optimizer = torch.optim.Adam(model.parameters(), 0.005)
    totals = []
    for _ in range(10):
        total = sum(model(*batch, mode='loss').values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        totals.append(total.item())
    assert totals[-1] < 0.9 * totals[0]


def test_labels_that_are_all_unsure_give_zero_losses():
    losses = build().train()(*training_batch(2, label=255), mode='loss')
    assert all(value == 0 for value in losses.values())
    sum(losses.values()).backward()


@pytest.mark.parametrize('name', ['8e_voc2012', 'reference_voc2012'])
def test_small_images_of_the_papers_lie_on_black(name):
    cfg = load_config(f'configs/affinitynet/affinitynet_resnet38_{name}.py')
    (crop,) = [step for step in cfg.train_dataloader.dataset.pipeline if step.type == 'RandomCropAndPad']
    image = TRANSFORMS.build(crop)(dict(img=np.full((100, 200, 3), 9, np.uint8)))['img']
    assert image.shape == (448, 448, 3) and (image == 9).sum() == 60000 and (image == 0).sum() == 448**2 * 3 - 60000


def test_votes_by_hand():
    labels = torch.tensor(
        [[[0, 0, 5, 255, 9], [0, 5, 5, 255, 9], [1, 2, 7, 7, 7], [1, 2, 255, 0, 0]]], dtype=torch.uint8
    )
    # 0 three times; 5 and 255 tie: the larger; one column only; 1 and 2 tie; 7 twice; 7 and 0 tie
    assert vote_labels(labels, 2, (2, 3)).tolist() == [[[0, 255, 9], [2, 7, 7]]]
    assert vote_labels(labels, 2, (3, 3))[0, 2].tolist() == [255, 255, 255]  # beyond the map nothing is known
    assert vote_labels(labels, 2, (2, 3)).dtype == torch.uint8
    assert vote_labels(labels[:, :2].long(), 1, (2, 5)).tolist() == labels[:, :2].tolist()


@pytest.mark.parametrize('stride, size', [(8, (3, 5)), (4, (5, 9))])
def test_votes_are_the_mode_of_each_cell(stride, size):
    labels = np.random.default_rng(0).choice([0, 3, 20, 255], (3, 19, 35)).astype(np.uint8)
    found = vote_labels(torch.from_numpy(labels), stride, size).numpy()
    for n, row, column in np.ndindex(found.shape):
        cell = labels[n, row * stride : (row + 1) * stride, column * stride : (column + 1) * stride]
        values, counts = np.unique(cell, return_counts=True)
        assert found[n, row, column] == values[counts == counts.max()].max()


def photo_sample(size, cams, labels, **metainfo):
    sample = DetDataSample(metainfo=dict(img_id='a', ori_shape=size, img_shape=size, **metainfo))
    sample.cams = InstanceData(cams=cams, labels=labels)
    return sample


def test_scores_are_those_of_the_formula_at_full_size():
    maker = AffinityNetLabelMaker(stride=8)
    cams = torch.rand(3, 6, 5, generator=torch.Generator().manual_seed(0))  # stride 4 of 21 x 19
    full = F.interpolate(cams[None], scale_factor=4, mode='bilinear')[0, :, :21, :19]
    scores = torch.cat([(1 - full.amax(0, keepdim=True)) ** 6, full])
    expected = F.avg_pool2d(F.pad(scores, (0, 5, 0, 3))[None], 8)[0]
    found = maker.pool_scores(cams, (21, 19))
    assert found.shape == (4, 3, 3)
    torch.testing.assert_close(found, expected)
    constant = AffinityNetLabelMaker(stride=8, background_score=0.27).pool_scores(cams, (21, 19))
    assert torch.equal(constant[1:], found[1:])
    torch.testing.assert_close(constant[0, :2, :2], torch.full((2, 2), 0.27))


def test_few_channels_at_a_time_give_the_same(monkeypatch):
    cams = torch.rand(5, 6, 5, generator=torch.Generator().manual_seed(0))
    maker = AffinityNetLabelMaker(stride=8)
    scores = maker.pool_scores(cams, (21, 19))
    winner, best = strongest_map(scores, (21, 19))
    monkeypatch.setattr('projects.wsis.ops.strongest.CHUNK_BYTES', 2 * 21 * 19 * 4)
    assert torch.equal(maker.pool_scores(cams, (21, 19)), scores)
    assert all(map(torch.equal, strongest_map(scores, (21, 19)), (winner, best)))
    full = F.interpolate(scores[None], scale_factor=8, mode='bilinear')[0, :, :21, :19]
    assert torch.equal(winner, full.argmax(0)) and torch.equal(best, full.amax(0))


def two_regions(size=(80, 120)):
    """Features of a photo whose halves differ, and a CAM that knows a corner of the left one."""
    height, width = size[0] // 8, size[1] // 8
    features = torch.zeros(1, 4, height, width)
    features[..., width // 2 :] = 2
    cams = torch.full((1, size[0] // 4, size[1] // 4), 0.02)
    cams[:, :8, :8] = 1
    return feature_affinity(features), cams


@pytest.mark.parametrize('score', [None, 0.06])
def test_cams_spread_over_what_is_alike_and_no_further(score):
    affinity, cams = two_regions()
    sample = photo_sample((80, 120), cams, torch.tensor([4]))
    # a weak background, that a corner's score suffices for half the photo
    AffinityNetLabelMaker(stride=8, background_alpha=60.0, background_score=score)(sample, affinity)
    labels = sample.pred_sem_seg.data
    assert labels.shape == (1, 80, 120) and labels.dtype == torch.uint8 and set(labels.unique().tolist()) == {0, 5}
    left, right = (labels[..., :52] == 5).float().mean(), (labels[..., 68:] == 5).float().mean()
    assert left > 0.7 and right == 0
    flat = photo_sample((80, 120), cams, torch.tensor([4]))
    AffinityNetLabelMaker(stride=8, background_alpha=60.0, background_score=score, steps=0)(flat, affinity)
    assert (flat.pred_sem_seg.data == 5).float().mean() < 0.2


@pytest.mark.parametrize('size', [(5, 5), (1, 1), (9, 3), (4, 400)])
@pytest.mark.parametrize('border_pairs', [True, False])
def test_photos_of_any_size(size, border_pairs):
    cams = torch.rand(2, *(-(-length // 4) for length in size))
    affinity = torch.rand(1, len(search_paths(5)), *(-(-length // 8) for length in size))
    sample = photo_sample(size, cams, torch.tensor([0, 2]))
    AffinityNetLabelMaker(stride=8, steps=4, border_pairs=border_pairs)(sample, affinity)
    assert sample.pred_sem_seg.data.shape == (1, *size)


def test_photo_without_cams_gives_background():
    model = build(test_cfg=dict(steps=4)).eval()
    sample = photo_sample((40, 52), torch.zeros(0, 10, 13), torch.zeros(0, dtype=torch.long))
    (found,) = model(torch.randn(1, 3, 40, 52), [sample], mode='predict')
    assert found.pred_sem_seg.data.shape == (1, 40, 52) and not found.pred_sem_seg.data.any()


def test_prediction_needs_cams():
    sample = DetDataSample(metainfo=dict(img_id='2007_000033', ori_shape=(40, 52), img_shape=(40, 52)))
    with pytest.raises(ValueError, match='Photo 2007_000033 comes without CAMs: add LoadCAMs') as error:
        build().eval()(torch.randn(1, 3, 40, 52), [sample], mode='predict')
    assert '\n' not in str(error.value)


def test_features_that_are_not_finite_name_the_photo():
    model = build().eval()
    model.head.fusion.weight.data[0, 0] = torch.nan
    sample = photo_sample((40, 52), torch.rand(1, 10, 13), torch.tensor([3]))
    with pytest.raises(ValueError, match='affinities of photo a are not finite') as error:
        model(torch.randn(1, 3, 40, 52), [sample], mode='predict')
    assert '\n' not in str(error.value)


def test_batch_of_photos_gives_what_single_photos_give():
    model = build(test_cfg=dict(steps=16)).eval()
    photos, cams = torch.randn(3, 3, 40, 56), torch.rand(3, 2, 10, 13)
    photos[..., 52:] = 0  # padding

    def samples():
        return [photo_sample((40, 52), each, torch.tensor([0, 4])) for each in cams]

    together = model(photos, samples(), mode='predict')
    for index, found in enumerate(together):
        (alone,) = model(photos[index : index + 1], samples()[index : index + 1], mode='predict')
        assert torch.equal(found.pred_sem_seg.data, alone.pred_sem_seg.data)


@pytest.mark.parametrize(
    'settings, words',
    [(dict(background_score=1.5), 'background_score must be between'), (dict(background_alpha=0), 'must be positive')],
)
def test_bad_settings(settings, words):
    with pytest.raises(ValueError, match=words):
        AffinityNetLabelMaker(stride=8, **settings)
