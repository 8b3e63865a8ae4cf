"""Batch norms that become part of the convolutions before them, which saves a pass over their maps."""

from mmcv.cnn import ConvModule, fuse_conv_bn
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def fold_norms(network: nn.Module) -> int:
    """Fold the batch norms of a network into its convolutions, in place, and return how many there were.

    Only those inside mmcv's ``ConvModule`` are folded. The network must run in evaluation mode from then on, and cannot
    be trained any more. Its maps differ by the noise of float32.

    Args:
        network: A network with the weights that it is to have, none of whose convolutions has several norms.
    """
    chains = [module for module in network.modules() if isinstance(module, ConvModule) and has_foldable_norm(module)]
    for module in chains:
        fuse_conv_bn(module)
    return len(chains)


def has_foldable_norm(module: ConvModule) -> bool:
    """Return whether a batch norm with statistics and weights of its own follows a plain convolution directly."""
    norm = module.norm if module.with_norm else None
    return (
        isinstance(norm, _BatchNorm)
        and norm.affine
        and norm.running_mean is not None
        and type(module.conv) is nn.Conv2d
        and not module.with_spectral_norm
        and module.order.index('norm') == module.order.index('conv') + 1
    )
