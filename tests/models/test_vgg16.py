"""VGG16 starts from files of torchvision's kind: of half or full precision, with or without fully connected layers."""

import pytest
import torch
from mmengine.registry import MODELS, init_default_scope

from projects.wsis.engine.hooks.pretrained_match_hook import match_weights
from projects.wsis.models.backbones import VGG16


def write_weights(path, dtype=torch.float32, connected=False):
    """Write random weights under the names of torchvision, and return them."""
    generator = torch.Generator().manual_seed(0)
    shapes = {name: value.shape for name, value in VGG16().state_dict().items()}
    weights = {name: torch.randn(shape, generator=generator).to(dtype) for name, shape in shapes.items()}
    assert list(weights)[:2] == ['features.0.weight', 'features.0.bias'] and len(weights) == 26
    connected_layers = {'classifier.0.weight': torch.zeros(6, 8), 'classifier.0.bias': torch.zeros(6)}
    torch.save({**weights, **(connected_layers if connected else {})}, path)
    return weights


@pytest.mark.parametrize('connected', [False, True], ids=['convolutions', 'with fully connected layers'])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
def test_every_weight_is_taken_from_the_file(dtype, connected, tmp_path):
    init_default_scope('mmdet')
    weights = write_weights(tmp_path / 'vgg16.pth', dtype, connected)
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'vgg16.pth'))
    light = dict(strides=(1, 2, 2, 2, 2), dilations=(1,) * 5, frozen_stages=2)
    backbone = MODELS.build(dict(type='VGG16', init_cfg=init_cfg, **light))
    assert match_weights(backbone, init_cfg)[1] == []
    backbone.init_weights()
    state = backbone.state_dict()
    assert state.keys() == weights.keys()
    assert all(
        state[name].dtype == torch.float32 and state[name].equal(value.float()) for name, value in weights.items()
    )
    # what is trained are the last two stages
    trained = {name for name, value in backbone.named_parameters() if value.requires_grad}
    assert trained == {name for name in weights if int(name.split('.')[1]) >= 17}
    assert backbone(torch.zeros(1, 3, 64, 96))[0].shape == (1, 512, 4, 6)
