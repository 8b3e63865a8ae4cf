"""IRNet: neck on any backbone, frozen features, losses on reduced labels, and the way to pseudo labels."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import InstanceData, PixelData
from PIL import Image

from projects.wsis.models.necks import IRNetNeck
from projects.wsis.models.segmentors.irnet import reduce_labels
from projects.wsis.models.segmentors.irnet_labels import IRNetLabelMaker

GOLDEN = Path(__file__).parents[1] / 'data' / 'golden'
SMALL = dict(depth=18, base_channels=8)
BACKBONES = {
    'stem and 4 stages': dict(type='ResNetWithStem', strides=(1, 2, 2, 1), **SMALL),
    '4 stages': dict(type='ResNet', **SMALL),
    '3 stages': dict(type='ResNet', out_indices=(0, 1, 2), **SMALL),
    'MobileNetV2': dict(type='StridedMobileNetV2', widen_factor=0.25, out_indices=(1, 2, 4, 7)),
    'Swin': dict(type='SwinTransformer', embed_dims=8, depths=(1, 1, 1, 1), num_heads=(1, 2, 4, 8)),
    'mmseg': dict(type='mmseg.ResNetV1c', stem_channels=8, dilations=(1, 1, 1, 2), strides=(1, 2, 2, 1), **SMALL),
}


def build(backbone='stem and 4 stages', test_cfg=None):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    losses = {f'loss_{name}': dict(type=f'{name.capitalize()}Loss', radius=5) for name in ('affinity', 'displacement')}
    widths = (8, 16, 16, 16, 16)
    return MODELS.build(
        dict(
            type='IRNet',
            backbone=BACKBONES[backbone],
            neck=dict(type='IRNetNeck', boundary_channels=4, displacement_channels=widths, fusion_channels=16),
            head=dict(type='IRNetHead', displacement_channels=16, **losses),
            test_cfg=test_cfg,
        )
    )


def training_batch(batch_size, size=(64, 64), label=None):
    generator = torch.Generator().manual_seed(0)
    samples = []
    for _ in range(batch_size):
        labels = torch.randint(0, 3, (1, size[0] // 16, size[1] // 16), generator=generator)
        labels = labels.repeat_interleave(16, 1).repeat_interleave(16, 2).to(torch.uint8)
        labels[:, :8] = 255
        sample = DetDataSample(metainfo=dict(img_shape=size))
        sample.gt_sem_seg = PixelData(data=labels if label is None else torch.full_like(labels, label))
        samples.append(sample)
    return torch.randn(batch_size, 3, *size, generator=generator), samples


@pytest.mark.parametrize('size', [(64, 64), (61, 90), (45, 33)])
@pytest.mark.parametrize('name', BACKBONES)
def test_outputs_have_stride_4_on_any_backbone(name, size):
    model = build(name)
    model.eval()
    with torch.no_grad():
        boundary, displacement = model(torch.randn(2, 3, *size), mode='tensor')
    height, width = (-(-length // 4) for length in size)
    assert boundary.shape == (2, 1, height, width) and displacement.shape == (2, 2, height, width)
    assert torch.isfinite(boundary).all() and torch.isfinite(displacement).all()


def test_neck_keeps_each_level_apart_until_it_is_joined():
    # the boundary features of each level are its own projection, in order, at the finest stride
    torch.manual_seed(0)
    neck = IRNetNeck((3, 5, 7), (4, 8, 16), boundary_channels=4, displacement_channels=(8, 8, 16), fusion_channels=16)
    assert neck.out_channels == dict(boundary=12, displacement=8 + 16)
    features = [
        torch.randn(1, channels, 32 // stride * 4, 32 // stride * 4) for channels, stride in zip((3, 5, 7), (1, 2, 4))
    ]
    boundary, displacement = neck(features)
    for index, (project, level) in enumerate(zip(neck.boundary, features)):
        normalised = F.group_norm(F.conv2d(level, project[0].weight), 4, project[1].weight, project[1].bias)
        if index:
            normalised = F.interpolate(normalised, scale_factor=2**index, mode='bilinear', align_corners=False)
        torch.testing.assert_close(boundary[:, 4 * index : 4 * index + 4], normalised.relu())
    coarse = torch.cat([neck.displacement[1](features[1]), neck.displacement[2](features[2])], 1)
    expected = torch.cat([neck.displacement[0](features[0]), neck.displacement_fusion(coarse)], 1)
    torch.testing.assert_close(displacement, expected)


@pytest.mark.parametrize(
    'channels, strides, words',
    [
        ((8, 8), (4, 8), '3 to 5 backbone levels, not 2: set out_indices'),
        ((8,) * 6, (4,) * 6, 'not 6'),
        ((8, 8, 8), (16, 8, 4), 'rising strides'),
        ((8, 8, 8), (4, 6, 12), 'multiples of the first'),
    ],
)
def test_neck_refuses_levels_that_do_not_fit(channels, strides, words):
    with pytest.raises(ValueError, match=words) as error:
        IRNetNeck(channels, strides)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('batch_size', [1, 3])
def test_training_step_leaves_the_backbone_alone(batch_size):
    model = build().train()
    assert model.training and model.head.training
    assert not any(module.training for module in model.backbone.modules())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), 0.1, weight_decay=0.1)
    losses = model(*training_batch(batch_size), mode='loss')
    sum(losses.values()).backward()
    optimizer.step()
    assert all(parameter.grad is None for parameter in model.backbone.parameters())
    learnt = [parameter for part in (model.neck, model.head) for parameter in part.parameters()]
    assert all(parameter.grad is not None and torch.isfinite(parameter.grad).all() for parameter in learnt)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert not any(name.startswith('backbone.') for name in changed)
    assert {'neck.boundary.0.0.weight', 'head.boundary.bias', 'neck.displacement.4.0.weight'} <= changed
    assert 'head.displacement_mean' not in changed
    kinds = (
        'affinity_background',
        'affinity_foreground',
        'affinity_negative',
        'displacement_background',
        'displacement_foreground',
    )
    assert sorted(losses) == [f'loss_{kind}' for kind in kinds]
    assert all(value.dim() == 0 and value > 0 for value in losses.values())


def test_losses_fall_in_training():
    model = build().train()
    batch = training_batch(2)
    optimizer = torch.optim.Adam([parameter for parameter in model.parameters() if parameter.requires_grad], 0.01)
    totals = []
    for _ in range(8):
        total = sum(model(*batch, mode='loss').values())
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        totals.append(total.item())
    assert totals[-1] < 0.9 * totals[0]


def test_labels_that_are_all_unsure_give_zero_losses():
    model = build().train()
    losses = model(*training_batch(2, label=255), mode='loss')
    assert all(value == 0 for value in losses.values())
    sum(losses.values()).backward()
    assert all(
        torch.isfinite(parameter.grad).all() and not parameter.grad.any()
        for parameter in model.neck.parameters()
        if parameter.grad is not None
    )


def test_displacement_mean_is_subtracted_in_evaluation_only():
    model = build()
    inputs = torch.randn(1, 3, 64, 64)
    model.eval()
    with torch.no_grad():
        boundary, displacement = model(inputs, mode='tensor')
        model.head.displacement_mean.copy_(torch.tensor([2.0, -3.0]))
        shifted_boundary, shifted = model(inputs, mode='tensor')
        model.train()
        _, training = model(inputs, mode='tensor')
    torch.testing.assert_close(displacement - shifted, torch.tensor([2.0, -3.0])[:, None, None].expand(1, 2, 16, 16))
    assert torch.equal(shifted_boundary, boundary)
    torch.testing.assert_close(training, displacement)
    torch.testing.assert_close(model.find_displacement(inputs), training)
    torch.testing.assert_close(model.eval().find_displacement(inputs), shifted)


@pytest.mark.parametrize('size', [(40, 52), (37, 50), (33, 64)])
def test_pixels_are_related_by_photo_and_mirror_image(size):
    model = build()
    model.eval()
    photo = torch.randn(3, *size)
    padded = F.pad(photo, (0, 64 - size[1], 0, 64 - size[0]))
    boundary, displacement = model.relate_pixels(padded, size)
    rows, columns = (-(-length // 4) for length in size)
    assert boundary.shape == (1, rows, columns) and displacement.shape == (2, rows, columns)
    with torch.no_grad():
        logits, expected = model(padded[None], mode='tensor')
        mirrored = F.pad(photo.flip(-1), (0, 64 - size[1], 0, 64 - size[0]))
        mirror_logits, _ = model(mirrored[None], mode='tensor')
    torch.testing.assert_close(displacement, expected[0, :, :rows, :columns])
    mean = (logits[0, :, :rows, :columns] + mirror_logits[0, :, :rows, :columns].flip(-1)) / 2
    torch.testing.assert_close(boundary, mean.sigmoid())


@pytest.mark.parametrize('height, width', [(160, 160), (32, 48), (37, 50), (5, 3)])
def test_labels_are_reduced_as_pil_does(height, width):
    labels = np.random.default_rng(0).integers(0, 22, (3, height, width)).astype(np.uint8)
    size = (-(-height // 4), -(-width // 4))
    found = reduce_labels(torch.from_numpy(labels), 4, size).numpy()
    assert found.shape == (3, *size)
    rows, columns = height // 4, width // 4  # whole cells; PIL knows no others
    for full, reduced in zip(labels, found):
        if rows and columns:
            expected = Image.fromarray(full[: 4 * rows, : 4 * columns]).resize((columns, rows), Image.NEAREST)
            np.testing.assert_array_equal(reduced[:rows, :columns], expected)
    # a cell that is cut off still takes a pixel of its own
    assert (found[:, -1, -1] == labels[:, min(size[0] * 4 - 2, height - 1), min(size[1] * 4 - 2, width - 1)]).all()


def test_reduced_labels_are_the_golden_ones():
    with np.load(GOLDEN / 'irn_affinity_labels.npz', allow_pickle=False) as golden:
        for case in range(2):
            full = torch.from_numpy(golden[f'map{case}_label_full'])[None]
            np.testing.assert_array_equal(reduce_labels(full, 4, (40, 40))[0], golden[f'map{case}_label'])


def photo_sample(size, cams, labels):
    sample = DetDataSample(metainfo=dict(img_id='a', ori_shape=size, img_shape=size))
    sample.cams = InstanceData(cams=cams, labels=labels)
    return sample


@pytest.mark.parametrize('case', [0, 1])
def test_label_maker_gives_the_golden_instances(case):
    with np.load(GOLDEN / 'irn_instances.npz', allow_pickle=False) as arrays:
        golden = {key.split('_', 1)[1]: arrays[key] for key in arrays if key.startswith(f'case{case}_')}
    sample = photo_sample(
        tuple(golden['image_size'].tolist()), torch.from_numpy(golden['cams']), torch.from_numpy(golden['keys'])
    )
    sample.boundary, sample.displacement = torch.from_numpy(golden['edge']), torch.from_numpy(golden['dp'])
    found = IRNetLabelMaker()(sample).pred_instances
    assert found.labels.tolist() == golden['det_class'].tolist()
    np.testing.assert_allclose(found.scores, golden['det_score'], rtol=1e-4)
    np.testing.assert_array_equal(found.masks, golden['det_mask'])
    # semantic labels: what the walk of whole class maps gives, 0 background, else class + 1
    semantic = sample.pred_sem_seg.data
    assert semantic.shape == (1, *golden['image_size']) and semantic.dtype == torch.uint8
    assert set(semantic.unique().tolist()) <= {0, *(golden['keys'] + 1).tolist()}
    in_instances = torch.as_tensor(golden['argmax_map'] > 0)
    assert ((semantic[0] > 0) == in_instances).float().mean() > 0.8


def blobs(size=(16, 24)):
    """A class with two blobs that a displacement field can part, and the field: each half points at its own blob."""
    y, x = torch.meshgrid(torch.arange(size[0]).float(), torch.arange(size[1]).float(), indexing='ij')
    centres = ((8.0, 7.0), (8.0, 16.0))
    cam = torch.stack([torch.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 40) for cy, cx in centres]).amax(0)
    nearest = torch.where(x < 11.5, 7.0, 16.0)
    return (cam / cam.max())[None], torch.stack([8.0 - y, nearest - x])


@pytest.mark.parametrize('displacement, number', [(True, 2), (False, 1)])
@pytest.mark.parametrize('boundary', [True, False])
def test_switches_of_the_ablation(boundary, displacement, number):
    cams, field = blobs()
    sample = photo_sample((62, 95), cams, torch.tensor([3]))
    sample.boundary, sample.displacement = torch.full((1, 16, 24), 0.05), field
    maker = IRNetLabelMaker(boundary=boundary, displacement=displacement, steps=16)
    found = maker(sample).pred_instances
    assert (found.scores > 0).sum() == number and set(found.labels.tolist()) == {3}
    assert found.masks.shape[1:] == (62, 95) and 4 in sample.pred_sem_seg.data
    # the walk spreads the blobs, so more of the photo is foreground with it
    assert (sample.pred_sem_seg.data == 4).float().mean() > (0.9 if boundary else 0.5)
    assert boundary or 0 in sample.pred_sem_seg.data


def test_semantic_labels_do_not_depend_on_the_split():
    cams, field = blobs()
    maps = []
    for displacement in (True, False):
        sample = photo_sample((62, 95), cams, torch.tensor([3]))
        sample.boundary, sample.displacement = torch.rand(1, 16, 24, generator=torch.Generator().manual_seed(0)), field
        maps.append(IRNetLabelMaker(displacement=displacement)(sample).pred_sem_seg.data)
    assert (maps[0] != maps[1]).float().mean() < 0.002  # near-ties only


@pytest.mark.parametrize('size', [(5, 5), (1, 1), (9, 3), (4, 400)])
def test_label_maker_takes_photos_of_any_size(size):
    height, width = (-(-length // 4) for length in size)
    sample = photo_sample(size, torch.rand(2, height, width), torch.tensor([0, 2]))
    sample.boundary, sample.displacement = torch.rand(1, height, width), torch.randn(2, height, width)
    IRNetLabelMaker(steps=4, cluster_iterations=5)(sample)
    assert sample.pred_sem_seg.data.shape == (1, *size)
    assert sample.pred_instances.masks.shape[1:] == size


def test_photo_without_cams_gives_background_and_no_instance():
    model = build(test_cfg=dict(steps=4))
    model.eval()
    sample = photo_sample((40, 52), torch.zeros(0, 10, 13), torch.zeros(0, dtype=torch.long))
    (found,) = model(torch.randn(1, 3, 40, 52), [sample], mode='predict')
    assert not found.pred_sem_seg.data.any() and found.pred_sem_seg.data.shape == (1, 40, 52)
    assert found.pred_instances.masks.shape == (0, 40, 52)


def test_prediction_needs_cams():
    model = build()
    model.eval()
    sample = DetDataSample(metainfo=dict(img_id='2007_000033', ori_shape=(40, 52), img_shape=(40, 52)))
    with pytest.raises(ValueError, match='Photo 2007_000033 comes without CAMs: add LoadCAMs'):
        model(torch.randn(1, 3, 40, 52), [sample], mode='predict')


@pytest.mark.parametrize('padding', [0, 12])
def test_batch_of_photos_gives_what_single_photos_give(padding):
    model = build(test_cfg=dict(steps=16, cluster_iterations=20))
    model.eval()
    photos = torch.randn(3, 3, 40 + padding, 52 + padding)
    photos[..., 40:, :] = 0
    photos[..., 52:] = 0
    cams = torch.rand(3, 2, 10, 13)

    def samples():
        return [photo_sample((40, 52), each, torch.tensor([0, 4])) for each in cams]

    together = model(photos, samples(), mode='predict')
    for index, found in enumerate(together):
        (alone,) = model(photos[index : index + 1], samples()[index : index + 1], mode='predict')
        assert torch.equal(found.pred_sem_seg.data, alone.pred_sem_seg.data)
        assert torch.equal(found.pred_instances.masks, alone.pred_instances.masks)
        assert found.boundary.shape == (1, 10, 13) and found.boundary.min() > 0 and found.boundary.max() < 1
