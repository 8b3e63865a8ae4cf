"""Facts about a training in its checkpoints."""

import torch

from projects.wsis.engine import load_checkpoint_safely
from projects.wsis.engine.hooks import CheckpointFactsHook


def test_facts_stand_beside_what_is_there_and_are_read_safely(tmp_path):
    checkpoint = dict(meta=dict(epoch=1), state_dict={})
    CheckpointFactsHook(dict(batch=dict(batch_size=6, learning_rate=None))).before_save_checkpoint(None, checkpoint)
    torch.save(checkpoint, tmp_path / 'epoch_1.pth')
    meta = load_checkpoint_safely(tmp_path / 'epoch_1.pth')['meta']
    assert meta == dict(epoch=1, batch=dict(batch_size=6, learning_rate=None))
