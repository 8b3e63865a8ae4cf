"""Labels brought back to the photos' own sizes."""

import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from tiny_chain.processes import skip_if_quick

from projects.wsis.labelling.own_size import write_instances, write_semantic_masks
from projects.wsis.labelling.working_copy import WorkingCopy
from projects.wsis.structures.masks import encode_mask

SIZES = {'a/x.jpg': ((50, 100), (100, 200)), 'a/x.png': ((40, 60), (40, 60))}


def copy_of(size):
    return WorkingCopy(size[1], size[0], True, ('', 0, 0))


@pytest.fixture
def labelled(tmp_path):
    """A photo that was halved and one that was not, with an instance and a class map each."""
    images, annotations = [], []
    for index, (name, (shape, _)) in enumerate(SIZES.items(), 1):
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
        picture = Image.fromarray(mask.astype(np.uint8))
        picture.putpalette([0, 0, 0, 9, 8, 7])
        picture.save(store)
    content = dict(images=images, annotations=annotations, categories=[dict(id=1, name='dog')])
    (tmp_path / 'instances.json').write_text(json.dumps(content))
    return tmp_path, {name: copy_of(size) for name, (_, size) in SIZES.items()}


def test_labels_get_the_size_of_the_photos(labelled):
    folder, copies = labelled
    content = write_instances(folder / 'instances.json', folder / 'final.json', copies)
    assert content == json.loads((folder / 'final.json').read_text())
    assert 'label_photos' in content['info']['description']
    assert [(image['height'], image['width']) for image in content['images']] == [(100, 200), (40, 60)]
    large, small = content['annotations']
    assert abs(coco_mask.decode(large['segmentation']).sum() - 1600) < 40 and large['score'] == 0.5
    assert np.allclose(large['bbox'], [40, 20, 40, 40], atol=1) and small['area'] == 400
    assert large['area'] == coco_mask.decode(large['segmentation']).sum()
    assert write_semantic_masks(folder / 'masks', folder / 'final', copies) == 2
    # the photos have equal stems, so their masks keep the ending
    large, small = (Image.open(folder / f'final/a/x.{ending}.png') for ending in ('jpg', 'png'))
    assert large.getpalette()[:6] == small.getpalette()[:6] == [0, 0, 0, 9, 8, 7]
    large, small = np.asarray(large), np.asarray(small)
    assert large.shape == (100, 200) and abs(large.sum() - 1600) < 40 and small.sum() == 400


def test_masks_of_photos_that_were_taken_out_go(labelled):
    folder, copies = labelled
    write_semantic_masks(folder / 'masks', folder / 'final', copies)
    assert write_semantic_masks(folder / 'masks', folder / 'final', {'a/x.jpg': copies['a/x.jpg']}) == 1
    assert [path.name for path in (folder / 'final').rglob('*.png')] == ['x.png']


def test_processes_and_runs_give_equal_bytes(labelled):
    skip_if_quick()
    folder, copies = labelled
    for processes in (1, 2):
        write_instances(folder / 'instances.json', folder / f'{processes}.json', copies, processes)
        write_semantic_masks(folder / 'masks', folder / f'{processes}', copies, processes)
    assert (folder / '1.json').read_bytes() == (folder / '2.json').read_bytes()
    assert (folder / '1/a/x.jpg.png').read_bytes() == (folder / '2/a/x.jpg.png').read_bytes()


def test_a_photo_of_another_set_is_one_line(labelled):
    folder, copies = labelled
    with pytest.raises(ValueError, match='names a/x.png, which is not a photo of this set'):
        write_instances(folder / 'instances.json', folder / 'final.json', {'a/x.jpg': copies['a/x.jpg']})
    assert not (folder / 'final.json').exists()


def test_a_place_that_cannot_be_written_is_one_line(labelled):
    folder, copies = labelled
    (folder / 'file').write_text('')
    for write, source in ((write_instances, 'instances.json'), (write_semantic_masks, 'masks')):
        with pytest.raises(ValueError, match='file.* cannot be written') as error:
            write(folder / source, folder / 'file/final', copies)
        assert '\n' not in str(error.value)


@pytest.mark.parametrize('change', [dict(images=[None]), dict(annotations=None), dict(annotations=[dict(image_id=1)])])
def test_a_damaged_json_is_one_line(labelled, change):
    folder, copies = labelled
    path = folder / 'instances.json'
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ValueError, match=r'instances\.json is damaged') as error:
        write_instances(path, folder / 'final.json', copies, processes=1)
    assert '\n' not in str(error.value)
