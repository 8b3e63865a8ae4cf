"""The selection of `make test-quick` is there, covers every part of the package, and starts no processes."""

import subprocess

import pytest
from tiny_chain.processes import QUICK_VARIABLE, ROOT, TESTS, call_in_ranks, run_command, run_tool, run_tool_in_ranks

LIST = TESTS / 'quick.txt'
LINES = [line.split('#')[0].strip() for line in LIST.read_text(encoding='utf-8').splitlines()]
SELECTED = [line for line in LINES if line]


@pytest.mark.parametrize('line', SELECTED)
def test_what_is_selected_is_there(line):
    path, _, name = line.partition('::')
    assert (ROOT / path).exists(), f'{path} of {LIST.name} does not exist: name another one'
    assert not name or f'def {name}(' in (ROOT / path).read_text(), f'{path} of {LIST.name} has no {name}'


def test_every_part_of_the_package_is_covered():
    folders = (path for path in (ROOT / 'projects/wsis').iterdir() if path.name != '__pycache__')
    parts = {path.name for path in folders if (TESTS / path.name).is_dir()}
    paths = [ROOT / line for line in SELECTED]
    covered = {path.relative_to(TESTS).parts[0] for path in paths if path.is_relative_to(TESTS)}
    assert len(parts) > 10 and parts <= covered, f'add fast tests of {sorted(parts - covered)} to {LIST.name}'


def test_nothing_starts_processes(monkeypatch, tmp_path):
    """A process takes seconds of a core for its imports alone; so the chain of all stages is left out too."""
    monkeypatch.setenv(QUICK_VARIABLE, '1')
    starts = (
        lambda: run_tool(None, tmp_path, 'train.py'),
        lambda: run_tool_in_ranks(tmp_path, tmp_path, 2, 'train.py'),
        lambda: run_command(tmp_path, 'false'),
        lambda: call_in_ranks(print),
    )
    for start in starts:
        with pytest.raises(pytest.skip.Exception, match='make test-quick'):
            start()


def test_make_runs_the_selection():
    command = ['make', '--dry-run', 'test-quick', 'PYTHON=python', 'ARGS=', 'MAKEFLAGS=']
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    (line,) = (line for line in result.stdout.splitlines() if ' pytest ' in line)
    assert line.split()[-len(SELECTED) :] == SELECTED
    assert f'{QUICK_VARIABLE} := 1' in (ROOT / 'Makefile').read_text()
