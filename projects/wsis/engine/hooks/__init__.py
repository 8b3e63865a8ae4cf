"""Hooks."""

from .checkpoint_facts_hook import CheckpointFactsHook
from .checkpoint_match_hook import CheckpointMatchHook
from .displacement_mean_hook import DisplacementMeanHook
from .fold_norms_hook import FoldNormsHook
from .last_validation_hook import LastValidationHook
from .plain_checkpoint_hook import PlainCheckpointHook
from .pretrained_match_hook import PretrainedMatchHook
from .progress_hook import ProgressHook
from .safe_files_hook import SafeFilesHook
from .segmentor_classes_hook import SegmentorClassesHook
from .self_refinement_hook import SelfRefinementHook
from .single_value_norm_hook import SingleValueNormHook
from .stage_times_hook import StageTimesHook
from .training_labels_hook import TrainingLabelsHook
from .warm_up_length_hook import WarmUpLengthHook

__all__ = [
    'CheckpointFactsHook',
    'CheckpointMatchHook',
    'DisplacementMeanHook',
    'FoldNormsHook',
    'LastValidationHook',
    'PlainCheckpointHook',
    'PretrainedMatchHook',
    'ProgressHook',
    'SafeFilesHook',
    'SegmentorClassesHook',
    'SelfRefinementHook',
    'SingleValueNormHook',
    'StageTimesHook',
    'TrainingLabelsHook',
    'WarmUpLengthHook',
]
