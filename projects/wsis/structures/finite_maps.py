"""Checking that the outputs of a network are finite."""

from torch import Tensor


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
