"""Checking that the outputs of a network are finite."""

import torch
from torch import Tensor

# On these devices looking at a result costs nothing; others would have to finish all work first.
QUICK_DEVICES = ('cpu',)
INTERVAL = 50
# GradScaler leaves out steps that overflow; a training whose steps overflow at so many looks in a row has diverged.
OVERFLOWS = 3


def check_finite_maps(photo: str, what: str, *maps: Tensor) -> None:
    """Check that what a network gave for a photo holds finite numbers only.

    Args:
        photo: Name of the photo, for the message.
        what: What the maps are, for the message.
        maps: Tensors of any shape.

    Raises:
        ValueError: If they do not; the message names the photo.
    """
    if not all(values.isfinite().all() for values in maps):
        raise ValueError(f'The {what} of photo {photo} are not finite: has the training diverged?')


class FiniteCheck:
    """Look in training for images whose maps are not finite.

    On a CPU every step is looked at, elsewhere every 50th, because the look waits for the device. Under mixed precision
    single steps may overflow, which ``GradScaler`` leaves out: there only the third look in a row counts that finds
    something.
    """

    def __init__(self) -> None:
        self.steps = 0
        self.overflows = 0

    def find_broken(self, *maps: Tensor) -> list[list[int]]:
        """Return for each of the maps ``(N, ...)`` the indices of images that hold NaN or infinity; all empty where
        nothing was looked at or what was found does not count yet."""
        self.steps += 1
        nothing = [[] for _ in maps]
        device = maps[0].device.type
        if device not in QUICK_DEVICES and self.steps % INTERVAL:
            return nothing
        broken = torch.stack([~values.detach().isfinite().flatten(1).all(1) for values in maps]).tolist()
        if not any(map(any, broken)):
            self.overflows = 0
            return nothing
        self.overflows += 1
        if torch.is_autocast_enabled(device) and self.overflows < OVERFLOWS:
            return nothing
        return [[index for index, found in enumerate(row) if found] for row in broken]
