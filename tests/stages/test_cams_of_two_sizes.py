"""One run of `tools/test.py` writes CAMs of two sizes, and labels are mined from those of full size."""

import numpy as np
import pytest
from tiny_chain.fixtures import read_tiny_config

from projects.wsis.apis.launch import apply_tta, run_test
from projects.wsis.structures import PseudoLabelStore
from projects.wsis.structures.masks import read_index_png


def make_cams(chain, work_dir, *writers):
    """Make CAMs, with more writers than that of the config."""
    cfg = read_tiny_config('tiny_cam.py', work_dir)
    cfg.model.test_cfg.other_sizes = dict(full_size_cams=dict(stride=1, size_divisor=16))
    cfg.test_evaluator = [*cfg.test_evaluator, *writers]
    cfg.load_from = str(next((chain / 'classifier').glob('*.pth')))
    apply_tta(cfg)
    return run_test(cfg)


def test_both_sizes_and_labels_of_the_larger(demo_environment, chain, tmp_path):
    writer = dict(type='CAMWriter', field='full_size_cams')
    numbers = make_cams(chain, tmp_path / 'cams', writer)
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

    # a photo that lacks one size is made again, and the numbers are those of what is stored
    kept = (tmp_path / 'cams/cams' / f'{photos[0]}.npz').read_bytes()
    (tmp_path / 'cams/full_size_cams' / f'{photos[0]}.npz').unlink()
    assert make_cams(chain, tmp_path / 'cams', writer) == numbers
    assert (tmp_path / 'cams/full_size_cams' / f'{photos[0]}.npz').is_file()
    assert (tmp_path / 'cams/cams' / f'{photos[0]}.npz').read_bytes() == kept


def test_writers_that_cannot_be(demo_environment, chain, tmp_path):
    with pytest.raises(ValueError, match='Two writers of test_evaluator have one folder'):
        make_cams(chain, tmp_path / 'twice', dict(type='CAMWriter'))
    with pytest.raises(ValueError, match='The model gives no large_cams: name this size in other_sizes'):
        make_cams(chain, tmp_path / 'unknown', dict(type='CAMWriter', field='large_cams'))
