"""Saliency maps without a trained model: geodesic distance to the border, and the static saliency of opencv-contrib.

The workers of make_saliency.py import this module, so it imports nothing heavy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

# Geodesic distances are found on photos of this long side: finer grids follow texture and cost more.
GRID_SIDE = 96
# Share of the border that must look like a border pixel for it to count as ground (objects may touch the border).
BORDER_SHARE = 0.3


def geodesic_saliency(photo: np.ndarray) -> np.ndarray:
    """Return how far each pixel is from the border of the photo, along the path with the least change of colour.

    Geodesic saliency with background priors (Wei et al., ECCV 2012) on a grid of pixels: ground reaches the border
    without crossing an edge, objects do not. Changes below the mean smallest change of a pixel to its neighbours are
    clipped, and border pixels whose colour is rare on the border are as far from the ground as their colour is.

    Args:
        photo: (H, W, 3) uint8, BGR.

    Returns:
        (h, w) float32 of at least 0, not normalised; the long side is ``GRID_SIDE``.
    """
    height, width = photo.shape[:2]
    factor = GRID_SIDE / max(height, width)
    size = max(3, round(width * factor)), max(3, round(height * factor))
    small = cv2.GaussianBlur(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), (0, 0), 0.7)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    rows, columns = lab.shape[:2]
    first, second = _neighbours(rows, columns)
    colors = lab.reshape(-1, 3)
    change = np.linalg.norm(colors[first] - colors[second], axis=1)
    smallest = np.full(len(colors), np.inf)
    np.minimum.at(smallest, first, change)
    np.minimum.at(smallest, second, change)
    change = np.maximum(change - smallest.mean(), 0)
    border = np.ones((rows, columns), bool)
    border[1:-1, 1:-1] = False
    border = np.flatnonzero(border)
    ground = len(colors)  # one more node, which all border pixels are tied to
    starts = np.concatenate([first, np.full(len(border), ground)])
    ends = np.concatenate([second, border])
    weights = np.concatenate([change, _border_weights(colors[border])]) + 1e-6  # a weight of 0 would be no edge
    graph = coo_matrix((weights, (starts, ends)), shape=(ground + 1, ground + 1)).tocsr()
    return dijkstra(graph, directed=False, indices=ground)[:ground].reshape(rows, columns).astype(np.float32)


def _neighbours(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the flat indices of all pairs of 8-neighbours of a grid."""
    index = np.arange(rows * columns).reshape(rows, columns)
    pairs = [
        (index[:, :-1], index[:, 1:]),
        (index[:-1], index[1:]),
        (index[:-1, :-1], index[1:, 1:]),
        (index[:-1, 1:], index[1:, :-1]),
    ]
    return tuple(np.concatenate([pair[side].ravel() for pair in pairs]) for side in (0, 1))


def _border_weights(colors: np.ndarray) -> np.ndarray:
    """Return how unlike the rest of the border each border pixel is, (B,), for colours (B, 3)."""
    distances = np.linalg.norm(colors[:, None] - colors[None], axis=2)
    rank = max(1, int(len(colors) * BORDER_SHARE))
    rarity = np.partition(distances, rank, axis=1)[:, rank]
    return np.maximum(rarity - np.median(rarity), 0)


def _contrib_saliency(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that runs one of OpenCV's static saliency detectors.

    Raises:
        ImportError: If OpenCV was built without its contrib modules.
    """
    create = getattr(getattr(cv2, 'saliency', None), f'StaticSaliency{name}_create', None)
    if create is None:
        raise ImportError(
            'this OpenCV has no module saliency: install opencv-contrib-python-headless instead of opencv-python, or '
            'use --method geodesic'
        )

    def compute(photo: np.ndarray) -> np.ndarray:
        found, saliency = create().computeSaliency(photo)
        if not found:
            return np.zeros(photo.shape[:2], np.float32)
        return saliency.astype(np.float32)

    return compute


METHODS = {
    'geodesic': lambda: geodesic_saliency,
    'spectral-residual': lambda: _contrib_saliency('SpectralResidual'),
    'fine-grained': lambda: _contrib_saliency('FineGrained'),
}


def find_saliency(photo: np.ndarray, method: str) -> np.ndarray:
    """Return the saliency map of a photo, (H, W) uint8.

    Values are scaled so that Otsu's threshold of the map lies at 1/2, where EPS divides salient from other pixels.

    Args:
        photo: (H, W, 3) uint8, BGR.
        method: ``'geodesic'``, ``'spectral-residual'`` or ``'fine-grained'``.

    Raises:
        ImportError: If the method needs OpenCV's contrib modules, which are not there.
    """
    saliency = METHODS[method]()(photo)
    saliency = (255 * saliency / max(float(saliency.max()), 1e-6)).astype(np.uint8)
    threshold = cv2.threshold(saliency, 0, 255, cv2.THRESH_OTSU)[0]
    scaled = np.clip(saliency * (127.5 / max(threshold, 1)), 0, 255).astype(np.uint8)
    return cv2.resize(scaled, photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)


@dataclass(frozen=True)
class ClassicalSaliency:
    """:func:`find_saliency` of one method, as make_saliency.py hands it to its workers.

    Args:
        name: The method.
    """

    name: str = 'geodesic'

    @property
    def lineage(self) -> dict[str, Any]:
        """What decides how the maps look, for the manifest beside them."""
        return dict(method=self.name)

    def check(self) -> None:
        """Raise ImportError if the method is not available."""
        METHODS[self.name]()

    def __call__(self, photo: np.ndarray) -> np.ndarray:
        """Return the saliency map of a photo (H, W, 3) uint8, BGR, as (H, W) uint8; 255 is salient."""
        return find_saliency(photo, self.name)
