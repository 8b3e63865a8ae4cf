"""A COCO json with polygons, as label tools read it."""

from pathlib import Path

from ..structures import write_json
from .label_file import LabelFile
from .outlines import trace_outlines

FILE_NAME = 'instances_polygons.json'


def write_coco_polygons(labels: LabelFile, photo_folder: Path, out: Path) -> Path:
    """Write ``instances_polygons.json``: images and categories as they were, polygons instead of RLE.

    Instances without a pixel are left out. Scores stay.

    Args:
        labels: What to write.
        photo_folder: Not needed: names are those below it.
        out: The folder to write to.

    Returns:
        The file.
    """
    annotations = []
    for photo in labels.photos:
        for instance in photo.instances:
            if polygons := trace_outlines(instance['mask']):
                flat = [polygon.ravel().tolist() for polygon in polygons]
                category = instance['label'] + 1
                annotations.append(dict(instance['entry'], category_id=category, segmentation=flat, iscrowd=0))
    categories = [dict(id=index, name=name, supercategory='') for index, name in enumerate(labels.classes, 1)]
    content = dict(images=[photo.entry for photo in labels.photos], annotations=annotations, categories=categories)
    write_json(out / FILE_NAME, content, indent=None)
    return out / FILE_NAME
