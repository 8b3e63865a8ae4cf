"""docs/model_zoo.md is what the metafiles and the converter's networks say."""

import importlib.util
from pathlib import Path

import pytest

from projects.wsis.apis.zoo.metafiles import ZooModel, ZooResult
from projects.wsis.apis.zoo.page import fill_page, make_model_tables
from projects.wsis.reference.networks import REFERENCE_NETWORKS

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / 'docs' / 'model_zoo.md'
FACTS = {'Training Data': 'images', 'Extra Data': 'none', 'CRF': 'none', 'TTA': 'none', 'Mode': 'predict'}


def load_tool():
    spec = importlib.util.spec_from_file_location('make_model_zoo', ROOT / 'tools' / 'misc' / 'make_model_zoo.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def test_committed_page_is_what_the_script_makes(tmp_path, monkeypatch):
    copy = tmp_path / 'page.md'
    copy.write_text(PAGE.read_text().replace('| [cam_r18_36e_demo]', '| [changed]'))
    assert copy.read_text() != PAGE.read_text()
    monkeypatch.setattr('sys.argv', ['make_model_zoo.py', '--page', str(copy)])
    load_tool().main()
    assert copy.read_text() == PAGE.read_text(), 'run tools/misc/make_model_zoo.py'


def test_each_public_network_has_its_command():
    text = PAGE.read_text()
    assert all(f'--from {name} IN checkpoints/' in text for name in REFERENCE_NETWORKS)


def test_rows_show_numbers_and_where_they_are_from():
    results = (
        ZooResult(
            'Seeds', 'demo set', {'mIoU': 46.8}, {**FACTS, 'Commit': 'abc1234', 'Command': 'train; test', 'Note': 'n'}
        ),
        ZooResult(
            'Masks', 'VOC', {'Paper mIoU': 50.0, 'Paper AP50': 1}, {**FACTS, 'CRF': 'dense CRF', 'Source': 'book'}
        ),
    )
    weights = 'https://host/first-0123abcd.pth'
    first = ZooModel('first', 'Method', 'configs/m/first.py', 'configs/m/README.md', weights, FACTS, results)
    second = ZooModel('second', 'Method', 'configs/m/second.py', 'configs/m/README.md', None, FACTS, ())
    lines = make_model_tables([first, second]).splitlines()
    assert lines[-2:] == ['', '1. `train`, then `test`'] and lines[0] == '### Method'
    rows = [line for line in lines if line.startswith('| [')]
    link = f'[first-0123abcd.pth]({weights})'
    assert rows == [
        '| [first](../configs/m/first.py) | demo set: seeds | none | none | none | predict | - | mIoU 46.8 (n) | '
        f'abc1234, (1) | {link} |',
        '| [first](../configs/m/first.py) | VOC: masks | none | dense CRF | none | predict '
        f'| mIoU 50.0, AP50 1.0 (book) | - | - | {link} |',
        '| [second](../configs/m/second.py) | images | none | none | none | predict | - | not measured | - | - |',
    ]


def test_a_page_without_the_parts_is_refused():
    with pytest.raises(ValueError, match=r"the page has the parts \[\], but those that are made are \['models'\]"):
        fill_page('text', dict(models=''))
