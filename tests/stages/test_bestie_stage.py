"""BESTIE from its config: training on masks and points, refinement by the hook, instances, labels, and bad input."""

import json
from collections import Counter
from pathlib import Path

import pytest
from mmengine.logging import MessageHub
from PIL import Image
from tiny_chain.fixtures import (
    CONFIGS,
    CROP,
    check_two_processes_train_as_one,
    make_labels,
    read_tiny_config,
    train,
    write_killed_config,
)
from tiny_chain.processes import run_tool

from projects.wsis.apis.launch import run_training
from projects.wsis.datasets import VOCTagDataset
from projects.wsis.structures import PseudoLabelStore, read_json
from projects.wsis.structures.masks import read_index_png


@pytest.fixture(scope='module')
def points(demo_root, tmp_path_factory):
    """A points file with a point of every object of the tiny set."""
    folder = tmp_path_factory.mktemp('points')
    made = run_tool(demo_root, folder, 'dataset_converters/make_points.py', CONFIGS / 'tiny_pam.py', 'points.json')
    assert made.status == 0 and 'points of 8 photos in points.json' in made.output
    return folder / 'points.json'


@pytest.fixture
def options(chain, points):
    return {
        'train_dataloader.dataset.data_prefix.semantic_masks': str(chain / 'pseudo_labels/semantic_masks'),
        'train_dataloader.dataset.points_file': str(points),
    }


def train_and_log(work_dir, hooks, options):
    """Train the tiny config with these hooks; return all logged scalars by name."""
    cfg = read_tiny_config('tiny_bestie.py', work_dir, **options)
    cfg.custom_hooks = hooks
    run_training(cfg)
    scalars = MessageHub.get_current_instance().log_scalars
    return {name.removeprefix('train/'): buffer.data[0].tolist() for name, buffer in scalars.items()}


def test_training_instances_and_labels(demo_environment, options, tmp_path, one_thread):
    hook = dict(type='SelfRefinementHook', interval=1, draw_interval=2, draw_photos=3)
    logged = train_and_log(tmp_path / 'bestie', [hook], options)
    shares = [logged[f'refinement_{name}'] for name in ('kept', 'added', 'split', 'dropped')]
    assert [len(share) for share in shares] == [2] * 4  # 8 photos, batches of 4
    assert all(sum(step) in (0, pytest.approx(1)) for step in zip(*shares)) and sum(map(sum, shares)) > 0
    assert {'loss_center_refined', 'loss_offset_refined', 'loss_semantic'} <= logged.keys()

    (picture,) = (tmp_path / 'bestie').rglob('vis_image/self_refinement_*.png')
    assert picture.name == 'self_refinement_2.png'
    with Image.open(picture) as page:
        assert page.width > 4 * 256 and page.height > 3 * 256

    checkpoint = tmp_path / 'bestie/epoch_1.pth'
    metrics = make_labels('tiny_bestie.py', checkpoint, tmp_path / 'val')
    assert 0 <= metrics['voc/AP50'] <= 100 and 0 <= metrics['semantic/mIoU'] <= 100

    metrics = make_labels('tiny_bestie_labels.py', checkpoint, tmp_path / 'labels')
    assert metrics['instances/photos'] == metrics['semantic_masks/photos'] == 8
    assert len(read_json(tmp_path / 'labels/instances.json')['images']) == 8
    store = PseudoLabelStore(tmp_path / 'labels/semantic_masks', 'semantic_masks', '.png')
    cfg = read_tiny_config('tiny_bestie_labels.py', tmp_path / 'unused')
    for info in VOCTagDataset(data_root=cfg.data_root, metainfo=cfg.metainfo):
        assert set(read_index_png(store.path_of(info['img_id'])).ravel()) <= {0, *(tag + 1 for tag in info['tags'])}


def test_labels_of_given_points_also_after_a_kill(demo_root, demo_environment, options, points, tmp_path, one_thread):
    train('tiny_bestie.py', tmp_path / 'bestie', **options, **{'model.supervision': 'points'})
    checkpoint = tmp_path / 'bestie/epoch_1.pth'
    given_points = {'test_dataloader.dataset.points_file': str(points)}
    whole = make_labels('tiny_bestie_point_labels.py', checkpoint, tmp_path / 'whole', **given_points)
    # an instance belongs to a point, and no photo has more of them
    content = read_json(tmp_path / 'whole/instances.json')
    given = Counter(point['photo'] for point in read_json(points)['points'])
    photos = {image['id']: Path(image['file_name']).stem for image in content['images']}
    made = Counter(photos[annotation['image_id']] for annotation in content['annotations'])
    assert made and all(made[photo] <= given[photo] for photo in made)

    killed = write_killed_config(tmp_path / 'killed.py', 'tiny_bestie_point_labels.py', 'test', 4)
    arguments = ('--work-dir', tmp_path / 'parts', '--cfg-options', f'test_dataloader.dataset.points_file={points}')
    result = run_tool(demo_root, tmp_path, 'test.py', killed, checkpoint, *arguments)
    assert result.status != 0 and not (tmp_path / 'parts/instances.json').exists()
    parts = make_labels('tiny_bestie_point_labels.py', checkpoint, tmp_path / 'parts', **given_points)
    assert {**parts, 'time': 0, 'data_time': 0} == {**whole, 'time': 0, 'data_time': 0}
    assert read_json(tmp_path / 'parts/instances.json') == content


def test_without_the_hook_there_is_guidance_only(demo_environment, options, tmp_path):
    logged = train_and_log(tmp_path / 'bestie', [], options)
    assert 'loss_center_pseudo' in logged and 'loss_center_refined' not in logged


@pytest.mark.parametrize('begin', [1, 0.5])
def test_refinement_begins_when_told_and_by_the_average(demo_environment, options, tmp_path, begin):
    refinement = dict(type='SelfRefinementHook', begin=begin, interval=1, teacher='ema')
    logged = train_and_log(tmp_path / 'bestie', [dict(type='EMAHook', momentum=0.5), refinement], options)
    assert len(logged['loss_center_pseudo']) == 2 and len(logged['loss_center_refined']) == 1


@pytest.mark.parametrize(
    'hook, words',
    [
        (dict(teacher='ema'), 'needs the average of an EMAHook'),
        (dict(begin=1.0), r'begin is a whole number of iterations, or a share from 0\. to below 1\., not 1\.0'),
        (dict(begin=-1), 'begin is a whole number'),
        (dict(begin=float('nan')), 'begin is a whole number'),
        (dict(draw_photos=0), 'draw_photos is 1 or more'),
        (dict(teacher='me'), "teacher is 'self' or 'ema', not 'me'"),
    ],
)
def test_hooks_that_cannot_work(demo_environment, options, tmp_path, hook, words):
    cfg = read_tiny_config('tiny_bestie.py', tmp_path / 'bestie', **options)
    cfg.custom_hooks = [dict(type='SelfRefinementHook', **hook)]
    with pytest.raises(ValueError, match=words):
        run_training(cfg)


def test_wrong_points_stop_the_run(demo_environment, options, points, tmp_path):
    entries = json.loads(points.read_text())['points']
    for entry in entries:
        entry['y'] = 5000
    (tmp_path / 'points.json').write_text(json.dumps(dict(points=entries)))
    changed = {**options, 'train_dataloader.dataset.points_file': str(tmp_path / 'points.json')}
    with pytest.raises(ValueError, match='lies outside the photo'):
        train('tiny_bestie.py', tmp_path / 'bestie', **changed)


def test_two_processes_train_as_one(demo_environment, options, tmp_path, one_thread):
    (tmp_path / 'runs').mkdir()
    steps = ['LoadPhoto', 'LoadSemanticMasks', 'LoadPoints', CROP, 'GenerateInstancePseudoLabels', 'PackTagInputs']
    fixed = {
        'model.head.norm_cfg.type': 'GN',
        'model.head.norm_cfg.num_groups': 4,
        'model.head.dropout': 0.0,
        'custom_hooks.0.begin': 0,
        'custom_hooks.0.draw_interval': 1,
    }
    # the gradient's norm is in the thousands
    check_two_processes_train_as_one(
        demo_environment, tmp_path / 'runs', 'tiny_bestie.py', steps, {**options, **fixed}, rate=1e-4
    )
    for run in ('one', 'two'):  # the main process draws
        assert len(list((tmp_path / 'runs' / run).rglob('vis_image/self_refinement_*.png'))) == 2
