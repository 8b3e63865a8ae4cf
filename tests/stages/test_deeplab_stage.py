"""DeepLab from its config: training on pseudo masks, evaluation, WSSS maps with resuming; bad inputs."""

import numpy as np
import pytest
import torch
from mmengine.registry import DATASETS, DefaultScope
from PIL import Image
from tiny_chain.fixtures import CONFIGS, CROP, check_two_processes_train_as_one, make_labels, read_tiny_config, train
from tiny_chain.processes import link_demo

from projects.wsis.apis.configs import load_config
from projects.wsis.apis.launch import apply_tta, run_test, run_training
from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.structures import PseudoLabelStore, read_json, write_json
from projects.wsis.structures.masks import read_index_png

MASKS = 'train_dataloader.dataset.data_prefix.semantic_masks'
WEIGHTS = 'model.backbone.init_cfg'


@pytest.fixture(scope='module')
def infos(demo_root):
    """Data infos of the training photos."""
    cfg = load_config(CONFIGS / 'tiny_cam.py')
    dataset = DATASETS.build(dict(cfg.test_dataloader.dataset, data_root=str(demo_root), pipeline=[]))
    return [dataset.get_data_info(index) for index in range(len(dataset))]


@pytest.fixture(scope='module')
def masks(infos, tmp_path_factory):
    """A store of semantic masks, as IRNet makes it (here the true ones, with a part unsure)."""
    folder = tmp_path_factory.mktemp('masks') / 'semantic_masks'
    store = PseudoLabelStore(folder, 'semantic_masks', '.png')
    store.start(dict(made='by a test'), list(load_config(CONFIGS / 'tiny_cam.py').metainfo.classes))
    for info in infos:
        labels = read_index_png(info['seg_map_path']).copy()
        labels[:8] = 255
        Image.fromarray(labels).save(store.path_of(info['img_id']))
    store.finish([info['img_id'] for info in infos])
    return folder


@pytest.fixture(scope='module')
def deeplab(masks, demo_root, tmp_path_factory):
    """Work dir of a trained DeepLab."""
    folder = tmp_path_factory.mktemp('deeplab') / 'deeplab'
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(link_demo(folder.parent, demo_root))
        train('tiny_deeplab.py', folder, **{MASKS: str(masks), WEIGHTS: None})
    return folder


def test_training_leaves_a_checkpoint_that_is_evaluated_on_val(deeplab, demo_environment, tmp_path):
    metrics = make_labels('tiny_deeplab.py', deeplab / 'epoch_1.pth', tmp_path / 'val', **{WEIGHTS: None})
    assert 0 < metrics['semantic/mIoU'] < 100
    assert not (tmp_path / 'val/semantic_masks').exists()


@pytest.mark.parametrize('crf', [None, True], ids=['plain', 'crf'])
def test_maps_hold_the_tags_only_and_an_interrupted_call_goes_on(deeplab, infos, demo_environment, tmp_path, crf):
    options = {WEIGHTS: None, 'tta_model.crf': crf}
    first = make_labels('tiny_deeplab_maps.py', deeplab / 'epoch_1.pth', tmp_path / 'maps', **options)
    store = PseudoLabelStore(tmp_path / 'maps/semantic_masks', 'semantic_masks', '.png')
    assert store.check_readable()['count'] == len(infos) == first['semantic_masks/photos']
    for info in infos:
        labels = read_index_png(store.path_of(info['img_id']))
        assert set(np.unique(labels)) <= {0, *(tag + 1 for tag in info['tags'])}
        assert labels.shape == read_index_png(info['seg_map_path']).shape
    before = {path: path.stat().st_mtime_ns for path in store.root.glob('*.png')}
    manifest = read_json(store.manifest_path)
    manifest['complete'] = False
    write_json(store.manifest_path, manifest)
    store.path_of(infos[3]['img_id']).unlink()
    again = make_labels('tiny_deeplab_maps.py', deeplab / 'epoch_1.pth', tmp_path / 'maps', **options)
    assert again == first
    changed = {path.stem for path, when in before.items() if path.stat().st_mtime_ns != when}
    assert changed == {infos[3]['img_id']}


def test_v1_trains_on_statistics_of_the_batch_and_is_tested_with_a_crf(masks, demo_environment, tmp_path):
    loaders = [f'{name}_dataloader' for name in ('train', 'val', 'test')]
    options = {
        MASKS: str(masks),
        WEIGHTS: None,
        'model.backbone.base_channels': 2,
        'model.decode_head.in_channels': 128,
        'model.decode_head.hidden_channels': 16,
        'train_dataloader.dataset.pipeline.5.crop_size': 64,
        'train_dataloader.batch_size': 4,
        **{f'{loader}.num_workers': 0 for loader in loaders},
        **{f'{loader}.persistent_workers': False for loader in loaders},
        'train_cfg.max_iters': 2,
        'train_cfg.val_interval': 2,
    }
    config, demo = 'configs/deeplab/deeplab-v1_resnet38_20k_voc2012.py', 'configs/_base_/datasets/demo.py'
    cfg = load_config(config, options, work_dir=tmp_path / 'v1', data=demo)
    cfg.experiment_name = cfg.visualizer.name = 'v1_training'
    run_training(cfg)
    weights = load_checkpoint_safely(tmp_path / 'v1/iter_2.pth')['state_dict']
    for name, value in weights.items():
        if name.endswith('running_mean'):
            assert value.any(), name
        elif ('.bn.' in name or 'norm' in name) and name.endswith(('weight', 'bias')):
            assert value.unique().numel() == 1, name
    cfg = load_config(config, options, work_dir=tmp_path / 'test', data=demo)
    cfg.experiment_name = cfg.visualizer.name = 'v1_test'
    cfg.load_from = str(tmp_path / 'v1/iter_2.pth')
    apply_tta(cfg)
    assert cfg.model.crf and 0 <= run_test(cfg)['semantic/mIoU'] <= 100


SMALL_NETWORKS = {
    'deeplab-v1_r101': {'model.backbone.stem_channels': 8, 'model.decode_head.hidden_channels': 16},
    'deeplab-v2-ppc_r101': {'model.backbone.stem_channels': 8, 'model.decode_head.channels': 16},
    'deeplab-v2-eps_r101': {},
}


@pytest.mark.parametrize('name', SMALL_NETWORKS)
def test_networks_of_papers_train_and_are_tested_with_a_crf(masks, demo_environment, tmp_path, name):
    loaders = [f'{loader}_dataloader' for loader in ('train', 'val', 'test')]
    crop = 3 if 'eps' in name else 5
    options = {
        MASKS: str(masks),
        WEIGHTS: None,
        'model.backbone.depth': 50,
        'model.backbone.base_channels': 2,
        'model.decode_head.in_channels': 64,
        **SMALL_NETWORKS[name],
        f'train_dataloader.dataset.pipeline.{crop}.crop_size': 64,
        'train_dataloader.batch_size': 4,
        **{f'{loader}.num_workers': 0 for loader in loaders},
        **{f'{loader}.persistent_workers': False for loader in loaders},
        'train_cfg.max_iters': 2,
        'train_cfg.val_interval': 2,
    }
    config, demo = f'configs/deeplab/{name}_20k_voc2012.py', 'configs/_base_/datasets/demo.py'
    cfg = load_config(config, options, work_dir=tmp_path / 'train', data=demo)
    cfg.experiment_name = cfg.visualizer.name = f'{name}_training'
    run_training(cfg)
    weights = load_checkpoint_safely(tmp_path / 'train/iter_2.pth')['state_dict']
    # statistics are those of the batch in PPC's code, and stay as they are in deeplab-pytorch
    moved = {bool(value.any()) for key, value in weights.items() if key.endswith('running_mean')}
    assert moved == {'eps' not in name}
    cfg = load_config(config, options, work_dir=tmp_path / 'test', data=demo)
    cfg.experiment_name = cfg.visualizer.name = f'{name}_test'
    cfg.load_from = str(tmp_path / 'train/iter_2.pth')
    apply_tta(cfg)
    assert cfg.model.crf and 0 <= run_test(cfg)['semantic/mIoU'] <= 100


def test_training_reads_the_masks_of_the_store(masks, demo_environment):
    cfg = read_tiny_config('tiny_deeplab.py', masks.parent / 'x', **{MASKS: str(masks)})
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
        seen = set()
        for index in range(len(dataset)):
            item = dataset[index]
            data = item['data_samples'].gt_sem_seg.data
            assert data.shape == (1, 64, 64) and data.dtype == torch.int64
            tags = {0, *(tag + 1 for tag in dataset.get_data_info(index)['tags'])}
            assert set(data.unique().tolist()) <= {*tags, 255}
            seen |= set(data.unique().tolist())
    assert {0, 255} < seen


def test_supervised_variant_learns_from_the_true_masks(infos, demo_environment):
    cfg = load_config('configs/deeplab/deeplab-v2_r18_20e_demo-supervised.py')
    dataset = cfg.train_dataloader.dataset
    dataset.pipeline = [entry for entry in dataset.pipeline if 'Random' not in entry.type]
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        dataset = DATASETS.build(dataset)
        for index, info in enumerate(infos):
            data = dataset[index]['data_samples'].gt_sem_seg.data[0].numpy()
            assert np.array_equal(data, read_index_png(info['seg_map_path']))


def test_missing_masks_are_told_before_training(masks, demo_environment, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'holds no semantic_masks') as error:
        train('tiny_deeplab.py', tmp_path / 'x', **{MASKS: str(tmp_path / 'nowhere'), WEIGHTS: None})
    assert '\n' not in str(error.value)


def test_masks_of_other_photos_are_told(masks, infos, demo_environment, tmp_path):
    store = PseudoLabelStore(tmp_path / 'semantic_masks', 'semantic_masks', '.png')
    store.start(dict(made='by a test'), list(load_config(CONFIGS / 'tiny_cam.py').metainfo.classes))
    store.finish([])
    with pytest.raises(FileNotFoundError, match=r'has no semantic_masks of photo'):
        train('tiny_deeplab.py', tmp_path / 'x', **{MASKS: str(store.root), WEIGHTS: None})


def test_maps_without_tta_are_refused_where_they_leave_the_tags(deeplab, demo_environment, tmp_path):
    with pytest.raises(ValueError, match=r'holds class \d, which is none of its tags .* leave tta on'):
        make_labels('tiny_deeplab_maps.py', deeplab / 'epoch_1.pth', tmp_path / 'maps', **{WEIGHTS: None, 'tta': False})


def test_two_processes_train_as_one(masks, demo_environment, tmp_path, one_thread):
    options = {
        MASKS: str(masks),
        WEIGHTS: None,
        'model.backbone.norm_eval': True,
        'model.decode_head.dropout_ratio': 0,
    }
    pipeline = ['LoadPhoto', 'LoadSemanticMasks', CROP, 'PackSegInputs']
    check_two_processes_train_as_one(demo_environment, tmp_path, 'tiny_deeplab.py', pipeline, options)
