"""Loading photos of every kind, evaluation masks, and maps of earlier stages."""

import cv2
import numpy as np
import pytest
from PIL import Image

from projects.wsis.datasets.transforms import (
    LoadCAMs,
    LoadEvaluationMasks,
    LoadInstancesFromMasks,
    LoadInterPixelLabels,
    LoadPhoto,
    loading,
)
from projects.wsis.structures import PseudoLabelStore

RED = (200, 40, 10)  # (R, G, B)


def photo_of(mode: str, size=(6, 4)) -> Image.Image:
    """A red photo (width, height) of a kind that people have."""
    picture = Image.new('RGB', size, RED)
    if mode == 'P' or mode == 'palette with transparency':
        picture = picture.convert('P', palette=Image.Palette.ADAPTIVE)
        if mode != 'P':
            picture.info['transparency'] = 0
        return picture
    if mode == 'RGBA':
        picture.putalpha(90)
        return picture
    return picture.convert(mode)


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'P', 'palette with transparency', 'L', 'LA', '1'])
def test_every_kind_becomes_8_bit_bgr(tmp_path, mode):
    path = tmp_path / 'photo.png'
    photo_of(mode).save(path)
    results = LoadPhoto().transform(dict(img_path=str(path)))
    assert results['img'].shape == (4, 6, 3) and results['img'].dtype == np.uint8
    assert results['img_shape'] == results['ori_shape'] == (4, 6)
    if mode == '1':
        return
    expected = RED[::-1] if mode not in ('L', 'LA') else (round(0.299 * 200 + 0.587 * 40 + 0.114 * 10),) * 3
    assert np.abs(results['img'].astype(int) - expected).max() <= 2


def test_16_bit_photos(tmp_path):
    values = np.linspace(0, 65535, 24).reshape(4, 6).astype(np.uint16)
    for name, array in (('grey', values), ('colour', np.stack([values, values // 2, values // 4], -1))):
        cv2.imwrite(str(tmp_path / f'{name}.png'), array)
        image = LoadPhoto().transform(dict(img_path=str(tmp_path / f'{name}.png')))['img']
        assert image.dtype == np.uint8 and image.shape == (4, 6, 3)
        expected = array if array.ndim == 3 else array[..., None].repeat(3, -1)
        assert np.abs(image.astype(float) - expected / 257).max() <= 1.01


def test_cmyk_jpeg(tmp_path):
    photo_of('CMYK').save(tmp_path / 'photo.jpg')
    image = LoadPhoto().transform(dict(img_path=str(tmp_path / 'photo.jpg')))['img']
    assert image.shape == (4, 6, 3) and image[..., 2].mean() > image[..., 0].mean()


@pytest.mark.parametrize(
    'content, message',
    [
        (None, 'cannot be read'),
        (b'', r'cannot be read \(empty\)'),
        (b'<html>404</html>', 'cannot be decoded'),
        (b'\x89PNG\r\n\x1a\n' + bytes(30), 'cannot be decoded'),
    ],
)
def test_damaged_and_missing_photos_get_one_line(tmp_path, content, message):
    path = tmp_path / 'photo.png'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        LoadPhoto().transform(dict(img_path=str(path)))
    assert str(path) in str(caught.value) and '\n' not in str(caught.value)


def save_indices(path, indices) -> str:
    Image.fromarray(np.array(indices, np.uint8)).save(path)
    return str(path)


def test_evaluation_masks(tmp_path):
    results = dict(
        ori_shape=(2, 3),
        seg_map_path=save_indices(tmp_path / 'class.png', [[0, 2, 2], [0, 255, 1]]),
        instance_map_path=save_indices(tmp_path / 'object.png', [[0, 1, 1], [0, 255, 2]]),
    )
    results = LoadEvaluationMasks().transform(results)
    assert results['evaluation_sem_seg'].tolist() == [[0, 2, 2], [0, 255, 1]]
    assert [(entry['bbox_label'], entry['bbox']) for entry in results['instances']] == [
        (1, [1.0, 0.0, 3.0, 1.0]),
        (0, [2.0, 1.0, 3.0, 2.0]),
    ]
    targets = LoadInstancesFromMasks().transform(dict(results, img_path='x.jpg'))
    assert targets['gt_bboxes_labels'].tolist() == [1, 0]
    assert targets['gt_masks'].masks.tolist() == [[[0, 1, 1], [0, 0, 0]], [[0, 0, 0], [0, 0, 1]]]
    assert targets['gt_bboxes'].tensor.tolist() == [[1, 0, 3, 1], [2, 1, 3, 2]]


def test_photos_without_masks_pass_unchanged_but_cannot_supervise():
    assert LoadEvaluationMasks().transform(dict(ori_shape=(2, 3))) == dict(ori_shape=(2, 3))
    with pytest.raises(ValueError, match=r'Photo x\.jpg has no instance masks to train on'):
        LoadInstancesFromMasks().transform(dict(ori_shape=(2, 3), img_path='x.jpg'))


def test_masks_of_another_size_get_one_line(tmp_path):
    small = save_indices(tmp_path / 'small.png', [[0, 1]])
    good = save_indices(tmp_path / 'good.png', [[0, 1, 0], [0, 0, 0]])
    for paths in ((small, good), (good, small)):
        with pytest.raises(ValueError, match=r'small\.png: mask size \(1, 2\) is not that of') as caught:
            LoadEvaluationMasks().transform(dict(ori_shape=(2, 3), seg_map_path=paths[0], instance_map_path=paths[1]))
        assert '\n' not in str(caught.value)


@pytest.mark.parametrize('value, good', [(2, True), (255, True), (3, False), (254, False)])
def test_values_of_no_class_get_one_line(tmp_path, value, good):
    path = save_indices(tmp_path / 'mask.png', [[0, 1, value]])
    results = dict(ori_shape=(1, 3), num_classes=2, seg_map_path=path)
    if good:
        assert LoadEvaluationMasks().transform(results)['evaluation_sem_seg'].tolist() == [[0, 1, value]]
        return
    with pytest.raises(ValueError, match=rf'mask\.png: the mask holds the value {value}, .* ids 1\.\.2 ') as caught:
        LoadEvaluationMasks().transform(results)
    assert '\n' not in str(caught.value)


@pytest.fixture
def cams(tmp_path):
    store = PseudoLabelStore(tmp_path / 'cams', 'cams', '.npz')
    store.start({}, ['cat'])
    store.write_arrays(
        'a',
        cams=np.full((1, 2, 3), 0.5, np.float16),
        labels=np.array([3]),
        size=np.array([8, 12]),
        mode=np.array('pseudo_label'),
    )
    store.finish(['a'])
    return dict(cam_dir=str(tmp_path / 'cams'), img_id='a', img_path='a.jpg', ori_shape=(8, 12))


def test_load_cams(cams):
    results = LoadCAMs().transform(cams)
    assert results['cams'].dtype == np.float32 and results['cams'].shape == (1, 2, 3)
    assert results['cam_labels'].tolist() == [3] and results['mode'] == 'pseudo_label'


@pytest.mark.parametrize(
    'change, error, message',
    [
        (dict(ori_shape=(12, 8)), ValueError, r'were made from a photo of size \(8, 12\), but a\.jpg has \(12, 8\)'),
        (dict(img_id='b'), FileNotFoundError, 'has no cams of photo b'),
    ],
)
def test_cams_that_do_not_fit_get_one_line(cams, change, error, message):
    with pytest.raises(error, match=message) as caught:
        LoadCAMs().transform(cams | change)
    assert '\n' not in str(caught.value)


def test_cams_without_a_store_get_one_line():
    with pytest.raises(ValueError, match=r'set the dataset.s data_prefix\.cams'):
        LoadCAMs().transform(dict(img_id='a'))
    with pytest.raises(ValueError, match=r'data_prefix\.inter_pixel_labels'):
        LoadInterPixelLabels().transform(dict(img_id='a'))


def test_load_inter_pixel_labels(tmp_path):
    save_indices(tmp_path / 'a.png', [[0, 255], [3, 0]])
    results = dict(inter_pixel_label_dir=str(tmp_path), img_id='a', img_path='a.jpg', ori_shape=(2, 2))
    loaded = LoadInterPixelLabels().transform(dict(results))
    assert loaded['gt_seg_map'].tolist() == [[0, 255], [3, 0]] and loaded['seg_fields'] == ['gt_seg_map']
    with pytest.raises(ValueError, match=r'a\.png: label map of size \(2, 2\), but the photo a\.jpg has \(2, 3\)'):
        LoadInterPixelLabels().transform(results | dict(ori_shape=(2, 3)))
    with pytest.raises(FileNotFoundError, match='has no inter_pixel_labels of photo b'):
        LoadInterPixelLabels().transform(results | dict(img_id='b'))
    (tmp_path / 'a.png').write_bytes(b'half')
    with pytest.raises(ValueError, match='cannot be read'):
        LoadInterPixelLabels().transform(results)


def test_long_side_bounds_the_photo_and_keeps_its_own_size(tmp_path):
    photo_of('RGB', (60, 40)).save(tmp_path / 'photo.jpg')
    results = LoadPhoto(long_side=30).transform(dict(img_path=str(tmp_path / 'photo.jpg')))
    assert results['img'].shape == (20, 30, 3) and results['img_shape'] == (20, 30) and results['ori_shape'] == (40, 60)
    with pytest.raises(ValueError, match='long_side is a number of pixels'):
        LoadPhoto(long_side=0)


def test_cached_photos_are_decoded_once_and_not_changed_by_later_steps(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for name in 'ab':
        Image.fromarray(rng.integers(0, 256, (20, 30, 3), np.uint8)).save(tmp_path / f'{name}.png')
    decoded = []
    decode = loading.decode_photo
    monkeypatch.setattr(loading, 'decode_photo', lambda *given: decoded.append(given) or decode(*given))
    load = LoadPhoto(cache_megabytes=0.002)  # 1800 bytes each, so one of them
    for _ in range(3):
        for name in 'ab':
            results = load.transform(dict(img_path=str(tmp_path / f'{name}.png')))
            np.testing.assert_array_equal(results['img'], decode(tmp_path / f'{name}.png'))
            assert results['img_shape'] == results['ori_shape'] == (20, 30)
            results['img'][:] = 0
    assert len(decoded) == 1 + 3
    with pytest.raises(ValueError, match='cache_megabytes is a number from 0, not -1'):
        LoadPhoto(cache_megabytes=-1)


def test_cached_photos_remember_the_size_of_the_file(tmp_path):
    Image.new('RGB', (60, 40)).save(tmp_path / 'photo.png')
    load = LoadPhoto(long_side=30, cache_megabytes=1)
    for _ in range(2):
        results = load.transform(dict(img_path=str(tmp_path / 'photo.png')))
        assert results['img'].shape == (20, 30, 3) and results['ori_shape'] == (40, 60)
