"""Writing the file that describes a data set to every stage."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..apis.data_choice import check_data_file
from ..structures import write_atomically, write_json

DATA_NAME = 'data.py'
TEMPLATE = """\
# The data set that tools/label_photos.py made. Any stage takes it: python tools/train.py CONFIG --data THIS_FILE
classes = {classes}
num_classes = len(classes)
metainfo = dict(classes=classes)
data_root = {photos!r}
photo_folder = data_root

# photos without tags in train.txt are negatives for the classifier; no labels are made of them
label_dataset = dict(
    type='PhotoTagDataset',
    data_root=data_root,
    metainfo=metainfo,
    tags_file={tags!r},
    ann_file={train!r},
    ignore_unknown_classes=True{masks})  # true masks may have more classes
weak_dataset = dict(label_dataset, filter_cfg=dict(filter_empty_tags=False))
val_dataset = {val}
"""


def write_data_file(
    folder: Path,
    photos: Path,
    classes: Sequence[str],
    tags: Mapping[str, Sequence[str]],
    val: Sequence[str] = (),
    masks: Mapping[str, str] | None = None,
) -> Path:
    """Write ``data.py`` with its tags and splits.

    Args:
        folder: Where the files go.
        photos: Folder of the photos.
        classes: The class list.
        tags: Tags of all photos that are used, by path below ``photos``.
        val: Those of them that are measured on only.
        masks: True masks to measure with: ``mask_file`` (COCO json), or the folders ``sem_seg`` and ``instance``.

    Returns:
        The data file.
    """
    folder = folder.resolve()
    held_out = set(val)
    splits = dict(train=[photo for photo in tags if photo not in held_out], val=list(val))
    write_json(folder / 'tags.json', {photo: list(names) for photo, names in tags.items()}, indent=None)
    for name, split in splits.items():
        content = ''.join(f'{photo}\n' for photo in split).encode()
        write_atomically(folder / f'{name}.txt', lambda file, content=content: file.write(content))
    text = TEMPLATE.format(
        classes=tuple(classes),
        photos=str(photos.resolve()),
        tags=str(folder / 'tags.json'),
        train=str(folder / 'train.txt'),
        masks=_write_masks(masks or {}),
        val=f'dict(label_dataset, ann_file={str(folder / "val.txt")!r})' if val else 'None',
    )
    write_atomically(folder / DATA_NAME, lambda file: file.write(text.encode()))
    return folder / DATA_NAME


def read_masks(path: Path) -> dict[str, str]:
    """Return the masks that a written ``data.py`` names, as :func:`write_data_file` takes them; none if damaged."""
    try:
        settings = check_data_file(path).label_dataset
    except ValueError:  # it is written anew
        return {}
    return {'mask_file': settings.mask_file} if 'mask_file' in settings else dict(settings.get('data_prefix') or {})


def _write_masks(masks: Mapping[str, str]) -> str:
    if 'mask_file' in masks:
        return f',\n    mask_file={masks["mask_file"]!r}'
    return f',\n    data_prefix={dict(masks)!r}' if masks else ''
