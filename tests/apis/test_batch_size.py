"""Training sets with fewer images than the batch, and batches that processes can share."""

from types import SimpleNamespace

import pytest

from projects.wsis.apis import batch_size
from projects.wsis.apis.batch_size import find_nearest_batch, fit_batch
from projects.wsis.apis.configs import load_config


def make(images, batch):
    return SimpleNamespace(_train_dataloader=dict(dataset=range(images), batch_size=batch, drop_last=True))


@pytest.mark.parametrize('images, batch, processes, fitting', [(12, 16, 1, 12), (12, 12, 1, 12), (13, 8, 2, 6)])
def test_the_batch_is_never_larger_than_the_set(monkeypatch, images, batch, processes, fitting):
    monkeypatch.setattr(batch_size, 'get_world_size', lambda: processes)
    runner = make(images, batch)
    fit_batch(runner)
    assert runner._train_dataloader['batch_size'] == fitting and runner._train_dataloader['drop_last']


@pytest.mark.parametrize('images, batch, fitting', [(13, 16, 13), (13, 8, 8)])
def test_the_batch_of_all_together_is_never_larger_than_the_set(monkeypatch, images, batch, fitting):
    monkeypatch.setattr(batch_size, 'get_world_size', lambda: 4)
    runner = make(images, batch)
    fit_batch(runner, together=True)
    assert runner._train_dataloader['batch_size'] == fitting


@pytest.mark.parametrize(
    'processes, expected', [(3, {5: 6, 10: 9, 16: 15}), (4, {5: 4, 10: 12, 16: 16}), (8, {5: 8, 10: 8, 16: 16})]
)
def test_the_nearest_batch_that_can_be_divided(processes, expected):
    assert {batch: find_nearest_batch(batch, processes) for batch in expected} == expected


@pytest.mark.parametrize('batch, processes, images, expected', [(5, 2, 5, 4), (7, 4, 7, 4), (1, 3, 3, 3), (6, 4, 8, 8)])
def test_the_nearest_batch_of_a_small_set(batch, processes, images, expected):
    assert find_nearest_batch(batch, processes, images) == expected


def test_a_batch_of_nothing_gets_one_line():
    with pytest.raises(ValueError, match=r'train_dataloader.batch_size is 0: set it to 1 or more') as caught:
        find_nearest_batch(0, 3)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('batch', [0, -2, 1.5, 'two', True, None, [4]])
@pytest.mark.parametrize('loader', ['train_dataloader', 'test_dataloader'])
def test_a_config_has_batches_of_whole_numbers_from_one(loader, batch):
    config = 'configs/cam/cam_r18_36e_demo.py'
    with pytest.raises(ValueError, match=r'set it to 1 or more, a whole number$') as caught:
        load_config(config, {f'{loader}.batch_size': batch})
    assert f'{config}: {loader}.batch_size is {batch!r}: ' in str(caught.value)
    assert load_config(config, {f'{loader}.batch_size': 3})[loader].batch_size == 3


def test_fewer_images_than_processes(monkeypatch):
    monkeypatch.setattr(batch_size, 'get_world_size', lambda: 4)
    with pytest.raises(ValueError, match='3 images cannot be split over 4 processes'):
        fit_batch(make(3, 2))
