"""COCO json files: reading those of users, and writing our own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pycocotools import mask as coco_mask


@contextmanager
def report_broken_coco(path: str | Path) -> Iterator[None]:
    """Turn what is missing in a COCO json, while it is read, into one line.

    Raises:
        ValueError: In the place of a ``KeyError``, or of what Python says of another type or number.
    """
    try:
        yield
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(
            f'{path} is no whole COCO json: {error} is missing among its images, annotations or categories'
        ) from None


class CocoLabels:
    """A COCO json that is put together image by image: masks as RLE, with scores; ids count from 1.

    Args:
        classes: The class list.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = classes
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []

    def add(self, file_name: str, size: tuple[int, int], instances: Iterable[Mapping[str, Any]]) -> None:
        """Append an image.

        Args:
            file_name: What the json calls it.
            size: Its height and width.
            instances: ``label`` (0-based), ``score`` and ``mask`` (RLE whose counts are text) of each.
        """
        image_id = len(self.images) + 1
        self.images.append(dict(id=image_id, file_name=file_name, height=int(size[0]), width=int(size[1])))
        for instance in instances:
            mask = instance['mask']
            self.annotations.append(
                dict(
                    id=len(self.annotations) + 1,
                    image_id=image_id,
                    category_id=instance['label'] + 1,
                    segmentation=mask,
                    area=float(coco_mask.area(mask)),
                    bbox=[float(value) for value in coco_mask.toBbox(mask)],
                    iscrowd=0,
                    score=instance['score'],
                )
            )

    def content(self) -> dict[str, Any]:
        """Return what the file holds."""
        categories = [dict(id=index, name=name) for index, name in enumerate(self.classes, 1)]
        return dict(images=self.images, annotations=self.annotations, categories=categories)
