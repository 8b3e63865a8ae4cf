"""Weak training never opens a mask file: proven while real configs train."""

import shutil
import sys
from pathlib import Path

import pytest
from mmengine.registry import DATASETS
from PIL import Image
from tiny_chain.fixtures import CONFIGS, train

from projects.wsis.apis.configs import load_config

MASK_FOLDERS = ('SegmentationClass', 'SegmentationObject')
OPENED: list[str] | None = None


def record(event: str, arguments: tuple) -> None:
    """Audit hook (it can never be taken off again, so it is silent unless a test asks)."""
    if OPENED is not None and event in ('open', 'os.listdir', 'os.scandir'):
        OPENED.append(str(arguments[0]))


@pytest.fixture
def opened(monkeypatch):
    """Every path that this process opens or lists."""
    sys.addaudithook(record)
    monkeypatch.setattr(sys.modules[__name__], 'OPENED', [])
    return lambda: list(OPENED)


def mask_files(paths: list[str]) -> list[str]:
    return [path for path in paths if set(Path(path).parts) & set(MASK_FOLDERS)]


def irnet_options(chain: Path) -> dict:
    return {
        'train_dataloader.dataset.data_prefix.inter_pixel_labels': str(chain / 'inter_pixel_labels/inter_pixel_labels'),
        'model.backbone.init_cfg.checkpoint': str(chain / 'classifier/epoch_1.pth'),
    }


def test_the_recorder_sees_mask_files(demo_environment, opened):
    from projects.wsis.datasets.transforms import LoadEvaluationMasks, LoadPhoto

    cfg = load_config(CONFIGS / 'tiny_cam.py')
    settings = dict(cfg.weak_dataset, with_masks=True, pipeline=[LoadPhoto(), LoadEvaluationMasks()])
    dataset = DATASETS.build(settings)
    assert 'instances' in dataset[0]
    assert len(mask_files(opened())) >= 2


@pytest.mark.parametrize('with_files', [True, False], ids=['masks there', 'masks deleted'])
def test_classifier_is_trained_and_validated_without_masks(demo_copy, tmp_path, opened, with_files):
    if not with_files:
        for folder in MASK_FOLDERS:
            shutil.rmtree(demo_copy / folder)
    OPENED.clear()
    train('tiny_cam.py', tmp_path / 'cam')
    assert any('JPEGImages' in path for path in opened())
    assert mask_files(opened()) == []


def test_eps_is_trained_with_saliency_maps_and_without_masks(demo_copy, tmp_path, opened):
    maps = demo_copy / 'saliency'
    maps.mkdir()
    for photo in (demo_copy / 'JPEGImages').iterdir():
        with Image.open(photo) as image:
            image.convert('L').save(maps / f'{photo.stem}.png')
    OPENED.clear()
    train('tiny_eps.py', tmp_path / 'eps')
    assert any('JPEGImages' in path for path in opened()) and any('saliency' in Path(path).parts for path in opened())
    assert mask_files(opened()) == []


def test_irnet_is_trained_without_masks(chain, demo_copy, tmp_path, opened):
    train('tiny_irnet.py', tmp_path / 'irnet', **irnet_options(chain))
    assert any('inter_pixel_labels' in path for path in opened())
    assert mask_files(opened()) == []
    assert (tmp_path / 'irnet' / 'epoch_1.pth').is_file()
