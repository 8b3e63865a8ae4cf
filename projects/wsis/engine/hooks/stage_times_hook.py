"""Measuring where the time of a stage goes."""

import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from ...structures import write_json
from ..stopwatch import Stopwatch

STAGE_TIMES_NAME = 'stage_times.json'
#: What the time of a training or a test is divided into.
PARTS = ('data', 'forward', 'backward', 'optimizer', 'hooks', 'evaluation')
# of an optimizer wrapper, and the part that each is
OPTIMIZER_CALLS = dict(backward='backward', step='optimizer', zero_grad='optimizer')
END = ('after_train', 'after_test')


@HOOKS.register_module()
class StageTimesHook(Hook):
    """Measure the parts of a training or a test, and write them to ``stage_times.json`` in the work dir.

    ``data`` is the waiting for batches, ``forward`` all of the network but the backward pass, ``hooks`` what all hooks
    do, also at the beginning and the end, and ``evaluation`` a validation as a whole, or the metrics and writers of a
    test. They sum up to the time from ``before_train`` or ``before_test`` to the end of ``after_train`` or
    ``after_test``; in several processes it is the first one's. The file also tells when that was, the number of steps
    and of photos, and the peak of a GPU's memory.

    The methods that are measured are wrapped when the run begins; without this hook nothing is.

    Args:
        clock: Returns the time in seconds.
    """

    priority = 'VERY_HIGH'

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.watch: Stopwatch | None = None
        self.steps = 0
        self.photos = 0
        self.gpu_memory = 0
        self.began = 0.0
        self.ended = 0.0

    def before_train(self, runner: Runner) -> None:
        """Begin to measure a training."""
        self._begin(runner)
        wrapper = runner.optim_wrapper
        for optimizer in wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]:
            for name, part in OPTIMIZER_CALLS.items():
                self._measure(optimizer, name, part)

    def before_test(self, runner: Runner) -> None:
        """Begin to measure a test, or the making of labels."""
        self._begin(runner)
        for name in ('process', 'evaluate'):
            self._measure(runner.test_loop.evaluator, name, 'evaluation')

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Count a step."""
        inputs = data_batch.get('inputs') if isinstance(data_batch, dict) else None
        batch = runner.train_dataloader.batch_size if inputs is None else len(inputs)
        self.steps += 1
        self.photos += batch * get_world_size()
        self._note_gpu_memory()

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Count a step; the inputs are no list of photos where several views of one are tested together."""
        loader = runner.test_dataloader
        self.steps += 1
        self.photos = min(self.steps * loader.batch_size * get_world_size(), len(loader.dataset))
        self._note_gpu_memory()

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        """Note the memory of a validation."""
        self._note_gpu_memory()

    def after_run(self, runner: Runner) -> None:
        """Write what was measured."""
        if self.watch is None or not is_main_process():
            return
        times: dict[str, Any] = dict(
            began=self.began,
            ended=self.ended,
            steps=self.steps,
            photos=self.photos,
            parts=self.watch.seconds,
        )
        if self.watch.on_gpu:
            self._note_gpu_memory()
            times['gpu_memory'] = self.gpu_memory
        write_json(Path(runner.work_dir) / STAGE_TIMES_NAME, times)

    def _note_gpu_memory(self) -> None:
        """Note the peak until now: mmengine begins another one whenever it logs."""
        if self.watch.on_gpu:
            self.gpu_memory = max(self.gpu_memory, torch.cuda.max_memory_allocated())

    def _begin(self, runner: Runner) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        on_gpu = next(model.parameters(), torch.empty(0)).is_cuda
        self.began = time.time()
        self.watch = Stopwatch(PARTS, 'hooks', on_gpu, self.clock)
        self._follow_hooks(runner)

    def _follow_hooks(self, runner: Runner) -> None:
        """See by the calls of hooks what the loop does: batches come before ``before_train_iter``, then the network."""
        call, watch = runner.call_hook, self.watch

        @wraps(call)
        def call_hook(name: str, **arguments: Any) -> None:
            if name == 'before_val':
                watch.open('evaluation')
            if watch.running == 'evaluation':  # a validation is measured as a whole
                call(name, **arguments)
            else:
                with watch.measure('hooks'):
                    call(name, **arguments)
            if name == 'after_val':
                watch.close()
            if watch.depth == 1:  # else a hook has called others
                watch.turn_to('forward' if name in ('before_train_iter', 'before_test_iter') else 'data')
            if name in END:
                self.ended = time.time()
                runner.call_hook = call

        runner.call_hook = call_hook

    def _measure(self, owner: Any, name: str, part: str) -> None:
        """Let the calls of a method count as a part."""
        method: Callable = getattr(owner, name)

        @wraps(method)
        def measured(*arguments: Any, **settings: Any) -> Any:
            with self.watch.measure(part):
                return method(*arguments, **settings)

        setattr(owner, name, measured)
