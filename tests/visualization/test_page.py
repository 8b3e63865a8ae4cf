"""Tests of the page: every picture is on it, at its place, and nothing overlaps."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from projects.wsis.visualization import Legend, RowTitle, contact_sheet
from projects.wsis.visualization.text import font, wrap

# colours that nothing else on the page has
COLORS = [(7, 200, 10 * k + 5) for k in range(12)]


def tile(number: int, height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), COLORS[number], np.uint8)


def find(page: np.ndarray, number: int) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero((page == COLORS[number]).all(-1))
    return rows.min(), columns.min(), rows.max() + 1, columns.max() + 1


def make(rows, row_titles=None, **kwargs) -> np.ndarray:
    row_titles = row_titles or [RowTitle(f'photo_{index}') for index in range(len(rows))]
    return contact_sheet(rows, [f'Column {index}\nwhat it is' for index in range(len(rows[0]))], row_titles, **kwargs)


def test_every_tile_is_whole_and_in_its_cell():
    sizes = {0: (90, 120), 1: (90, 120), 2: (90, 120), 3: (140, 80), 4: (140, 80), 5: (140, 80)}
    page = make([[tile(k, *sizes[k]) for k in (0, 1, 2)], [tile(k, *sizes[k]) for k in (3, 4, 5)]])
    assert page.dtype == np.uint8 and page.shape[2] == 3
    places = {k: find(page, k) for k in sizes}
    for k, (top, left, bottom, right) in places.items():
        assert (bottom - top, right - left) == sizes[k]
        assert (page == COLORS[k]).all(-1).sum() == sizes[k][0] * sizes[k][1]
        assert top > 0 and left > 0 and bottom < page.shape[0] and right < page.shape[1]
    for first, second in ((0, 1), (1, 2), (3, 4), (4, 5)):
        assert places[first][3] < places[second][1] and places[first][0] == places[second][0]
    for above, below in ((0, 3), (1, 4), (2, 5)):
        assert places[above][2] < places[below][0]
        # a narrower tile lies in the middle of its column
        assert sum(places[above][1::2]) == sum(places[below][1::2])


def test_page_grows_with_rows_columns_legends_and_text():
    one = make([[tile(0, 100, 100)]])
    assert make([[tile(0, 100, 100)], [tile(1, 100, 100)]]).shape[0] - one.shape[0] >= 100
    assert make([[tile(0, 100, 100), tile(1, 100, 100)]]).shape[1] - one.shape[1] >= 100
    more = make(
        [[tile(0, 100, 100)]],
        title='Title',
        subtitle='subtitle',
        footer='a footer ' * 30,
        legends=[Legend(tile(2, 40, 60), 'Legend', 'what it means ' * 5)],
    )
    assert more.shape[0] > one.shape[0] + 40
    top, left, bottom, right = find(more, 2)
    assert (bottom - top, right - left) == (40, 60) and top > find(more, 0)[2]
    # the last line of text is whole: below it the page is white
    assert (more[-15:] == 255).all() and (make([[tile(0, 100, 100)]] * 8)[-15:] == 255).all()


def test_captions_mark_and_missing_tiles():
    tags = [(f'class {k}', np.array(COLORS[k + 2], np.uint8)) for k in range(7)]
    rows = [[tile(0, 60, 100), None], [tile(1, 60, 100), tile(11, 60, 100)]]
    plain = make(rows, [RowTitle('photo', tags), RowTitle('other')])
    for k in range(7):  # a row is high enough for all its tags
        top, left, bottom, right = find(plain, k + 2)
        assert bottom - top >= 9 and right < find(plain, 0)[1]
    assert (plain == (236, 238, 242)).all(-1).sum() > 5000  # the empty cell
    marked = make(rows, [RowTitle('photo', tags, 'marked'), RowTitle('other')])
    accent = (198, 76, 20)
    assert (marked == accent).all(-1).sum() > 200 and not (plain == accent).all(-1).any()


def test_same_input_gives_the_same_page():
    rows = [[tile(0, 50, 60), tile(1, 50, 60)]]
    assert np.array_equal(make(rows, title='Title'), make(rows, title='Title'))


@pytest.mark.parametrize('rows,titles', [([], []), ([[None, None]], [RowTitle('a')]), ([[None]], [])])
def test_numbers_must_fit(rows, titles):
    with pytest.raises(ValueError, match='contact sheet needs rows'):
        contact_sheet(rows, ['one'], titles)


def test_wrapped_lines_fit_and_lose_nothing():
    draw = ImageDraw.Draw(Image.new('RGB', (10, 10)))
    text = 'some words and one_that_is_far_too_long_for_any_line_of_this_page in the middle'
    lines = wrap(draw, text, font(12), 110)
    assert all(draw.textlength(line, font(12)) <= 110 for line in lines)
    assert ''.join(lines).replace(' ', '') == text.replace(' ', '')
    assert wrap(draw, '', font(12), 110) == []
