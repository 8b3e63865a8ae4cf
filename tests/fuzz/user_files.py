"""Readers of what users give: texts, class lists, tags, points, photos, masks, data sets and corrected labels."""

import contextlib
import io
import json
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from projects.wsis.apis.configs import read_options
from projects.wsis.apis.publishing import read_metrics
from projects.wsis.datasets import CocoTagDataset, PhotoTagDataset, VOCTagDataset, read_tags
from projects.wsis.datasets.class_list import load_classes
from projects.wsis.datasets.coco_instances import read_coco_masks
from projects.wsis.datasets.splits import read_split_lines
from projects.wsis.datasets.transforms.loading import LoadEvaluationMasks, read_saliency_png
from projects.wsis.exports import EXPORTS, export_labels
from projects.wsis.exports.corrected import read_corrected
from projects.wsis.inspection.stored_predictions import read_coco_predictions
from projects.wsis.labelling.masks import find_masks
from projects.wsis.labelling.photo_set import read_photo_set
from projects.wsis.labelling.working_copy import WorkingCopy
from projects.wsis.structures import decode_photo, probe_photo, read_text
from projects.wsis.structures.archives import unpack_archive
from projects.wsis.structures.masks import encode_mask, read_object_masks
from projects.wsis.structures.photo_file import check_photo
from projects.wsis.structures.point_file import read_points
from projects.wsis.structures.text_points import read_text_points

from .broken_files import broken, json_files, text_files
from .reader import Reader

CLASSES = ('cat', 'red fox')
PHOTOS = ('a.jpg', 'sub/b.png', 'c.jpg')
HEIGHT, WIDTH = 4, 6
# to serialize the list of photos collects garbage, which takes longer than all else
SETTINGS = dict(metainfo=dict(classes=CLASSES), serialize_data=False)


def encode_picture(kind: str, mode: str = 'RGB', **settings) -> bytes:
    """Return the bytes of a small picture."""
    buffer = io.BytesIO()
    Image.fromarray(np.arange(HEIGHT * WIDTH * 3, dtype=np.uint8).reshape(HEIGHT, WIDTH, 3)).convert(mode).save(
        buffer, kind, **settings
    )
    return buffer.getvalue()


def encode_map(values: int = 3) -> bytes:
    """Return the bytes of a PNG of class numbers."""
    buffer = io.BytesIO()
    Image.fromarray((np.arange(HEIGHT * WIDTH) % values).astype(np.uint8).reshape(HEIGHT, WIDTH)).save(buffer, 'PNG')
    return buffer.getvalue()


def make_coco() -> dict:
    """Return a small COCO json of instances: a polygon and both kinds of RLE."""
    rle = encode_mask(np.eye(HEIGHT, WIDTH) > 0)
    masks = ([[0, 0, 5, 0, 5, 3]], rle, dict(size=[HEIGHT, WIDTH], counts=[4, 4, HEIGHT * WIDTH - 8]))
    return dict(
        images=[dict(id=number, file_name=name, height=HEIGHT, width=WIDTH) for number, name in enumerate(PHOTOS)],
        annotations=[
            dict(
                id=number,
                image_id=number,
                category_id=7,
                segmentation=mask,
                iscrowd=0,
                score=0.5,
                area=4,
                bbox=[0, 0, 2, 2],
            )
            for number, mask in enumerate(masks)
        ],
        categories=[dict(id=number + 7, name=name) for number, name in enumerate(CLASSES)],
    )


JPEG, PNG = encode_picture('JPEG'), encode_picture('PNG')
PHOTO_FILES = {'photos/a.jpg': JPEG, 'photos/sub/b.png': PNG, 'photos/c.jpg': JPEG}
TABLES = (
    'file,tags\na.jpg,cat;red fox\nsub/b.png,cat\nc.jpg,\n',
    'file,cat,red fox\na.jpg,1,1\nsub/b.png,1,0\n',
    'a.jpg,cat,red fox\n"sub/b.png",cat\n',
    'file\ttags\na.jpg\t"cat;red fox"|cat\n',
    'file;tag\na.jpg;cat\na.jpg;red fox\n',
)
CELLS = ('a.jpg', 'sub/b.png', 'cat', 'red fox', 'file', 'tags', ',', ';', '\n', '"', '\t', '1', '|', '')
XML = (
    '<annotation><filename>a.jpg</filename><object><name>cat</name><part><name>head</name></part></object></annotation>'
)
XML_PIECES = ('annotation', 'object', 'name', 'cat', 'a.jpg', '<', '>', '</', '<object>', '</object>', '')
XML_FILES = (
    XML,
    f'<?xml version="1.0" encoding="latin-1"?>{XML}',
    f'<!DOCTYPE a [<!ENTITY b "cat"><!ENTITY c SYSTEM "file:///etc/hostname">]>{XML.replace("cat", "&b;&c;")}',
)
TAGS = (
    {'a.jpg': ['cat', 'red fox'], 'sub/b.png': ['cat'], 'c.jpg': []},
    [{'file': 'a.jpg', 'tags': ['cat']}, {'image': 'sub/b.png', 'labels': 'cat;red fox'}],
    make_coco(),
)
POINTS = dict(
    points=[
        {'photo': 'a', 'class': 'cat', 'y': 3, 'x': 2.5, 'score': 0.9},
        {'photo': 'b', 'class': 'red fox', 'y': 0, 'x': 1},
    ]
)
POINT_LINES = '3 2 0 0.5\n0 0.5 1 1\n'


def read_file(read, *arguments):
    """Return a function that reads the one file of a folder, which is named ``file`` with some ending."""
    return lambda folder: read(next(folder.glob('file*')), *arguments)


def look_at_photo(folder: Path) -> None:
    """Read a photo in every way; what is whole is decoded."""
    path = folder / 'file.jpg'
    for quick in (True, False):
        reason = check_photo(path, quick)
        assert reason is None or '\n' not in reason
    probe_photo(path), decode_photo(path), decode_photo(path, 3)


def open_voc(folder: Path) -> None:
    """Open a data set in VOC layout, with the masks of its photos."""
    dataset = VOCTagDataset('split.txt', str(folder), with_masks=True, **SETTINGS)
    for info in dataset:
        LoadEvaluationMasks()(info)


def open_photos(folder: Path) -> None:
    """Open a folder of photos with a tags file."""
    PhotoTagDataset(data_root=str(folder / 'photos'), tags_file='../tags.json', **SETTINGS)


def open_coco(folder: Path) -> None:
    """Open a COCO json, and its masks."""
    prefix = dict(img_path='photos')
    dataset = CocoTagDataset('file.json', str(folder), prefix, with_masks=True, **SETTINGS)
    for info in dataset:
        LoadEvaluationMasks()(info)


def read_folders(folder: Path) -> None:
    """Make the photos that the lines of a file name, and read their folders as classes."""
    shutil.rmtree(folder / 'classes', ignore_errors=True)
    for line in (folder / 'file.txt').read_bytes().splitlines():
        path = os.path.join(os.fsencode(folder / 'classes'), line.strip(b'/') or b'a')
        if b'\0' in path or b'..' in path or max(map(len, path.split(b'/'))) > 255:
            continue
        with contextlib.suppress(FileExistsError, NotADirectoryError, IsADirectoryError):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, 'ab').close()
    read_tags(folder / 'classes')


def export_all(folder: Path) -> None:
    """Export labels in every format."""
    for name in EXPORTS:
        export_labels(name, folder / 'file.json', folder / 'photos', folder / 'out' / name)


def find_true_masks(folder: Path) -> None:
    """Find the masks to measure with, where some photos were reduced."""
    copies = {photo: WorkingCopy(WIDTH, HEIGHT, photo == 'a.jpg', ()) for photo in PHOTOS}
    find_masks(str(folder / 'file.json'), copies, folder / 'out')


def unpack(folder: Path) -> None:
    """Unpack an archive."""
    with contextlib.redirect_stderr(io.StringIO()):  # its progress
        unpack_archive(folder / 'file', folder / 'unpacked')


def make_archive(kind: str) -> bytes:
    """Return the bytes of an archive with one file."""
    buffer = io.BytesIO()
    if kind == 'zip':
        with zipfile.ZipFile(buffer, 'w') as archive:
            archive.writestr('a/b.txt', b'text')
    else:
        with tarfile.open(fileobj=buffer, mode=kind) as archive:
            archive.addfile(tarfile.TarInfo('a/b.txt'))
    return buffer.getvalue()


def read_predictions(folder: Path) -> None:
    """Read a COCO json of predictions and pack the instances of each photo that it names."""
    from mmdet.structures import DetDataSample

    read = read_coco_predictions(folder / 'file.json', CLASSES)
    read(DetDataSample(metainfo=dict(file_name='a.jpg')))


VOC_FILES = {
    'split.txt': b'a\nc 1\n',
    'JPEGImages/a.jpg': JPEG,
    'JPEGImages/c.jpg': JPEG,
    'Annotations/a.xml': XML.encode(),
    'Annotations/c.xml': XML.encode(),
    'SegmentationClass/a.png': encode_map(),
    'SegmentationObject/a.png': encode_map(),
}

READERS = (
    Reader('texts', 'file.txt', text_files('Café\nred fox\n', cells=('é', '\n', '')), read_file(read_text)),
    Reader(
        'class lists',
        'file.txt',
        text_files('cat\nred fox\n', cells=(*CLASSES, '\n', 'background', 'Cat')),
        read_file(load_classes),
    ),
    Reader(
        'splits',
        'file.txt',
        text_files('a.jpg\nb 1\n', cells=('a', '\n', ' ')),
        lambda folder: read_split_lines([str(folder / 'file.txt')]),
    ),
    Reader('tags: tables', 'file.csv', text_files(*TABLES, cells=CELLS), read_file(read_tags, PHOTOS, CLASSES)),
    Reader(
        'tags: lines',
        'file.txt',
        text_files('a.jpg\tcat\tred fox\n', 'a.jpg cat\nc.jpg\n', *TABLES, cells=CELLS),
        read_file(read_tags, PHOTOS),
    ),
    Reader('tags: JSON', 'file.json', json_files(*TAGS), read_file(read_tags, PHOTOS, CLASSES)),
    Reader('tags: JSON, names as written', 'file', json_files(*TAGS), read_file(read_tags)),
    Reader(
        'tags: XML',
        'xml/a.xml',
        text_files(*XML_FILES, cells=XML_PIECES),
        lambda folder: read_tags(folder / 'xml', PHOTOS, CLASSES),
    ),
    Reader(
        'photos with tags',
        'tags.csv',
        text_files(*TABLES, cells=CELLS),
        lambda folder: read_photo_set(folder / 'photos', folder / 'tags.csv'),
        PHOTO_FILES,
    ),
    Reader(
        'photos to measure on',
        'val.txt',
        text_files('a.jpg\n', cells=(*PHOTOS, '\n')),
        lambda folder: read_photo_set(folder / 'photos', folder / 'tags.json', val=folder / 'val.txt'),
        {**PHOTO_FILES, 'tags.json': json.dumps(TAGS[0]).encode()},
    ),
    Reader('points', 'file.json', json_files(POINTS), read_file(read_points, CLASSES)),
    Reader(
        'points of BESTIE',
        'file.txt',
        text_files(POINT_LINES, cells=('3', '0', '0.5', ' ', '\n', '-1')),
        read_file(read_text_points, 2),
    ),
    Reader('COCO masks', 'file.json', json_files(make_coco()), read_file(read_coco_masks, PHOTOS, CLASSES)),
    Reader('COCO data set', 'file.json', json_files(make_coco()), open_coco, PHOTO_FILES),
    Reader('COCO predictions', 'file.json', json_files(make_coco()), read_predictions),
    Reader(
        'corrected labels',
        'file.json',
        json_files(make_coco()),
        lambda folder: read_corrected(folder / 'file.json', CLASSES, folder / 'photos'),
        PHOTO_FILES,
    ),
    Reader('VOC data set: XML', 'Annotations/a.xml', text_files(*XML_FILES, cells=XML_PIECES), open_voc, VOC_FILES),
    Reader(
        'VOC data set: split',
        'split.txt',
        text_files('a\nc.jpg 1\n', cells=('a', 'c', ' ', '\n', '1', '.jpg', '/')),
        open_voc,
        VOC_FILES,
    ),
    Reader('VOC data set: photo', 'JPEGImages/a.jpg', broken(JPEG) | broken(PNG), open_voc, VOC_FILES),
    Reader('VOC data set: class map', 'SegmentationClass/a.png', broken(encode_map()), open_voc, VOC_FILES),
    Reader('photo data set: tags', 'tags.json', json_files(*TAGS), open_photos, PHOTO_FILES),
    Reader(
        'photos',
        'file.jpg',
        broken(JPEG)
        | broken(PNG)
        | broken(encode_picture('TIFF'))
        | broken(encode_picture('GIF', 'P'))
        | broken(encode_picture('BMP'))
        | broken(encode_picture('WEBP')),
        look_at_photo,
    ),
    Reader(
        'masks',
        'file.png',
        broken(encode_map()) | broken(encode_picture('PNG', 'P')),
        lambda folder: read_object_masks(folder / 'file.png', folder / 'other.png'),
        {'other.png': encode_map()},
    ),
    Reader(
        'saliency maps',
        'file.png',
        broken(encode_map(9)) | broken(JPEG),
        lambda folder: read_saliency_png(str(folder / 'file.png')),
    ),
    Reader(
        'tags: folders',
        'file.txt',
        text_files('cat/a.jpg\nred fox/b.png\nc.jpg\n', cells=('cat', 'a', '/', '.jpg', '\n')),
        read_folders,
    ),
    Reader('labels to export', 'file.json', json_files(make_coco()), export_all, PHOTO_FILES),
    Reader('true masks to measure with', 'file.json', json_files(make_coco()), find_true_masks),
    Reader('archives', 'file', broken(make_archive('zip')) | broken(make_archive('w:gz')), unpack),
    Reader('options', 'file.json', json_files({'a.b': 1, 'c': [1, {}]}), read_file(read_options)),
    Reader('metrics to publish', 'file.json', json_files({'a/mIoU': 0.5, 'n': 3}), read_file(read_metrics)),
)
