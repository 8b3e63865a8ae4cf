"""One run of `tools/test.py` writes CAMs of two sizes, and labels are mined from those of full size."""

import numpy as np
from tiny_chain.fixtures import read_tiny_config

from projects.wsis.apis.launch import apply_tta, run_test
from projects.wsis.structures import PseudoLabelStore
from projects.wsis.structures.masks import read_index_png


def test_both_sizes_and_labels_of_the_larger(demo_environment, chain, tmp_path):
    cfg = read_tiny_config('tiny_cam.py', tmp_path / 'cams')
    cfg.model.test_cfg.other_sizes = dict(full_size_cams=dict(stride=1, size_divisor=16))
    cfg.test_evaluator = [*cfg.test_evaluator, dict(type='CAMWriter', field='full_size_cams')]
    cfg.load_from = str(next((chain / 'classifier').glob('*.pth')))
    apply_tta(cfg)
    numbers = run_test(cfg)
    assert numbers['cams/photos'] == numbers['full_size_cams/photos'] == 8
    stores = {name: PseudoLabelStore(tmp_path / 'cams' / name, 'cams', '.npz') for name in ('cams', 'full_size_cams')}
    alone = PseudoLabelStore(chain / 'cams/cams', 'cams', '.npz')
    photos = [path.stem for path in alone.root.glob('*.npz')]
    assert len(photos) == 8
    for photo in photos:
        small, large = (store.read_arrays(photo) for store in stores.values())
        np.testing.assert_array_equal(small['cams'], alone.read_arrays(photo)['cams'])
        assert large['cams'].shape[1:] == tuple(large['size']) and large['labels'].tolist() == small['labels'].tolist()

    cfg = read_tiny_config('tiny_inter_pixel_labels.py', tmp_path / 'labels')
    cfg.test_dataloader.dataset.data_prefix.cams = str(tmp_path / 'cams/full_size_cams')
    run_test(cfg)
    labels = [read_index_png(path) for path in sorted((tmp_path / 'labels/inter_pixel_labels').glob('*.png'))]
    assert len(labels) == 8 and any((label > 0).any() for label in labels)
