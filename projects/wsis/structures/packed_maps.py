"""Half-precision maps as bytes that compress well, without any loss.

CAMs are smooth, but the lower bits of neighbouring values look like noise to a general compressor. What is stored is by
how much the bits of a value, taken as a whole number, miss what the neighbours above and on the left foretell: small
numbers, whose upper bytes are nearly all 0. The two bytes lie apart. PNG's filters and Blosc's shuffle do the same.
"""

import numpy as np


def pack_maps(maps: np.ndarray) -> np.ndarray:
    """Return float16 maps (K, h, w) as uint8 (2, K, h, w): the upper and the lower bytes of the differences."""
    bits = np.ascontiguousarray(maps, np.float16).view(np.uint16)
    missed = bits.copy()
    # whole numbers of 16 bits wrap around, there and back
    missed[:, 1:] -= bits[:, :-1]
    missed[:, :, 1:] -= missed[:, :, :-1].copy()
    # sign in the lowest bit, so that small differences of both signs have an upper byte of 0
    folded = (missed << 1) ^ (missed.view(np.int16) >> 15).view(np.uint16)
    return np.stack([folded >> 8, folded & 255]).astype(np.uint8)


def unpack_maps(packed: np.ndarray) -> np.ndarray:
    """Return the float16 maps (K, h, w) that :func:`pack_maps` has packed, equal to the last bit.

    Raises:
        ValueError: If the array is of another form.
    """
    if packed.dtype != np.uint8 or packed.ndim != 4 or len(packed) != 2:
        raise ValueError(f'packed maps are an array of shape {packed.shape} and type {packed.dtype}')
    folded = (packed[0].astype(np.uint16) << 8) | packed[1]
    missed = (folded >> 1) ^ -(folded & 1)
    bits = missed.cumsum(2, dtype=np.uint16).cumsum(1, dtype=np.uint16)
    return bits.view(np.float16)
