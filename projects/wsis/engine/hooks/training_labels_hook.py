"""A hook that stops a training whose labels teach nothing."""

from collections.abc import Iterator
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from ...datasets.transforms import LoadInterPixelLabels, LoadPoints, LoadSemanticMasks
from ...structures.masks import IGNORE_LABEL


@HOOKS.register_module()
class TrainingLabelsHook(Hook):
    """Raise an error when no photo of the training set has a label: the losses would be 0 without a word.

    Label maps (of ``LoadInterPixelLabels`` and ``LoadSemanticMasks``) need a pixel of a class, points (of
    ``LoadPoints``) a score over its ``min_score``. Photos are looked at until one has it, which is mostly the first.
    """

    def before_train(self, runner: Runner) -> None:
        """Look at the training set.

        Raises:
            ValueError: If it teaches nothing; the message says what there is and what to do.
        """
        for dataset in unwrap_datasets(runner.train_dataloader.dataset):
            for transform in getattr(getattr(dataset, 'pipeline', None), 'transforms', ()):
                if isinstance(transform, (LoadInterPixelLabels, LoadSemanticMasks)):
                    check_label_maps(dataset, transform)
                elif isinstance(transform, LoadPoints):
                    check_point_scores(dataset, transform.min_score)


def unwrap_datasets(dataset: Any) -> Iterator[BaseDataset]:
    """Yield the data sets inside wrappers that repeat or join them."""
    inner = getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]
    if inner == [None]:
        yield dataset
        return
    for one in inner:
        yield from unwrap_datasets(one)


def check_label_maps(dataset: BaseDataset, load: LoadInterPixelLabels | LoadSemanticMasks) -> None:
    """Check that some photo's label map holds a class.

    Raises:
        ValueError: If none does.
    """
    for index in range(len(dataset)):
        labels = load(dataset.get_data_info(index))['gt_seg_map']
        if ((labels > 0) & (labels != IGNORE_LABEL)).any():
            return
    sure = isinstance(load, LoadInterPixelLabels)
    artifact = 'inter-pixel labels' if sure else 'semantic masks'
    folder = dataset.get_data_info(0)['inter_pixel_label_dir' if sure else 'semantic_mask_dir']
    raise ValueError(
        f'{folder}: none of the {artifact} of {len(dataset)} photos holds a pixel that is '
        f'{"surely " if sure else ""}of a class, so there is nothing to learn: lower the '
        f'{"foreground" if sure else "background"} threshold of the stage that made them, or train the stage before it '
        'longer'
    )


def check_point_scores(dataset: BaseDataset, min_score: float) -> None:
    """Check that some point scores over the threshold of ``LoadPoints``.

    Raises:
        ValueError: If none does.
    """
    highest, count = 0.0, 0
    for index in range(len(dataset)):
        scores = [point.score for point in dataset.get_data_info(index).get('points', ())]
        highest, count = max([highest, *scores]), count + len(scores)
        if highest > min_score:
            return
    file = getattr(dataset, 'points_file', None) or 'points file'
    raise ValueError(
        f'{file}: none of the {count} points of {len(dataset)} photos scores over {min_score:g} (the highest '
        f'{highest:g}), so there is no instance to learn: lower min_score of LoadPoints, or train the stage that made '
        'the points longer'
    )
