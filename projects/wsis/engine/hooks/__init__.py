"""Hooks."""

from .checkpoint_match_hook import CheckpointMatchHook
from .displacement_mean_hook import DisplacementMeanHook
from .last_validation_hook import LastValidationHook
from .plain_checkpoint_hook import PlainCheckpointHook
from .pretrained_match_hook import PretrainedMatchHook
from .self_refinement_hook import SelfRefinementHook

__all__ = [
    'CheckpointMatchHook',
    'DisplacementMeanHook',
    'LastValidationHook',
    'PlainCheckpointHook',
    'PretrainedMatchHook',
    'SelfRefinementHook',
]
