"""AffinityNet's stages on the CAMs of the tiny chain: labels, training, pseudo masks, and going on after a break."""

from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.registry import DATASETS
from tiny_chain.fixtures import CONFIGS, make_labels, train
from tiny_chain.processes import link_demo

from projects.wsis.apis.configs import load_config
from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.structures import PseudoLabelStore, read_json
from projects.wsis.structures.masks import read_index_png

CAMS = 'test_dataloader.dataset.data_prefix.cams'
LABELS = 'train_dataloader.dataset.data_prefix.inter_pixel_labels'


def refine(stages, work_dir, **options):
    options = {CAMS: str(stages.cams), 'model.backbone.init_cfg': None, **options}
    return make_labels('tiny_affinitynet.py', stages.checkpoint, work_dir, **options)


@pytest.fixture(scope='module')
def stages(chain, demo_root, tmp_path_factory):
    """Work dirs of labels, training and pseudo masks, and the metrics. Not to be changed."""
    folder = tmp_path_factory.mktemp('affinitynet')
    found = SimpleNamespace(cams=chain / 'cams/cams', folder=folder, checkpoint=folder / 'affinitynet/epoch_1.pth')
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(link_demo(folder, demo_root))
        found.label_metrics = make_labels('tiny_affinity_labels.py', None, folder / 'labels', **{CAMS: str(found.cams)})
        weights = {'model.backbone.init_cfg.checkpoint': str(chain / 'classifier/epoch_1.pth')}
        labels = {LABELS: str(folder / 'labels/inter_pixel_labels')}
        train('tiny_affinitynet.py', folder / 'affinitynet', **weights, **labels)
        found.metrics = refine(found, folder / 'masks')
        dataset = DATASETS.build(load_config(CONFIGS / 'tiny_cam.py').test_dataloader.dataset)
        found.photos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return found


def test_labels_hold_the_tags_and_what_is_unsure(stages):
    seen = set()
    for info in stages.photos:
        labels = read_index_png(stages.folder / f'labels/inter_pixel_labels/{info["img_id"]}.png')
        assert set(np.unique(labels).tolist()) <= {0, 255, *(tag + 1 for tag in info['tags'])}
        seen |= set(np.unique(labels).tolist())
    assert 0 in seen and len(seen - {0, 255}) > 1
    assert {'sure_label/fg_precision', 'sure_label/bg_precision', 'sure_label/unsure'} <= stages.label_metrics.keys()


def test_training_started_from_the_classifier_and_learnt(stages, chain):
    trained = load_checkpoint_safely(stages.checkpoint)['state_dict']
    classifier = load_checkpoint_safely(chain / 'classifier/epoch_1.pth')['state_dict']
    key = 'backbone.layer1.0.conv1.weight'
    distance = (trained[key] - classifier[key]).norm() / classifier[key].norm()
    assert 0 < distance < 0.5
    assert trained['head.fusion.weight'].shape == (20, 20, 1, 1)


def test_pseudo_masks_are_complete_and_of_their_photos(stages):
    store = PseudoLabelStore(stages.folder / 'masks/semantic_masks', 'semantic_masks', '.png')
    classes = list(load_config(CONFIGS / 'tiny_cam.py').metainfo.classes)
    assert store.check_readable(classes)['count'] == len(stages.photos) == 8
    for info in stages.photos:
        mask = read_index_png(store.path_of(info['img_id']))
        labels = read_index_png(stages.folder / f'labels/inter_pixel_labels/{info["img_id"]}.png')
        assert mask.shape == labels.shape
        assert set(np.unique(mask).tolist()) <= {0, *(tag + 1 for tag in info['tags'])}
    assert stages.metrics['semantic_masks/photos'] == 8 and 0 < stages.metrics['semantic/mIoU'] < 100
    inputs = read_json(store.root / 'manifest.json')['lineage']['inputs']
    assert (
        inputs['cams']
        == read_json(stages.folder / 'labels/inter_pixel_labels/manifest.json')['lineage']['inputs']['cams']
    )


def test_constant_background_gives_other_masks(stages, demo_environment, tmp_path):
    refine(stages, tmp_path / 'masks', **{'model.test_cfg.background_score': 0.5})
    pairs = [
        [
            read_index_png(folder / f'semantic_masks/{info["img_id"]}.png')
            for folder in (stages.folder / 'masks', tmp_path / 'masks')
        ]
        for info in stages.photos
    ]
    assert any((first != second).any() for first, second in pairs)


def test_photos_that_are_there_are_not_made_again(stages, demo_environment, tmp_path):
    refine(stages, tmp_path / 'masks')
    store = tmp_path / 'masks/semantic_masks'
    gone = store / f'{stages.photos[3]["img_id"]}.png'
    expected, manifest = gone.read_bytes(), read_json(store / 'manifest.json')
    times = {path: path.stat().st_mtime_ns for path in store.glob('*.png') if path != gone}
    gone.unlink()
    metrics = refine(stages, tmp_path / 'masks')
    assert gone.read_bytes() == expected and metrics == stages.metrics
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert read_json(store / 'manifest.json')['lineage'] == manifest['lineage']
