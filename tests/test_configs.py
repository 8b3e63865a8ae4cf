"""Every shipped config loads and builds; every recipe fits its configs."""

import os
import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DATASETS, METRICS, MODELS, PARAM_SCHEDULERS, TRANSFORMS
from shipped_configs import (  # elsewhere and read_once are fixtures
    CONFIGS,
    DATA_SETS,
    PHOTOS,
    RECIPES,
    ROOT,
    as_list,
    build_once,
    choose_data,
    elsewhere,  # noqa: F401
    load_once,
    read,
    read_once,  # noqa: F401
)

from projects.wsis.apis.auto_scale_lr import apply_auto_scale_lr
from projects.wsis.apis.configs import load_config
from projects.wsis.recipes.recipe import Recipe
from projects.wsis.recipes.stage import PLACEHOLDER, read_stages

CLASSIFIERS = {'cam', 'eps', 'pam', 'ppc', 'seam'}
# whose data sets open what earlier stages have made
READ_STORES = ('affinitynet', 'bestie', 'cam_masks', 'deeplab', 'irnet')
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader', 'mean_dataloader')


@pytest.fixture
def saliency_folder(demo_root, tmp_path):
    """Maps of the tiny demo set for EPS (their content does not matter here)."""
    folder = tmp_path / 'saliency'
    folder.mkdir()
    for photo in (demo_root / 'JPEGImages').iterdir():
        (folder / f'{photo.stem}.png').touch()
    return folder


def test_there_is_something_to_test():
    assert (
        len(CONFIGS) >= 60
        and len(RECIPES) >= 20
        and {Path(name).stem.split('_')[-1] for name in RECIPES} == {*DATA_SETS}
    )


@pytest.mark.parametrize('name', CONFIGS)
def test_config_has_the_scope_of_its_host_and_runs_on_the_safe_runtime(name):
    cfg = read(name)
    assert cfg.default_scope == ('mmseg' if 'deeplab' in name else 'mmdet')
    assert 'projects.wsis' in cfg.custom_imports['imports'] and not cfg.custom_imports['allow_failed_imports']
    text = str(cfg.to_dict())  # dump() would format it, which takes a second
    assert 'torchvision://' not in text and 'mmseg::' not in (ROOT / name).read_text()
    for value in (str(ROOT), '/root/', '/home/', os.path.join(os.pardir, 'shared')):
        assert value not in (ROOT / name).read_text()


@pytest.mark.parametrize('name', CONFIGS)
def test_model_optimizer_and_schedule_build(name):
    cfg = read(name)
    model = build_once(cfg.model)
    for owner in (cfg.model.get('head', {}), cfg.model.get('roi_head', {}).get('bbox_head', {})):
        if 'num_classes' in owner:
            assert owner['num_classes'] == len(cfg.metainfo.classes) == cfg.num_classes
    if 'decode_head' in cfg.model:  # mmseg counts the background
        assert cfg.model.decode_head.num_classes == len(cfg.metainfo.classes) + 1
    if cfg.get('tta_model'):
        MODELS.build(dict(cfg.tta_model, module=model))
    for entry in [*as_list(cfg.get('val_evaluator')), *as_list(cfg.get('test_evaluator'))]:
        METRICS.build({key: value for key, value in entry.items() if key != 'ann_file'})  # COCO's json is not here
    if cfg.get('train_cfg') is None:
        return
    # the papers trained on one GPU, or name the batch of all of them: so do the configs
    assert cfg.auto_scale_lr == dict(enable=False, base_batch_size=cfg.train_dataloader.batch_size)
    cfg.optim_wrapper.accumulative_counts = 2
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    assert wrapper._accumulative_counts == 2
    apply_auto_scale_lr(cfg)  # half the batch in each iteration is the same batch in each step
    assert cfg.auto_scale_lr == dict(enable=True, base_batch_size=cfg.train_dataloader.batch_size / 2)
    assert {group['lr'] for group in wrapper.param_groups} - {0}
    for entry in cfg.param_scheduler:
        entry = dict(entry)
        if entry.pop('convert_to_iter_based', False):
            assert entry.get('end', entry.get('total_steps')) == cfg.train_cfg.max_epochs
        PARAM_SCHEDULERS.build(entry, default_args=dict(optimizer=wrapper))


@pytest.mark.parametrize('name', CONFIGS)
def test_data_pipelines_build_and_masks_are_for_evaluation_only(name):
    cfg = read(name)
    for key in LOADERS:
        if cfg.get(key) is None:
            continue
        dataset = cfg[key].dataset
        assert tuple(dataset.metainfo['classes']) == tuple(cfg.metainfo['classes'])
        kinds = [type(TRANSFORMS.build(transform)).__name__ for transform in dataset.pipeline]
        if key in ('train_dataloader', 'mean_dataloader') and 'supervised' not in name:
            assert not dataset.get('with_masks', False)
            assert not {'LoadEvaluationMasks', 'LoadInstancesFromMasks', 'LoadSemanticFromMasks'} & set(kinds)
        if key in ('val_dataloader', 'test_dataloader', 'mean_dataloader'):
            assert cfg[key].sampler.round_up is False and cfg[key].sampler.shuffle is False
    if cfg.get('tta'):
        for transform in cfg.tta_pipeline:
            TRANSFORMS.build(transform)
    if set(name.split('/')) & CLASSIFIERS:  # save_best, and the choice of a model, never look at masks
        assert {entry['type'] for entry in as_list(cfg.val_evaluator)} == {'MultiLabelMetric'}
        assert not cfg.val_dataloader.dataset.get('with_masks', False)


@pytest.mark.parametrize(
    'name',
    [name for name in CONFIGS if 'demo' in name and not set(name.split('/')) & {'mask_rcnn', *READ_STORES}],
)
def test_dataset_builds(name, demo_environment, saliency_folder):
    cfg = read(name)
    if 'eps' in name:
        cfg.train_dataloader.dataset.data_prefix.saliency = str(saliency_folder)
    for key in LOADERS:
        if cfg.get(key):
            assert len(DATASETS.build(cfg[key].dataset)) in (8, 4)


@pytest.mark.parametrize('name', [name for name in CONFIGS if 'reference' not in name and 'eps-cls' not in name])
def test_any_data_set_can_be_chosen(name):
    cfg = read(name, PHOTOS)
    own = Config.fromfile(str(PHOTOS))
    assert cfg.classes == own.classes and cfg.num_classes == 3
    for key in LOADERS:
        if cfg.get(key) is None:
            continue
        dataset = cfg[key].dataset
        assert tuple(dataset.metainfo.classes) == own.classes
        if dataset.type == 'CocoDataset':
            assert dataset.data_prefix.img == own.photo_folder
        else:
            assert (dataset.type, dataset.data_root) == ('PhotoTagDataset', own.data_root)
    # that it builds with the number of its own classes is tested above
    assert set(find_counts(cfg.model)) <= ({4} if 'deeplab' in name else {3})


def find_counts(node) -> list[int]:
    """Every `num_classes` of a model."""
    if isinstance(node, dict):
        found = [value for key, value in node.items() if key == 'num_classes']
        return found + [count for value in node.values() for count in find_counts(value)]
    return [count for value in node for count in find_counts(value)] if isinstance(node, (list, tuple)) else []


def test_no_config_says_how_many_classes_there_are():
    for path in (ROOT / 'configs').rglob('*.py'):
        assert not re.search(r'num_classes\s*=\s*\d|\$WSIS_|VOCTagDataset', strip_data(path)), path


def strip_data(path: Path) -> str:
    """The text of a config; files of data sets may name a format."""
    text = path.read_text()
    return text.replace('VOCTagDataset', '') if path.parent.name == 'datasets' else text


@pytest.mark.parametrize('name', [name for name in CONFIGS if 'photos' in name])
def test_photos_without_val_split_and_masks_are_enough(name):
    cfg = load_config(name)
    assert cfg.get('val_dataloader') is None and cfg.get('val_evaluator') is None and cfg.get('val_cfg') is None
    labels = (
        'deeplab' not in name
        and 'mask-rcnn' not in name
        and 'bestie' not in name
        or name.endswith(('-maps.py', '-labels.py'))
    )
    assert (cfg.get('test_dataloader') is not None) == labels


def test_photos_without_tags_are_negatives_for_classifiers_only():
    for name in CONFIGS:
        cfg = read(name, PHOTOS)
        if cfg.get('train_dataloader') is None or cfg.train_dataloader.dataset.type == 'CocoDataset':
            continue
        leaves_out = cfg.train_dataloader.dataset.get('filter_cfg', {}).get('filter_empty_tags', False)
        assert leaves_out != bool(set(name.split('/')) & CLASSIFIERS), name
        assert not set(name.split('/')) & CLASSIFIERS or cfg.test_dataloader.dataset.filter_cfg.filter_empty_tags


@pytest.mark.parametrize('data_set', DATA_SETS)
@pytest.mark.parametrize(
    'chain',
    [
        'irnet',
        'irnet_deeplab',
        'ppc_seam_irnet_deeplab',
        'ppc_eps_irnet_deeplab',
        'ppc_seam_affinitynet_deeplab',
    ],
)
def test_every_chain_is_there_for_every_data_set(chain, data_set):
    found = [name for name in RECIPES if re.fullmatch(rf'.*/{chain}_[^_]+_{data_set}\.py', name)]
    assert len(found) == 1
    stages = {stage.name: stage for stage in read_stages(load_config(found[0]))}
    classifier, _, refinement = chain.removesuffix('_deeplab').rpartition('_')
    assert stages['classifier'].config.split('/')[1] == (classifier.split('_')[0] or 'cam')
    assert classifier.replace('_', '-') in stages['classifier'].config
    assert stages['pseudo_labels'].config.split('/')[1] == refinement
    last = {'deeplab', 'wsss_maps', 'deeplab_evaluation'}
    assert last <= set(stages) if chain.endswith('deeplab') else not last & set(stages)


@pytest.mark.parametrize('data_set', DATA_SETS)
def test_chain_without_refinement_is_there_for_every_data_set(data_set):
    (found,) = (name for name in RECIPES if re.fullmatch(rf'.*/eps_deeplab_[^_]+_{data_set}\.py', name))
    stages = {stage.name: stage for stage in read_stages(load_config(found))}
    assert stages['classifier'].config.startswith('configs/eps/eps_')
    assert stages['pseudo_labels'].config.startswith('configs/cam_masks/') and stages['pseudo_labels'].inputs == [
        'cams'
    ]
    assert stages['deeplab'].inputs[-1] == 'pseudo_labels' and 'deeplab_evaluation' in stages


@pytest.mark.parametrize('data_set', DATA_SETS)
@pytest.mark.parametrize('supervision', ['tags', 'points'])
def test_bestie_is_there_for_every_data_set(supervision, data_set):
    (found,) = (name for name in RECIPES if re.fullmatch(rf'.*/bestie_from_{supervision}_[^_]+_{data_set}\.py', name))
    stages = {stage.name: stage for stage in read_stages(load_config(found))}
    assert {'wsss_maps', 'bestie', 'bestie_labels', 'bestie_evaluation', 'mask_rcnn', 'evaluation'} <= set(stages)
    assert ('peaks' in stages['bestie'].inputs) == (supervision == 'tags')
    assert load_config(stages['bestie'].config).model.get('supervision', 'tags') == supervision


@pytest.mark.parametrize('name', [name for name in CONFIGS if 'bestie-points' in name and name.endswith('-labels.py')])
def test_labels_of_points_are_made_of_the_points_that_were_learnt(name):
    cfg = load_config(name)
    scores = [
        step.min_score
        for loader in (cfg.train_dataloader, cfg.test_dataloader)
        for step in loader.dataset.pipeline
        if step.type == 'LoadPoints'
    ]
    assert len(scores) == 2 and scores[0] == scores[1]
    assert cfg.train_dataloader.dataset.points_file == cfg.test_dataloader.dataset.points_file


@pytest.mark.parametrize('name', RECIPES)
def test_recipe_fits_its_configs(name, tmp_path):
    data = choose_data(name)
    pipeline = Recipe(load_config(name, data=data), tmp_path / 'work', data=data)
    folders = {stage.name: stage for stage in pipeline.stages}
    assert not list(tmp_path.iterdir())  # looking at a recipe writes nothing
    for stage in pipeline.stages:
        for text in [*map(str, stage.options.values()), *stage.arguments]:
            for match in PLACEHOLDER.finditer(text):
                if match[2]:
                    assert folders[match[1]].action == 'train'
        if stage.checkpoint:
            assert folders[stage.checkpoint].action == 'train'
        if stage.action == 'tool':
            assert (ROOT / 'tools' / stage.tool).is_file()
            continue
        cfg = load_once(stage.config, data)
        for key in stage.options.keys() - {'iterations'}:
            *owners, last = key.split('.')
            node = cfg
            for owner in owners:
                assert isinstance(node, list) or owner in node, f'{stage.name}: {stage.config} has no {key}'
                node = node[int(owner) if isinstance(node, list) else owner]
            assert last in node, f'{stage.name}: {stage.config} has no {key}'
        assert cfg.get('train_cfg' if stage.action == 'train' else 'test_cfg') is not None
        if stage.number:
            evaluators = cfg.val_evaluator if stage.action == 'train' else cfg.test_evaluator
            prefixes = {
                METRICS.get(entry['type']).default_prefix for entry in as_list(evaluators) if METRICS.get(entry['type'])
            }
            assert stage.number.split('/')[0] in prefixes
