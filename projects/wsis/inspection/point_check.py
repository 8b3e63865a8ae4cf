"""Checking a points file against the photos and tags that it is for."""

from collections import Counter

from mmengine.config import Config
from tqdm import tqdm

from ..datasets import TagDataset
from ..structures import probe_photo
from ..structures.point_file import Point, check_points, read_points
from .photo_dataset import build_photo_dataset

SHOWN = 20


def check_point_file(path: str, cfg: Config) -> None:
    """Print how many points each class has, and the photos with a wrong one (at most 20), with the first of each.

    Args:
        path: The points file.
        cfg: A config whose ``test_dataloader`` names photos and tags.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If a point is of an unknown photo, outside its photo, or of a class that is no tag of it.
    """
    dataset = build_photo_dataset(cfg)
    classes = dataset.metainfo['classes']
    points = read_points(path, classes)
    counts = Counter(classes[point.label] for found in points.values() for point in found)
    listed = ', '.join(f'{name} {counts[name]}' for name in classes if counts[name])
    print(f'{sum(counts.values())} points of {len(points)} photos ({len(dataset)} in the data set): {listed}')
    problems = find_problems(points, dataset)
    for problem in problems[:SHOWN]:
        print(problem)
    if len(problems) > SHOWN:
        print(f'and {len(problems) - SHOWN} more photos')
    if problems:
        raise ValueError(f'{path}: wrong points in {len(problems)} of {len(points)} photos')


def find_problems(points: dict[str, list[Point]], dataset: TagDataset) -> list[str]:
    """Return one line a photo that has a wrong point."""
    photos = {info['img_id']: info for info in map(dataset.get_data_info, range(len(dataset)))}
    problems = []
    for photo, found in tqdm(points.items(), unit='photo', leave=False):
        if photo not in photos:
            problems.append(f'Photo {photo} is not in the data set')
            continue
        try:
            size = probe_photo(photos[photo]['img_path']).shape
            check_points(found, photo, size, photos[photo]['tags'], dataset.metainfo['classes'])
        except ValueError as error:
            problems.append(str(error))
    return problems
