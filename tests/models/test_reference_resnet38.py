"""Converted checkpoints of public ResNet-38 codes give the outputs of those codes, in the reference configs' models."""

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import MODELS
from reference_models import ROOT, build, build_converted, check, load_model_config

from projects.wsis.ops import search_paths
from projects.wsis.ops.affinity import source_view
from projects.wsis.reference.convert import convert_state_dict
from projects.wsis.reference.networks import REFERENCE_NETWORKS


@torch.no_grad()
def test_baseline_of_eps_gives_the_public_logits_and_cams(public_state_dict, golden_network):
    golden = golden_network('eps_cls')
    cfg = load_model_config('eps-cls')
    cfg.test_cfg.stride = 8  # maps as they leave the network
    model = build_converted('eps-cls', public_state_dict('eps_cls'), cfg)
    photos = torch.from_numpy(golden['input'])
    maps = model(photos, mode='tensor')
    check(maps.mean((2, 3)), golden['out_pred'])
    check(maps.relu(), golden['out_cam'])
    size = tuple(photos.shape[-2:])
    samples = [DetDataSample(metainfo=dict(ori_shape=size, img_shape=size, tags=list(range(20)))) for _ in photos]
    for sample, logits, cams in zip(model(photos, samples, mode='predict'), golden['out_pred'], golden['out_cam']):
        check(sample.pred_scores, torch.from_numpy(logits).sigmoid().numpy())
        check(sample.cam_maps, cams)


def test_imagenet_weights_go_into_the_backbone_alone(public_state_dict):
    # any network's backbone has the keys of the ImageNet file, which may come with its classifier
    state_dict = public_state_dict('eps_cls')
    network = REFERENCE_NETWORKS['resnet38']
    del state_dict['fc8.weight']
    weights = convert_state_dict(state_dict, network, 'imagenet.pth')
    state_dict['linear1000.weight'] = torch.zeros(1000, 4096)
    assert convert_state_dict(state_dict, network, 'imagenet.pth').keys() == weights.keys()
    with torch.device('meta'):
        backbone = MODELS.build(dict(load_model_config('resnet38').backbone, init_cfg=None))
    shapes = {key: value.shape for key, value in backbone.state_dict().items()}
    assert {key: value.shape for key, value in weights.items()} == shapes
    assert torch.equal(weights['stages.4.1.convs.2.weight'], state_dict['b7.conv_branch2b2.weight'])
    state_dict['f9.weight'] = torch.zeros(448, 448, 1, 1)
    with pytest.raises(ValueError, match='1 keys unknown'):
        convert_state_dict(state_dict, network, 'affinitynet.pth')


def public_order(radius):
    """Destinations of pairs in the order in which the official code of AffinityNet enumerates them."""
    rows = [(0, x) for x in range(1, radius)]
    return rows + [
        (y, x) for y in range(1, radius) for x in range(-radius + 1, radius) if y * y + x * x < radius * radius
    ]


@torch.no_grad()
def test_affinitynet_gives_the_public_affinities_and_random_walk(public_state_dict, golden_network):
    golden = golden_network('seam_aff')
    model = build_converted('affinitynet', public_state_dict('seam_aff'))
    assert model.stride == 8
    photos = torch.from_numpy(golden['input'])
    affinity = model.relate_pixels(photos, tuple(photos.shape[-2:]))
    assert affinity.shape == (1, 34, 11, 12)
    ours = [path.destination for path in search_paths(5)]
    found = source_view(affinity, 5)[:, [ours.index(each) for each in public_order(5)]]
    check(found.flatten(2), golden['out_aff'])
    # all spread of these untrained features is small, so compare what the pairs differ in
    check((found - 1).flatten(2), golden['out_aff'] - 1)

    # the reference config's walk is that by the public dense matrix: beta 8, 2^6 steps
    transition = torch.from_numpy(golden['out_aff_dense']).double() ** 8
    transition = torch.linalg.matrix_power(transition / transition.sum(0, keepdim=True), 64)
    scores = torch.rand(3, 11, 12, generator=torch.Generator().manual_seed(0))
    expected = (scores.flatten(1).double() @ transition).view(3, 11, 12)
    check(model.label_maker.spread(scores, affinity).double(), expected.numpy())
    model.label_maker.border_pairs = True
    everywhere = model.label_maker.spread(scores, affinity).double()
    assert (everywhere - expected).abs().max() > 0.1 * expected.max()


def check_class_maps(model, golden):
    """Compare class maps of SEAM with the golden ones, of which every third pixel of every third row is kept."""
    photos = torch.from_numpy(golden['input'])
    raw, refined = model(photos, mode='tensor')
    assert raw.shape == refined.shape == (1, 21, *photos.shape[-2:])
    check(raw[..., ::3, ::3], golden['out_cam_every_third'])
    check(refined[..., ::3, ::3], golden['out_cam_rv_every_third'])
    return photos


@torch.no_grad()
def test_seam_gives_the_public_raw_and_refined_maps(public_state_dict, golden_network):
    check_class_maps(build_converted('seam', public_state_dict('seam')), golden_network('seam'))


@torch.no_grad()
def test_ppc_gives_the_public_maps_and_projected_features(public_state_dict, golden_network):
    golden, state_dict = golden_network('ppc'), public_state_dict('ppc')
    model = build_converted('ppc-seam', state_dict)
    photos = check_class_maps(model, golden)
    features = model.extract_feat(photos)
    check(model.contrast_head(features[-1]), golden['out_f_proj'])
    check(model.head(features, photos).refined, golden['out_cam_rv_down'])
    # nothing of the contrast is used for predictions: SEAM gives the same with what it knows of the checkpoint
    weights = convert_state_dict(state_dict, REFERENCE_NETWORKS['ppc-seam'], 'public.pth')
    seam = build(load_model_config('seam'))
    missing, unexpected = seam.load_state_dict(weights, strict=False)
    assert not missing and unexpected == ['contrast_head.projector.weight']
    check_class_maps(seam, golden)


@torch.no_grad()
def test_ppc_on_eps_gives_the_public_maps_with_the_background_first(public_state_dict, golden_network):
    golden = golden_network('ppc_eps')
    model = build_converted('ppc-eps', public_state_dict('ppc_eps'))
    photos = torch.from_numpy(golden['input'])
    features = model.extract_feat(photos)
    maps = model.head(features, photos)
    for kind, found in (('out_cam', maps.raw), ('out_cam_rv', maps.refined)):
        check(found.roll(-1, 1), golden[kind])
    check(maps.raw[:, 1:].mean((2, 3)), golden['out_pred'][:, :20])
    check(model.contrast_head(features[-1]), golden['out_f_proj'])


@torch.no_grad()
def test_eps_gives_the_public_maps_with_the_background_first(public_state_dict, golden_network):
    golden = golden_network('eps')
    model = build_converted('eps', public_state_dict('eps'))
    maps = model(torch.from_numpy(golden['input']), mode='tensor')
    check(maps[:, 1:], golden['out_cam'][:, :20])
    check(maps[:, :1], golden['out_cam'][:, 20:])
    check(maps[:, 1:].mean((2, 3)), golden['out_pred'][:, :20])


@pytest.mark.parametrize('name', ['eps-cls', 'eps', 'seam', 'ppc-seam', 'ppc-eps', 'affinitynet'])
def test_reference_configs_keep_the_published_settings(name):
    cfg = Config.fromfile(ROOT / REFERENCE_NETWORKS[name].config)
    optimizer, backbone = cfg.optim_wrapper.optimizer, cfg.model.backbone
    assert (optimizer.lr, optimizer.momentum, optimizer.weight_decay) == (0.01, 5e-4, 5e-4)
    assert (backbone.type, backbone.frozen_stages, backbone.norm_eval) == ('ResNet38', 1, True)
    assert backbone.norm_cfg == dict(type='BN', requires_grad=False)
    assert cfg.train_dataloader.batch_size == 8
    assert cfg.train_dataloader.dataset.ann_file.endswith('trainaug.txt')
    crop = next(step for step in cfg.train_dataloader.dataset.pipeline if step.type == 'RandomCropAndPad')
    assert crop.crop_size == 448
    for prefix in (cfg.test_dataloader.dataset, cfg.train_dataloader.dataset):
        for kind, folder in prefix.get('data_prefix', {}).items():
            if kind in ('cams', 'inter_pixel_labels'):  # a stage reads what the stages before it wrote
                assert list((ROOT / 'configs').glob(f'*/{folder.split("/")[1]}.py')), folder
