"""A hook that stops a run whose checkpoint belongs to another model, or to another class list."""

import logging

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.registry import HOOKS
from torch import nn

from ...structures.class_lists import describe_difference
from ..class_list import find_class_list

FEWEST_FRACTION = 0.1


def unwrap_model(model: nn.Module) -> nn.Module:
    """Return the model inside wrappers for distribution and test-time augmentation."""
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def find_unmatched_parameters(model: nn.Module, state_dict: dict) -> tuple[list[str], list[str]]:
    """Load a state dict into a model and tell what did not fit.

    Args:
        model: The bare model; keys that its modules rename while loading count as renamed.
        state_dict: Weights by name; a leading `module.` is ignored.

    Returns:
        Names of the model's parameters (not buffers) that got no weights, and names of those whose shape differs.
    """
    metadata = getattr(state_dict, '_metadata', None)
    weights = type(state_dict)((name.removeprefix('module.'), value) for name, value in state_dict.items())
    if metadata is not None and hasattr(weights, '__dict__'):
        weights._metadata = metadata
    own = model.state_dict()
    misshapen = [
        name
        for name, value in weights.items()
        if name in own and hasattr(value, 'shape') and value.shape != own[name].shape
    ]
    for name in misshapen:
        del weights[name]
    missing = set(model.load_state_dict(weights, strict=False).missing_keys)
    parameters = [name for name, _ in model.named_parameters()]
    return [name for name in parameters if name in missing and name not in misshapen], misshapen


def knows_classes(model: nn.Module) -> bool:
    """Whether what a model gives depends on the class list: whether a part of it after the backbone counts classes."""
    return any(
        hasattr(module, 'num_classes') for name, module in model.named_modules() if 'backbone' not in name.split('.')
    )


@HOOKS.register_module()
class CheckpointMatchHook(Hook):
    """Raise an error when a loaded checkpoint does not fit the model; mmengine itself only logs a warning.

    So it does when the checkpoint was trained with another class list, even one of the same size, as the labels would
    bear wrong names. Where a model is fine-tuned, or knows no classes (IRNet, AffinityNet), this is a warning.

    Args:
        complete: True where every parameter of the model must come from the checkpoint (testing, resuming). False
            where a part is enough (fine-tuning): at least a tenth of the model's parameters must fit.
        training: Whether the model is trained on. Else parameters that it names in ``training_only`` (prefixes) may be
            missing, such as the projector of SEAM + PPC in a checkpoint of SEAM.
    """

    def __init__(self, complete: bool = False, training: bool = True) -> None:
        self.complete = complete
        self.training = training

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Compare the checkpoint with the model before mmengine loads it.

        Raises:
            ValueError: If it does not fit; the message names the checkpoint, the model and the first misfit.
        """
        model = unwrap_model(runner.model)
        source = getattr(runner, '_load_from', None) or 'the checkpoint'
        self._compare_classes(runner, model, checkpoint, source)
        state_dict = checkpoint.get('state_dict', checkpoint)
        missing, misshapen = find_unmatched_parameters(model, state_dict)
        unused = () if self.training else tuple(getattr(model, 'training_only', ()))
        missing = [name for name in missing if not name.startswith(unused)]
        total = sum(1 for _ in model.parameters())
        unmatched = len(missing) + len(misshapen)
        if unmatched == 0 or (not self.complete and total - unmatched >= max(1, FEWEST_FRACTION * total)):
            return
        reason = f'no weights for {missing[0]}' if missing else f'another shape of {misshapen[0]}'
        raise ValueError(
            f'checkpoint {source} is not of this model ({type(model).__name__} of experiment '
            f'{runner.experiment_name}): {total - unmatched} of {total} parameters fit, {reason}; '
            'name the checkpoint that was trained with this config'
        )

    def _compare_classes(self, runner, model: nn.Module, checkpoint: dict, source: str) -> None:
        """Compare the class list that the checkpoint was trained with, if it says so, with that of the data set."""
        made_for = ((checkpoint.get('meta') or {}).get('dataset_meta') or {}).get('classes')
        needed = find_class_list(getattr(runner, 'cfg', {}), self.training)
        if not made_for or not needed or isinstance(made_for, str):
            return
        difference = describe_difference(made_for, needed)
        if difference is None:
            return
        text = f'checkpoint {source} was trained for {difference}'
        if self.complete and knows_classes(model):
            raise ValueError(
                f"{text}; name a checkpoint of this class list, or set the data set's metainfo to its list"
            )
        print_log(text, 'current', logging.WARNING)
