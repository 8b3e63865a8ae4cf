"""Tests of tools/dataset_converters/make_demo_data.py: same bytes, true labels, and no file lost or half-written."""

import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).resolve().parents[2] / 'tools' / 'dataset_converters' / 'make_demo_data.py'
sys.path.insert(0, str(SCRIPT.parent))

import make_demo_data as demo  # noqa: E402
from demo_data import scene, voc_files  # noqa: E402
from demo_data.painter import largest_part  # noqa: E402
from demo_data.shapes import body_color, draw_object  # noqa: E402

SMALL = demo.DemoSet(seed=0, train=6, val=2, size=160)


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob('*') if path.is_file()}


@pytest.fixture(scope='module')
def small_set(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('demo') / 'set'
    assert demo.make_demo_data(out, SMALL)
    return out


@pytest.fixture(scope='module')
def photos() -> list[scene.Photo]:
    return [scene.render_photo(0, index) for index in range(64)]


def annotations(root: Path) -> dict[str, list[ElementTree.Element]]:
    files = sorted((root / 'Annotations').glob('*.xml'))
    return {path.stem: ElementTree.parse(path).getroot().findall('object') for path in files}


def read_png(path: Path) -> np.ndarray:
    picture = Image.open(path)
    assert picture.mode == 'P'
    return np.array(picture)


def test_layout_is_complete(small_set):
    ids = [f'demo_{index:06d}' for index in range(8)]
    assert (small_set / 'ImageSets/Segmentation/train.txt').read_text().split() == ids[:6]
    assert (small_set / 'ImageSets/Segmentation/val.txt').read_text().split() == ids[6:]
    assert tuple((small_set / 'classes.txt').read_text().split()) == demo.DEMO_CLASSES
    assert set(contents(small_set)) == {'manifest.json', *SMALL.files()}
    for photo_id in ids:
        width, height = Image.open(small_set / f'JPEGImages/{photo_id}.jpg').size
        assert 144 <= width <= 176 and 144 <= height <= 176
        assert read_png(small_set / f'SegmentationClass/{photo_id}.png').shape == (height, width)
        size = ElementTree.parse(small_set / f'Annotations/{photo_id}.xml').find('size')
        assert [int(size.findtext(key)) for key in ('width', 'height', 'depth')] == [width, height, 3]


@pytest.mark.parametrize('workers', [1, 2])
def test_same_seed_gives_same_bytes(small_set, tmp_path, workers):
    demo.make_demo_data(tmp_path / 'again', SMALL, workers=workers)
    assert contents(tmp_path / 'again') == contents(small_set)


def test_another_seed_gives_other_photos():
    first, second = scene.render_photo(0, 3), scene.render_photo(1, 3)
    assert first.image.shape != second.image.shape or (first.image != second.image).any()


def test_tags_in_xml_are_the_classes_in_the_masks(small_set):
    for photo_id, objects in annotations(small_set).items():
        classes = np.unique(read_png(small_set / f'SegmentationClass/{photo_id}.png'))
        tags = {demo.DEMO_CLASSES.index(entry.findtext('name')) + 1 for entry in objects}
        assert set(classes.tolist()) - {0} == tags


def test_object_masks_agree_with_classes_and_boxes(small_set):
    for photo_id, objects in annotations(small_set).items():
        classes = read_png(small_set / f'SegmentationClass/{photo_id}.png')
        numbers = read_png(small_set / f'SegmentationObject/{photo_id}.png')
        assert np.array_equal(numbers > 0, classes > 0)
        assert np.unique(numbers[numbers > 0]).tolist() == list(range(1, len(objects) + 1))
        for number, entry in enumerate(objects, 1):
            mask = numbers == number
            assert set(classes[mask].tolist()) == {demo.DEMO_CLASSES.index(entry.findtext('name')) + 1}
            rows, columns = np.nonzero(mask)
            box = [int(entry.findtext(f'bndbox/{key}')) for key in ('xmin', 'ymin', 'xmax', 'ymax')]
            assert box == [columns.min() + 1, rows.min() + 1, columns.max() + 1, rows.max() + 1]


def test_palette_is_that_of_voc():
    palette = np.array(voc_files.voc_palette()).reshape(256, 3)
    known = {0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0), 8: (64, 0, 0), 15: (192, 128, 128), 255: (224, 224, 192)}
    for index, color in known.items():
        assert tuple(palette[index]) == color


def test_photos_are_what_weak_supervision_needs(photos):
    """Many photos with several of a class, some of these touching; 1 to 6 objects, each class often."""
    counts = np.array([[photo.names.count(name) for name in demo.DEMO_CLASSES] for photo in photos])
    assert counts.sum(1).min() >= 1 and counts.sum(1).max() <= 6
    assert (counts.max(1) >= 2).mean() >= 0.5
    assert (counts > 0).sum(0).min() >= len(photos) / len(demo.DEMO_CLASSES)
    assert ((counts > 0).sum(1) <= 3).all()
    assert np.mean([touches_own_class(photo) for photo in photos]) >= 0.25


def touches_own_class(photo: scene.Photo) -> bool:
    class_of = np.array([-1, *(demo.DEMO_CLASSES.index(name) for name in photo.names)])
    numbers = photo.instances
    pairs = ((numbers[1:], numbers[:-1]), (numbers[:, 1:], numbers[:, :-1]))
    return any(((a != b) & (a > 0) & (class_of[a] == class_of[b])).any() for a, b in pairs)


def test_objects_show_enough_of_themselves(photos):
    for photo in photos:
        area = np.bincount(photo.instances.ravel(), minlength=len(photo.names) + 1)[1:]
        assert len(area) == len(photo.names)
        assert area.min() >= scene.MIN_VISIBLE_AREA


def test_objects_stand_out_from_the_ground(photos):
    """An object is drawn where its mask says: inside, the picture differs from a photo without objects."""
    rng = np.random.default_rng(0)
    canvas = np.full((160, 160, 3), 128, np.float32)
    sprite = draw_object(rng, 'car', 70, body_color(rng, 'car'))
    placed = scene._Placed('car', sprite, 40, 50)
    scene._paste(canvas, placed, 1.0)
    mask = np.zeros((160, 160), bool)
    height, width = sprite.mask.shape
    mask[40 : 40 + height, 50 : 50 + width] = sprite.mask
    changed = np.abs(canvas - 128).max(-1) > 20
    assert changed[mask].mean() > 0.9
    assert np.count_nonzero(changed & ~mask) < 0.8 * mask.sum()  # the shadow


@pytest.mark.parametrize('name', demo.DEMO_CLASSES)
def test_every_class_draws_a_whole_object(name):
    for index in range(4):
        rng = np.random.default_rng(index)
        sprite = draw_object(rng, name, 60, body_color(rng, name))
        assert sprite.rgb.shape == (*sprite.alpha.shape, 3)
        assert 30 <= max(sprite.mask.shape) <= 90
        assert 600 <= sprite.mask.sum() <= 3600
        assert np.array_equal(largest_part(sprite.mask), sprite.mask)
        assert (sprite.rgb <= 255 * sprite.alpha[..., None] + 1e-3).all()


def test_present_set_is_left_as_it_is(small_set):
    before = {path: path.stat().st_mtime_ns for path in small_set.rglob('*')}
    start = time.process_time()
    assert not demo.make_demo_data(small_set, SMALL)
    assert time.process_time() - start < 1
    assert {path: path.stat().st_mtime_ns for path in small_set.rglob('*')} == before


def test_intact_set_of_other_options_is_replaced(tmp_path):
    out = tmp_path / 'set'
    demo.make_demo_data(out, SMALL._replace(train=2, val=1))
    assert demo.make_demo_data(out, SMALL._replace(train=1, val=1))
    assert len(list((out / 'JPEGImages').iterdir())) == 2
    assert [path.name for path in tmp_path.iterdir()] == ['set']


@pytest.mark.parametrize('force', [False, True])
def test_folder_that_is_no_demo_set_is_refused(tmp_path, capsys, force):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'photo.jpg').write_bytes(b'precious')
    options = ['--out', str(tmp_path / 'mine'), '--train', '1', '--val', '1', '--workers', '1']
    assert demo.main(options + ['--force'] * force) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and 'no demo set' in lines[0] and '--out' in lines[0]
    assert contents(tmp_path) == {'mine/photo.jpg': b'precious'}


def test_changed_set_is_replaced_only_by_force(tmp_path):
    out, tiny = tmp_path / 'set', SMALL._replace(train=1, val=1)
    demo.make_demo_data(out, tiny)
    whole = contents(out)
    for name in ('notes.txt', 'classes.txt'):
        (out / name).write_text('changed')
        with pytest.raises(FileExistsError, match='--force'):
            demo.make_demo_data(out, tiny)
        assert (out / name).read_text() == 'changed'
        assert demo.make_demo_data(out, tiny, force=True)
        assert contents(out) == whole


@pytest.mark.parametrize('error', [KeyboardInterrupt, OSError('disk full')])
def test_failure_leaves_nothing(tmp_path, monkeypatch, error):
    def fail_late(root, demo_set, index):
        if index == 2:
            raise error
        voc_files.write_photo(root, demo_set, index)

    monkeypatch.setattr(demo, 'write_photo', fail_late)
    with pytest.raises(type(error) if isinstance(error, Exception) else error):
        demo.make_demo_data(tmp_path / 'set', SMALL)
    assert list(tmp_path.iterdir()) == []


def run_until_first_photo(tmp_path: Path, workers: int) -> subprocess.Popen:
    command = [sys.executable, str(SCRIPT), '--out', 'set', '--train', '300', '--workers', str(workers)]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    limit = time.monotonic() + 60
    while not list(tmp_path.glob('.set.partial-*/JPEGImages/*.jpg')):
        assert process.poll() is None and time.monotonic() < limit
        time.sleep(0.02)
    return process


@pytest.mark.parametrize('workers', [1, 2])
def test_terminated_script_leaves_nothing(tmp_path, workers):
    process = run_until_first_photo(tmp_path, workers)
    process.terminate()
    assert process.wait(30) == 143
    assert list(tmp_path.iterdir()) == []


def test_after_a_hard_kill_the_next_call_cleans_up(tmp_path):
    process = run_until_first_photo(tmp_path, workers=1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    assert not (tmp_path / 'set').exists()
    assert demo.make_demo_data(tmp_path / 'set', SMALL._replace(train=1, val=1))
    assert [path.name for path in tmp_path.iterdir()] == ['set']


@pytest.mark.parametrize('options', [['--train', '0'], ['--size', '20'], ['--seed', '-1'], ['--workers', '0']])
def test_bad_options_are_named(tmp_path, capsys, options):
    with pytest.raises(SystemExit):
        demo.main(['--out', str(tmp_path / 'set'), *options])
    assert options[0] in capsys.readouterr().err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
