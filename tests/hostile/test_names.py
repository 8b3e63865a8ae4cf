"""Names of photos that lead elsewhere: refused by every list, json and store, and nothing is written for them."""

import json
from pathlib import Path

import pytest
from hostile_files import list_files, refuse
from inspection.photo_files import save_photo

from projects.wsis.datasets import CocoTagDataset, PhotoTagDataset, VOCTagDataset
from projects.wsis.datasets.tags import read_tags
from projects.wsis.exports.corrected import read_corrected
from projects.wsis.exports.export import EXPORTS, export_labels
from projects.wsis.structures import PseudoLabelStore
from projects.wsis.structures.point_file import read_points

CLASSES = ['fox']
# the file of the second is there; so it is for the absolute one, which `place` makes
NAMES = {
    'parent': '../outside.jpg',
    'hidden parent': 'a/../../outside.jpg',
    'backslashes': '..\\outside.jpg',
    'absolute': '{place}/outside.jpg',
    'long': 'x' * 300 + '.jpg',
    'NUL': 'a\0b.jpg',
    'line break': 'a\nb.jpg',
}


@pytest.fixture
def data(tmp_path):
    """A data set of one photo, beside which lies a photo that is none of its business."""
    root = tmp_path / 'data'
    save_photo(root / 'inside.jpg')
    save_photo(root / 'a' / 'other.jpg')
    save_photo(tmp_path / 'outside.jpg')
    return root


def write_coco(data: Path, name: str) -> Path:
    square = [[1, 1, 9, 1, 9, 9, 1, 9]]
    content = dict(
        images=[dict(id=1, file_name=name, height=40, width=48)],
        annotations=[dict(id=1, image_id=1, category_id=1, segmentation=square, iscrowd=0)],
        categories=[dict(id=1, name='fox')],
    )
    path = data / 'coco.json'
    path.write_text(json.dumps(content))
    return path


def read_split(data: Path, name: str) -> None:
    (data / 'train.txt').write_text(f'inside.jpg\n{name}\n')
    PhotoTagDataset(ann_file='train.txt', data_root=str(data), metainfo=dict(classes=CLASSES)).full_init()


def read_voc_split(data: Path, name: str) -> None:
    (data / 'train.txt').write_text(f'inside.jpg\n{name}\n')
    prefix = dict(img_path='.', ann='.')
    settings = dict(mode='predict', metainfo=dict(classes=CLASSES))
    VOCTagDataset(ann_file='train.txt', data_root=str(data), data_prefix=prefix, **settings).full_init()


def read_coco(data: Path, name: str) -> None:
    write_coco(data, name)
    settings = dict(data_prefix=dict(img_path='.'), metainfo=dict(classes=CLASSES))
    CocoTagDataset(ann_file='coco.json', data_root=str(data), **settings).full_init()


def read_point_file(data: Path, name: str) -> None:
    path = data / 'points.json'
    path.write_text(json.dumps(dict(points=[{'photo': name, 'class': 'fox', 'y': 1, 'x': 1}])))
    read_points(path, CLASSES)


def write_store(data: Path, name: str) -> None:
    PseudoLabelStore(data / 'store', 'cams', '.npz').write_arrays(name, cams=[1])


def read_store(data: Path, name: str) -> None:
    PseudoLabelStore(data / 'store', 'cams', '.npz').read_arrays(name)


ENTRIES = dict(
    split=read_split, voc_split=read_voc_split, coco=read_coco, points=read_point_file, write=write_store,
    read=read_store,
)  # fmt: skip
# no line of a file holds a line break; VOC's own lists begin with /, and name a file of the one folder anyway; and a
# store only makes paths of names, for which a backslash and a line break are letters
HARMLESS = {
    ('split', 'line break'), ('voc_split', 'line break'), ('voc_split', 'absolute'),
    ('write', 'backslashes'), ('write', 'line break'), ('read', 'backslashes'), ('read', 'line break'),
}  # fmt: skip
TABLE = [(entry, kind) for entry in ENTRIES for kind in NAMES if (entry, kind) not in HARMLESS]


@pytest.mark.parametrize('entry, kind', TABLE)
def test_name_is_refused(entry, kind, data):
    name = NAMES[kind].format(place=data.parent)
    before = list_files(data.parent)
    refuse(lambda: ENTRIES[entry](data, name))
    changed = {path for path, content in list_files(data.parent).items() if before.get(path) != content}
    assert changed <= {'data/train.txt', 'data/coco.json', 'data/points.json'}, 'the test writes these, the entry none'


@pytest.mark.parametrize('kind', NAMES)
@pytest.mark.parametrize('form', EXPORTS)
def test_no_export_follows_a_name(form, kind, data, tmp_path):
    path = write_coco(data, NAMES[kind].format(place=data.parent))
    before = list_files(tmp_path)
    refuse(lambda: export_labels(form, path, data, tmp_path / 'out'), path)
    assert list_files(tmp_path) == before and not (tmp_path / 'out').exists()


@pytest.mark.parametrize('kind', NAMES)
def test_corrected_labels_name_photos_of_the_folder_only(kind, data):
    """Their names may begin with folders above the photo folder, so that only the end of a name counts."""
    path = write_coco(data, NAMES[kind].format(place=data.parent))
    assert 'not in' in refuse(lambda: read_corrected(path, CLASSES, data), path)


@pytest.mark.parametrize('kind', NAMES)
def test_tags_are_of_listed_photos_only(kind, data):
    """A name in a tags file is compared with those of the photos that are there, and never opened."""
    (data / 'tags.json').write_text(json.dumps({NAMES[kind].format(place=data.parent): ['fox']}))
    tags = read_tags(data / 'tags.json', ['inside.jpg'], CLASSES)
    assert not tags.by_photo and len(tags.unmatched) == 1
    assert all(line.isprintable() for line in tags.warnings)


def test_links_to_photos_are_followed_and_links_to_folders_not(data, tmp_path):
    save_photo(tmp_path / 'elsewhere' / 'private.jpg')
    (data / 'linked').symlink_to(tmp_path / 'elsewhere')
    (data / 'photo.jpg').symlink_to(tmp_path / 'outside.jpg')
    whole = tmp_path / 'link to all'
    whole.symlink_to(data)
    for root in (data, whole):
        dataset = PhotoTagDataset(data_root=str(root), metainfo=dict(classes=CLASSES))
        dataset.full_init()
        names = [dataset.get_data_info(index)['img_id'] for index in range(len(dataset))]
        assert names == ['inside.jpg', 'photo.jpg', 'a/other.jpg']


def test_nothing_is_written_through_a_link(data, tmp_path):
    (tmp_path / 'target').write_text('kept')
    store = PseudoLabelStore(tmp_path / 'store', 'cams', '.npz')
    store.start({}, CLASSES)
    store.path_of('a').symlink_to(tmp_path / 'target')
    store.write_arrays('a', cams=[1.0])
    assert (tmp_path / 'target').read_text() == 'kept' and not store.path_of('a').is_symlink()

    (tmp_path / 'private').mkdir()
    (tmp_path / 'store' / 'sub').symlink_to(tmp_path / 'private')
    assert 'is a link to a folder' in refuse(lambda: store.start({}, CLASSES), tmp_path / 'store' / 'sub')
    (tmp_path / 'out' / 'SegmentationClass').mkdir(parents=True)
    (tmp_path / 'out' / 'SegmentationClass' / 'a').symlink_to(tmp_path / 'private')
    path = write_coco(data, 'a/other.jpg')
    assert 'is a link to a folder' in refuse(lambda: export_labels('png', path, data, tmp_path / 'out'))
    assert not list((tmp_path / 'private').iterdir())


def test_a_store_may_be_a_link_itself(tmp_path):
    (tmp_path / 'large disk').mkdir()
    (tmp_path / 'store').symlink_to(tmp_path / 'large disk')
    store = PseudoLabelStore(tmp_path / 'store', 'cams', '.npz')
    store.start({}, CLASSES)
    store.write_arrays('a/b', cams=[1.0])
    assert (tmp_path / 'large disk' / 'a' / 'b.npz').is_file()
