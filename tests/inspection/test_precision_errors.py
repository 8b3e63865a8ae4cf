"""What mixed precision costs a step: layers that lose it, equal precision, an untouched model, and the tool."""

import re

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import run_tool
from torch import nn

from projects.wsis.engine.cpu_amp_optim_wrapper import CPUAmpOptimWrapper
from projects.wsis.inspection.precision import measure_precision

TOOL = 'analysis_tools/measure_precision.py'
MEAN = 1000.0


class Net(BaseModel):
    """A convolution whose maps have a large mean and a small deviation, and fixed statistics that take both away."""

    def __init__(self, mean: float, dropout: float = 0.0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.norm = nn.BatchNorm2d(4).eval()
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Conv2d(4, 1, 1)
        nn.init.constant_(self.conv.bias, mean)
        nn.init.constant_(self.norm.running_mean, mean)

    def forward(self, inputs, mode='tensor'):
        return dict(loss=self.last(self.dropout(self.norm(self.conv(inputs)))).square().mean())


def make_step(mean, dropout=0.0):
    torch.manual_seed(0)
    model = Net(mean, dropout)
    return model, dict(inputs=torch.randn(2, 3, 9, 7)), torch.optim.SGD(model.parameters(), lr=0.1)


def test_the_layer_that_loses_precision_is_named():
    model, batch, optimizer = make_step(MEAN)
    errors = measure_precision(model, batch, CPUAmpOptimWrapper(optimizer))
    assert [layer.name for layer in errors.layers] == ['conv', 'norm', 'dropout', 'last']
    worst, *others = errors.worst_layers(4)
    assert worst.name == 'norm' and worst.of_inputs < 0.004 and worst.of_outputs > 0.5
    assert all(layer.of_outputs - layer.of_inputs < 0.3 for layer in others)
    assert errors.worst_layers(2) == [worst, others[0]]
    exact = model(**batch)['loss'].detach()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        rounded = model(**batch)['loss'].detach()
    assert errors.loss == pytest.approx(abs(float(rounded - exact)) / float(exact))
    assert errors.gradient > 0.1 and set(errors.gradient_parts) == {
        f'{layer}.{name}' for layer in ('conv', 'norm', 'last') for name in ('weight', 'bias')
    }


def test_errors_are_those_of_gradients_by_hand():
    model, batch, optimizer = make_step(1.0)
    model(**batch)['loss'].backward()
    exact = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    model.zero_grad()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = model(**batch)['loss']
    loss.backward()
    mixed = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    errors = measure_precision(model, batch, CPUAmpOptimWrapper(optimizer))
    for name, gradient in exact.items():
        expected = float((mixed[name] - gradient).norm() / gradient.norm())
        assert errors.gradient_parts[name] == pytest.approx(expected, rel=1e-4)
    one, other = (torch.cat([gradient.flatten() for gradient in grads.values()]) for grads in (exact, mixed))
    assert errors.gradient == pytest.approx(float((other - one).norm() / one.norm()), rel=1e-4)


def test_equal_precision_has_no_error_with_dropout_too():
    model, batch, optimizer = make_step(MEAN, dropout=0.5)
    errors = measure_precision(model, batch, OptimWrapper(optimizer))
    assert errors.loss == errors.gradient == 0
    assert errors.layers == [] and set(errors.gradient_parts.values()) == {0}


class Regions(Net):
    """A network that finds another number of regions in mixed precision, as detectors do."""

    def forward(self, inputs, mode='tensor'):
        maps = self.norm(self.conv(inputs))
        return dict(loss=self.last(maps[: 1 if torch.is_autocast_enabled('cpu') else 2]).square().mean())


def test_layers_that_see_other_regions_are_left_out():
    torch.manual_seed(0)
    model = Regions(MEAN)
    batch, optimizer = dict(inputs=torch.randn(2, 3, 9, 7)), torch.optim.SGD(model.parameters(), lr=0.1)
    errors = measure_precision(model, batch, CPUAmpOptimWrapper(optimizer))
    assert [layer.name for layer in errors.layers] == ['conv', 'norm'] and errors.gradient > 0


class Branches(Net):
    """A network with a layer that learns in float32 alone."""

    def __init__(self, mean):
        super().__init__(mean)
        self.extra = nn.Conv2d(4, 1, 1)

    def forward(self, inputs, mode='tensor'):
        maps = self.norm(self.conv(inputs))
        last = self.last if torch.is_autocast_enabled('cpu') else lambda maps: self.last(maps) + self.extra(maps)
        return dict(loss=last(maps).square().mean())


def test_a_gradient_that_one_precision_lacks_is_not_compared():
    torch.manual_seed(0)
    model = Branches(1.0)
    batch, optimizer = dict(inputs=torch.randn(2, 3, 9, 7)), torch.optim.SGD(model.parameters(), lr=0.1)
    errors = measure_precision(model, batch, CPUAmpOptimWrapper(optimizer))
    assert errors.gradient > 0 and {part.split('.')[0] for part in errors.gradient_parts} == {'conv', 'norm', 'last'}


def test_a_batch_that_the_model_changes_is_whole_for_both_precisions():
    model, batch, optimizer = make_step(1.0)
    before = batch['inputs'].clone()
    preprocess = model.data_preprocessor.forward

    def double_in_place(data, training):
        data['inputs'].mul_(2)
        return preprocess(data, training)

    model.data_preprocessor.forward = double_in_place
    errors = measure_precision(model, batch, OptimWrapper(optimizer))
    assert errors.loss == errors.gradient == 0 and torch.equal(batch['inputs'], before)


@pytest.mark.parametrize('fails', [False, True])
def test_the_model_is_left_as_it_was(fails):
    model, batch, optimizer = make_step(1.0, dropout=0.5)
    model.norm.train()  # this changes its statistics
    state = {name: value.clone() for name, value in model.state_dict().items()}
    if fails:
        with pytest.raises(RuntimeError, match='channels'):
            measure_precision(model, dict(inputs=torch.randn(1, 5, 4, 4)), CPUAmpOptimWrapper(optimizer))
    else:
        measure_precision(model, batch, CPUAmpOptimWrapper(optimizer))
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.dropout.training and model.norm.training
    assert not any(module._forward_hooks for module in model.modules())


def test_tool_prints_gradients_and_layers(demo_root, tmp_path):
    result = run_tool(demo_root, tmp_path, TOOL, CONFIGS / 'tiny_cam.py', '--layers', 2)
    assert result.status == 0, result.tail
    rows = re.findall(r'^\| (\S+) \| ([\d.]+) \|$', result.output, re.MULTILINE)
    assert [name for name, _ in rows][-1] == 'head.classifier' and all(0 < float(error) < 100 for _, error in rows)
    assert re.search(r'^\| \*\*the whole model\*\* \| \*\*[\d.]+\*\* \|$', result.output, re.MULTILINE)
    layers = re.findall(r'^\| (\S+) \| ([\d.]+) \| ([\d.]+) \|$', result.output, re.MULTILINE)
    assert len(layers) == 2 and all(float(before) < float(after) for _, before, after in layers)


def test_tool_refuses_weights_of_another_model(demo_root, tmp_path):
    torch.save(dict(state_dict={'head.other': torch.zeros(1)}, meta={}), tmp_path / 'other.pth')
    result = run_tool(demo_root, tmp_path, TOOL, CONFIGS / 'tiny_cam.py', 'other.pth')
    assert result.status == 1 and 'error: ' in result.output and 'other.pth' in result.output
    assert 'Traceback' not in result.output


def test_tool_refuses_a_negative_number_of_layers(demo_root, tmp_path):
    result = run_tool(demo_root, tmp_path, TOOL, CONFIGS / 'tiny_cam.py', '--layers', -1)
    assert result.status == 2 and '--layers must be 0 or more' in result.output
