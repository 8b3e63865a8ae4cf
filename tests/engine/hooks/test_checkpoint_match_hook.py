"""A checkpoint of another model stops the run with one line."""

import re
from types import SimpleNamespace

import pytest
import torch
from mmengine.model import BaseTTAModel
from torch import nn

from projects.wsis.engine.class_list import find_class_list
from projects.wsis.engine.hooks import checkpoint_match_hook
from projects.wsis.engine.hooks.checkpoint_match_hook import CheckpointMatchHook


class Model(nn.Module):
    def __init__(self, layers: int = 3, classes: int = 2) -> None:
        super().__init__()
        self.backbone = nn.ModuleList(nn.Linear(4, 4) for _ in range(layers))
        self.head = nn.Linear(4, classes)
        self.register_buffer('extra', torch.zeros(1))

    def test_step(self, data):
        return self.head(data)


class Renaming(Model):
    """A model whose weights once had another name, as mm modules rename old ones while loading."""

    def _load_from_state_dict(self, state_dict, prefix, *arguments) -> None:
        for name in list(state_dict):
            if name.startswith(f'{prefix}old_head.'):
                state_dict[name.replace('old_head', 'head')] = state_dict.pop(name)
        super()._load_from_state_dict(state_dict, prefix, *arguments)


class TTA(BaseTTAModel):
    def merge_preds(self, data_samples_list):
        return data_samples_list


def make_runner(model: nn.Module, training: bool = True, resume: bool = False, **cfg) -> SimpleNamespace:
    """What the hook sees of a Runner: `Runner.train` has built the optimizer, a test leaves its config."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1) if training else dict(type='OptimWrapper')
    cfg = dict(cfg, resume=resume)
    return SimpleNamespace(model=model, _load_from='some.pth', experiment_name='exp', optim_wrapper=optimizer, cfg=cfg)


def load(model: nn.Module, state_dict: dict, complete: bool) -> None:
    CheckpointMatchHook().after_load_checkpoint(make_runner(model, resume=complete), dict(state_dict=state_dict))


@pytest.mark.parametrize('complete', [True, False])
def test_own_checkpoint_passes(complete):
    load(Model(), Model().state_dict(), complete)
    load(Model(), {f'module.{name}': value for name, value in Model().state_dict().items()}, complete)
    load(TTA(module=Model()), Model().state_dict(), complete)


def test_missing_buffer_passes():
    state_dict = Model().state_dict()
    del state_dict['extra']
    load(Model(), state_dict, complete=True)


def test_renamed_weights_pass():
    state_dict = {name.replace('head', 'old_head'): value for name, value in Model().state_dict().items()}
    load(Renaming(), state_dict, complete=True)
    with pytest.raises(ValueError, match='no weights for head'):
        load(Model(), state_dict, complete=True)


def test_other_head_is_an_error_in_testing_and_fine_in_training():
    other = Model(classes=5).state_dict()
    with pytest.raises(
        ValueError, match=r'some\.pth is not of this model \(Model.*6 of 8 .*another shape of head'
    ) as caught:
        load(Model(), other, complete=True)
    assert '\n' not in str(caught.value)
    load(Model(), other, complete=False)


@pytest.mark.parametrize('complete', [True, False])
def test_other_model_is_an_error(complete):
    with pytest.raises(ValueError, match='0 of 8 parameters fit, no weights for backbone'):
        load(Model(), nn.Sequential(nn.Conv2d(3, 3, 1)).state_dict(), complete)
    with pytest.raises(ValueError, match='parameters fit'):  # the right weights under another prefix
        load(Model(), {f'encoder.{name}': value for name, value in Model().state_dict().items()}, complete)


def test_a_backbone_alone_is_enough_to_start_training():
    state_dict = {name: value for name, value in Model().state_dict().items() if name.startswith('backbone.0')}
    load(Model(), state_dict, complete=False)
    with pytest.raises(ValueError, match='2 of 8'):
        load(Model(), state_dict, complete=True)


class Contrasted(Model):
    """A model with a part that predictions do without."""

    training_only = ('contrast_head.',)

    def __init__(self) -> None:
        super().__init__()
        self.contrast_head = nn.Linear(4, 4)


def test_what_predictions_do_without_may_be_missing_in_testing_only():
    tested = make_runner(Contrasted(), training=False)
    checkpoint = dict(state_dict=Model().state_dict())
    CheckpointMatchHook().after_load_checkpoint(tested, checkpoint)
    with pytest.raises(ValueError, match=r'8 of 10 parameters fit, no weights for contrast_head\.weight'):
        CheckpointMatchHook().after_load_checkpoint(make_runner(Contrasted(), resume=True), checkpoint)
    del checkpoint['state_dict']['head.weight']
    with pytest.raises(ValueError, match=r'no weights for head\.weight'):
        CheckpointMatchHook().after_load_checkpoint(tested, checkpoint)


class Classifier(Model):
    """A model whose head counts classes."""

    def __init__(self) -> None:
        super().__init__()
        self.head.num_classes = 2


@pytest.mark.parametrize(
    'model, complete, fails', [(Classifier(), True, True), (Classifier(), False, False), (Model(), True, False)]
)
def test_another_class_list_of_the_same_size(model, complete, fails, monkeypatch):
    lines = []
    monkeypatch.setattr(checkpoint_match_hook, 'print_log', lambda message, *_: lines.append(message))
    dataset = dict(type='VOCTagDataset', metainfo=dict(classes=('cat', 'dog')))
    loader = dict(dataset=dict(type='RepeatDataset', dataset=dataset))
    runner = make_runner(model, training=not complete, train_dataloader=loader, test_dataloader=loader)
    hook = CheckpointMatchHook()
    checkpoint = dict(state_dict=model.state_dict(), meta=dict(dataset_meta=dict(classes=('cat', 'cow'))))
    words = "some.pth was trained for 2 classes, the data set has 2; .* class 1, is 'cow' there and 'dog' here"
    if fails:
        with pytest.raises(ValueError, match=words) as caught:
            hook.after_load_checkpoint(runner, checkpoint)
        assert '\n' not in str(caught.value)
    else:
        hook.after_load_checkpoint(runner, checkpoint)
        assert len(lines) == 1 and re.search(words, lines[0])
    checkpoint['meta']['dataset_meta']['classes'] = ('cat', 'dog')
    hook.after_load_checkpoint(runner, checkpoint)
    assert len(lines) == (0 if fails else 1)


def test_class_list_of_a_config():
    assert find_class_list(dict(test_dataloader=dict(dataset=dict(type='VOCTagDataset'))), False)[0] == 'aeroplane'
    assert find_class_list(dict(train_dataloader=None), True) is None
