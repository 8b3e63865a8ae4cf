"""EPS from its config: saliency maps by the tool, training, CAMs; and what happens without maps."""

import pytest
from tiny_chain.fixtures import CROP, check_two_processes_train_as_one, make_labels, train
from tiny_chain.processes import run_tool

from projects.wsis.structures import PseudoLabelStore, read_json

MAPS = 'train_dataloader.dataset.data_prefix.saliency'


@pytest.fixture
def saliency(demo_root, demo_environment, tmp_path):
    """Maps of the tiny demo set, made by the tool outside the (shared) set."""
    folder = tmp_path / 'maps'
    result = run_tool(
        demo_root, tmp_path, 'dataset_converters/make_saliency.py', demo_root, '--out', folder, '--workers', '1'
    )
    assert result.status == 0, result.tail
    return folder


def test_training_and_cams(saliency, tmp_path, one_thread):
    assert read_json(saliency / 'manifest.json')['complete'] and len(list(saliency.glob('*.png'))) == 12
    train('tiny_eps.py', tmp_path / 'eps', **{MAPS: str(saliency)})
    metrics = make_labels('tiny_eps.py', tmp_path / 'eps/epoch_1.pth', tmp_path / 'cams')
    assert metrics['cams/photos'] == 8 and 0 <= metrics['seed/mIoU'] <= 100
    store = PseudoLabelStore(tmp_path / 'cams/cams', 'cams', '.npz')
    assert store.check_readable()['count'] == 8
    arrays = store.read_arrays(next((tmp_path / 'cams/cams').glob('*.npz')).stem)
    assert len(arrays['cams']) == len(arrays['labels']) > 0 and arrays['scores'].shape == (8,)


def test_missing_maps_stop_the_run_at_its_start(saliency, tmp_path):
    for path in sorted(saliency.glob('*.png'))[:3]:
        path.unlink()
    with pytest.raises(FileNotFoundError, match=r'3 of 8 photos have no saliency map'):
        train('tiny_eps.py', tmp_path / 'eps', **{MAPS: str(saliency)})
    assert not list((tmp_path / 'eps').glob('*.pth'))


def test_two_processes_train_as_one_with_the_contrast(saliency, demo_environment, tmp_path, one_thread):
    (tmp_path / 'runs').mkdir()
    pipeline = ['LoadPhoto', 'LoadSaliency', CROP, 'PackTagInputs']
    # random pixels go by their place in the batch, where photos of two processes come in another order
    options = {'model.contrast_head.loss_contrast.intra_view_weight': 0, MAPS: str(saliency)}
    check_two_processes_train_as_one(demo_environment, tmp_path / 'runs', 'tiny_ppc_eps.py', pipeline, options)
