"""A page of pictures in rows and columns, with titles, captions and legends."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from .colors import check_photo
from .text import font, wrap

MARGIN = 40
GAP = 10
CAPTION_WIDTH = 172
LEGEND_GAP = 28
LINE = 20
BLACK, GREY, PALE, ACCENT = (24, 26, 32), (104, 108, 118), (236, 238, 242), (198, 76, 20)


@dataclass
class RowTitle:
    """Caption of a row.

    Attributes:
        title: First line, such as the name of the photo.
        tags: Short texts below, each with its colour (3,) uint8 RGB as a dot.
        mark: What sets the row apart, in the accent colour, with a bar beside it; '' for none.
    """

    title: str
    tags: Sequence[tuple[str, np.ndarray]] = field(default_factory=list)
    mark: str = ''


@dataclass
class Legend:
    """An entry below the rows: a small picture ``(H, W, 3)`` uint8 RGB, a title and an explanation."""

    picture: np.ndarray
    title: str
    text: str


def contact_sheet(
    rows: Sequence[Sequence[np.ndarray | None]],
    column_titles: Sequence[str],
    row_titles: Sequence[RowTitle],
    title: str = '',
    subtitle: str = '',
    legends: Sequence[Legend] = (),
    footer: str = '',
) -> np.ndarray:
    """Lay pictures out on a white page.

    Args:
        rows: Pictures ``(h, w, 3)`` uint8 RGB; None if there is none. Columns are as wide as their widest picture,
            rows as high as their highest; smaller ones lie in the middle.
        column_titles: Text above each column; a second line after a line break is set smaller.
        row_titles: Caption left of each row.
        title: Of the page.
        subtitle: Below it.
        legends: Entries below the rows, side by side.
        footer: Small text at the end, broken into lines.

    Returns:
        ``(H, W, 3)`` uint8 RGB.

    Raises:
        ValueError: If there is no row, or the numbers of pictures and titles differ.
    """
    if not rows or len(rows) != len(row_titles) or any(len(row) != len(column_titles) for row in rows):
        raise ValueError(
            f'a contact sheet needs rows, a title for each, and as many pictures in each as columns: {len(rows)} rows '
            f'of {sorted({len(row) for row in rows})} pictures, {len(row_titles)} row and {len(column_titles)} column '
            'titles were given'
        )
    widths, heights = _measure(rows, row_titles)
    width = 2 * MARGIN + CAPTION_WIDTH + sum(widths) + GAP * len(widths)
    page = _Page(width)
    page.write_head(title, subtitle)
    page.write_column_titles(column_titles, widths)
    for row, row_title, height in zip(rows, row_titles, heights):
        page.draw_row(row, row_title, widths, height)
    page.draw_legends(legends)
    page.write_footer(footer)
    return page.finish()


def _measure(
    rows: Sequence[Sequence[np.ndarray | None]], row_titles: Sequence[RowTitle]
) -> tuple[list[int], list[int]]:
    """Return the widths of the columns and the heights of the rows."""
    sizes = [[(0, 0) if tile is None else check_photo(tile).shape[:2] for tile in row] for row in rows]
    widths = [max(1, *(row[column][1] for row in sizes)) for column in range(len(rows[0]))]
    heights = [
        max(LINE * (2 + len(title.tags) + 2 * bool(title.mark)), *(size[0] for size in row))
        for row, title in zip(sizes, row_titles)
    ]
    return widths, heights


class _Page:
    """A page that grows downwards as it is written."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.y = MARGIN
        self.image = Image.new('RGB', (width, 400), 'white')
        self.draw = ImageDraw.Draw(self.image)

    def _make_room(self, height: int) -> None:
        needed = self.y + height + MARGIN
        if needed > self.image.height:
            taller = Image.new('RGB', (self.width, max(needed, 2 * self.image.height)), 'white')
            taller.paste(self.image)
            self.image, self.draw = taller, ImageDraw.Draw(taller)

    def write_head(self, title: str, subtitle: str) -> None:
        if title:
            self.draw.text((MARGIN, self.y), title, BLACK, font(30, bold=True))
            self.y += 46
        for line in wrap(self.draw, subtitle, font(15), self.width - 2 * MARGIN):
            self.draw.text((MARGIN, self.y), line, GREY, font(15))
            self.y += LINE + 2
        if title or subtitle:
            self.y += 22

    def write_column_titles(self, titles: Sequence[str], widths: Sequence[int]) -> None:
        lines = max(title.count('\n') for title in titles) + 1
        x = MARGIN + CAPTION_WIDTH + GAP
        for title, width in zip(titles, widths):
            # a title without a second line stands where others have their second
            first, *rest = [''] * (lines - 1 - title.count('\n')) + title.split('\n')
            for index, line in enumerate([first, *rest]):
                is_title = index == lines - 1 - title.count('\n')
                face = font(17, bold=True) if is_title else font(13)
                self.draw.text((x + width / 2, self.y + LINE * index), line, BLACK if is_title else GREY, face, 'ma')
            x += width + GAP
        self.y += LINE * lines + 8

    def draw_row(self, tiles: Sequence[np.ndarray | None], title: RowTitle, widths: Sequence[int], height: int) -> None:
        self._make_room(height + GAP)
        self._write_caption(title, height)
        x = MARGIN + CAPTION_WIDTH + GAP
        for tile, width in zip(tiles, widths):
            if tile is None:
                self.draw.rectangle((x, self.y, x + width - 1, self.y + height - 1), PALE)
                self.draw.text((x + width / 2, self.y + height / 2), 'none', GREY, font(13), 'mm')
            else:
                left, top = x + (width - tile.shape[1]) // 2, self.y + (height - tile.shape[0]) // 2
                self.image.paste(Image.fromarray(tile), (left, top))
                frame = (left - 1, top - 1, left + tile.shape[1], top + tile.shape[0])
                self.draw.rectangle(frame, outline=(214, 217, 224))
            x += width + GAP
        self.y += height + GAP

    def _write_caption(self, title: RowTitle, height: int) -> None:
        x, y, width = MARGIN, self.y + 2, CAPTION_WIDTH - 12
        if title.mark:
            self.draw.rectangle((MARGIN, self.y, MARGIN + 3, self.y + height - 1), ACCENT)
            x, width = x + 14, width - 14
        for line in wrap(self.draw, title.title, font(15, bold=True), width):
            self.draw.text((x, y), line, BLACK, font(15, bold=True))
            y += LINE
        y += 4
        for text, color in title.tags:
            self.draw.ellipse((x, y + 3, x + 10, y + 13), tuple(int(value) for value in color))
            self.draw.text((x + 17, y), text, BLACK, font(14))
            y += LINE
        y += 8
        for line in wrap(self.draw, title.mark, font(13), width):
            self.draw.text((x, y), line, ACCENT, font(13))
            y += 18

    def draw_legends(self, legends: Sequence[Legend]) -> None:
        if not legends:
            return
        self.y += 12
        self._make_room(1)
        self.draw.line((MARGIN, self.y, self.width - MARGIN, self.y), (214, 217, 224))
        self.y += 20
        share = (self.width - 2 * MARGIN + LEGEND_GAP) // len(legends)
        texts = [
            wrap(self.draw, legend.text, font(13), share - LEGEND_GAP - legend.picture.shape[1] - 16)
            for legend in legends
        ]
        height = max(max(legend.picture.shape[0], 26 + 18 * len(lines)) for legend, lines in zip(legends, texts))
        self._make_room(height)
        for index, (legend, lines) in enumerate(zip(legends, texts)):
            x = MARGIN + index * share
            self.image.paste(Image.fromarray(legend.picture), (x, self.y))
            x += legend.picture.shape[1] + 16
            self.draw.text((x, self.y), legend.title, BLACK, font(15, bold=True))
            for number, line in enumerate(lines):
                self.draw.text((x, self.y + 26 + 18 * number), line, GREY, font(13))
        self.y += height + 16

    def write_footer(self, footer: str) -> None:
        lines = [
            line
            for paragraph in footer.split('\n')
            for line in wrap(self.draw, paragraph, font(13), self.width - 2 * MARGIN)
        ]
        self._make_room(18 * len(lines))
        for line in lines:
            self.draw.text((MARGIN, self.y), line, GREY, font(13))
            self.y += 18

    def finish(self) -> np.ndarray:
        return np.array(self.image.crop((0, 0, self.width, self.y + MARGIN - GAP)))
