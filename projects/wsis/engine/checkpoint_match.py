"""Checking that the weights of a checkpoint belong to a model."""

from dataclasses import dataclass

from mmengine.model import BaseTTAModel, is_model_wrapper
from torch import nn

from ..structures.class_lists import without_background


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


@dataclass(frozen=True)
class Misfit:
    """Which parameters of a model did not get weights from a checkpoint.

    Attributes:
        total: How many parameters the model has.
        missing: Names of those that the checkpoint lacks.
        misshapen: Names of those that have another shape in it.
    """

    total: int
    missing: list[str]
    misshapen: list[str]

    @property
    def count(self) -> int:
        """The number of parameters that got no weights."""
        return len(self.missing) + len(self.misshapen)

    def describe(self, source: str, model: str) -> str:
        """Return one line that says what does not fit, if anything."""
        reason = f'no weights for {self.missing[0]}' if self.missing else f'another shape of {self.misshapen[0]}'
        return (
            f'checkpoint {source} is not of this model ({model}): {self.total - self.count} of {self.total} parameters '
            f'fit, {reason}; name the checkpoint that was trained with this config'
        )


def read_classes(checkpoint: dict) -> tuple[str, ...]:
    """Return the class list, without background, that a checkpoint was trained with; empty where it does not say."""
    classes = ((checkpoint.get('meta') or {}).get('dataset_meta') or {}).get('classes')
    return without_background(classes) if classes and not isinstance(classes, str) else ()


def load_matching(model: nn.Module, checkpoint: dict, training: bool) -> Misfit:
    """Load those weights of a checkpoint into a model that fit, and tell which did not.

    Args:
        model: The bare model.
        checkpoint: As mmengine saves it, or a state dict.
        training: Whether the model is trained on; else parameters that it names in ``training_only`` may be missing.
    """
    missing, misshapen = find_unmatched_parameters(model, checkpoint.get('state_dict', checkpoint))
    unused = () if training else tuple(getattr(model, 'training_only', ()))
    missing = [name for name in missing if not name.startswith(unused)]
    return Misfit(sum(1 for _ in model.parameters()), missing, misshapen)


def knows_classes(model: nn.Module) -> bool:
    """Return whether the outputs of a model depend on the class list: a part after the backbone counts classes."""
    return any(
        hasattr(module, 'num_classes') for name, module in model.named_modules() if 'backbone' not in name.split('.')
    )
