"""Rates of the shipped configs are those of the official codes, at every step of a training."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from torch import nn

from projects.wsis.apis.configs import load_config
from projects.wsis.engine.schedulers import PolynomialLR

GOLDEN = Path(__file__).resolve().parents[2] / 'data' / 'golden'
CONFIGS = Path(__file__).resolve().parents[3] / 'configs'
TRAINAUG = 10582  # images of VOC 2012 with those of SBD


@pytest.fixture(scope='module')
def golden():
    with np.load(GOLDEN / 'schedules.npz', allow_pickle=False) as arrays:
        return dict(arrays)


class Network(nn.Module):
    """Two layers under the names that configs give learning rates to."""

    def __init__(self):
        super().__init__()
        self.backbone, self.head = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1)


def take_rates(optimizer, schedulers, steps) -> np.ndarray:
    """Return the rate of each step and parameter group, `(steps, groups)`."""
    rates = []
    for _ in range(steps):
        rates.append([group['lr'] for group in optimizer.param_groups])
        optimizer.step()  # without gradients, and so without effect
        for scheduler in schedulers:
            scheduler.step()
    return np.array(rates)


def count_steps(loader, images: int) -> int:
    """Return how many batches a training loader gives in an epoch."""
    full, rest = divmod(images, loader.batch_size)
    return full + (rest > 0 and not loader.get('drop_last', False))


def build_schedule(name: str, images: int, epochs: int | None = None):
    """Return the optimizer and the schedulers that a config builds for `Network` and so many images."""
    cfg = load_config(name)
    if epochs:
        cfg.param_scheduler[0].end = epochs
    wrapper = build_optim_wrapper(Network(), cfg.optim_wrapper)
    batches = count_steps(cfg.train_dataloader, images)
    schedulers = []
    for settings in map(dict, cfg.param_scheduler):
        converted = settings.pop('convert_to_iter_based', False)
        kind = PARAM_SCHEDULERS.get(settings.pop('type'))
        build = kind.build_iter_from_epoch if converted else kind
        schedulers.append(build(wrapper.optimizer, **settings, **(dict(epoch_length=batches) if converted else {})))
    return wrapper.optimizer, schedulers


def sort_groups(rates: np.ndarray) -> np.ndarray:
    """Return the rates of the groups that differ, in the order of their first rate."""
    return np.unique(rates.T, axis=0).T


def test_rates_of_irnet(golden):
    # 5 epochs of 4 steps are the 20 steps of the golden rates; both codes stay at the last rate after them
    optimizer, schedulers = build_schedule('configs/cam/cam_r50_5e_voc2012.py', images=4 * 16)
    assert golden['irn_max_step'] == 20
    rates = take_rates(optimizer, schedulers, len(golden['irn_lr']))
    np.testing.assert_allclose(sort_groups(rates), golden['irn_lr'], rtol=1e-6)


@pytest.mark.parametrize('name', ['seam/seam_resnet38_8e_voc2012', 'ppc/ppc-seam_resnet38_8e_voc2012'])
def test_rates_of_seam(golden, name):
    # 37 steps are no multiple of 8 epochs: one epoch of 37
    optimizer, schedulers = build_schedule(f'configs/{name}.py', images=37 * 8, epochs=1)
    assert golden['seam_max_step'] == 37
    rates = take_rates(optimizer, schedulers, len(golden['seam_lr']))
    expected = golden['seam_lr'][:, [0, 1, 2]]  # no head has biases, whose rate is the fourth
    np.testing.assert_allclose(sort_groups(rates), expected, rtol=1e-6)


@pytest.mark.parametrize(
    'name, total',
    [
        ('cam/cam_r50_5e_voc2012', 3305),
        ('cam/cam_r50_reference_voc2012', 3305),
        ('irnet/irnet_r50_3e_voc2012', 990),
        ('seam/seam_resnet38_reference_voc2012', 10576),
        ('ppc/ppc-seam_resnet38_reference_voc2012', 10576),
        ('affinitynet/affinitynet_resnet38_8e_voc2012', 10576),
    ],
)
def test_the_decay_of_trainaug_takes_the_steps_of_the_official_codes(name, total):
    # these end it with (images // batch) * epochs steps, as their loaders leave the last images of an epoch out
    name = f'configs/{name}.py'
    cfg = load_config(name)
    assert count_steps(cfg.train_dataloader, TRAINAUG) * cfg.train_cfg.max_epochs == total
    optimizer, schedulers = build_schedule(name, TRAINAUG)
    rates = take_rates(optimizer, schedulers, total)
    steps = np.array([0, total // 2, total - 1])
    shares = rates[steps] / rates[0]
    np.testing.assert_allclose(shares, np.repeat((1 - steps / total)[:, None] ** 0.9, shares.shape[1], 1), rtol=1e-6)


@pytest.mark.parametrize(
    'name, whole',
    [
        ('eps/eps-cls_resnet38_reference_voc2012', True),
        ('eps/eps_resnet38_reference_voc2012', True),
        ('eps/eps_resnet38_256k_coco2014', True),
        ('ppc/ppc-eps_resnet38_reference_voc2012', True),
        ('bestie/bestie_hrnet48_50k_voc2012', True),
        ('bestie/bestie-points_hrnet48_50k_voc2012', True),
        ('pam/pam_vgg16_15e_voc2012', False),
        # sets of photos may be small, and are all looked at
        ('cam/cam_mobilenet-v2_5e_photos', False),
        ('ppc/ppc-seam_r18_36e_demo', False),
        ('ppc/ppc-eps_mobilenet-v2_5e_photos', False),
        ('bestie/bestie_mobilenet-v2_20e_photos', False),
        ('bestie/bestie_r18_18e_demo', False),
    ],
)
def test_batches_are_whole_where_those_of_the_official_codes_are(name, whole):
    assert load_config(f'configs/{name}.py').train_dataloader.get('drop_last', False) == whole


def test_rates_of_the_deeplab_of_ppc(golden):
    optimizer, schedulers = build_schedule('configs/deeplab/deeplab-v1_resnet38_20k_voc2012.py', images=10)
    rates = take_rates(optimizer, schedulers, 20000)[golden['deeplab_iterations'], 0]
    np.testing.assert_allclose(rates, golden['deeplab_lr'][:, 0], rtol=1e-6)


@pytest.mark.parametrize('case', range(3))
def test_rates_of_bestie(golden, case):
    total, warm_up, power, base, factor = golden[f'bestie{case}_params']
    linear, decay = load_config('configs/bestie/bestie_r50_50k_voc2012.py').param_scheduler
    assert linear.end == 2001, 'mmengine ends a warm-up one step early'
    linear.update(end=int(warm_up) + 1, start_factor=factor)
    decay.update(end=int(total), power=power)
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=base)
    settings = [linear, decay] if warm_up else [decay]
    schedulers = [PARAM_SCHEDULERS.build(dict(one, optimizer=optimizer)) for one in settings]
    rates = take_rates(optimizer, schedulers, int(total))[:, 0]
    np.testing.assert_allclose(rates, golden[f'bestie{case}_lr'][:-1, 0], rtol=1e-6)


def test_the_decay_of_each_config_ends_with_its_training():
    # official codes that end it one step later, and with a whole number of epochs
    differences = {'ppc-eps_resnet38_reference_voc2012': -170}
    one_later = ('deeplab-v1_resnet38', 'deeplab-v1-seam_resnet38', 'deeplab-v1_r101', 'deeplab-v2-ppc_r101')
    differences |= {f'{name}_20k_voc2012': 1 for name in one_later}
    seen = 0
    for path in sorted(CONFIGS.glob('[a-z]*/*.py')):
        cfg = load_config(path)
        decays = [one for one in cfg.get('param_scheduler') or [] if one.type == 'PolynomialLR']
        if not decays or not cfg.get('train_cfg'):
            continue
        (decay,) = decays
        length = cfg.train_cfg.get('max_epochs') or cfg.train_cfg.max_iters
        assert decay.by_epoch == ('max_epochs' in cfg.train_cfg) and decay.begin == 0, path
        assert decay.end == length + differences.get(path.stem.removesuffix('-maps'), 0), path
        seen += 1
    assert seen > 40


def test_a_resumed_schedule_goes_on():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    whole = take_rates(optimizer, [PolynomialLR(optimizer, power=0.9, end=7, by_epoch=False)], 9)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    first = PolynomialLR(optimizer, power=0.9, end=7, by_epoch=False)
    start = take_rates(optimizer, [first], 3)
    resumed = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    second = PolynomialLR(resumed, power=0.9, end=7, by_epoch=False)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(optimizer.state_dict())
    np.testing.assert_allclose(np.concatenate([start, take_rates(resumed, [second], 6)]), whole, rtol=1e-12)
    assert whole[-1] == whole[-3] > 0, 'the last rate is kept'


def test_rates_stay_between_the_steps_of_an_interval():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    rates = take_rates(optimizer, [PolynomialLR(optimizer, power=2.0, end=8, interval=3, by_epoch=False)], 9)[:, 0]
    np.testing.assert_allclose(rates, [1, 1, 1, *[(5 / 8) ** 2] * 3, *[(2 / 8) ** 2] * 3], rtol=1e-12)


def test_an_interval_of_no_step_gets_one_line():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    with pytest.raises(ValueError, match='interval is a number of steps from 1, not 0') as error:
        PolynomialLR(optimizer, interval=0)
    assert '\n' not in str(error.value)
