"""Mixed-precision training on a CPU, which mmengine's AmpOptimWrapper refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from torch import nn


@OPTIM_WRAPPERS.register_module()
class CPUAmpOptimWrapper(OptimWrapper):
    """An optimizer wrapper whose forward passes calculate in bfloat16 on a CPU.

    Convolutions and matrix products take bfloat16; losses, weights and what else needs the precision stay float32, as
    torch's autocast decides. Bfloat16 has the range of float32, so losses need no scaling. It is quicker only on a CPU
    with instructions for it (``avx512_bf16``, ``amx_bf16``).

    Args:
        kwargs: Arguments of mmengine's ``OptimWrapper``.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Calculate in bfloat16 where that is precise enough; see ``OptimWrapper.optim_context``."""
        with super().optim_context(model), torch.autocast('cpu', dtype=torch.bfloat16):
            yield
