"""`test.py --out`: predictions of new images as files, without tags and masks, beside what is measured."""

import shutil

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from random_models import KINDS, save_random_model
from tiny_chain.processes import run_tool

from projects.wsis.apis import WSISInferencer
from projects.wsis.apis.configs import load_config
from projects.wsis.structures import read_json


@pytest.fixture
def data(demo_root, tmp_path):
    """A data set file of three images in subfolders, with neither tags nor masks."""
    for index, photo in enumerate(sorted((demo_root / 'JPEGImages').iterdir())[:3]):
        folder = tmp_path / 'new images' / str(index % 2)
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, folder)
    classes = tuple(load_config(KINDS['bestie']).classes)
    root = str(tmp_path / 'new images') + '/'
    file = tmp_path / 'datasets' / 'data.py'
    file.parent.mkdir()
    file.write_text(
        f'classes = {classes!r}\nnum_classes = len(classes)\nmetainfo = dict(classes=classes)\n'
        f'data_root = photo_folder = {root!r}\npoints_file = None\n'
        "weak_dataset = dict(type='PhotoTagDataset', data_root=data_root, metainfo=metainfo)\n"
        'label_dataset = val_dataset = weak_dataset\n'
    )
    return file


@pytest.mark.parametrize('kind', ['bestie', 'mask_rcnn', 'deeplab'])
def test_predictions_of_images_without_labels(kind, data, tmp_path):
    _, checkpoint = save_random_model(kind, tmp_path / 'model')
    options = ['test_dataloader.num_workers=0', 'test_dataloader.persistent_workers=False', 'tta=False']
    arguments = [KINDS[kind], checkpoint, '--data', data, '--out', 'out', '--metrics', 'metrics.json']
    result = run_tool(None, tmp_path, 'test.py', *arguments, '--work-dir', 'work', '--cfg-options', *options)
    assert result.status == 0, result.tail
    assert not [name for name in read_json(tmp_path / 'metrics.json') if 'AP' in name or 'IoU' in name]
    root = tmp_path / 'new images'
    photos = sorted(path.relative_to(root).as_posix() for path in root.rglob('*.jpg'))
    inferencer = WSISInferencer(KINDS[kind], checkpoint, device='cpu', show_progress=False)
    expected = {photo: inferencer(str(root / photo))['predictions'][0] for photo in photos}
    if 'sem_seg' in expected[photos[0]]:
        for photo in photos:
            mask = np.array(Image.open(tmp_path / 'out' / 'semantic_masks' / f'{photo}.png'))
            assert (mask == expected[photo]['sem_seg']).mean() > 0.99
    if kind == 'deeplab':
        assert not (tmp_path / 'out' / 'instances.json').exists()
        return
    content = read_json(tmp_path / 'out' / 'instances.json')
    assert [image['file_name'] for image in content['images']] == photos
    for image in content['images']:
        own = [entry for entry in content['annotations'] if entry['image_id'] == image['id']]
        assert len(own) == len(expected[image['file_name']]['masks']) > 0
        assert coco_mask.area(own[0]['segmentation']) == own[0]['area']
        assert own[0]['segmentation']['size'] == [image['height'], image['width']]
