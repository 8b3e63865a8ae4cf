"""Every shipped config loads, builds and takes a training step; every recipe fits its configs."""

import copy
import functools
import os
import re
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import (
    DATASETS,
    METRICS,
    MODELS,
    PARAM_SCHEDULERS,
    TRANSFORMS,
    DefaultScope,
    Registry,
    init_default_scope,
)
from mmengine.structures import InstanceData, PixelData
from PIL import Image
from tiny_chain.processes import run_tool

from projects.wsis.apis.auto_scale_lr import apply_auto_scale_lr
from projects.wsis.apis.configs import load_config
from projects.wsis.apis.data_choice import read_config
from projects.wsis.recipes.recipe import Recipe
from projects.wsis.recipes.stage import PLACEHOLDER, RecipeError, Stage, read_stages

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / 'configs').rglob('*.py')
    if not {'_base_', 'recipes'} & set(path.parts)
)
# three classes, a val split and points
PHOTOS = ROOT / 'tests' / 'data' / 'photos.py'
DATA_SETS = ('coco2014', 'demo', 'photos', 'voc2012')
RECIPES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'configs/recipes').glob('*.py'))
CLASSIFIERS = {'cam', 'eps', 'pam', 'ppc', 'seam'}
# whose data sets open what earlier stages have made
READ_STORES = ('affinitynet', 'bestie', 'cam_masks', 'deeplab', 'irnet')
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader', 'mean_dataloader')


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Configs are found from any folder; every test leaves the default scope as it was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())


@pytest.fixture
def saliency_folder(demo_root, tmp_path):
    """Maps of the tiny demo set for EPS (their content does not matter here)."""
    folder = tmp_path / 'saliency'
    folder.mkdir()
    for photo in (demo_root / 'JPEGImages').iterdir():
        (folder / f'{photo.stem}.png').touch()
    return folder


@pytest.fixture(scope='module', autouse=True)
def read_once():
    """Recipes and tests read the same configs many times: each file is read once, with each data set."""
    files = {}

    def read(path, data=None):
        key = Path(path).resolve(), data
        if key not in files:
            files[key] = read_config(path, data)
        return copy.deepcopy(files[key])

    with mock.patch('projects.wsis.apis.configs.read_config', read):
        yield


BUILT = {}
BACKBONES = {}


def build_once(config):
    """Build a network without numbers, as filling the large ones takes seconds; several configs share one."""
    key = str(config)
    if key not in BUILT:
        with torch.device('meta'), share_backbones(config):
            BUILT[key] = MODELS.build(config)
    return BUILT[key]


@contextmanager
def share_backbones(config):
    """While this holds, the backbone of a config is that of an earlier one, if both are the same."""
    key, original = str(config.get('backbone')), Registry.build

    def build(registry, part, *arguments, **settings):
        if registry.name != 'model' or str(part) != key:
            return original(registry, part, *arguments, **settings)
        if key not in BACKBONES:
            BACKBONES[key] = original(registry, part, *arguments, **settings)
        return BACKBONES[key]

    with mock.patch.object(Registry, 'build', build):
        yield


def without_weights(node):
    """Set every init_cfg that names a checkpoint to None, so that nothing is downloaded."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == 'init_cfg' and isinstance(value, dict) and value.get('type') == 'Pretrained':
                node[key] = None
            else:
                without_weights(value)
    elif isinstance(node, (list, tuple)):
        for child in node:
            without_weights(child)
    return node


def choose_data(name: str) -> Path | None:
    """What is made for any photos is tried on the three classes."""
    return (
        PHOTOS if name.split('.')[0].endswith(('photos', 'photos-maps', 'photos-labels', 'photos-supervised')) else None
    )


@functools.cache
def load_once(name: str, data: Path | None) -> Config:
    return load_config(name, data=data)


def read(name: str, data: Path | None = None) -> Config:
    cfg = copy.deepcopy(load_once(name, data or choose_data(name)))
    init_default_scope(cfg.get('default_scope'))
    without_weights(cfg.model)
    return cfg


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


def as_list(value) -> list:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


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


@pytest.mark.parametrize(
    'stages, message',
    [
        ([dict(name='a', action='fly', config='x')], "Stage a: action 'fly' is none of train, predict, tool"),
        ([dict(name='a', action='train')], "Stage a: action 'train' needs config="),
        ([dict(name='a', action='train', config='x', speed=3)], "stage 'a': .*speed"),
        ([dict(name='a', action='train', config='x')] * 2, "Two stages are named 'a'"),
        (
            [dict(name='a', action='predict', config='x', checkpoint='b')],
            "Stage a needs 'b', which is no earlier stage",
        ),
        ([dict(name='a', action='train', config='x', options=dict(k='{b}/cams'))], "Stage a needs 'b'"),
        ([], 'is no pipeline: it has no `stages`'),
    ],
)
def test_bad_pipeline_gets_one_line(stages, message, tmp_path):
    with pytest.raises(RecipeError, match=message) as caught:
        Recipe(Config(dict(stages=stages)), tmp_path)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('key', ['options', 'expected', 'skip', 'configs'])
def test_names_that_no_stage_uses_get_one_line(key, tmp_path):
    config = Config(dict(stages=[dict(name='a', action='train', config='cam')], configs=dict(cam='x.py')))
    read_stages(config)
    config[key] = ['b'] if key == 'skip' else {'cam': 'x.py', 'b': 'y.py'} if key == 'configs' else dict(b=dict(k=1))
    with pytest.raises(RecipeError, match=f"{key}.*'b'") as caught:
        read_stages(config)
    assert '\n' not in str(caught.value)


def test_saliency_is_made_of_the_photos_of_the_data_set(tmp_path, monkeypatch):
    (tmp_path / 'my photos' / 'sub').mkdir(parents=True)
    Image.fromarray(np.full((8, 10, 3), 90, np.uint8)).save(tmp_path / 'my photos' / 'sub' / 'a.jpg')
    monkeypatch.chdir(tmp_path)
    recipe = load_config('configs/recipes/ppc_eps_irnet_deeplab_mobilenet-v2_photos.py', data=PHOTOS)
    stage = next(stage for stage in read_stages(recipe, str(PHOTOS)) if stage.name == 'saliency')
    arguments = [argument.format(work_dir='work') for argument in stage.arguments]
    result = run_tool(None, tmp_path, stage.tool, *arguments, '--workers', 1)
    assert result.status == 0, result.tail
    assert (tmp_path / 'work' / 'saliency' / 'maps' / 'sub' / 'a.jpg.png').is_file()


def test_expected_numbers_and_options_reach_their_stage():
    stages = read_stages(
        Config(
            dict(
                stages=[
                    dict(name='a', action='train', config='cam', options=dict(x=1, y=2)),
                    dict(name='b', action='tool', tool='t.py', arguments=['@cam', '{a.checkpoint}', '{work_dir}/x']),
                ],
                configs=dict(cam='x.py'),
                options=dict(a=dict(y=3)),
                expected=dict(a=42.0),
            )
        )
    )
    assert isinstance(stages[0], Stage) and stages[0].config == 'x.py'
    assert stages[0].options == dict(x=1, y=3) and stages[0].expected == 42.0
    assert stages[1].arguments[0] == 'x.py' and stages[1].inputs == ['a']


def sample_of(size: int, **fields) -> DetDataSample:
    sample = DetDataSample(
        metainfo=dict(
            img_shape=(size, size),
            ori_shape=(size, size),
            pad_shape=(size, size),
            batch_input_shape=(size, size),
            scale_factor=(1.0, 1.0),
        )
    )
    for name, value in fields.items():
        setattr(sample, name, value)
    return sample


def fields_of(kind: str, size: int) -> dict:
    if kind == 'cam':
        return dict(gt_tags=torch.tensor([0.0, 1, 1] + [0.0] * 5))
    if kind == 'eps':
        saliency = torch.zeros(1, size, size, dtype=torch.uint8)
        saliency[:, 20:80, 16:60] = 255
        return dict(fields_of('cam', size), gt_saliency=PixelData(data=saliency))
    labels = torch.zeros(1, size, size, dtype=torch.uint8)
    labels[:, 20:80, 16:60], labels[:, 60:100, 80:120], labels[:, :10] = 2, 5, 255
    if kind in ('irnet', 'affinitynet', 'deeplab'):
        return dict(gt_sem_seg=PixelData(data=labels.long()))
    masks = torch.cat([labels == 2, labels == 5]).numpy().astype('uint8')
    return dict(
        gt_instances=InstanceData(
            bboxes=torch.tensor([[16.0, 20, 60, 80], [80, 60, 120, 100]]),
            labels=torch.tensor([1, 4]),
            masks=BitmapMasks(masks, size, size),
        )
    )


@pytest.mark.parametrize(
    'kind, name',
    [
        ('affinitynet', 'configs/affinitynet/affinitynet_r18_20e_demo.py'),
        ('cam', 'configs/cam/cam_r18_36e_demo.py'),
        ('eps', 'configs/eps/eps_r18_36e_demo.py'),
        ('cam', 'configs/seam/seam_r18_36e_demo.py'),
        ('cam', 'configs/ppc/ppc-seam_r18_36e_demo.py'),
        ('eps', 'configs/ppc/ppc-eps_r18_36e_demo.py'),
        ('irnet', 'configs/irnet/irnet_r18_20e_demo.py'),
        ('deeplab', 'configs/deeplab/deeplab-v2_r18_20e_demo.py'),
        ('mask_rcnn', 'configs/mask_rcnn/mask-rcnn_r18_6e_demo.py'),
    ],
)
def test_training_step_of_each_method(kind, name):
    torch.manual_seed(0)
    cfg = read(name)
    model = MODELS.build(cfg.model)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    batch = dict(
        inputs=[torch.randint(0, 255, (3, 128, 128), dtype=torch.uint8) for _ in range(2)],
        data_samples=[sample_of(128, **fields_of(kind, 128)) for _ in range(2)],
    )
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.train()
    losses = model.train_step(batch, wrapper)
    assert torch.isfinite(losses['loss']) and losses['loss'] > 0
    changed = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert any(not key.startswith('backbone') for key in changed)
    assert any(key.startswith('backbone') for key in changed)  # in the demo nothing is pretrained
