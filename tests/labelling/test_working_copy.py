"""Working copies of photos, and labels brought back to the photos' own sizes."""

import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from projects.wsis.labelling.own_size import write_instances, write_semantic_masks
from projects.wsis.labelling.working_copy import prepare_photos
from projects.wsis.structures.masks import encode_mask
from projects.wsis.structures.photo_file import decode_photo, probe_photo

RANDOM = np.random.default_rng(0)


def save(path, size=(60, 40), mode='RGB', **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    photo = Image.fromarray(RANDOM.integers(0, 255, (size[1], size[0], 3), np.uint8)).convert(mode)
    photo.save(path, **options)
    return path


def prepare(tmp_path, photos, **options):
    return prepare_photos(photos, tmp_path / 'out' / 'photos', processes=1, **options)


def test_plain_photos_are_linked_and_others_copied(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    photos = {
        'a b/plain.jpg': save(tmp_path / 'in/a b/plain.jpg'),
        'long.png': save(tmp_path / 'in/long.png', (300, 100)),
        'turned.jpg': save(tmp_path / 'in/turned.jpg', exif=turned),
        'ink.jpg': save(tmp_path / 'in/ink.jpg', mode='CMYK'),
        'palette.png': save(tmp_path / 'in/palette.png', mode='P'),
        'scan.tif': save(tmp_path / 'in/scan.tif'),
    }
    copies, faults = prepare(tmp_path, photos, long_side=150)
    assert faults == {}
    folder = tmp_path / 'out/photos'
    assert [name for name, copy in copies.items() if not copy.copied] == ['a b/plain.jpg']
    assert (folder / 'a b/plain.jpg').is_symlink()
    assert (copies['long.png'].width, copies['long.png'].height) == (300, 100)
    assert decode_photo(folder / 'long.png').shape == (50, 150, 3)
    assert (copies['turned.jpg'].width, copies['turned.jpg'].height) == (40, 60)
    for name in ('turned.jpg', 'ink.jpg', 'palette.png', 'scan.tif'):
        facts = probe_photo(folder / name)
        assert (facts.format, facts.mode, facts.orientation) == ('JPEG', 'RGB', 1)
        difference = decode_photo(photos[name]).astype(int) - decode_photo(folder / name)
        assert np.abs(difference).mean() < 6


def test_copies_are_kept_until_the_photo_changes(tmp_path):
    photos = {'long.png': save(tmp_path / 'long.png', (300, 100))}
    prepare(tmp_path, photos, long_side=150)
    copy = tmp_path / 'out/photos/long.png'
    before = copy.stat().st_mtime_ns
    prepare(tmp_path, photos, long_side=150)
    assert copy.stat().st_mtime_ns == before
    save(tmp_path / 'long.png', (320, 100))
    copies, _ = prepare(tmp_path, photos, long_side=150)
    assert copies['long.png'].width == 320 and copy.stat().st_mtime_ns != before
    prepare(tmp_path, photos, long_side=100)
    assert decode_photo(copy).shape[1] == 100


def test_broken_photos_are_told_and_the_others_go_on(tmp_path):
    (tmp_path / 'broken.jpg').write_bytes(b'no picture')
    photos = {'good.jpg': save(tmp_path / 'good.jpg'), 'broken.jpg': tmp_path / 'broken.jpg', 'no.jpg': tmp_path / 'no'}
    copies, faults = prepare(tmp_path, photos)
    assert list(copies) == ['good.jpg'] and set(faults) == {'broken.jpg', 'no.jpg'}
    assert all('\n' not in fault and fault for fault in faults.values())


@pytest.fixture
def labelled(tmp_path):
    """A photo that was halved and one that was not, with an instance and a class map each."""
    photos = {'a/x.jpg': save(tmp_path / 'in/a/x.jpg', (200, 100)), 'a/x.png': save(tmp_path / 'in/a/x.png', (60, 40))}
    copies, _ = prepare(tmp_path, photos, long_side=100)
    images, annotations = [], []
    for index, (name, shape) in enumerate((('a/x.jpg', (50, 100)), ('a/x.png', (40, 60))), 1):
        mask = np.zeros(shape, bool)
        mask[10:30, 20:40] = True
        rle = encode_mask(mask)
        images.append(dict(id=index, file_name=name, height=shape[0], width=shape[1]))
        box = [20.0, 10.0, 20.0, 20.0]
        annotations.append(
            dict(id=index, image_id=index, category_id=1, segmentation=rle, area=400.0, bbox=box, iscrowd=0, score=0.5)
        )
        store = tmp_path / 'masks' / f'{name}.png'
        store.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask.astype(np.uint8), mode='P').save(store)
    content = dict(images=images, annotations=annotations, categories=[dict(id=1, name='dog')])
    (tmp_path / 'instances.json').write_text(json.dumps(content))
    return tmp_path, copies


def test_labels_get_the_size_of_the_photos(labelled):
    folder, copies = labelled
    content = write_instances(folder / 'instances.json', folder / 'final.json', copies)
    assert content == json.loads((folder / 'final.json').read_text())
    assert [(image['height'], image['width']) for image in content['images']] == [(100, 200), (40, 60)]
    large, small = content['annotations']
    assert abs(coco_mask.decode(large['segmentation']).sum() - 1600) < 40 and large['score'] == 0.5
    assert np.allclose(large['bbox'], [40, 20, 40, 40], atol=1) and small['area'] == 400
    assert write_semantic_masks(folder / 'masks', folder / 'final', copies) == 2
    # the photos have equal stems, so their masks keep the ending
    large, small = (np.asarray(Image.open(folder / f'final/a/x.{ending}.png')) for ending in ('jpg', 'png'))
    assert large.shape == (100, 200) and large.sum() == 1600 and small.sum() == 400
