"""The way back: a COCO json that a label tool has written, made into one to train on."""

import logging
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mmengine.logging import print_log
from pycocotools import mask as coco_mask

from ..datasets.coco_instances import match_categories
from ..datasets.photos import list_photo_tree
from ..datasets.tags.names import PhotoNames, clean_name
from ..structures import printable, probe_photo, read_given_json
from ..structures.coco_json import report_broken_coco
from ..structures.masks import check_polygon, encode_segmentation

# Label Studio names photos `/data/local-files/?d=FOLDER/PHOTO`, or `xxxxxxxx-PHOTO` after an upload.
_LOCAL_FILE, _UPLOAD = '?d=', re.compile(r'^[0-9a-f]{8}-(?=[^/]+$)')


def read_corrected(path: str | Path, classes: Sequence[str], photo_folder: str | Path) -> dict[str, Any]:
    """Read a corrected COCO json.

    Polygons and both kinds of RLE, any ids and any order of categories are taken. Photos that are not in it are not in
    the result either. What has no mask or no pixel in the photo is left out; that, outlines that are cut at the photo's
    border and marks of crowds that are taken off (label tools set them for brushed masks) are counted and logged.

    Args:
        path: The file; its file names may begin with folders above the photo folder.
        classes: Class names.
        photo_folder: The photos.

    Returns:
        COCO content as ``InstanceWriter`` makes it: masks as RLE, categories 1..C in the order of the classes.

    Raises:
        FileNotFoundError: If the file, the folder or a photo is not there.
        ValueError: If it is no whole COCO json, or a category, a size or a mask does not fit; one line.
    """
    content, counts = read_given_json(path), Counter()
    with report_broken_coco(path):
        images = _match_images(path, content['images'], Path(photo_folder), counts)
        labels = match_categories(content['categories'], classes)
        names = {entry['id']: entry['name'] for entry in content['categories']}
        annotations = []
        for entry in content['annotations']:
            image, name = images[entry['image_id']], names[entry['category_id']]
            if (label := labels[entry['category_id']]) is None:
                raise ValueError(
                    f'{path}: category {name!r} is not in the class list ({", ".join(classes)}): rename it, or add it '
                    'to the classes of the data set'
                )
            if instance := _read_instance(path, entry, image, counts):
                annotations.append(dict(id=len(annotations) + 1, category_id=label + 1, **instance))
    for what, count in counts.items():
        if count:
            print_log(f'{path}: {what}: {count}', 'current', logging.WARNING)
    unique = {image['id']: image for image in images.values()}
    categories = [dict(id=index, name=name) for index, name in enumerate(classes, 1)]
    return dict(images=list(unique.values()), annotations=annotations, categories=categories)


def _match_images(
    path: str | Path, entries: list[dict], photo_folder: Path, counts: Counter
) -> dict[Any, dict[str, Any]]:
    """Return the image of the result for each id of the file; a photo that is there twice has one."""
    if not photo_folder.is_dir():
        raise FileNotFoundError(f'Photo folder {photo_folder} does not exist; correct the data file')
    names = PhotoNames(list_photo_tree(str(photo_folder)))
    images: dict[Any, dict] = {}
    by_photo: dict[str, dict] = {}
    for entry in entries:
        photo = _find_photo(path, str(entry['file_name']), names, photo_folder)
        counts['photos found in another folder than the file names'] += names.is_elsewhere(entry['file_name'], photo)
        if photo not in by_photo:
            height, width = probe_photo(photo_folder / photo).shape
            by_photo[photo] = dict(id=len(by_photo) + 1, file_name=photo, height=height, width=width)
        image = by_photo[photo]
        written = entry.get('height') or image['height'], entry.get('width') or image['width']
        if written != (shape := (image['height'], image['width'])):
            sizes = ' there, but '.join(f'{printable(width)}x{printable(height)}' for height, width in (written, shape))
            raise ValueError(
                f'{path}: {photo} has, in pixels, {sizes} in {photo_folder}: label the photos as they are there'
            )
        images[entry['id']] = image
    return images


def _find_photo(path: str | Path, name: str, names: PhotoNames, photo_folder: Path) -> str:
    forms = [name]
    if _LOCAL_FILE in name:
        forms.append(unquote(name.split(_LOCAL_FILE, 1)[1]))
    last = name.replace('\\', '/').rpartition('/')[2]
    if _UPLOAD.match(last):
        forms.append(_UPLOAD.sub('', last))
    # what follows the photo folder's own name is the whole path, also where photos of that name lie deeper
    root = f'/{clean_name(photo_folder.resolve().name)}/'
    for form in forms:
        whole = clean_name(form)
        for path_below in (whole, f'/{whole}'.rpartition(root)[2]):
            if path_below in names.exact:
                return names.exact[path_below]
    for form in forms:
        if photo := names.find(form):
            return photo
        if alike := names.list_alike(form):
            raise ValueError(
                f'{path}: {printable(name)} may be {" or ".join(alike)}: write its path below {photo_folder}'
            )
    raise FileNotFoundError(
        f'{path}: photo {printable(name[:300])} is not in {photo_folder}: put it there, or leave it out'
    )


def _read_instance(path: str | Path, entry: dict, image: dict, counts: Counter) -> dict[str, Any] | None:
    """Return the mask of an annotation and what follows from it; None, counted, if there is none."""
    segmentation, size = entry.get('segmentation'), (image['height'], image['width'])
    if not segmentation:
        counts['annotations without a mask, left out'] += 1
        return None
    try:
        if isinstance(segmentation, list):
            segmentation = _check_polygons(segmentation, size, counts)
        encoded = encode_segmentation(segmentation, size)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f'{path}, annotation {printable(entry.get("id"))} of {image["file_name"]}: {error}; correct or remove it'
        ) from None
    box = [float(value) for value in coco_mask.toBbox(encoded)]
    if not box[2] or not box[3]:
        counts['annotations without a pixel in their photo, left out'] += 1
        return None
    if entry.get('iscrowd'):
        counts['annotations marked as crowds, taken as instances'] += 1
    mask = dict(size=list(size), counts=encoded['counts'].decode('ascii'))
    instance = dict(image_id=image['id'], segmentation=mask, area=float(coco_mask.area(encoded)), bbox=box, iscrowd=0)
    return dict(instance, score=entry['score']) if isinstance(entry.get('score'), (int, float)) else instance


def _check_polygons(segmentation: list, size: tuple[int, int], counts: Counter) -> list[list[float]]:
    """Return polygons that can be filled; those of less than three points are left out and counted."""
    # some tools leave out the list of parts
    polygons = [segmentation] if isinstance(segmentation[0], (int, float)) else segmentation
    whole = []
    for polygon in polygons:
        check_polygon(polygon)
        if len(polygon) < 6:
            counts['parts of less than three points, left out'] += 1
            continue
        if min(polygon) < 0 or max(polygon[::2]) > size[1] or max(polygon[1::2]) > size[0]:
            counts['parts that reach out of their photo, cut at its border'] += 1
        whole.append(polygon)
    return whole
