"""Tests of tools/dataset_converters/export_labels.py and import_labels.py."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from exports.label_files import CLASSES, SIZE, overlap, save_set
from pycocotools import mask as coco_mask

from projects.wsis.structures import read_json

TOOLS = Path(__file__).resolve().parents[2] / 'tools/dataset_converters'


@pytest.fixture()
def label_set(tmp_path):
    """Photo folder, json, and the file that describes the data set, in a folder of an odd name."""
    root = tmp_path / "Meine 'Füchse', 2024 [neu]"
    folder, source = save_set(root)
    common = dict(type='PhotoTagDataset', data_root=str(folder), metainfo=dict(classes=CLASSES))
    lines = dict(
        classes=CLASSES,
        num_classes=len(CLASSES),
        metainfo=dict(classes=CLASSES),
        data_root=str(folder),
        photo_folder=f'{folder}/',
        weak_dataset=common,
        label_dataset=common,
    )
    data = root / 'data.py'
    data.write_text('\n'.join(f'{name} = {value!r}' for name, value in lines.items()), encoding='utf-8')
    return folder, source, data


def run_tool(monkeypatch, capsys, tool, *arguments):
    """Run a tool in this process and return its exit status and what it printed."""
    monkeypatch.setattr(sys, 'argv', [tool, *map(str, arguments)])
    monkeypatch.setattr(sys, 'path', sys.path.copy())
    code = 0
    try:
        runpy.run_path(str(TOOLS / tool), run_name='__main__')
    except SystemExit as stop:
        code = stop.code
    output = capsys.readouterr()
    return code, output.out + output.err


def test_out_and_back(label_set, tmp_path, monkeypatch, capsys):
    folder, source, data = label_set
    arguments = (source, '--photos', folder, '--format', 'coco-polygons', '--out', tmp_path / 'for tools')
    code, output = run_tool(monkeypatch, capsys, 'export_labels.py', *arguments)
    polygons = tmp_path / 'for tools/instances_polygons.json'
    assert (code, output) == (0, f'{polygons}\n')
    back = tmp_path / 'back' / 'instances.json'
    code, output = run_tool(monkeypatch, capsys, 'import_labels.py', polygons, '--data', data, '--out', back)
    assert (code, output) == (0, f'{back}: 21 instances of 4 photos\n')
    for entry, before in zip(read_json(back)['annotations'], read_json(source)['annotations'], strict=True):
        masks = [coco_mask.decode(each['segmentation']) for each in (entry, before)]
        assert masks[0].shape == SIZE
        assert overlap(*map(np.asarray, masks)) > 0.95


def test_bad_input_is_one_line(label_set, tmp_path, monkeypatch, capsys):
    folder, source, data = label_set
    out = tmp_path / 'out'
    for tool, arguments, line in [
        ('export_labels.py', (source, '--photos', folder, '--format', 'voc', '--out', out), "no export 'voc'"),
        ('export_labels.py', (source, '--photos', tmp_path, '--format', 'png', '--out', out), 'are not in'),
        ('export_labels.py', (data, '--photos', folder, '--format', 'png', '--out', out), 'not valid JSON'),
        ('import_labels.py', (data, '--data', data, '--out', out), 'not valid JSON'),
        ('import_labels.py', (tmp_path / 'none.json', '--data', data, '--out', out), 'does not exist'),
    ]:
        code, output = run_tool(monkeypatch, capsys, tool, *arguments)
        assert code == 1
        assert line in output
        assert output.startswith('error: ') and output.count('\n') == 1
        assert not out.exists()
