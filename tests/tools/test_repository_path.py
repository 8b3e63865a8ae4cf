"""What every tool does before it imports anything else."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / 'tools'
SCRIPT = 'import repository_path, os, sys; print(os.environ.get("OMP_WAIT_POLICY"), "torch" in sys.modules)'
VARIABLES = ('OMP_WAIT_POLICY', 'GOMP_SPINCOUNT', 'KMP_BLOCKTIME')
HEAVY = ('torch', 'mmengine', 'mmcv', 'mmdet', 'mmseg', 'projects')


def read_policy(**variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [sys.executable, '-c', SCRIPT]
    result = subprocess.run(
        command, cwd=TOOLS, env={**environment, **variables}, capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


@pytest.mark.parametrize(
    'variables, policy',
    [
        ({}, 'PASSIVE'),
        (dict(OMP_WAIT_POLICY='ACTIVE'), 'ACTIVE'),
        (dict(GOMP_SPINCOUNT='1000'), 'None'),
        (dict(KMP_BLOCKTIME='1'), 'None'),
    ],
)
def test_threads_that_wait_sleep_unless_the_user_has_chosen(variables, policy):
    assert read_policy(**variables) == f'{policy} False'


def list_imports(script: Path) -> list[str]:
    """Return the names of the packages that a script imports at its top level, in order."""
    names = []
    for node in ast.parse(script.read_text()).body:
        if isinstance(node, ast.Import):
            names += [alias.name.split('.')[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module.split('.')[0])
    return names


SCRIPTS = [path for path in sorted(TOOLS.rglob('*.py')) if 'repository_path' in list_imports(path)]


@pytest.mark.parametrize('script', SCRIPTS, ids=lambda path: path.name)
def test_tools_import_it_before_torch(script):
    names = list_imports(script)
    assert not set(names[: names.index('repository_path')]) & set(HEAVY)


def test_most_tools_import_it():
    assert {'train.py', 'test.py', 'pipeline.py', 'label_photos.py'} <= {path.name for path in SCRIPTS}
