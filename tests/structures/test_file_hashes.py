"""The list of hashes of a store: what it finds, what a killed process leaves of it, and that sha256sum reads it."""

import shutil
import subprocess

import numpy as np
import pytest

from projects.wsis.structures import PseudoLabelStore, find_damaged_files, read_json, write_json
from projects.wsis.structures.file_hashes import LIST_NAME, FileHashes
from projects.wsis.structures.pseudo_label_store import reopen

CLASSES, LINEAGE = ['cat', 'dog'], dict(config_hash='a')
PHOTOS = ['p0', 'day 1/ñandú', 'back\\slash', 'line\nbreak']


def make_store(root, photos=PHOTOS, note=True):
    store = PseudoLabelStore(root, 'cams', '.npz')
    store.start(LINEAGE, CLASSES)
    for number, photo in enumerate(photos):
        store.write_arrays(photo, cams=np.full((1, 2, 3), number, np.float16))
        if note:
            store.note(photo)
    return store


@pytest.fixture
def store(tmp_path):
    made = make_store(tmp_path / 'cams')
    made.finish(PHOTOS)
    return made


DAMAGES = [lambda data: data[:40] + bytes([data[40] ^ 4]) + data[41:], lambda data: data[:-1], lambda data: b'']


@pytest.mark.parametrize('damage', DAMAGES)
@pytest.mark.parametrize('photo', PHOTOS)
def test_damaged_file_of_a_complete_store_is_found(store, photo, damage):
    assert find_damaged_files(store.root) == find_damaged_files(store.root.parent) == []
    path = store.path_of(photo)
    path.write_bytes(damage(path.read_bytes()))
    assert find_damaged_files(store.root) == find_damaged_files(store.root.parent) == [path]
    path.unlink()
    assert find_damaged_files(store.root) == [path]


@pytest.mark.parametrize('damage', DAMAGES)
def test_damaged_list_is_found(store, damage):
    path = store.root / LIST_NAME
    path.write_bytes(damage(path.read_bytes()))
    assert find_damaged_files(store.root) == [path]
    path.unlink()
    assert find_damaged_files(store.root) == [path]


def test_store_of_an_earlier_version_is_taken_as_it_is(store):
    (store.root / LIST_NAME).unlink()
    manifest = read_json(store.manifest_path)
    del manifest['files_hash']
    write_json(store.manifest_path, manifest)
    store.path_of('p0').write_bytes(b'')
    assert find_damaged_files(store.root) == []


@pytest.mark.skipif(shutil.which('sha256sum') is None, reason='this system has no sha256sum')
def test_sha256sum_reads_the_list(store):
    check = ['sha256sum', '--check', '--strict', LIST_NAME]
    assert subprocess.run(check, cwd=store.root, capture_output=True).returncode == 0
    store.path_of('back\\slash').write_bytes(b'x')
    assert subprocess.run(check, cwd=store.root, capture_output=True).returncode == 1


def test_interrupted_store_drops_what_is_damaged_or_was_never_noted(tmp_path):
    store = make_store(tmp_path / 'cams')
    store.write_arrays('unnoted', cams=np.ones(2))
    path = store.path_of('p0')
    path.write_bytes(path.read_bytes()[:-9])
    again = PseudoLabelStore(store.root, 'cams', '.npz')
    assert again.start(LINEAGE, CLASSES) is True
    assert sorted(again.dropped) == ['p0.npz', 'unnoted.npz']
    assert [photo in again for photo in (*PHOTOS, 'unnoted')] == [False, True, True, True, False]
    assert again.start(LINEAGE, CLASSES) is True and again.dropped == []


def test_half_a_line_of_a_killed_process_counts_for_nothing(tmp_path):
    store = make_store(tmp_path / 'cams', ['p0'])
    (part,) = store.root.glob(f'.{LIST_NAME}.*')
    part.write_bytes(part.read_bytes()[:-1])
    assert FileHashes(store.root).read() == {}


def test_store_that_was_repaired_has_the_same_manifest(store):
    before, path = store.manifest_path.read_bytes(), store.path_of('p0')
    content = path.read_bytes()
    path.write_bytes(b'')
    reopen(store.root)
    again = PseudoLabelStore(store.root, 'cams', '.npz')
    assert again.start(LINEAGE, CLASSES) is True and again.dropped == ['p0.npz']
    path.write_bytes(content)
    again.note('p0')
    again.finish(PHOTOS)
    assert store.manifest_path.read_bytes() == before and find_damaged_files(store.root) == []


def test_file_that_is_written_again_has_its_new_hash(store):
    reopen(store.root)
    store.write_arrays('p0', cams=np.zeros(7))
    store.note('p0')
    store.finish(PHOTOS)
    assert find_damaged_files(store.root) == []


def test_another_lineage_leaves_no_hash(store):
    assert store.start(dict(config_hash='b'), CLASSES) is False and store.discarded == len(PHOTOS)
    assert not list(store.root.glob(f'*{LIST_NAME}*'))


def test_store_that_was_removed_is_not_begun_again(store):
    shutil.rmtree(store.root)
    store.write_arrays('p0', cams=np.ones(2))
    with pytest.raises(FileNotFoundError, match='was removed while its cams were made: run the same command') as caught:
        store.note('p0')
    assert '\n' not in str(caught.value)
