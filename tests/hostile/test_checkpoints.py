"""Checkpoints with code in them: no entry runs it; loading by mmengine's own ways is in tests/engine."""

import importlib.util
import io
import random
from contextlib import redirect_stderr
from pathlib import Path

import pytest
import torch
from hostile_files import hash_of, list_files, refuse, save_hostile_checkpoint
from mmengine.runner import Runner
from random_models import save_random_model
from tiny_chain.fixtures import read_tiny_config

from projects.wsis.apis import WSISInferencer
from projects.wsis.apis.inference.trained_model import TrainedModel
from projects.wsis.apis.launch import run_test, run_training
from projects.wsis.apis.publishing import publish_model
from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.reference.convert import convert_reference

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    return save_random_model('cam', tmp_path_factory.mktemp('model'))[0]


def use_inferencer(checkpoint: Path, config: str, out: Path) -> None:
    WSISInferencer(config, str(checkpoint), device='cpu', show_progress=False)


def convert(checkpoint: Path, config: str, out: Path) -> None:
    convert_reference(checkpoint, 'irn-cam', out / 'converted.pth')


def publish(checkpoint: Path, config: str, out: Path) -> None:
    publish_model(TrainedModel(config, str(checkpoint)), out)


def call_tool(name: str, *arguments: object) -> None:
    """Call the main function of a model converter; what it says where it fails is raised."""
    said = io.StringIO()
    spec = importlib.util.spec_from_file_location(name, ROOT / 'tools' / 'model_converters' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('sys.argv', [name, *map(str, arguments)])
        with redirect_stderr(said), pytest.raises(SystemExit) as end:
            module.main()
    assert end.value.code == 1, said.getvalue()
    raise ValueError(said.getvalue().strip())


def call_converter(checkpoint: Path, config: str, out: Path) -> None:
    call_tool('convert_reference', '--from', 'irn-cam', checkpoint, out / 'converted.pth')


def call_publisher(checkpoint: Path, config: str, out: Path) -> None:
    call_tool('publish_model', config, out, '--weights', checkpoint)


def use_zoo(checkpoint: Path, config: str, out: Path) -> None:
    """A pair of a folder of published models whose hash is right."""
    name = f'evil-{hash_of(checkpoint)[:8]}'
    folder = checkpoint.parent / 'zoo'
    folder.mkdir()
    (folder / f'{name}.py').write_bytes(Path(config).read_bytes())
    checkpoint.rename(folder / f'{name}.pth')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('WSIS_ZOO', str(folder))
        WSISInferencer('evil', device='cpu', show_progress=False)


ENTRIES = [use_inferencer, convert, publish, call_converter, call_publisher, use_zoo]


@pytest.mark.parametrize('entry', ENTRIES)
def test_code_in_a_checkpoint_is_never_run(entry, config, tmp_path):
    marker = tmp_path / 'marker'
    checkpoint = save_hostile_checkpoint(tmp_path / 'given' / 'hostile.pth', marker)
    out = tmp_path / 'out'
    out.mkdir()
    line = refuse(lambda: entry(checkpoint, config, out))
    assert 'is refused: it wants to run or build' in line
    assert not marker.exists() and not list_files(out)


@pytest.mark.parametrize('name, run', [('tiny_cam.py', 'train'), ('tiny_cam.py', 'test')])
@pytest.mark.parametrize('plain', [True, False], ids=['a plain Runner', 'our tools'])
def test_code_in_a_checkpoint_is_never_run_by_a_stage(name, run, plain, demo_root, demo_environment, tmp_path):
    """Label making loads its checkpoint before the hooks of a run begin."""
    marker = tmp_path / 'marker'
    cfg = read_tiny_config(name, tmp_path / 'work')
    cfg.load_from = str(save_hostile_checkpoint(tmp_path / 'hostile.pth', marker))
    if plain:
        runner = Runner.from_cfg(cfg)
        line = refuse(runner.train if run == 'train' else runner.test)
    else:
        line = refuse(lambda: run_training(cfg) if run == 'train' else run_test(cfg))
    assert 'is refused: it wants to run or build' in line and not marker.exists()


@pytest.mark.parametrize('entry', [convert, publish])
@pytest.mark.parametrize('content', [[1, 2], 'text', dict(state_dict=3), torch.zeros(3)], ids=type)
def test_plain_data_of_another_form(entry, content, config, tmp_path):
    torch.save(content, tmp_path / 'plain.pth')
    refuse(lambda: entry(tmp_path / 'plain.pth', config, tmp_path / 'out'), tmp_path / 'plain.pth')
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('new_format', [True, False])
def test_random_damages_get_one_line(new_format, tmp_path):
    """A byte that is changed makes torch's reader raise errors of many kinds."""
    path = tmp_path / 'damaged.pth'
    content = dict(state_dict={'a': torch.rand(4, 4), 'b': torch.arange(5)}, meta=dict(epoch=1, names=['x', None, 1.5]))
    torch.save(content, path, _use_new_zipfile_serialization=new_format)
    whole, choose, refused = path.read_bytes(), random.Random(0), 0
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(choose.choice((1, 3, 8))):
            damaged[choose.randrange(len(damaged))] = choose.randrange(256)
        path.write_bytes(damaged)
        try:
            load_checkpoint_safely(path)
        except ValueError as error:
            assert '\n' not in str(error) and str(path) in str(error)
            refused += 1
    assert refused > 100
