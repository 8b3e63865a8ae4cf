"""Weights of convolutions whose channels lie last, which a CPU calculates with more quickly."""

from mmengine.model import MMDistributedDataParallel
from mmengine.registry import MODEL_WRAPPERS
from torch import channels_last, nn

FEWEST_CHANNELS = 16


def lay_out_channels_last(model: nn.Module) -> None:
    """Let the convolutions of a model calculate with the channels of each pixel side by side.

    The maps follow the layout of the weights. Sums run in another order: results differ by the noise of float32. A
    model with a convolution that torch calculates wrongly then stays as it is; see :func:`is_unsafe`.
    """
    modules = list(model.modules())
    if any(map(is_unsafe, modules)):
        return
    for module in modules:
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):  # the weights of mmcv's own operators must stay
            module.weight.data = module.weight.data.contiguous(memory_format=channels_last)


def is_unsafe(module: nn.Module) -> bool:
    """Return whether a module is a convolution whose gradient torch writes beyond its memory with channels last.

    It does so for strided 1 x 1 convolutions with fewer than 16 input channels in float32 (torch 2.13 with oneDNN 3.12
    on a CPU with AVX-512: each of 1 to 15 channels was seen to, and none from 16 on, and no larger kernel), which ends
    the process now and then.
    """
    if not isinstance(module, nn.Conv2d) or tuple(module.kernel_size) != (1, 1):
        return False
    return max(module.stride) > 1 and module.in_channels // module.groups < FEWEST_CHANNELS


@MODEL_WRAPPERS.register_module()
class ChannelsLastDistributedDataParallel(MMDistributedDataParallel):
    """mmengine's wrapper for several processes, of a model whose channels lie last.

    The layout must be there before the model is wrapped: gradients are collected in the layout that the wrapper has
    seen.

    Args:
        module: The model; its weights are laid out anew, in place.
        kwargs: Arguments of ``MMDistributedDataParallel``.
    """

    def __init__(self, module: nn.Module, **kwargs) -> None:
        lay_out_channels_last(module)
        super().__init__(module, **kwargs)
