"""A COCO json of true masks that is none."""

import pytest

from projects.wsis.labelling.masks import find_masks
from projects.wsis.labelling.working_copy import WorkingCopy
from projects.wsis.structures import read_json, write_json

COPIES = {'a.jpg': WorkingCopy(6, 4, True, ('', 0, 0))}


def test_masks_of_reduced_photos_are_left_out(tmp_path):
    images = [dict(id=1, file_name='a.jpg'), dict(id=2, file_name='b.jpg')]
    write_json(tmp_path / 'true.json', dict(images=images, annotations=[dict(image_id=1), dict(image_id=2)]))
    found = find_masks(str(tmp_path / 'true.json'), COPIES, tmp_path / 'out')
    assert read_json(found['mask_file']) == dict(images=images[1:], annotations=[dict(image_id=2)])


def test_masks_fit_copies_that_are_neither_smaller_nor_turned(tmp_path):
    copies = {'a.jpg': WorkingCopy(6, 4, True, ('', 0, 0), False), 'b.jpg': WorkingCopy(6, 4, True, ('', 0, 0), True)}
    images = [dict(id=1, file_name='a.jpg'), dict(id=2, file_name='b.jpg')]
    write_json(tmp_path / 'true.json', dict(images=images, annotations=[]))
    found = find_masks(str(tmp_path / 'true.json'), copies, tmp_path / 'out')
    assert read_json(found['mask_file'])['images'] == images[:1]


@pytest.mark.parametrize(
    'content', [None, [], {}, dict(images=[None], annotations=[]), dict(images=[], annotations=[7])]
)
def test_other_json_is_one_line(tmp_path, content):
    write_json(tmp_path / 'true.json', content)
    with pytest.raises(ValueError, match=r'true\.json is no whole COCO json') as caught:
        find_masks(str(tmp_path / 'true.json'), COPIES, tmp_path / 'out')
    assert '\n' not in str(caught.value)
