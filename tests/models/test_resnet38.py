"""The Wide ResNet-38: levels, blocks by hand, freezing, dropout, and the shapes of the official network."""

from collections import Counter

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS, init_default_scope
from torch import nn

from projects.wsis.models.backbones.resnet38 import Layer, PreActivationBlock, ResNet38
from projects.wsis.models.feature_levels import infer_feature_levels

LEVELS = [(4, 2), (8, 4), (16, 8), (32, 8), (128, 8)]  # channels at base_channels=2, stride


def build(**arguments):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    return MODELS.build(dict(type='ResNet38', base_channels=2, **arguments))


def photos(batch=1, height=40, width=56):
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize('out_indices', [(0, 1, 2, 3, 4), (4,), (2,), (3, 2, 4), (0, 3)])
def test_levels(out_indices):
    assert infer_feature_levels(build(out_indices=out_indices)) == [LEVELS[index] for index in sorted(out_indices)]


def test_an_output_is_normalised_once():
    model = build(out_indices=(2, 3), norm_eval=False).train()
    calls = Counter()
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(lambda *_, name=name: calls.update([name]))
    model(photos(batch=2))
    assert calls['stages.3.0.norms.0'] == 1 and set(calls.values()) == {1}


@torch.no_grad()
def test_an_output_does_not_depend_on_which_others_are_asked_for():
    everything = build(out_indices=range(5)).eval()
    expected = everything(photos())
    for index in range(5):
        one = build(out_indices=(index,)).eval()
        one.load_state_dict(everything.state_dict())
        (found,) = one(photos())
        assert torch.equal(found, expected[index])


@pytest.mark.parametrize('size', [(40, 56), (41, 57), (8, 8), (1, 3)])
@pytest.mark.parametrize('batch', [1, 3])
@torch.no_grad()
def test_sizes_round_up(size, batch):
    outputs = build(out_indices=range(5)).eval()(photos(batch, *size))
    for output, (channels, stride) in zip(outputs, LEVELS):
        assert output.shape == (batch, channels, -(-size[0] // stride), -(-size[1] // stride))
        assert output.min() >= 0  # normalised and rectified


@torch.no_grad()
def test_photos_of_a_batch_do_not_see_each_other_and_strides_do_not_count():
    model = build(out_indices=(2, 4)).eval()
    batch = photos(3)
    turned = batch.transpose(2, 3).contiguous().transpose(2, 3)
    for together, strided, alone in zip(model(batch), model(turned), model(batch[1:2])):
        torch.testing.assert_close(strided, together)
        torch.testing.assert_close(alone, together[1:2])


def test_shapes_are_those_of_the_public_network(public_key_table):
    with torch.device('meta'):
        found = Counter(tuple(value.shape) for value in ResNet38().state_dict().values())
    rows = [tuple(shape) for name, shape, _, _ in public_key_table('eps_cls') if name != 'fc8.weight']
    assert found == Counter(rows)


@torch.no_grad()
def test_block_by_hand():
    block = PreActivationBlock(2, (Layer(2, stride=2), Layer(3, dilation=2)), 1, dict(type='BN')).eval()
    block.norms[0].weight.copy_(torch.tensor([2.0, 3.0]))
    x = torch.randn(1, 2, 9, 11)
    activated = F.relu(F.batch_norm(x, torch.zeros(2), torch.ones(2), block.norms[0].weight, torch.zeros(2)))
    inner = F.conv2d(activated, block.convs[0].weight, stride=2, padding=1)
    inner = F.relu(F.batch_norm(inner, torch.zeros(2), torch.ones(2)))
    expected = F.conv2d(inner, block.convs[1].weight, padding=2, dilation=2)
    expected += F.conv2d(activated, block.shortcut.weight, stride=2)
    torch.testing.assert_close(block(x), expected)


@torch.no_grad()
def test_shortcut_of_equal_shape_is_the_input_before_normalisation():
    block = PreActivationBlock(2, (Layer(2), Layer(2)), 1, dict(type='BN')).eval()
    assert block.shortcut is None
    block.convs[1].weight.zero_()
    x = torch.randn(1, 2, 5, 5)
    assert torch.equal(block(x), x)


@pytest.mark.parametrize('frozen_stages', [-1, 0, 1, 3, 5])
def test_frozen_stages_get_no_gradient(frozen_stages):
    model = build(frozen_stages=frozen_stages, norm_eval=False).train()
    if frozen_stages < 5:
        model(photos(2))[0].sum().backward()
    parts = [model.conv1, *model.stages, model.norm]
    frozen = parts[: frozen_stages + 1] + ([model.norm] if frozen_stages == 5 else [])
    for part in parts:
        for parameter in part.parameters():
            assert (parameter.grad is None) == any(part is each for each in frozen)
    statistics = {
        bool(module.training) for part in frozen for module in part.modules() if isinstance(module, nn.BatchNorm2d)
    }
    assert statistics <= {False}


def test_settings_of_the_public_codes_leave_every_batch_norm_alone():
    model = build(frozen_stages=1, norm_cfg=dict(type='BN', requires_grad=False), norm_eval=True).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD([each for each in model.parameters() if each.requires_grad], 0.1, weight_decay=0.1)
    model(photos(2))[0].sum().backward()
    optimizer.step()
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all('convs' in name or 'shortcut' in name for name in changed)
    assert not any(name.startswith(('conv1', 'stages.0.')) for name in changed)
    assert {'stages.1.0.convs.0.weight', 'stages.4.1.convs.2.weight'} <= changed


def test_norm_eval_off_learns_statistics():
    model = build(norm_eval=False).train()
    model(photos(2))
    assert model.norm.running_mean.abs().max() > 0
    fixed = build().train()
    fixed(photos(2))
    assert fixed.norm.running_mean.abs().max() == 0 and fixed.training and not fixed.norm.training


def test_dropout_in_the_last_two_blocks_only():
    model = build()
    rates = [(name, module.p) for name, module in model.named_modules() if isinstance(module, nn.Dropout2d)]
    places = ['stages.4.0.dropouts.1', 'stages.4.0.dropouts.2', 'stages.4.1.dropouts.1', 'stages.4.1.dropouts.2']
    assert rates == list(zip(places, (0.3, 0.3, 0.5, 0.5)))
    with torch.no_grad():
        model.train()
        assert not torch.equal(model(photos())[0], model(photos())[0])
        plain = build(dropout=False).train()
        assert torch.equal(plain(photos())[0], plain(photos())[0])


def test_activations_computed_again_give_the_same_gradients():
    gradients = []
    for with_cp in (False, True):
        model = build(with_cp=with_cp, dropout=False, frozen_stages=1).train()
        model(photos(2))[0].square().mean().backward()
        gradients.append([parameter.grad for parameter in model.parameters() if parameter.grad is not None])
    assert len(gradients[0]) == len(gradients[1]) > 50
    assert all(torch.allclose(*pair) for pair in zip(*gradients))


@pytest.mark.parametrize(
    'arguments, words',
    [
        (dict(out_indices=(5,)), 'out_indices are among 0 to 4, not'),
        (dict(out_indices=(-1,)), 'out_indices'),
        (dict(out_indices=()), 'out_indices'),
        (dict(frozen_stages=6), 'frozen_stages is -1'),
        (dict(frozen_stages=-2), 'frozen_stages is -1'),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words) as error:
        ResNet38(base_channels=2, **arguments)
    assert '\n' not in str(error.value)
