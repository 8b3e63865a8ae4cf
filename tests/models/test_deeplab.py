"""DeepLab: the heads of V1 and V2, merging of views with modes and CRF."""

import weakref

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS, DefaultScope, init_default_scope
from mmengine.structures import PixelData
from PIL import Image
from torch import nn

import projects.wsis.models.heads.separable_aspp_head  # noqa: F401  registers it
from projects.wsis.models import bands
from projects.wsis.models.heads.deeplab_head import DeepLabHead
from projects.wsis.models.tta import SemanticTTAModel, semantic_tta


@pytest.fixture(autouse=True)
def mmseg_scope(monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
    init_default_scope('mmseg')
    torch.manual_seed(0)


def build_head(**kwargs):
    return MODELS.build(dict(type='DeepLabHead', in_channels=6, num_classes=4, **kwargs))


def test_v2_is_the_sum_of_its_dilated_convolutions():
    head = build_head(dilations=(1, 2, 3)).eval()
    features = torch.randn(2, 6, 9, 11)
    maps = head((torch.zeros(2, 1, 1, 1), features))
    expected = 0
    for dilation, branch in zip((1, 2, 3), head.branches):
        expected = expected + F.conv2d(features, branch[1].weight, branch[1].bias, padding=dilation, dilation=dilation)
    torch.testing.assert_close(maps, expected)
    assert maps.shape == (2, 4, 9, 11)


def test_a_single_pixel_reaches_exactly_the_dilated_places():
    head = build_head(dilations=(1, 3)).eval()
    for branch in head.branches:
        nn.init.ones_(branch[1].weight)
        nn.init.zeros_(branch[1].bias)
    features = torch.zeros(1, 6, 9, 9)
    features[:, 0, 4, 4] = 1
    found = head((features,))[0, 0]
    expected = torch.zeros(9, 9)
    for dilation in (1, 3):
        for row in (-dilation, 0, dilation):
            for column in (-dilation, 0, dilation):
                expected[4 + row, 4 + column] += 1
    assert torch.equal(found, expected)


def test_v1_has_hidden_layers_and_one_wide_branch():
    head = build_head(dilations=(12,), hidden_channels=5, dropout_ratio=0.5, norm_cfg=dict(type='BN')).eval()
    (branch,) = head.branches
    assert branch[0].conv.dilation == (12, 12) and branch[0].conv.weight.shape == (5, 6, 3, 3)
    assert branch[1].conv.kernel_size == (1, 1) and branch[2].p == 0.5 and branch[3].out_channels == 4
    assert head((torch.randn(1, 6, 30, 30),)).shape == (1, 4, 30, 30)


@pytest.mark.parametrize('drop_values', [False, True])
def test_dropout_drops_channels_or_values(drop_values):
    head = build_head(dilations=(12,), hidden_channels=64, dropout_ratio=0.5, drop_values=drop_values).train()
    kept = head.branches[0][2](torch.ones(1, 64, 8, 8)) > 0
    whole = (kept.flatten(2).all(2) | ~kept.flatten(2).any(2)).float().mean()
    assert whole == (0 if drop_values else 1) and 0.3 < kept.float().mean() < 0.7


def test_kaiming_weights_leave_biases_as_torch_makes_them():
    head = build_head(dilations=(1, 2), init_cfg=dict(type='KaimingWeights', layer='Conv2d'))
    before = {name: parameter.clone() for name, parameter in head.named_parameters()}
    head.init_weights()
    for name, parameter in head.named_parameters():
        assert torch.equal(parameter, before[name]) == name.endswith('bias') and parameter.any(), name


@pytest.mark.parametrize('settings', [dict(), dict(dilations=(12,), hidden_channels=8)])
@pytest.mark.parametrize('batch', [1, 3])
def test_training_step_leaves_unsure_pixels_out(settings, batch):
    model = MODELS.build(
        dict(
            type='EncoderDecoder',
            backbone=dict(type='mmdet.ResNet', depth=18, base_channels=6, num_stages=1, strides=(1,), dilations=(1,),
                          out_indices=(0,), norm_eval=True),
            decode_head=dict(type='DeepLabHead', in_channels=6, num_classes=4, **settings),
            data_preprocessor=dict(type='SegDataPreProcessor'),
        )
    ).train()  # fmt: skip
    labels = torch.randint(0, 4, (batch, 1, 32, 40))
    labels[..., :10] = 255
    samples = [DetDataSample(metainfo=dict(img_shape=(32, 40))) for _ in range(batch)]
    for sample, label in zip(samples, labels):
        sample.gt_sem_seg = PixelData(data=label)
    photos = torch.randn(batch, 3, 32, 40)
    loss = model(photos, samples, mode='loss')['decode.loss_ce']
    logits = F.interpolate(model(photos, mode='tensor'), (32, 40), mode='bilinear', align_corners=False)
    expected = F.cross_entropy(logits, labels[:, 0], ignore_index=255, reduction='sum') / labels.numel()
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert all(p.grad.abs().sum() > 0 for name, p in model.named_parameters())  # none is left over


def test_head_without_branch_is_refused():
    with pytest.raises(ValueError, match='one dilation at least'):
        build_head(dilations=())


def test_head_is_the_one_of_the_root_registry():
    assert isinstance(build_head(), DeepLabHead)


def build_separable_head(kind):
    settings = dict(in_channels=6, channels=8, dilations=(1, 2, 3), c1_in_channels=4, c1_channels=3, num_classes=4)
    torch.manual_seed(0)
    head = MODELS.build(dict(type=kind, in_index=1, align_corners=False, **settings)).eval()
    for norm in (module for module in head.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.running_mean.normal_(std=0.1)
        norm.running_var.uniform_(0.5, 2)
    return head


@pytest.mark.parametrize('size', [(40, 24), (37, 22), (5, 61)])
def test_separable_head_in_bands_is_mmsegs(monkeypatch, size):
    ours, theirs = build_separable_head('BandedSeparableASPPHead'), build_separable_head('DepthwiseSeparableASPPHead')
    theirs.load_state_dict(ours.state_dict())  # same keys, same shapes
    levels = torch.randn(2, 4, *size), torch.randn(2, 6, *(-(-length // 4) for length in size))
    monkeypatch.setattr(bands.run_joined_in_bands, '__defaults__', (2**12,))
    with torch.no_grad():
        found, expected = ours(levels), theirs(levels)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    assert torch.equal(ours(levels), expected), 'with gradients it is the same code'


def build_merger(**kwargs):
    return SemanticTTAModel(dict(type='PrecomputedLabels'), **kwargs)


def sample_of(logits, tags=(0, 1, 2), photo='a', **metainfo):
    sample = DetDataSample(metainfo=dict(img_id=photo, ori_shape=tuple(logits.shape[1:]), **metainfo))
    if tags is not None:
        sample.set_metainfo(dict(tags=list(tags)))
    sample.set_data(dict(seg_logits=PixelData(data=logits)))
    return sample


def test_views_are_averaged_as_probabilities():
    logits = 3 * torch.randn(3, 4, 6, 7)
    (merged,) = build_merger().merge_preds([[sample_of(view) for view in logits]])
    expected = logits.softmax(1).mean(0).argmax(0)
    assert torch.equal(merged.pred_sem_seg.data[0].long(), expected)
    assert not torch.equal(expected, logits.mean(0).argmax(0))  # it does matter
    assert merged.mode == 'predict' and 'seg_logits' not in merged and merged.pred_sem_seg.data.dtype == torch.uint8


@pytest.mark.parametrize('average', ['probabilities', 'logits'])
def test_views_are_seen_one_after_the_other(average):
    class Segmentor(nn.Module):
        seen, made = 0, []

        def data_preprocessor(self, data, training):
            return dict(data, inputs=torch.stack(data['inputs']))

        def forward(self, inputs, data_samples, mode):
            assert mode == 'predict' and all(view() is None for view in self.made), 'earlier views are given up'
            self.seen += 1
            samples = [sample_of(own, photo=sample.img_id) for own, sample in zip(inputs, data_samples, strict=True)]
            self.made += [weakref.ref(sample.seg_logits.data) for sample in samples]
            return samples

    views = 3 * torch.randn(3, 2, 4, 6, 7)
    samples = [[sample_of(view[0], photo='a'), sample_of(view[1], photo='b')] for view in views]
    merger = build_merger(average=average)
    expected = merger.merge_preds(list(zip(*samples)))
    merger.module = Segmentor()
    found = merger.test_step(dict(inputs=[list(view) for view in views.clone()], data_samples=samples))
    assert merger.module.seen == 3 and [sample.img_id for sample in found] == ['a', 'b']
    for own, other in zip(found, expected):
        assert torch.equal(own.pred_sem_seg.data, other.pred_sem_seg.data) and 'seg_logits' not in own


def test_views_can_be_averaged_as_logits():
    logits = 3 * torch.randn(3, 4, 6, 7)
    (merged,) = build_merger(average='logits').merge_preds([[sample_of(view) for view in logits]])
    assert torch.equal(merged.pred_sem_seg.data[0].long(), logits.mean(0).argmax(0))
    with pytest.raises(ValueError, match="average of SemanticTTAModel is one of probabilities, logits, not 'mean'"):
        build_merger(average='mean')


def test_pseudo_label_mode_chooses_from_background_and_tags():
    logits = torch.randn(1, 4, 20, 20)
    (merged,) = build_merger(mode='pseudo_label').merge_preds([[sample_of(logits[0], tags=(2, 0))]])
    expected = logits[0].masked_fill(torch.tensor([False, False, True, False])[:, None, None], -torch.inf).argmax(0)
    assert torch.equal(merged.pred_sem_seg.data[0].long(), expected) and merged.mode == 'pseudo_label'
    assert set(expected.unique().tolist()) == {0, 1, 3}
    (predicted,) = build_merger().merge_preds([[sample_of(logits[0], tags=None)]])
    assert 2 in predicted.pred_sem_seg.data


def test_scores_that_are_not_finite_name_the_photo():
    logits = torch.randn(2, 4, 5, 5)
    logits[0, 1, 2, 3] = torch.nan
    with pytest.raises(ValueError, match='class maps of photo odd are not finite'):
        build_merger().merge_preds([[sample_of(view, photo='odd') for view in logits]])


def test_photo_without_a_tag_is_background():
    (merged,) = build_merger(mode='pseudo_label').merge_preds([[sample_of(torch.randn(4, 5, 5), tags=())]])
    assert not merged.pred_sem_seg.data.any()


@pytest.mark.parametrize('mode, labels', [('predict', [0, 1, 2, 3]), ('pseudo_label', [0, 2])])
def test_crf_gets_the_photo_and_the_scores_of_the_labels(mode, labels, tmp_path, monkeypatch):
    colors = np.random.default_rng(0).integers(0, 255, (12, 16, 3), np.uint8)
    Image.fromarray(colors).save(tmp_path / 'a.png')
    given = {}

    def crf(image, scores, **settings):
        given.update(image=image, scores=scores, settings=settings)
        return scores[::-1].copy()  # so that its answer is seen to count

    monkeypatch.setattr(semantic_tta, 'refine_scores_with_crf', crf)
    logits = torch.randn(4, 12, 16)
    merger = build_merger(mode=mode, crf=dict(iterations=3))
    (merged,) = merger.merge_preds([[sample_of(logits, tags=(1,), img_path=str(tmp_path / 'a.png'))]])
    assert np.array_equal(given['image'][..., ::-1], colors)
    scores = logits.softmax(0)[labels]
    np.testing.assert_allclose(given['scores'], scores)
    assert given['settings'] == dict(iterations=3, gaussian=(1.0, 3.0), bilateral=(67.0, 3.0, 4.0))
    expected = torch.tensor(labels)[scores.flip(0).argmax(0)]
    assert torch.equal(merged.pred_sem_seg.data[0].long(), expected)


def test_crf_without_a_photo_file_gets_one_line():
    sample = sample_of(torch.randn(4, 5, 5), img_path='frame 3')
    with pytest.raises(ValueError, match='and frame 3 is none: set tta_model.crf=None for it') as error:
        build_merger(crf=True).merge_preds([[sample]])
    assert '\n' not in str(error.value)


def test_crf_smooths_to_the_edge_of_the_photo(tmp_path):
    colors = np.zeros((40, 40, 3), np.uint8)
    colors[:, 20:] = 200
    Image.fromarray(colors).save(tmp_path / 'a.png')
    truth = torch.zeros(40, 40, dtype=torch.long)
    truth[:, 20:] = 1
    logits = 2 * F.one_hot(truth, 4).permute(2, 0, 1).float() + torch.randn(4, 40, 40)
    sample = sample_of(logits, img_path=str(tmp_path / 'a.png'))
    (plain,) = build_merger().merge_preds([[sample.clone()]])
    (refined,) = build_merger(crf=True).merge_preds([[sample]])
    errors = [(found.pred_sem_seg.data[0].long() != truth).float().mean() for found in (plain, refined)]
    assert errors[0] > 0.1 and errors[1] < 0.01


@pytest.mark.parametrize(
    'mode, words', [('train', "mode is 'pseudo_label'"), ('pseudo_label', 'needs the tags of each photo')]
)
def test_bad_mode_gets_one_line(mode, words):
    with pytest.raises(ValueError, match=words) as error:
        build_merger(mode=mode).merge_preds([[sample_of(torch.randn(4, 5, 5), tags=None)]])
    assert '\n' not in str(error.value)
