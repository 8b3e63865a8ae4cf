"""BESTIE from what its authors publish: the recipe reads their maps and peaks, and one line says what is missing."""

import numpy as np
import pytest
from mmengine.registry import DATASETS
from PIL import Image
from tiny_chain.processes import run_tool

from projects.wsis.apis.configs import load_config
from projects.wsis.recipes.stage import read_stages

RECIPE = 'configs/recipes/bestie_hrnet48_reference_voc2012.py'
DATA = 'data/VOCdevkit/VOC2012'
PHOTO = '2007_000032'


@pytest.fixture
def stages():
    return {stage.name: stage for stage in read_stages(load_config(RECIPE))}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """VOC 2012 of one image, an aeroplane and a person."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / DATA
    for folder in ('Annotations', 'ImageSets/Segmentation', 'JPEGImages'):
        (root / folder).mkdir(parents=True)
    (root / 'ImageSets/Segmentation/trainaug.txt').write_text(PHOTO)
    objects = ''.join(f'<object><name>{name}</name></object>' for name in ('aeroplane', 'person'))
    (root / f'Annotations/{PHOTO}.xml').write_text(f'<annotation>{objects}</annotation>')
    Image.fromarray(np.full((281, 500, 3), 90, np.uint8)).save(root / f'JPEGImages/{PHOTO}.jpg')
    return root


def write_maps(root):
    """Two aeroplanes and a person, in the form of WSSS_maps."""
    labels = np.zeros((281, 500), np.uint8)
    labels[50:120, 40:200] = labels[50:120, 300:460] = 1
    labels[180:260, 200:280] = 15
    (root / 'WSSS_maps').mkdir()
    Image.fromarray(labels).save(root / f'WSSS_maps/{PHOTO}.png')


def write_peaks(root):
    """A peak on the first aeroplane, a weak one on the second, and two on the person, in the form of Peak_points."""
    (root / 'Peak_points').mkdir()
    lines = '120 80 0 0.950', '380 80 0 0.650', '238 219 14 0.990', '240 221 14 0.800'
    (root / f'Peak_points/{PHOTO}.txt').write_text('\n'.join(lines) + '\n')


def run_stage(stage, tmp_path):
    return run_tool(None, tmp_path, stage.tool, *[text.format(work_dir='work') for text in stage.arguments])


def test_stages_are_those_from_the_maps_on(stages):
    assert [*stages][:2] == ['wsss_maps', 'peaks']
    assert [*stages][2:] == ['bestie', 'bestie_labels', 'bestie_evaluation', 'mask_rcnn', 'evaluation']
    assert stages['wsss_maps'].reads[0] == stages['wsss_maps'].arguments[0] == f'{DATA}/WSSS_maps'
    assert stages['peaks'].reads == stages['peaks'].arguments[:1] == [f'{DATA}/Peak_points']
    assert stages['bestie'].inputs == ['peaks', 'wsss_maps']
    published, recommended = (load_config(stages[name].config) for name in ('bestie', 'bestie_labels'))
    assert {**published.model, 'test_cfg': 0} == {**recommended.model, 'test_cfg': 0}  # the labels take its checkpoint
    assert published.model.test_cfg.flip is False
    assert published.test_dataloader.dataset.pipeline == recommended.test_dataloader.dataset.pipeline


def test_bestie_learns_from_the_published_maps_and_peaks(stages, root, tmp_path):
    write_maps(root)
    write_peaks(root)
    for name in ('wsss_maps', 'peaks'):
        result = run_stage(stages[name], tmp_path)
        assert result.status == 0, result.tail
    options = {
        key: value.format(wsss_maps='work/wsss_maps', peaks='work/peaks')
        for key, value in stages['bestie'].options.items()
    }
    settings = load_config(stages['bestie'].config, options).train_dataloader.dataset
    dataset = DATASETS.build(settings)
    np.random.seed(0)
    accepted = []
    for sample in (dataset[0] for _ in range(12)):
        image, labels = sample['inputs'].numpy(), sample['data_samples'].gt_sem_seg.data.numpy()
        assert image.shape[1:] == labels.shape[1:] == (416, 416)
        ground = (image == np.reshape([103, 116, 123], (3, 1, 1))).all(0)
        assert ground.any() and set(labels[0][ground]) == {0}  # background to learn
        components = sample['data_samples'].gt_components
        accepted.append(components.labels[components.accepted].tolist())
    # one aeroplane is an instance: the peak of the other is weak, and the person has two
    assert [0] in accepted and all(labels in ([0], []) for labels in accepted)


@pytest.mark.parametrize(
    'name, others, words',
    [
        (
            'wsss_maps',
            write_peaks,
            f'error: {DATA}/WSSS_maps: there is no such folder of class maps; unpack the maps there',
        ),
        ('peaks', write_maps, f'error: {DATA}/Peak_points holds no .txt files: unpack Peak_points.zip'),
    ],
)
def test_what_is_missing_gets_one_line(stages, root, tmp_path, name, others, words):
    others(root)
    result = run_stage(stages[name], tmp_path)
    assert result.status == 1 and words in result.output and 'github.com/clovaai/BESTIE' in result.output
    assert 'Traceback' not in result.output and not (tmp_path / 'work').exists()


def test_pipeline_stops_before_any_training(root, tmp_path):
    write_maps(root)
    result = run_tool(None, tmp_path, 'pipeline.py', RECIPE, '--work-dir', 'work', '--no-report')
    assert result.status == 1 and f'Stage peaks failed: error: {DATA}/Peak_points holds no .txt files' in result.output
    assert (tmp_path / f'work/wsss_maps/semantic_masks/{PHOTO}.png').is_file() and not (
        tmp_path / 'work/bestie'
    ).exists()
