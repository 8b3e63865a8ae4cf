"""Each part of a training and of a test gets the time that it takes; the clock goes only in what is measured."""

import time
from types import SimpleNamespace

import pytest
import torch
from mmengine.dist import get_world_size
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.hooks import CheckpointHook, Hook
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset

from projects.wsis.engine.hooks import LastValidationHook, StageTimesHook
from projects.wsis.engine.hooks.stage_times_hook import PARTS, STAGE_TIMES_NAME
from projects.wsis.structures import read_json

# seconds of one call each; sums of them tell which ones they are of
SAMPLE, LOSS, PREDICTION, BACKWARD, OPTIMIZER, HOOK, METRIC, SAVING = (10.0**power for power in range(-3, 5))


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def go(self, seconds: float) -> None:
        self.now += seconds


class SlowGradient(torch.autograd.Function):
    """The same values, with a backward pass that takes time."""

    @staticmethod
    def forward(ctx, values, clock):
        ctx.clock = clock
        return values.clone()

    @staticmethod
    def backward(ctx, gradient):
        ctx.clock.go(BACKWARD)
        return gradient, None


class SlowModel(BaseModel):
    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, inputs, mode='tensor'):
        self.clock.go(LOSS if mode == 'loss' else PREDICTION)
        if mode == 'loss':
            return dict(loss=SlowGradient.apply(self.weight, self.clock).sum())
        return [dict() for _ in inputs]


class SlowPhotos(Dataset):
    def __init__(self, clock):
        self.clock = clock

    def __len__(self):
        return 6

    def __getitem__(self, index):
        self.clock.go(SAMPLE)
        return dict(inputs=torch.zeros(3, 4, 4))


class SlowSGD(torch.optim.SGD):
    def step(self, closure=None):
        self.defaults['clock'].go(OPTIMIZER)
        return super().step(closure)


class SlowMetric(BaseMetric):
    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def process(self, data_batch, data_samples):
        self.clock.go(METRIC)
        self.results.extend(data_samples)

    def compute_metrics(self, results):
        return dict(count=len(results))


class SlowHook(Hook):
    def __init__(self, clock):
        self.clock = clock

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.clock.go(HOOK)

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.clock.go(HOOK)

    def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.clock.go(HOOK)

    def before_save_checkpoint(self, runner, checkpoint):
        self.clock.go(SAVING)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def build(clock, tmp_path):
    """Function: the loop of training -> a Runner that is measured; 6 photos are 3 batches, of 4 photos in tests 2."""

    def make(train_cfg=None, **settings):
        photos = SlowPhotos(clock)
        model = SlowModel(clock)
        optimizer = SlowSGD(model.parameters(), lr=0.1)
        optimizer.defaults['clock'] = clock
        evaluator = Evaluator([SlowMetric(clock)])
        training = dict(
            train_cfg=train_cfg,
            train_dataloader=DataLoader(photos, batch_size=2),
            optim_wrapper=OptimWrapper(optimizer),
            val_cfg=dict(),
            val_dataloader=DataLoader(photos, batch_size=6),
            val_evaluator=evaluator,
        )
        test = dict(test_cfg=dict(), test_dataloader=DataLoader(photos, batch_size=4), test_evaluator=evaluator)
        return Runner(
            model,
            str(tmp_path),
            **(training if train_cfg else test),
            default_hooks=dict(checkpoint=CheckpointHook(**settings)),
            custom_hooks=[SlowHook(clock), LastValidationHook(), StageTimesHook(clock)],
            experiment_name=f'{tmp_path.name}_{time.monotonic_ns()}',
            visualizer=dict(type='Visualizer', vis_backends=[], name=f'{tmp_path.name}_{time.monotonic_ns()}'),
            log_level='ERROR',
        )

    return make


VALIDATION = 6 * SAMPLE + PREDICTION + METRIC + HOOK
LOOPS = dict(
    epochs=(dict(by_epoch=True, max_epochs=2, val_interval=1), dict(interval=1), 6, 2),
    iterations=(dict(by_epoch=False, max_iters=5, val_interval=4), dict(interval=4, by_epoch=False), 5, 2),
)


@pytest.mark.parametrize('loop, saving, steps, validations', LOOPS.values(), ids=LOOPS)
def test_parts_of_a_training(build, clock, tmp_path, loop, saving, steps, validations):
    runner = build(loop, **saving)
    before = clock.now
    runner.train()
    times = read_json(tmp_path / STAGE_TIMES_NAME)
    assert times['parts'] == pytest.approx(
        dict(
            data=2 * steps * SAMPLE,
            forward=steps * LOSS,
            backward=steps * BACKWARD,
            optimizer=steps * OPTIMIZER,
            hooks=steps * HOOK + 2 * SAVING,
            evaluation=validations * VALIDATION,
        )
    )
    assert tuple(times['parts']) == PARTS and sum(times['parts'].values()) == pytest.approx(clock.now - before)
    assert (times['steps'], times['photos']) == (steps, 2 * steps * get_world_size())
    assert times['began'] <= times['ended'] <= time.time() and 'gpu_memory' not in times


def test_a_validation_that_a_hook_starts_is_no_time_of_hooks(build, clock, tmp_path):
    runner = build(*LOOPS['epochs'][:1])
    runner.train_loop._epoch = 2  # as resumed at its end: LastValidationHook validates
    runner.train()
    parts = read_json(tmp_path / STAGE_TIMES_NAME)['parts']
    assert parts['evaluation'] == pytest.approx(VALIDATION) and sum(parts.values()) == pytest.approx(clock.now)
    assert parts['hooks'] == parts['forward'] == 0


def test_parts_of_a_test(build, clock, tmp_path):
    runner = build()
    before = clock.now
    assert runner.test() == dict(count=6)
    times = read_json(tmp_path / STAGE_TIMES_NAME)
    assert times['parts'] == pytest.approx(
        dict(data=6 * SAMPLE, forward=2 * PREDICTION, backward=0, optimizer=0, hooks=2 * HOOK, evaluation=2 * METRIC)
    )
    assert sum(times['parts'].values()) == pytest.approx(clock.now - before)
    assert (times['steps'], times['photos']) == (2, 6)


def test_peak_of_gpu_memory_outlasts_a_log(monkeypatch, tmp_path):
    peaks = iter([3, 7, 2, 4])  # mmengine begins another peak when it logs
    monkeypatch.setattr(torch.cuda, 'max_memory_allocated', lambda: next(peaks))
    hook, runner = StageTimesHook(), SimpleNamespace(work_dir=tmp_path, train_dataloader=SimpleNamespace(batch_size=2))
    hook.watch = SimpleNamespace(on_gpu=True, seconds={})
    for _ in range(2):
        hook.after_train_iter(runner, 0)
    hook.after_val_iter(runner, 0)
    hook.after_run(runner)
    assert read_json(tmp_path / STAGE_TIMES_NAME)['gpu_memory'] == 7
