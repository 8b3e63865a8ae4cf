"""Writing labels in a format by its name."""

import os
from collections.abc import Callable
from pathlib import Path

from ..structures import printable, report_unwritable
from .coco_polygons import write_coco_polygons
from .label_file import LabelFile, read_labels
from .palette_png import write_palette_png
from .yolo import write_yolo

#: What ``--export`` and ``--format`` take.
EXPORTS: dict[str, Callable[[LabelFile, Path, Path], Path]] = {
    'coco-polygons': write_coco_polygons,
    'yolo': write_yolo,
    'png': write_palette_png,
}


def export_labels(name: str, instances_json: str | Path, photo_folder: str | Path, out: str | Path) -> Path:
    """Write labels in another format. All is checked before the first file is written.

    Args:
        name: One of :data:`EXPORTS`.
        instances_json: A COCO json as ``InstanceWriter`` writes it.
        photo_folder: What its file names are relative to.
        out: The folder to write to; files of an earlier export are replaced.

    Returns:
        What was written: the COCO json, ``data.yaml`` of YOLO, or the folder of the PNG folders.

    Raises:
        FileNotFoundError: If the json or a photo is not there.
        ValueError: If the format is not known, the json is wrong, or the folder cannot be written to; one line.
    """
    if name not in EXPORTS:
        raise ValueError(f'There is no export {name!r}: choose among {", ".join(EXPORTS)}')
    labels, photo_folder, out = read_labels(instances_json), Path(photo_folder), Path(out)
    missing = [photo.file_name for photo in labels.photos if not os.path.isfile(photo_folder / photo.file_name)]
    if missing:
        raise FileNotFoundError(
            f'{len(missing)} photos of {instances_json} are not in {photo_folder} (the first: '
            f'{printable(missing[0])}): give the folder that its file names are relative to'
        )
    with report_unwritable(out):
        return EXPORTS[name](labels, photo_folder, out)
