"""Masks: index pictures, instances from VOC maps, and RLE."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from .photo_file import MAX_PIXELS, open_picture
from .text_file import printable

IGNORE_LABEL = 255
#: Outlines farther away are mistakes; filling them would take minutes, or end the process.
FARTHEST = 10**6
# of a run of pixels or of the difference of two; a text that goes on for ever would make numbers of any length
LONGEST_RUN_BITS = 60


def split_objects(semantic: np.ndarray, instance: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the 0-based class and the mask (H, W) bool of every object of a class map and an instance map.

    Args:
        semantic: (H, W) class of each pixel: 0 background, 1..C, 255 ignore.
        instance: (H, W) instance number of each pixel: 0 background, 255 ignore.

    Yields:
        Objects by rising number. The class is that of most pixels; pixels without a class are left out.
    """
    for number in np.unique(instance):
        if number in (0, IGNORE_LABEL):
            continue
        mask = (instance == number) & (semantic != IGNORE_LABEL) & (semantic != 0)
        if mask.any():
            yield int(np.bincount(semantic[mask]).argmax()) - 1, mask


def masks_to_instances(semantic: np.ndarray, instance: np.ndarray) -> list[dict]:
    """Turn a class map and an instance map into mmdet's list of instances.

    Args:
        semantic: (H, W) class of each pixel: 0 background, 1..C, 255 ignore.
        instance: (H, W) instance number of each pixel: 0 background, 255 ignore.

    Returns:
        One ``dict(bbox=[x1, y1, x2, y2], bbox_label=0-based class, mask=RLE, ignore_flag=0)`` an instance, by rising
        number.
    """
    instances = []
    for label, mask in split_objects(semantic, instance):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        instances.append(
            dict(bbox=[float(value) for value in box], bbox_label=label, mask=encode_mask(mask), ignore_flag=0)
        )
    return instances


def find_innermost_point(mask: np.ndarray) -> tuple[int, int]:
    """Return the pixel (y, x) of a mask (H, W) bool that is farthest from its outside and the picture's border.

    An empty mask has none: it gives (0, 0).
    """
    distance = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(distance.argmax(), mask.shape)
    return int(y), int(x)


def encode_mask(mask: np.ndarray) -> dict:
    """Encode a mask (H, W) as COCO RLE whose counts are text, so that it can be written as JSON."""
    encoded = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    return dict(size=[int(value) for value in encoded['size']], counts=encoded['counts'].decode('ascii'))


def decode_masks(masks: Sequence[dict], size: tuple[int, int]) -> np.ndarray:
    """Decode COCO RLEs of a photo of the given height and width to ``(N, H, W)`` bool.

    Raises:
        ValueError: As :func:`encode_segmentation`; pycocotools would fill what is missing with any bytes.
    """
    if not masks:
        return np.zeros((0, *size), bool)
    return np.stack([coco_mask.decode(encode_segmentation(mask, size)).astype(bool) for mask in masks])


def decode_annotations(annotations: Sequence[dict], size: tuple[int, int]) -> tuple[list[dict], np.ndarray]:
    """Turn COCO annotations of a photo into mmdet's list of instances and a class map.

    Args:
        annotations: ``dict(bbox_label=, segmentation=polygons or RLE, iscrowd=)`` each, labels 0-based.
        size: Height and width of the photo.

    Returns:
        Instances as of :func:`masks_to_instances` (crowds and empty masks left out), and the class map (H, W) uint8: 0
        background, 1..C classes, 255 crowds. Where instances overlap, the smaller one counts.

    Raises:
        ValueError: If a segmentation is of another form or of a photo of another size.
    """
    semantic, instances = np.zeros(size, np.uint8), []
    found = [(encode_segmentation(entry['segmentation'], size), entry) for entry in annotations]
    for encoded, entry in sorted(found, key=lambda pair: -float(coco_mask.area(pair[0]))):
        semantic[coco_mask.decode(encoded) > 0] = IGNORE_LABEL if entry['iscrowd'] else entry['bbox_label'] + 1
    for encoded, entry in found:
        x, y, width, height = (float(value) for value in coco_mask.toBbox(encoded))
        if not entry['iscrowd'] and width and height:
            mask = dict(size=list(size), counts=encoded['counts'].decode('ascii'))
            box = [x, y, x + width, y + height]
            instances.append(dict(bbox=box, bbox_label=entry['bbox_label'], mask=mask, ignore_flag=0))
    return instances, semantic


def encode_segmentation(segmentation: list | dict, size: tuple[int, int]) -> dict:
    """Encode polygons, or RLE with numbers or text, as COCO RLE whose counts are bytes.

    Polygons of less than three points are left out, and of the others what lies out of the photo.

    Args:
        segmentation: As in a COCO json.
        size: Height and width of the photo.

    Raises:
        ValueError: If it is of another form or of a photo of another size, its polygons are far away, or the photo is
            larger than any that is read; one line.
    """
    if min(size) < 1 or size[0] * size[1] > MAX_PIXELS:
        raise ValueError(f'a photo of {size[0]}x{size[1]} pixels has none, or more than {MAX_PIXELS:,}')
    if isinstance(segmentation, dict):
        given = segmentation.get('size')
        if not isinstance(given, (list, tuple)) or tuple(given) != tuple(size):
            raise ValueError(f'a mask has the size {printable(given)}, but the photo {list(size)}')
        runs = _read_runs(segmentation.get('counts'), size)
        return coco_mask.frPyObjects(dict(size=list(size), counts=runs), *size)
    if not isinstance(segmentation, (list, tuple)):
        raise ValueError('a segmentation is neither polygons nor RLE')
    polygons = [polygon for polygon in segmentation if isinstance(polygon, (list, tuple)) and len(polygon) >= 6]
    for polygon in polygons:
        check_polygon(polygon)
    if not polygons:
        return coco_mask.frPyObjects(dict(size=list(size), counts=[size[0] * size[1]]), *size)
    return coco_mask.merge(coco_mask.frPyObjects([list(map(float, polygon)) for polygon in polygons], *size))


def check_polygon(polygon: Any) -> None:
    """Check that a polygon is one that pycocotools can fill: it ends the process where numbers are too large.

    Args:
        polygon: Anything that stands in the place of one.

    Raises:
        ValueError: If it is no list ``[x, y, x, y, ...]`` of numbers, or reaches too far; one line.
    """
    if not isinstance(polygon, (list, tuple)) or len(polygon) % 2:
        raise ValueError('a polygon is not a list of x, y, x, y, ...')
    # NaN is not within the limit either
    if not all(isinstance(value, (int, float)) and abs(value) <= FARTHEST for value in polygon):
        raise ValueError(f'a polygon holds something other than numbers within {FARTHEST:,} pixels')


def check_encoded(mask: Any) -> None:
    """Check that a mask is an RLE whose counts are text, and that they fit its size.

    Raises:
        ValueError: If it is none; one line.
    """
    size = mask.get('size') if isinstance(mask, dict) else None
    if not isinstance(size, (list, tuple)) or len(size) != 2 or not all(type(length) is int for length in size):
        raise ValueError('a mask is no RLE with its size')
    if min(size) < 1 or size[0] * size[1] > MAX_PIXELS:
        raise ValueError(f'a mask has the size {list(size)}')
    counts = mask.get('counts')
    _read_runs(counts if isinstance(counts, str) else None, size)


def _read_runs(counts: Any, size: Sequence[int]) -> list[int]:
    """Return the run lengths of an RLE, whose counts are numbers or text.

    Raises:
        ValueError: If they do not add up to its size: pycocotools reads memory that is not its own where they do not.
    """
    counts = counts.decode('latin-1') if isinstance(counts, bytes) else counts
    runs = unpack_run_lengths(counts) if isinstance(counts, str) else counts
    whole = isinstance(runs, list) and all(type(run) is int and run >= 0 for run in runs)
    if not whole or sum(runs) != size[0] * size[1]:
        raise ValueError(f'the runs of a mask (RLE) do not add up to its {size[0]}x{size[1]} pixels')
    return runs


def unpack_run_lengths(text: str) -> list[int] | None:
    """Return the run lengths that the text of a COCO RLE stands for; None if it is no such text.

    A character holds five bits and whether the number goes on; from the fourth number on they are differences to the
    last but one.
    """
    runs: list[int] = []
    value = shift = 0
    for character in text:
        code = ord(character) - ord('0')
        if not 0 <= code < 64:
            return None
        if shift > LONGEST_RUN_BITS:
            return None
        value |= (code & 31) << shift
        shift += 5
        if not code & 32:
            value -= (code & 16) and 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return None if shift else runs


def read_object_masks(semantic_path: str | Path, instance_path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the class map and the instance map of a photo, (H, W) uint8 each.

    Raises:
        ValueError: If a file cannot be read or is a colour picture, or the sizes differ.
    """
    semantic = read_index_png(semantic_path)
    return semantic, read_instance_png(instance_path, semantic.shape, semantic_path)


def read_instance_png(path: str | Path, size: tuple[int, ...], semantic_path: str | Path) -> np.ndarray:
    """Read the instance map of a photo, (H, W) uint8.

    Args:
        path: The instance map.
        size: Height and width of the class map.
        semantic_path: File of the class map, for messages.

    Raises:
        ValueError: If the file cannot be read or is a colour picture, or the sizes differ.
    """
    instance = read_index_png(path)
    if instance.shape != size:
        raise ValueError(f'{path}: mask size {instance.shape} is not that of {semantic_path} {size}')
    return instance


def check_class_values(semantic: np.ndarray, num_classes: int, path: str | Path) -> None:
    """Check that a class map (H, W) uint8 holds 0 (background), 1..C and 255 (left out) only.

    Args:
        semantic: The class map.
        num_classes: C, without background.
        path: Its file, for messages.

    Raises:
        ValueError: If another value occurs; the message names the first.
    """
    counts = np.bincount(semantic.ravel(), minlength=IGNORE_LABEL + 1)
    if counts[num_classes + 1 : IGNORE_LABEL].any():
        wrong = num_classes + 1 + int(np.flatnonzero(counts[num_classes + 1 : IGNORE_LABEL])[0])
        raise ValueError(
            f'{path}: the mask holds the value {wrong}, which is no class: masks hold 0 (background), class ids '
            f'1..{num_classes} and 255 (left out); write it with class ids, or add the class to the class list'
        )


def read_index_png(path: str | Path) -> np.ndarray:
    """Read a palette or grey PNG as its indices, (H, W) uint8.

    Raises:
        ValueError: If the file cannot be read or is a colour picture.
    """
    try:
        with open_picture(path) as image:
            indices = np.array(image)
    except MemoryError:
        raise ValueError(f'Mask {path} does not fit into memory; make it as large as its photo') from None
    except (OSError, SyntaxError, ValueError) as error:  # PIL's PNG reader raises SyntaxError for some damages
        raise ValueError(f'Mask {path} cannot be read ({error})') from None
    if indices.ndim != 2:
        raise ValueError(f'Mask {path} is a colour picture; masks are palette or grey PNG of class (instance) numbers')
    return indices
