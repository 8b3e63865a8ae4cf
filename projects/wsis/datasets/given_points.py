"""Checking that given points belong to the photos of a data set."""

from collections.abc import Mapping, Sequence

from mmengine.logging import print_log

from ..structures.point_file import Point, check_point_tags


def check_given_points(
    points: Mapping[str, Sequence[Point]], data_list: Sequence[dict], classes: Sequence[str], file: str
) -> None:
    """Check the points of all photos against their tags; photos without points are counted in the log.

    Args:
        points: Points of each photo.
        data_list: Data infos with ``points``.
        classes: Class names.
        file: Where the points come from, for messages.

    Raises:
        ValueError: If there is no point of any photo, or one is of a class that is no tag of its photo.
    """
    if not points:
        raise ValueError(f'{file} has no point')
    for info in data_list:
        check_point_tags(info['points'], info['img_id'], info['tags'], classes)
    if unknown := sorted(set(points) - {info['img_id'] for info in data_list}):
        text = f'{len(unknown)} of {len(points)} photos of {file} are not in the data set'
        print_log(f'{text} (first: {unknown[0]})', 'current')
    without = [info['img_id'] for info in data_list if not info['points']]
    if len(without) == len(data_list):
        raise ValueError(
            f'{file} has no point of any of the {len(data_list)} photos (first: {without[0]}): photos are named by '
            'their ids, in VOC layout without file ending'
        )
    if without:
        print_log(f'{len(without)} of {len(data_list)} photos have no point in {file}', 'current')
