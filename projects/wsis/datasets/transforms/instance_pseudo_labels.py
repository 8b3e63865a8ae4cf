"""Making the training targets of BESTIE from a semantic map and points, in the data-loading workers."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from ...ops.components import find_components
from ...structures.point_file import check_points


@TRANSFORMS.register_module()
class LoadPoints(BaseTransform):
    """Load the points of a photo as ``gt_keypoints``, so that mmcv's transforms carry them along.

    Required keys: ``points`` (of the data set's ``points_file``; those that count are left), ``tags``, ``ori_shape``.
    Added keys: ``gt_keypoints`` (M, 1, 2) float32 (x, y) from the corner of the photo, the middles of pixels, and
    ``point_labels`` (M,) int64, 0-based.

    Args:
        min_score: Points of a higher score are kept; BESTIE takes peaks over .7. Points that people gave have score 1.

    Raises:
        ValueError: If a point lies outside its photo or is of a class that is no tag of it.
    """

    def __init__(self, min_score: float = 0.7) -> None:
        self.min_score = min_score

    def transform(self, results: dict) -> dict:
        """Take the points that count."""
        if 'points' not in results:
            raise ValueError("LoadPoints needs the points of the photos: set the dataset's points_file")
        points = results['points']
        check_points(points, results['img_id'], results['ori_shape'], results['tags'], results['classes'])
        kept = [point for point in points if point.score > self.min_score]
        places = np.array([[int(point.x) + 0.5, int(point.y) + 0.5] for point in kept], np.float32)
        results['points'] = kept
        results['gt_keypoints'] = places.reshape(-1, 1, 2)
        results['point_labels'] = np.array([point.label for point in kept], np.int64)
        return results


@TRANSFORMS.register_module()
class GenerateInstancePseudoLabels(BaseTransform):
    """Find the components of a semantic map, and which of them hold exactly one point of their class (BESTIE, 3.1).

    It comes after resizing, flipping and cropping, so that components are those of the crop. Centre maps and offsets
    are made of it on the device.

    Required keys: ``gt_seg_map``, ``tags``, ``gt_keypoints``, ``point_labels``. Added keys: ``component_map`` (H, W)
    int32 (0 none, else 1..K), ``components``: ``labels`` (K,), ``centroids`` (K, 2) (y, x), ``accepted``
    (K,) bool, all numpy; ``gt_points``: ``labels`` (M,), ``points`` (M, 2) int64 (y, x).

    Args:
        min_area: Smaller components are left out, in pixels.

    Raises:
        ValueError: If the semantic map or the points were not loaded.
    """

    def __init__(self, min_area: int = 50) -> None:
        self.min_area = min_area

    def transform(self, results: dict) -> dict:
        """Find the components of one crop."""
        for key, loader in (('gt_seg_map', 'LoadSemanticMasks'), ('gt_keypoints', 'LoadPoints')):
            if key not in results:
                raise ValueError(f'GenerateInstancePseudoLabels needs {loader} before it in the pipeline')
        found = find_components(results['gt_seg_map'], results['tags'], self.min_area)
        points = np.floor(results['gt_keypoints'][:, 0, ::-1]).astype(np.int64)  # (y, x)
        labels = results['point_labels']
        hits = np.zeros(len(found.labels) + 1, np.int64)
        numbers = found.numbers[points[:, 0], points[:, 1]]
        own = np.concatenate([[-1], found.labels])[numbers] == labels
        np.add.at(hits, numbers[own], 1)
        results['component_map'] = found.numbers
        results['components'] = dict(labels=found.labels, centroids=found.centroids, accepted=hits[1:] == 1)
        results['gt_points'] = dict(labels=labels, points=points)
        return results
