"""Class lists of checkpoints of segmentors, as mmseg reads them."""

from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmseg.apis import inference_model, init_model, show_result_pyplot
from random_models import save_random_model

from projects.wsis.engine.checkpoint_match import read_classes
from projects.wsis.engine.hooks import SegmentorClassesHook


@pytest.fixture(autouse=True)
def own_scope(monkeypatch):
    """Leave the default scope as it was."""
    monkeypatch.setattr(DefaultScope, '_instance_dict', DefaultScope._instance_dict.copy())


def test_mmseg_draws_each_class_in_its_colour(tmp_path):
    config, path = save_random_model('deeplab', tmp_path)
    checkpoint = torch.load(path, weights_only=True)
    classes = checkpoint['meta']['dataset_meta']['classes']
    palette = [(10 * number, 200 - 10 * number, 50) for number in range(1, len(classes) + 1)]
    checkpoint['meta']['dataset_meta']['palette'] = palette
    model = init_model(config, device='cpu')
    SegmentorClassesHook().before_save_checkpoint(SimpleNamespace(model=model), checkpoint)
    assert read_classes(checkpoint) == classes
    torch.save(checkpoint, path)

    segmentor, black = init_model(config, path, device='cpu'), np.zeros((61, 94, 3), np.uint8)
    assert segmentor.dataset_meta['classes'] == ('background', *classes)
    found = inference_model(segmentor, black)
    labels = found.pred_sem_seg.data[0].numpy()
    assert len(np.unique(labels)) > 1
    drawn = show_result_pyplot(segmentor, black, found, opacity=0.5, show=False, with_labels=False, draw_gt=False)
    expected = np.array([(0, 0, 0), *palette])[labels] // 2
    # releases before 3.11 move the picture by part of a pixel, which shows at the borders
    share = 1 if matplotlib.__version_info__ >= (3, 11) else 0.9
    assert (np.abs(drawn.astype(int) - expected).max(2) <= 1).mean() >= share


def test_a_resumed_training_finds_the_list_of_its_data_set():
    hook, metainfo = SegmentorClassesHook(), dict(classes=('cat', 'dog'), palette=[(1, 2, 3), (4, 5, 6)])
    runner = SimpleNamespace(
        model=SimpleNamespace(decode_head=None, num_classes=3),
        _train_loop=SimpleNamespace(dataloader=SimpleNamespace(dataset=SimpleNamespace(metainfo=metainfo))),
    )
    checkpoint = dict(meta=dict(dataset_meta=metainfo))
    hook.before_save_checkpoint(runner, checkpoint)
    assert checkpoint['meta']['dataset_meta'] != metainfo
    hook.after_load_checkpoint(runner, checkpoint)
    assert checkpoint['meta']['dataset_meta'] is metainfo
    for other in (dict(), dict(meta=dict(dataset_meta=dict(classes=('cow',))))):
        before = str(other)
        hook.after_load_checkpoint(runner, other)
        hook.after_load_checkpoint(SimpleNamespace(_train_loop=dict(type='EpochBasedTrainLoop')), other)
        assert str(other) == before


def test_models_that_count_no_background_keep_their_list():
    checkpoint = dict(meta=dict(dataset_meta=dict(classes=('cat', 'dog'))))
    for model in (torch.nn.Linear(2, 2), SimpleNamespace(decode_head=None, num_classes=2)):
        SegmentorClassesHook().before_save_checkpoint(SimpleNamespace(model=model), checkpoint)
        assert checkpoint['meta']['dataset_meta'] == dict(classes=('cat', 'dog'))
