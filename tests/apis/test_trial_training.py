"""What tools that take steps themselves train: the model, its initial weights and its first batches."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from tiny_chain.fixtures import CONFIGS

from projects.wsis.apis.configs import load_config
from projects.wsis.apis.trial_training import build_trial_training

# mmengine's, because several Runners are built in one process
pytestmark = pytest.mark.filterwarnings('ignore:.*has been created:UserWarning')


@pytest.fixture
def config(demo_environment, tmp_path) -> Config:
    return load_config(str(CONFIGS / 'tiny_cam.py'), work_dir=str(tmp_path))


def test_batches_are_those_of_the_config(config):
    model, optimizer, batches = build_trial_training(config, batches=2)
    assert model.training and len(batches) == 2
    size = config.train_dataloader.batch_size
    assert [len(batch['inputs']) for batch in batches] == [size, size]
    before = model.head.classifier.weight.detach().clone()
    model.train_step(batches[0], optimizer)
    assert not torch.equal(model.head.classifier.weight, before)


def test_a_set_smaller_than_a_batch_has_one(config):
    config.train_dataloader.update(batch_size=1000, drop_last=True)
    training = build_trial_training(config, batches=3)
    assert len(training.batches) == 1 and 0 < len(training.batches[0]['inputs']) < 1000


def test_weights_are_those_of_a_checkpoint(config, tmp_path):
    with DefaultScope.overwrite_default_scope('mmdet'):
        state = {name: value + 1 for name, value in MODELS.build(config.model).state_dict().items()}
    torch.save(dict(state_dict=state, meta={}), tmp_path / 'weights.pth')
    config.load_from = str(tmp_path / 'weights.pth')
    model = build_trial_training(config).model
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_a_missing_checkpoint_is_named(config):
    config.load_from = 'nowhere.pth'
    with pytest.raises(FileNotFoundError, match='nowhere.pth'):
        build_trial_training(config)
