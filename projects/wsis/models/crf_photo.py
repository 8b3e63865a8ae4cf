"""The photo that a dense CRF looks at, at its own size; networks may have seen it resized and normalised."""

from pathlib import Path

import numpy as np

from ..structures import decode_photo


def load_crf_photo(path: str, option: str, channel_order: str = 'bgr') -> np.ndarray:
    """Load a photo (H, W, 3) uint8, upright.

    Args:
        path: Its file.
        option: The option of the config that turns the CRF off, for the message.
        channel_order: ``'bgr'`` or ``'rgb'``; the library's approximation depends a little on it.

    Raises:
        ValueError: If there is no such file, as for frames of a video.
    """
    if not Path(path).is_file():
        raise ValueError(f'The dense CRF needs the file of a photo, and {path} is none: set {option}=None for it')
    photo = decode_photo(path)
    return photo if channel_order == 'bgr' else photo[..., ::-1]
