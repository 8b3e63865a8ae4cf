"""BESTIE: networks and losses of the official code, labels, predictions, bad input."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import InstanceData, PixelData
from reference_models import ROOT, build, check, load_converted, load_model_config

from projects.wsis.apis.configs import load_config
from projects.wsis.datasets.transforms import GenerateInstancePseudoLabels
from projects.wsis.models.detectors.component_batch import stack_targets
from projects.wsis.models.heads import HighResolutionHead
from projects.wsis.models.heads.instance_head import InstanceMaps
from projects.wsis.ops import InstanceLabels
from projects.wsis.structures.point_file import Point

CLASSES = 3
BACKBONE = dict(type='ResNet', depth=18, base_channels=8, norm_eval=True, strides=(1, 2, 2, 1))


@cache
def read_golden(kind):
    with np.load(ROOT / f'tests/data/golden/bestie_{kind}.npz', allow_pickle=False) as arrays:
        return {name: torch.from_numpy(array) for name, array in arrays.items()}


@pytest.mark.parametrize('name', ['hrnet32', 'hrnet48', 'resnet50', 'resnet101'])
def test_network_and_converter_are_those_of_the_public_code(name, golden_network, public_state_dict, tmp_path):
    golden, ours = golden_network(f'bestie_{name}'), f'bestie-{name.replace("resnet", "r")}'
    state_dict = dict(model=public_state_dict(f'bestie_{name}'))
    model = load_converted(build(load_model_config(ours)), ours, state_dict, tmp_path)
    size = golden['out_seg'].shape[2:]
    with torch.no_grad():
        maps = model.head.resize(model(torch.from_numpy(golden['input']), mode='tensor'), size)
    expected = [golden[f'out_{part}'] for part in ('seg', 'center', 'offset')]
    if 'hrnet' in name:
        for part, array in zip(maps, expected):
            check(part, array)
        return
    # these networks with random weights carry rounding on: the public outputs are up to 4e-4 off the same network's in
    # float64, so ours cannot be held to less
    for part, array in zip(maps, expected):
        array = torch.from_numpy(array)
        assert part.shape == array.shape and (part - array).abs().max() / array.abs().max() < 5e-4


def make_head(**settings):
    return HighResolutionHead(num_classes=5, in_channels=[4], channels=4, **settings)


def golden_labels(weight):
    golden = read_golden('losses')
    return InstanceLabels(golden['center_target'], golden['offset_target'], weight)


@pytest.mark.parametrize('weighted', [True, False])
def test_losses_are_those_of_the_public_code(weighted):
    golden, suffix = read_golden('losses'), '' if weighted else '_zero_weight'
    maps = InstanceMaps(*(golden[name].clone().requires_grad_() for name in ('seg_logits', 'center', 'offset')))
    labels = golden_labels(golden['weight'] if weighted else torch.zeros_like(golden['weight']))
    losses = make_head().loss(maps, golden['seg_label'], labels)
    assert losses.keys() == {'loss_semantic', 'loss_center_pseudo', 'loss_offset_pseudo'}
    torch.testing.assert_close(losses['loss_semantic'], golden['ce_top20'], rtol=1e-5, atol=0)
    torch.testing.assert_close(losses['loss_center_pseudo'] / 200, golden[f'weighted_mse{suffix}'], rtol=1e-5, atol=0)
    torch.testing.assert_close(losses['loss_offset_pseudo'] / 0.01, golden[f'weighted_l1{suffix}'], rtol=1e-5, atol=0)
    sum(losses.values()).backward()
    assert all(part.grad.isfinite().all() for part in maps)
    if weighted:
        torch.testing.assert_close(maps.center.grad / 200, golden['weighted_mse_grad'], rtol=1e-4, atol=1e-8)
        torch.testing.assert_close(maps.offset.grad / 0.01, golden['weighted_l1_grad'], rtol=1e-4, atol=1e-8)


def test_refined_labels_count_one_half():
    golden = read_golden('losses')
    maps = InstanceMaps(golden['seg_logits'], golden['center'], golden['offset'])
    pseudo, refined = golden_labels(golden['weight']), golden_labels(golden['weight'].flip(0))
    head = make_head()
    alone = head.loss(maps, golden['seg_label'], pseudo), head.loss(maps, golden['seg_label'], refined)
    both = head.loss(maps, golden['seg_label'], pseudo, refined)
    for kind in ('center', 'offset'):
        for one, name in zip(alone, ('pseudo', 'refined')):
            torch.testing.assert_close(both[f'loss_{kind}_{name}'], one[f'loss_{kind}_pseudo'] / 2)
    points = head.loss(maps, golden['seg_label'], pseudo, refined, refine_centers=False)
    torch.testing.assert_close(points['loss_center_pseudo'], alone[0]['loss_center_pseudo'])
    assert 'loss_center_refined' not in points and 'loss_offset_refined' in points


def test_without_guidance_all_pixels_count_for_centres():
    golden = read_golden('losses')
    maps = InstanceMaps(golden['seg_logits'], golden['center'], golden['offset'])
    losses = make_head().loss(maps, golden['seg_label'], golden_labels(golden['weight']), guidance=False)
    by_hand = 200 * ((golden['center'] - golden['center_target']) ** 2).sum(1).mean()
    torch.testing.assert_close(losses['loss_center_pseudo'], by_hand)
    torch.testing.assert_close(losses['loss_offset_pseudo'] / 0.01, golden['weighted_l1'], rtol=1e-5, atol=0)


def build_bestie(**settings):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='BESTIE',
            head=dict(
                type='PanopticDeepLabHead',
                num_classes=CLASSES,
                semantic_channels=8,
                instance_channels=8,
                offset_channels=8,
                pyramid_channels=8,
                semantic_low_level_channels=(8, 8, 8),
                instance_low_level_channels=(8, 8, 8),
                dilations=(1, 2, 3),
                dropout=0.0,
                norm_cfg=dict(type='GN', num_groups=2),
                init_cfg=dict(type='Kaiming', layer='Conv2d'),
            ),
            **{'backbone': BACKBONE, **settings},
        )
    )


def make_sample(squares, points, tags=(0, 1), size=64, name='a'):
    """A sample of class squares (class, top, left, side) and points (class, y, x), as the pipeline packs it."""
    label_map = np.zeros((size, size), np.uint8)
    for label, top, left, side in squares:
        label_map[top : top + side, left : left + side] = label + 1
    return pack_sample(label_map, points, tags, CLASSES, name)


def pack_sample(label_map, points, tags, classes, name):
    """A sample of a label map and points (class, y, x), as the pipeline packs it."""
    results = dict(gt_seg_map=label_map, tags=list(tags))
    results['gt_keypoints'] = np.array([[x + 0.5, y + 0.5] for _, y, x in points], np.float32).reshape(-1, 1, 2)
    results['point_labels'] = np.array([label for label, _, _ in points], np.int64)
    found = GenerateInstancePseudoLabels()(results)
    size = label_map.shape
    sample = DetDataSample(metainfo=dict(img_id=name, img_shape=size, ori_shape=size, tags=list(tags)))
    sample.gt_sem_seg = PixelData(data=torch.from_numpy(label_map)[None])
    sample.gt_component_map = PixelData(data=torch.from_numpy(found['component_map'])[None])
    sample.gt_components = InstanceData(**{key: torch.from_numpy(value) for key, value in found['components'].items()})
    sample.gt_points = InstanceData(**{key: torch.from_numpy(value) for key, value in found['gt_points'].items()})
    sample.gt_tags = torch.zeros(classes)
    sample.gt_tags[list(tags)] = 1
    return sample


def make_batch():
    samples = [
        make_sample([(0, 4, 4, 20), (1, 40, 30, 20)], [(0, 10, 10), (1, 44, 34), (1, 50, 40)]),
        make_sample([(0, 0, 0, 10)], [], tags=(0,), name='b'),
        make_sample([(2, 20, 20, 30)], [(2, 30, 30)], tags=(2,), name='c'),
    ]
    return torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0)), samples


def test_pseudo_labels_of_a_batch():
    _, samples = make_batch()
    labels = build_bestie().make_pseudo_labels(stack_targets(samples))
    # a has one object with one point (the other has two), b none, c one
    assert labels.weight.flatten(1).sum(1).tolist() == [400.0, 0.0, 900.0]
    assert labels.center[0, 0, 13, 13] == labels.center[2, 2, 34, 34] == 1
    assert not labels.center[1].any() and not labels.center[0, 1:].any()
    assert labels.offset[0, :, 4, 5].tolist() == [9.0, 8.0]
    given = build_bestie(supervision='points').make_pseudo_labels(stack_targets(samples))
    assert given.center[0, 1, 44, 34] == given.center[0, 1, 50, 40] == given.center[0, 0, 10, 10] == 1
    assert torch.equal(given.weight, labels.weight) and torch.equal(given.offset, labels.offset)


@pytest.mark.parametrize('supervision', ['tags', 'points'])
@pytest.mark.parametrize('batch_size', [1, 3])
def test_training_with_refinement_moves_every_weight(supervision, batch_size):
    model = build_bestie(supervision=supervision).train()
    inputs, samples = make_batch()
    model.refining = True
    losses = model(inputs[:batch_size], samples[:batch_size], mode='loss')
    names = {'loss_semantic', 'loss_center_pseudo', 'loss_offset_pseudo', 'loss_offset_refined'}
    assert losses.keys() == names | ({'loss_center_refined'} if supervision == 'tags' else set())
    sum(losses.values()).backward()
    gradients = [parameter.grad for parameter in model.head.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)
    assert all(gradient.abs().sum() > 0 for gradient in gradients if gradient.dim() == 4)


def test_outcomes_are_counted():
    model = build_bestie(refinement=dict(threshold=0.5, tolerance=0))
    _, samples = make_batch()
    labels = torch.stack([sample.gt_sem_seg.data[0] for sample in samples])
    center, offset = torch.zeros(3, CLASSES, 64, 64), torch.zeros(3, 2, 64, 64)
    center[0, 0, 5, 5] = center[0, 0, 22, 22] = 0.9  # one object becomes two
    center[0, 1, 50, 40] = 0.9  # of the object with two points
    model.refinement = replace(model.refinement, kernel=21)
    semantic = torch.zeros(3, CLASSES + 1, 64, 64)
    targets = stack_targets(samples)
    pseudo = model.make_pseudo_labels(targets)
    refined, instances = model.make_refined_labels(InstanceMaps(semantic, center, offset), labels, pseudo, targets)
    assert not model.outcomes.any()  # making labels changes nothing
    model._count_outcomes(targets.accepted, instances)
    # kept, added, split, dropped: the third photo's object has no centre
    assert model.outcomes.tolist() == [0, 1, 1, 1]
    weight = refined.weight[0, 0]
    assert weight[5, 5] == pytest.approx(0.9 / 4) and weight[50, 40] == pytest.approx(0.9 / 4)
    assert not refined.weight[2].any()
    center[2, 2, 34, 34] = 0.9
    model.outcomes.zero_()
    _, instances = model.make_refined_labels(InstanceMaps(semantic, center, offset), labels, pseudo, targets)
    model._count_outcomes(targets.accepted, instances)
    assert model.outcomes.tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize('supervision', ['tags', 'points'])
def test_labels_to_look_at_change_nothing(supervision):
    model = build_bestie(supervision=supervision, backbone={**BACKBONE, 'norm_eval': False}).train()
    inputs, samples = make_batch()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    pseudo, refined = model.make_labels(inputs, samples)
    assert model.training and model.backbone.layer1.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.outcomes.any() and not refined.weight.requires_grad
    expected = model.make_pseudo_labels(stack_targets(samples))
    assert all(torch.equal(one, other) for one, other in zip(pseudo, expected))
    if supervision == 'points':
        assert (refined.weight > 0).sum() == 400 + 400 + 900  # every class with a point, whatever their number


def test_teacher_makes_the_labels():
    model, teacher = build_bestie().train(), build_bestie()
    torch.nn.init.constant_(teacher.head.center[-1].bias, 5.0)
    inputs, samples = make_batch()
    model.refining = True
    own = model(inputs, samples, mode='loss')
    object.__setattr__(model, 'teacher', teacher)
    taught = model(inputs, samples, mode='loss')
    assert torch.equal(own['loss_center_pseudo'], taught['loss_center_pseudo'])
    assert not torch.isclose(own['loss_center_refined'], taught['loss_center_refined'])
    assert not any(name.startswith('teacher') for name in model.state_dict())


@pytest.mark.parametrize('supervision', ['tags', 'points'])
@pytest.mark.parametrize('value', [0, 255])
def test_no_instance_at_all_gives_finite_gradients(value, supervision):
    model = build_bestie(supervision=supervision).train()
    sample = make_sample([], [], tags=(0,))
    sample.gt_sem_seg.data[:] = value
    model.refining = True
    losses = model(torch.randn(1, 3, 64, 64), [sample], mode='loss')
    assert all(loss == 0 for name, loss in losses.items() if name != 'loss_semantic')
    assert (losses['loss_semantic'] == 0) == (value == 255)
    sum(losses.values()).backward()
    assert all(parameter.grad is None or parameter.grad.isfinite().all() for parameter in model.parameters())


class GivenMaps(torch.nn.Module):
    """A head that gives the maps it is told, so that predictions and labels can be checked."""

    def __init__(self, maps):
        super().__init__()
        self.maps = maps
        self.num_classes = maps[1].shape[1]

    def forward(self, features):
        return InstanceMaps(*(part.expand(len(features[0]), -1, -1, -1) for part in self.maps))

    resize = HighResolutionHead.resize
    align_corners = False


class GivenViews(GivenMaps):
    """A head that gives maps of its own for the mirror image of a photo, which gets brighter to the right."""

    def __init__(self, photo, mirror):
        super().__init__(photo)
        self.mirror = mirror

    def forward(self, photos):
        return InstanceMaps(*(self.mirror if photos[0, 0, 0, 0] > photos[0, 0, 0, -1] else self.maps))


def given_model(size=(64, 64), **test_cfg):
    """A model that sees a square of class 1 with two centres, and offsets of 0."""
    model = build_bestie(test_cfg=dict(flip=False, tolerance=0, kernel=11, **test_cfg)).eval()
    semantic = torch.zeros(1, CLASSES + 1, *size)
    semantic[:, 0] = 4.0
    semantic[:, 2, 10:30, 8:40] = 8.0
    semantic[:, 1, 40:60, 8:40] = 6.0
    center = torch.zeros(1, CLASSES, *size)
    center[0, 1, 20, 14] = center[0, 1, 20, 33] = 0.8
    model.head = GivenMaps((semantic, center, torch.zeros(1, 2, *size)))
    return model


def sample_of(size=(64, 64), ori_shape=None, **info):
    return DetDataSample(metainfo=dict(img_id='a', img_shape=size, ori_shape=ori_shape or size, **info))


def test_predictions_by_hand():
    sample = given_model().predict(torch.zeros(1, 3, 64, 64), [sample_of()])[0]
    found = sample.pred_instances
    # by class: the whole of class 0, which has no centre, then both halves of class 1
    assert found.labels.tolist() == [0, 1, 1]
    assert found.bboxes.tolist() == [[8, 40, 40, 60], [8, 10, 24, 30], [24, 10, 40, 30]]
    assert found.masks.shape == (3, 64, 64) and found.masks.dtype == torch.bool
    probability = torch.tensor([4.0, 0, 8, 0]).softmax(0)[2]
    torch.testing.assert_close(found.scores, torch.stack([probability * 0, *[0.8 * probability] * 2]))
    assert sample.mode == 'predict' and sample.pred_sem_seg.data[0, 20, 20] == 2
    model = given_model()
    model.head.maps[1].sub_(0.2)
    scores = model.predict(torch.zeros(1, 3, 64, 64), [sample_of()])[0].pred_instances.scores
    torch.testing.assert_close(scores, torch.stack([probability * 0, *[0.6 * probability] * 2]))
    only_centres = given_model(keep_whole=False).predict(torch.zeros(1, 3, 64, 64), [sample_of()])[0]
    assert only_centres.pred_instances.labels.tolist() == [1, 1]


def test_tags_clean_in_mode_pseudo_label_only():
    model = given_model(mode='pseudo_label')
    sample = model.predict(torch.zeros(1, 3, 64, 64), [sample_of(tags=[0])])[0]
    assert sample.pred_instances.labels.tolist() == [0] and sample.mode == 'pseudo_label'
    with pytest.raises(ValueError, match="Mode 'pseudo_label' needs the tags"):
        model.predict(torch.zeros(1, 3, 64, 64), [sample_of()])
    sample = given_model().predict(torch.zeros(1, 3, 64, 64), [sample_of(tags=[0])])[0]
    assert sample.pred_instances.labels.tolist() == [0, 1, 1]


def test_given_points_make_labels():
    model = given_model(mode='pseudo_label')
    model.supervision = 'points'
    points = [Point(1, 12, 10), Point(1, 12, 35), Point(1, 29, 38), Point(2, 1, 1)]
    sample = model.predict(torch.zeros(1, 3, 64, 64), [sample_of(tags=[0, 1, 2], points=points)])[0]
    assert sample.pred_instances.labels.tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match='set test_dataloader.dataset.points_file'):
        model.predict(torch.zeros(1, 3, 64, 64), [sample_of(tags=[1])])


def test_photos_of_other_sizes_and_padding():
    samples = [sample_of((64, 64), (128, 32)), sample_of((40, 64))]
    model = given_model()
    model.head.maps[1][0, 1, 21, [14, 33]] = 0.7  # else a centre would be two equal pixels when enlarged
    first, second = model.predict(torch.zeros(2, 3, 64, 64), samples)
    assert first.pred_instances.masks.shape == (3, 128, 32) and first.pred_sem_seg.data.shape == (1, 128, 32)
    assert first.pred_instances.bboxes[1:].tolist() == [[4, 20, 12, 60], [12, 20, 20, 60]]
    assert second.pred_instances.masks.shape == (2, 40, 64)
    as_seen = given_model().predict(torch.zeros(1, 3, 64, 64), [sample_of((64, 64), (128, 32))], rescale=False)[0]
    assert as_seen.pred_instances.masks.shape == (3, 64, 64)


def test_offsets_are_scaled_with_the_photo():
    model = given_model()
    offset = torch.zeros(1, 2, 64, 64)
    offset[0, 0], offset[0, 1] = 3.0, -5.0
    maps = InstanceMaps(*model.head.maps[:2], offset)
    merged = model._merge_views([maps], (64, 64), (64, 64), (128, 32))
    assert merged.offset[0, :, 7, 9].tolist() == [6.0, -2.5]


def test_mirror_image_is_averaged_in():
    model = build_bestie(test_cfg=dict(flip=True)).eval()
    inputs = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        photo, mirror = model._forward(inputs), model._forward(inputs.flip(-1))
    merged, mirrored = (
        model._merge_views(views, (64, 64), (64, 64), (90, 70)) for views in ([photo, mirror], [mirror, photo])
    )
    torch.testing.assert_close(merged.semantic, mirrored.semantic.flip(-1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(merged.center, mirrored.center.flip(-1), rtol=1e-4, atol=1e-5)
    # padding on the right is padding on the left of the mirror image
    padded = torch.nn.functional.pad(inputs[..., :40], (0, 24))
    with torch.no_grad():
        views = [model._forward(padded), model._forward(padded.flip(-1))]
    half = model._merge_views(views, (64, 64), (64, 40), (64, 40))
    whole = model._merge_views(views, (64, 64), (64, 64), (64, 64))
    torch.testing.assert_close(half.center, whole.center[..., :40])


def read_out_golden(flags, **settings):
    """Read out the golden maps by the flags of the official code."""
    golden = read_golden('readout')
    flip, clean, ignore, tolerance, threshold, kernel = flags
    reading = dict(threshold=threshold, kernel=int(kernel), tolerance=tolerance, keep_whole=not ignore)
    model = build_bestie(
        test_cfg=dict(mode='pseudo_label' if clean else 'predict', flip=bool(flip), **reading), **settings
    ).eval()
    names = ('im_seg', 'im_center', 'im_offset')
    model.backbone = torch.nn.Identity()
    model.head = GivenViews(*(tuple(golden[name][[view]] for name in names) for view in (0, 1)))
    size = tuple(golden['im_seg'].shape[2:])
    points = [Point(label, y, x) for label, y, x in golden['imp_points'].tolist()]
    sample = sample_of(size, tags=golden['im_cls_label'][0].nonzero()[:, 0].tolist(), points=points)
    photo = torch.arange(float(size[1])).expand(1, 3, *size)
    return model.predict(photo, [sample])[0]


@pytest.mark.parametrize('case', ['im0', 'im1', 'im2', 'im3', 'im4', 'im5', 'imp'])
def test_predictions_are_those_of_the_public_code(case):
    golden = read_golden('readout')
    if case == 'imp':
        sample = read_out_golden((True, True, False, 0.0, 0.1, 41), supervision='points')
    else:
        sample = read_out_golden(golden[f'{case}_flags'].tolist())
    found = sample.pred_instances
    assert torch.equal(sample.pred_sem_seg.data[0], golden[f'{case}_seg'])
    assert found.labels.tolist() == golden[f'{case}_label'].tolist()
    assert torch.equal(found.masks, golden[f'{case}_mask'])
    torch.testing.assert_close(found.scores.double(), golden[f'{case}_score'].double(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('ending', ['50k_voc2012', '50k_voc2012-labels', 'reference_voc2012'])
def test_official_results_by_tags_are_of_the_image_alone_and_the_last_checkpoint(ending):
    cfg = load_config(f'configs/bestie/bestie_hrnet48_{ending}.py')
    mode = 'pseudo_label' if ending.endswith('labels') else 'predict'
    assert cfg.model.test_cfg == dict(mode=mode, flip=False, threshold=0.1, kernel=41)
    pipeline = str(cfg.test_dataloader.dataset.pipeline)
    assert 'Flip' not in pipeline and 'TestTimeAug' not in pipeline
    assert 'save_best' not in cfg.default_hooks.checkpoint


def test_official_results_by_points_are_of_the_mirror_image_too():
    cfg = load_config('configs/bestie/bestie-points_hrnet48_50k_voc2012.py')
    assert cfg.model.test_cfg == dict(mode='predict', flip=True, threshold=0.1, kernel=41)


def refine_golden(points, **settings):
    """Refine the golden maps of two photos, as a training does."""
    golden = read_golden('refinement')
    model = build_bestie(**settings)
    model.head = GivenMaps(tuple(golden[f'rf_{name}'] for name in ('seg_logits', 'center', 'offset')))
    label_maps, tags = golden['rf_gt_seg_map'].numpy(), golden['rf_label']
    samples = [
        pack_sample(label_map, own_points, own.nonzero()[:, 0].tolist(), len(own), 'ab'[index])
        for index, (label_map, own_points, own) in enumerate(zip(label_maps, points, tags))
    ]
    return model.make_labels(torch.zeros(2, 3, *label_maps.shape[1:]), samples)


@pytest.mark.parametrize('case', ['rf0', 'rf1', 'rf2'])
def test_refined_labels_are_those_of_the_public_code(case):
    golden = read_golden('refinement')
    kernel, tolerance, threshold, sigma = golden[f'{case}_params'].tolist()
    refinement = dict(threshold=threshold, kernel=int(kernel), tolerance=tolerance)
    _, refined = refine_golden([[], []], refinement=refinement, sigma=sigma)
    for name, part in refined._asdict().items():
        torch.testing.assert_close(part, golden[f'{case}_{name}'], rtol=1e-5, atol=1e-6, msg=name)


def test_labels_refined_by_points_are_those_of_the_public_code():
    golden = read_golden('refinement')
    # there a point in the first row or column is taken for padding
    points = [
        [
            (label, *place)
            for label, places in enumerate(classes)
            for place in places
            if 0 not in place and golden['rf_label'][sample, label]
        ]
        for sample, classes in enumerate(golden['rfp_points'].tolist())
    ]
    pseudo, refined = refine_golden(points, supervision='points')
    torch.testing.assert_close(refined.offset, golden['rfp_offset'], rtol=0, atol=0)
    torch.testing.assert_close(refined.weight, golden['rfp_weight'], rtol=0, atol=0)
    assert refined.center is pseudo.center


def test_nothing_found_is_no_instance():
    model = given_model()
    model.head.maps[0][:, 1:] = -9.0
    found = model.predict(torch.zeros(1, 3, 64, 64), [sample_of()])[0].pred_instances
    assert len(found) == 0 and found.masks.shape == (0, 64, 64) and found.bboxes.shape == (0, 4)


def test_bad_input_is_named():
    model = given_model()
    model.head.maps[0][0, 0, 0, 0] = float('nan')
    with pytest.raises(ValueError, match='The maps of photo a are not finite'):
        model.predict(torch.zeros(1, 3, 64, 64), [sample_of()])
    model = given_model()
    model.head.maps[2][0, 0, 0, 0] = float('inf')
    with pytest.raises(ValueError, match='The maps of photo a are not finite'):
        model.predict(torch.zeros(1, 3, 64, 64), [sample_of()])
    with pytest.raises(ValueError, match='Photos are padded to .64, 96., but labels have .64, 64.'):
        build_bestie()(torch.zeros(1, 3, 64, 96), make_batch()[1][:1], mode='loss')
    with pytest.raises(ValueError, match='reads 4 levels .* but the backbone gives 3'):
        backbone = dict(type='ResNet', depth=18, base_channels=8, out_indices=(0, 1, 2))
        build_bestie(backbone=backbone)
    with pytest.raises(ValueError, match="supervision is 'tags' or 'points', not 'boxes'"):
        build_bestie(supervision='boxes')
    for settings, words in (
        (dict(refinement=dict(thresh=0.3)), 'model.refinement: no setting thresh; known are threshold, kernel'),
        (dict(refinement=dict(kernel=40)), 'model.refinement: kernel must be odd'),
        (dict(test_cfg=dict(max_instances=0)), 'model.test_cfg: max_instances is 1 or more'),
    ):
        with pytest.raises(ValueError, match=words):
            build_bestie(**settings)
    with pytest.raises(ValueError, match='Photo a comes without components'):
        stack_targets([sample_of()])
