"""Two checkouts run the stages of a recipe in turns; the other checkout is a script that only waits."""

import textwrap
from pathlib import Path

import pytest

from projects.wsis.recipes import checkouts_in_turns
from projects.wsis.recipes.checkouts_in_turns import TOOL, make_folder_without_code, measure_in_turns
from projects.wsis.structures import read_json

SCRIPT = textwrap.dedent("""
    import json, os, pathlib, sys
    settings = json.loads(sys.stdin.readline())
    folder = pathlib.Path(settings['work_dir']); folder.mkdir(parents=True)
    settings['here'] = sorted(os.listdir())
    settings['config_of'] = pathlib.Path(settings['config']).name
    for stage in {stages}:
        print('waiting for its turn:', stage, flush=True)
        if sys.stdin.readline() != 'go\\n':
            sys.exit('nobody gives turns')
        print('made', stage, flush=True)
        if stage == 'broken':
            print('error: it is broken'); sys.exit(1)
    (folder / 'times.json').write_text(json.dumps(settings))
""")


@pytest.fixture
def checkout(tmp_path):
    """Function: name and stages -> a folder with a tool that has these stages."""

    def make(name: str, *stages: str) -> Path:
        path = tmp_path / name / TOOL
        path.parent.mkdir(parents=True)
        path.write_text(SCRIPT.replace('{stages}', repr(stages)))
        return tmp_path / name

    return make


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current folder with data and code of its own."""
    folder = tmp_path / 'current'
    for name in ('data', 'configs', 'projects'):
        (folder / name).mkdir(parents=True)
    (folder / 'recipe.py').write_text('stages = []\n')
    (folder / 'photos.py').write_text('')
    monkeypatch.chdir(folder)
    return folder


def test_stages_take_turns(checkout, here, monkeypatch, capfd):
    monkeypatch.setattr(checkouts_in_turns, 'ROOT', checkout('mine', 'a', 'b'))
    settings = dict(config='recipe.py', data='photos.py', steps=3)
    files = measure_in_turns(checkout('theirs', 'a', 'b', 'c'), here / 'work', settings)
    assert files == [here / 'work/other/times.json', here / 'work/this/times.json']
    made = [line for line in capfd.readouterr().out.splitlines() if 'made' in line]
    assert made == ['other: made a', 'this: made a', 'other: made b', 'this: made b', 'other: made c']
    for path in files:
        seen = read_json(path)
        assert seen['steps'] == 3 and seen['data'] == str(here / 'photos.py') and seen['config_of'] == 'recipe.py'
        assert seen['here'] == ['data', 'photos.py', 'recipe.py'], 'no code, and not the folder of results'


def test_a_config_is_that_of_each_checkout(checkout, here, monkeypatch):
    mine = checkout('mine', 'a')
    monkeypatch.setattr(checkouts_in_turns, 'ROOT', mine)
    (mine / 'configs').mkdir()
    (mine / 'configs/recipe.py').write_text('')
    first, second = measure_in_turns(checkout('theirs', 'a'), here / 'work', dict(config=mine / 'configs/recipe.py'))
    assert read_json(first)['config'] == read_json(second)['config'] == 'configs/recipe.py'


def test_a_failure_ends_both(checkout, here, monkeypatch):
    monkeypatch.setattr(checkouts_in_turns, 'ROOT', checkout('mine', 'a', 'broken', 'b'))
    with pytest.raises(ValueError, match='checkout this failed: error: it is broken$'):
        measure_in_turns(checkout('theirs', 'a', 'b', 'c'), here / 'work', dict(config='recipe.py'))
    assert not (here / 'work/other/times.json').exists()


def test_a_folder_without_the_tool(checkout, here, monkeypatch):
    monkeypatch.setattr(checkouts_in_turns, 'ROOT', checkout('mine', 'a'))
    with pytest.raises(FileNotFoundError, match='has no tools/analysis_tools/benchmark_recipe.py: name a checkout'):
        measure_in_turns(here, here / 'work', dict(config='recipe.py'))


def test_links_are_made_once(here, tmp_path):
    folder = make_folder_without_code(tmp_path / 'links')
    assert make_folder_without_code(folder) == folder
    assert sorted(path.name for path in folder.iterdir()) == ['data', 'photos.py', 'recipe.py']
