"""The pseudo-label store: what is trusted, what is refused, what is left behind."""

import io
import multiprocessing
import os
import pickle
import signal
import zipfile

import numpy as np
import pytest

from projects.wsis.structures import PseudoLabelStore, find_manifests, read_json, write_atomically, write_json

CLASSES = ['cat', 'dog']
LINEAGE = dict(config_hash='a', checkpoint_hash='b', inputs={})


def open_store(root, artifact='cams', suffix='.npz'):
    return PseudoLabelStore(root, artifact, suffix)


@pytest.fixture
def store(tmp_path):
    """A complete store of two photos."""
    made = open_store(tmp_path / 'cams')
    assert made.start(LINEAGE, CLASSES, made_by=dict(config='here.py')) is False
    for number, photo in enumerate(('p0', 'p1')):
        made.write_arrays(photo, cams=np.full((1, 2, 3), number, np.float16), mode=np.array('pseudo_label'))
    made.finish(['p0', 'p1'])
    return made


def test_arrays_come_back_as_written(store):
    arrays = store.read_arrays('p1')
    assert arrays['cams'].dtype == np.float16 and np.array_equal(arrays['cams'], np.ones((1, 2, 3)))
    assert str(arrays['mode']) == 'pseudo_label'
    manifest = store.check_readable(CLASSES)
    assert manifest['count'] == 2 and manifest['lineage'] == LINEAGE
    assert sorted(path.name for path in store.root.iterdir()) == ['files.sha256', 'manifest.json', 'p0.npz', 'p1.npz']


@pytest.mark.parametrize(
    'lineage, classes, kept',
    [
        (LINEAGE, CLASSES, True),
        (dict(LINEAGE, checkpoint_hash='c'), CLASSES, False),
        (dict(LINEAGE, inputs=dict(cams='d')), CLASSES, False),
        (LINEAGE, CLASSES[::-1], False),
    ],
)
def test_only_files_of_the_same_lineage_are_kept(store, lineage, classes, kept):
    again = open_store(store.root)
    assert again.start(lineage, classes) is kept
    assert ('p0' in again) is kept and ('p1' in again) is kept
    assert read_json(again.manifest_path)['complete'] is False
    with pytest.raises(ValueError, match='interrupted'):
        again.check_readable(classes)


def test_another_artifact_is_refused_and_untouched(store):
    before = {path: path.read_bytes() for path in store.root.iterdir()}
    for act in (lambda other: other.start(LINEAGE, CLASSES), lambda other: other.check_readable(CLASSES)):
        with pytest.raises(ValueError, match="holds 'cams', but 'semantic_masks' are needed here") as caught:
            act(open_store(store.root, 'semantic_masks', '.png'))
        assert '\n' not in str(caught.value)
    assert {path: path.read_bytes() for path in store.root.iterdir()} == before


def test_odd_name_of_an_artifact_stays_in_one_line(store):
    manifest = read_json(store.manifest_path)
    write_json(store.manifest_path, dict(manifest, artifact='a\nb'))
    with pytest.raises(ValueError, match=r"holds 'a\\nb', but 'cams' are needed here"):
        store.check_readable(CLASSES)


def test_folder_of_other_files_is_refused_and_untouched(tmp_path):
    (tmp_path / 'holiday.png').write_bytes(b'precious')
    with pytest.raises(ValueError, match=r'holds holiday\.png, but no manifest\.json'):
        open_store(tmp_path, 'semantic_masks', '.png').start(LINEAGE, CLASSES)
    assert [path.name for path in tmp_path.iterdir()] == ['holiday.png']


def test_clean_up_that_is_killed_leaves_nothing_to_trust(store, monkeypatch):
    """Files of the old lineage that remain may not be taken for those of the new one."""

    def die(self, files):
        next(iter(files)).unlink()
        raise KeyboardInterrupt

    new = dict(LINEAGE, checkpoint_hash='new')
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(PseudoLabelStore, '_remove', die)
        store.start(new, CLASSES)
    assert 'p1' in store
    assert store.start(new, CLASSES) is False
    assert 'p1' not in store
    assert store.start(LINEAGE, CLASSES) is False


def test_half_written_files_are_not_trusted_and_cleaned_up(store):

    def write_half(file):
        file.write(b'half')
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    for photo in ('p1', 'p2'):
        child = multiprocessing.get_context('fork').Process(
            target=write_atomically, args=(store.path_of(photo), write_half)
        )
        child.start()
        child.join(60)
        assert child.exitcode == -signal.SIGKILL
    assert len(list(store.root.glob('.*.tmp'))) == 2
    assert store.read_arrays('p1')['cams'].max() == 1  # the old file, whole
    assert 'p2' not in store
    assert store.start(LINEAGE, CLASSES) is True
    assert 'p1' in store and not list(store.root.glob('.*.tmp'))


def test_finish_needs_every_photo(store):
    with pytest.raises(RuntimeError, match=r'1 of 3 photos have no cams \(first: p9\)'):
        store.finish(['p0', 'p9', 'p1'])


@pytest.mark.parametrize('classes', [['cat'], ['dog', 'cat'], ['cat', 'dog', 'emu']])
def test_other_class_list_gets_one_line(store, classes):
    with pytest.raises(
        ValueError,
        match=r'made for 2 classes, the data set has \d; the first that differs, class \d, is .* make the cams',
    ) as caught:
        store.check_readable(classes)
    assert str(store.root) in str(caught.value) and '\n' not in str(caught.value)


def test_missing_store_and_missing_photo_get_one_line(store, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'holds no cams \(manifest.json is missing\)'):
        open_store(tmp_path / 'nowhere').check_readable()
    with pytest.raises(FileNotFoundError, match='has no cams of photo p7'):
        store.read_arrays('p7')


@pytest.mark.parametrize('content', [b'', b'{"artifact": "ca', b'[]', b'{}', b'\xff\xfe\x00'])
def test_damaged_manifest_gets_one_line(store, content):
    store.manifest_path.write_bytes(content)
    for act in (store.check_readable, lambda: store.start(LINEAGE, CLASSES)):
        with pytest.raises(ValueError, match=r'manifest\.json is no') as caught:
            act()
        assert '\n' not in str(caught.value)
    assert 'p0' in store


@pytest.mark.parametrize(
    'damage',
    [
        lambda data: b'',
        lambda data: data[: len(data) // 2],
        lambda data: data[:60] + bytes(20) + data[80:],
        lambda data: b'no archive at all',
    ],
)
def test_damaged_arrays_get_one_line(store, damage):
    path = store.path_of('p0')
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r'p0\.npz is damaged .*delete it and make it again') as caught:
        store.read_arrays('p0')
    assert '\n' not in str(caught.value)


def test_hostile_arrays_are_not_unpickled(store, tmp_path):
    marker = tmp_path / 'marker'

    class Payload:
        def __reduce__(self):
            return os.system, (f'touch {marker}',)

    array = np.empty(1, object)
    array[0] = Payload()
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    for name, data in (('pickled array', content.getvalue()), ('bare pickle', pickle.dumps(Payload()))):
        if name == 'bare pickle':
            store.path_of('p0').write_bytes(data)
        else:
            with zipfile.ZipFile(store.path_of('p0'), 'w') as archive:
                archive.writestr('cams.npy', data)
        with pytest.raises(ValueError, match='is damaged'):
            store.read_arrays('p0')
        assert not marker.exists(), name
    pickle.loads(pickle.dumps(Payload()))  # the payload is a real one
    assert marker.exists()


def test_photos_in_folders(tmp_path):
    store = open_store(tmp_path / 'cams')
    photos = ['day 1/ñandú, "x".jpg', 'day 1/a.png', 'a.png', 'deep/er/manifest']
    assert store.start(LINEAGE, CLASSES) is False
    for photo in photos:
        assert photo not in store
        store.write_arrays(photo, cams=np.ones(2))
    assert (store.root / 'day 1/a.png.npz').is_file()
    (store.root / 'day 1/.a.npz.7.tmp').write_bytes(b'half')
    store.finish(photos)
    other = PseudoLabelStore(store.root / 'inner', 'semantic_masks', '.npz')
    other.start(LINEAGE, CLASSES)
    other.write_arrays('b', cams=np.ones(2))
    assert store.start(LINEAGE, CLASSES) is True and all(photo in store for photo in photos)
    assert not (store.root / 'day 1/.a.npz.7.tmp').exists()
    assert store.start({}, CLASSES) is False and not any(photo in store for photo in photos)
    assert 'b' in other  # a store in a folder of this one is left alone


@pytest.mark.parametrize('photo', ['../a', '/etc/a', 'a//b', './a', 'a/..', '', 'a\0b', 'a/', 'x' * 300])
def test_ids_that_are_no_path_below_the_store_get_one_line(tmp_path, photo):
    with pytest.raises(ValueError, match='photo') as caught:
        open_store(tmp_path).path_of(photo)
    assert '\n' not in str(caught.value)


def test_photo_cannot_take_the_place_of_the_manifest(tmp_path):
    with pytest.raises(ValueError, match="cannot be named 'manifest'"):
        open_store(tmp_path, 'instances', '.json').path_of('manifest')


def test_manifest_hash_is_that_of_complete_content_wherever_it_was_made(store, tmp_path):
    found = find_manifests(store.root)
    assert list(found) == ['.'] and find_manifests(store.root.parent) == {'cams': found['.']}
    manifest = read_json(store.manifest_path)
    write_json(store.manifest_path, dict(manifest, made_by=dict(config='/elsewhere.py')))
    assert find_manifests(store.root) == found
    write_json(store.manifest_path, dict(manifest, lineage=dict(LINEAGE, checkpoint_hash='x')))
    assert find_manifests(store.root) != found
    write_json(store.manifest_path, dict(manifest, complete=False))
    assert find_manifests(store.root) == {}


@pytest.mark.parametrize('content', [None, [], 'cams', dict(artifact=7), dict(artifact='cams', classes=7)])
def test_other_json_is_no_manifest(store, content):
    write_json(store.manifest_path, content)
    with pytest.raises(ValueError, match=r'manifest\.json is no manifest of a store'):
        store.read_manifest()
    if not isinstance(content, dict):
        with pytest.raises(ValueError, match=r'manifest\.json is no manifest of a store'):
            find_manifests(store.root)
