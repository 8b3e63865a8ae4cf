"""Points of objects taken from true masks, as people would give them."""

from collections.abc import Iterable

import numpy as np
from mmengine.config import Config
from tqdm import tqdm

from ..datasets.transforms import LoadEvaluationMasks
from ..structures.masks import decode_masks, find_innermost_point, read_object_masks, split_objects
from ..structures.point_file import Point
from .photo_dataset import build_photo_dataset

PLACES = ('innermost', 'random')


def make_mask_points(cfg: Config, place: str = 'innermost', seed: int = 0) -> tuple[dict[str, list[Point]], list[str]]:
    """Take a point of every object of a tagged class in the photos that a config's ``test_dataloader`` names.

    How many of the photos have masks is printed; the others have no entry.

    Args:
        cfg: The config.
        place: ``'innermost'``: the pixel farthest from the object's outside. ``'random'``: any of its pixels.
        seed: Of the random ones, from 0; they are the same whatever other photos there are.

    Returns:
        Points of each photo with masks, and the class names.

    Raises:
        ValueError: If ``place`` is unknown, ``seed`` negative, masks of a photo do not fit, or there is no object.
    """
    if place not in PLACES:
        raise ValueError(f'place is one of {", ".join(PLACES)}, not {place!r}')
    if seed < 0:
        raise ValueError(f'seed is 0 or more, not {seed}')
    dataset = build_photo_dataset(cfg, with_masks=True)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    photos = [
        info for info in infos if {'seg_map_path', 'instance_map_path'} <= info.keys() or 'mask_annotations' in info
    ]
    folders = dataset.describe_masks()
    print(f'{len(photos)} of {len(infos)} photos have masks in {folders}; the others get no point')
    points = {info['img_id']: _take_points(info, place, seed) for info in tqdm(photos, unit='photo', leave=False)}
    if not any(points.values()):
        raise ValueError(f'No object of a tagged class in {folders}: are these the right folders?')
    return points, list(dataset.metainfo['classes'])


def _take_points(info: dict, place: str, seed: int) -> list[Point]:
    """Take the points of one photo."""
    objects = [(label, mask) for label, mask in _read_objects(info) if label in info['tags']]
    if place == 'innermost':
        return [Point(label, *find_innermost_point(mask)) for label, mask in objects]
    random = np.random.default_rng([seed, *info['img_id'].encode()])
    return [Point(label, *map(int, random.choice(np.argwhere(mask)))) for label, mask in objects]


def _read_objects(info: dict) -> Iterable[tuple[int, np.ndarray]]:
    """Return the class and the mask (H, W) of every true object of a photo."""
    if 'mask_annotations' not in info:
        return split_objects(*read_object_masks(info['seg_map_path'], info['instance_map_path']))
    instances = LoadEvaluationMasks()(info)['instances']
    masks = decode_masks([instance['mask'] for instance in instances], info['evaluation_sem_seg'].shape)
    return zip([instance['bbox_label'] for instance in instances], masks)
