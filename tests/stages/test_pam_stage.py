"""PAM from its config: training, peaks in the store and in the points file, resuming; the tools for points files."""

import json

import pytest
from tiny_chain.fixtures import CONFIGS, make_labels, train, write_killed_config
from tiny_chain.processes import run_tool

from projects.wsis.structures import read_json
from projects.wsis.structures.point_file import read_points


@pytest.fixture(scope='module')
def classes(demo_root):
    return (demo_root / 'classes.txt').read_text().split()


def test_training_and_peaks(demo_root, demo_environment, classes, tmp_path, one_thread):
    train('tiny_pam.py', tmp_path / 'pam')
    checkpoint = tmp_path / 'pam/epoch_1.pth'
    whole = make_labels('tiny_pam.py', checkpoint, tmp_path / 'whole')
    assert whole['peaks/photos'] == 8 and 0 <= whole['multi_label/mAP'] <= 100
    points = read_points(tmp_path / 'whole/peaks.json', classes)
    assert points and set(points) <= {path.stem for path in (tmp_path / 'whole/peaks').glob('*.json')}

    # killed in the middle, then made whole: the same file
    killed = write_killed_config(tmp_path / 'killed.py', 'tiny_pam.py', 'test', 4)
    result = run_tool(demo_root, tmp_path, 'test.py', killed, checkpoint, '--work-dir', tmp_path / 'parts')
    assert result.status != 0 and not (tmp_path / 'parts/peaks.json').exists()
    assert 0 < len(list((tmp_path / 'parts/peaks').glob('*.json'))) - 1 < 8
    parts = make_labels('tiny_pam.py', checkpoint, tmp_path / 'parts')
    assert {**parts, 'time': 0, 'data_time': 0} == {**whole, 'time': 0, 'data_time': 0}
    assert read_points(tmp_path / 'parts/peaks.json', classes) == points

    # and it passes the check
    config = CONFIGS / 'tiny_pam.py'
    result = run_tool(demo_root, tmp_path, 'misc/check_points.py', tmp_path / 'whole/peaks.json', config)
    assert result.status == 0 and f'points of {len(points)} photos (8 in the data set)' in result.output


def test_wrong_points_are_named(demo_root, classes, tmp_path):
    photo = (demo_root / 'ImageSets/Segmentation/train.txt').read_text().split()[0]
    entries = [{'photo': name, 'class': classes[0], 'y': y, 'x': 1} for name, y in ((photo, 999), ('nowhere', 1))]
    (tmp_path / 'points.json').write_text(json.dumps(dict(points=entries)))
    result = run_tool(demo_root, tmp_path, 'misc/check_points.py', 'points.json', CONFIGS / 'tiny_pam.py')
    assert result.status == 1 and 'Traceback' not in result.output
    assert f'Photo {photo}: the point of {classes[0]} at (y, x) = (999, 1) lies outside' in result.output
    assert 'Photo nowhere is not in the data set' in result.output and 'in 2 of 2 photos' in result.output


def test_text_files_become_a_points_file(demo_root, tmp_path):
    (tmp_path / 'Peak_points').mkdir()
    (tmp_path / 'Peak_points/a.txt').write_text('12 7 14 0.913\n')
    tool = 'dataset_converters/convert_points.py'
    result = run_tool(demo_root, tmp_path, tool, 'Peak_points', 'points.json')
    assert result.status == 0 and '1 points of 1 photos' in result.output
    assert read_json(tmp_path / 'points.json')['points'] == [
        {'photo': 'a', 'class': 'person', 'y': 7, 'x': 12, 'score': 0.913}
    ]
    result = run_tool(demo_root, tmp_path, tool, 'nowhere', 'points.json')
    assert result.status == 1 and 'nowhere holds no .txt files' in result.output and 'Traceback' not in result.output
    result = run_tool(demo_root, tmp_path, tool, 'Peak_points', 'points.txt')
    assert result.status == 2 and 'points.txt is not a .json file' in result.output
