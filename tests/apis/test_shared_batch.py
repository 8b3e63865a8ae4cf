"""A batch that processes share: by calculation, and in real trainings of two processes."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_chain.processes import TESTS, run_tool_in_ranks

from projects.wsis.apis import auto_scale_lr, shared_batch
from projects.wsis.apis.auto_scale_lr import scale_schedule
from projects.wsis.apis.shared_batch import BatchChange, share_batch, write_batch_change
from projects.wsis.engine import load_checkpoint_safely

CONFIG = TESTS / 'tools' / 'tiny_config.py'
# the peak of a one-cycle schedule and the end of a polynomial one are rates, and not factors of the optimizer's
SCHEDULE = (
    f'_base_ = {str(CONFIG)!r}\n'
    "param_scheduler = [dict(type='OneCycleLR', eta_max=0.5, div_factor=25, total_steps=8, by_epoch=False)]\n"
    "visualizer = dict(vis_backends=[dict(type='LocalVisBackend')])\n"
    'train_dataloader = dict(batch_size=5)\nauto_scale_lr = dict(base_batch_size=10)\n'
    "default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1))\n"
)
LINE = 'A batch of 5 photos cannot be divided among 2 processes: the batch size is 6, with a learning rate of '


def make(batch: int, images: int = 1000, **settings: object) -> SimpleNamespace:
    """Return what is read of a Runner."""
    schedulers = [dict(type='OneCycleLR', eta_max=0.4), dict(type='PolyLR', eta_min=0.2)]
    return SimpleNamespace(
        _train_dataloader=dict(dataset=range(images), batch_size=batch),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        param_schedulers=schedulers,
        auto_scale_lr=settings or None,
        cfg=SimpleNamespace(filename='config.py'),
    )


@pytest.fixture
def share(monkeypatch):
    """Function: processes and the Runner -> the change, with the rates of its schedules scaled."""

    def call(processes, runner, keep=False):
        for module in (shared_batch, auto_scale_lr):
            monkeypatch.setattr(module, 'get_world_size', lambda: processes)
        change = share_batch(runner, keep)
        scale_schedule(runner)
        return change

    return call


@pytest.mark.parametrize('processes', [3, 4, 8])
@pytest.mark.parametrize('batch', [5, 10, 16])
def test_rates_follow_the_batch_linearly(share, processes, batch):
    runner = make(batch)
    change = share(processes, runner)
    together = runner._train_dataloader['batch_size'] * processes
    assert together % processes == 0 and abs(together - batch) <= max(processes / 2, processes - batch)
    assert (change is None) == (batch % processes == 0)
    ratio = together / batch
    if change:
        assert (change.batch_size, change.batch_size_before, change.processes) == (together, batch, processes)
        assert (change.learning_rate, change.learning_rate_before) == pytest.approx((0.1 * ratio, 0.1))
        assert runner.auto_scale_lr == dict(enable=True, base_batch_size=batch)
    rates = [scheduler.get('eta_max', scheduler.get('eta_min')) for scheduler in runner.param_schedulers]
    assert rates == pytest.approx([0.4 * ratio, 0.2 * ratio])


def test_scaling_that_is_on_already_scales_once(share):
    runner = make(10, enable=True, base_batch_size=5)
    change = share(4, runner)
    assert (change.learning_rate, change.learning_rate_before) == pytest.approx((0.24, 0.2))
    assert runner.auto_scale_lr == dict(enable=True, base_batch_size=5)
    assert runner.param_schedulers[0]['eta_max'] == pytest.approx(0.4 * 12 / 5)


def test_a_set_smaller_than_the_next_multiple(share):
    runner = make(7, images=7)
    change = share(4, runner)
    assert runner._train_dataloader['batch_size'] == 1 and change.learning_rate == pytest.approx(0.1 * 4 / 7)


def test_a_batch_to_keep_is_refused(share):
    expected = 'a batch of 10 photos cannot be divided among 4 processes: choose another .* in config.py'
    with pytest.raises(ValueError, match=expected) as caught:
        share(4, make(10), keep=True)
    assert '\n' not in str(caught.value)
    runner = make(16)
    assert share(4, runner, keep=True) is None and runner._train_dataloader['batch_size'] == 4


def test_a_rate_that_the_optimizer_chooses_is_told_as_a_factor():
    assert BatchChange(4, 12, 10, None, None).describe().endswith('is 12, with 1.2 times the learning rate')


def test_the_note_of_an_earlier_training_goes(tmp_path):
    write_batch_change(tmp_path, BatchChange(4, 12, 10, 0.12, 0.1))
    assert json.loads((tmp_path / 'batch.json').read_text())['batch_size'] == 12
    write_batch_change(tmp_path, None)
    assert not (tmp_path / 'batch.json').exists()


def train(folder: Path, demo_root: Path, *arguments: str) -> SimpleNamespace:
    """Train in two processes with a batch of 5; return the result of the tool, with what the training has left."""
    config = folder / 'config.py'
    config.write_text(SCHEDULE)
    result = run_tool_in_ranks(demo_root, folder, 2, 'train.py', config, '--work-dir', folder / 'work', *arguments)
    if result.status == 0:
        (log,) = (folder / 'work').glob('*/vis_data/scalars.json')
        result.rates = [json.loads(line)['lr'] for line in log.read_text().splitlines()]
        result.meta = load_checkpoint_safely(folder / 'work' / 'epoch_2.pth')['meta']
        note = folder / 'work' / 'batch.json'
        result.note = json.loads(note.read_text()) if note.is_file() else None
    return result


@pytest.mark.parametrize('scaling, factor', [((), 1.2), (('--auto-scale-lr',), 0.6)])
def test_two_processes_of_an_odd_batch(tmp_path, demo_root, scaling, factor):
    result = train(tmp_path, demo_root, '--share-batch', *scaling)
    assert result.status == 0, result.tail
    rates = [0.05 * factor, 0.05 * factor / 1.2]
    assert f'{LINE}{rates[0]:g} instead of {rates[1]:g}' in result.output
    assert result.output.count('Scaling the original LR') == 1
    assert len(result.rates) == 2 * 3, 'two epochs of 16 samples in batches of 6'
    assert result.rates[0] == pytest.approx(factor * 0.5 / 25)
    expected = dict(processes=2, batch_size=6, batch_size_before=5)
    expected |= dict(learning_rate=pytest.approx(rates[0]), learning_rate_before=pytest.approx(rates[1]))
    assert result.note == expected and result.meta['batch'] == expected


def test_fewer_images_than_an_odd_batch(tmp_path, demo_root):
    options = ['train_dataloader.batch_size=9', 'train_dataloader.dataset.length=5']
    result = train(tmp_path, demo_root, '--share-batch', '--cfg-options', *options)
    assert result.status == 0, result.tail
    assert 'Only 5 images: the batch size is 5 instead of 9' in result.output
    assert 'the batch size is 4, with a learning rate of 0.04 instead of 0.05' in result.output
    assert result.rates[0] == pytest.approx(0.8 * 0.5 / 25) and result.note['batch_size'] == 4


def test_two_processes_that_keep_the_batch(tmp_path, demo_root):
    refused = train(tmp_path, demo_root, '--keep-batch')
    assert refused.status == 1 and 'Traceback' not in refused.output
    assert 'a batch of 5 photos cannot be divided among 2 processes' in refused.tail
    kept = train(tmp_path, demo_root, '--keep-batch', '--cfg-options', 'train_dataloader.batch_size=4')
    assert kept.status == 0, kept.tail
    assert len(kept.rates) == 2 * 4 and kept.rates[0] == pytest.approx(0.5 / 25)
    assert kept.note is None and 'batch' not in kept.meta and 'cannot be divided' not in kept.output


def test_each_process_takes_a_whole_batch_without_the_option(tmp_path, demo_root):
    result = train(tmp_path, demo_root)
    assert result.status == 0, result.tail
    assert len(result.rates) == 2 * 2 and result.rates[0] == pytest.approx(0.5 / 25) and result.note is None
