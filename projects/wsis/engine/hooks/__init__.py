"""Hooks."""

from .checkpoint_match_hook import CheckpointMatchHook
from .displacement_mean_hook import DisplacementMeanHook
from .plain_checkpoint_hook import PlainCheckpointHook

__all__ = ['CheckpointMatchHook', 'DisplacementMeanHook', 'PlainCheckpointHook']
