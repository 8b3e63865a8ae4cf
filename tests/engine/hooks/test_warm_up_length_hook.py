"""A warm-up that does not end before its training is one line before the first iteration."""

import itertools
import math
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import MODELS, PARAM_SCHEDULERS
from mmengine.runner import Runner
from torch import nn

from projects.wsis.apis.configs import load_config
from projects.wsis.apis.run_hooks import add_run_hooks
from projects.wsis.engine.hooks.warm_up_length_hook import is_warm_up, name_schedulers

ROOT = Path(__file__).resolve().parents[3]
BESTIE = 'bestie/bestie_r50_50k_voc2012'
MASK_RCNN = 'mask_rcnn/mask-rcnn_r50_1x_voc2012'
NUMBERS = itertools.count()


@MODELS.register_module(force=True)
class OneWeight(BaseModel):
    """A model with one weight, which notes the rate of each of its steps."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=False)
        self.rates = []

    def forward(self, values, mode='tensor'):
        return dict(loss=self.layer(values.float()[:, None]).square().mean())

    def train_step(self, data, optim_wrapper):
        self.rates.append(optim_wrapper.param_groups[0]['lr'])
        return super().train_step(data, optim_wrapper)


def train(cfg: Config, images: int, folder: Path) -> list[float]:
    """Train OneWeight by the schedule of a config, and return the rate of each step as a share of the config's."""
    loader = dict(
        dataset=[dict(values=number) for number in range(images)],
        batch_size=cfg.train_dataloader.batch_size,
        sampler=dict(cfg.train_dataloader.sampler),
        collate_fn=dict(type='default_collate'),
    )
    loop = {key: value for key, value in cfg.train_cfg.items() if 'val' not in key}
    given = Config(
        dict(
            train_dataloader=loader,
            train_cfg=loop,
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=1.0)),
            param_scheduler=cfg.param_scheduler,
            default_hooks=dict(logger=None, checkpoint=None),
            visualizer=dict(type='Visualizer', vis_backends=[]),
            work_dir=str(folder),
            experiment_name=f'warm_up_{next(NUMBERS)}',
            model=dict(type='OneWeight'),  # by its name: the original mmengine prints no classes
            log_level='ERROR',
        )
    )
    add_run_hooks(given)
    runner = Runner.from_cfg(given)
    runner.train()
    return runner.model.rates


def load(name: str, **options) -> Config:
    return load_config(f'configs/{name}.py', options)


def refuse(cfg: Config, images: int, folder: Path) -> str:
    with pytest.raises(ValueError, match='is a warm-up that ends at') as caught:
        train(cfg, images, folder)
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_a_training_shorter_than_its_warm_up_is_refused(tmp_path):
    line = refuse(load(BESTIE, **{'train_cfg.max_iters': 1000}), 40, tmp_path)
    assert line.startswith('param_scheduler.0 is a warm-up that ends at iteration 2001, but the training ends at')
    assert 'iteration 1000 ' in line and '--cfg-options iterations=1000,' in line
    assert line.endswith('make param_scheduler.0.end smaller')


def test_a_training_set_too_small_for_the_warm_up_is_refused(tmp_path):
    # 40 images are 3 batches of 16 in each of 12 epochs
    line = refuse(load(MASK_RCNN), 40, tmp_path)
    assert 'ends at iteration 500, but the training ends at iteration 36 ' in line and 'iterations=36,' in line


@pytest.mark.parametrize('options', [{'param_scheduler.0.end': 4}, dict(iterations=36)])
def test_the_line_says_what_helps(options, tmp_path):
    rates = train(load(MASK_RCNN, **options), 40, tmp_path)
    assert len(rates) == 36
    assert rates[0] == pytest.approx(0.001) and max(rates) == pytest.approx(1.0)


@pytest.mark.parametrize('name', [BESTIE, MASK_RCNN])
@pytest.mark.parametrize('iterations', [1, 2, 3, 14, 15, 30])
def test_no_length_leaves_a_warm_up_that_does_not_end(name, iterations, tmp_path):
    rates = train(load(name, iterations=iterations), 40, tmp_path)
    assert len(rates) == iterations
    assert max(rates) > 0.85, 'the polynomial decay of BESTIE takes its share'


@pytest.mark.parametrize('last, refused', [(9, False), (10, True), (11, True)])
def test_the_end_of_the_warm_up_and_of_the_training(last, refused, tmp_path):
    cfg = load(MASK_RCNN, **{'param_scheduler.0.end': last, 'train_cfg.max_epochs': 1})
    if refused:
        assert f'ends at iteration {last}, but the training ends at iteration 10 ' in refuse(cfg, 160, tmp_path)
    else:
        assert train(cfg, 160, tmp_path)[-1] == pytest.approx(1.0)


def test_a_last_epoch_at_the_full_rate_is_enough(tmp_path):
    cfg = load(MASK_RCNN, **{'train_cfg.max_epochs': 2})
    cfg.param_scheduler = [dict(type='LinearLR', start_factor=0.1, end=2)]
    assert train(cfg, 32, tmp_path) == pytest.approx([0.1, 0.1, 1.0, 1.0])
    cfg = load(MASK_RCNN, **{'train_cfg.max_epochs': 1})
    cfg.param_scheduler = [dict(type='LinearLR', start_factor=0.1, end=1)]
    assert 'ends at epoch 1, but the training ends at epoch 1 ' in refuse(cfg, 32, tmp_path)


@pytest.mark.parametrize(
    'scheduler, length',
    [
        (dict(type='LinearLR', end=5), 'at epoch 5, but the training ends at epoch 3 '),
        (
            dict(type='LinearLR', end=5, convert_to_iter_based=True),
            'at iteration 10, but the training ends at iteration 6 ',
        ),
        (
            dict(type='ConstantLR', factor=0.1, by_epoch=False, end=6),
            'at iteration 6, but the training ends at iteration 6 ',
        ),
    ],
)
def test_other_forms_of_warm_ups(scheduler, length, tmp_path):
    cfg = load(MASK_RCNN, **{'train_cfg.max_epochs': 3})
    cfg.param_scheduler = [dict(type='PolyLR', end=3), scheduler]
    line = refuse(cfg, 32, tmp_path)
    assert length in line and line.startswith('param_scheduler.1 ')


@pytest.mark.parametrize(
    'scheduler',
    [
        dict(type='LinearLR', start_factor=1.0, end_factor=0.01, end=3),
        dict(type='LinearLR', begin=1, end=3),
        dict(type='ConstantLR', factor=1.0, end=3),
        dict(type='OneCycleLR', eta_max=1.0, total_steps=3),
        dict(type='LinearMomentum', end=3),
    ],
)
def test_schedules_that_are_no_warm_up_last_as_long_as_the_training(scheduler, tmp_path):
    cfg = load(MASK_RCNN, **{'train_cfg.max_epochs': 3})
    cfg.param_scheduler = [scheduler]
    assert len(train(cfg, 32, tmp_path)) == 6


def test_schedulers_are_named_as_in_the_config():
    assert list(name_schedulers(None)) == []
    assert list(name_schedulers(['a', 'b'])) == [('param_scheduler.0', 'a'), ('param_scheduler.1', 'b')]
    several = name_schedulers(dict(generator=['a'], critic=['b']))
    assert list(several) == [('param_scheduler.generator.0', 'a'), ('param_scheduler.critic.0', 'b')]


def test_warm_ups_of_shipped_configs_end_on_their_data_sets():
    texts = {path: path.read_text() for path in (ROOT / 'configs').rglob('*.py')}
    holders = {path.stem for path, text in texts.items() if 'LinearLR' in text or 'ConstantLR' in text}
    assert holders == {'adam_poly_50k', 'sgd_step_12e'}, 'a schedule of its own in another file is to be compared too'
    for name, iterations in ((BESTIE, 50000), (MASK_RCNN, 12 * math.ceil(10582 / 16))):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        warm_up = PARAM_SCHEDULERS.build(dict(load(name).param_scheduler[0], optimizer=optimizer))
        assert is_warm_up(warm_up) and not warm_up.by_epoch and warm_up.end < iterations
