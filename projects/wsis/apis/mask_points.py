"""Points of objects taken from true masks, as people would give them."""

import numpy as np
from mmengine.config import Config
from tqdm import tqdm

from ..structures.masks import find_innermost_point, read_index_png, split_objects
from ..structures.point_file import Point
from .point_check import build_photos

PLACES = ('innermost', 'random')


def make_mask_points(cfg: Config, place: str = 'innermost', seed: int = 0) -> tuple[dict[str, list[Point]], list[str]]:
    """Take a point of every object of the photos that a config's ``test_dataloader`` names.

    Args:
        cfg: The config.
        place: ``'innermost'``: the pixel farthest from the object's outside. ``'random'``: any of its pixels.
        seed: Of the random ones, which are the same whatever other photos there are.

    Returns:
        Points of each photo with masks, and the class names.

    Raises:
        ValueError: If ``place`` is unknown or no photo has masks.
    """
    if place not in PLACES:
        raise ValueError(f'place is one of {", ".join(PLACES)}, not {place!r}')
    dataset = build_photos(cfg, with_masks=True)
    photos = [info for info in map(dataset.get_data_info, range(len(dataset))) if 'instance_map_path' in info]
    if not photos:
        folder = dataset.data_prefix['instance']
        raise ValueError(f'None of the {len(dataset)} photos has instance masks: is {folder} the right folder?')
    points = {info['img_id']: _take_points(info, place, seed) for info in tqdm(photos, unit='photo', leave=False)}
    return points, list(dataset.metainfo['classes'])


def _take_points(info: dict, place: str, seed: int) -> list[Point]:
    """Take the points of one photo, of classes that it is tagged with."""
    semantic, instance = (read_index_png(info[key]) for key in ('seg_map_path', 'instance_map_path'))
    random = np.random.default_rng([seed, *info['img_id'].encode()])
    objects = [(label, mask) for label, mask in split_objects(semantic, instance) if label in info['tags']]
    if place == 'innermost':
        return [Point(label, *find_innermost_point(mask)) for label, mask in objects]
    return [Point(label, *map(int, random.choice(np.argwhere(mask)))) for label, mask in objects]
