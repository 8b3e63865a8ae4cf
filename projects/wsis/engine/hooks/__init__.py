"""Hooks."""

from .checkpoint_match_hook import CheckpointMatchHook
from .displacement_mean_hook import DisplacementMeanHook

__all__ = ['CheckpointMatchHook', 'DisplacementMeanHook']
