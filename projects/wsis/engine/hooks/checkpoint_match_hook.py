"""A hook that stops a run whose checkpoint belongs to another model, or to another class list."""

import logging

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.registry import HOOKS
from torch import nn

from ...structures.class_lists import describe_difference
from ..checkpoint_match import knows_classes, load_matching, read_classes, unwrap_model
from ..class_list import find_class_list
from ..mmengine_names import find_load_from
from ..run_kind import is_training, starts_training

FEWEST_FRACTION = 0.1


@HOOKS.register_module()
class CheckpointMatchHook(Hook):
    """Raise an error when a loaded checkpoint does not fit the model; mmengine itself only logs a warning.

    So it does when the checkpoint was trained with another class list, even one of the same size, as the labels would
    bear wrong names. Where a model is fine-tuned, or knows no classes (IRNet, AffinityNet), this is a warning.

    Every parameter of the model must come from the checkpoint where it is tested, or its training resumed. Where it is
    fine-tuned, a part is enough: at least a tenth. In a test, parameters that the model names in ``training_only``
    (prefixes) may be missing, such as the projector of SEAM + PPC in a checkpoint of SEAM.
    """

    priority = 'VERY_LOW'  # other hooks may change what was loaded

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Compare the checkpoint with the model before mmengine loads it.

        Raises:
            ValueError: If it does not fit; the message names the checkpoint, the model and the first misfit.
        """
        model = unwrap_model(runner.model)
        source = find_load_from(runner) or 'the checkpoint'
        training = is_training(runner)
        complete = not starts_training(runner)
        self._compare_classes(runner, model, checkpoint, source)
        misfit = load_matching(model, checkpoint, training)
        enough = misfit.total - misfit.count >= max(1, FEWEST_FRACTION * misfit.total)
        if misfit.count == 0 or (not complete and enough):
            return
        raise ValueError(misfit.describe(source, f'{type(model).__name__} of experiment {runner.experiment_name}'))

    def _compare_classes(self, runner, model: nn.Module, checkpoint: dict, source: str) -> None:
        """Compare the class list that the checkpoint was trained with, if it says so, with that of the data set."""
        made_for = read_classes(checkpoint)
        needed = find_class_list(getattr(runner, 'cfg', {}), is_training(runner))
        if not made_for or not needed:
            return
        difference = describe_difference(made_for, needed)
        if difference is None:
            return
        text = f'checkpoint {source} was trained for {difference}'
        if not starts_training(runner) and knows_classes(model):
            raise ValueError(
                f"{text}; name a checkpoint of this class list, or set the data set's metainfo to its list"
            )
        print_log(text, 'current', logging.WARNING)
