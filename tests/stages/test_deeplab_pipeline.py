"""A whole chain from saliency maps and tags to DeepLab, by tools/pipeline.py on the tiny demo set."""

import pytest
from report_page import read_page
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import run_tool

from projects.wsis.structures import PseudoLabelStore, read_json

STAGES = [
    'saliency',
    'classifier',
    'cams',
    'inter_pixel_labels',
    'irnet',
    'pseudo_labels',
    'deeplab',
    'wsss_maps',
    'deeplab_evaluation',
]
PIPELINE = ('pipeline.py', CONFIGS / 'tiny_ppc_eps_pipeline.py', '--work-dir', 'work')


@pytest.fixture(scope='module')
def folder(demo_root, tmp_path_factory):
    folder = tmp_path_factory.mktemp('ppc_eps')
    result = run_tool(demo_root, folder, *PIPELINE)
    assert result.status == 0, result.tail
    return folder


def test_every_stage_is_complete_with_its_number(folder):
    stages = {stage['name']: stage for stage in read_json(folder / 'work/results.json')['stages']}
    assert list(stages) == STAGES and all(stage['complete'] for stage in stages.values())
    for name in ('cams', 'pseudo_labels', 'deeplab', 'wsss_maps', 'deeplab_evaluation'):
        assert stages[name]['number'].endswith('mIoU') and 0 < stages[name]['value'] < 100
    # the same checkpoint on the same photos, once at one scale in training, once at several
    assert stages['deeplab']['metrics'].keys() == stages['deeplab_evaluation']['metrics'].keys()


def test_wsss_maps_are_those_of_the_training_photos(folder, demo_root):
    photos = (demo_root / 'ImageSets/Segmentation/train.txt').read_text().split()
    manifest = PseudoLabelStore(folder / 'work/wsss_maps/semantic_masks', 'semantic_masks', '.png').check_readable()
    assert manifest['count'] == len(photos) == 8
    pseudo = read_json(folder / 'work/pseudo_labels/semantic_masks/manifest.json')
    assert manifest['lineage']['checkpoint_hash'] != pseudo['lineage']['checkpoint_hash']


def test_report_compares_labels_with_the_maps_of_deeplab(folder):
    page = read_page(folder / 'work/report.html')
    assert all(stage in page.text for stage in STAGES) and page.facts['predictedBy'] == 'wsss_maps'
    keys = [layer['key'] for layer in page.facts['layers']]
    assert keys == ['photo', 'cam', 'boundary', 'displacement', 'label', 'prediction', 'truth']
    assert len(page.layers) == 8 and all('agreement' in photo['values'] for photo in page.facts['photos'])


def test_second_call_skips_everything(folder, demo_root):
    made = (folder / 'work/report.html').stat().st_mtime_ns
    result = run_tool(demo_root, folder, *PIPELINE)
    assert result.status == 0 and result.output.count('complete already') == len(STAGES)
    assert (folder / 'work/report.html').stat().st_mtime_ns == made
