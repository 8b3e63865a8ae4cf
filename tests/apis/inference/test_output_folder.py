"""Results are not written over the files of a run, nor among the photos that are read."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from random_models import save_random_model

from projects.wsis.apis import WSISInferencer
from projects.wsis.apis.inference.output_folder import check_output_folder

MARKS = {
    'label_photos': 'label_photos.json',
    'recipe': 'classifier/stage.json',
    'stage': 'stage.json',
    'training': 'last_checkpoint',
    'test': '20261127_205417/20261127_205417.log',
}


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.fixture
def photos(tmp_path):
    """A folder of photos with a subfolder."""
    touch(tmp_path / 'photos/sub/two.jpg')
    touch(tmp_path / 'photos/one.jpg')
    return tmp_path / 'photos'


def refuse(folder, inputs, words):
    with pytest.raises(ValueError, match=words) as caught:
        check_output_folder(folder, inputs)
    assert '\n' not in str(caught.value) and 'name another folder as out_dir (--out-dir)' in str(caught.value)


@pytest.mark.parametrize('kind', MARKS)
def test_folder_of_a_run_is_refused(kind, photos, tmp_path, monkeypatch):
    touch(tmp_path / 'run' / MARKS[kind])
    (tmp_path / 'link').symlink_to('run')
    monkeypatch.chdir(tmp_path)
    for folder in ('run', tmp_path / 'run', 'photos/../run', 'link'):
        refuse(folder, photos, f'output folder {re.escape(str(tmp_path))}/run holds the files of a run')


def test_folders_in_a_run_are_refused_but_for_own_results(photos, tmp_path):
    run = tmp_path / 'run'
    for name in ('label_photos.json', 'semantic_masks/one.png', 'data/photos/one.jpg', 'work/irnet/stage.json'):
        touch(run / name)
    for name in ('semantic_masks', 'data/photos', 'data', 'work', 'work/irnet'):
        refuse(run / name, photos, 'holds (the )?files of')
    check_output_folder(run / 'new', photos)
    touch(run / 'new/vis/one.png')
    touch(run / 'new/instances.json')
    check_output_folder(run / 'new', photos)


def test_folder_of_the_photos_and_those_in_it_are_refused(photos, tmp_path, monkeypatch):
    (tmp_path / 'link').symlink_to('photos')
    monkeypatch.chdir(photos)
    for given in (str(photos), photos, '.', tmp_path / 'link', ['../x.jpg', '.']):
        refuse(photos, given, 'photos is the folder of the photos, and what is written there would be taken')
        refuse('outputs', given, f'photos/outputs is inside {re.escape(os.path.realpath(photos))}, the folder of the')
    monkeypatch.chdir(tmp_path)
    refuse('link/sub', 'photos', 'photos/sub is inside')


def test_photos_where_results_would_be_written_are_refused(tmp_path):
    picture = touch(tmp_path / 'out/vis/one.png')
    for given in (picture, [picture], picture.parent):
        refuse(tmp_path / 'out', given, 'out/vis.* lies where output folder .*out gets its results')


def test_other_folders_are_taken(photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inputs = ('photos', 'photos/one.jpg', 0, np.zeros((2, 2, 3), np.uint8), 'https://host/a.jpg', ['photos', 'a.mp4'])
    for given in inputs:
        check_output_folder('outputs', given)
    touch(tmp_path / 'outputs/vis/one.png')
    touch(tmp_path / 'outputs/semantic_masks/one.png')
    touch(tmp_path / 'outputs/instances.json')
    check_output_folder('outputs', 'photos')
    check_output_folder('photos', 'photos/one.jpg')  # a single photo is no folder that is searched


def test_inferencer_leaves_them_alone(tmp_path):
    model = save_random_model('deeplab', tmp_path / 'model')
    inferencer = WSISInferencer(*model, device='cpu', show_progress=False)
    run = touch(tmp_path / 'run/label_photos.json').parent
    pixels = np.zeros((40, 50, 3), np.uint8)
    with pytest.raises(ValueError, match='holds the files of a run'):
        inferencer(pixels, out_dir=run)
    assert [path.name for path in run.iterdir()] == ['label_photos.json']
    inferencer(pixels, out_dir=run, no_save_vis=True, no_save_pred=True)
    for _ in range(2):
        inferencer(pixels, out_dir=tmp_path / 'new')
    assert (tmp_path / 'new/vis/00000000.png').is_file()
