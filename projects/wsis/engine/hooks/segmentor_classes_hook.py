"""A hook that gives checkpoints of segmentors the class list that mmseg expects."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from ...structures.class_lists import describe_with_background
from ..checkpoint_match import read_classes, unwrap_model
from ..mmengine_names import find_training_set


@HOOKS.register_module()
class SegmentorClassesHook(Hook):
    """Put the background first into the class list of a checkpoint whose model counts it.

    The data sets of this project have no class of that name, but 0 in a segmentor's map is the background. mmseg's own
    ``show_result_pyplot`` looks up names and colours in the list of the checkpoint, which would be one off.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Change ``checkpoint['meta']['dataset_meta']``."""
        classes = read_classes(checkpoint)
        if classes and counts_background(unwrap_model(runner.model), len(classes)):
            palette = checkpoint['meta']['dataset_meta'].get('palette')
            checkpoint['meta']['dataset_meta'] = describe_with_background(classes, palette)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take the data set's own list for a resumed training: mmengine compares the two, and would warn."""
        metainfo = getattr(find_training_set(runner), 'metainfo', None)
        if metainfo and read_classes(checkpoint) == tuple(metainfo.get('classes') or ()):
            checkpoint['meta']['dataset_meta'] = metainfo


def counts_background(model: object, num_classes: int) -> bool:
    """Whether a model is a segmentor of mmseg that has one output more than there are classes."""
    return hasattr(model, 'decode_head') and getattr(model, 'num_classes', None) == num_classes + 1
