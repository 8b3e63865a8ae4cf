"""What a stage does with results that were damaged, removed or changed since it made them."""

import re

import numpy as np
import pytest
import torch

from projects.wsis.recipes.stage_record import StageRecord
from projects.wsis.structures import PseudoLabelStore, read_json

PHOTOS = ['p0', 'p1', 'p2']


@pytest.fixture
def record(tmp_path):
    """The record of a complete stage with a store and two checkpoints."""
    record = StageRecord(tmp_path / 'work/cams')
    record.begin('key', name='cams')
    store = PseudoLabelStore(record.folder / 'cams', 'cams', '.npz')
    store.start({}, ['cat'])
    for photo in PHOTOS:
        store.write_arrays(photo, cams=np.ones(50, np.float16))
        store.note(photo)
    store.finish(PHOTOS)
    for epoch in (1, 2):
        torch.save(dict(weights=torch.full((500,), float(epoch))), record.folder / f'epoch_{epoch}.pth')
    record.finish(dict(mIoU=1.0))
    return record


def flip(path, position=60):
    content = path.read_bytes()
    path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])


def aside(record):
    return sorted(
        re.sub('-[0-9-]+', '', path.relative_to(record.folder.parent / '.previous').as_posix())
        for path in (record.folder.parent / '.previous').rglob('*.*')
        if path.is_file()
    )


def test_whole_stage_tells_nothing(record):
    assert record.is_complete('key') and record.begin('key') is None and aside(record) == []


@pytest.mark.parametrize('damage', [flip, lambda path: path.write_bytes(b'')])
def test_damaged_label_is_taken_out_and_the_rest_stays(record, damage):
    damage(record.folder / 'cams/p1.npz')
    assert not record.is_complete() and not record.is_complete('key')
    told = record.begin('key')
    assert told.startswith('cams/p1.npz missing or damaged since it was made; made again (') and '\n' not in told
    assert aside(record) == ['cams/cams/p1.npz']
    assert [path.name for path in sorted((record.folder / 'cams').glob('*.npz'))] == ['p0.npz', 'p2.npz']
    assert read_json(record.folder / 'cams/manifest.json')['complete'] is False
    assert (record.folder / 'epoch_2.pth').is_file()


def test_store_that_its_manifest_calls_interrupted_is_told(record):
    path = record.folder / 'cams/manifest.json'
    path.write_text(path.read_text().replace('"complete"', '"comqlete"'))
    assert not record.is_complete()
    assert record.begin('key') == 'cams is missing or not whole any more; made again' and aside(record) == []


def test_several_damaged_labels_are_one_line(record):
    for photo in PHOTOS[:2]:
        flip(record.folder / f'cams/{photo}.npz')
    (record.folder / 'cams/p2.npz').unlink()
    assert record.begin('key').startswith('3 files (first: cams/p0.npz) missing or damaged')


def test_damaged_checkpoint_is_taken_out_and_the_one_before_it_stays(record):
    path = record.folder / 'epoch_2.pth'
    path.write_bytes(path.read_bytes()[:-500])
    assert not record.is_complete()
    assert record.begin('key').startswith('epoch_2.pth missing or damaged since it was made')
    assert aside(record) == ['cams/epoch_2.pth'] and (record.folder / 'epoch_1.pth').is_file()


def test_damaged_checkpoint_of_a_stage_that_was_interrupted_is_taken_out(record):
    record.begin('key')
    flip(record.folder / 'epoch_2.pth', position=(record.folder / 'epoch_2.pth').read_bytes().index(b'\0\0\0@' * 9))
    assert record.begin('key').startswith('epoch_2.pth missing or damaged')


@pytest.mark.parametrize('name', ['cams/manifest.json', 'stage.json'])
@pytest.mark.parametrize('content', [b'', b'{"artifact": "ca', b'[]'])
def test_stage_without_a_whole_record_or_manifest_is_made_again(record, name, content):
    (record.folder / name).write_bytes(content)
    assert not record.is_complete()
    told = record.begin('key')
    assert name.rpartition('/')[2] in told and 'made again (the old folder is now ' in told and '\n' not in told
    assert 'cams/cams/p0.npz' in aside(record) and not (record.folder / 'cams').exists()


def test_changed_key_and_changed_result_are_told(record):
    torch.save(dict(weights=torch.zeros(3)), record.folder / 'epoch_2.pth')
    assert record.begin('key').startswith('epoch_2.pth was changed since it was made; made again')
    assert record.begin('other').startswith('settings, data or inputs have changed; made again')


def test_what_a_killed_process_was_writing_is_removed(record):
    left = [record.folder / '.epoch_3.pth.77.tmp', record.folder / 'cams/.p1.npz.78.tmp']
    kept = [record.folder / '.hidden.tmp', record.folder / 'notes.77.tmp']
    for path in left + kept:
        path.write_bytes(b'half')
    record.begin('key')
    assert not any(path.exists() for path in left) and all(path.exists() for path in kept)


def test_record_that_was_removed_or_taken_is_noticed_and_not_written_again(record):
    record.begin('key')
    assert record.is_ours()
    StageRecord(record.folder).begin('other')
    assert not record.is_ours()
    record.add_time(5.0)
    assert record.read()['seconds'] == 0.0
    record.path.unlink()
    assert not record.is_ours()
    record.add_time(5.0)
    assert not record.path.exists()


def test_run_that_is_distrusted_is_not_gone_on_with(record):
    record.begin('key')
    record.distrust()
    assert record.begin('key').startswith('settings, data or inputs have changed')
