"""The base of our metrics: one result per photo, named modes, photos without ground truth."""

import logging
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from ...structures.class_lists import without_background


class PhotoMetric(BaseMetric):
    """A metric that measures every photo by itself and sums up at the end.

    Every photo leaves exactly one result, also one that is skipped: only so does mmengine's
    collection put the photos of all ranks back into the order of the data set and cut the ones a
    distributed sampler repeats.

    A photo without ground truth is skipped and counted, with one line in the log. If no photo has
    ground truth, nothing is measured: the metric gives no number (an empty dict) and says so.
    """

    #: Field of a data sample that is measured.
    measured_field = ''
    #: What a skipped photo lacks, for the log.
    ground_truth_name = 'ground truth'
    #: What people call it, for the line that nothing is measured.
    truth_kind = 'masks'

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Measure a batch of photos.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): Data samples as dicts.

        Raises:
            ValueError: If a data sample is not what the metric needs; names the photo.
        """
        for sample in data_samples:
            try:
                measure = self.measure_photo(sample)
            except ValueError as error:
                raise ValueError(f'{type(self).__name__}: photo {photo_name(sample)}: {error}') from error
            self.results.append(dict(mode=sample.get('mode'), measure=measure, photo=photo_name(sample)))

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Sum up the photos of all ranks.

        Args:
            results (list[dict]): One result per photo, in the order of the data set.

        Returns:
            dict[str, float]: Numbers by name; empty if no photo has ground truth.

        Raises:
            ValueError: If photos of both modes are mixed.
        """
        modes = sorted({result['mode'] for result in results if result['mode'] is not None})
        if len(modes) > 1:
            raise ValueError(
                f'{type(self).__name__}: predictions of the modes {modes} are mixed in one '
                'evaluation: a metric belongs to one mode, so evaluate them separately'
            )
        measured = [result for result in results if result['measure'] is not None]
        if not measured:
            self.log(f'no {self.truth_kind}: not measured ({len(results)} photos)')
            return {}
        skipped = len(results) - len(measured)
        if skipped:
            self.log(
                f'{skipped} of {len(results)} photos have no {self.ground_truth_name} and are skipped',
                logging.WARNING,
            )
        self.title = f'{len(measured)} photos, mode: {modes[0] if modes else "not named"}'
        self.first_photo = measured[0]['photo']
        return self.summarize([result['measure'] for result in measured])

    @abstractmethod
    def measure_photo(self, sample: dict) -> Any | None:
        """Measure one photo.

        Args:
            sample (dict): The data sample as a dict.

        Returns:
            Any | None: A small result without tensors, or None for a photo without ground truth.

        Raises:
            ValueError: If the sample does not fit; the message need not name the photo.
        """

    @abstractmethod
    def summarize(self, measures: list) -> dict[str, float]:
        """Compute the numbers, and log a table.

        Args:
            measures (list): Results of :meth:`measure_photo`, at least one, none of them None.

        Returns:
            dict[str, float]: Numbers by name.
        """

    def check_true_classes(self, true_pixels: np.ndarray) -> None:
        """Check that the true masks of all photos together hold a class.

        Without one, the IoU of background would be the mean IoU.

        Args:
            true_pixels (np.ndarray): True pixels (C + 1,) of all photos, background first.

        Raises:
            ValueError: If no pixel is of a class; the message names the first photo.
        """
        if true_pixels[1:].sum() == 0:
            raise ValueError(
                f'{type(self).__name__}: {self.title}: no pixel of the masks is of a class, all are background (0) or '
                f'ignored (255), first in that of photo {self.first_photo}: masks hold class ids '
                f'1..{len(self.class_names)} (and 255 for what is left out), not 0 and 255; write them with class ids'
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Class names of the data set, without background.

        Raises:
            ValueError: If the data set names no classes.
        """
        classes = (self.dataset_meta or {}).get('classes')
        if not classes:
            raise ValueError('the data set names no classes: its metainfo needs `classes`')
        return without_background(classes)

    def log(self, message: str, level: int = logging.INFO) -> None:
        """Write a line to the current logger, under the metric's name."""
        print_log(f'{type(self).__name__}: {message}', logger='current', level=level)


def photo_name(sample: dict) -> str:
    """Name of a photo for messages: its id, else its path."""
    return str(sample.get('img_id', sample.get('img_path', '(without img_id)')))


def read_field(sample: dict, field: str, *keys: str) -> list:
    """Read values of a field that a data sample must have.

    Args:
        sample (dict): The data sample as a dict.
        field (str): Name of the field, e.g. 'pred_instances'.
        keys (str): Names of the values in it.

    Returns:
        list: The values, one for each key.

    Raises:
        ValueError: If the field or a value is missing.
    """
    if field not in sample:
        raise ValueError(f'the data sample has no `{field}`: does the model predict it?')
    missing = [key for key in keys if key not in sample[field]]
    if missing:
        raise ValueError(f'`{field}` has no {", ".join(f"`{key}`" for key in missing)}')
    return [sample[field][key] for key in keys]
