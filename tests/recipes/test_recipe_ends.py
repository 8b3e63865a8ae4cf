"""How a recipe ends where a stage fails, its folder or its data are taken away, or another run uses the folder."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scripted_recipe import NAMES, STAGES, aside, ran

from projects.wsis.recipes.processes import lock_folder
from projects.wsis.recipes.recipe import Recipe, RecipeError
from projects.wsis.recipes.stage_record import StageRecord
from projects.wsis.structures import read_json


@pytest.mark.parametrize(
    'behaviour, told',
    [
        ('fail', 'Stage cams failed: error: photo a.jpg is broken'),
        ('crash', 'Stage cams failed: ZeroDivisionError: division by zero'),
    ],
)
def test_failing_stage_gets_one_line_and_goes_on_later(make, tmp_path, behaviour, told):
    with pytest.raises(RecipeError) as caught:
        make(dict(cams=behaviour)).run()
    assert str(caught.value).startswith(told) and '\n' not in str(caught.value)
    assert str(tmp_path / 'work/cams/output.log') in str(caught.value)
    assert 'Epoch(train)' in (tmp_path / 'work/cams/output.log').read_text()
    assert ran(tmp_path) == ['classifier', 'cams']
    results = read_json(tmp_path / 'work/results.json')['stages']
    assert [(stage['name'], stage['complete']) for stage in results] == [(name, name == NAMES[0]) for name in NAMES]
    assert not StageRecord(tmp_path / 'work/cams').is_complete()
    make().run()
    assert ran(tmp_path) == ['cams', 'irnet', 'pictures'] and aside(tmp_path) == []
    assert StageRecord(tmp_path / 'work/cams').read()['seconds'] > 0


def test_two_runs_in_one_folder_are_refused(make, tmp_path):
    (tmp_path / 'work').mkdir()
    with lock_folder(tmp_path / 'work'), pytest.raises(ValueError, match='is in use by another run') as caught:
        make().run()
    assert '\n' not in str(caught.value) and ran(tmp_path) == []
    make().run()
    assert ran(tmp_path) == NAMES


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux tells a process that its parent has died')
def test_stage_ends_with_a_pipeline_that_is_killed(tmp_path):
    """Else the stage of a killed pipeline would write into the folder of the next call."""
    processes = Path(__file__).resolve().parents[2] / 'projects/wsis/engine/parent_process.py'
    code = (
        'import runpy, subprocess, sys, time\n'
        'end_with_parent = runpy.run_path(sys.argv[1])["end_with_parent"]\n'
        'child = subprocess.Popen(["sleep", "60"], preexec_fn=end_with_parent)\n'
        'print(child.pid, flush=True)\n'
        'time.sleep(60)\n'
    )
    parent = subprocess.Popen([sys.executable, '-c', code, str(processes)], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 20
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child)


def is_running(process: int) -> bool:
    """Whether a process is there and no zombie that nobody has waited for."""
    try:
        return Path(f'/proc/{process}/stat').read_text().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def act_in_a_stage(monkeypatch, name, act):
    """Do something once, right after a stage has run."""
    execute, waiting = Recipe._execute, [act]

    def execute_and_act(self, stage, report):
        execute(self, stage, report)
        if stage.name == name and waiting:
            waiting.pop()()

    monkeypatch.setattr(Recipe, '_execute', execute_and_act)


def test_work_dir_that_is_removed_ends_the_run(make, tmp_path, monkeypatch):
    act_in_a_stage(monkeypatch, 'cams', lambda: shutil.rmtree(tmp_path / 'work'))
    with pytest.raises(RecipeError, match='Stage cams: .*/cams was removed or taken by another run .* same command'):
        make().run()
    assert not (tmp_path / 'work/cams').exists()
    make().run()
    assert ran(tmp_path) == NAMES


def test_stage_that_writes_into_a_removed_folder_is_ended_at_once(make, tmp_path):
    folder = tmp_path / 'work/classifier'
    make().run(only='classifier')
    script = f"import shutil, time; shutil.rmtree({str(folder)!r}); print('x', flush=True); time.sleep(60)"
    recipe = make()
    recipe._command = lambda stage: [sys.executable, '-c', script]
    began = time.monotonic()
    with pytest.raises(RecipeError, match='was removed or taken by another run'):
        recipe.run(only='classifier')
    assert time.monotonic() - began < 20 and not folder.exists()


def test_data_that_change_while_a_stage_runs_end_it_and_nothing_of_it_is_kept(make, tmp_path, monkeypatch):
    photos = tmp_path / 'photos'
    photos.mkdir()
    (photos / 'a.jpg').write_text('a')
    stages = [*STAGES[:-1], dict(STAGES[-1], reads=[str(photos)])]
    act_in_a_stage(monkeypatch, 'pictures', lambda: (photos / 'a.jpg').rename(tmp_path / 'a.jpg'))
    with pytest.raises(RecipeError, match='Stage pictures: photos, tags or other data .* taken away while it ran'):
        make(stages=stages).run()
    (tmp_path / 'a.jpg').rename(photos / 'a.jpg')  # the same key again
    ran(tmp_path)
    make(stages=stages).run()
    assert ran(tmp_path) == ['pictures'] and aside(tmp_path) == ['pictures']


def test_damage_is_told_in_one_line(make, tmp_path, capsys):
    make().run()
    (tmp_path / 'work/irnet/stage.json').write_text('{')
    capsys.readouterr()
    make().run()
    assert '    irnet: stage.json is missing or damaged; made again (the old folder is now ' in capsys.readouterr().out
