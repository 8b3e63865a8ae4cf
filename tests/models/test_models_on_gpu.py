"""Training steps on a GPU: no loss waits for it, and the losses are those of a CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from loss_batches import KINDS, build_model, make_batch
from mmengine.registry import DefaultScope
from torch import nn

from projects.wsis.engine.stopwatch import Stopwatch

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU')

# their losses count what is there, by mmdet's and mmseg's code (tests/models/test_no_waiting_for_gpu.py)
READERS = ('tiny_deeplab', 'mask-rcnn_r18_6e_demo')
# these choose pixels or regions at random, by generators that differ between CPU and GPU
CHOOSERS = ('tiny_ppc', 'tiny_ppc_eps', 'tiny_eps_seam', 'mask-rcnn_r18_6e_demo')


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())
    monkeypatch.setattr(torch.backends.cudnn, 'allow_tf32', False)
    torch.manual_seed(0)


@contextmanager
def waiting_is_an_error() -> Iterator[None]:
    """Let every wait for the GPU be an error."""
    torch.cuda.set_sync_debug_mode('error')
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode('default')


def find_losses(model: nn.Module, batch: dict) -> dict[str, torch.Tensor]:
    losses = model(batch['inputs'], batch['data_samples'], mode='loss')
    losses = {key: torch.stack(value).sum() if isinstance(value, list) else value for key, value in losses.items()}
    return {key: value for key, value in losses.items() if 'loss' in key}


def build_without_dropout(name: str) -> nn.Module:
    model = build_model(name)
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = 0.0
    return model


@pytest.mark.parametrize('amp', [False, True], ids=['float32', 'float16'])
@pytest.mark.parametrize('name', [name for name in KINDS if Path(name).stem not in READERS])
def test_a_step_waits_for_nothing(name, amp):
    model = build_model(name).cuda()
    batch = make_batch(model, KINDS[name])
    for _ in range(2):  # what is made once, such as tables of pixel pairs, may be copied to the GPU
        with torch.autocast('cuda', enabled=amp):
            sum(find_losses(model, batch).values()).backward()
    with waiting_is_an_error():
        with torch.autocast('cuda', enabled=amp):
            losses = find_losses(model, batch)
        sum(losses.values()).backward()
    assert losses and all(value.dtype == torch.float32 for value in losses.values())


def test_a_wait_is_an_error():
    with waiting_is_an_error(), pytest.raises(RuntimeError, match='synchroniz'):
        torch.ones(1, device='cuda').item()


@pytest.mark.parametrize('name', [name for name in KINDS if Path(name).stem not in CHOOSERS])
def test_losses_are_those_of_a_cpu(name):
    here = build_without_dropout(name)
    there = build_without_dropout(name).cuda()
    there.load_state_dict(here.state_dict())
    torch.manual_seed(1)
    truth = find_losses(here, make_batch(here, KINDS[name]))
    torch.manual_seed(1)
    losses = find_losses(there, make_batch(there, KINDS[name]))
    assert truth
    for key, value in truth.items():
        assert torch.allclose(losses[key].cpu(), value, rtol=2e-3, atol=1e-5), (key, float(losses[key]), float(value))


@pytest.mark.parametrize('name', KINDS)
def test_mixed_precision_finds_gradients(name):
    model = build_model(name).cuda()
    batch = make_batch(model, KINDS[name])
    with torch.autocast('cuda'):
        losses = find_losses(model, batch)
    sum(losses.values()).backward()
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    assert gradients and all(gradient.isfinite().all() for gradient in gradients)


def test_related_pixels_are_those_of_a_cpu():
    here = build_model('tiny_irnet.py').eval()
    there = build_model('tiny_irnet.py').eval().cuda()
    there.load_state_dict(here.state_dict())
    photo = torch.randn(3, 64, 96)
    truth = here.relate_pixels(photo, (50, 71))
    for found, values in zip(there.relate_pixels(photo.cuda(), (50, 71)), truth, strict=True):
        assert found.shape == values.shape and torch.allclose(found.cpu(), values, rtol=1e-3, atol=1e-4)


def test_a_stopwatch_waits_for_the_gpu():
    watch = Stopwatch(('work', 'rest'), 'work', on_gpu=True)
    values = torch.rand(4096, 4096, device='cuda')
    for _ in range(20):
        values = values @ values
    watch.turn_to('rest')
    done = torch.cuda.current_stream().query()
    assert done and watch.seconds['work'] > 0
