"""The trials themselves: what they do to a run, and that they see what is wrong. A stand-in runs in a second."""

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
import torch

from projects.wsis.inspection.fault_trials import disk_faults, file_faults, trial
from projects.wsis.inspection.fault_trials.artifacts import (
    find_differences,
    find_half_written,
    find_infinite_losses,
)
from projects.wsis.inspection.fault_trials.fault_trials import FaultTrials, choose_faults
from projects.wsis.inspection.fault_trials.faults import FAULTS
from projects.wsis.inspection.fault_trials.outcome_table import format_table, write_table
from projects.wsis.inspection.fault_trials.trial import Outcome
from projects.wsis.structures import read_json

PIPELINE = Path(__file__).resolve().parent / 'hasty_pipeline.py'
pytestmark = pytest.mark.skipif(sys.platform != 'linux', reason='processes are found in /proc')


@pytest.fixture
def try_fault(tmp_path, monkeypatch):
    """Function: part of a fault's name and the behaviour of the stand-in -> what came of one trial of it."""
    monkeypatch.setattr(trial, 'SECONDS_FOR_REST', 1)
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/photo.jpg').touch()

    def try_one(name, behaviour='works', seed=0):
        (tmp_path / 'behaviour.txt').write_text(behaviour)
        (outcome,) = FaultTrials(tmp_path, PIPELINE, seed).run(choose_faults(1, seed, [name]))
        return outcome

    return try_one


@pytest.mark.parametrize('name', ['whole recipe killed', 'launcher killed', 'work dir removed'])
def test_run_that_is_resumed_well_passes(try_fault, name):
    outcome = try_fault(name)
    if outcome.skipped:  # the stand-in ended before
        pytest.skip(outcome.skipped)
    # a stand-in that loses its folder ends with a traceback
    problems = [
        problem for problem in outcome.problems if name != 'work dir removed' or 'told in one line' not in problem
    ]
    assert problems == [] and outcome.hit and ' s into cams' in outcome.moment


@pytest.mark.parametrize(
    'behaviour, problem',
    [
        ('differs', 'has other bytes'),
        ('fails to resume', 'resuming fails (1)'),
        ('writes in halves', 'is half-written'),
        ('outlives', '1 processes outlive the run'),
    ],
)
def test_run_that_is_not_is_seen(try_fault, behaviour, problem):
    outcome = try_fault('launcher killed', behaviour)
    assert any(problem in line for line in outcome.problems) and not outcome.passed


def test_run_that_hangs_is_seen_and_ended(try_fault, monkeypatch):
    monkeypatch.setattr(trial, 'SECONDS_TO_END', 0.2)
    monkeypatch.setattr(disk_faults, 'limit_files', lambda run, random: 'nothing')
    fault = SimpleNamespace(**vars(choose_faults(1, 0, ['size of files'])[0]))
    fault.inflict = lambda run, random: os.kill(run.launcher.pid, 19) or 'the launcher'
    monkeypatch.setattr('projects.wsis.inspection.fault_trials.fault_trials.FAULTS', [fault])
    outcome = try_fault('size of files')
    assert outcome.problems[0].startswith('the run hangs')


def test_damage_that_nothing_tells_is_seen(try_fault):
    outcome = try_fault('file of a store: a flipped bit')
    if outcome.skipped:
        pytest.skip(outcome.skipped)
    assert any(
        'no line tells that cams/store/' in problem or 'resuming fails' in problem for problem in outcome.problems
    )


def test_faults_come_in_turn_in_the_order_of_the_seed():
    chosen = choose_faults(2 * len(FAULTS), 0)
    assert {fault.name for fault in chosen[: len(FAULTS)]} == {fault.name for fault in FAULTS}
    assert chosen[: len(FAULTS)] == chosen[len(FAULTS) :] != choose_faults(len(FAULTS), 1)
    with pytest.raises(ValueError, match="no fault is called 'fire'; there are data-loading worker killed, ") as caught:
        choose_faults(1, 0, ['fire'])
    assert '\n' not in str(caught.value)


@pytest.fixture
def run(tmp_path):
    """A work dir with a store and a checkpoint, and beside it the photos."""
    store = tmp_path / 'work/cams/cams'
    store.mkdir(parents=True)
    (store / 'manifest.json').write_text(json.dumps(dict(artifact='cams', complete=True)))
    (store / 'a.png').write_bytes(bytes(range(100)))
    torch.save(dict(state_dict=dict(a=torch.ones(3)), meta=dict(iter=4, epoch=2)), tmp_path / 'work/cams/epoch_2.pth')
    for folder in ('JPEGImages', 'ImageSets/Segmentation'):
        (tmp_path / 'data/demo' / folder).mkdir(parents=True)
    (tmp_path / 'data/demo/JPEGImages/p.jpg').write_bytes(b'photo')
    (tmp_path / 'data/demo/ImageSets/Segmentation/train.txt').write_text('p\n')
    return SimpleNamespace(folder=tmp_path, work_dir=tmp_path / 'work')


def read_all(folder):
    return {path: path.read_bytes() for path in folder.rglob('*') if path.is_file()}


@pytest.mark.parametrize('damage', [file_faults.flip_bit, file_faults.cut_off, file_faults.empty])
@pytest.mark.parametrize('place', [file_faults.damage_label, file_faults.damage_checkpoint])
def test_damage_changes_the_one_file_that_it_names(run, damage, place):
    before = read_all(run.work_dir)
    hit = run.work_dir / place(damage)(run, Random(0))
    after = read_all(run.work_dir)
    assert [path for path in before if before[path] != after[path]] == [hit]
    assert (hit.suffix == '.pth') is (place is file_faults.damage_checkpoint)


def test_photo_is_taken_away_and_put_back(run):
    before = read_all(run.folder)
    assert file_faults.take_photo_away(run, Random(0)) == 'p.jpg'
    assert not (run.folder / 'data/demo/JPEGImages/p.jpg').exists()
    file_faults.put_photo_back(run)
    assert {path: content for path, content in read_all(run.folder).items() if path in before} == before


def test_work_dir_that_may_not_be_written_may_be_again(run):
    try:
        disk_faults.forbid_writing(run, Random(0))
    except disk_faults.NotPossibleError as reason:
        pytest.skip(str(reason))
    try:
        with pytest.raises(PermissionError):
            (run.work_dir / 'cams/cams/b.png').write_bytes(b'x')
    finally:
        disk_faults.allow_writing(run)
    (run.work_dir / 'cams/cams/b.png').write_bytes(b'x')


def test_full_disk_is_full_and_becomes_free_again(run):
    disk = SimpleNamespace(work_dir=run.folder / 'disk')
    try:
        disk_faults.mount_small_disk(disk.work_dir)
    except disk_faults.NotPossibleError as reason:
        pytest.skip(str(reason))
    try:
        disk_faults.fill_disk(disk, Random(0))
        with pytest.raises(OSError, match='No space'), open(disk.work_dir / 'x', 'wb', buffering=0) as file:
            file.write(bytes(5000))
        disk_faults.free_disk(disk)
        (disk.work_dir / 'x').write_bytes(bytes(5000))
    finally:
        disk_faults.unmount_small_disk(disk.work_dir)


def test_differences_are_seen(run, tmp_path):
    other = tmp_path / 'other'
    shutil.copytree(run.work_dir, other)
    assert find_differences(other, run.work_dir) == []
    (other / 'cams/cams/a.png').write_bytes(b'x')
    (other / 'cams/cams/b.png').write_bytes(b'x')
    torch.save(dict(state_dict=dict(a=torch.zeros(3)), meta=dict(iter=2, epoch=1)), other / 'cams/epoch_2.pth')
    assert find_differences(other, run.work_dir) == [
        'cams/cams/b.png is new',
        'cams/cams/a.png has other bytes',
        'cams was trained for (2, 1) iterations and epochs, not (4, 2)',
        'cams has other weights',
    ]
    (other / 'cams/epoch_2.pth').unlink()
    (other / 'cams/cams/a.png').unlink()
    assert find_differences(other, run.work_dir)[::2] == ['cams/cams/a.png is missing', 'cams has no checkpoint']


def test_half_written_files_and_infinite_losses_are_seen(run):
    folder = run.work_dir / 'cams'
    (folder / 'cams/a.png').unlink()
    assert find_half_written(run.work_dir, temporary=True) == find_infinite_losses(run.work_dir) == []
    (folder / 'metrics.json').write_text('{"a": ')
    (folder / '.epoch_3.pth.77.tmp').write_bytes(b'x')
    (folder / 'run/vis_data').mkdir(parents=True)
    (folder / 'run/vis_data/scalars.json').write_text('{"loss": 1.0}\n{"loss": NaN, "lr": 1}\n')
    assert find_half_written(run.work_dir, temporary=False) == ['cams/metrics.json is half-written']
    assert len(find_half_written(run.work_dir, temporary=True)) == 2
    assert find_infinite_losses(run.work_dir) == ['cams/run/vis_data/scalars.json: {"loss": NaN, "lr": 1}']


def test_table_counts_what_was_tried(tmp_path):
    outcomes = [
        Outcome(0, 'disk full', 'now', 'disk'),
        Outcome(1, 'disk full', 'now', 'disk', problems=['labels differ']),
        Outcome(2, 'rank killed', 'now', skipped='the run had ended before'),
    ]
    table = format_table(outcomes)
    assert '| disk full | 1 of 2 |' in table and '| rank killed | 0 of 0 |' in table and '| all | 1 of 2 |' in table
    assert 'trial 1 (disk full, now, disk): labels differ' in table
    assert 'trial 2 (rank killed, now, nothing hit): not tried, the run had ended before' in table
    write_table(tmp_path / 'table.md', outcomes, seed=3)
    write_table(tmp_path / 'table.json', outcomes, seed=3)
    assert (tmp_path / 'table.md').read_text() == table
    content = read_json(tmp_path / 'table.json')
    assert content['seed'] == 3 and [one['passed'] for one in content['trials']] == [True, False, False]


@pytest.fixture
def tool(monkeypatch, tmp_path):
    """Function: arguments -> exit status of the tool, which tries the stand-in."""
    path = Path(__file__).resolve().parents[2] / 'tools/analysis_tools/fault_trials.py'
    monkeypatch.setattr(sys, 'path', [*sys.path])
    spec = importlib.util.spec_from_file_location('fault_trials_tool', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, 'PIPELINE', PIPELINE)
    monkeypatch.setattr(module.signal, 'signal', lambda *_: None)
    monkeypatch.setattr(trial, 'SECONDS_FOR_REST', 1)

    def call(*arguments, behaviour='works'):
        keep = tmp_path / f'keep {behaviour}'
        make = FaultTrials.__init__
        monkeypatch.setattr(
            FaultTrials,
            '__init__',
            lambda self, folder, *rest: ((folder / 'behaviour.txt').write_text(behaviour), make(self, folder, *rest))[
                1
            ],
        )
        monkeypatch.setattr(sys, 'argv', ['fault_trials.py', '--keep', str(keep), *map(str, arguments)])
        try:
            module.main()
        except SystemExit as end:
            return end.code
        finally:
            monkeypatch.setattr(FaultTrials, '__init__', make)
        return 0

    return call


def test_tool_prints_a_table(tool, tmp_path, capsys):
    out = tmp_path / 'faults.md'
    assert tool('--trials', 2, '--seed', 0, '--faults', 'launcher killed', '--out', out) == 0
    assert '| launcher killed | ' in capsys.readouterr().out and '| all | ' in out.read_text()
    assert not list((tmp_path / 'keep works').glob('trial_*'))  # those that pass are not kept


def test_tool_stops_after_a_time(tool, tmp_path):
    assert tool('--trials', 9, '--faults', 'launcher killed', '--minutes', 0, '--out', tmp_path / 'faults.json') == 0
    assert len(read_json(tmp_path / 'faults.json')['trials']) == 1


def test_tool_fails_where_a_trial_does_and_keeps_it(tool, tmp_path, capsys):
    assert tool('--trials', 1, '--faults', 'launcher killed', behaviour='differs') == 1
    assert '| launcher killed | 0 of 1 |' in capsys.readouterr().out
    assert (tmp_path / 'keep differs/trial_000/work').is_dir()


def test_other_systems_are_one_line(tool, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'platform', 'darwin')
    assert tool('--trials', 1) == 1
    assert 'error: the trials find processes in /proc: run them on Linux' in capsys.readouterr().err.splitlines()


def test_tool_lists_the_faults_and_refuses_others_in_one_line(tool, capsys):
    assert tool('--list') == 0
    assert capsys.readouterr().out.splitlines() == [fault.name for fault in FAULTS]
    assert tool('--faults', 'fire', behaviour='x') == 1
    assert [line for line in capsys.readouterr().err.splitlines() if "error: no fault is called 'fire'" in line]
