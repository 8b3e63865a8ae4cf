"""The benchmark of a recipe on two tiny stages and a tool: its times, its table, and its turns."""

import io
import json
import re
import sys

import pytest
from documented_commands import load_tool
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import run_tool

from projects.wsis.engine.hooks.stage_times_hook import PARTS
from projects.wsis.structures import read_json

TOOL = 'analysis_tools/benchmark_recipe.py'
RECIPE = f"""
_base_ = {str(CONFIGS / 'tiny_pipeline.py')!r}
stages = [
    *_base_.stages[:2],
    dict(name='listing', action='tool', tool='misc/print_config.py', arguments=['@cam']),
]
configs = dict(_delete_=True, cam={str(CONFIGS / 'tiny_cam.py')!r})
options = dict(_delete_=True)
expected = dict(_delete_=True)
skip = []
"""


@pytest.fixture
def recipe(tmp_path):
    (tmp_path / 'recipe.py').write_text(RECIPE)
    return tmp_path / 'recipe.py'


def test_times_of_a_recipe(recipe, demo_root, tmp_path):
    result = run_tool(demo_root, tmp_path, TOOL, recipe, '--work-dir', 'work', '--steps', 3)
    assert result.status == 0, result.tail
    times = read_json(tmp_path / 'work/times.json')
    training, prediction, tool = times['stages']
    assert times['steps'] == 3 and times['cores'] >= 1 and times['commit'] != ''
    assert (training['steps'], training['photos']) == (3, 12) and (prediction['steps'], prediction['photos']) == (8, 8)
    for stage in (training, prediction):
        check_sums(stage, read_json(tmp_path / 'work' / stage['name'] / 'stage_times.json'))
    assert all(training['parts'][part] > 0 for part in PARTS)
    assert prediction['parts']['backward'] == prediction['parts']['optimizer'] == 0
    for stage in times['stages']:
        assert stage['seconds'] == pytest.approx(
            read_json(tmp_path / 'work' / stage['name'] / 'stage.json')['seconds'], abs=0.5
        )
        assert stage['peak_memory'] > 50 << 20
        # the listing may end before the clock of processes has ticked
        assert stage['cpu_seconds'] >= 0 if stage is tool else stage['cpu_seconds'] > 0 and stage['cpu_use'] > 0
    assert 'parts' not in tool and 'start_up' not in tool
    checkpoints = [path.name for path in (tmp_path / 'work/classifier').glob('*.pth')]
    assert checkpoints == ['iter_3.pth'] and (tmp_path / 'work/cams/cams/manifest.json').is_file()
    rows = re.findall(r'^\| (classifier|cams|listing|all stages) \|', result.output, re.MULTILINE)
    assert rows == ['classifier', 'cams', 'listing', 'all stages']

    again = run_tool(demo_root, tmp_path, TOOL, recipe, '--work-dir', 'work')
    assert again.status == 1 and 'has the stage classifier of an earlier run' in again.output
    assert 'Traceback' not in again.output
    compared = run_tool(None, tmp_path, TOOL, '--compare', 'work/times.json', 'work/times.json')
    assert compared.status == 0 and '(1.00x)' in compared.output, compared.tail


def check_sums(stage, inner):
    """Check that parts sum up to the loop, which another clock has timed, and to the stage with what is around it."""
    loop = sum(stage['parts'].values())
    assert loop == pytest.approx(inner['ended'] - inner['began'], abs=0.1)
    assert stage['start_up'] > 0 and stage['rest'] > -0.1
    assert stage['start_up'] + loop + stage['rest'] == pytest.approx(stage['seconds'])


class RecordedRecipe:
    """Stands for a measured recipe: waits for two stages, and measures nothing."""

    made: list = []

    def __init__(self, config, work_dir, steps, wait, options, **settings):
        self.made.append(dict(config=config, work_dir=work_dir, steps=steps, options=options, **settings))
        self.wait = wait

    def measure(self):
        self.wait('classifier')
        self.wait('cams')
        return dict(config='x.py', commit=None, steps=3, processes=1, cores=1, machine='none', stages=[])


@pytest.fixture
def tool(recipe, monkeypatch):
    """The module of the tool, with a recipe that measures nothing; settings come as they do from another process."""
    module = load_tool(f'tools/{TOOL}')
    settings = dict(
        config=str(recipe), work_dir='w', data=None, steps=3, cfg_options={'a.b': 1}, gpus=2, keep_batch=True, amp=True
    )
    monkeypatch.setattr(module, 'MeasuredRecipe', RecordedRecipe)
    monkeypatch.setattr(RecordedRecipe, 'made', [])
    monkeypatch.setattr(sys, 'argv', [TOOL, '--in-turns'])
    monkeypatch.setattr(sys, 'stdin', io.StringIO(f'{json.dumps(settings)}\ngo\ngo\n'))
    return module


def test_turns_are_waited_for(tool, capsys):
    tool.main()
    output = capsys.readouterr().out
    assert output.startswith('waiting for its turn: classifier\nwaiting for its turn: cams\n')
    (made,) = RecordedRecipe.made
    assert made['steps'] == 3 and made['options'] == {'a.b': 1} and made['processes'] == 2
    assert made['keep_batch'] is made['amp'] is True


def test_nobody_gives_turns(tool, monkeypatch, capsys):
    first = sys.stdin.readline()
    monkeypatch.setattr(sys, 'stdin', io.StringIO(f'{first}go\n'))
    with pytest.raises(SystemExit):
        tool.main()
    assert 'error: the process that gives the turns has ended' in capsys.readouterr().err


@pytest.mark.parametrize(
    'arguments, told',
    [
        ([], 'name a recipe to measure, or two files to --compare'),
        (['x.py', '--compare', 'a', 'b'], 'name a recipe to measure, or two files to --compare'),
        (['x.py', '--steps', '0'], '--steps 0: name at least 1'),
    ],
)
def test_wrong_arguments(monkeypatch, capsys, arguments, told):
    monkeypatch.setattr(sys, 'argv', [TOOL, *arguments])
    with pytest.raises(SystemExit):
        load_tool(f'tools/{TOOL}').main()
    assert told in capsys.readouterr().err
