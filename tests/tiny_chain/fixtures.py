"""A tiny demo set and the whole chain made of it once, for all tests that need real artifacts."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from mmengine.config import Config
from mmengine.registry import DefaultScope

from projects.wsis.apis.configs import load_config
from projects.wsis.apis.launch import apply_resume, apply_tta, run_test, run_training
from projects.wsis.datasets import VOCTagDataset
from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.structures import write_json

from .processes import TOOLS, link_demo, run_tool, run_tool_in_ranks

CONFIGS = Path(__file__).resolve().parent
CROP = 'RandomCropAndPad'


def read_tiny_config(name: str, work_dir: Path, **options) -> Config:
    """Read a config of this folder for a run in this process.

    The run and its visualizer get names of their own: mmengine keeps both for the whole process.
    """
    cfg = load_config(CONFIGS / name, options, work_dir=work_dir)
    cfg.experiment_name = f'{work_dir.parent.name}_{work_dir.name}_{time.monotonic_ns()}'
    if 'visualizer' in cfg:
        cfg.visualizer.name = cfg.experiment_name
    return cfg


def make_labels(name: str, checkpoint: Path | None, work_dir: Path, **options) -> dict:
    """Do in this process what tools/test.py does, and return the metrics."""
    cfg = read_tiny_config(name, work_dir, **options)
    cfg.load_from = str(checkpoint) if checkpoint else None
    if cfg.get('tta'):
        apply_tta(cfg)
    return run_test(cfg)


def train(name: str, work_dir: Path, resume: str | None = None, **options) -> None:
    """Do in this process what tools/train.py does."""
    cfg = read_tiny_config(name, work_dir, **options)
    apply_resume(cfg, resume)
    run_training(cfg)


def in_fresh_scopes(entries: Iterable[dict]) -> Iterator[dict]:
    """Yield entries, before each of which the scopes of registries are those of now, as in a process of its own."""
    scopes = dict(DefaultScope._instance_dict)
    for entry in entries:
        DefaultScope._instance_dict.clear()
        DefaultScope._instance_dict.update(scopes)
        yield entry


def write_points(path: Path) -> Path:
    """Write a points file with a point of each tag of each training photo of the demo set, and return its path."""
    cfg = load_config(CONFIGS / 'tiny_cam.py')
    points = [
        {'photo': info['img_id'], 'class': cfg.metainfo.classes[tag], 'y': 20 + 5 * tag, 'x': 30}
        for info in VOCTagDataset(data_root=cfg.data_root, metainfo=cfg.metainfo)
        for tag in info['tags']
    ]
    write_json(path, dict(points=points))
    return path


def write_killed_config(path: Path, name: str, phase: str, iteration: int) -> Path:
    """Write a config that is killed at an iteration of training or testing."""
    path.write_text(
        f'_base_ = [{str(CONFIGS / name)!r}]\n'
        "custom_imports = dict(imports=['projects.wsis', 'tiny_chain.kill_hook'], "
        'allow_failed_imports=False)\n'
        f'custom_hooks = [dict(type="KillHook", phase={phase!r}, iteration={iteration})]\n'
    )
    return path


def check_two_processes_train_as_one(
    demo_root: Path, folder: Path, name: str, pipeline: list[str], options: dict | None = None, rate: float = 0.1
) -> None:
    """Train a config with one process and with two on the same global batch; the weights must be the same.

    Photos are not cropped at random, and with plain SGD the size of gradients counts.

    Args:
        demo_root: The tiny demo set.
        folder: An empty folder.
        name: A config of this folder, with fixed statistics of batch norm.
        pipeline: Its loading and packing transforms by name; `CROP` crops.
        options: Further settings.
        rate: Learning rate, so small that the network does not diverge.
    """
    config, options = folder / 'fixed.py', options or {}
    steps = [dict(type=step, **(dict(crop_size=64, random=False) if step == CROP else {})) for step in pipeline]
    config.write_text(
        f'_base_ = [{str(CONFIGS / name)!r}]\n'
        f'train_dataloader = dict(dataset=dict(pipeline={steps!r}))\n'
        f"optim_wrapper = dict(optimizer=dict(_delete_=True, type='SGD', lr={rate}))\n"
        'param_scheduler = []\n'
    )
    write_json(folder / 'options.json', {**options, 'train_dataloader.batch_size': 2})
    arguments = [config, '--work-dir', 'two', '--options-file', 'options.json']
    two = run_tool_in_ranks(demo_root, folder, 2, 'train.py', *arguments)
    assert two.status == 0, two.tail
    train(str(config), folder / 'one', **options)
    train(str(config), folder / 'slower', **options, **{'optim_wrapper.optimizer.lr': rate / 2})
    one, two, slower = (
        load_checkpoint_safely(folder / run / 'epoch_1.pth')['state_dict'] for run in ('one', 'two', 'slower')
    )
    limits = dict(rtol=1e-4, atol=2e-6)
    # a gradient half as large would show
    assert any(not torch.allclose(one[key], slower[key], **limits) for key in one)
    for key in one:
        torch.testing.assert_close(two[key], one[key], **limits, msg=key)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As many threads as the processes of tools have here, so that results are equal to the last bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def make_once(tmp_path_factory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that one of the processes of pytest-xdist makes for all of them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if 'PYTEST_XDIST_WORKER' in os.environ else base) / name
    made = folder.with_suffix('.made')
    with FileLock(folder.with_suffix('.lock')):
        if not made.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            made.touch()
    return folder


@pytest.fixture(scope='session')
def demo_root(tmp_path_factory) -> Path:
    """A demo set of 8 training and 4 validation photos of about 96 pixels."""
    sys.path.insert(0, str(TOOLS / 'dataset_converters'))
    try:
        from make_demo_data import DemoSet, make_demo_data
    finally:
        sys.path.pop(0)
    settings = DemoSet(seed=0, train=8, val=4, size=96)
    return make_once(tmp_path_factory, 'tiny', lambda folder: make_demo_data(folder / 'demo', settings)) / 'demo'


@pytest.fixture
def demo_copy(demo_root, tmp_path, tmp_path_factory, monkeypatch) -> Path:
    """A copy of the tiny demo set that a test may spoil; configs read it."""
    copy = tmp_path / 'demo_copy'
    shutil.copytree(demo_root, copy)
    monkeypatch.chdir(link_demo(tmp_path_factory.mktemp('run'), copy))
    return copy


@pytest.fixture
def demo_environment(demo_root, tmp_path_factory, monkeypatch) -> Path:
    """Let the demo's configs read the tiny demo set."""
    monkeypatch.chdir(link_demo(tmp_path_factory.mktemp('run'), demo_root))
    return demo_root


@pytest.fixture(scope='session')
def chain(demo_root, tmp_path_factory) -> Path:
    """Work dir of tools/pipeline.py: classifier, cams, inter_pixel_labels, irnet, pseudo_labels. Not to be changed."""

    def make(folder):
        arguments = [CONFIGS / 'tiny_pipeline.py', '--work-dir', 'work', '--no-report']
        result = run_tool(demo_root, folder, 'pipeline.py', *arguments)
        assert result.status == 0, result.tail

    return make_once(tmp_path_factory, 'chain', make) / 'work'
