"""Sizes of maps that are coarser than the photo."""


def strided_size(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Return the size of a map of this stride: ``ceil(H / stride), ceil(W / stride)``."""
    return (size[0] - 1) // stride + 1, (size[1] - 1) // stride + 1
