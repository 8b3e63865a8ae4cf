"""A recipe on two nodes of one machine: who runs and writes what, and failures; then real ones, with torchrun."""

import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from tiny_chain.processes import TESTS, TOOLS, finish_tool, run_tool, start_tool

from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.recipes.node_group import NodeGroup
from projects.wsis.recipes.node_place import NodePlace
from projects.wsis.recipes.process_group import find_free_port
from projects.wsis.recipes.recipe import Recipe
from projects.wsis.recipes.stage import RecipeError, StageError
from projects.wsis.structures import read_json

STAGES = [
    dict(name='saliency', action='tool', tool='maps.py'),
    dict(name='classifier', action='train', config='cam.py'),
    dict(name='cams', action='predict', config='cam.py', checkpoint='classifier', number='mIoU'),
]
# node 1 is slower, so that it shows whether node 0 waits; a stage that hangs is one whose processes wait for others
SCRIPT = textwrap.dedent("""
    import json, os, sys, time
    folder, node, behaviour, *given = sys.argv[1:]
    print('at work on node', node, flush=True)
    if behaviour == 'fail':
        print('error: no memory'); sys.exit(1)
    if behaviour == 'hang':
        time.sleep(60)
    if node == '0' and given[0].endswith('train.py'):
        open(folder + '/epoch_1.pth', 'w').write('weights')
    if node == '0':
        json.dump(dict(mIoU=40.25), open(folder + '/metrics.json', 'w'))
    else:
        time.sleep(0.3)
    with open(folder + '/../ends.txt', 'a') as file:
        file.write(os.path.basename(folder) + node + ' ')
    with open(folder + '/../command' + node + '.json', 'w') as file:
        json.dump(given, file)
""")


class ScriptedRecipe(Recipe):
    """A recipe whose commands are replaced by a short script; all else is real."""

    behaviours: dict[str, str] = {}

    def _command(self, stage):
        behaviour = self.behaviours.get(f'{stage.name}{self.place.rank}', 'work')
        folder, given = str(self.work_dir / stage.name), super()._command(stage)
        (script,) = [part for part in given if part.startswith(str(TOOLS))]
        return [sys.executable, '-c', SCRIPT, folder, str(self.place.rank), behaviour, script, *given]


def find_port() -> int:
    """Return a free port; the one behind it, where processes meet, is hardly ever taken."""
    return min(find_free_port(), 65500)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Function: behaviours by stage and node -> what the two nodes return or raise."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'cam.py').write_text('model = dict(lr=1)\n')
    # the system ends a stage with the thread that has started it, and here nodes are threads
    monkeypatch.setattr('projects.wsis.recipes.recipe.end_with_parent', None)

    def run_node(rank, port, behaviours, arguments):
        place = NodePlace(2, rank, '127.0.0.1', port)
        recipe = ScriptedRecipe(Config(dict(stages=STAGES)), 'work', 4, place=place)
        recipe.behaviours = behaviours
        try:
            with NodeGroup(place, patience=20) as group:
                return recipe.run(group=group, **arguments)
        except RecipeError as error:
            return error

    def call(behaviours=None, **arguments):
        port = find_port()
        with ThreadPoolExecutor(2) as pool:
            nodes = [pool.submit(run_node, rank, port, behaviours or {}, arguments) for rank in (0, 1)]
            return [node.result(50) for node in nodes]

    return call


def test_node_0_decides_and_waits_for_the_others(run, tmp_path):
    first, second = run()
    assert second == {} and [stage['complete'] for stage in first['stages']] == 3 * [True]
    assert first['stages'][2]['value'] == 40.25
    # tools run once; node 0 begins no stage before the last has ended on node 1
    assert (tmp_path / 'work/ends.txt').read_text().split() == [
        'saliency0',
        'classifier0',
        'classifier1',
        'cams0',
        'cams1',
    ]
    logs = sorted(path.relative_to(tmp_path / 'work').as_posix() for path in (tmp_path / 'work').rglob('*.log'))
    assert logs == [
        'cams/output.log',
        'cams/output.node1.log',
        'classifier/output.log',
        'classifier/output.node1.log',
        'saliency/output.log',
    ]
    assert 'on node 1' in (tmp_path / 'work/cams/output.node1.log').read_text()
    assert [result['seconds'] for result in first['stages'][1:]] > [0.2, 0.2]
    first, second = run()
    assert all(stage['complete'] for stage in first['stages']) and second == {}
    assert len((tmp_path / 'work/ends.txt').read_text().split()) == 5, 'what is complete runs on no node'


def test_processes_of_all_nodes_meet(run, tmp_path):
    run()
    commands = [read_json(tmp_path / f'work/command{node}.json')[1:] for node in (0, 1)]
    for node, command in enumerate(commands):
        torchrun = command[: [part.endswith('test.py') for part in command].index(True)]
        assert torchrun[1:3] == ['-m', 'torch.distributed.run'] and torchrun[-1] == '--nproc_per_node=4'
        assert torchrun[3:6] == ['--nnodes=2', f'--node_rank={node}', '--master_addr=127.0.0.1']
        assert torchrun[6].startswith('--master_port=')
        assert command[-2:] == ['--launcher', 'pytorch']
    first, second = ([part for part in command if 'node_rank' not in part] for command in commands)
    assert first == second, 'config, checkpoint and options are the same'


@pytest.mark.parametrize('other', ['work', 'hang'])
def test_a_failure_on_the_other_node_ends_the_stage_here(run, tmp_path, other):
    first, second = run(dict(cams1='fail', cams0=other))
    assert isinstance(first, StageError) and 'node 1: Stage cams failed: error: no memory' in str(first)
    assert 'output.node1.log' in str(first)
    assert str(second).startswith('node 0 has stopped: ')
    assert read_json(tmp_path / 'work/cams/stage.json')['complete'] is False
    first, second = run()
    assert second == {} and all(stage['complete'] for stage in first['stages'])


def test_a_failure_here_ends_the_stage_on_the_other_node(run):
    first, second = run(dict(classifier0='fail', classifier1='hang'))
    assert str(first).startswith('Stage classifier failed: error: no memory') and 'node 1' not in str(first)
    assert str(second).startswith('node 0 has stopped: Stage classifier failed')


def test_a_part_of_the_stages(run, tmp_path):
    first, second = run(until='classifier')
    assert [stage['complete'] for stage in first['stages']] == [True, True, False] and second == {}
    first, second = run(until='classifire')
    assert 'There is no stage' in str(first) and str(second).startswith('node 0 has stopped: There is no stage')
    first, second = run(start='cams', until='classifier')
    assert str(first) == 'Stage cams comes after classifier: nothing is left to run'


def run_on_two_nodes(folder: Path, tool: str, *arguments: object) -> list[SimpleNamespace]:
    """Run a tool on two nodes of this machine, and return the results of both."""
    port, script = find_port(), TESTS / 'tiny_chain/run_node.py'
    command = [TOOLS / tool, *arguments, '--launcher', 'pytorch']
    nodes = [start_tool(None, folder, script, node, 2, port, *command) for node in (0, 1)]
    return [finish_tool(node) for node in nodes]


def test_pipeline_on_two_nodes_trains_as_one(tmp_path):
    """A real training by torchrun, of one process on each node."""
    (tmp_path / 'config.py').write_text(
        f'_base_ = {str(TESTS / "tools/tiny_config.py")!r}\nmodel = dict(frozen_norm=True)\nrandomness = dict(seed=0)\n'
    )
    stage = dict(name='classifier', action='train', config=str(tmp_path / 'config.py'))
    (tmp_path / 'recipe.py').write_text(f'stages = [{stage!r}]\n')
    # in bfloat16, as some CPUs would train, halves of a batch are rounded in another way
    arguments = ['pipeline.py', 'recipe.py', '--no-report', '--no-amp', '--work-dir']
    results = run_on_two_nodes(tmp_path, *arguments, 'two')
    assert [result.status for result in results] == [0, 0], results[0].tail + results[1].tail
    assert 'GPU number: 2' in (tmp_path / 'two/classifier/output.log').read_text()
    assert (tmp_path / 'two/classifier/output.node1.log').is_file()
    alone = run_tool(None, tmp_path, *arguments, 'one')
    assert alone.status == 0, alone.tail
    one, two = (load_checkpoint_safely(tmp_path / name / 'classifier/epoch_2.pth') for name in ('one', 'two'))
    for name, value in one['state_dict'].items():
        torch.testing.assert_close(two['state_dict'][name], value, rtol=1e-4, atol=1e-6, msg=name)
    assert len(list((tmp_path / 'two').glob('*/*/*.log'))) == 1, 'one log of the training'
