"""The hooks of a run are in its config: mmdet's own tools and a plain Runner have them too."""

import gc
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import mmdet
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from tiny_chain.processes import run_command, run_tool

from projects.wsis.apis.launch import build_runner
from projects.wsis.apis.run_hooks import RUN_HOOKS, add_run_hooks
from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.engine.mmengine_names import read_loaders

pytestmark = pytest.mark.usefixtures('earlier_runs_ended')

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = [
    'cam/cam_r18_36e_demo.py',
    'irnet/irnet_r18_20e_demo.py',
    'bestie/bestie_r18_18e_demo.py',
    'mask_rcnn/mask-rcnn_r18_6e_demo.py',
    'deeplab/deeplab-v2_r18_20e_demo.py',
]
TINY_CONFIG = ROOT / 'tests' / 'tools' / 'tiny_config.py'


def read(path: Path, work_dir: Path, **options) -> Config:
    cfg = Config.fromfile(str(path))
    cfg.work_dir, cfg.experiment_name = str(work_dir), f'{work_dir.parent.name}_{work_dir.name}'
    cfg.visualizer.name = cfg.experiment_name  # mmengine keeps one of a name for the whole process
    cfg.merge_from_dict(options)
    return cfg


def list_hooks(runner: Runner) -> list[tuple[str, str]]:
    return [(type(hook).__name__, str(hook.priority)) for hook in runner.hooks]


@pytest.mark.parametrize('name', SHIPPED)
def test_a_plain_runner_of_a_shipped_config_has_the_hooks_of_our_tools(name, tmp_path):
    plain = Runner.from_cfg(read(ROOT / 'configs' / name, tmp_path / 'plain'))
    ours = build_runner(read(ROOT / 'configs' / name, tmp_path / 'ours'))
    assert list_hooks(plain) == list_hooks(ours)
    standard = {hook.type for hook in Config.fromfile(str(ROOT / RUN_HOOKS)).default_hooks.values()}
    assert len(standard) == 10 and standard <= {kind for kind, _ in list_hooks(plain)}


def test_a_config_of_mmdet_gets_them_from_our_tools():
    cfg = Config(
        dict(
            default_hooks=dict(safe_files=dict(type='mmdet.SafeFilesHook'), checkpoint=dict(type='CheckpointHook')),
            custom_hooks=[dict(type='PlainCheckpointHook')],
        )
    )
    add_run_hooks(cfg)
    kinds = [hook.type for hook in cfg.default_hooks.values()]
    assert 'TrainingLabelsHook' in kinds and 'CheckpointMatchHook' in kinds
    assert 'SafeFilesHook' not in kinds and 'PlainCheckpointHook' not in kinds
    before = cfg.pretty_text
    add_run_hooks(cfg)
    assert cfg.pretty_text == before
    bare = Config(dict(default_hooks=None))
    add_run_hooks(bare)
    assert 'SafeFilesHook' in [hook.type for hook in bare.default_hooks.values()]


def test_weights_of_another_model_stop_a_plain_runner(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(TINY_CONFIG.parent)  # its model lies beside it
    torch.save(dict(state_dict={'other.weight': torch.zeros(3)}), tmp_path / 'other.pth')
    options = dict(
        load_from=str(tmp_path / 'other.pth'), default_hooks=Config.fromfile(str(ROOT / RUN_HOOKS)).default_hooks
    )
    loaders = read_loaders()
    for run in ('train', 'test'):
        runner = Runner.from_cfg(read(TINY_CONFIG, tmp_path / run, **options))
        with pytest.raises(ValueError, match='is not of this model') as caught:
            getattr(runner, run)()
        del runner, caught
    gc.collect()
    assert read_loaders() == loaders


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return os.system, (f'touch {self.marker}',)


def find_mmdet_tool(name: str) -> Path:
    """Return one of the tools that mmdet is installed with."""
    script = Path(mmdet.__file__).parent / '.mim' / 'tools' / name
    if not script.is_file():
        pytest.skip('mmdet was installed without its tools')
    return script


def run_mmdet(folder: Path, name: str, *arguments: object) -> SimpleNamespace:
    """Run one of the tools that mmdet is installed with; what it imports is imported already."""
    return run_tool(None, folder, find_mmdet_tool(name), *arguments)


def run_mmdet_alone(folder: Path, name: str, *arguments: object) -> SimpleNamespace:
    """As :func:`run_mmdet`, but nothing is imported before: the config alone asks for the package."""
    paths = os.pathsep.join([str(ROOT), str(TINY_CONFIG.parent)])
    return run_command(folder, 'env', f'PYTHONPATH={paths}', sys.executable, find_mmdet_tool(name), *arguments)


def test_mmdets_own_tools_train_resume_and_refuse_code(tmp_path):
    arguments = [TINY_CONFIG, '--work-dir', tmp_path / 'work']
    found = run_mmdet_alone(tmp_path, 'train.py', *arguments, '--cfg-options', 'train_cfg.max_epochs=1')
    assert found.status == 0, found.tail
    found = run_mmdet(tmp_path, 'train.py', *arguments, '--resume')
    assert found.status == 0, found.tail
    assert load_checkpoint_safely(tmp_path / 'work' / 'epoch_2.pth')['meta']['epoch'] == 2

    marker = tmp_path / 'marker'
    torch.save(dict(state_dict={}, meta=dict(payload=Payload(marker))), tmp_path / 'hostile.pth')
    for found in (
        run_mmdet(tmp_path, 'train.py', *arguments, '--cfg-options', f'load_from={tmp_path / "hostile.pth"}'),
        run_mmdet(tmp_path, 'test.py', TINY_CONFIG, tmp_path / 'hostile.pth', '--work-dir', tmp_path / 'test'),
    ):
        assert found.status != 0 and 'is refused: it wants to run or build' in found.output
    assert not marker.exists()
