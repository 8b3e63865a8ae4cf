"""Batch norms that are part of the convolution before them, which saves a pass over its maps."""

from mmcv.cnn import ConvModule, fuse_conv_bn
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def fold_norms(model: nn.Module) -> int:
    """Fold the batch norms of a model into its convolutions, in place, and return how many there were.

    Only those inside mmcv's ``ConvModule`` are folded: there nothing else reads the maps of the convolution. The model
    must be in evaluation mode when it runs, and cannot be trained any more. Its maps differ by the noise of float32.

    Args:
        model: The model, with the weights that it is to have.
    """
    chains = [module for module in model.modules() if isinstance(module, ConvModule) and has_foldable_norm(module)]
    for module in chains:
        fuse_conv_bn(module)
    return len(chains)


def has_foldable_norm(module: ConvModule) -> bool:
    """Return whether a batch norm with statistics of its own follows a plain convolution directly."""
    norm = module.norm if module.with_norm else None
    return (
        isinstance(norm, _BatchNorm)
        and norm.running_mean is not None
        and type(module.conv) is nn.Conv2d
        and module.order.index('norm') == module.order.index('conv') + 1
    )
