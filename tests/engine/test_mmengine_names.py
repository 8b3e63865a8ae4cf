"""The private names of mmengine: they exist in the distribution that is installed, and no other file has any."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from mmengine.runner import CheckpointLoader, Runner

from projects.wsis.engine import mmengine_names

pytestmark = pytest.mark.usefixtures('earlier_runs_ended')

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for folder in ('projects', 'tools', 'demo') for path in (ROOT / folder).rglob('*.py'))
LIBRARIES = {'mmengine', 'mmcv', 'mmdet', 'mmseg'}


def is_private(name: str) -> bool:
    return name.startswith('_') and not name.startswith('__')


def find_private_names(text: str) -> set[str]:
    """Return the private names of the libraries that a module imports, or reads of what it imports from them."""
    imported, found = set(), set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {(alias.asname or alias.name).split('.')[0] for alias in node.names if is_foreign(alias.name)}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level and is_foreign(node.module):
            imported |= {alias.asname or alias.name for alias in node.names}
            found |= {alias.name for alias in node.names if is_private(alias.name)}
            found |= {part for part in node.module.split('.') if is_private(part)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            owner = node.value
            while isinstance(owner, ast.Attribute):
                owner = owner.value
            # a Runner is what hooks are given by this name
            if isinstance(owner, ast.Name) and owner.id in imported | {'runner'}:
                found.add(node.attr)
    return found


def is_foreign(module: str) -> bool:
    return module.split('.')[0] in LIBRARIES


@pytest.mark.parametrize(
    'text',
    [
        'from mmengine.runner.checkpoint import _load_checkpoint',
        'from mmengine.runner import CheckpointLoader as Loader\nLoader._schemes',
        'import mmengine\nmmengine.runner.CheckpointLoader._schemes',
        'import mmengine.runner.checkpoint as names\nnames._load_checkpoint',
        'runner._train_loop',
    ],
)
def test_the_check_finds(text):
    assert find_private_names(text)


def test_no_other_file_has_private_names():
    found = {path.relative_to(ROOT).as_posix(): find_private_names(path.read_text(encoding='utf-8')) for path in FILES}
    assert {name for name, names in found.items() if names} == {'projects/wsis/engine/mmengine_names.py'}


def test_table_of_loaders():
    before = mmengine_names.read_loaders()
    assert {'', 'https://', 'torchvision://', 'open-mmlab://'} <= set(before)
    try:
        mmengine_names.replace_loaders({'': lambda filename, map_location: filename})
        assert CheckpointLoader.load_checkpoint('torchvision://a') == 'torchvision://a'
    finally:
        mmengine_names.replace_loaders(before)
    assert CheckpointLoader._get_checkpoint_loader('a.pth') is before['']


def test_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv('MMENGINE_HOME', str(tmp_path / 'home'))
    assert mmengine_names.find_cache_folder() == tmp_path / 'home'


def test_what_a_runner_keeps(tmp_path):
    class Model(BaseModel):
        def forward(self, inputs, mode):
            return None

    class Set(BaseDataset):
        def load_data_list(self):
            return [dict(value=torch.ones(1))]

    runner = Runner(
        Model(),
        str(tmp_path),
        train_dataloader=dict(dataset=Set(), batch_size=1, sampler=dict(type='DefaultSampler', shuffle=False)),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        load_from='some.pth',
        experiment_name=tmp_path.name,
    )
    loader = dict(mmengine_names.read_train_loader(runner), batch_size=2)
    mmengine_names.set_train_loader(runner, loader)
    assert mmengine_names.find_load_from(runner) == 'some.pth'
    assert mmengine_names.find_training_set(runner) is None  # nothing has asked for its loop yet
    assert mmengine_names.find_training_set(SimpleNamespace(_train_loop=None)) is None
    dataset = runner.train_loop.dataloader.dataset
    assert mmengine_names.find_training_set(runner) is dataset
    assert runner.train_dataloader.batch_size == 2


def test_reading_of_configs(tmp_path):
    for name, text in {'a.py': "_base_ = './b.py'", 'b.py': 'value = 1', 'c.py': 'value = 2'}.items():
        (tmp_path / name).write_text(text)

    def find_base(find, name, filename):
        path, scope = find(name, filename)
        return path.replace('b.py', 'c.py'), scope

    def read_file(read, filename, *arguments, **settings):
        content, *others = read(filename, *arguments, **settings)
        content['files'] = [*content.get('files', []), Path(filename).name]
        return content, *others

    with mmengine_names.wrapped_config_reading(find_base, read_file):
        cfg = Config.fromfile(str(tmp_path / 'a.py'))
    assert cfg.value == 2 and cfg.files[-1] == 'a.py'
    cfg = Config.fromfile(str(tmp_path / 'a.py'))
    assert cfg.value == 1 and 'files' not in cfg
