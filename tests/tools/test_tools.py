"""tools/train.py and tools/test.py as a user calls them, in one and two processes, and their answers to bad input."""

import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from tiny_chain import processes

from projects.wsis.engine import load_checkpoint_safely

TESTS = Path(__file__).resolve().parent
TOOLS = TESTS.parents[1] / 'tools'
CONFIG = TESTS / 'tiny_config.py'


def run_tool(folder: Path, *command: object) -> SimpleNamespace:
    """Run a tool in a folder that is not the repository."""
    return processes.run_tool(None, folder, *command)


def weights(path: Path) -> dict:
    return load_checkpoint_safely(path)['state_dict']


@pytest.fixture(scope='module')
def trained(tmp_path_factory) -> Path:
    """The work dir of two epochs of training in one process."""
    folder = tmp_path_factory.mktemp('trained')
    result = run_tool(folder, 'train.py', CONFIG, '--work-dir', 'work')
    assert result.status == 0, result.tail
    return folder / 'work'


def test_train_and_test(trained, tmp_path):
    assert (trained / 'epoch_2.pth').is_file()
    result = run_tool(
        tmp_path, 'test.py', CONFIG, trained / 'epoch_2.pth', '--work-dir', 'work', '--metrics', 'out.json'
    )
    assert result.status == 0, result.tail
    metrics = json.loads((tmp_path / 'out.json').read_text())
    assert metrics['count'] == 7
    untrained = run_tool(tmp_path, 'test.py', CONFIG, 'none', '--work-dir', 'work', '--metrics', 'none.json')
    assert untrained.status == 0, untrained.tail
    assert metrics['error'] < json.loads((tmp_path / 'none.json').read_text())['error']


def test_two_processes_train_and_test_as_one(trained, tmp_path):
    # two processes of batch 2 see each step the four samples that one process sees
    options = ['--cfg-options', 'train_dataloader.batch_size=2', 'model.frozen_norm=True']
    two = processes.run_command(tmp_path, 'bash', TOOLS / 'dist_train.sh', CONFIG, 2, '--work-dir', 'two', *options)
    assert two.status == 0, two.tail
    one = run_tool(tmp_path, 'train.py', CONFIG, '--work-dir', 'one', '--cfg-options', 'model.frozen_norm=True')
    assert one.status == 0, one.tail
    expected = weights(tmp_path / 'one' / 'epoch_2.pth')
    for name, value in weights(tmp_path / 'two' / 'epoch_2.pth').items():
        torch.testing.assert_close(value, expected[name], rtol=1e-4, atol=1e-5, msg=name)

    checkpoint, options = trained / 'epoch_2.pth', ['--work-dir', 'test', '--metrics']
    one = run_tool(tmp_path, 'test.py', CONFIG, checkpoint, *options, 'one.json')
    assert one.status == 0, one.tail
    two = run_in_two_processes(tmp_path, dist_test_command(tmp_path, CONFIG, checkpoint, 2, *options, 'two.json'))
    assert two.status == 0, two.tail
    outputs = [json.loads((tmp_path / name).read_text()) for name in ('one.json', 'two.json')]
    assert outputs[0]['count'] == outputs[1]['count'] == 7
    assert outputs[0]['error'] == pytest.approx(outputs[1]['error'], rel=1e-5)


def dist_test_command(folder: Path, *arguments: object) -> list[str]:
    """Return the command of each process that dist_test.sh would start; how it starts them, dist_train.sh shows."""
    (folder / 'python').write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (folder / 'python').chmod(0o755)
    command = ['env', f'PYTHON={folder / "python"}', 'bash', TOOLS / 'dist_test.sh', *arguments]
    told = processes.run_command(folder, *command)
    words = told.output.splitlines()
    tool = words.index(str(TOOLS / 'test.py'))
    assert words[:2] == ['-m', 'torch.distributed.run'], told.output
    assert words[tool - 2 : tool] == ['--nproc_per_node', '2'], told.output
    return words[tool:]


def run_in_two_processes(folder: Path, command: list[object]) -> SimpleNamespace:
    """Run a tool in two processes as torchrun does, without the seconds that each takes for its imports."""
    return processes.run_script_in_ranks(folder, 2, 1, *command)


def test_two_processes_with_sync_batch_norm_and_unused_parameters(tmp_path):
    options = ['model.norm_cfg.type=SyncBN', 'model.unused=True', 'find_unused_parameters=True']
    command = [TOOLS / 'train.py', CONFIG, '--launcher', 'pytorch', '--work-dir', 'work', '--cfg-options', *options]
    result = run_in_two_processes(tmp_path, command)
    assert result.status == 0, result.tail


def list_epochs(folder: Path) -> list[int]:
    """Return the epochs that a work dir has checkpoints of, in their order."""
    return sorted(int(path.stem.split('_')[1]) for path in folder.glob('epoch_*.pth'))


def test_killed_training_goes_on(tmp_path):
    arguments = [
        CONFIG,
        '--work-dir',
        tmp_path / 'work',
        '--cfg-options',
        'train_cfg.max_epochs=400',
        'default_hooks.checkpoint.interval=1',
        'default_hooks.checkpoint.max_keep_ckpts=2',
        'default_hooks.logger.interval=1000',
    ]
    process = processes.start_tool(None, tmp_path, 'train.py', *arguments)
    deadline = time.monotonic() + 120
    # two checkpoints are kept, so that any one of them may be gone before it is seen
    while max(list_epochs(tmp_path / 'work'), default=0) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    assert processes.finish_tool(process).status == -signal.SIGKILL
    checkpoints = list_epochs(tmp_path / 'work')
    assert 5 <= checkpoints[-1] < 400
    (tmp_path / 'work' / 'last_checkpoint').write_text('')  # as if killed while writing this note
    result = run_tool(tmp_path, 'train.py', *arguments, f'train_cfg.max_epochs={checkpoints[-1] + 2}', '--resume')
    assert result.status == 0, result.tail
    assert f'resumed epoch: {checkpoints[-1]},' in result.output
    assert (tmp_path / 'work' / f'epoch_{checkpoints[-1] + 2}.pth').is_file()


def test_resume_without_a_checkpoint_starts_as_the_config_says(trained, tmp_path):
    result = run_tool(
        tmp_path,
        'train.py',
        CONFIG,
        '--work-dir',
        'work',
        '--resume',
        '--cfg-options',
        f'load_from={trained / "epoch_2.pth"}',
        'train_cfg.max_epochs=1',
    )
    assert result.status == 0, result.tail
    assert f'Load checkpoint from {trained / "epoch_2.pth"}' in result.output


def hostile_checkpoint(folder: Path) -> Path:
    class Payload:
        def __reduce__(self):
            return os.system, (f'touch {folder / "marker"}',)

    torch.save(dict(state_dict={}, meta=Payload()), folder / 'hostile.pth')
    return folder / 'hostile.pth'


BAD_CALLS = {
    'config': (['test.py', 'no/such.py', 'none'], r'config no/such\.py not found'),
    'train config': (['train.py', 'no/such.py'], r'config no/such\.py not found'),
    'print config': (['misc/print_config.py', 'no/such.py'], r'config no/such\.py not found'),
    'checkpoint': (['test.py', CONFIG, 'no.pth'], r'checkpoint no\.pth not found'),
    'resume': (['train.py', CONFIG, '--resume', 'no.pth'], r'checkpoint no\.pth not found'),
    'load_from': (['train.py', CONFIG, '--cfg-options', 'load_from=no.pth'], r'checkpoint no\.pth not found'),
    'other model': (['test.py', CONFIG, 'TRAINED', '--cfg-options', 'model.inputs=5'], 'not of this model'),
    'resume other model': (
        ['train.py', CONFIG, '--resume', 'TRAINED', '--cfg-options', 'model.unused=True'],
        'not of this model.*no weights for extra',
    ),
    'hostile': (['test.py', CONFIG, 'HOSTILE'], 'is refused: it wants to run'),
    'amp': (
        ['train.py', CONFIG, '--amp', '--cfg-options', 'optim_wrapper.dtype=float16'],
        'a CPU trains in mixed precision with bfloat16 only',
    ),
    'tta': (['test.py', CONFIG, 'none', '--tta'], 'the config has no `tta_model`'),
    'show': (['test.py', CONFIG, 'none', '--show-dir', 'x'], '--show-dir need `visualization`'),
    'slurm': (['train.py', CONFIG, '--launcher', 'slurm'], '--launcher slurm needs a GPU'),
    'option': (['train.py', CONFIG, '--cfg-options', 'model.type.x=1'], '--cfg-options: model.type.x does not fit'),
    'batch': (
        ['train.py', CONFIG, '--cfg-options', 'train_dataloader.batch_size=0'],
        r'tiny_config\.py: train_dataloader\.batch_size is 0: set it to 1 or more',
    ),
    'nothing to test': (['test.py', CONFIG, 'none', '--cfg-options', 'test_evaluator=None'], 'no `test_evaluator`'),
}


@pytest.mark.parametrize('name', BAD_CALLS)
def test_bad_input_gets_one_line(trained, tmp_path, monkeypatch, capsys, name):
    (tool, *arguments), message = BAD_CALLS[name]
    places = dict(TRAINED=trained / 'epoch_2.pth', HOSTILE=hostile_checkpoint(tmp_path))
    monkeypatch.syspath_prepend(str(TESTS))
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', [tool, *(str(places.get(str(argument), argument)) for argument in arguments)])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(TOOLS / tool), run_name='__main__')
    assert caught.value.code == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith('error: ')]
    assert len(errors) == 1
    assert re.search(message, errors[0]), errors[0]
    assert not (tmp_path / 'marker').exists()


def test_bad_input_in_a_real_process_shows_no_traceback(tmp_path):
    command = [sys.executable, TOOLS / 'test.py', CONFIG, hostile_checkpoint(tmp_path)]
    result = processes.run_command(tmp_path, *command)
    assert result.status == 1
    assert 'Traceback' not in result.output
    assert result.output.splitlines()[-1].startswith('error: checkpoint ')
    assert not (tmp_path / 'marker').exists()


def test_foreign_package_named_projects_gets_one_line(tmp_path):
    (tmp_path / 'projects').mkdir()
    (tmp_path / 'projects' / '__init__.py').touch()
    result = subprocess.run(
        [sys.executable, TOOLS / 'train.py', str(CONFIG)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env=dict(processes.make_environment(), PYTHONPATH=str(tmp_path)),
    )
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith('error: another package named `projects` (')
    assert 'Traceback' not in result.stderr


def test_print_config(tmp_path):
    result = run_tool(
        tmp_path, 'misc/print_config.py', CONFIG, '--cfg-options', 'train_cfg.max_epochs=77', '--out', 'out.py'
    )
    assert result.status == 0, result.tail
    assert 'max_epochs=77' in result.output
    assert 'max_epochs=77' in (tmp_path / 'out.py').read_text()


def test_configs_are_found_from_any_folder(tmp_path):
    result = run_tool(tmp_path, 'misc/print_config.py', 'configs/_base_/default_runtime.py')
    assert result.status == 0, result.tail
    assert "default_scope='mmdet'" in result.output.replace(' ', '')
