"""Fonts, the same on every machine: DejaVu, which matplotlib brings along."""

from functools import cache
from pathlib import Path

from PIL import ImageDraw, ImageFont


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans of a size in pixels."""
    import matplotlib  # here, because it takes longer to import than all the rest of this package's drawing

    name = 'DejaVuSans-Bold.ttf' if bold else 'DejaVuSans.ttf'
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / 'fonts' / 'ttf' / name), size)


def wrap(draw: ImageDraw.ImageDraw, text: str, face: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Break a text into lines that fit a width in pixels; words that are longer are broken too."""
    lines, line = [], ''
    for word in text.split():
        while draw.textlength(word, face) > width and len(word) > 1:
            cut = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or draw.textlength(word[:n], face) <= width)
            if line:
                lines.append(line)
                line = ''
            lines.append(word[:cut])
            word = word[cut:]
        longer = f'{line} {word}'.strip()
        if line and draw.textlength(longer, face) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return lines + [line] if line else lines
