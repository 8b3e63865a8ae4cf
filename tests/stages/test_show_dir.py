"""`tools/test.py --show-dir` paints what each kind of model gives."""

import pytest
from PIL import Image
from tiny_chain.fixtures import read_tiny_config

from projects.wsis.apis.launch import apply_show, apply_tta, run_test


@pytest.mark.parametrize('name', ['tiny_cam.py', 'tiny_pam.py', 'tiny_irnet.py', 'tiny_deeplab.py', 'tiny_bestie.py'])
def test_predictions_are_painted(demo_root, demo_environment, chain, tmp_path, name):
    cfg = read_tiny_config(name, tmp_path / 'work')
    apply_show(cfg, show=False, show_dir='pictures')
    cfg.default_hooks.visualization.score_thr = 0.0
    if name == 'tiny_irnet.py':
        cfg.test_dataloader.dataset.data_prefix.cams = str(chain / 'cams/cams')
        cfg.load_from = str(chain / 'irnet/epoch_1.pth')
    if cfg.get('tta'):
        apply_tta(cfg)
    run_test(cfg)
    split = 'val' if name in ('tiny_deeplab.py', 'tiny_bestie.py') else 'train'
    photos = (demo_root / f'ImageSets/Segmentation/{split}.txt').read_text().split()
    pictures = {path.stem: path for path in (tmp_path / 'work').glob('*/pictures/*')}
    assert set(pictures) == set(photos)
    with Image.open(demo_root / f'JPEGImages/{photos[0]}.jpg') as photo, Image.open(pictures[photos[0]]) as picture:
        assert picture.size == (2 * photo.width, photo.height)
