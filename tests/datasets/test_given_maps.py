"""Class maps of others become a store of semantic masks, or one line says what is wrong with them."""

import numpy as np
import pytest
from mmengine.registry import DATASETS
from PIL import Image

from projects.wsis.datasets import given_maps
from projects.wsis.structures import PseudoLabelStore
from projects.wsis.structures.masks import read_index_png

SIZE = 8, 12
CLASSES = 'cat', 'dog'


@pytest.fixture
def settings(tmp_path):
    """Three photos, of which the last has no tag."""
    (tmp_path / 'JPEGImages').mkdir()
    for photo in 'abc':
        Image.fromarray(np.full((*SIZE, 3), 90, np.uint8)).save(tmp_path / 'JPEGImages' / f'{photo}.jpg')
    (tmp_path / 'tags.txt').write_text('a cat\nb dog cat\n')
    (tmp_path / 'train.txt').write_text('a\nb\nc\n')
    files = dict(ann_file='train.txt', tags_file='tags.txt', mode='predict')
    return dict(type='VOCTagDataset', data_root=str(tmp_path), metainfo=dict(classes=CLASSES), **files)


@pytest.fixture
def maps(tmp_path):
    """Maps of the photos with tags: grey, and of a palette of its own; and one of another photo."""
    folder = tmp_path / 'WSSS_maps'
    folder.mkdir()
    labels = np.zeros(SIZE, np.uint8)
    labels[2:5, 3:7], labels[0] = 1, 255
    Image.fromarray(labels).save(folder / 'a.png')
    palette = Image.fromarray(labels * 2)  # 2, and 254 in the place of 255
    palette.putpalette([9, 9, 9] * 256)
    palette.putdata([min(int(value), 2) for value in (labels * 2).ravel()])
    palette.save(folder / 'b.png')
    Image.fromarray(labels[:3]).save(folder / 'elsewhere.png')
    return folder


def test_maps_are_stored_with_their_values(settings, maps, tmp_path):
    assert given_maps.store_given_maps(maps, tmp_path / 'store', settings) == 2
    store = PseudoLabelStore(tmp_path / 'store', 'semantic_masks', '.png')
    assert store.check_readable(CLASSES)['count'] == 2
    for photo in 'ab':
        given = np.array(Image.open(maps / f'{photo}.png'))
        assert given.any() and np.array_equal(read_index_png(store.path_of(photo)), given)
    assert 'c' not in store and 'elsewhere' not in store
    # and a data set takes it for the work of a stage
    prefix = dict(semantic_masks=str(store.root))
    dataset = dict(settings, data_prefix=prefix, filter_cfg=dict(filter_empty_tags=True))
    steps = [dict(type='LoadPhoto'), dict(type='LoadSemanticMasks')]
    assert (DATASETS.build(dict(dataset, pipeline=steps))[0]['gt_seg_map'] == 1).sum() == 12


def test_a_second_call_goes_on_and_copies_what_has_changed(settings, maps, tmp_path, monkeypatch):
    written = []
    write = given_maps.write_index_png
    monkeypatch.setattr(
        given_maps, 'write_index_png', lambda path, *rest: (written.append(path.stem), write(path, *rest))
    )
    Image.fromarray(np.full(SIZE, 7, np.uint8)).save(maps / 'b.png')
    for found in (['a'], []):  # it stops at the map that is wrong
        with pytest.raises(ValueError, match='b.png: the mask holds the value 7, which is no class'):
            given_maps.store_given_maps(maps, tmp_path / 'store', settings)
        assert written == found
        written.clear()
    Image.fromarray(np.full(SIZE, 2, np.uint8)).save(maps / 'b.png')
    given_maps.store_given_maps(maps, tmp_path / 'store', settings)
    assert written == ['a', 'b']
    assert (read_index_png(tmp_path / 'store/b.png') == 2).all()


def test_a_missing_folder_and_missing_maps_get_one_line_before_anything_is_written(settings, maps, tmp_path):
    for folder, words in (
        (tmp_path / 'nowhere', 'nowhere: there is no such folder of class maps; unpack the maps there .*WSSS_maps.zip'),
        (maps, r'WSSS_maps: 1 of 2 photos have no class map PHOTO.png \(first: b\); unpack .*, or name another folder'),
    ):
        (maps / 'b.png').unlink(missing_ok=True)
        with pytest.raises(ValueError, match=words) as caught:
            given_maps.store_given_maps(folder, tmp_path / 'store', settings)
        assert '\n' not in str(caught.value) and not (tmp_path / 'store').exists()


@pytest.mark.parametrize(
    'picture, words',
    [
        (np.zeros((8, 11), np.uint8), r'b.png: the class map is of size \(8, 11\), but its photo has \(8, 12\)'),
        (np.zeros((8, 12, 3), np.uint8), 'b.png is a colour picture; masks are palette or grey PNG'),
        (b'no picture', 'b.png cannot be read'),
    ],
)
def test_wrong_maps_are_named(settings, maps, tmp_path, picture, words):
    if isinstance(picture, bytes):
        (maps / 'b.png').write_bytes(picture)
    else:
        Image.fromarray(picture).save(maps / 'b.png')
    with pytest.raises(ValueError, match=words) as caught:
        given_maps.store_given_maps(maps, tmp_path / 'store', settings)
    assert '\n' not in str(caught.value)
    with pytest.raises(ValueError, match='interrupted'):
        PseudoLabelStore(tmp_path / 'store', 'semantic_masks', '.png').check_readable()
