"""Colours of classes."""


def voc_palette(count: int) -> list[tuple[int, int, int]]:
    """Return the first colours (RGB) of the PASCAL VOC colour map after background."""
    colors = []
    for index in range(1, count + 1):
        color = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                color[channel] |= ((index >> (3 * bit + channel)) & 1) << (7 - bit)
        colors.append(tuple(color))
    return colors
