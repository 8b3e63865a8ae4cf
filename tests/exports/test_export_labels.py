"""Tests of exports: masks come back from every format, names stay apart, bad input gives one line."""

import json

import cv2
import numpy as np
import pytest
import yaml
from exports.label_files import CLASSES, SIZE, draw_shapes, overlap, save_set
from PIL import Image
from pycocotools import mask as coco_mask

from projects.wsis.exports import EXPORTS, export_labels, palette_png, yolo
from projects.wsis.exports.outlines import join_polygons, trace_outlines
from projects.wsis.structures import read_json, write_json
from projects.wsis.structures.masks import encode_mask, encode_segmentation, read_index_png


@pytest.fixture()
def label_set(tmp_path):
    return save_set(tmp_path)


def fill(polygons):
    """Fill flat polygons as pycocotools does."""
    return coco_mask.decode(encode_segmentation([np.ravel(polygon).tolist() for polygon in polygons], SIZE))


@pytest.mark.parametrize('name', list(draw_shapes()))
def test_outlines_give_the_mask_back(name):
    mask = draw_shapes()[name]
    encoded = encode_segmentation(encode_mask(mask), SIZE)
    polygons = trace_outlines(encoded)
    assert overlap(fill(polygons), mask) > 0.97
    assert overlap(fill([join_polygons(polygons)]), mask) > 0.97


def test_outlines_lie_on_the_edges_of_pixels_and_the_largest_part_comes_first():
    mask = np.zeros((6, 9), bool)
    mask[1, 1] = mask[3:5, 4:9] = True
    first, second = trace_outlines(encode_segmentation(encode_mask(mask), (6, 9)))
    assert {tuple(point) for point in first} == {(4, 3), (9, 3), (9, 5), (4, 5)}
    assert {tuple(point) for point in second} == {(1, 1), (2, 1), (2, 2), (1, 2)}
    assert trace_outlines(encode_segmentation(encode_mask(mask & False), (6, 9))) == []


def test_large_outlines_are_simplified():
    mask = np.zeros((300, 300), np.uint8)
    cv2.circle(mask, (150, 150), 120, 1, -1)
    (polygon,) = trace_outlines(encode_segmentation(encode_mask(mask), mask.shape))
    assert len(polygon) < 400  # 768 along the pixels


def test_coco_polygons(label_set, tmp_path):
    folder, source = label_set
    path = export_labels('coco-polygons', source, folder, tmp_path / 'out')
    assert path == tmp_path / 'out/instances_polygons.json'
    content, given = read_json(path), read_json(source)
    assert content['images'] == given['images']
    assert [entry['name'] for entry in content['categories']] == CLASSES
    shapes = list(draw_shapes().values())
    assert len(content['annotations']) == 3 * len(shapes)
    for index, (entry, before) in enumerate(zip(content['annotations'], given['annotations'])):
        assert overlap(fill(entry['segmentation']), shapes[index % len(shapes)]) > 0.95
        for key in ('id', 'image_id', 'category_id', 'score', 'bbox', 'area'):
            assert entry[key] == before[key]


def fill_yolo_line(line):
    """Fill an outline of YOLO as Ultralytics does, at eight times the size."""
    label, *values = line.split()
    points = np.array(values, float).reshape(-1, 2) * (SIZE[1], SIZE[0])
    canvas = np.zeros((SIZE[0] * 8, SIZE[1] * 8), np.uint8)
    cv2.fillPoly(canvas, [(points * 8 - 0.5).round().astype(np.int32)], 1)
    return int(label), canvas.reshape(SIZE[0], 8, SIZE[1], 8).mean((1, 3)) > 0.5


def test_yolo(label_set, tmp_path):
    folder, source = label_set
    out = tmp_path / 'out'
    assert export_labels('yolo', source, folder, out) == out / 'data.yaml'
    data = yaml.safe_load((out / 'data.yaml').read_text(encoding='utf-8'))
    assert data == dict(train='images', val='images', names=dict(enumerate(CLASSES)))
    shapes = list(draw_shapes().values())
    lines = (out / 'labels/a.txt').read_text().splitlines()
    assert len(lines) == len(shapes)
    for index, (line, mask) in enumerate(zip(lines, shapes)):
        label, filled = fill_yolo_line(line)
        assert label == index % len(CLASSES)
        assert overlap(filled, mask) > 0.95
    # equal stems stay apart, and labels lie where Ultralytics looks for those of a folder `images`
    found = {path.relative_to(out).as_posix() for path in out.rglob('*') if path.is_file()}
    assert found == {
        'data.yaml',
        'images/a.jpg',
        'images/Füchse, 2024/ein Foto.JPG.JPG',
        'images/Füchse, 2024/ein Foto.png.png',
        'images/images/empty 100%.jpg',
        'labels/a.txt',
        'labels/Füchse, 2024/ein Foto.JPG.txt',
        'labels/Füchse, 2024/ein Foto.png.txt',
        'images/labels/empty 100%.txt',
    }
    assert (out / 'images/labels/empty 100%.txt').read_text() == ''
    assert (out / 'images/a.jpg').resolve() == (folder / 'a.jpg').resolve()


def test_yolo_copies_photos_where_links_fail(label_set, tmp_path, monkeypatch):
    folder, source = label_set

    def refuse(*_):
        raise OSError('no links here')

    monkeypatch.setattr(yolo.os, 'symlink', refuse)
    for _ in range(2):  # an earlier export is replaced
        export_labels('yolo', source, folder, tmp_path / 'out')
    copy = tmp_path / 'out/images/a.jpg'
    assert not copy.is_symlink()
    assert copy.read_bytes() == (folder / 'a.jpg').read_bytes()
    copy.write_bytes(b'mine')
    with pytest.raises(ValueError, match='is another file'):
        export_labels('yolo', source, folder, tmp_path / 'out')
    assert copy.read_bytes() == b'mine'


def test_png(label_set, tmp_path):
    folder, source = label_set
    out = export_labels('png', source, folder, tmp_path / 'out')
    semantic = read_index_png(out / 'SegmentationClass/a.png')
    objects = read_index_png(out / 'SegmentationObject/a.png')
    # the later shapes score higher: each covers what was before
    classes, numbers = np.zeros(SIZE, int), np.zeros(SIZE, int)
    shapes = list(draw_shapes().values())
    for index, mask in enumerate(shapes):
        classes[mask], numbers[mask] = index % 3 + 1, len(shapes) - index
    assert np.array_equal(semantic, classes)
    assert np.array_equal(objects, numbers)
    with Image.open(out / 'SegmentationClass/a.png') as picture:
        assert picture.mode == 'P'
        assert picture.getpalette()[:9] == [0, 0, 0, 128, 0, 0, 0, 128, 0]
    assert not read_index_png(out / 'SegmentationClass/images/empty 100%.png').any()
    assert (out / 'SegmentationObject/Füchse, 2024/ein Foto.JPG.png').is_file()
    assert (out / 'SegmentationObject/Füchse, 2024/ein Foto.png.png').is_file()


def test_png_takes_254_objects(tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(palette_png, 'print_log', lambda line, *_: lines.append(line))
    folder, source = save_set(tmp_path, photos=['a.jpg', 'b.jpg'])
    content = read_json(source)
    first = content['annotations'][0]
    content['annotations'] = [dict(first, id=number, score=number / 300) for number in range(300)]
    write_json(source, content)
    out = export_labels('png', source, folder, tmp_path / 'out')
    assert read_index_png(out / 'SegmentationObject/a.png').max() == 1  # all are one mask: the best covers it
    assert lines == ['46 instances left out: a PNG holds 254 per photo']


@pytest.mark.parametrize('name', EXPORTS)
def test_exports_of_no_instance_and_again(name, tmp_path):
    folder, source = save_set(tmp_path, photos=['only.jpg'])
    for _ in range(2):
        assert export_labels(name, source, folder, tmp_path / 'out').exists()


@pytest.mark.parametrize('name', EXPORTS)
@pytest.mark.parametrize(
    'fault, line',
    [
        (lambda content: content.pop('annotations'), "no whole COCO json: 'annotations'"),
        (lambda content: content['images'][0].update(file_name='../a.jpg'), 'not a path below the photo folder'),
        (lambda content: content['images'][0].update(file_name='/a.jpg'), 'not a path below the photo folder'),
        (lambda content: content['images'][1].update(file_name='a.jpg'), 'names the photo a.jpg twice'),
        (lambda content: content['images'][0].update(file_name='b.jpg'), r'1 photos of .* \(the first: b.jpg\)'),
        (lambda content: content['images'][0].update(height=47), 'annotation 1 of a.jpg: a mask has the size'),
        (lambda content: content['annotations'][2]['segmentation'].update(counts='00'), 'annotation 3 .*add up'),
        (lambda content: content['annotations'][2]['segmentation'].update(counts='ü'), 'annotation 3 .*add up'),
        (lambda content: content['annotations'][0].update(category_id=9), 'no whole COCO json: 9 is missing'),
    ],
)
def test_bad_labels_are_one_line_and_nothing_is_written(name, fault, line, label_set, tmp_path):
    folder, source = label_set
    content = read_json(source)
    fault(content)
    source.write_text(json.dumps(content))
    with pytest.raises((ValueError, FileNotFoundError), match=line) as error:
        export_labels(name, source, folder, tmp_path / 'out')
    assert '\n' not in str(error.value)
    assert not (tmp_path / 'out').exists()


def test_unknown_format(label_set, tmp_path):
    with pytest.raises(ValueError, match="no export 'voc': choose among coco-polygons, yolo, png"):
        export_labels('voc', label_set[1], label_set[0], tmp_path / 'out')


@pytest.mark.parametrize('name, place', [('yolo', 'labels'), ('yolo', 'images'), ('png', 'SegmentationClass')])
def test_other_files_are_never_replaced(name, place, label_set, tmp_path):
    folder, source = label_set
    (tmp_path / 'out' / place).mkdir(parents=True)
    (tmp_path / 'out' / place / 'other.png').write_text('')
    with pytest.raises(ValueError, match=rf'{place} holds other.png'):
        export_labels(name, source, folder, tmp_path / 'out')
    assert sum(path.is_file() for path in (tmp_path / 'out').rglob('*')) == 1


def test_photos_are_never_replaced(tmp_path):
    folder, source = save_set(tmp_path, photos=['a.png', 'b.png'])
    images = folder.rename(tmp_path / 'images')
    before = (images / 'a.png').read_bytes()
    with pytest.raises(ValueError, match='contains the photos'):
        export_labels('yolo', source, images, tmp_path)
    maps = images.rename(tmp_path / 'SegmentationClass')
    with pytest.raises(ValueError, match='contains the photos'):
        export_labels('png', source, maps, tmp_path)
    assert (maps / 'a.png').read_bytes() == before


def test_a_file_in_the_place_of_the_folder_is_one_line(label_set, tmp_path):
    (tmp_path / 'out').write_text('')
    with pytest.raises(ValueError, match='cannot be written'):
        export_labels('coco-polygons', label_set[1], label_set[0], tmp_path / 'out')


@pytest.mark.parametrize(
    'part, change, words',
    [
        ('images', dict(height=-1), 'is .* pixels wide and -1 high: correct its size'),
        ('images', dict(width=10**400), 'correct its size'),
        ('images', dict(height=''), 'correct its size'),
        ('annotations', dict(score='a\nb'), 'annotation .*could not convert'),
        ('annotations', dict(segmentation=[[0, 0, 1e308, 0, 2, 2]]), 'numbers within'),
        ('categories', dict(name=None), None),
    ],
)
def test_numbers_and_masks_that_cannot_be_are_one_line(label_set, tmp_path, part, change, words):
    folder, source = label_set
    content = read_json(source)
    content[part][0].update(change)
    if words is None:
        del content[part][0]['name']
    write_json(source, content)
    with pytest.raises(ValueError, match=words or "'name' is missing") as caught:
        export_labels('yolo', source, folder, tmp_path / 'out')
    assert '\n' not in str(caught.value) and str(source) in str(caught.value)
