"""What mixed precision costs a training step: how far its maps and its gradients are from those of float32."""

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

KEPT_VALUES = 20_000  # of each map: enough for an error of two digits
LOSS_SCALE = 1024.0  # keeps small gradients in float16's range; a power of two rounds nothing


@dataclass
class LayerError:
    """Error of a layer's maps, relative to their length in float32, and that of the maps it was given."""

    name: str
    of_inputs: float
    of_outputs: float


@dataclass
class PrecisionErrors:
    """Errors of one training step in mixed precision, relative to float32: 0 is equal, 1 as large as the value itself.

    Attributes:
        loss: Of the sum of the losses.
        gradient: Of the gradient of all weights.
        gradient_parts: Of the gradients of each part of the model, such as a layer of the backbone.
        layers: Of the maps of every layer, in the order in which they ran. Left out are layers whose maps are
            of another size in mixed precision, as those of a detector's regions can be, whose first input is no map, or
            whose maps are zero.
    """

    loss: float
    gradient: float
    gradient_parts: dict[str, float] = field(default_factory=dict)
    layers: list[LayerError] = field(default_factory=list)

    def worst_layers(self, count: int) -> list[LayerError]:
        """Return the layers that add most error to the maps they are given, worst first."""
        return sorted(self.layers, key=lambda layer: layer.of_inputs - layer.of_outputs)[:count]


class Sample(NamedTuple):
    """Some values of a map, and its shape."""

    shape: torch.Size
    values: Tensor


@dataclass
class Step:
    """What is kept of one training step: the loss, gradients by parameter, and maps that layers are given and give."""

    loss: Tensor
    gradients: dict[str, Tensor]
    maps: dict[str, tuple[Sample, Sample]]


def measure_precision(model: BaseModel, batch: dict, mixed: OptimWrapper) -> PrecisionErrors:
    """Take the same training step in float32 and in mixed precision, without changing the model.

    Dropout is left out, as it would drop other values in the other precision.

    Args:
        model: The model, with the weights to judge; it is left as it was, without gradients.
        batch: A batch of its training data loader.
        mixed: An optimizer wrapper that trains the model in mixed precision.
    """
    state = {name: value.clone() for name, value in model.state_dict().items()}
    steps = []
    for context in (OptimWrapper(mixed.optimizer).optim_context, mixed.optim_context):
        try:
            with without_dropout(model):
                steps.append(_take_step(model, batch, context))
        finally:
            model.load_state_dict(state)  # statistics of batch norm have moved
    return _compare(*steps)


@contextmanager
def without_dropout(model: nn.Module) -> Iterator[None]:
    """Let no layer of a model drop values."""
    dropouts = [
        module
        for module in model.modules()
        if module.training and type(module).__name__.startswith(('Dropout', 'DropPath', 'AlphaDropout'))
    ]
    for module in dropouts:
        module.eval()
    try:
        yield
    finally:
        for module in dropouts:
            module.train()


def _take_step(model: BaseModel, batch: dict, context: Callable) -> Step:
    """Run a model forwards and backwards in the context of an optimizer wrapper."""
    maps = {}
    layers = [(name, module) for name, module in model.named_modules() if not any(module.children())]
    hooks = [module.register_forward_hook(_keep_maps(name, maps)) for name, module in layers]
    model.zero_grad()
    torch.manual_seed(0)  # what models draw at random is the same
    try:
        with context(model):
            # a copy, as samples may be padded in place
            losses = model(**model.data_preprocessor(copy.deepcopy(batch), True), mode='loss')
            loss, _ = model.parse_losses(losses)
        (loss * LOSS_SCALE).backward()
    finally:
        for hook in hooks:
            hook.remove()
    gradients = {
        name: parameter.grad.float() / LOSS_SCALE
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }
    model.zero_grad()
    return Step(loss.detach().float(), gradients, maps)


def _keep_maps(name: str, maps: dict[str, tuple[Sample, Sample]]) -> Callable:
    """Return a hook that keeps some values of what a layer is given and gives, when it first runs."""

    def keep(module: nn.Module, inputs: tuple, output: object) -> None:
        tensors = [*inputs[:1], output]
        if (
            inputs
            and all(isinstance(values, Tensor) and values.is_floating_point() for values in tensors)
            and name not in maps
        ):
            maps[name] = _sample(tensors[0]), _sample(output)

    return keep


def _sample(values: Tensor) -> Sample:
    """Return values at even distances, in float32 and in memory of their own."""
    flat = values.detach().flatten()
    places = torch.linspace(0, flat.numel() - 1, min(KEPT_VALUES, flat.numel()), dtype=torch.double)
    return Sample(values.shape, flat[places.round().long().to(flat.device)].float())


def _compare(exact: Step, mixed: Step) -> PrecisionErrors:
    parts: dict[str, list[tuple[Tensor, Tensor]]] = {}
    for name, gradient in exact.gradients.items():
        if name in mixed.gradients:
            parts.setdefault('.'.join(name.split('.')[:2]), []).append((gradient, mixed.gradients[name]))
    return PrecisionErrors(
        _relative_error([(exact.loss, mixed.loss)]),
        _relative_error([pair for pairs in parts.values() for pair in pairs]),
        {part: _relative_error(pairs) for part, pairs in parts.items()},
        list(_compare_layers(exact.maps, mixed.maps)),
    )


def _compare_layers(
    exact: dict[str, tuple[Sample, Sample]], mixed: dict[str, tuple[Sample, Sample]]
) -> Iterator[LayerError]:
    """Yield the errors of layers whose maps have any, and have the same sizes in both precisions."""
    for name, samples in exact.items():
        others = mixed.get(name, ())
        if [sample.shape for sample in samples] != [sample.shape for sample in others]:
            continue
        given, output = (_relative_error([(one.values, other.values)]) for one, other in zip(samples, others))
        if output > 0 and not math.isnan(given):
            yield LayerError(name, given, output)


def _relative_error(pairs: list[tuple[Tensor, Tensor]]) -> float:
    """Return the length of the differences of tensors by that of the first ones; NaN for zeros."""
    difference = sum(float((other - one).double().square().sum()) for one, other in pairs)
    length = sum(float(one.double().square().sum()) for one, _ in pairs)
    return (difference / length) ** 0.5 if length else float('nan')
