"""SEAM and SEAM + PPC as stages: trained on the tiny demo set, CAMs made, checkpoints of one in the other."""

import math

import numpy as np
import pytest
from tiny_chain.fixtures import make_labels, train
from tiny_chain.processes import link_demo

from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.structures import PseudoLabelStore


@pytest.fixture(scope='module')
def trained(demo_root, tmp_path_factory):
    """Function: config name -> checkpoint of one epoch and what training logged; made once."""
    made = {}

    def run(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name.removesuffix('.py')) / 'train'
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(link_demo(folder.parent, demo_root))
                train(name, folder, **{'default_hooks.logger.interval': 1})
            made[name] = folder / 'epoch_1.pth'
        return made[name]

    return run


@pytest.mark.parametrize('name', ['tiny_seam.py', 'tiny_ppc.py'])
def test_training_and_cams(name, trained, demo_environment, tmp_path):
    checkpoint = trained(name)
    log = ''.join(path.read_text() for path in checkpoint.parent.rglob('*.log'))
    for loss in ('loss_cls', 'loss_er', 'loss_ecr', 'loss_min_pooling'):
        assert f'{loss}: ' in log
    assert ('loss_intra_view: ' in log) == (name == 'tiny_ppc.py')
    metrics = make_labels(name, checkpoint, tmp_path / 'cams')
    assert math.isfinite(metrics['seed/mIoU'])
    store = PseudoLabelStore(tmp_path / 'cams/cams', 'cams', '.npz')
    names = sorted(path.stem for path in (demo_environment / 'JPEGImages').iterdir())
    arrays = store.read_arrays(names[0])
    height, width = arrays['size']
    assert arrays['cams'].shape == (len(arrays['labels']), (height - 1) // 4 + 1, (width - 1) // 4 + 1)
    assert arrays['cams'].dtype == np.float16 and arrays['cams'].min() == 0 and arrays['cams'].max() <= 1


def test_contrast_is_trained_and_counts_its_steps(trained):
    state_dict = load_checkpoint_safely(trained('tiny_ppc.py'))['state_dict']
    assert state_dict['contrast_head.loss_contrast.step'] == 2  # 8 photos, batches of 4
    assert state_dict['contrast_head.projector.weight'].shape[0] == 128


def test_checkpoint_of_ppc_in_seam_gives_the_same_cams(trained, demo_environment, tmp_path):
    checkpoint = trained('tiny_ppc.py')
    for name in ('tiny_ppc.py', 'tiny_seam.py'):
        make_labels(name, checkpoint, tmp_path / name)
    stores = [PseudoLabelStore(tmp_path / name / 'cams', 'cams', '.npz') for name in ('tiny_ppc.py', 'tiny_seam.py')]
    for path in sorted((tmp_path / 'tiny_seam.py' / 'cams').glob('*.npz')):
        one, other = (store.read_arrays(path.stem)['cams'] for store in stores)
        assert np.array_equal(one, other)


def test_missing_projector_is_fine_to_test_and_one_clear_line_to_resume(trained, demo_environment, tmp_path):
    checkpoint = trained('tiny_seam.py')
    assert math.isfinite(make_labels('tiny_ppc.py', checkpoint, tmp_path / 'test')['seed/mIoU'])
    with pytest.raises(ValueError, match=r'no weights for contrast_head\.projector\.weight') as error:
        train('tiny_ppc.py', tmp_path / 'resume', resume=str(checkpoint))
    assert '\n' not in str(error.value)
