"""Rendered photos in COCO's official layout are read by the data set file of COCO, unchanged."""

import importlib.util
import sys

import pytest
from mmengine.config import Config
from mmengine.registry import DATASETS
from tiny_chain.processes import ROOT


@pytest.fixture(scope='module')
def tool():
    """The script, imported."""
    spec = importlib.util.spec_from_file_location('make_demo_coco', ROOT / 'tools/dataset_converters/make_demo_coco.py')
    module = importlib.util.module_from_spec(spec)
    folder = str(ROOT / 'tools/dataset_converters')
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    return module


def test_official_layout(tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tool.os, 'cpu_count', lambda: 1)
    command = ['make_demo_coco.py', '--train', '3', '--val', '1', '--size', '96']
    monkeypatch.setattr(sys, 'argv', command)
    tool.main()
    data = Config.fromfile(ROOT / 'configs/_base_/datasets/coco2014.py')
    for settings, count in ((data.weak_dataset, 3), (data.val_dataset, 1)):
        dataset = DATASETS.build(dict(settings, pipeline=[], with_masks=True))
        classes = dataset.metainfo['classes']
        infos = [dataset.get_data_info(index) for index in range(len(dataset))]
        assert len(infos) == count and len(classes) == 80
        assert {classes[tag] for info in infos for tag in info['tags']} <= set(tool.COCO_NAMES.values())
        for info in infos:
            masks = info['mask_annotations']
            assert {entry['bbox_label'] for entry in masks} == set(info['tags'])
    with pytest.raises(SystemExit):
        tool.main()  # the folder is there already
    assert [path.name for path in (tmp_path / 'data').iterdir()] == ['coco']
