"""What tests of several folders share: the tiny chain, golden network outputs, and the checkpoints of those outputs."""

import gc
import json
import os
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_chain import plain_runs
from tiny_chain.fixtures import chain, demo_copy, demo_environment, demo_root, one_thread  # noqa: F401  (fixtures)

DATA = Path(__file__).parent / 'data'
# the processes of pytest-xdist share the cores
torch.set_num_threads(max(1, torch.get_num_threads() // int(os.environ.get('PYTEST_XDIST_WORKER_COUNT', 1))))


def pytest_collection_finish() -> None:
    """All tests are imported."""
    plain_runs.forget_what_is_imported()


@cache
def _read_golden_network(name):
    with np.load(DATA / 'golden' / 'networks' / f'{name}.npz', allow_pickle=False) as arrays:
        return dict(arrays)


@cache
def _read_key_table(name):
    return json.loads((DATA / 'state_dict_keys' / f'{name}.json').read_text())['entries']


def _make_tensor(golden, index, name, shape, dtype):
    """Make one tensor of an official network by the recipe that the golden outputs were made with."""
    if f'bn:{name}' in golden:
        return golden[f'bn:{name}']
    if dtype == 'int64':
        return np.zeros(shape, np.int64)
    rng = np.random.default_rng([int(golden['seed']), index])
    if len(shape) >= 2:
        return rng.standard_normal(shape) * np.sqrt(2 / (np.prod(shape) / shape[0]))
    return (
        rng.uniform(0.6, 1.4, shape) if name.endswith(('weight', 'running_var')) else 0.1 * rng.standard_normal(shape)
    )


@lru_cache(maxsize=2)  # up to 420 MB each
def _make_state_dict(name):
    golden, tensors = _read_golden_network(name), {}
    entries = _read_key_table(name)
    for index, (key, shape, dtype, alias) in enumerate(entries):
        if alias is not None:
            tensors[key] = tensors[entries[alias][0]]
        else:
            array = _make_tensor(golden, index, key, shape, dtype)
            tensors[key] = torch.tensor(array, dtype=getattr(torch, dtype))
    return tensors


@pytest.fixture
def earlier_runs_ended() -> None:
    """Runs of earlier tests have ended: what one changes in mmengine lasts as long as its Runner, which is garbage."""
    gc.collect()


@pytest.fixture(scope='session')
def golden_network():
    """Function: name of an official network -> dict of its golden arrays."""
    return _read_golden_network


@pytest.fixture(scope='session')
def public_key_table():
    """Function: name of an official network -> rows (key, shape, dtype, index of the row that it repeats or None)."""
    return _read_key_table


@pytest.fixture(scope='session')
def public_state_dict():
    """Function: name of an official network -> new dict of the (shared) tensors of its golden outputs."""
    return lambda name: dict(_make_state_dict(name))
