"""Shipped configs and recipes for tests: each file is read once, and each network built once, without numbers."""

import copy
import functools
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope, Registry, init_default_scope

from projects.wsis.apis.configs import load_config
from projects.wsis.apis.data_choice import read_config

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / 'configs').rglob('*.py')
    if not {'_base_', 'recipes'} & set(path.parts)
)
# three classes, a val split and points
PHOTOS = ROOT / 'tests' / 'data' / 'photos.py'
DATA_SETS = ('coco2014', 'demo', 'photos', 'voc2012')
RECIPES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'configs/recipes').glob('*.py'))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Configs are found from any folder; every test leaves the default scope as it was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())


@pytest.fixture(scope='module', autouse=True)
def read_once():
    """Recipes and tests read the same configs many times: each file is read once, with each data set."""
    files = {}

    def read(path, data=None):
        key = Path(path).resolve(), data
        if key not in files:
            files[key] = read_config(path, data)
        return copy.deepcopy(files[key])

    with mock.patch('projects.wsis.apis.configs.read_config', read):
        yield


BUILT = {}
BACKBONES = {}


def build_once(config):
    """Build a network without numbers, as filling the large ones takes seconds; several configs share one."""
    key = str(config)
    if key not in BUILT:
        with torch.device('meta'), share_backbones(config):
            BUILT[key] = MODELS.build(config)
    return BUILT[key]


@contextmanager
def share_backbones(config):
    """While this holds, the backbone of a config is that of an earlier one, if both are the same."""
    key, original = str(config.get('backbone')), Registry.build

    def build(registry, part, *arguments, **settings):
        if registry.name != 'model' or str(part) != key:
            return original(registry, part, *arguments, **settings)
        if key not in BACKBONES:
            BACKBONES[key] = remember_outputs(original(registry, part, *arguments, **settings))
        return BACKBONES[key]

    grad = functools.partial(torch.autograd.grad, retain_graph=True)  # that of remembered outputs is used again
    with mock.patch.object(Registry, 'build', build), mock.patch('torch.autograd.grad', grad):
        yield


def remember_outputs(backbone):
    """Let a network without numbers be run once for each size of photos, as every method looks at what it gives."""
    forward, outputs = backbone.forward, {}

    def forward_once(photos):
        key = photos.shape, torch.is_grad_enabled()
        if key not in outputs:
            outputs[key] = forward(photos)
        return outputs[key]

    backbone.forward = forward_once
    return backbone


def without_weights(node):
    """Set every init_cfg that names a checkpoint to None, so that nothing is downloaded."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == 'init_cfg' and isinstance(value, dict) and value.get('type') == 'Pretrained':
                node[key] = None
            else:
                without_weights(value)
    elif isinstance(node, (list, tuple)):
        for child in node:
            without_weights(child)
    return node


def choose_data(name: str) -> Path | None:
    """What is made for any photos is tried on the three classes."""
    return (
        PHOTOS if name.split('.')[0].endswith(('photos', 'photos-maps', 'photos-labels', 'photos-supervised')) else None
    )


@functools.cache
def load_once(name: str, data: Path | None) -> Config:
    return load_config(name, data=data)


def read(name: str, data: Path | None = None) -> Config:
    cfg = copy.deepcopy(load_once(name, data or choose_data(name)))
    init_default_scope(cfg.get('default_scope'))
    without_weights(cfg.model)
    return cfg


def as_list(value) -> list:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]
