"""The file of a photo in a store of instances, checked as a whole: pycocotools believes what a mask says of itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .files import read_json_object, report_damaged
from .masks import IGNORE_LABEL, check_encoded
from .photo_file import MAX_PIXELS
from .point_file import is_number


def read_instance_file(path: str | Path) -> dict[str, Any]:
    """Read ``file_name``, ``height``, ``width`` and ``instances``: ``label``, ``score`` and ``mask`` (RLE) of each.

    Raises:
        ValueError: If something is missing or of another form, or a mask is not one of the photo; one line.
    """
    content = read_json_object(path)
    with report_damaged(path):
        file_name, instances, size = content['file_name'], content['instances'], [content['height'], content['width']]
        if not isinstance(file_name, str):
            raise ValueError(f'its file_name is {file_name!r}')
        if not isinstance(instances, list):
            raise ValueError(f'its instances are a {type(instances).__name__}')
        if not all(type(length) is int and length > 0 for length in size) or size[0] * size[1] > MAX_PIXELS:
            raise ValueError(f'its height is {size[0]!r}, its width {size[1]!r}')
        for number, instance in enumerate(instances):
            check_instance(instance, f'instances[{number}]')
            if (given := list(instance['mask']['size'])) != size:
                raise ValueError(f'instances[{number}]: a mask has the size {given}, but the photo {size}')
    return content


def check_instance(instance: Mapping[str, Any], place: str) -> None:
    """Check that a stored instance has a class number, a score and a mask.

    Args:
        instance: The instance.
        place: Where in the file it stands, for the message.

    Raises:
        KeyError: If one of them is missing.
        TypeError: If the instance is no mapping.
        ValueError: If one is of another form; one line.
    """
    label, score, mask = instance['label'], instance['score'], instance['mask']
    if type(label) is not int or not 0 <= label < IGNORE_LABEL:
        raise ValueError(f'{place} has the label {label!r}')
    if not is_number(score):
        raise ValueError(f'{place} has the score {score!r}')
    try:
        check_encoded(mask)
    except ValueError as error:
        raise ValueError(f'{place}: {error}') from None
