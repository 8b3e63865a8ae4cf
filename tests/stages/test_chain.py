"""What the tiny chain has made: stores, labels, the displacement mean, instances that others can read."""

import json

import numpy as np
import pytest
import torch
from mmdet.datasets import CocoDataset
from mmengine.config import ConfigDict
from mmengine.registry import DATASETS, MODELS, DefaultScope
from mmengine.runner import Runner
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from tiny_chain.fixtures import CONFIGS

from projects.wsis.apis.configs import load_config
from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.recipes.recipe import Recipe
from projects.wsis.structures import PseudoLabelStore, read_json
from projects.wsis.structures.masks import read_index_png

STAGES = ['classifier', 'cams', 'inter_pixel_labels', 'irnet', 'pseudo_labels']


@pytest.fixture
def photos(demo_environment):
    """Data infos of the training photos."""
    dataset = DATASETS.build(load_config(CONFIGS / 'tiny_cam.py').test_dataloader.dataset)
    return [dataset.get_data_info(index) for index in range(len(dataset))]


@pytest.fixture
def classes(demo_environment):
    return list(load_config(CONFIGS / 'tiny_cam.py').metainfo.classes)


def test_every_stage_is_complete_with_its_number(chain):
    results = read_json(chain / 'results.json')
    assert [stage['name'] for stage in results['stages']] == STAGES
    assert all(stage['complete'] and stage['seconds'] > 0 for stage in results['stages'])
    assert [stage['value'] is not None for stage in results['stages']] == [True, True, True, False, True]


def test_cam_store(chain, photos, classes):
    store = PseudoLabelStore(chain / 'cams/cams', 'cams', '.npz')
    assert store.check_readable(classes)['count'] == len(photos) == 8
    for info in photos:
        arrays = store.read_arrays(info['img_id'])
        height, width = arrays['size']
        assert arrays['labels'].tolist() == info['tags'] and str(arrays['mode']) == 'pseudo_label'
        assert arrays['cams'].dtype == np.float16
        assert arrays['cams'].shape == (len(info['tags']), (height - 1) // 4 + 1, (width - 1) // 4 + 1)
        assert arrays['cams'].min() >= 0 and arrays['cams'].max() <= 1
        assert arrays['scores'].shape == (8,)


def test_lineage_goes_from_store_to_store(chain):
    manifests = {
        name: read_json(chain / name / folder / 'manifest.json')
        for name, folder in {
            'cams': 'cams',
            'inter_pixel_labels': 'inter_pixel_labels',
            'pseudo_labels': 'semantic_masks',
        }.items()
    }
    cams = manifests['inter_pixel_labels']['lineage']['inputs']['cams']
    assert cams and cams == manifests['pseudo_labels']['lineage']['inputs']['cams']
    assert manifests['cams']['lineage']['checkpoint_hash'] != manifests['pseudo_labels']['lineage']['checkpoint_hash']


@pytest.mark.parametrize(
    'stage, store', [('inter_pixel_labels', 'inter_pixel_labels'), ('pseudo_labels', 'semantic_masks')]
)
def test_label_maps_hold_the_tags_only(chain, photos, stage, store):
    seen = set()
    for info in photos:
        labels = read_index_png(chain / stage / store / f'{info["img_id"]}.png')
        allowed = {0, *(tag + 1 for tag in info['tags'])} | ({255} if stage == 'inter_pixel_labels' else set())
        assert set(np.unique(labels).tolist()) <= allowed
        seen |= set(np.unique(labels).tolist())
    assert 0 in seen and len(seen - {0, 255}) > 1


def test_displacement_mean_is_in_the_checkpoint(chain, demo_environment, one_thread):
    """It is the mean of the displacements over the training photos, without itself."""
    cfg = load_config(CONFIGS / 'tiny_irnet.py')
    cfg.model.backbone.init_cfg = None
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(cfg.model)
    model.load_state_dict(load_checkpoint_safely(chain / 'irnet/epoch_1.pth')['state_dict'])
    mean = model.head.displacement_mean.clone()
    assert mean.abs().max() > 0
    model.eval()
    fields = []
    with torch.no_grad():
        for batch in Runner.build_dataloader(cfg.mean_dataloader):
            data = model.data_preprocessor(batch)
            fields.append(model(data['inputs'], data['data_samples'], mode='tensor')[1])
    fields = torch.cat(fields)
    assert len(fields) == 8
    torch.testing.assert_close(fields.mean((0, 2, 3)), torch.zeros(2), atol=1e-5, rtol=0)


def test_instances_are_read_by_pycocotools_and_mmdet(chain, classes, photos, demo_root):
    path = chain / 'pseudo_labels/instances.json'
    coco = COCO(str(path))
    assert [category['name'] for category in coco.loadCats(coco.getCatIds())] == classes
    names = [image['file_name'] for image in coco.dataset['images']]
    assert names == sorted(f'{info["img_id"]}.jpg' for info in photos)
    annotations = coco.loadAnns(coco.getAnnIds())
    assert annotations and all(annotation['score'] > 0 for annotation in annotations)
    tags = {f'{info["img_id"]}.jpg': info['tags'] for info in photos}
    for annotation in annotations:
        image = coco.loadImgs(annotation['image_id'])[0]
        mask = coco.annToMask(annotation)
        assert mask.shape == (image['height'], image['width']) and mask.sum() == annotation['area'] > 0
        assert annotation['category_id'] - 1 in tags[image['file_name']]
        assert coco_mask.toBbox(annotation['segmentation']).tolist() == annotation['bbox']
    dataset = CocoDataset(
        ann_file=str(path),
        data_prefix=dict(img=str(demo_root / 'JPEGImages')),
        metainfo=dict(classes=classes),
        filter_cfg=ConfigDict(filter_empty_gt=True, min_size=32),
    )
    found = [
        (entry['bbox_label'], entry['mask'])
        for info in (dataset.get_data_info(i) for i in range(len(dataset)))
        for entry in info['instances']
    ]
    assert sorted(label for label, _ in found) == sorted(entry['category_id'] - 1 for entry in annotations)


def test_json_lists_agree_with_the_store_of_instances(chain, photos):
    content = json.loads((chain / 'pseudo_labels/instances.json').read_text())
    stored = [read_json(chain / f'pseudo_labels/instances/{info["img_id"]}.json') for info in photos]
    assert len(content['annotations']) == sum(entry['score'] > 0 for photo in stored for entry in photo['instances'])


def test_second_call_of_the_pipeline_skips_everything(chain, demo_environment, capsys):
    before = {path: path.stat().st_mtime_ns for path in chain.rglob('*') if path.suffix in ('.pth', '.npz', '.png')}
    Recipe(load_config(CONFIGS / 'tiny_pipeline.py'), chain).run()
    output = capsys.readouterr().out
    assert output.count('complete already') == len(STAGES)
    assert {path: path.stat().st_mtime_ns for path in before} == before
