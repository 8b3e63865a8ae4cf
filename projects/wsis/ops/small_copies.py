"""Small tensors of the CPU on another device."""

import torch
from torch import Tensor


def copy_without_waiting(values: Tensor, device: torch.device | str) -> Tensor:
    """Copy a tensor of the CPU to a device.

    From usual memory the CPU would wait until a GPU has done all that it was asked to before; from pinned memory the
    copy is one more thing to do.

    Args:
        values: The tensor.
        device: Where to.
    """
    if torch.device(device).type != 'cuda':
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)
