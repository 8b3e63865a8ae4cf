"""The chain from tags to pseudo labels and Mask R-CNN on a toy COCO set, without a change of any config."""

import json
import re

import pytest
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import ROOT, link_demo, run_tool

from projects.wsis.structures import PseudoLabelStore, read_json

DEMO = ROOT / 'configs/_base_/datasets/demo.py'
DATA = """
classes = {classes!r}
num_classes = len(classes)
metainfo = dict(classes=classes)
data_root = {root!r}
photo_folder = data_root + '/JPEGImages/'
weak_dataset = dict(
    type='CocoTagDataset',
    data_root=data_root,
    metainfo=metainfo,
    ann_file={train!r},
    data_prefix=dict(img_path='JPEGImages'))
label_dataset = weak_dataset
val_dataset = dict(weak_dataset, ann_file={val!r})
"""


@pytest.fixture(scope='module')
def folder(demo_root, tmp_path_factory):
    """The tiny demo set as COCO: two json files, made from its masks, and the file that describes it."""
    folder = tmp_path_factory.mktemp('coco')
    link_demo(folder, demo_root)
    for split in ('train', 'val'):
        arguments = ['dataset_converters/masks_to_coco.py', DEMO, '--split', split, '--out', f'{split}.json']
        result = run_tool(demo_root, folder, *arguments)
        assert result.status == 0, result.tail
    classes = tuple(category['name'] for category in read_json(folder / 'train.json')['categories'])
    places = {split: str(folder / f'{split}.json') for split in ('train', 'val')}
    (folder / 'coco.py').write_text(DATA.format(classes=classes, root=str(demo_root), **places))
    return folder


def test_labels_are_those_of_the_same_photos_in_voc_layout(folder, chain, demo_root):
    arguments = ['--work-dir', 'work', '--data', folder / 'coco.py', '--no-report']
    result = run_tool(demo_root, folder, 'pipeline.py', CONFIGS / 'tiny_pipeline.py', *arguments)
    assert result.status == 0, result.tail
    assert not (folder / 'work/report.html').exists()
    found, expected = (read_json(work / 'results.json')['stages'] for work in (folder / 'work', chain))
    for stage, same in zip(found, expected, strict=True):
        assert stage['complete'] and stage['metrics'] == pytest.approx(same['metrics'], rel=1e-6), stage['name']
    labels = json.loads((folder / 'work/pseudo_labels/instances.json').read_text())
    truth = read_json(folder / 'train.json')
    assert [image['file_name'] for image in labels['images']] == [image['file_name'] for image in truth['images']]
    store = PseudoLabelStore(folder / 'work/cams/cams', 'cams', '.npz')
    assert all(image['file_name'] in store for image in labels['images'])


def test_doctor_finds_nothing_wrong(folder, demo_root):
    result = run_tool(demo_root, folder, 'analysis_tools/check_dataset.py', folder / 'coco.py', '--json')
    assert '{' in result.output, result.tail
    report = json.loads(result.output[result.output.index('{') :])
    assert [finding for finding in report['findings'] if finding['level'] == 'error'] == [], result.tail


def test_plan_is_told_before_anything_runs(folder, demo_root):
    arguments = ['--data', folder / 'coco.py', '--work-dir', 'planned', '--dry-run']
    result = run_tool(demo_root, folder, 'pipeline.py', CONFIGS / 'tiny_pipeline.py', *arguments)
    assert result.status == 0 and not (folder / 'planned').exists()
    assert '8 photos of 8 classes: ' in result.output
    # its one epoch of 8 images in batches of 4, as tools/pipeline.py trains it
    assert re.search(r'classifier +train +2 iterations', result.output), result.output
    assert 'Time: not known for this device. Disk: about' in result.output
    result = run_tool(demo_root, folder, 'pipeline.py', CONFIGS / 'tiny_pipeline.py', *arguments, '--until', 'cams')
    assert result.status == 0, result.tail
    assert re.search(r'cams +predict', result.output) and 'irnet' not in result.output
    for choice, line in (
        (('--only', 'nothere'), "There is no stage 'nothere'"),
        (('--from', 'irnet'), 'is needed, but'),
    ):
        result = run_tool(demo_root, folder, 'pipeline.py', CONFIGS / 'tiny_pipeline.py', *arguments, *choice)
        assert result.status == 1 and line in result.tail
