"""The labels of a recipe at the size of the photos themselves."""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from tqdm import tqdm

from ..inspection.parallel import default_processes
from ..structures import read_json, write_atomically, write_json
from ..structures.masks import encode_mask
from .working_copy import WorkingCopy


def write_instances(source: Path, target: Path, copies: Mapping[str, WorkingCopy]) -> dict:
    """Write a COCO json of instances with masks of the photos' own sizes.

    Args:
        source: The json of the recipe: masks (RLE) at the size of the working copies.
        target: The json to write, atomically.
        copies: What stands for each photo.

    Returns:
        What was written.
    """
    content = read_json(source)
    sizes = {}
    for image in content['images']:
        copy = copies[image['file_name']]
        sizes[image['id']] = (copy.height, copy.width)
        image.update(height=copy.height, width=copy.width)
    jobs = [(annotation, sizes[annotation['image_id']]) for annotation in content['annotations']]
    with ProcessPoolExecutor(default_processes()) as pool:
        scaled = pool.map(_scale_annotation, jobs, chunksize=16)
        content['annotations'] = list(tqdm(scaled, total=len(jobs), desc='instances', unit='mask', disable=None))
    content = dict(info=dict(description='Made from tags by WSIS'), **content)
    write_json(target, content, indent=None)
    return content


def write_semantic_masks(source: Path, target: Path, copies: Mapping[str, WorkingCopy]) -> int:
    """Write semantic masks as palette PNGs of the photos' own sizes, named by the photo with the ending ``.png``.

    Args:
        source: The store of the recipe.
        target: The folder to fill.
        copies: What stands for each photo.

    Returns:
        How many there are.
    """
    jobs = [(source / f'{photo}.png', target / name, copies[photo]) for photo, name in name_masks(copies)]
    jobs = [job for job in jobs if job[0].is_file()]
    with ProcessPoolExecutor(default_processes()) as pool:
        written = pool.map(_scale_mask, jobs, chunksize=8)
        return sum(tqdm(written, total=len(jobs), desc='masks', unit='mask', disable=None))


def name_masks(photos: Mapping[str, WorkingCopy]) -> Iterator[tuple[str, str]]:
    """Yield each photo and the name of its mask: with ``.png`` for its ending, or behind it where two would be one."""
    stems = [str(Path(photo).with_suffix('')) for photo in photos]
    counts = Counter(stems)
    for photo, stem in zip(photos, stems):
        yield photo, f'{photo}.png' if counts[stem] > 1 else f'{stem}.png'


def _scale_annotation(job: tuple[dict, tuple[int, int]]) -> dict:
    annotation, size = job
    if tuple(annotation['segmentation']['size']) == size:
        return annotation
    mask = coco_mask.decode(annotation['segmentation'])
    # bilinear, cut at a half, so that outlines are smooth and not in steps
    scaled = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    rle = encode_mask(scaled)
    box = [float(value) for value in coco_mask.toBbox(rle)]
    return {**annotation, 'segmentation': rle, 'area': float(coco_mask.area(rle)), 'bbox': box}


def _scale_mask(job: tuple[Path, Path, WorkingCopy]) -> int:
    source, target, copy = job
    with Image.open(source) as mask:
        if mask.size == (copy.width, copy.height):
            content = source.read_bytes()
            write_atomically(target, lambda file: file.write(content))
        else:
            scaled = mask.resize((copy.width, copy.height), Image.Resampling.NEAREST)
            write_atomically(target, lambda file: scaled.save(file, format='PNG'))
    return 1
