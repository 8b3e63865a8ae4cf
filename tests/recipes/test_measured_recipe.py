"""What a measured recipe notes of its stages; they are scripts that say what a hook would have measured."""

import sys
import textwrap
import time

import pytest
from mmengine.config import Config

from projects.wsis.apis.configs import STOP_AFTER
from projects.wsis.recipes.measured_recipe import TIMES_NAME, MeasuredRecipe
from projects.wsis.recipes.process_usage import PROC
from projects.wsis.recipes.stage import RecipeError, StageError
from projects.wsis.structures import read_json

STAGES = [
    dict(name='classifier', action='train', config='cam.py'),
    dict(name='cams', action='predict', config='cam.py', checkpoint='classifier'),
    dict(name='pictures', action='tool', tool='draw.py'),
]
PARTS = dict(data=0.01, forward=0.02, backward=0.03, optimizer=0.0, hooks=0.0, evaluation=0.04)
# works for a while before and after its loop, which it says to have taken .1 seconds
SCRIPT = textwrap.dedent("""
    import json, pathlib, sys, time
    action, folder, parts = sys.argv[1:]
    folder = pathlib.Path(folder)
    while time.process_time() < 0.2: pass
    began = time.time()
    time.sleep(0.1)
    if action == 'train':
        (folder / 'iter_3.pth').write_text('')
    if action != 'tool':
        times = dict(began=began, ended=time.time(), steps=3, photos=12, parts=json.loads(parts))
        (folder / 'stage_times.json').write_text(json.dumps(times))
    if 'fails' in str(folder):
        sys.exit('error: it fails')
    time.sleep(0.3)  # to be looked at once more
""")


class ScriptedRecipe(MeasuredRecipe):
    """A measured recipe whose commands are replaced by a short script."""

    def _forks_stages(self):
        return False  # a process that has imported everything takes seconds to start

    def _command(self, stage):
        parts = str(PARTS).replace("'", '"')
        return [sys.executable, '-c', SCRIPT, stage.action, str(self.work_dir / stage.name), parts]


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Function: work dir and settings -> a recipe."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'cam.py').write_text('model = dict(lr=1)\n')
    return lambda work_dir='work', **settings: ScriptedRecipe(Config(dict(stages=STAGES)), work_dir, **settings)


def test_times_of_stages(make, tmp_path):
    waited = []
    began = time.time()
    times = make(steps=3, wait=waited.append, options={'model.lr': 2}).measure()
    assert times == read_json(tmp_path / 'work' / TIMES_NAME)
    assert waited == [stage['name'] for stage in times['stages']] == ['classifier', 'cams', 'pictures']
    assert times['steps'] == 3 and times['processes'] == 1 and times['cores'] >= 1
    training, prediction, tool = times['stages']
    for stage in (training, prediction):
        assert stage['parts'] == PARTS and (stage['steps'], stage['photos']) == (3, 12)
        assert stage['start_up'] > 0.15 and stage['rest'] > 0.25
        assert stage['start_up'] + 0.1 + stage['rest'] == pytest.approx(stage['seconds'])
    assert 'parts' not in tool and sum(stage['seconds'] for stage in times['stages']) < time.time() - began
    if (PROC / 'self/stat').exists():
        assert all(0.1 < stage['cpu_seconds'] < stage['seconds'] + 0.5 for stage in times['stages'])
        assert all(1 << 20 < stage['peak_memory'] < 1 << 28 for stage in times['stages'])
        assert training['cpu_use'] == training['cpu_seconds'] / training['seconds'] / times['cores']


def test_stages_are_told_to_measure_and_where_to_stop(make):
    assert make().stages[0].options == dict(stage_times=True)
    stages = make(steps=5, options={'classifier.model.lr': 2}).stages
    assert stages[0].options == {'stage_times': True, STOP_AFTER: 5, 'model.lr': 2}
    assert stages[1].options == {'stage_times': True, STOP_AFTER: 5} and stages[2].options == {}


def test_results_of_an_earlier_run_are_refused(make):
    make().measure()
    with pytest.raises(RecipeError, match='has the stage classifier of an earlier run.*choose another --work-dir$'):
        make()


def test_a_stage_that_fails_is_no_result(make, tmp_path):
    with pytest.raises(StageError, match='Stage classifier failed: error: it fails'):
        make('fails').measure()
    assert not (tmp_path / 'fails' / TIMES_NAME).exists()
