"""Golden arrays and other inputs of the tests of ops."""

from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parents[1] / 'data' / 'golden'


@pytest.fixture(scope='session')
def golden():
    """Function: golden file name -> dict of numpy arrays."""

    def load(name):
        with np.load(GOLDEN / f'{name}.npz', allow_pickle=False) as arrays:
            return dict(arrays)

    return load


@pytest.fixture
def rng():
    import torch  # here, as the process that hands out tests reads this file too

    return torch.Generator().manual_seed(0)


@pytest.fixture(scope='session')
def labels(golden):
    """Golden arrays of BESTIE's labels, their refinement and the read-out."""
    return {**golden('bestie_labels'), **golden('bestie_refinement'), **golden('bestie_readout')}
