"""Pretrained weights of another network stop training with one line."""

from types import SimpleNamespace

import pytest
import torch
from mmdet.models.backbones import ResNet
from mmengine.model import BaseModel, BaseModule
from torch import nn

from projects.wsis.engine.hooks.pretrained_match_hook import PretrainedMatchHook
from projects.wsis.models.backbones import ResNetWithStem


class Model(BaseModel):
    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return self.backbone(inputs)


class Translating(BaseModule):
    """Loads files with other names by itself, as Swin does."""

    def __init__(self, init_cfg: dict) -> None:
        super().__init__(init_cfg)
        self.layer = nn.Linear(2, 2)

    def init_weights(self) -> None:
        pass


def resnet(depth: int = 18, stages: int = 3, kind: type = ResNet, init_cfg: dict | list | None = None) -> ResNet:
    return kind(
        depth,
        num_stages=stages,
        strides=(1, 2, 2, 2)[:stages],
        dilations=(1,) * stages,
        out_indices=(stages - 1,),
        init_cfg=init_cfg,
    )


def check(backbone: nn.Module) -> None:
    optimizer = torch.optim.SGD(backbone.parameters(), lr=1)
    PretrainedMatchHook().before_run(SimpleNamespace(model=Model(backbone), optim_wrapper=optimizer, cfg={}))


@pytest.fixture
def save(tmp_path):
    def save(weights: dict, name: str = 'some.pth', **settings) -> dict:
        torch.save(weights, tmp_path / name)
        return dict(type='Pretrained', checkpoint=str(tmp_path / name), **settings)

    return save


def rename(model: nn.Module, prefix: str) -> dict:
    return {f'{prefix}{name}': value for name, value in model.state_dict().items()}


@pytest.mark.parametrize('kind', [ResNet, ResNetWithStem])
def test_own_bigger_and_smaller_networks_pass(save, kind):
    check(resnet(kind=kind, init_cfg=save(resnet(stages=3).state_dict())))
    check(resnet(kind=kind, init_cfg=[save(rename(resnet(stages=4), 'module.'))]))
    weights = dict(state_dict=rename(resnet(stages=3), 'backbone.'), meta=dict())
    check(resnet(stages=4, kind=kind, init_cfg=save(weights, prefix='backbone.')))  # layer4 is not in the file
    check(resnet(stages=4, kind=kind, init_cfg=save(weights, prefix='backbone')))


@pytest.mark.parametrize(
    'weights, settings',
    [
        (nn.Linear(2, 2).state_dict(), {}),
        (rename(resnet(), 'backbone.'), {}),  # the prefix was forgotten
        (rename(resnet(), 'encoder.'), dict(prefix='backbone.')),
        (resnet(50).state_dict(), {}),  # the same names, other shapes
    ],
)
def test_other_networks_are_one_line(save, weights, settings):
    with pytest.raises(ValueError, match=r'some\.pth is not of backbone \(ResNet\): [07] of 15 weights fit') as caught:
        check(resnet(init_cfg=save(weights, **settings)))
    assert '\n' not in str(caught.value) and 'init_cfg=None' in str(caught.value)


def test_missing_file_is_one_line(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.pth not found'):
        check(resnet(init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'none.pth'))))


def test_networks_that_load_by_themselves_and_random_ones_pass(save):
    check(Translating(save(nn.Conv2d(1, 1, 1).state_dict())))
    check(resnet(init_cfg=dict(type='Kaiming', layer='Conv2d')))
    check(resnet())


@pytest.mark.parametrize('resume, optimizer', [(True, object()), (False, dict(type='OptimWrapper')), (False, None)])
def test_where_all_weights_come_from_a_checkpoint_nothing_is_looked_at(resume, optimizer, save):
    backbone = resnet(init_cfg=save(nn.Linear(2, 2).state_dict()))
    with pytest.raises(ValueError, match='is not of backbone'):
        check(backbone)
    runner = SimpleNamespace(model=Model(backbone), optim_wrapper=optimizer, cfg=dict(resume=resume))
    PretrainedMatchHook().before_run(runner)
