"""Contents that grow, crash a reader or would run: each reader refuses each with one line, in little memory."""

import io
import json
import lzma
import os
import pickle
import stat
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hostile_files import laugh, list_files, make_npy, refuse, write_npz, write_png_bomb
from mmdet.structures import DetDataSample

from projects.wsis.apis.inference.trained_model import find_trained_model, read_records
from projects.wsis.datasets.class_list import check_classes
from projects.wsis.datasets.coco_instances import read_coco_instances
from projects.wsis.datasets.tags import read_tags
from projects.wsis.datasets.tags.folders import read_xml_tags
from projects.wsis.datasets.transforms.loading import read_saliency_png
from projects.wsis.exports.corrected import read_corrected
from projects.wsis.exports.label_file import read_labels
from projects.wsis.inspection.photo_results import read_encoded_instances
from projects.wsis.inspection.stored_predictions import find_predictions
from projects.wsis.labelling.run import LabelPhotosOptions, open_output
from projects.wsis.recipes.stage_record import StageRecord
from projects.wsis.reference.mxnet_params import read_mxnet_params
from projects.wsis.structures import (
    PseudoLabelStore,
    decode_photo,
    find_manifests,
    probe_photo,
    pseudo_label_store,
    read_json,
    write_json,
)
from projects.wsis.structures.archives import unpack_archive
from projects.wsis.structures.masks import (
    decode_annotations,
    decode_masks,
    encode_mask,
    encode_segmentation,
    read_index_png,
)
from projects.wsis.structures.photo_file import check_photo
from projects.wsis.structures.point_file import read_points
from projects.wsis.structures.text_file import read_given_json

pytestmark = pytest.mark.timeout(60)

CLASSES = ['fox']
EPS = b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n'
PICTURE_READERS = [decode_photo, probe_photo, read_index_png, read_saliency_png]


@pytest.mark.parametrize('read', PICTURE_READERS)
def test_picture_of_too_many_pixels(read, tmp_path):
    path = write_png_bomb(tmp_path / 'bomb.png')
    refuse(lambda: read(str(path)), path)
    assert '50000x50000' in check_photo(path)


@pytest.mark.parametrize('read', PICTURE_READERS)
def test_picture_that_is_a_program(read, tmp_path, monkeypatch):
    """PIL hands EPS to Ghostscript, whatever the file is called."""
    ghostscript = tmp_path / 'gs'
    ghostscript.write_text(f'#!/bin/sh\ntouch {tmp_path}/ran\n')
    ghostscript.chmod(ghostscript.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv('PATH', str(tmp_path), prepend=os.pathsep)
    path = tmp_path / 'photo.jpg'
    path.write_bytes(EPS)
    refuse(lambda: read(str(path)), path)
    assert check_photo(path) == 'no picture of a known kind'
    assert not (tmp_path / 'ran').exists()


def make_object_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


NPZ = {
    'terabytes': lambda path: write_npz(path, cams=make_npy((10**12,))),
    'more than an index holds': lambda path: write_npz(path, cams=make_npy((2**40, 2**40))),
    'objects': lambda path: write_npz(path, cams=make_object_array()),
    'pickle': lambda path: path.write_bytes(pickle.dumps({})),
    'one array': lambda path: path.write_bytes(make_npy((25,))),
    'text': lambda path: path.write_text('no array'),
}


@pytest.mark.parametrize('kind', NPZ)
def test_arrays(kind, tmp_path):
    NPZ[kind](tmp_path / 'a.npz')
    refuse(lambda: PseudoLabelStore(tmp_path, 'cams', '.npz').read_arrays('a'), tmp_path / 'a.npz')


def test_array_that_is_missing(tmp_path):
    path = write_npz(tmp_path / 'a.npz', other=make_npy((25,)))
    arrays = PseudoLabelStore(tmp_path, 'cams', '.npz').read_arrays('a')
    refuse(lambda: arrays['cams'], path)


def test_arrays_that_unpack_to_more_than_any_photo_has(tmp_path, monkeypatch):
    monkeypatch.setattr(pseudo_label_store, 'MAX_ARRAY_BYTES', 10**6)
    path = write_npz(tmp_path / 'a.npz', cams=make_npy((10**7,), '|u1', bytes(10**7)))
    assert path.stat().st_size < 10**5
    line = refuse(lambda: PseudoLabelStore(tmp_path, 'cams', '.npz').read_arrays('a'), path)
    assert 'more than 1,000,000' in line


JSON = {
    'deep': '[' * 200_000,
    'digits': '{"a": ' + '9' * 5000 + '}',
    'half': '{"a": [1, 2',
    'bytes': b'\x80\x02}',
    'other form': 'Infinity',
    'list': '[1]',
}


def read_manifest_of(path: Path) -> None:
    path.rename(path.with_name('manifest.json'))
    store = PseudoLabelStore(path.parent, 'cams', '.npz')
    try:
        store.check_readable()
    finally:
        find_manifests(path.parent)  # refuses it, too


JSON_READERS = {
    'manifest': read_manifest_of,
    'tags': lambda path: read_tags(path, ['a.jpg'], CLASSES),
    'points': lambda path: read_points(path, CLASSES),
    'coco': lambda path: read_coco_instances(path, CLASSES),
    'labels': read_labels,
    'corrected': lambda path: read_corrected(path, CLASSES, path.parent),
}


@pytest.mark.parametrize('reader, kind', [(reader, kind) for reader in JSON_READERS for kind in JSON])
def test_json(reader, kind, tmp_path):
    read = JSON_READERS[reader]
    path = tmp_path / 'given.json'
    content = JSON[kind]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if kind not in ('other form', 'list'):  # which are JSON
        refuse(lambda: read_given_json(path), path)
        refuse(lambda: read_json(path), path)
    refuse(lambda: read(path), tmp_path)


COCO = {
    'image is a number': dict(images=[3]),
    'id is a list': dict(images=[dict(id=[], file_name='a.jpg', height=4, width=4)]),
    'endless height': dict(images=[dict(id=1, file_name='a.jpg', height=float('inf'), width=4)]),
    'square kilometre': dict(images=[dict(id=1, file_name='a.jpg', height=10**6, width=10**6)]),
    'no pixel': dict(images=[dict(id=1, file_name='a.jpg', height=-4, width=4)]),
    'category is text': dict(categories=['fox']),
}


@pytest.mark.parametrize('kind', COCO)
def test_coco_of_another_form(kind, tmp_path):
    image = dict(id=1, file_name='a.jpg', height=4, width=4)
    content = dict(images=[image], annotations=[], categories=[dict(id=1, name='fox')]) | COCO[kind]
    path = tmp_path / 'coco.json'
    path.write_text(json.dumps(content))
    refuse(lambda: read_labels(path), path)
    refuse(lambda: read_corrected(path, CLASSES, tmp_path), path)


SEGMENTATIONS = {
    'far': [[0, 0, 1e9, 0, 1e9, 1e9]],
    'endless': [[0, 0, float('inf'), 0, 5, 5]],
    'no number': [[0, 0, float('nan'), 0, 5, 5]],
    'huge integer': [[0, 0, 10**400, 0, 5, 5]],
    'text': [['a', 0, 1, 0, 5, 5]],
    'letters': 'abc',
    'number that goes on': dict(size=[40, 48], counts='o' * 400_000),
    'runs of another size': dict(size=[40, 48], counts=[10**12]),
    'negative runs': dict(size=[40, 48], counts=[-80, 2000]),
}


@pytest.mark.parametrize('kind', SEGMENTATIONS)
def test_masks_of_a_json(kind):
    entry = dict(bbox_label=0, segmentation=SEGMENTATIONS[kind], iscrowd=0)
    refuse(lambda: decode_annotations([entry], (40, 48)))


@pytest.mark.parametrize('counts', ['0', 'o' * 50, '\0\1', 'nnnn0', [3], [-3, 28], 7, None])
def test_masks_of_a_store(counts):
    """What pycocotools is not told of it would fill with the bytes that happen to be in memory."""
    refuse(lambda: decode_masks([dict(size=[5, 5], counts=counts)], (5, 5)))


def test_empty_mask_of_a_huge_photo():
    refuse(lambda: encode_segmentation([], (10**5, 10**5)))


INSTANCE = dict(label=0, score=0.5, mask=encode_mask(np.eye(5) > 0))
INSTANCE_FILES = {
    'list': [],
    'empty': {},
    'instances are text': dict(instances='abc'),
    'height is text': dict(height='5'),
    'label': dict(instances=[dict(INSTANCE, label=-1)]),
    'score': dict(instances=[dict(INSTANCE, score=None)]),
    'mask': dict(instances=[dict(INSTANCE, mask=3)]),
    'runs': dict(instances=[dict(INSTANCE, mask=dict(size=[5, 5], counts='0'))]),
    'size': dict(instances=[dict(INSTANCE, mask=encode_mask(np.eye(6, 5) > 0))]),
}


def write_store_file(folder: Path, artifact: str, content: object) -> Path:
    """Write the file of the photo `a` into a store that says it is whole."""
    write_json(folder / artifact / 'manifest.json', dict(artifact=artifact, complete=True, classes=CLASSES))
    write_json(folder / artifact / 'a.json', content)
    return folder / artifact / 'a.json'


@pytest.mark.parametrize('kind', INSTANCE_FILES)
def test_instances_of_a_store(kind, tmp_path):
    whole, fault = dict(file_name='a.jpg', height=5, width=5, instances=[INSTANCE]), INSTANCE_FILES[kind]
    content = {**whole, **fault} if fault else fault
    path = write_store_file(tmp_path, 'instances', content)
    for read in find_predictions(tmp_path / 'instances', CLASSES):
        refuse(lambda read=read: read(DetDataSample(metainfo=dict(img_id='a'))), path)
    store = PseudoLabelStore(tmp_path / 'instances', 'instances', '.json')
    refuse(lambda: read_encoded_instances(store, 'a'), path)


@pytest.mark.parametrize('counts', ['0', 'o' * 50, [3], [-3, 28], None])
def test_masks_of_predictions(counts, tmp_path):
    content = dict(
        images=[dict(id=1, file_name='a.jpg', height=5, width=5)],
        annotations=[dict(image_id=1, category_id=1, score=1, segmentation=dict(size=[5, 5], counts=counts))],
        categories=[dict(id=1, name='fox')],
    )
    path = tmp_path / 'predictions.json'
    write_json(path, content)
    refuse(lambda: find_predictions(path, CLASSES), path)


PEAK = {'class': 'fox', 'y': 1, 'x': 1, 'score': 0.5}
PEAK_FILES = {
    'list': [],
    'empty': {},
    'points are a number': dict(points=3),
    'scores are text': dict(scores=['a']),
    'class': dict(points=[{**PEAK, 'class': 'cat'}]),
    'huge integer': dict(points=[{**PEAK, 'y': 10**400}]),
    'number': dict(points=[3]),
}


@pytest.mark.parametrize('kind', PEAK_FILES)
def test_peaks_of_a_store(kind, tmp_path):
    whole, fault = dict(mode='predict', scores=[0.5], points=[PEAK]), PEAK_FILES[kind]
    path = write_store_file(tmp_path, 'peaks', {**whole, **fault} if fault else fault)
    (read,) = find_predictions(tmp_path / 'peaks', CLASSES)
    refuse(lambda: read(DetDataSample(metainfo=dict(img_id='a'))), path)


RECORD_READERS = {
    'stage.json': lambda path: StageRecord(path.parent).read(),
    'stage/stage.json': lambda path: read_records(path.parent.parent),
    'results.json': lambda path: find_trained_model(path.parent),
    'label_photos.json': lambda path: open_output(LabelPhotosOptions(photos='.', tags='.', out=str(path.parent))),
}


@pytest.mark.parametrize('kind', JSON)
@pytest.mark.parametrize('name', RECORD_READERS)
def test_records_of_a_run(name, kind, tmp_path):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(JSON[kind] if isinstance(JSON[kind], bytes) else JSON[kind].encode())
    if name == 'results.json':
        write_finished_stage(tmp_path)
    refuse(lambda: RECORD_READERS[name](path), path)


def write_finished_stage(folder: Path) -> None:
    (folder / 'classifier').mkdir()
    write_json(folder / 'classifier' / 'stage.json', dict(name='classifier', action='train', complete=True))


XML = {
    'entities': laugh(9),
    'a few entities': laugh(2),
    'file': '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><annotation><object><name>&e;</name></object>'
    '</annotation>',
    'open': '<a>' * 100_000,
    'binary': '\0\1\2',
    'encoding': '<?xml version="1.0" encoding="no-such"?><annotation/>',
}


@pytest.mark.parametrize('kind', XML)
def test_xml(kind, tmp_path):
    path = tmp_path / 'a.xml'
    path.write_text(XML[kind])
    refuse(lambda: read_xml_tags(path), path)
    refuse(lambda: read_tags(tmp_path, ['a.jpg'], CLASSES), path)


TABLES = {
    'long.csv': 'file,tags\na.jpg,' + 'x' * 200_000,
    'quote.csv': 'file,tags\na.jpg,"fox',
    'zero.csv': 'file,tags\na.jpg,fo\0x',
    'twice.csv': 'file,tags,tags\na.jpg,fox,fox',
    'zero.txt': 'a.jpg fox\0',
    'quote.json': json.dumps([dict(file='a.jpg', tags='"' + 'x' * 200_000 + '"')]),
    'line.json': json.dumps([dict(file='a.jpg', tags='"a" b\nc')]),
    'number.json': '{"a.jpg": 3}',
}


@pytest.mark.parametrize('name', TABLES)
def test_tables(name, tmp_path):
    (tmp_path / name).write_text(TABLES[name])
    refuse(lambda: read_tags(tmp_path / name, ['a.jpg'], CLASSES), tmp_path / name)


POINTS = {
    'huge integer': dict(y=10**400),
    'no number': dict(x=float('nan')),
    'unknown key': {'a\nb': 3},
    'class of two lines': {'class': 'a\nb'},
    'photo is a list': dict(photo=['a']),
}


@pytest.mark.parametrize('kind', POINTS)
def test_points(kind, tmp_path):
    path = tmp_path / 'points.json'
    path.write_text(json.dumps(dict(points=[{'photo': 'a', 'class': 'fox', 'y': 1, 'x': 1, **POINTS[kind]}])))
    refuse(lambda: read_points(path, CLASSES), path)


@pytest.mark.parametrize('name', ['a\nb', 'a\0b', '\x1b[31mred', '{{$HOME:x}}', '\ud800'])
def test_class_names_that_end_a_line_or_that_configs_replace(name):
    refuse(lambda: check_classes([name]))


PARAMETERS = {
    'many arrays': struct.pack('<QQQ', 0x112, 0, 2**60),
    'huge array': struct.pack('<QQQIiIqqiii', 0x112, 0, 1, 0xF993FAC9, 0, 2, 2**40, 2**40, 1, 0, 0),
    'many dimensions': struct.pack('<QQQI', 0x112, 0, 1, 2**31),
    'text': b'no parameters',
}


@pytest.mark.parametrize('kind', PARAMETERS)
def test_parameters_of_mxnet(kind, tmp_path):
    path = tmp_path / 'net.params'
    path.write_bytes(PARAMETERS[kind] + bytes(8))
    refuse(lambda: read_mxnet_params(path), path)


def write_zip(path: Path, flag: int = 0, compression: int = 0) -> None:
    """Write a zip whose one member needs a password, or is packed in a way of its own."""
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('a.txt', b'content')
    content = bytearray(path.read_bytes())
    for signature, place in ((b'PK\3\4', 6), (b'PK\1\2', 8)):
        start = content.index(signature) + place
        content[start : start + 4] = struct.pack('<HH', flag, compression)
    path.write_bytes(content)


ARCHIVES = {
    'password': lambda path: write_zip(path, flag=1),
    'unknown packing': lambda path: write_zip(path, compression=77),
    'cut xz': lambda path: path.write_bytes(lzma.compress(os.urandom(5000))[:3000]),
    'text': lambda path: path.write_text('no archive' * 100),
}


@pytest.mark.parametrize('kind', ARCHIVES)
def test_archives(kind, tmp_path):
    """Members that lead out of the folder, links and too large ones: tests/tools/test_download_dataset.py."""
    path = tmp_path / 'set.zip'
    ARCHIVES[kind](path)
    refuse(lambda: unpack_archive(path, tmp_path / 'out'), path)
    assert not [name for name in list_files(tmp_path) if name not in ('set.zip', 'out/a.txt')]
