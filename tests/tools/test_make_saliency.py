"""Classical saliency maps: objects stand out, files are whole, interrupted calls go on."""

import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_chain.processes import finish_tool, run_tool, start_tool

from projects.wsis.structures.file_hashes import FileHashes

TOOLS = Path(__file__).parents[2] / 'tools'
SCRIPT = TOOLS / 'dataset_converters' / 'make_saliency.py'
sys.path.insert(0, str(SCRIPT.parent))

from classical_saliency import METHODS, find_saliency, geodesic_saliency  # noqa: E402
from make_saliency import make_saliency  # noqa: E402


def paint(height=90, width=120, colors=((60, 90, 70), (40, 60, 220)), seed=0, border=False):
    """A noisy ground with one disc, and where the disc is."""
    rows, columns = np.mgrid[:height, :width]
    disc = (rows - (height if border else height // 2)) ** 2 + (columns - width // 2) ** 2 < (height // 4) ** 2
    image = np.where(disc[..., None], colors[1], colors[0]).astype(np.float32)
    image += np.random.default_rng(seed).normal(0, 6, image.shape)
    return image.clip(0, 255).astype(np.uint8), disc


@pytest.fixture
def photos(tmp_path):
    (tmp_path / 'JPEGImages').mkdir()
    for number in range(6):
        cv2.imwrite(str(tmp_path / f'JPEGImages/{number}.jpg'), paint(seed=number)[0])
    return tmp_path


def run(*arguments, folder=Path()):
    """Run the tool; more processes than one would take longer for their imports than for the maps."""
    return run_tool(None, folder, SCRIPT, '--workers', 1, *arguments)


@pytest.mark.parametrize('border', [False, True], ids=['inside', 'touching the border'])
@pytest.mark.parametrize('size', [(90, 120), (400, 300)])
def test_object_stands_out(size, border):
    image, disc = paint(*size, border=border)
    saliency = find_saliency(image, 'geodesic')
    assert saliency.shape == size and saliency.dtype == np.uint8
    salient = saliency > 127
    assert (salient & disc).sum() / (salient | disc).sum() > 0.7
    assert saliency[disc].mean() > 5 * saliency[~disc].mean()


def test_distance_does_not_cross_a_closed_edge_and_is_filled():
    image = np.full((96, 96, 3), 100, np.uint8)
    cv2.rectangle(image, (30, 30), (66, 66), (0, 0, 255), 6)  # a frame, whose inside is coloured like the ground
    saliency = geodesic_saliency(image)
    assert saliency[48, 48] > 0.9 * saliency.max() and saliency[5, 5] < 0.05 * saliency.max()


@pytest.mark.parametrize('value', [0, 255])
def test_plain_photo_has_no_object(value):
    assert find_saliency(np.full((40, 70, 3), value, np.uint8), 'geodesic').shape == (40, 70)


@pytest.mark.parametrize('size', [(1, 1), (2, 300), (1000, 3)])
def test_odd_sizes(size):
    assert find_saliency(np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8), 'geodesic').shape == size


@pytest.mark.parametrize('method', ['spectral-residual', 'fine-grained'])
def test_contrib_methods_run_or_say_what_they_need(method):
    if hasattr(cv2, 'saliency'):
        assert find_saliency(paint()[0], method).shape == (90, 120)
    else:
        with pytest.raises(ImportError, match='opencv-contrib-python-headless') as error:
            METHODS[method]()
        assert '\n' not in str(error.value)


def test_contrib_detectors_are_called_by_their_names(monkeypatch):
    class Detector:
        def computeSaliency(self, photo):  # noqa: N802  OpenCV's name
            return True, np.linspace(0, 1, photo[..., 0].size).reshape(photo.shape[:2])

    module = type('saliency', (), dict(StaticSaliencySpectralResidual_create=Detector))
    monkeypatch.setattr(cv2, 'saliency', module, raising=False)
    saliency = find_saliency(paint()[0], 'spectral-residual')
    assert saliency[0, 0] == 0 and saliency[-1, -1] == 255 and (np.diff(saliency[:, 0].astype(int)) >= 0).all()


def test_tool_makes_maps_once_and_skips_damaged_photos(photos):
    (photos / 'JPEGImages/bad.jpg').write_bytes(b'no photo')
    (photos / 'JPEGImages/empty.jpg').write_bytes(b'')
    (photos / 'JPEGImages/notes.txt').write_text('no photo either')
    result = run(photos, '--workers', '2')
    assert result.status == 0, result.output
    assert '6 saliency maps (geodesic)' in result.output and '2 of 8 photos cannot be read' in result.output
    files = sorted((photos / 'saliency').glob('*.png'))
    assert [file.stem for file in files] == list('012345') and not list((photos / 'saliency').glob('.*'))
    for number, file in enumerate(files):
        saliency, disc = cv2.imread(str(file), cv2.IMREAD_UNCHANGED), paint(seed=number)[1]
        assert saliency.shape == (90, 120) and ((saliency > 127) & disc).sum() > 0.8 * disc.sum()
    before = {file: file.stat().st_mtime_ns for file in files}
    files[2].unlink()
    assert run(photos, '--workers', '1').status == 0
    after = {file: file.stat().st_mtime_ns for file in files}
    assert {file for file in files if before[file] != after[file]} == {files[2]}
    later = time.time() + 5  # another photo of the same name
    os.utime(photos / 'JPEGImages/4.jpg', (later, later))
    assert run(photos, '--workers', '1').status == 0
    assert {file for file in files if file.stat().st_mtime_ns != after[file]} == {files[4]}


def test_damaged_map_is_made_again_and_told(photos):
    run(photos)
    path = photos / 'saliency/4.png'
    whole, others = path.read_bytes(), (photos / 'saliency/1.png').stat().st_mtime_ns
    path.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    result = run(photos)
    assert result.status == 0 and '1 maps were damaged (first: 4.png); they are made again' in result.output
    assert path.read_bytes() == whole and (photos / 'saliency/1.png').stat().st_mtime_ns == others


def test_evaluation_against_masks(photos):
    (photos / 'masks').mkdir()
    for number in (1, 4):  # not all photos have masks
        mask = paint(seed=number)[1].astype(np.uint8) * 3
        mask[:5] = 255
        cv2.imwrite(str(photos / f'masks/{number}.png'), mask)
    result = run(photos, '--evaluate', 'masks')
    iou = re.search(r'IoU with the objects of 2 photos: ([\d.]+)', result.output)
    assert result.status == 0 and 80 < float(iou[1]) <= 100
    for number in (1, 4):  # and maps that are wrong everywhere
        salient = cv2.imread(str(photos / f'saliency/{number}.png'), 0) > 127
        cv2.imwrite(str(photos / f'masks/{number}.png'), np.where(salient, 0, 3).astype(np.uint8))
    assert 'photos: 0.0' in run(photos, '--evaluate', 'masks').output
    result = run(photos, '--evaluate', 'nowhere')
    assert result.status == 1 and result.output.count('\n') == 1


def test_workers_make_the_same_bytes(photos):
    sources = {path.stem: path for path in (photos / 'JPEGImages').iterdir()}
    make_saliency(sources, photos / 'one', workers=1)
    make_saliency(sources, photos / 'two', workers=2)
    for name in sources:
        assert (photos / f'one/{name}.png').read_bytes() == (photos / f'two/{name}.png').read_bytes()


def test_maps_of_others_are_left_alone(photos):
    (photos / 'saliency').mkdir()
    (photos / 'saliency/0.png').write_bytes(b'of a model')
    result = run(photos)
    assert result.status == 1 and result.output.count('\n') == 1 and 'no manifest.json' in result.output
    assert (photos / 'saliency/0.png').read_bytes() == b'of a model'


def test_killed_call_leaves_whole_maps_and_goes_on(photos):
    cv2.imwrite(str(photos / 'JPEGImages/6.jpg'), paint(400, 500)[0])
    for number in range(7, 100):
        shutil.copy(photos / 'JPEGImages/6.jpg', photos / f'JPEGImages/{number}.jpg')
    process = start_tool(None, photos, SCRIPT, photos, '--workers', '1')
    limit = time.monotonic() + 60
    hashes = FileHashes(photos / 'saliency')
    while not hashes.read() and time.monotonic() < limit:
        time.sleep(0.02)
    process.kill()
    assert finish_tool(process).status == -signal.SIGKILL
    made = {file: file.stat().st_mtime_ns for file in (photos / 'saliency').glob('*.png')}
    assert 0 < len(made) < 100 and all(cv2.imread(str(file)) is not None for file in made)
    noted = hashes.read()  # all but one that was written in the last moment, which is made again
    assert len(noted) in (len(made), len(made) - 1)
    assert run(photos).status == 0
    assert len(list((photos / 'saliency').glob('*.png'))) == 100
    assert all(file.stat().st_mtime_ns == when for file, when in made.items() if file.name in noted)


@pytest.mark.parametrize(
    'arguments, words',
    [
        (['nowhere'], 'photo folder nowhere/JPEGImages does not exist'),
        (['.', '--photos', '.'], 'holds no photos'),
    ],
)
def test_bad_folder_is_one_line(arguments, words, tmp_path):
    result = run(*arguments, folder=tmp_path)
    assert result.status == 1 and words in result.output and result.output.count('\n') == 1


def test_photos_that_are_all_damaged_are_one_line(tmp_path):
    (tmp_path / 'JPEGImages').mkdir()
    (tmp_path / 'JPEGImages/a.jpg').write_bytes(b'x')
    result = run(tmp_path)
    assert result.status == 1 and 'none of 1 photos can be read' in result.output
