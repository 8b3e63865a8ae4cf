"""The splits of a data set whose true masks are written, and data sets without one of them."""

import runpy
import sys

import pytest
from tiny_chain.processes import ROOT

from projects.wsis.exports.true_masks import read_split

TOOL = ROOT / 'tools' / 'dataset_converters' / 'masks_to_coco.py'
# as tools/label_photos.py writes it without --val
WITHOUT_VAL = """
classes = ('cat', 'dog')
num_classes = len(classes)
metainfo = dict(classes=classes)
data_root = photo_folder = 'photos'
label_dataset = dict(type='PhotoTagDataset', data_root=data_root, metainfo=metainfo, tags_file='tags.json')
weak_dataset = dict(label_dataset, filter_cfg=dict(filter_empty_tags=False))
val_dataset = None
"""


@pytest.fixture
def data_file(tmp_path):
    path = tmp_path / 'data.py'
    path.write_text(WITHOUT_VAL)
    return path


def test_a_split_is_what_the_data_set_says(data_file):
    assert read_split(data_file, 'train')['tags_file'] == 'tags.json'


def test_a_split_that_is_not_there_is_one_line(data_file, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    command = [str(TOOL), str(data_file), '--split', 'val', '--out', str(tmp_path / 'val.json')]
    monkeypatch.setattr(sys, 'argv', command)
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(TOOL), run_name='__main__')
    assert caught.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f'error: data set {data_file} has no split val (val_dataset is empty): take --split train')
    assert '--val FILE' in line and not (tmp_path / 'val.json').exists()


def test_no_tool_raises_bad_input_that_only_the_package_may():
    """What a tool itself raises within `report_errors` passes as a traceback: the check belongs into the package."""
    kinds = ('ValueError', 'FileNotFoundError', 'ImportError')
    scripts = [path for folder in ('tools', 'demo') for path in (ROOT / folder).rglob('*.py')]
    texts = {path.name: path.read_text() for path in scripts}
    wrong = [
        name
        for name, text in texts.items()
        if 'with report_errors()' in text and any(f'raise {kind}(' in text for kind in kinds)
    ]
    assert scripts and wrong == []
