"""What a backbone gives: channels and strides of its levels, found by running it instead of counting by hand."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MethodType
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import nn

from ..ops import strided_size

SIDE = 128
SMALL_SIDE = 64  # enough to see which parameters take part
ODD_SIZE = (101, 118)  # no stride divides it
FINEST_STRIDE = 4  # of the levels that methods read
MOST_INDICES = 16  # more than any backbone of mmdet and mmseg has, but for the layers of a ViT, all of one stride


class FeatureLevel(NamedTuple):
    """One output of a backbone: its number of channels and its stride in pixels of the photo."""

    channels: int
    stride: int


def build_backbone(config: Mapping[str, Any], reader: Mapping[str, Any]) -> nn.Module:
    """Build a backbone with as many levels as those that read them need.

    Args:
        config: Config of the backbone.
        reader: Config of the head or neck that reads its levels; its class may say how many in ``min_levels``, and in
            ``reads_deferred`` that its ``forward`` takes :class:`DeferredMaps` for the last one.
    """
    kind = reader['type']
    owner = MODELS.get(kind) if isinstance(kind, str) else kind
    min_levels = getattr(owner, 'min_levels', 1)
    backbone, built = build_with_levels(config, min_levels, getattr(owner, 'finest_stride', None))
    if built is not config:
        print_log(f'{config["type"]}: out_indices={built["out_indices"]}, chosen for {kind}', logger='current')
    if hasattr(backbone, 'defer_last_level'):
        backbone.defer_last_level = isinstance(owner, type) and reads_deferred(owner)
    if (config.get('init_cfg') or {}).get('prefix'):
        # PVT and ViT read public checkpoints by themselves, know no prefix, and then load nothing; mmengine's way does
        backbone.init_weights = MethodType(BaseModule.init_weights, backbone)
    return backbone


def reads_deferred(reader: type) -> bool:
    """Return whether a class says so of its ``forward``; one that inherits the word but not the method does not."""
    says = next((base for base in reader.__mro__ if 'reads_deferred' in vars(base)), None)
    return says is not None and says.reads_deferred and says.forward is reader.forward


def build_with_levels(
    config: Mapping[str, Any], min_levels: int, finest_stride: int | None = None
) -> tuple[nn.Module, Mapping[str, Any]]:
    """Build a backbone, choosing ``out_indices`` if it returns too few or too coarse levels without; return it and its
    config.

    Some backbones (EfficientNet, CSPNeXt) give few levels unless ``out_indices`` is set. Where the config does not set
    it, one level of each stride from 4 on is chosen, the last of the stride. A backbone that has not as many levels is
    built as its config says: what reads it says what it needs.

    Args:
        config: Config of the backbone.
        min_levels: How many levels are needed.
        finest_stride: Stride that the finest level should have at most; coarser ones are taken where there is none.
    """
    backbone = MODELS.build(config)
    if min_levels == 1 or 'out_indices' in config:
        return backbone, config
    levels = infer_feature_levels(backbone)
    if len(levels) >= min_levels and (finest_stride is None or levels[0].stride <= finest_stride):
        return backbone, config
    indices = find_out_indices(config)
    if len(indices) < min_levels:
        return backbone, config
    chosen = {**config, 'out_indices': indices}
    other = MODELS.build(chosen)
    if len(levels) >= min_levels and infer_feature_levels(other)[0].stride >= levels[0].stride:
        return backbone, config  # it has no finer level
    return other, chosen


def find_out_indices(config: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the last index of each stride from 4 on, finest first; none if the backbone takes no indices.

    Args:
        config: Config of the backbone.
    """
    for count in range(MOST_INDICES, 0, -1):
        try:
            levels = infer_feature_levels(MODELS.build({**config, 'out_indices': tuple(range(count))}))
        except (TypeError, ValueError, AssertionError, IndexError, KeyError, AttributeError):  # there are not so many
            continue
        last = {level.stride: index for index, level in enumerate(levels)}
        return tuple(last[stride] for stride in sorted(last) if stride >= FINEST_STRIDE)
    return ()


def infer_feature_levels(backbone: nn.Module, size: int = SIDE, in_channels: int = 3) -> list[FeatureLevel]:
    """Run a backbone (and neck) once on a blank photo and return its levels, in its order.

    Args:
        backbone: Any mmdet or mmseg backbone: (N, 3, H, W) -> sequence of (N, C, h, w), or one such tensor.
        size: Side of the blank photo.
        in_channels: Channels of the photo.

    Raises:
        ValueError: If it gives something else than maps, or a level whose stride is no power of two; one line.
    """
    levels = _look_at_blank(backbone, (size, size), in_channels)
    found = [FeatureLevel(level.shape[1], round(size / level.shape[-1])) for level in levels]
    for maps, level in zip(levels, found):
        if level.stride < 1 or level.stride & (level.stride - 1) or maps.shape[-2] != maps.shape[-1]:
            raise ValueError(
                f'{_name(backbone)} gives a level of shape {tuple(maps.shape)} for an image of {size}x{size}: the '
                'methods here need maps (N, C, h, w) of strides 1, 2, 4, 8, ...; choose other out_indices of the '
                'backbone, or one that does not put channels last'
            )
    return found


def prepare_backbone(backbone: nn.Module) -> list[FeatureLevel]:
    """Let a backbone take photos of any size, and return its levels.

    Maps of stride s are to have ``ceil(H / s)`` rows and ``ceil(W / s)`` columns. A backbone that gives others for a
    size that its strides do not divide, or stops at it, as HRNet does, gets photos that are padded with zeros on the
    right and below to a multiple of its largest stride, and its maps are cut. Others are left as they are.

    Args:
        backbone: As of :func:`infer_feature_levels`.
    """
    levels = infer_feature_levels(backbone)
    if not takes_any_size(backbone, levels):
        _pad_photos(backbone, levels)
    return levels


def takes_any_size(backbone: nn.Module, levels: Sequence[FeatureLevel]) -> bool:
    """Return whether a backbone returns maps of ``ceil(H / s)`` rows and ``ceil(W / s)`` columns for any photo.

    Args:
        backbone: As of :func:`infer_feature_levels`.
        levels: What that found.
    """
    try:
        outputs = _look_at_blank(backbone, ODD_SIZE)
    except (RuntimeError, AssertionError):
        return False
    return all(
        tuple(output.shape[-2:]) == strided_size(ODD_SIZE, level.stride) for output, level in zip(outputs, levels)
    )


def exclude_unused(backbone: nn.Module, read: Callable[[Sequence[torch.Tensor]], Iterable[torch.Tensor]]) -> None:
    """Stop training parameters of a backbone that serve only levels which nobody uses.

    Such a parameter (the norm of a Swin's finer levels under a classifier of the last one) never gets a gradient, which
    stops training in several processes.

    Args:
        backbone: As of :func:`infer_feature_levels`.
        read: What is done with its levels: returns the maps that losses are taken of.
    """
    trained = [parameter for parameter in backbone.parameters() if parameter.requires_grad]
    if not trained:
        return
    with torch.enable_grad(), _evaluating(read):
        total = sum(maps.sum() for maps in read(_look_at_blank(backbone, (SMALL_SIDE, SMALL_SIDE), grad=True)))
    for parameter, gradient in zip(trained, torch.autograd.grad(total, trained, allow_unused=True)):
        if gradient is None:
            parameter.requires_grad_(False)


def _look_at_blank(
    backbone: nn.Module, size: tuple[int, int], in_channels: int = 3, grad: bool = False
) -> Sequence[torch.Tensor]:
    """Return the levels of a blank photo of a size (H, W), in evaluation mode."""
    reference = next(backbone.parameters())
    blank = torch.zeros(1, in_channels, *size, device=reference.device, dtype=reference.dtype)
    with torch.set_grad_enabled(grad), _evaluating(backbone):
        outputs = backbone(blank)
    levels = (outputs,) if isinstance(outputs, torch.Tensor) else outputs
    if not isinstance(levels, (list, tuple)) or not all(
        isinstance(level, torch.Tensor) and level.ndim == 4 for level in levels
    ):
        raise ValueError(
            f'{_name(backbone)} gives {_describe(outputs)}, not a tuple of maps (N, C, h, w), which the methods here '
            'need: look for a setting like out_type or output_cls_token'
        )
    return levels


@contextmanager
def _evaluating(module: object) -> Iterator[None]:
    """Keep a module in evaluation mode for a while, so that no statistics change; anything else is left alone."""
    training = isinstance(module, nn.Module) and module.training
    if training:
        module.eval()
    try:
        yield
    finally:
        if training:
            module.train()


def _pad_photos(backbone: nn.Module, levels: Sequence[FeatureLevel]) -> None:
    """Pad what goes into a backbone and cut what comes out, by hooks: the names of its weights stay."""
    divisor = max(level.stride for level in levels)
    sizes: list[tuple[int, int]] = []

    def pad(_: nn.Module, inputs: tuple) -> tuple:
        height, width = inputs[0].shape[-2:]
        sizes.append((height, width))
        return F.pad(inputs[0], (0, -width % divisor, 0, -height % divisor)), *inputs[1:]

    def cut(_: nn.Module, inputs: tuple, outputs: torch.Tensor | Sequence[torch.Tensor]) -> object:
        size = sizes.pop()
        if isinstance(outputs, torch.Tensor):
            return _cut(outputs, size, levels[0])
        return type(outputs)(_cut(output, size, level) for output, level in zip(outputs, levels))

    backbone.register_forward_pre_hook(pad)
    backbone.register_forward_hook(cut)


def _cut(output: torch.Tensor, size: tuple[int, int], level: FeatureLevel) -> torch.Tensor:
    rows, columns = strided_size(size, level.stride)
    return output[..., :rows, :columns]


def _name(backbone: nn.Module) -> str:
    return f'The backbone {type(backbone).__name__}'


def _describe(outputs: object) -> str:
    if isinstance(outputs, torch.Tensor):
        return f'a tensor of shape {tuple(outputs.shape)}'
    if isinstance(outputs, (list, tuple)):
        return f'a {type(outputs).__name__} with {", ".join(sorted({_describe(part) for part in outputs}))}'
    return f'a {type(outputs).__name__}'
