"""Looking once at photos and masks: what each damage is called, and what a whole file tells."""

import os

import numpy as np
import pytest
from inspection.photo_files import break_checksum, cut_off, save_mask, save_photo, save_turned_photo
from PIL import Image
from tiny_chain.processes import skip_if_quick

from projects.wsis.inspection.mask_check import look_at_mask
from projects.wsis.inspection.parallel import map_files
from projects.wsis.inspection.photo_check import look_at_photo


@pytest.mark.parametrize('ending', ['jpg', 'png', 'webp', 'bmp', 'tif'])
def test_whole_and_cut_off_photos_of_every_format(tmp_path, ending):
    path = save_photo(tmp_path / f'Füchse im Schnee.{ending}', size=(60, 50))
    look = look_at_photo(path)
    assert (look.fault, look.width, look.height, look.turned, look.animated) == (None, 60, 50, False, False)
    assert len(look.content_hash) == 64
    assert look_at_photo(cut_off(path)).fault in ('truncated_photo', 'unreadable_photo')


@pytest.mark.parametrize('ending', ['jpg', 'png'])
def test_cut_off_photo_is_called_so(tmp_path, ending):
    assert look_at_photo(cut_off(save_photo(tmp_path / f'a.{ending}', size=(200, 200)))).fault == 'truncated_photo'


def test_damages(tmp_path):
    (tmp_path / 'empty.jpg').touch()
    (tmp_path / 'text.jpg').write_text('no photo at all')
    (tmp_path / 'folder.jpg').mkdir()
    os.symlink(tmp_path / 'gone', tmp_path / 'link.jpg')
    break_checksum(save_photo(tmp_path / 'checksum.png'))
    faults = {name: look_at_photo(str(tmp_path / name)).fault for name in [*os.listdir(tmp_path), 'none.jpg']}
    assert faults == {
        'empty.jpg': 'truncated_photo',
        'text.jpg': 'unreadable_photo',
        'folder.jpg': 'unreadable_photo',
        'link.jpg': 'missing_photo',
        'checksum.png': 'wrong_checksum',
        'none.jpg': 'missing_photo',
    }


@pytest.mark.parametrize(('orientation', 'size'), [(1, (48, 40)), (3, (48, 40)), (6, (40, 48)), (8, (40, 48))])
def test_size_is_that_after_the_turn(tmp_path, orientation, size):
    look = look_at_photo(save_turned_photo(tmp_path / 'a.jpg', orientation))
    assert (look.width, look.height) == size
    assert look.turned == (orientation != 1)


def test_unusual_photos(tmp_path):
    frames = [Image.new('RGB', (40, 40), color) for color in ('red', 'blue')]
    frames[0].save(tmp_path / 'a.webp', save_all=True, append_images=frames[1:])
    Image.new('CMYK', (40, 40)).save(tmp_path / 'cmyk.jpg')
    Image.fromarray(np.full((40, 40), 40000, np.uint16)).save(tmp_path / '16.png')
    Image.new('P', (40, 40)).save(tmp_path / 'palette.png')
    looks = {name: look_at_photo(str(tmp_path / name)) for name in os.listdir(tmp_path)}
    assert [look.fault for look in looks.values()] == [None] * 4
    assert {name for name, look in looks.items() if look.animated} == {'a.webp'}
    assert {name for name, look in looks.items() if look.unusual_colors} == {'cmyk.jpg', '16.png'}


def test_photo_over_the_limit_of_pil(tmp_path, monkeypatch):
    path = save_photo(tmp_path / 'a.jpg', size=(60, 50))
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 100)
    look = look_at_photo(path)
    assert (look.fault, look.width) == (None, 60)
    assert Image.MAX_IMAGE_PIXELS == 100


def test_masks(tmp_path):
    look = look_at_mask(save_mask(tmp_path / 'a.png', np.array([[0, 3, 3], [255, 0, 3]])))
    assert (look.reason, look.width, look.height, look.values) == (None, 3, 2, (0, 3, 255))
    assert 'colour picture' in look_at_mask(save_photo(tmp_path / 'b.png')).reason
    assert 'cannot be read' in look_at_mask(str(tmp_path / 'c.png')).reason


def test_processes_give_what_one_gives(tmp_path):
    skip_if_quick()
    paths = [save_photo(tmp_path / f'{index}.jpg', seed=index) for index in range(20)]
    cut_off(paths[7])
    several = map_files(look_at_photo, paths, processes=2)
    assert several == map_files(look_at_photo, paths, processes=1)
    assert list(several) == paths
    assert several[paths[7]].fault == 'truncated_photo'


def test_killed_process_is_one_line():
    skip_if_quick()
    with pytest.raises(ValueError, match='use --processes 1'):
        map_files(_die, ['a', 'b'], processes=2)


def _die(path):
    os._exit(1)
