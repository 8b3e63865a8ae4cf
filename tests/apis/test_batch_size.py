"""Training sets with fewer images than the batch."""

from types import SimpleNamespace

import pytest

from projects.wsis.apis import batch_size
from projects.wsis.apis.batch_size import fit_batch


def make(images, batch):
    return SimpleNamespace(_train_dataloader=dict(dataset=range(images), batch_size=batch, drop_last=True))


@pytest.mark.parametrize('images, batch, processes, fitting', [(12, 16, 1, 12), (12, 12, 1, 12), (13, 8, 2, 6)])
def test_the_batch_is_never_larger_than_the_set(monkeypatch, images, batch, processes, fitting):
    monkeypatch.setattr(batch_size, 'get_world_size', lambda: processes)
    runner = make(images, batch)
    fit_batch(runner)
    assert runner._train_dataloader['batch_size'] == fitting and runner._train_dataloader['drop_last']


def test_fewer_images_than_processes(monkeypatch):
    monkeypatch.setattr(batch_size, 'get_world_size', lambda: 4)
    with pytest.raises(ValueError, match='3 images cannot be split over 4 processes'):
        fit_batch(make(3, 2))
