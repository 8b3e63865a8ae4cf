"""Converted checkpoints of official codes give the outputs of those codes, in the models of the reference configs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from PIL import Image
from reference_models import ROOT, TOLERANCE, build, check, load_converted, load_model_config

from projects.wsis.reference.networks import REFERENCE_NETWORKS


@pytest.fixture(scope='module')
def classifier(public_state_dict, tmp_path_factory):
    cfg = load_model_config('irn-cam')
    cfg.test_cfg.stride = 16  # maps as they leave the network
    return load_converted(build(cfg), 'irn-cam', public_state_dict('irn_cam'), tmp_path_factory.mktemp('cam'))


@pytest.fixture(scope='module')
def irnet(public_state_dict, tmp_path_factory):
    cfg = load_model_config('irn')
    assert cfg.data_preprocessor.pad_size_divisor == 512
    cfg.data_preprocessor.pad_size_divisor = 128  # the crop of the golden outputs
    state_dict = public_state_dict('irn_edge_displacement')
    return load_converted(build(cfg), 'irn', state_dict, tmp_path_factory.mktemp('irn'))


def views_of(photos, **metainfo):
    """Data of a photo and its mirror image as mmengine's test-time augmentation hands them to the model."""
    height, width = photos.shape[-2:]
    shapes = dict(img_id='a', ori_shape=(height, width), img_shape=(height, width), **metainfo)
    flips = [dict(flip=False, flip_direction=None), dict(flip=True, flip_direction='horizontal')]
    return [[DetDataSample(metainfo={**shapes, **flip})] for flip in flips]


@torch.no_grad()
def test_classifier_gives_the_public_logits_and_cams(classifier, golden_network):
    golden = golden_network('irn_cam')
    photos = torch.from_numpy(golden['input'])
    maps = classifier(photos, mode='tensor')
    check(maps.mean((2, 3)), golden['out_logits'])
    check(maps[0].relu() + maps[1].relu().flip(-1), golden['out_cam'])


@torch.no_grad()
def test_merged_views_are_the_normalised_public_cams(classifier, golden_network):
    golden = golden_network('irn_cam')
    photos = torch.from_numpy(golden['input'])
    merger = MODELS.build(dict(type='CAMTTAModel', module=dict(type='PrecomputedLabels')))
    merger.module = classifier
    samples = [
        classifier(photo[None], view, mode='predict')[0]
        for photo, view in zip(photos, views_of(photos, tags=list(range(20))))
    ]
    cams = merger.merge_preds([samples])[0].pred_cams.cams
    # each class is divided by its own maximum; back at one scale, weak classes do not stand for their noise
    maxima = torch.from_numpy(golden['out_cam']).amax((1, 2), keepdim=True) + 1e-5
    check(cams * maxima, golden['out_cam'])
    assert (cams.amax((1, 2)) > 0.999).all()


def test_irnet_gives_the_public_boundary_and_displacement(irnet, golden_network):
    golden = golden_network('irn_edge_displacement')
    views = torch.from_numpy(golden['input'])
    size = tuple(views.shape[-2:])
    padded = torch.nn.functional.pad(views, (0, 128 - size[1], 0, 128 - size[0]))
    boundary, displacement = irnet.relate_views(padded, size)
    check(boundary, golden['out_edge'])
    check(displacement, golden['out_displacement'])
    # from a photo alone: its own mirror image takes the place of the golden pair's second photo
    check(irnet.relate_pixels(padded[0], size)[1], golden['out_displacement'])
    boundary, _ = irnet.relate_pixels(padded[0], size)
    mirror = torch.nn.functional.pad(views[0].flip(-1), (0, 128 - size[1], 0, 128 - size[0]))
    torch.testing.assert_close(boundary, irnet.relate_views(torch.stack([padded[0], mirror]), size)[0])


@torch.no_grad()
def test_padding_is_that_of_the_public_code(irnet, golden_network):
    # from bytes through the data preprocessor: zeros after normalisation, right and below, to the divisor
    sample = DetDataSample(metainfo=dict(img_shape=(90, 101), ori_shape=(90, 101)))
    photo = torch.randint(0, 256, (3, 90, 101), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    inputs = irnet.data_preprocessor(dict(inputs=[photo], data_samples=[sample]))['inputs']
    assert inputs.shape == (1, 3, 128, 128)
    assert not inputs[..., 90:, :].any() and not inputs[..., 101:].any()
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    expected = (photo.flip(0) / 255 - mean[:, None, None]) / std[:, None, None]  # BGR bytes, RGB weights
    torch.testing.assert_close(inputs[0, :, :90, :101], expected, rtol=0, atol=1e-5)
    # and GroupNorm sees it, so without it the outputs are others
    golden = golden_network('irn_edge_displacement')
    _, displacement = irnet.relate_views(torch.from_numpy(golden['input']), (90, 101))
    expected = torch.from_numpy(golden['out_displacement'])
    assert (displacement - expected).abs().max() / expected.abs().max() > 100 * TOLERANCE


@pytest.mark.parametrize(
    'name',
    [
        'configs/cam/cam_r50_reference_two-sizes_voc2012.py',
        'configs/irnet/inter-pixel-labels_reference_voc2012.py',
        'configs/cam/cam_r50_reference_voc2012.py',
        'configs/irnet/irnet_r50_reference_voc2012.py',
    ],
)
def test_reference_configs_keep_the_published_settings(name):
    cfg = Config.fromfile(ROOT / name)
    if 'optim_wrapper' in cfg:
        optimizer = cfg.optim_wrapper.optimizer
        assert (optimizer.lr, optimizer.momentum, optimizer.weight_decay) == (0.1, 1e-4, 1e-4)
        assert cfg.train_dataloader.dataset.ann_file.endswith('trainaug.txt')
        assert cfg.model.backbone.strides == (1, 2, 2, 1)
    if 'mean_dataloader' in cfg:
        assert cfg.mean_dataloader.dataset.ann_file.endswith('/train.txt')
    # a stage reads what the stages before it wrote under their configs' names
    for prefix in (cfg.test_dataloader.dataset, cfg.get('train_dataloader', dict(dataset={}))['dataset']):
        for folder in prefix.get('data_prefix', {}).values():
            stage = Path(folder).parts[1]
            assert list((ROOT / 'configs').glob(f'*/{stage}.py')), folder


def test_labels_and_walk_read_the_two_sizes_of_one_run():
    labels = Config.fromfile(ROOT / 'configs/irnet/inter-pixel-labels_reference_voc2012.py')
    walk = Config.fromfile(ROOT / 'configs/irnet/irnet_r50_reference_voc2012.py')
    folders = [Path(cfg.test_dataloader.dataset.data_prefix.cams) for cfg in (labels, walk)]
    assert [folder.name for folder in folders] == ['full_size_cams', 'cams']
    assert len({folder.parent for folder in folders}) == 1


def test_reference_pipelines_give_the_views_of_the_public_code(tmp_path):
    init_default_scope('mmdet')
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (33, 51, 3), np.uint8)).save(tmp_path / 'a.png')
    info = dict(img_path=str(tmp_path / 'a.png'), img_id='a', tags=[2], num_classes=20)
    cfg = Config.fromfile(ROOT / REFERENCE_NETWORKS['irn-cam'].config)
    views = Compose(cfg.test_dataloader.dataset.pipeline)(dict(info))
    sizes = [tuple(photo.shape[1:]) for photo in views['inputs']]
    assert sizes == [size for size in ((33, 51), (16, 26), (50, 76), (66, 102)) for _ in range(2)]
    assert [bool(sample.flip) for sample in views['data_samples']] == [False, True] * 4
    photos, mirrors = views['inputs'][::2], views['inputs'][1::2]
    assert all(torch.equal(mirror, photo.flip(-1)) for photo, mirror in zip(photos, mirrors))
    assert Compose(cfg.train_dataloader.dataset.pipeline)(dict(info))['inputs'].shape == (3, 512, 512)
    cfg = Config.fromfile(ROOT / REFERENCE_NETWORKS['irn'].config)
    assert [step.type for step in cfg.train_dataloader.dataset.pipeline][2] == 'PILRescale'
    assert Compose(cfg.mean_dataloader.dataset.pipeline)(dict(info))['inputs'].shape == (3, 512, 512)
