"""A small set of photos of odd names, and its instances as InstanceWriter writes them."""

from pathlib import Path

import cv2
import numpy as np
from inspection.photo_files import save_photo
from pycocotools import mask as coco_mask

from projects.wsis.structures import write_json
from projects.wsis.structures.masks import encode_mask

CLASSES = ['red fox', 'Café: "no"', 'traffic light']
PHOTOS = ['a.jpg', 'Füchse, 2024/ein Foto.JPG', 'Füchse, 2024/ein Foto.png', 'images/empty 100%.jpg']
SIZE = (48, 64)


def draw_shapes() -> dict[str, np.ndarray]:
    """Masks (H, W) of kinds that outlines lose easily."""
    shapes = {
        name: np.zeros(SIZE, np.uint8) for name in ('blob', 'holed', 'line', 'pixel', 'parts', 'border', 'nested')
    }
    noise = cv2.GaussianBlur(np.random.default_rng(3).random(SIZE), (0, 0), 3)
    shapes['blob'][noise > np.median(noise)] = 1
    cv2.circle(shapes['holed'], (30, 24), 18, 1, -1)
    cv2.circle(shapes['holed'], (24, 20), 5, 0, -1)
    cv2.circle(shapes['holed'], (37, 28), 4, 0, -1)
    cv2.line(shapes['line'], (2, 3), (60, 40), 1)
    shapes['pixel'][7, 9] = 1
    shapes['parts'][2:9, 3:30] = shapes['parts'][20:40, 35:36] = 1
    shapes['border'][:, :5] = shapes['border'][40:, :] = 1
    for radius in (20, 15, 10, 5):
        cv2.circle(shapes['nested'], (30, 24), radius, int(radius in (20, 10)), -1)
    return {name: mask.astype(bool) for name, mask in shapes.items()}


def save_set(root: Path, photos=PHOTOS, classes=CLASSES) -> tuple[Path, Path]:
    """Write photos and their json; the last photo has no instance, the others have all shapes.

    Returns:
        The photo folder and the json.
    """
    folder, annotations, masks = root / 'my photos', [], draw_shapes()
    for index, name in enumerate(photos, 1):
        save_photo(folder / name, size=SIZE[::-1], seed=index)
        for number, mask in enumerate(masks.values() if index < len(photos) else ()):
            encoded = encode_mask(mask)
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=index,
                    category_id=number % len(classes) + 1,
                    segmentation=encoded,
                    area=float(mask.sum()),
                    bbox=[float(value) for value in coco_mask.toBbox(encoded)],
                    iscrowd=0,
                    score=round(0.1 + 0.1 * number, 1),
                )
            )
    images = [dict(id=i, file_name=name, height=SIZE[0], width=SIZE[1]) for i, name in enumerate(photos, 1)]
    categories = [dict(id=index, name=name) for index, name in enumerate(classes, 1)]
    path = root / 'instances.json'
    write_json(path, dict(images=images, annotations=annotations, categories=categories))
    return folder, path


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the IoU of two masks."""
    one, other = one.astype(bool), other.astype(bool)
    return (one & other).sum() / (one | other).sum()
