"""Working copies of photos."""

import errno
import json
import os

import numpy as np
import pytest
from PIL import Image

from projects.wsis.labelling import working_copy
from projects.wsis.labelling.working_copy import prepare_photos
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


def test_work_of_a_killed_call_is_kept(tmp_path, monkeypatch):
    photos = {f'{index}.png': save(tmp_path / f'{index}.png', (300, 100)) for index in range(4)}
    whole_copies = []

    def stop_at_the_third(path, target, long_side):
        if len(whole_copies) == 2:
            raise KeyboardInterrupt
        whole_copies.append(target)
        write_copy(path, target, long_side)

    write_copy = working_copy._write_copy
    monkeypatch.setattr(working_copy, '_write_copy', stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path, photos, long_side=150)
    before = [path.stat().st_mtime_ns for path in whole_copies]
    monkeypatch.setattr(working_copy, '_write_copy', write_copy)
    copies, _ = prepare(tmp_path, photos, long_side=150)
    assert list(copies) == list(photos)
    assert [path.stat().st_mtime_ns for path in whole_copies] == before
    assert not list(tmp_path.rglob('*.tmp'))


def test_copies_of_another_size_are_never_taken_for_those_of_this_one(tmp_path, monkeypatch):
    photos = {'long.png': save(tmp_path / 'long.png', (300, 100))}
    prepare(tmp_path, photos, long_side=150)
    # killed so that nothing more is written, after the copy of another size was made
    write_json, calls = working_copy.write_json, []

    def die_at_the_second(*arguments, **options):
        calls.append(arguments)
        if len(calls) > 1:
            raise KeyboardInterrupt
        write_json(*arguments, **options)

    monkeypatch.setattr(working_copy, 'write_json', die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path, photos, long_side=60)
    monkeypatch.setattr(working_copy, 'write_json', write_json)
    prepare(tmp_path, photos, long_side=150)
    assert decode_photo(tmp_path / 'out/photos/long.png').shape == (50, 150, 3)


def test_a_photo_that_became_small_is_linked_and_one_that_became_large_stays_whole(tmp_path):
    photo = save(tmp_path / 'in.png', (100, 50))
    prepare(tmp_path, {'in.png': photo}, long_side=150)
    save(photo, (300, 150))
    content = photo.read_bytes()
    prepare(tmp_path, {'in.png': photo}, long_side=150)
    assert photo.read_bytes() == content, 'the copy replaces the link, not the photo behind it'
    assert not (tmp_path / 'out/photos/in.png').is_symlink()
    save(photo, (90, 50))
    prepare(tmp_path, {'in.png': photo}, long_side=150)
    assert (tmp_path / 'out/photos/in.png').is_symlink()


def test_full_disk_is_one_line_and_no_fault_of_the_photos(tmp_path, monkeypatch):
    def fill(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(working_copy, 'write_atomically', fill)
    photos = {'long.png': save(tmp_path / 'long.png', (300, 100))}
    with pytest.raises(ValueError, match=r'photos cannot be written \(No space left on device\)') as error:
        prepare(tmp_path, photos, long_side=150)
    assert '\n' not in str(error.value)


FACTS = '{"width": 300, "height": 4, "copied": true, "source": null}'
DAMAGED = ['{', '[]', '{"long_side": 150, "photos": {"long.png": {"width": 1}}}', 'null', '[' * 100_000]


@pytest.mark.parametrize('record', [*DAMAGED, f'{{"long_side": 150, "photos": {{"long.png": {FACTS}}}}}'])
def test_a_damaged_record_costs_time_only(record, tmp_path):
    photos = {'long.png': save(tmp_path / 'long.png', (300, 100))}
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out/photos.json').write_text(record)
    copies, faults = prepare(tmp_path, photos, long_side=150)
    assert (faults, copies['long.png'].width) == ({}, 300)


def test_unusual_photos_become_plain_ones(tmp_path):
    (tmp_path / 'in').mkdir()
    Image.fromarray(np.full((30, 40), 40000, np.uint16)).save(tmp_path / 'in/deep.png')
    frames = [Image.new('RGB', (40, 30), color) for color in ('red', 'blue')]
    frames[0].save(tmp_path / 'in/moving.webp', save_all=True, append_images=frames[1:])
    save(tmp_path / 'in/clear.png', mode='RGBA')
    save(tmp_path / 'in/bits.bmp', mode='1')
    Image.new('RGB', (1, 2000)).save(tmp_path / 'in/thin.JPEG')
    names = ['deep.png', 'moving.webp', 'clear.png', 'bits.bmp', 'thin.JPEG']
    copies, faults = prepare(tmp_path, {name: tmp_path / 'in' / name for name in names})
    assert faults == {} and all(copy.copied for copy in copies.values())
    for name in names:
        facts = probe_photo(tmp_path / 'out/photos' / name)
        assert (facts.format, facts.mode, facts.frames, facts.orientation) == ('JPEG', 'RGB', 1, 1)
    assert probe_photo(tmp_path / 'out/photos/thin.JPEG').shape == (1024, 1)
    assert abs(int(decode_photo(tmp_path / 'out/photos/deep.png').mean()) - 156) <= 1


def test_several_processes_give_what_one_gives(tmp_path):
    photos = {f'{index} ä/x.png': save(tmp_path / f'{index} ä/x.png', (200 + index, 90)) for index in range(9)}
    alone = prepare_photos(photos, tmp_path / 'one/photos', 150, processes=1)
    several = prepare_photos(photos, tmp_path / 'two/photos', 150, processes=2)
    assert alone == several
    assert json.loads((tmp_path / 'one/photos.json').read_text()) == json.loads(
        (tmp_path / 'two/photos.json').read_text()
    )
    for name in photos:
        assert (tmp_path / 'one/photos' / name).read_bytes() == (tmp_path / 'two/photos' / name).read_bytes()
