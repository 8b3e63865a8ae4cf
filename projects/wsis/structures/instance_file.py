"""The file of a photo in a store of instances, checked as a whole: pycocotools believes what a mask says of itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .files import read_json_object
from .masks import encode_segmentation

KEYS = ('file_name', 'height', 'width', 'instances')


def read_instance_file(path: str | Path) -> dict[str, Any]:
    """Read ``file_name``, ``height``, ``width`` and ``instances``: ``label``, ``score`` and ``mask`` (RLE) of each.

    Raises:
        ValueError: If something is missing or of another form, or a mask is not one of the photo; one line.
    """
    content = read_json_object(path)
    if missing := [key for key in KEYS if key not in content]:
        raise ValueError(f'{path} is no file of instances ({", ".join(missing)} missing); delete it and make it again')
    size, instances = (content['height'], content['width']), content['instances']
    if not isinstance(instances, list) or not all(type(length) is int for length in size):
        raise ValueError(f'{path} is no file of instances; delete it and make it again')
    for number, instance in enumerate(instances):
        if fault := _find_fault(instance, size):
            raise ValueError(f'{path}, instances[{number}]: {fault}; delete the file and make it again')
    return content


def find_mask_fault(mask: Any) -> str | None:
    """Say what is wrong with an RLE by itself; None if nothing is."""
    size = mask.get('size') if isinstance(mask, Mapping) else None
    if not isinstance(size, (list, tuple)) or len(size) != 2 or not all(type(length) is int for length in size):
        return 'a mask is no RLE with its size'
    try:
        encode_segmentation(mask, tuple(size))
    except ValueError as error:
        return str(error)
    return None


def _find_fault(instance: Any, size: tuple[int, int]) -> str | None:
    """Say what is wrong with an instance of a photo; None if nothing is."""
    if not isinstance(instance, dict) or type(instance.get('label')) is not int or instance['label'] < 0:
        return 'label is a class from 0'
    if not isinstance(instance.get('score'), (int, float)):
        return 'score is a number'
    if fault := find_mask_fault(instance.get('mask')):
        return fault
    mask_size = instance['mask']['size']
    return None if tuple(mask_size) == size else f'a mask has the size {mask_size}, but the photo {list(size)}'
