"""Turning on the self-refinement of BESTIE, and logging and drawing its effect."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.dist import all_reduce, is_main_process
from mmengine.hooks import EMAHook, Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from ...ops import InstanceLabels
from ...visualization import instance_label_page

OUTCOMES = ('kept', 'added', 'split', 'dropped')


@HOOKS.register_module()
class SelfRefinementHook(Hook):
    """From a given iteration, train BESTIE also on labels made of its own output (Kim et al., CVPR 2022, section 3.2).

    Every interval it logs, as a share of the components of the semantic maps that have an instance in either kind of
    labels: ``kept`` (one instance before and after), ``added`` (instances where there was no pseudo label), ``split``
    (several instances after), ``dropped`` (none after).

    Args:
        begin: First iteration with refinement, from 0; a share of the schedule if it is a float below 1. A network that
            has learnt little makes bad labels: short schedules need some time without.
        interval: Iterations between two counts.
        draw_interval: Iterations between two pictures, while labels are refined; the last iteration has one too. 0
            draws none.
        draw_photos: How many photos of the main process are in a picture.
        teacher: ``'self'``: the running model makes the labels, as in the paper. ``'ema'``: the average that an
            ``EMAHook`` keeps does; add that hook to the config.

    Raises:
        ValueError: If ``begin`` is no number of iterations or share, ``draw_photos`` below 1, ``teacher`` unknown, or
            there is no ``EMAHook``.
    """

    priority = 'NORMAL'  # before the logger

    def __init__(
        self,
        begin: int | float = 0,
        interval: int = 50,
        draw_interval: int = 2000,
        draw_photos: int = 4,
        teacher: str = 'self',
    ) -> None:
        if teacher not in ('self', 'ema'):
            raise ValueError(f"teacher is 'self' or 'ema', not {teacher!r}")
        if not begin >= 0 or (isinstance(begin, float) and begin >= 1):
            raise ValueError(f'begin is a whole number of iterations, or a share from 0. to below 1., not {begin!r}')
        if draw_photos < 1:
            raise ValueError(f'draw_photos is 1 or more, not {draw_photos}; draw_interval=0 draws no pictures')
        self.begin = begin
        self.first_iteration = 0
        self.interval = interval
        self.draw_interval = draw_interval
        self.draw_photos = draw_photos
        self.teacher = teacher

    def before_train(self, runner: Runner) -> None:
        """Find the first iteration, and hand the averaged model over where it is the teacher."""
        self.first_iteration = int(self.begin * runner.max_iters) if isinstance(self.begin, float) else self.begin
        if self.teacher == 'self':
            return
        averages = [hook for hook in runner.hooks if isinstance(hook, EMAHook)]
        if not averages:
            raise ValueError(
                "SelfRefinementHook(teacher='ema') needs the average of an EMAHook: add dict(type='EMAHook') to "
                'custom_hooks'
            )
        object.__setattr__(_unwrap(runner), 'teacher', averages[0].ema_model.module.eval())

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Turn refinement on when its time has come."""
        _unwrap(runner).refining = runner.iter >= self.first_iteration

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        """Log what became of the instances, and draw some."""
        model = _unwrap(runner)
        if not model.refining:
            return
        if is_main_process() and self._is_drawing_due(runner):
            page = self._draw(model, data_batch, runner.train_dataloader.dataset.metainfo['classes'])
            runner.visualizer.add_image('self_refinement', page, runner.iter + 1)
        if self.every_n_train_iters(runner, self.interval):
            self._log_outcomes(runner, model)

    def _is_drawing_due(self, runner: Runner) -> bool:
        last = runner.iter + 1 == runner.max_iters
        return self.draw_interval > 0 and (last or self.every_n_train_iters(runner, self.draw_interval))

    def _log_outcomes(self, runner: Runner, model: torch.nn.Module) -> None:
        """Log the shares of all processes since the last time."""
        counts = model.outcomes.clone()
        all_reduce(counts)
        total = int(counts.sum())
        if not total:
            return  # given points make no such counts
        for name, count in zip(OUTCOMES, counts.tolist()):
            runner.message_hub.update_scalar(f'train/refinement_{name}', count / total)
        model.outcomes.zero_()

    def _draw(self, model: torch.nn.Module, data_batch: dict, classes: Sequence[str]) -> np.ndarray:
        """Return a page (H, W, 3) uint8 RGB with the first photos of a batch and the labels they have by now."""
        batch = {key: data_batch[key][: self.draw_photos] for key in ('inputs', 'data_samples')}
        samples, photos = batch['data_samples'], batch['inputs']
        ready = model.data_preprocessor(batch, training=False)
        labels = model.make_labels(ready['inputs'], ready['data_samples'])
        # inputs are BGR, and float32 after some colour transforms
        photos = [photo.flip(0).permute(1, 2, 0).clamp(0, 255).byte() for photo in photos]
        return instance_label_page(
            [photo.cpu().numpy() for photo in photos],
            [str(sample.get('img_id', '')) for sample in samples],
            [[InstanceLabels(*(part[index] for part in kind)) for kind in labels] for index in range(len(samples))],
            [sample.gt_sem_seg.data[0] for sample in samples],
            classes,
        )


def _unwrap(runner: Runner):
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
