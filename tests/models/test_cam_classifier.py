"""The CAM classifier: losses, both modes, batches of unequal photos, test-time augmentation."""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmdet.models import DetDataPreprocessor
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS, init_default_scope
from torch import nn

from projects.wsis.models.tta import cam_tta

CLASSES = 4


@MODELS.register_module()
class PatchBackbone(nn.Module):
    """Two levels of patches of 4 and 8 pixels that do not overlap, so that padding never reaches into a photo."""

    def __init__(self):
        super().__init__()
        self.fine = nn.Conv2d(3, 6, 4, stride=4)
        self.coarse = nn.Conv2d(6, 10, 2, stride=2)

    def forward(self, x):
        rows, columns = (-length % 8 for length in x.shape[-2:])
        fine = self.fine(F.pad(x, (0, columns, 0, rows)))
        return fine, self.coarse(fine)


def build(backbone=None, head=None, **test_cfg):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='CAMClassifier',
            backbone=backbone or dict(type='PatchBackbone'),
            head=dict(type='CAMHead', num_classes=CLASSES, **(head or {})),
            test_cfg=test_cfg,
        )
    )
    model.eval()
    nn.init.normal_(model.head.classifier.weight)
    return model


def sample_of(size, tags=(1, 3), **metainfo):
    sample = DetDataSample(metainfo=dict(img_id='a', ori_shape=size, img_shape=size, tags=list(tags), **metainfo))
    sample.gt_tags = F.one_hot(torch.tensor(list(tags), dtype=torch.long), CLASSES).sum(0).float()
    return sample


def photos_of(*sizes):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(3, *size, generator=generator) for size in sizes]


@torch.no_grad()
def predict(model, photos, samples):
    """Predict on a batch padded as mmdet pads it."""
    height, width = (max(photo.shape[axis] for photo in photos) for axis in (1, 2))
    batch = torch.stack([F.pad(photo, (0, width - photo.shape[2], 0, height - photo.shape[1])) for photo in photos])
    return model(batch, samples, mode='predict')


@pytest.mark.parametrize('in_index, channels', [(-1, 10), (1, 10), (0, 6)])
def test_head_fits_the_level_it_reads(in_index, channels):
    model = build(head=dict(in_index=in_index))
    assert model.head.classifier.in_channels == channels and model.head.classifier.bias is None


@pytest.mark.parametrize('batch_size', [1, 3])
def test_loss_is_the_soft_margin_loss_of_the_mean_map(batch_size):
    model = build().train()
    photos = torch.stack(photos_of(*[(24, 32)] * batch_size))
    samples = [sample_of((24, 32), tags) for tags in ((0,), (1, 2), ())[:batch_size]]
    losses = model(photos, samples, mode='loss')
    logits = model(photos, mode='tensor').mean((2, 3))
    tags = torch.tensor([[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]])[:batch_size]
    by_hand = -(tags * F.logsigmoid(logits) + (1 - tags) * F.logsigmoid(-logits)).mean()
    torch.testing.assert_close(losses['loss_cls'], by_hand)
    losses['loss_cls'].backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


@pytest.mark.parametrize('stride', [1, 4, 8])
def test_pseudo_label_mode_gives_the_tagged_classes(stride):
    model = build(mode='pseudo_label', stride=stride)
    (photo,) = photos_of((45, 30))
    (sample,) = predict(model, [photo], [sample_of((45, 30), (3, 1))])
    assert sample.mode == 'pseudo_label'
    assert sample.pred_cams.labels.tolist() == [3, 1]
    assert sample.pred_cams.cams.shape == (2, (45 - 1) // stride + 1, (30 - 1) // stride + 1)
    maps = model(photo[None], mode='tensor')[0]
    torch.testing.assert_close(sample.pred_scores, maps.mean((1, 2)).sigmoid())
    expected = F.interpolate(maps[None, [3, 1]].relu(), sample.pred_cams.cams.shape[1:], mode='bilinear')[0]
    torch.testing.assert_close(sample.pred_cams.cams, expected / (expected.amax((1, 2), keepdim=True) + 1e-5))


def test_predict_mode_looks_at_no_tags():
    model = build(mode='predict', score_threshold=0.45)
    (photo,) = photos_of((40, 40))
    (found,) = predict(model, [photo], [sample_of((40, 40), (0, 1, 2, 3))])
    assert found.mode == 'predict'
    expected = (found.pred_scores > 0.45).nonzero()[:, 0]
    assert found.pred_cams.labels.tolist() == expected.tolist() and 0 < len(expected) < CLASSES
    blind = sample_of((40, 40))
    del blind.tags
    (blind,) = predict(model, [photo], [blind])
    assert torch.equal(blind.pred_cams.cams, found.pred_cams.cams)


def test_predict_mode_without_a_found_class_gives_no_map():
    (found,) = predict(build(mode='predict', score_threshold=0.9999), photos_of((40, 24)), [sample_of((40, 24))])
    assert found.pred_cams.cams.shape == (0, 10, 6) and found.pred_cams.labels.shape == (0,)


def test_class_without_activation_gives_zeros():
    model = build()
    nn.init.constant_(model.head.classifier.weight, 0)
    (found,) = predict(model, photos_of((40, 24)), [sample_of((40, 24))])
    assert not found.pred_cams.cams.any()


# sizes whose share of the padded batch does not come out even: 100 of 352 rows of patches, 33 of 50 pixels ...
@pytest.mark.parametrize(
    'sizes', [((40, 64), (64, 40)), ((33, 50), (50, 21)), ((100, 24), (352, 16)), ((41, 9), (17, 33), (8, 8))]
)
@pytest.mark.parametrize('in_index', [0, 1])
def test_padded_batch_gives_what_single_photos_give(sizes, in_index):
    model = build(head=dict(in_index=in_index), stride=4)
    photos = photos_of(*sizes)
    together = predict(model, photos, [sample_of(size) for size in sizes])
    for photo, size, sample in zip(photos, sizes, together):
        # the backbone of this test cuts the photo into whole patches, so padding it changes nothing
        (alone,) = predict(model, [photo], [sample_of(size)])
        assert sample.cam_maps.shape == alone.cam_maps.shape
        torch.testing.assert_close(sample.pred_scores, alone.pred_scores)
        torch.testing.assert_close(sample.pred_cams.cams, alone.pred_cams.cams)


def test_size_divisor_enlarges_to_whole_cells_and_cuts():
    model = build(stride=1, size_divisor=8)
    (photo,) = photos_of((29, 43))
    (found,) = predict(model, [photo], [sample_of((29, 43))])
    maps = model(photo[None], mode='tensor').relu()
    expected = F.interpolate(maps, scale_factor=8, mode='bilinear')[0, [1, 3], :29, :43]
    torch.testing.assert_close(found.pred_cams.cams, expected / (expected.amax((1, 2), keepdim=True) + 1e-5))


def build_merger(model):
    merger = MODELS.build(dict(type='CAMTTAModel', module=dict(type='PrecomputedLabels')))
    merger.module = model
    return merger


def views_of(photo, scales, direction='horizontal'):
    """Inputs and samples of a photo at some scales, each also mirrored."""
    views, size = [], tuple(photo.shape[1:])
    for scale in scales:
        scaled = F.interpolate(photo[None], scale_factor=scale, mode='bilinear')[0]
        for flip in (False, True):
            sample = sample_of(size, flip=flip, flip_direction=direction if flip else None)
            sample.set_metainfo(dict(img_shape=tuple(scaled.shape[1:])))
            views.append((scaled.flip(-1) if flip else scaled, sample))
    return views


def test_merged_views_equal_the_sum_by_hand():
    model = build(stride=4)
    (photo,) = photos_of((48, 36))
    views = views_of(photo, (1.0, 0.5, 1.5))
    samples = [predict(model, [view], [sample])[0] for view, sample in views]
    (merged,) = build_merger(model).merge_preds([samples])
    total, scores = 0, []
    for view, sample in views:
        maps = model(view[None], mode='tensor')
        scores.append(maps.mean((2, 3))[0].sigmoid())
        maps = F.interpolate(maps.relu(), (12, 9), mode='bilinear', align_corners=False)[0]
        total = total + (maps.flip(-1) if sample.flip else maps)
    expected = total[[1, 3]] / (total[[1, 3]].amax((1, 2), keepdim=True) + 1e-5)
    torch.testing.assert_close(merged.pred_cams.cams, expected)
    torch.testing.assert_close(merged.pred_scores, torch.stack(scores).mean(0))
    assert merged.pred_cams.labels.tolist() == [1, 3] and 'cam_maps' not in merged


def test_cams_of_two_sizes_are_those_of_one_each():
    views = views_of(photos_of((48, 36))[0], (1.0, 0.5))
    sizes = dict(pred_cams=dict(stride=4), full_size_cams=dict(stride=1, size_divisor=16))
    both = build(stride=4, other_sizes=dict(full_size_cams=sizes['full_size_cams']))
    both.data_preprocessor = DetDataPreprocessor()
    data = dict(inputs=[[view] for view, _ in views], data_samples=[[sample] for _, sample in views])
    (merged,) = build_merger(both).test_step(copy.deepcopy(data))
    for name, size in sizes.items():
        alone = build(**size)
        alone.load_state_dict(both.state_dict())
        alone.data_preprocessor = DetDataPreprocessor()
        (expected,) = build_merger(alone).test_step(copy.deepcopy(data))
        assert torch.equal(merged.get(name).cams, expected.pred_cams.cams)
        assert torch.equal(merged.get(name).labels, expected.pred_cams.labels)
    assert merged.full_size_cams.cams.shape[1:] == (48, 36) and merged.pred_cams.cams.shape[1:] == (12, 9)


@pytest.mark.parametrize(
    'sizes', [dict(pred_cams=dict(stride=1)), dict(gt_tags=dict(stride=1)), dict(full_size_cams=dict(strid=1))]
)
def test_other_sizes_that_cannot_be(sizes):
    with pytest.raises(ValueError, match=r'other_sizes: \w+=.* is none: names end with _cams'):
        build(other_sizes=sizes)


def test_merging_enlarges_the_maps_of_tagged_classes_only(monkeypatch):
    model = build(stride=4)
    model.data_preprocessor = DetDataPreprocessor()
    resize, seen = model.resize_to_photo, []
    monkeypatch.setattr(model, 'resize_to_photo', lambda maps, *size: seen.append(len(maps)) or resize(maps, *size))
    views = views_of(photos_of((48, 36))[0], (1.0, 0.5))
    data = dict(inputs=[[view] for view, _ in views], data_samples=[[sample] for _, sample in views])
    (merged,) = build_merger(model).test_step(data)
    assert seen == [1] * (len(views) * 2)  # two tags, one map at a time
    samples = [predict(model, [view], [sample])[0] for view, sample in views_of(photos_of((48, 36))[0], (1.0, 0.5))]
    (expected,) = build_merger(model).merge_preds([samples])
    torch.testing.assert_close(merged.pred_cams.cams, expected.pred_cams.cams)
    torch.testing.assert_close(merged.pred_scores, expected.pred_scores)


def test_views_of_one_size_are_one_batch_on_a_gpu(monkeypatch):
    model = build(stride=4)
    model.data_preprocessor = DetDataPreprocessor()
    find, batches = model.find_maps, []
    monkeypatch.setattr(
        model, 'find_maps', lambda inputs, samples: batches.append(inputs.shape) or find(inputs, samples)
    )

    def merge():
        batches.clear()
        by_view = [zip(*views_of(photo, (1.0, 0.5))) for photo in photos_of((48, 36), (40, 32))]
        inputs, samples = zip(*by_view)
        return build_merger(model).test_step(dict(inputs=list(zip(*inputs)), data_samples=list(zip(*samples))))

    expected = merge()
    assert batches == [(2, 3, 48, 36)] * 2 + [(2, 3, 24, 18)] * 2  # a CPU
    monkeypatch.setattr(cam_tta, 'SINGLE_DEVICES', ())
    for largest, seen in ((6100, [(4, 3, 48, 36)]), (6000, [(2, 3, 48, 36)] * 2)):
        monkeypatch.setattr(cam_tta, 'PIXELS_TOGETHER', largest)
        for one, other in zip(merge(), expected):
            torch.testing.assert_close(one.pred_cams.cams, other.pred_cams.cams)
            torch.testing.assert_close(one.pred_scores, other.pred_scores)
        assert batches == [*seen, (4, 3, 24, 18)]


def test_views_of_several_photos_are_kept_apart():
    model = build()
    batches = []
    for photo in photos_of((32, 40), (24, 24)):
        batches.append([predict(model, [view], [sample])[0] for view, sample in views_of(photo, (1.0,))])
    alone = [build_merger(model).merge_preds([[sample.clone() for sample in samples]])[0] for samples in batches]
    for merged, expected in zip(build_merger(model).merge_preds(batches), alone):
        assert torch.equal(merged.pred_cams.cams, expected.pred_cams.cams)


def test_other_flips_are_refused():
    model = build()
    views = views_of(photos_of((32, 40))[0], (1.0,), direction='vertical')
    samples = [predict(model, [view], [sample])[0] for view, sample in views]
    with pytest.raises(ValueError, match='merges horizontal flips, not vertical ones'):
        build_merger(model).merge_preds([samples])


@pytest.mark.parametrize(
    'test_cfg, words',
    [
        (dict(mode='train'), "mode is 'pseudo_label' .* not 'train'"),
        (dict(strides=4), r"Unknown entries of test_cfg: \['strides'\]"),
    ],
)
def test_bad_settings_are_refused_in_one_line(test_cfg, words):
    with pytest.raises(ValueError, match=words) as error:
        build(**test_cfg)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('in_index', [2, -3])
def test_level_that_is_not_there_is_refused_in_one_line(in_index):
    with pytest.raises(ValueError, match=f'CAMHead reads level {in_index}, but the backbone gives 2: name another'):
        build(head=dict(in_index=in_index))


def test_pseudo_label_mode_without_tags_is_refused():
    sample = sample_of((40, 40))
    del sample.tags
    with pytest.raises(ValueError, match="needs the tags of each photo; use mode='predict'"):
        predict(build(), photos_of((40, 40)), [sample])


def test_backbone_and_neck_of_the_libraries_fit_in():
    model = build(backbone=dict(type='mmseg.ResNetV1c', depth=18, base_channels=8, stem_channels=8))
    assert model.head.classifier.in_channels == 64 and model.feature_stride == 32
    init_default_scope('mmdet')
    model = MODELS.build(
        dict(
            type='CAMClassifier',
            backbone=dict(type='ResNet', depth=18, base_channels=8),
            neck=dict(type='FPN', in_channels=[8, 16, 32, 64], out_channels=5, num_outs=4),
            head=dict(type='CAMHead', num_classes=2, in_index=1),
        )
    )
    assert model.head.classifier.in_channels == 5 and model.feature_stride == 8
    assert model(torch.zeros(1, 3, 64, 64), mode='tensor').shape == (1, 2, 8, 8)


@pytest.mark.parametrize('pad_size_divisor', (1, 8))
def test_views_of_a_large_photo_are_normalised_in_bands(monkeypatch, pad_size_divisor):
    """To the last bit as by the data preprocessor, which does it as a whole where it also pads."""
    settings = dict(mean=[0.4, 0.5, 0.6], std=[2.0, 3.0, 4.0], bgr_to_rgb=True, pad_size_divisor=pad_size_divisor)
    module = build()
    module.data_preprocessor = DetDataPreprocessor(**settings)
    model = build_merger(module)
    (photo,) = photos_of((40, 56))

    def find():
        photos, samples = zip(*views_of(photo, (1.0, 0.5)))
        return model.test_step(dict(inputs=[[view] for view in photos], data_samples=[[view] for view in samples]))[0]

    whole, rows = find(), []
    monkeypatch.setattr(cam_tta, 'LARGE_PIXELS', 12 * 56)
    normalize = cam_tta.CAMTTAModel._normalize_rows
    monkeypatch.setattr(
        cam_tta.CAMTTAModel, '_normalize_rows', lambda *given: rows.append(given[2:]) or normalize(*given)
    )
    banded = find()
    assert rows == [(0, 12), (12, 24), (24, 36), (36, 40)] * 2 * (pad_size_divisor == 1)
    assert torch.equal(banded.pred_cams.cams, whole.pred_cams.cams)
    assert torch.equal(banded.pred_scores, whole.pred_scores)
    assert banded.pad_shape == whole.pad_shape and banded.batch_input_shape == whole.batch_input_shape
