"""Measuring IRNet's displacement mean after training."""

from io import BytesIO

import torch
from mmengine.dist import all_reduce, barrier, is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from ...structures import write_atomically
from ..latest_checkpoint import find_latest_checkpoint
from ..safe_checkpoint import load_checkpoint_safely


@HOOKS.register_module()
class DisplacementMeanHook(Hook):
    """After training, set the head's ``displacement_mean`` to the mean over the training photos, and save again.

    Displacements are learnt from differences only, so their mean is free; clustering needs it to be zero. The photos
    are taken at their top left crop of the training size, as in IRNet's official code.

    Args:
        dataloader: Name of the config's entry with a dataloader over the training photos (no shuffling;
            ``round_up=False``).
    """

    priority = 'VERY_LOW'  # after the last checkpoint was saved

    def __init__(self, dataloader: str = 'mean_dataloader') -> None:
        self.dataloader = dataloader

    @torch.no_grad()
    def after_train(self, runner: Runner) -> None:
        """Measure, store and save."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        model.eval()
        model.head.displacement_mean.zero_()
        total = model.head.displacement_mean.new_zeros(3)  # sum of y, of x, number of photos
        loader = runner.build_dataloader(runner.cfg[self.dataloader])
        for index, batch in enumerate(loader):
            if index % 50 == 0:
                print_log(f'Displacement mean: photo batch {index} of {len(loader)}', 'current')
            displacement = model.find_displacement(model.data_preprocessor(batch)['inputs'])
            total[:2] += displacement.mean((2, 3)).sum(0)
            total[2] += len(displacement)
        all_reduce(total)
        model.head.displacement_mean.copy_(total[:2] / total[2])
        print_log(f'Displacement mean (y, x): {model.head.displacement_mean.tolist()}', 'current')
        if is_main_process():
            self._save(runner, model.head.displacement_mean)
        barrier()

    def _save(self, runner: Runner, mean: torch.Tensor) -> None:
        """Write the mean into the last checkpoint."""
        path = find_latest_checkpoint(runner.work_dir)
        if path is None:
            raise RuntimeError(
                f'{runner.work_dir} has no checkpoint to add the displacement mean to: keep the '
                'CheckpointHook in default_hooks'
            )
        checkpoint = load_checkpoint_safely(path)
        checkpoint['state_dict']['head.displacement_mean'] = mean.cpu()
        content = BytesIO()  # torch would tell a full disk by an error of its own
        torch.save(checkpoint, content)
        write_atomically(path, lambda file: file.write(content.getbuffer()))
