"""A tiny demo set and the whole chain made of it once, for all tests that need real artifacts."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = Path(__file__).resolve().parent
TOOLS = ROOT / 'tools'
DEMO_VARIABLE = 'WSIS_DEMO_ROOT'


def make_environment(demo_root: Path) -> dict[str, str]:
    """Return the environment of a tool's process: the tiny demo set, no GPU, one thread."""
    return dict(
        os.environ, WSIS_DEMO_ROOT=f'{demo_root}', OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='', PYTHON=sys.executable)


def start_tool(demo_root: Path, folder: Path, *command: object, **kwargs) -> subprocess.Popen:
    """Start a tool (its name, then its arguments) in a folder that is not the repository."""
    tool, *arguments = map(str, command)
    program = ['bash'] if tool.endswith('.sh') else [sys.executable]
    return subprocess.Popen(
        [*program, str(TOOLS / tool), *arguments], cwd=folder, env=make_environment(demo_root), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kwargs)


def run_tool(demo_root: Path, folder: Path, *command: object) -> SimpleNamespace:
    """Run a tool to its end and return its exit status and output."""
    process = start_tool(demo_root, folder, *command)
    output, _ = process.communicate(timeout=300)
    return SimpleNamespace(status=process.returncode, output=output)


@pytest.fixture(scope='session')
def demo_root(tmp_path_factory) -> Path:
    """A demo set of 8 training and 4 validation photos of about 96 pixels."""
    sys.path.insert(0, str(TOOLS / 'dataset_converters'))
    try:
        from make_demo_data import DemoSet, make_demo_data
    finally:
        sys.path.pop(0)
    out = tmp_path_factory.mktemp('tiny') / 'demo'
    make_demo_data(out, DemoSet(seed=0, train=8, val=4, size=96))
    return out


@pytest.fixture
def demo_copy(demo_root, tmp_path, monkeypatch) -> Path:
    """A copy of the tiny demo set that a test may spoil; configs read it."""
    copy = tmp_path / 'demo_copy'
    shutil.copytree(demo_root, copy)
    monkeypatch.setenv(DEMO_VARIABLE, str(copy))
    return copy


@pytest.fixture
def demo_environment(demo_root, monkeypatch) -> Path:
    """Let the demo's configs read the tiny demo set."""
    monkeypatch.setenv(DEMO_VARIABLE, str(demo_root))
    return demo_root


@pytest.fixture(scope='session')
def chain(demo_root, tmp_path_factory) -> Path:
    """Work dir of tools/pipeline.py: classifier, cams, inter_pixel_labels, irnet, pseudo_labels. Not to be changed."""
    folder = tmp_path_factory.mktemp('chain')
    result = run_tool(demo_root, folder, 'pipeline.py', CONFIGS / 'tiny_pipeline.py', '--work-dir', 'work')
    assert result.status == 0, result.output
    return folder / 'work'
