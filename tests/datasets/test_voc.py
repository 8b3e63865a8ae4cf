"""VOCTagDataset: tags from XML and tags files, splits, class lists, bad input, stores, masks only where asked for."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.registry import DATASETS

from projects.wsis.datasets import VOCTagDataset
from projects.wsis.structures import PseudoLabelStore

CLASSES = ('cat', 'dog', 'emu')


def write_photo(path: Path, size=(8, 12)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, noise)[1].tobytes())


def write_xml(root: Path, photo: str, *names: str) -> None:
    folder = root / 'Annotations'
    folder.mkdir(exist_ok=True)
    objects = ''.join(f'<object><name>{name}</name><part><name>head</name></part></object>' for name in names)
    (folder / f'{photo}.xml').write_text(f'<annotation>{objects}</annotation>')


def write_split(root: Path, name: str, *photos: str) -> str:
    path = root / 'ImageSets' / name
    path.parent.mkdir(exist_ok=True)
    path.write_text('\n'.join(photos))
    return f'ImageSets/{name}'


@pytest.fixture
def root(tmp_path):
    """Three photos: dog and cat, emu, cat; two splits."""
    for photo in ('a', 'b', 'c'):
        write_photo(tmp_path / 'JPEGImages' / f'{photo}.jpg')
    write_xml(tmp_path, 'a', 'dog', 'cat', 'dog')
    write_xml(tmp_path, 'b', 'emu')
    write_xml(tmp_path, 'c', 'cat')
    write_split(tmp_path, 'train.txt', 'a', 'b')
    write_split(tmp_path, 'more.txt', 'c', 'a', '')
    return tmp_path


def build(root: Path, **settings) -> VOCTagDataset:
    settings = dict(ann_file='ImageSets/train.txt', metainfo=dict(classes=CLASSES)) | settings
    return DATASETS.build(dict(type='VOCTagDataset', data_root=str(root), **settings))


def tags_of(dataset: VOCTagDataset) -> dict:
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return {info['img_id']: info['tags'] for info in infos}


def one_line(root: Path, error: type, message: str, **settings) -> str:
    with pytest.raises(error, match=message) as caught:
        build(root, **settings)
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_items_of_xml(root):
    info = build(root).get_data_info(0)
    info.pop('sample_idx')
    assert info == dict(
        img_path=str(root / 'JPEGImages/a.jpg'), img_id='a', file_name='a.jpg', tags=[0, 1], num_classes=3
    )  # the part's name is no tag
    assert build(root, mode='predict').get_data_info(0)['mode'] == 'predict'


@pytest.mark.parametrize(
    'splits',
    [
        'ImageSets/train.txt,ImageSets/more.txt',
        'ImageSets/train.txt, ImageSets/more.txt',
        ['ImageSets/train.txt', 'ImageSets/more.txt'],
    ],
)
def test_several_splits_keep_order_and_count_photos_once(root, splits):
    assert tags_of(build(root, ann_file=splits)) == {'a': [0, 1], 'b': [2], 'c': [0]}
    assert list(tags_of(build(root, ann_file=splits))) == ['a', 'b', 'c']


def test_split_with_labels_behind_the_names_and_a_byte_order_mark(root):
    (root / 'ImageSets/windows.txt').write_bytes('\ufeffb  1\r\na -1\r\n'.encode())
    assert list(tags_of(build(root, ann_file='ImageSets/windows.txt'))) == ['b', 'a']


def test_split_names_with_file_endings_and_blanks(root):
    for photo in ('IMG 001', 'IMG 1', 'IMG'):
        write_photo(root / 'JPEGImages' / f'{photo}.jpg')
        write_xml(root, photo, 'cat')
    write_split(root, 'ls.txt', 'a.jpg', 'b.jpg  -1', 'IMG 001.jpg', 'IMG 001', 'IMG 1 -1', 'c 1', 'IMG -1')
    assert list(tags_of(build(root, ann_file='ImageSets/ls.txt'))) == ['a', 'b', 'IMG 001', 'IMG 1', 'c', 'IMG']
    write_split(root, 'gone.txt', 'my photo.jpg 1', 'a')
    one_line(
        root, FileNotFoundError, r'\(first: my photo: missing\)', ann_file='ImageSets/gone.txt', on_bad_photo='error'
    )


def test_endings_of_split_lines_count(root):
    write_photo(root / 'JPEGImages/a.png')  # a mask that lies beside its photo
    write_split(root, 'endings.txt', 'a.jpg', 'b.JPG', 'JPEGImages/c.jpg SegmentationClass/c.png')
    dataset = build(root, ann_file='ImageSets/endings.txt')
    files = [Path(dataset.get_data_info(index)['img_path']).name for index in range(3)]
    assert files == ['a.jpg', 'b.jpg', 'c.jpg']
    one_line(root, ValueError, r'JPEGImages: a may be a\.jpg or a\.png: write the ending')
    write_split(root, 'both.txt', 'a.jpg', 'a.png')
    one_line(root, ValueError, r'a\.jpg and a\.png would share', ann_file='ImageSets/both.txt')
    (root / 'JPEGImages/a.jpg').unlink()
    write_split(root, 'gone.txt', 'a.jpg', 'b')
    assert list(tags_of(build(root, ann_file='ImageSets/gone.txt'))) == ['b']  # a.png does not step in


@pytest.mark.parametrize('encoding', ['utf-16', 'utf-8-sig'])
def test_splits_and_tags_of_common_encodings(root, encoding):
    write_photo(root / 'JPEGImages/café.jpg')
    (root / 'ImageSets/s.txt').write_text('café\na.jpg\n', encoding=encoding)
    (root / 'tags.csv').write_text('file,tags\ncafé,Cat;emu\na,dog\na,cat\n', encoding=encoding)
    dataset = build(root, ann_file='ImageSets/s.txt', tags_file='tags.csv')
    assert tags_of(dataset) == {'café': [0, 2], 'a': [0, 1]}  # rows of one photo are joined
    (root / 'ImageSets/s.txt').write_text('a\ncafé\n', encoding='latin-1')
    one_line(root, ValueError, r's\.txt, line 2: byte 0xe9 is not UTF-8', ann_file='ImageSets/s.txt')


def test_tags_of_no_photo_are_counted(root, warnings_of_log):
    (root / 'tags.csv').write_text('file,tags\na,dog\nz.jpg,cat\n')
    build(root, tags_file='tags.csv')
    assert f'{root}/tags.csv: 1 of 2 names match no photo (first: z.jpg)' in warnings_of_log


def test_photos_to_predict_need_no_xml(root):
    (root / 'Annotations/b.xml').unlink()
    assert tags_of(build(root, mode='predict')) == {'a': [0, 1], 'b': []}
    one_line(root, FileNotFoundError, 'photo b has no tags', mode='pseudo_label')


@pytest.mark.parametrize(
    'name, content',
    [
        ('tags.json', json.dumps(dict(a=['cat'], b=[]))),
        ('tags.json', json.dumps({'a.JPG': ['cat', 'cat'], 'z.webp': ['dog']})),
        ('tags.txt', 'a cat\n\nb\n'),
        ('tags.txt', '\ufeffa.jpg\tcat\n'),
    ],
)
def test_tags_file_takes_the_place_of_xml(root, name, content, warnings_of_log):
    (root / name).write_text(content, encoding='utf-8')
    for file in (root / 'Annotations').iterdir():
        file.unlink()
    assert tags_of(build(root, tags_file=name)) == {'a': [0], 'b': []}
    assert '1 of 2 photos have no tag (first: b)' in warnings_of_log


def test_tags_file_with_blanks_in_names_and_every_photo_ending(root):
    write_photo(root / 'JPEGImages' / 'd.webp')
    write_split(root, 'd.txt', 'd')
    (root / 'tags.txt').write_text('d.webp\tpolar bear\tcat\n')
    metainfo = dict(classes=('cat', 'polar bear'))
    dataset = build(root, ann_file='ImageSets/d.txt', tags_file='tags.txt', metainfo=metainfo)
    assert tags_of(dataset) == {'d': [0, 1]}


@pytest.mark.parametrize(
    'name, content, error, message',
    [
        ('none.json', None, FileNotFoundError, 'none.json does not exist'),
        ('bad.json', '{"a": ["cat"', ValueError, 'bad.json is not valid JSON'),
        ('bad.json', '["a"]', ValueError, 'a tags file is a JSON object'),
        ('bad.json', '{"a": "cat"}', ValueError, 'a tags file is a JSON object'),
        ('bad.txt', 'a unicorn', ValueError, "Photo a: class 'unicorn' is not in the class list"),
    ],
)
def test_bad_tags_file_gets_one_line(root, name, content, error, message):
    if content is not None:
        (root / name).write_text(content)
    one_line(root, error, message, tags_file=name)


def test_unknown_class_is_one_line_or_left_out_on_request(root):
    write_xml(root, 'b', 'unicorn', 'cat')
    text = one_line(root, ValueError, "Photo b: class 'unicorn' is not in the class list .*ignore_unknown_classes=True")
    assert 'cat, dog, emu' in text and text.endswith('b.xml')
    assert tags_of(build(root, ignore_unknown_classes=True)) == {'a': [0, 1], 'b': [0]}


def test_photos_without_objects_are_counted_and_filtered_on_request(root, warnings_of_log):
    write_xml(root, 'b')
    assert tags_of(build(root)) == {'a': [0, 1], 'b': []}
    assert '1 of 2 photos have no tag (first: b)' in warnings_of_log
    kept = build(root, filter_cfg=dict(filter_empty_tags=True))
    assert tags_of(kept) == {'a': [0, 1]} and len(kept) == 1
    write_xml(root, 'a')
    one_line(root, ValueError, 'no photo has a tag', filter_cfg=dict(filter_empty_tags=True))


@pytest.mark.parametrize(
    'content, error, message',
    [
        (None, FileNotFoundError, r'b\.xml does not exist: photo b has no tags; write it, or give all tags'),
        ('<annotation><object>', ValueError, r'b\.xml is not valid XML'),
        ('', ValueError, r'b\.xml is not valid XML'),
    ],
)
def test_missing_or_damaged_xml_gets_one_line(root, content, error, message):
    path = root / 'Annotations/b.xml'
    path.unlink() if content is None else path.write_text(content)
    one_line(root, error, message)


def cut(path: Path, keep: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])


@pytest.mark.parametrize(
    'ending, spoil',
    [
        ('.jpg', lambda path: path.unlink()),
        ('.jpg', lambda path: cut(path, 0.6)),
        ('.jpg', lambda path: path.write_bytes(b'')),
        ('.png', lambda path: cut(path, 0.6)),
        ('.png', lambda path: cut(path, 0.05)),
        ('.jpg', lambda path: path.write_text('<html>not found</html>')),
    ],
)
def test_missing_and_truncated_photos_are_counted_or_an_error(root, ending, spoil, warnings_of_log):
    photo = root / f'JPEGImages/b{ending}'
    (root / 'JPEGImages/b.jpg').unlink()
    write_photo(photo, (64, 64))
    assert list(tags_of(build(root))) == ['a', 'b'] and not warnings_of_log
    spoil(photo)
    assert list(tags_of(build(root))) == ['a']
    start = f'1 of 2 photos are missing or damaged in {root}/JPEGImages (first: b: '
    assert any(line.startswith(start) and line.endswith('; they are left out') for line in warnings_of_log)
    one_line(root, FileNotFoundError, '1 of 2 photos are missing or damaged', on_bad_photo='error')


def test_no_photo_left_is_an_error(root):
    for photo in (root / 'JPEGImages').iterdir():
        photo.unlink()
    one_line(root, FileNotFoundError, '2 of 2 photos are missing or damaged')


def test_whole_photos_are_not_taken_for_truncated(root, warnings_of_log):
    jpeg = root / 'JPEGImages/a.jpg'
    jpeg.write_bytes(jpeg.read_bytes() + bytes(5000))  # as phones append a film
    write_photo(root / 'JPEGImages/b.png')
    (root / 'JPEGImages/b.png').rename(root / 'JPEGImages/b.jpg')  # a PNG by another name
    assert list(tags_of(build(root))) == ['a', 'b'] and not warnings_of_log


@pytest.mark.parametrize(
    'settings, error, message',
    [
        (dict(ann_file='ImageSets/no.txt'), FileNotFoundError, r'Split file .*no\.txt does not exist; set ann_file'),
        (dict(ann_file='ImageSets/empty.txt'), ValueError, r'empty\.txt names no photo'),
        (dict(data_prefix=dict(img_path='Photos')), FileNotFoundError, 'Photo folder .*Photos does not exist'),
        (dict(on_bad_photo='maybe'), ValueError, "on_bad_photo is 'skip' or 'error', not 'maybe'"),
    ],
)
def test_bad_settings_get_one_line(root, settings, error, message):
    write_split(root, 'empty.txt', '', ' ')
    one_line(root, error, message, **settings)


def test_class_list_comes_from_metainfo_and_gets_a_palette(root):
    dataset = build(root)
    assert tuple(dataset.metainfo['classes']) == CLASSES
    assert dataset.metainfo['palette'][:2] == [(128, 0, 0), (0, 128, 0)]  # VOC's colours
    names = tuple(f'class {number}' for number in range(40)) + CLASSES
    dataset = build(root, metainfo=dict(classes=names))
    assert dataset.get_data_info(0)['tags'] == [40, 41] and dataset.get_data_info(0)['num_classes'] == 43
    assert len(set(map(tuple, dataset.metainfo['palette']))) >= 43
    (root / 'classes.txt').write_text('\n'.join(CLASSES))
    assert list(build(root, metainfo=dict(classes=str(root / 'classes.txt'))).metainfo['classes']) == list(CLASSES)
    assert len(VOCTagDataset.METAINFO['classes']) == len(VOCTagDataset.METAINFO['palette']) == 20
    mine = [(1, 2, 3)] * 3
    assert build(root, metainfo=dict(classes=CLASSES, palette=mine)).metainfo['palette'] == mine


def make_store(folder: Path, classes, complete=True) -> PseudoLabelStore:
    store = PseudoLabelStore(folder, 'cams', '.npz')
    store.start(dict(), classes)
    if complete:
        store.finish([])
    return store


def test_store_must_fit(root, tmp_path):
    use = dict(data_prefix=dict(cams=str(tmp_path / 'cams')))
    one_line(root, FileNotFoundError, 'holds no cams', **use)
    make_store(tmp_path / 'cams', CLASSES, complete=False)
    one_line(root, ValueError, 'making the cams was interrupted', **use)
    make_store(tmp_path / 'cams', ('cat', 'emu'))
    message = r"made for 2 classes, the data set has 3; the first that differs, class 1, is 'emu' there and 'dog' here"
    one_line(root, ValueError, message, **use)
    make_store(tmp_path / 'cams', CLASSES)
    assert build(root, **use).get_data_info(0)['cam_dir'] == str(tmp_path / 'cams')
    one_line(
        root,
        ValueError,
        "holds 'cams', but 'inter_pixel_labels' are needed",
        data_prefix=dict(inter_pixel_labels=str(tmp_path / 'cams')),
    )


def test_masks_are_named_only_where_asked_for_and_there(root):
    for folder in ('SegmentationClass', 'SegmentationObject'):
        write_photo(root / folder / 'a.png')
    assert not {'seg_map_path', 'instance_map_path'} & set(build(root).get_data_info(0))
    first, second = (build(root, with_masks=True).get_data_info(index) for index in (0, 1))
    assert first['seg_map_path'] == str(root / 'SegmentationClass/a.png')
    assert first['instance_map_path'] == str(root / 'SegmentationObject/a.png')
    assert not {'seg_map_path', 'instance_map_path'} & set(second)
