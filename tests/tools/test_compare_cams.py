"""A page of the CAMs of several classifiers: what it shows, and bad input."""

import runpy
import sys

import numpy as np
import pytest
from PIL import Image
from tiny_chain.processes import TOOLS, run_tool

from projects.wsis.inspection.cam_comparison import compare_cams
from projects.wsis.structures import PseudoLabelStore

TOOL = 'analysis_tools/compare_cams.py'
CLASSES = ['disc', 'square']


def write_store(folder, photos, labels=(0,), classes=CLASSES):
    store = PseudoLabelStore(folder, 'cams', '.npz')
    store.start(dict(made='by a test'), classes)
    rng = np.random.default_rng(len(photos))
    for name in photos:
        cams = rng.random((len(labels), 6, 8), dtype=np.float32)
        np.savez(store.path_of(name), cams=cams, labels=np.array(labels), mode='predict')
    store.finish(list(photos))
    return folder


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / 'photos'
    folder.mkdir()
    for number, name in enumerate('abcde'):
        Image.fromarray(np.full((24, 32, 3), 40 * number, np.uint8)).save(folder / f'{name}.jpg')
    return folder


def test_columns_are_stores_and_rows_photos(photos, demo_root, tmp_path):
    stores = [f'One={write_store(tmp_path / "one", "abcd")}', f'Two={write_store(tmp_path / "two", "bcde", (0, 1))}']
    sizes = []
    for count in (1, 2):
        result = run_tool(demo_root, tmp_path, TOOL, photos, f'page{count}.png', *stores, '--count', count)
        assert result.status == 0, result.tail
        with Image.open(tmp_path / f'page{count}.png') as page:
            sizes.append(page.size)
    assert sizes[0][0] == sizes[1][0] and sizes[0][1] + 100 < sizes[1][1]
    result = run_tool(demo_root, tmp_path, TOOL, photos, 'narrow.png', stores[0], '--count', 1)
    assert result.status == 0 and Image.open(tmp_path / 'narrow.png').size[0] < sizes[0][0]


def test_folder_of_a_stage_stands_for_the_store_in_it(photos, tmp_path):
    write_store(tmp_path / 'work/cams/cams', 'abc')
    stage, store = (
        compare_cams(photos, {'A': tmp_path / f'work/{name}'}, tmp_path / 'a.png').read_bytes()
        for name in ('cams', 'cams/cams')
    )
    assert stage == store
    with pytest.raises(FileNotFoundError, match='work holds no cams'):
        compare_cams(photos, {'A': tmp_path / 'work'}, tmp_path / 'b.png')


@pytest.mark.parametrize(
    'arguments, words',
    [
        (['page.jpg', 'A={one}'], 'page.jpg is not a PNG file'),
        (['page.png', '{one}'], 'each store is given as TITLE=FOLDER'),
        (['page.png', 'A={one}', 'A={two}'], 'titles must differ'),
        (['page.png', 'A={one}', '--count', '0'], '--count must be 1 or more'),
        (['page.png', 'A={one}', 'B=nowhere'], 'nowhere holds no cams'),
        (['page.png', 'A={one}', 'B={other}'], 'no photo has CAMs in all of'),
        (['page.png', 'A={one}', '--names', 'z'], 'holds no photo z'),
        (['page.png', 'A={one}', '--names', 'e'], 'has no cams of photo e'),
    ],
)
def test_bad_input_is_one_line(photos, tmp_path, arguments, words, monkeypatch, capsys):

    stores = dict(one=write_store(tmp_path / 'one', 'ab'), two=write_store(tmp_path / 'two', 'ab'))
    stores['other'] = write_store(tmp_path / 'other', 'e')
    monkeypatch.chdir(tmp_path)
    given = [argument.format(**stores) for argument in arguments]
    monkeypatch.setattr(sys, 'argv', [TOOL, str(photos), *given])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(TOOLS / TOOL), run_name='__main__')
    assert caught.value.code in (1, 2)
    assert words in capsys.readouterr().err and not list(tmp_path.glob('page*'))
