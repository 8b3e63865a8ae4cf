"""The selection of `make test-quick` is there, covers every part of the package, and starts no processes."""

import ast
import subprocess

import pytest
from tiny_chain.processes import ROOT, TESTS

LIST = TESTS / 'quick.txt'
LINES = [line.split('#')[0].strip() for line in LIST.read_text(encoding='utf-8').splitlines()]
SELECTED = [line for line in LINES if line]
# what starts processes that import everything, or trains a whole chain
SLOW_MODULES = {'subprocess', 'tiny_chain.processes'}
SLOW_FIXTURES = {'chain', 'call_in_ranks', 'run_tool', 'run_command'}


def list_files() -> list:
    """Return the files of tests that are selected as a whole."""
    paths = [ROOT / line for line in SELECTED if '::' not in line]
    return [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob('test_*.py')))]


@pytest.mark.parametrize('line', SELECTED)
def test_what_is_selected_is_there(line):
    path, _, name = line.partition('::')
    assert (ROOT / path).exists(), f'{path} of {LIST.name} does not exist: name another one'
    assert not name or f'def {name}(' in (ROOT / path).read_text(), f'{path} of {LIST.name} has no {name}'


def test_every_part_of_the_package_is_covered():
    parts = {path.name for path in (ROOT / 'projects/wsis').iterdir() if (TESTS / path.name).is_dir()}
    covered = {file.relative_to(TESTS).parts[0] for file in list_files()}
    assert len(parts) > 10 and parts <= covered, (
        f'add fast tests of {", ".join(sorted(parts - covered))} to {LIST.name}'
    )


@pytest.mark.parametrize('file', list_files(), ids=lambda file: file.relative_to(TESTS).as_posix())
def test_nothing_that_is_selected_starts_processes(file):
    """A process that imports everything takes seconds of a core; so does the chain of all stages."""
    tree = ast.parse(file.read_text(encoding='utf-8'))
    nodes = list(ast.walk(tree))
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    given = {argument.arg for node in nodes if isinstance(node, ast.FunctionDef) for argument in node.args.args}
    assert not imported & SLOW_MODULES and not given & SLOW_FIXTURES, f'leave {file.name} out of {LIST.name}'


def test_make_runs_the_selection():
    command = ['make', '--dry-run', 'test-quick', 'PYTHON=python', 'ARGS=', 'MAKEFLAGS=']
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    (line,) = (line for line in result.stdout.splitlines() if ' pytest ' in line)
    assert line.split()[-len(SELECTED) :] == SELECTED
