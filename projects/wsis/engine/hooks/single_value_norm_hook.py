"""A hook for batch norms on maps with one value per channel, such as pooled maps of a batch of one photo."""

import logging

import torch
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


@HOOKS.register_module()
class SingleValueNormHook(Hook):
    """Normalise maps with one value per channel by the running statistics, as in evaluation.

    The image pooling of DeepLab V3+ (and of other pyramids) makes maps of 1 x 1 pixel, which torch refuses to normalise
    in a batch of one photo: one value has no variance. This happens with ``batch_size=1``, or in a last batch of one.
    The first time, the log says so. All other batches are untouched.
    """

    def before_train(self, runner: Runner) -> None:
        """Prepare every batch norm of the model."""
        self.told = False
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        for name, module in model.named_modules():
            if isinstance(module, _BatchNorm) and not hasattr(module, '_takes_single_values'):
                module._takes_single_values = True
                module.register_forward_pre_hook(lambda norm, inputs, name=name: self._before(norm, inputs[0], name))
                module.register_forward_hook(_after)

    def _before(self, norm: _BatchNorm, maps: torch.Tensor, name: str) -> None:
        if not norm.training or norm.running_mean is None or maps.numel() != maps.shape[1]:
            return
        if isinstance(norm, nn.SyncBatchNorm) and get_world_size() > 1:
            return  # the other processes have values too, and wait for this one
        norm.training, norm._was_training = False, True
        if not self.told:
            self.told = True
            print_log(
                f'{name} sees one value per channel (a batch of one photo) and is normalised by the running '
                'statistics; with a batch_size of 2 or more it uses the statistics of the batch',
                'current',
                logging.WARNING,
            )


def _after(norm: _BatchNorm, inputs: tuple, output: torch.Tensor) -> None:
    if norm.__dict__.pop('_was_training', False):
        norm.training = True
