"""PhotoTagDataset: any folder tree, identities, splits, tags, masks of every form, bad photos."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import DATASETS
from PIL import Image
from pycocotools import mask as coco_mask

from projects.wsis.datasets import PhotoTagDataset
from projects.wsis.datasets.maps_of_photos import MapFolder
from projects.wsis.datasets.photos import find_shared_stems, name_stems
from projects.wsis.datasets.transforms import LoadEvaluationMasks, LoadPhoto, PackTagInputs
from projects.wsis.structures import PseudoLabelStore

CLASSES = ('red fox', 'Café')
PHOTOS = ('a.jpg', 'a.png', 'day 1/a.JPG', 'day 1/ñandú.webp', 'z/b.tif')


def save(path: Path, array: np.ndarray | None = None, **settings) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.random.default_rng(0).integers(0, 255, (8, 12, 3), np.uint8) if array is None else array
    Image.fromarray(array).save(path, **settings)
    return path


@pytest.fixture
def root(tmp_path):
    """Five photos of all kinds, three with tags."""
    for photo in PHOTOS:
        save(tmp_path / 'photos' / photo)
    (tmp_path / 'photos/tags.csv').write_text('file,tags\na.jpg,Red fox;Café\nday 1/a.JPG,red fox\nñandú,Café\n')
    return tmp_path / 'photos'


def build(root: Path, **settings) -> PhotoTagDataset:
    settings = dict(tags_file='tags.csv', metainfo=dict(classes=CLASSES)) | settings
    return DATASETS.build(dict(type='PhotoTagDataset', data_root=str(root), **settings))


def infos_of(dataset: PhotoTagDataset) -> dict[str, dict]:
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return {info['img_id']: info for info in infos}


def one_line(root: Path, error: type, message: str, **settings) -> None:
    with pytest.raises(error, match=message) as caught:
        build(root, **settings)
    assert '\n' not in str(caught.value)


def test_each_photo_keeps_its_identity(root, warnings_of_log):
    infos = infos_of(build(root))
    assert {photo: info['tags'] for photo, info in infos.items()} == {
        'a.jpg': [0, 1],
        'a.png': [],
        'day 1/a.JPG': [0],
        'day 1/ñandú.webp': [1],
        'z/b.tif': [],
    }
    assert infos['z/b.tif']['img_path'] == str(root / 'z/b.tif') and infos['z/b.tif']['file_name'] == 'z/b.tif'
    assert '2 of 5 photos have no tag (first: a.png, z/b.tif)' in warnings_of_log
    for info in infos.values():
        assert LoadPhoto().transform(info)['img'].shape == (8, 12, 3)
    assert list(infos_of(build(root, filter_cfg=dict(filter_empty_tags=True)))) == [
        'a.jpg',
        'day 1/a.JPG',
        'day 1/ñandú.webp',
    ]
    sample = PackTagInputs().transform(LoadPhoto().transform(dict(infos['z/b.tif'])))['data_samples']
    assert sample.gt_tags.tolist() == [0, 0] and sample.file_name == 'z/b.tif'


def test_hidden_folders_and_links_to_folders_are_left_out(root):
    save(root / '.thumbs/x.jpg')
    save(root / '__MACOSX/x.jpg')
    save(root / '.hidden.jpg')
    save(root.parent / 'elsewhere/y.jpg')
    (root / 'link').symlink_to(root.parent / 'elsewhere')
    (root / 'loop').symlink_to(root)
    assert sorted(infos_of(build(root))) == sorted(PHOTOS)


def test_splits_name_photos_by_path(root):
    (root / 'train.txt').write_bytes('./day 1/a.JPG\nz/b.tif\n\na.jpg\na.jpg\nb\n'.encode('utf-16'))
    assert list(infos_of(build(root, ann_file='train.txt'))) == ['day 1/a.JPG', 'z/b.tif', 'a.jpg']
    (root / 'bad, x.txt').write_text('z/b.tif\nday 1/gone.jpg')
    assert list(infos_of(build(root, ann_file='bad, x.txt'))) == ['z/b.tif']
    one_line(root, FileNotFoundError, r'gone\.jpg: missing', ann_file='bad, x.txt', on_bad_photo='error')
    (root / 'two.txt').write_text('a')
    one_line(root, ValueError, r'a may be a\.jpg or a\.png or day 1/a\.JPG: write the path', ann_file='two.txt')


def test_folders_as_classes(root):
    infos = infos_of(build(root, tags_file='.', metainfo=dict(classes=('day 1', 'z'))))
    assert [info['tags'] for info in infos.values()] == [[], [], [0], [0], [1]]


def test_bad_photos_are_left_out_with_their_reasons(root, warnings_of_log):
    (root / 'dead.jpg').symlink_to('nowhere.jpg')
    (root / 'folder.jpg').mkdir()
    (root / 'empty.webp').write_bytes(b'')
    save(root / 'cut.tif')
    (root / 'cut.tif').write_bytes((root / 'cut.tif').read_bytes()[:60])
    assert sorted(infos_of(build(root))) == sorted(PHOTOS)
    assert any(
        '3 of 8 photos are missing or damaged' in line and 'dead.jpg: a dead link' in line for line in warnings_of_log
    )
    one_line(root, FileNotFoundError, '3 of 8 photos', on_bad_photo='error')


@pytest.mark.parametrize(
    'settings, error, message',
    [
        (dict(data_root='nowhere'), FileNotFoundError, 'Photo folder nowhere does not exist'),
        (dict(metainfo=None), ValueError, 'class list is empty'),
        (dict(metainfo=dict(classes='red fox')), ValueError, "string 'red fox'"),
        (
            dict(metainfo=dict(classes=('Café',))),
            ValueError,
            "Photo a.jpg: class '[Rr]ed fox' is not in the class list",
        ),
        (dict(tags_file='no.csv'), FileNotFoundError, r'no\.csv does not exist'),
        (dict(data_prefix=dict(sem_seg='no'), with_masks=True), FileNotFoundError, 'Mask folder .*no does not exist'),
        (dict(mask_file='no.json', with_masks=True), FileNotFoundError, r'no\.json does not exist'),
    ],
)
def test_bad_settings_get_one_line(root, settings, error, message):
    settings = dict(settings)
    one_line(settings.pop('data_root', root), error, message, **settings)


def test_empty_folder_gets_one_line(tmp_path):
    (tmp_path / 'sub').mkdir()
    one_line(tmp_path, FileNotFoundError, 'holds no photo')


def test_masks_of_png_folders(root):
    semantic, instance = np.zeros((8, 12), np.uint8), np.zeros((8, 12), np.uint8)
    semantic[2:4, 3:6], instance[2:4, 3:6] = 1, 1
    for folder, array in dict(classes=semantic, objects=instance).items():
        save(root / f'masks/{folder}/z/b.png', array)
        save(root / f'masks/{folder}/a.jpg.png', array)
        save(root / f'masks/{folder}/a.png', array)  # of a.jpg or a.png: nobody knows
    prefix = dict(sem_seg='masks/classes', instance='masks/objects')
    infos = infos_of(build(root, data_prefix=prefix, with_masks=True))
    assert sorted(infos) == sorted(PHOTOS)  # masks are no photos
    assert [photo for photo, info in infos.items() if 'seg_map_path' in info] == ['a.jpg', 'z/b.tif']
    results = LoadEvaluationMasks().transform(LoadPhoto().transform(infos['z/b.tif']))
    assert results['instances'][0]['bbox'] == [3, 2, 6, 4] and results['evaluation_sem_seg'].sum() == 6
    assert 'seg_map_path' not in infos_of(build(root, data_prefix=prefix))['a.jpg']


def coco_json(*annotations: dict, file_name: str = 'z/b.tif', names=('Red Fox', 'Café')) -> dict:
    return dict(
        images=[dict(id=5, file_name=file_name, height=8, width=12)],
        categories=[dict(id=index + 3, name=name) for index, name in enumerate(names)],
        annotations=[dict(id=number, image_id=5, **entry) for number, entry in enumerate(annotations)],
    )


def test_masks_of_a_coco_json(root):
    inner = np.zeros((8, 12), np.uint8, order='F')
    inner[2:4, 3:6] = 1
    text = coco_mask.encode(inner)
    text['counts'] = text['counts'].decode()
    crowd = dict(size=[8, 12], counts=[94, 2])
    content = coco_json(
        dict(category_id=4, segmentation=text),
        dict(category_id=3, segmentation=[[2, 1, 8, 1, 8, 6, 2, 6]]),
        dict(category_id=3, segmentation=crowd, iscrowd=1),
        dict(category_id=3, segmentation=[]),
    )
    (root / 'masks.json').write_text(json.dumps(content))
    infos = infos_of(build(root, mask_file='masks.json', with_masks=True))
    assert [photo for photo, info in infos.items() if 'mask_annotations' in info] == ['z/b.tif']
    for info in (infos['z/b.tif'], LoadPhoto().transform(dict(infos['z/b.tif']))):
        results = LoadEvaluationMasks().transform(info)
        assert [(entry['bbox_label'], entry['bbox']) for entry in results['instances']] == [
            (1, [3, 2, 6, 4]),
            (0, [2, 1, 8, 6]),
        ]
        semantic = results['evaluation_sem_seg']
        assert semantic[2, 3] == 2 and semantic[1, 2] == 1 and semantic[7, 11] == 255  # the smaller one is in front
    assert 'mask_annotations' not in infos_of(build(root, mask_file='masks.json'))['z/b.tif']


@pytest.mark.parametrize(
    'content, message',
    [
        (coco_json(names=('emu', 'Café')), "category 'emu' is not in the class list"),
        (coco_json(file_name='other.jpg'), r'names none of the photos \(its first: other\.jpg\)'),
        (dict(images=[]), 'no whole COCO json'),
        (coco_json(dict(category_id=99, segmentation=[[1, 1, 2, 2, 3, 3]])), 'no whole COCO json'),
    ],
)
def test_bad_coco_json_gets_one_line(root, content, message):
    (root / 'masks.json').write_text(json.dumps(content))
    one_line(root, ValueError, message, mask_file='masks.json', with_masks=True)


def test_coco_masks_of_another_size_get_one_line(root):
    crowd = dict(size=[9, 12], counts=[94, 14])
    (root / 'masks.json').write_text(json.dumps(coco_json(dict(category_id=3, segmentation=crowd))))
    info = infos_of(build(root, mask_file='masks.json', with_masks=True))['z/b.tif']
    with pytest.raises(ValueError, match=r'z/b\.tif: a mask has the size \[9, 12\], but the photo \[8, 12\]'):
        LoadEvaluationMasks().transform(info)


def test_stores_and_saliency_of_photos_in_folders(root, tmp_path):
    store = PseudoLabelStore(tmp_path / 'w/fancy_maps', 'fancy_maps', '.png')
    store.start({}, CLASSES)
    for photo in PHOTOS:
        save(store.path_of(photo), np.zeros((8, 12), np.uint8))
        save(root / f'saliency/{photo}.png', np.zeros((8, 12), np.uint8))
    store.finish(PHOTOS)
    infos = infos_of(build(root, data_prefix=dict(fancy_maps=str(store.root), saliency='saliency', cams=None)))
    assert infos['z/b.tif']['fancy_map_dir'] == str(store.root)  # no list of known artifacts needs an edit
    assert infos['day 1/a.JPG']['saliency_path'] == str(root / 'saliency/day 1/a.JPG.png')
    assert sorted(infos) == sorted(PHOTOS)
    os.remove(root / 'saliency/a.png.png')
    one_line(
        root, FileNotFoundError, r'1 of 5 photos have no saliency map.*a\.png', data_prefix=dict(saliency='saliency')
    )


def test_what_is_read_is_named_without_loading(root):
    settings = dict(data_root=str(root), ann_file='train.txt', tags_file='tags.csv', mask_file='masks.json')
    found = PhotoTagDataset.describe_sources({**settings, 'data_prefix': dict(sem_seg='masks', cams='/w/cams')})
    assert [source.path for source in found] == [f'{root}/train.txt', f'{root}/tags.csv', str(root)]
    found = PhotoTagDataset.describe_sources({**settings, 'with_masks': True, 'data_prefix': dict(sem_seg='masks')})
    assert [source.path for source in found[3:]] == [f'{root}/masks', f'{root}/masks.json']
    kept = PhotoTagDataset.keep_photo_settings(dict(settings, mode='predict', data_prefix=dict(cams='x', sem_seg='y')))
    assert kept == dict(settings, data_prefix=dict(sem_seg='y'))


@pytest.mark.parametrize(
    'photos, stems',
    [
        (['a.jpg', 'b/a.jpg', 'B/a.tiff'], ['a', 'b/a', 'B/a']),
        (['a.jpg', 'a.png', 'c.JPG'], ['a.jpg', 'a.png', 'c']),
        (['a.jpg', 'a.jpg.png'], ['a', 'a.jpg.png']),
        (['a.jpg', 'a.png', 'a.jpg.png'], ['a.jpg', 'a.png', 'a.jpg.png']),
        (['v1.2/photo 3.5.jpg', 'ä, "b".webp'], ['v1.2/photo 3.5', 'ä, "b"']),
    ],
)
def test_files_of_photos_have_names_of_their_own_that_are_found(photos, stems, tmp_path):
    assert list(name_stems(photos).values()) == stems
    for stem in stems:
        save(tmp_path / f'{stem}.png')
    maps = MapFolder(str(tmp_path), find_shared_stems(photos))
    assert [maps.find(photo) for photo in photos] == [str(tmp_path / f'{stem}.png') for stem in stems]


def test_split_line_with_another_folder_is_no_photo(tmp_path):
    for name in ('red fox/1.jpg', 'dog/2.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / name)
    (tmp_path / 'split.txt').write_text('dog/1.jpg\ndog/2.jpg\n')
    dataset = PhotoTagDataset(
        'split.txt', str(tmp_path), metainfo=dict(classes=('dog',)), tags_file=None, lazy_init=False, pipeline=[]
    )
    assert [dataset.get_data_info(index)['img_id'] for index in range(len(dataset))] == ['dog/2.jpg']
