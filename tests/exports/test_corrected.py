"""Tests of corrected labels: what label tools write comes back as labels to train on."""

import json

import numpy as np
import pytest
from exports.label_files import CLASSES, PHOTOS, SIZE, draw_shapes, overlap, save_set
from inspection.photo_files import save_turned_photo
from mmdet.datasets import CocoDataset
from pycocotools import mask as coco_mask

from projects.wsis.exports import corrected, export_labels, read_corrected
from projects.wsis.structures import read_json, write_json


@pytest.fixture()
def label_set(tmp_path):
    return save_set(tmp_path)


@pytest.fixture(autouse=True)
def logged(monkeypatch):
    """Lines that were logged."""
    lines = []
    monkeypatch.setattr(corrected, 'print_log', lambda line, *_: lines.append(line))
    return lines


def write_file(tmp_path, **content):
    """Write a json of one annotation, a square of 10 pixels, unless told otherwise."""
    square = [[5, 5, 15, 5, 15, 15, 5, 15]]
    default = dict(
        images=[dict(id=70, file_name='a.jpg', height=SIZE[0], width=SIZE[1])],
        annotations=[dict(id=9, image_id=70, category_id=4, segmentation=square, iscrowd=0)],
        categories=[dict(id=4, name='traffic light')],
    )
    return write_raw(tmp_path, {**default, **content})


def write_raw(tmp_path, content):
    path = tmp_path / 'corrected.json'
    path.write_text(json.dumps(content), encoding='utf-8')
    return path


def read_square(label_set, tmp_path, segmentation, **entry):
    """Read one annotation of the given segmentation."""
    annotation = dict(id=9, image_id=70, category_id=4, segmentation=segmentation, **entry)
    return read_corrected(write_file(tmp_path, annotations=[annotation]), CLASSES, label_set[0])['annotations']


def test_exported_polygons_come_back_and_train(label_set, tmp_path):
    folder, source = label_set
    path = export_labels('coco-polygons', source, folder, tmp_path / 'out')
    content = read_corrected(path, CLASSES, folder)
    given, shapes = read_json(source), list(draw_shapes().values())
    assert content['images'] == given['images']
    assert content['categories'] == given['categories']
    assert len(content['annotations']) == len(given['annotations'])
    for index, (entry, before) in enumerate(zip(content['annotations'], given['annotations'])):
        assert (entry['image_id'], entry['category_id']) == (before['image_id'], before['category_id'])
        assert overlap(coco_mask.decode(entry['segmentation']), shapes[index % len(shapes)]) > 0.95
        assert entry['area'] == coco_mask.area(entry['segmentation'])
        assert np.allclose(entry['bbox'], before['bbox'], atol=1)
    write_json(tmp_path / 'train.json', content)
    dataset = CocoDataset(
        ann_file=str(tmp_path / 'train.json'),
        data_prefix=dict(img=str(folder)),
        metainfo=dict(classes=CLASSES),
        filter_cfg=dict(filter_empty_gt=True, min_size=32),
        pipeline=[],
    )
    assert len(dataset) == len(PHOTOS) - 1
    labels = [instance['bbox_label'] for instance in dataset.get_data_info(0)['instances']]
    assert labels == [index % len(CLASSES) for index in range(len(shapes))]


def test_ids_order_and_names_of_other_programs(label_set, tmp_path):
    path = write_raw(
        tmp_path,
        dict(
            images=[
                dict(id=31, file_name='/data/project/my photos/Füchse, 2024/ein Foto.png', height=48, width=64),
                dict(id=7, file_name='/data/local-files/?d=my%20photos/images/empty%20100%25.jpg', height=48, width=64),
                dict(id=5, file_name='0a1b2c3d-a.jpg'),
            ],
            annotations=[
                dict(id=100, image_id=7, category_id=12, segmentation=[[0, 0, 8, 0, 8, 8]], iscrowd=0),
                dict(id=3, image_id=31, category_id=11, segmentation=[[0, 0, 8, 0, 8, 8]]),
                dict(id=3, image_id=5, category_id=2, segmentation=[[0, 0, 8, 0, 8, 8]]),
            ],
            categories=[
                dict(id=0, name='background'),
                dict(id=11, name='TRAFFIC  light'),
                dict(id=12, name='red fox'),
                dict(id=2, name='Cafe\u0301: "no"'),
            ],
        ),
    )
    content = read_corrected(path, CLASSES, label_set[0])
    assert [image['file_name'] for image in content['images']] == [PHOTOS[2], PHOTOS[3], PHOTOS[0]]
    assert [image['id'] for image in content['images']] == [1, 2, 3]
    assert [(entry['id'], entry['image_id'], entry['category_id']) for entry in content['annotations']] == [
        (1, 2, 1),
        (2, 1, 3),
        (3, 3, 2),
    ]
    assert content['categories'] == [dict(id=index, name=name) for index, name in enumerate(CLASSES, 1)]


@pytest.mark.parametrize('name', ['a.jpg', 'my photos/a.jpg', '/data/my photos/a.jpg', 'C:\\x\\my photos\\a.jpg'])
def test_photos_of_one_name_in_several_folders(name, tmp_path, logged):
    folder, _ = save_set(tmp_path, photos=['a.jpg', 'deeper/a.jpg', 'one/b.jpg'])
    images = [dict(id=70, file_name=name)]
    assert read_corrected(write_file(tmp_path, images=images), CLASSES, folder)['images'][0]['file_name'] == 'a.jpg'
    assert not logged
    images = [dict(id=70, file_name='other/b.jpg')]
    assert read_corrected(write_file(tmp_path, images=images), CLASSES, folder)['images'][0]['file_name'] == 'one/b.jpg'
    assert logged[0].endswith('photos found in another folder than the file names: 1')


def test_both_kinds_of_rle(label_set, tmp_path):
    mask = draw_shapes()['holed']
    flat = np.concatenate([[0], mask.ravel(order='F').astype(int), [1 - mask[-1, -1]]])
    edges = np.flatnonzero(np.diff(flat[:-1])).tolist()
    runs = np.diff([0, *edges, mask.size]).tolist()
    packed = coco_mask.encode(np.asfortranarray(mask, np.uint8))['counts'].decode()
    for counts in (runs, packed):
        (entry,) = read_square(label_set, tmp_path, dict(size=list(SIZE), counts=counts))
        assert np.array_equal(coco_mask.decode(entry['segmentation']), mask)
        assert isinstance(entry['segmentation']['counts'], str)


def test_polygons_out_of_the_photo_are_cut(label_set, tmp_path, logged):
    (entry,) = read_square(label_set, tmp_path, [[-20, -20, 30, -20, 30, 10, -20, 10]])
    assert entry['bbox'] == [0, 0, 30, 10]
    assert entry['area'] == 300
    assert logged == [f'{tmp_path}/corrected.json: parts that reach out of their photo, cut at its border: 1']
    (entry,) = read_square(label_set, tmp_path, [[50, 40, 99999, 40, 99999, 99999, 50, 99999]])
    assert entry['bbox'] == [50, 40, 14, 8]


@pytest.mark.parametrize(
    'segmentation, count',
    [
        (None, 'without a mask'),
        ([], 'without a mask'),
        ([[]], 'less than three points'),
        ([[1, 1, 5, 5]], 'less than three points'),
        ([[70, 5, 90, 5, 90, 20]], 'without a pixel in their photo'),
        ([[5, 5, 5, 5, 5, 5]], 'without a pixel in their photo'),
        (dict(size=list(SIZE), counts=[48 * 64]), 'without a pixel in their photo'),
    ],
)
def test_what_has_no_pixel_is_left_out_and_counted(segmentation, count, label_set, tmp_path, logged):
    assert read_square(label_set, tmp_path, segmentation) == []
    assert any(f'{count}, left out: 1' in line for line in logged)


def test_marks_of_crowds_and_flat_polygons(label_set, tmp_path, logged):
    (entry,) = read_square(label_set, tmp_path, [5, 5, 15, 5, 15, 15, 5, 15], iscrowd=1, score=0.5)
    assert (entry['iscrowd'], entry['score'], entry['area']) == (0, 0.5, 100)
    assert logged[0].endswith('annotations marked as crowds, taken as instances: 1')


def test_a_photo_that_is_there_twice_has_one_image(label_set, tmp_path):
    images = [dict(id=70, file_name='a.jpg'), dict(id=71, file_name='my photos/a.jpg')]
    content = read_corrected(write_file(tmp_path, images=images), CLASSES, label_set[0])
    assert content['images'] == [dict(id=1, file_name='a.jpg', height=48, width=64)]


def test_sizes_are_those_of_the_upright_photo(tmp_path):
    save_turned_photo(tmp_path / 'photos/a.jpg')
    images = [dict(id=70, file_name='a.jpg', height=48, width=40)]
    (image,) = read_corrected(write_file(tmp_path, images=images), CLASSES, tmp_path / 'photos')['images']
    assert (image['height'], image['width']) == (48, 40)


@pytest.mark.parametrize(
    'segmentation, line',
    [
        ('square', 'annotation 9 of a.jpg'),
        ([[1, 2, 3, 4, 5, 6, 7]], 'not a list of x, y'),
        ([['a', 2, 3, 4, 5, 6]], 'something other than numbers'),
        ([[float('nan'), 2, 3, 4, 5, 6]], 'something other than numbers'),
        ([[1e12, 2, 3, 4, 5, 6]], 'something other than numbers within 1,000,000 pixels'),
        (dict(size=[64, 48], counts=[48 * 64]), r'size \[64, 48\], but the photo \[48, 64\]'),
        (dict(size=list(SIZE), counts=[100]), 'do not add up'),
        (dict(size=list(SIZE), counts=[-5, 48 * 64 + 5]), 'do not add up'),
        (dict(size=list(SIZE), counts='not packed'), 'do not add up'),
        (dict(size=list(SIZE)), 'do not add up'),
    ],
)
def test_wrong_masks_are_one_line(segmentation, line, label_set, tmp_path):
    with pytest.raises(ValueError, match=line) as error:
        read_square(label_set, tmp_path, segmentation)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    'content, line',
    [
        (dict(categories=[dict(id=4, name='badger')]), "category 'badger' is not in the class list"),
        (dict(categories=[]), 'no whole COCO json: 4 is missing'),
        (dict(images=[dict(id=70, file_name='b.jpg')]), 'photo b.jpg is not in'),
        (dict(images=[dict(id=70, file_name='ein Foto')]), 'may be .* or '),
        (
            dict(images=[dict(id=70, file_name='a.jpg', height=480, width=640)]),
            'has, in pixels, 640x480 there, but 64x48 in',
        ),
        (dict(images=3), 'no whole COCO json'),
    ],
)
def test_what_does_not_fit_is_one_line(content, line, label_set, tmp_path):
    with pytest.raises((ValueError, FileNotFoundError), match=line) as error:
        read_corrected(write_file(tmp_path, **content), CLASSES, label_set[0])
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('content', [[], 3, dict(images=[])])
def test_other_json_is_one_line(content, label_set, tmp_path):
    with pytest.raises(ValueError, match='no whole COCO json'):
        read_corrected(write_raw(tmp_path, content), CLASSES, label_set[0])


def test_names_with_line_breaks_stay_on_one_line(tmp_path):
    (tmp_path / 'photos').mkdir()
    path = tmp_path / 'corrected.json'
    path.write_text(json.dumps(dict(images=[dict(id=1, file_name='a\nb.jpg')], annotations=[], categories=[])))
    with pytest.raises(FileNotFoundError, match=r'photo a\\nb\.jpg is not in') as caught:
        read_corrected(path, ('cat',), tmp_path / 'photos')
    assert '\n' not in str(caught.value)
