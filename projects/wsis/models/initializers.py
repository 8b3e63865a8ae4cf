"""Ways to initialise weights that mmengine does not have."""

import torch
from mmengine.model import KaimingInit
from mmengine.registry import WEIGHT_INITIALIZERS
from torch import nn


@WEIGHT_INITIALIZERS.register_module()
class KaimingWeights(KaimingInit):
    """Kaiming's initialisation of weights, which leaves biases as torch makes them: small and uniform.

    mmengine's ``Kaiming`` sets biases to a constant. Arguments are the same, but for those of the bias.
    """

    @torch.no_grad()
    def __call__(self, module: nn.Module) -> None:
        """Initialise all layers of ``self.layer`` in a module."""
        biases = [parameter for name, parameter in module.named_parameters() if name.rpartition('.')[2] == 'bias']
        kept = [bias.clone() for bias in biases]
        super().__call__(module)
        for bias, value in zip(biases, kept):
            bias.copy_(value)
