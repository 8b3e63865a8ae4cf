"""Mixed precision on a CPU."""

import copy

import torch
from mmengine.registry import OPTIM_WRAPPERS
from torch import nn


def build(model: nn.Module, kind: str, **settings):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return OPTIM_WRAPPERS.build(dict(type=kind, optimizer=optimizer, **settings))


def take_steps(model: nn.Module, kind: str, steps: int = 4, **settings) -> list[torch.dtype]:
    """Fit fixed random numbers; return the types that the network gave."""
    wrapper = build(model, kind, **settings)
    numbers = torch.Generator().manual_seed(0)
    types = []
    for _ in range(steps):
        inputs, target = torch.randn(8, 3, 6, 6, generator=numbers), torch.randn(8, 4, generator=numbers)
        with wrapper.optim_context(model):
            outputs = model(inputs).mean((2, 3))
            loss = nn.functional.mse_loss(outputs.float(), target)
        types.append(outputs.dtype)
        wrapper.update_params(loss)
    return types


def test_forward_is_bfloat16_and_weights_learn_as_in_float32():
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 1))
    mixed, untrained = copy.deepcopy(plain), copy.deepcopy(plain)
    assert set(take_steps(plain, 'OptimWrapper')) == {torch.float32}
    assert set(take_steps(mixed, 'CPUAmpOptimWrapper')) == {torch.bfloat16}
    for own, other, start in zip(mixed.parameters(), plain.parameters(), untrained.parameters()):
        assert own.dtype == torch.float32
        assert (own - other).norm() < 0.05 * (other - start).norm(), 'the same step but for rounding'


def test_gradients_are_accumulated():
    torch.manual_seed(0)
    model = nn.Conv2d(3, 4, 3)
    before = model.weight.detach().clone()
    take_steps(model, 'CPUAmpOptimWrapper', steps=3, accumulative_counts=4)
    assert torch.equal(model.weight, before)
    take_steps(model, 'CPUAmpOptimWrapper', steps=4, accumulative_counts=4)
    assert not torch.equal(model.weight, before)


def test_state_of_a_training_on_a_gpu_is_taken_over():
    wrapper = build(nn.Conv2d(3, 4, 3), 'CPUAmpOptimWrapper')
    state = {**wrapper.state_dict(), 'loss_scaler': dict(scale=65536.0)}
    state['param_groups'][0]['lr'] = 0.025
    wrapper.load_state_dict(state)
    assert wrapper.get_lr()['lr'] == [0.025]
