"""Saliency maps: found at the start, kept on their photo by every transform, packed apart from labels."""

import cv2
import numpy as np
import pytest
from mmengine.registry import TRANSFORMS
from PIL import Image

from projects.wsis.datasets import VOCTagDataset
from projects.wsis.datasets.transforms import LoadSaliency, PackTagInputs, RandomCropAndPad

GEOMETRY = [
    dict(type='RandomResizeLongSide', length_range=(40, 64), interpolation='nearest'),
    dict(type='mmcv.RandomFlip', prob=0.5),
    dict(type='RandomCropAndPad', crop_size=48, pad_value=(0, 0, 0)),
    dict(type='PackTagInputs'),
]


@pytest.fixture
def root(tmp_path):
    """Three photos, whose green channel is also their saliency map; photo c has no tag."""
    for folder in ('JPEGImages', 'saliency'):
        (tmp_path / folder).mkdir()
    rng = np.random.default_rng(0)
    for photo in 'abc':
        image = np.full((50, 70, 3), 255, np.uint8)
        image[..., 1] = cv2.resize(rng.integers(1, 255, (5, 7), np.uint8), (70, 50), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(tmp_path / f'JPEGImages/{photo}.png'), image)
        cv2.imwrite(str(tmp_path / f'saliency/{photo}.png'), image[..., 1])
    (tmp_path / 'split.txt').write_text('a\nb\nc\n')
    (tmp_path / 'tags.txt').write_text('a cat\nb dog cat\n')
    return tmp_path


def build(root, transforms=(), **kwargs):
    return VOCTagDataset(
        ann_file='split.txt',
        data_root=str(root),
        data_prefix=dict(saliency='saliency'),
        tags_file='tags.txt',
        metainfo=dict(classes=('cat', 'dog')),
        pipeline=[TRANSFORMS.build(dict(type=kind) if isinstance(kind, str) else kind) for kind in transforms],
        **kwargs,
    )


def test_maps_stay_on_their_photo_through_resize_flip_and_crop(root):
    np.random.seed(0)
    dataset = build(root, ['LoadPhoto', 'LoadSaliency', *GEOMETRY])
    mirrored = set()
    for _ in range(12):
        for item in (dataset[0], dataset[1]):
            saliency = item['data_samples'].gt_saliency.data
            assert saliency.shape == (1, 48, 48) and 'gt_sem_seg' not in item['data_samples']
            # both are nearest, so they are equal: the photo's green channel is 0 outside it, and so is the map
            assert np.array_equal(item['inputs'][1].numpy(), saliency[0].numpy())
            assert saliency.max() > 0
            mirrored.add(bool(item['data_samples'].flip))
    assert mirrored == {True, False}


def test_padding_of_label_maps_is_still_255(root):
    results = dict(img=np.zeros((4, 4, 3), np.uint8), gt_seg_map=np.ones((4, 4), np.uint8))
    labels = RandomCropAndPad(crop_size=6, random=False)({**results})['gt_seg_map']
    saliency = RandomCropAndPad(crop_size=6, random=False)({**results, 'seg_map_kind': 'saliency'})['gt_seg_map']
    assert labels[4:].tolist() == [[255] * 6] * 2 and not saliency[4:].any() and saliency[:4, :4].all()


@pytest.mark.parametrize('size', [(25, 35), (100, 140), (31, 90)])
def test_map_of_another_size_is_resized(root, size):
    cv2.imwrite(str(root / 'saliency/a.png'), np.tile(np.linspace(0, 255, size[1]), (size[0], 1)).astype(np.uint8))
    results = build(root, ['LoadPhoto', 'LoadSaliency'])[0]
    assert results['gt_seg_map'].shape == (50, 70) and results['gt_seg_map'].dtype == np.uint8
    assert np.abs(results['gt_seg_map'][20] - np.linspace(0, 255, 70)).max() < 10


@pytest.mark.parametrize('mode', ['L', 'P', 'RGB', 'I;16', '1', 'LA'])
def test_every_kind_of_png_is_read_as_grey(root, mode):
    grey = (np.arange(50 * 70).reshape(50, 70) % 2 * 255).astype(np.uint8)
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == 'I;16' else Image.fromarray(grey).convert(mode)
    image.save(root / 'saliency/b.png')
    read = build(root, ['LoadPhoto', 'LoadSaliency'])[1]['gt_seg_map']
    assert read.shape == (50, 70) and np.abs(read.astype(int) - grey).max() <= 1


def test_all_zero_map_is_fine(root):
    cv2.imwrite(str(root / 'saliency/a.png'), np.zeros((50, 70), np.uint8))
    sample = build(root, ['LoadPhoto', 'LoadSaliency', 'PackTagInputs'])[0]['data_samples']
    assert sample.gt_saliency.data.shape == (1, 50, 70) and not sample.gt_saliency.data.any()


def test_missing_maps_are_told_at_the_start_and_counted(root):
    (root / 'saliency/a.png').unlink()
    (root / 'saliency/c.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'2 of 3 photos have no saliency map .*saliency\): a, c$') as error:
        build(root)
    assert '\n' not in str(error.value)
    with pytest.raises(FileNotFoundError, match=r'1 of 2 photos'):  # c has no tag and is not used
        build(root, filter_cfg=dict(filter_empty_tags=True))


def test_missing_folder_is_told(root):
    (root / 'saliency').rename(root / 'elsewhere')
    with pytest.raises(FileNotFoundError, match=r'Saliency folder .*make_saliency\.py'):
        build(root)


def test_photos_without_tag_need_no_map(root):
    (root / 'saliency/c.png').unlink()
    assert len(build(root, filter_cfg=dict(filter_empty_tags=True))) == 2


@pytest.mark.parametrize('content', [b'', b'no picture', None])
def test_damaged_map_is_named(root, content):
    path = root / 'saliency/a.png'
    path.write_bytes(path.read_bytes()[:40] if content is None else content)
    with pytest.raises(ValueError, match=r'Saliency map .*a\.png cannot be decoded') as error:
        LoadSaliency()(dict(saliency_path=str(path), ori_shape=(50, 70)))
    assert '\n' not in str(error.value)


def test_folder_that_is_not_named_is_told():
    with pytest.raises(ValueError, match=r'data_prefix\.saliency'):
        LoadSaliency()(dict(ori_shape=(3, 4)))


def test_label_maps_are_packed_as_before():
    results = dict(img=np.zeros((4, 4, 3), np.uint8), tags=[0], num_classes=2, gt_seg_map=np.ones((4, 4), np.uint8))
    sample = PackTagInputs()(results)['data_samples']
    assert sample.gt_sem_seg.data.shape == (1, 4, 4) and 'gt_saliency' not in sample
