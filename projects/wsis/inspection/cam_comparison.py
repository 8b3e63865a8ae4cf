"""A page that shows the CAMs of several classifiers on the same photos side by side."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..datasets.photos import list_photo_tree
from ..datasets.voc import list_photos
from ..structures import PseudoLabelStore, decode_photo, write_png
from ..structures.cam_file import DRAWN, read_cams
from ..visualization import RowTitle, contact_sheet, distinct_colors, draw_cams, resize_photo

TALLEST = 1.25
CAMS = 'cams'


def compare_cams(
    photos: str | Path,
    stores: dict[str, str | Path],
    out: str | Path,
    names: Sequence[str] = (),
    count: int = 6,
    tile_width: int = 220,
) -> Path:
    """Draw the CAMs of each store on the same photos and write the page as PNG (atomically).

    Args:
        photos: Folder of the photos.
        stores: CAM stores by the title of their column; the folder of the stage or test that made one does as well.
        out: The PNG file.
        names: Photos to show; evenly spaced ones of those that all stores have, if none is named.
        count: How many, if none is named.
        tile_width: Of a picture, in pixels.

    Returns:
        The file.

    Raises:
        FileNotFoundError: If a folder, a store or the CAMs of a named photo are missing.
        ValueError: If the stores have no photo in common or other classes.
    """
    out = Path(out)
    # stores of VOC layout name photos by stem, others by path
    files = {**list_photos(str(photos)), **{name: str(Path(photos, name)) for name in list_photo_tree(str(photos))}}
    opened = {title: open_store(folder) for title, folder in stores.items()}
    classes = next(iter(opened.values())).read_manifest().get('classes') or []
    for store in opened.values():
        store.check_readable(classes)
    names = list(names) or choose_common(files, list(opened.values()), count)
    colors, rows, titles = distinct_colors(len(classes)), [], []
    for name in names:
        if name not in files:
            raise FileNotFoundError(f'{photos} holds no photo {name}')
        arrays = [read_cams(store, name, DRAWN) for store in opened.values()]
        photo = read_tile(files[name], tile_width)
        rows.append([photo, *(draw_cams(photo, found['cams'], found['labels'], colors) for found in arrays)])
        labels = sorted({int(label) for found in arrays for label in found['labels']})
        titles.append(RowTitle(name, [(classes[label], colors[label]) for label in labels]))
    write_png(out, contact_sheet(rows, ['Photo', *opened], titles, title='CAMs side by side'))
    return out


def open_store(folder: str | Path) -> PseudoLabelStore:
    """Return the CAM store in a folder, or, of a stage or test that wrote it into its work dir, the one below it."""
    store, below = (PseudoLabelStore(root, CAMS, '.npz') for root in (folder, Path(folder, CAMS)))
    return below if below.manifest_path.is_file() and not store.manifest_path.is_file() else store


def choose_common(photos: dict[str, str], stores: Sequence[PseudoLabelStore], count: int) -> list[str]:
    """Return ``count`` evenly spaced photos of those that all stores have.

    Raises:
        ValueError: If there is none.
    """
    common = [name for name in sorted(photos) if all(name in store for store in stores)]
    if not common:
        raise ValueError(f'no photo has CAMs in all of {", ".join(str(store.root) for store in stores)}')
    places = np.linspace(0, len(common) - 1, min(count, len(common)))
    return [common[round(place)] for place in places]


def read_tile(path: str, width: int) -> np.ndarray:
    """Read a photo ``(H, W, 3)`` RGB, scaled to the width of a tile."""
    photo = decode_photo(path)
    scale = min(width / photo.shape[1], TALLEST * width / photo.shape[0])
    size = tuple(max(1, round(length * scale)) for length in photo.shape[:2])
    return resize_photo(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB), size)
