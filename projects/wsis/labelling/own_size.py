"""The labels of a recipe at the size of the photos themselves."""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from pycocotools import mask as coco_mask

from ..datasets.photos import name_stems
from ..inspection.parallel import map_jobs, take_turns
from ..structures import printable, read_json, report_damaged, report_unwritable, write_atomically, write_json
from ..structures.mask_scaling import scale_class_map, scale_mask
from ..structures.masks import check_encoded, encode_mask, read_index_png
from ..structures.photo_file import open_picture
from .working_copy import WorkingCopy

MADE_BY = 'Made from image-level tags by tools/label_photos.py of WSIS'


def write_instances(
    source: Path, target: Path, copies: Mapping[str, WorkingCopy], processes: int | None = None
) -> dict:
    """Write a COCO json of instances with masks of the photos' own sizes.

    Args:
        source: The json of the recipe: masks (RLE) at the size of the working copies.
        target: The json to write, atomically.
        copies: What stands for each photo.
        processes: How many work at once (None: one per core).

    Returns:
        What was written: equal for equal input.

    Raises:
        ValueError: If the json names a photo that is not among the copies, or cannot be written; one line.
    """
    content = read_json(source)
    sizes = {}
    with report_damaged(source):
        for image in content['images']:
            if (copy := copies.get(image['file_name'])) is None:
                raise ValueError(
                    f'{source} names {printable(image["file_name"])}, which is not a photo of this set: make it again'
                )
            sizes[image['id']] = (copy.height, copy.width)
            image.update(height=copy.height, width=copy.width)
        jobs = [(annotation, sizes[annotation['image_id']]) for annotation in content['annotations']]
        for annotation, _ in jobs:
            check_encoded(annotation['segmentation'])
    content['annotations'] = list(map_jobs(_scale_annotation, jobs, processes, 'instances'))
    content = {**content, 'info': dict(description=MADE_BY)}
    with report_unwritable(target):
        write_json(target, content, indent=None)
    return content


def write_semantic_masks(
    source: Path, target: Path, copies: Mapping[str, WorkingCopy], processes: int | None = None
) -> int:
    """Write semantic masks as palette PNGs of the photos' own sizes, named by :func:`name_stems`.

    Masks that an earlier call wrote of photos that are no longer labelled are removed.

    Args:
        source: The store of the recipe.
        target: The folder to fill, which holds nothing else.
        copies: What stands for each photo.
        processes: How many work at once (None: one per core).

    Returns:
        How many there are; photos that the store does not hold have none.

    Raises:
        ValueError: If a mask cannot be read or written; one line.
    """
    stems = name_stems(copies)
    jobs = [(source / f'{photo}.png', target / f'{stems[photo]}.png', copy) for photo, copy in copies.items()]
    jobs = [job for job in jobs if job[0].is_file()]
    with report_unwritable(target):
        count = sum(map_jobs(_scale_mask, jobs, processes, 'semantic masks'))
        for stale in set(target.rglob('*.png')) - {path for _, path, _ in jobs}:
            stale.unlink()
    return count


def _scale_annotation(job: tuple[dict, tuple[int, int]]) -> dict:
    annotation, size = job
    if tuple(annotation['segmentation']['size']) == size:
        return annotation
    with take_turns(size[0] * size[1]):
        rle = encode_mask(scale_mask(coco_mask.decode(annotation['segmentation']), size))
    box = [float(value) for value in coco_mask.toBbox(rle)]
    return {**annotation, 'segmentation': rle, 'area': float(coco_mask.area(rle)), 'bbox': box}


def _scale_mask(job: tuple[Path, Path, WorkingCopy]) -> int:
    source, target, copy = job
    size = (copy.height, copy.width)
    labels = read_index_png(source)
    if labels.shape == size:
        content = source.read_bytes()
        write_atomically(target, lambda file: file.write(content))
        return 1
    with open_picture(source) as picture:
        palette = picture.getpalette()
    with take_turns(copy.height * copy.width):
        scaled = Image.fromarray(scale_class_map(labels, size))
        if palette:
            scaled.putpalette(palette)
        write_atomically(target, lambda file: scaled.save(file, format='PNG'))
    return 1
