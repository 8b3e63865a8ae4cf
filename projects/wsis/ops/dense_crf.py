"""Dense CRF of hard label maps and of scores, by pydensecrf2."""

import math
from collections.abc import Callable

import numpy as np

try:
    import pydensecrf.densecrf as densecrf
except ImportError:  # optional: met with a clear line where it is used
    densecrf = None

# Largest number of pixels of a photo that the library sees at once: it needs some 230 bytes a pixel for three labels.
TILE_PIXELS = 2 * 2**20


def check_dense_crf() -> None:
    """Check that the dense CRF can be used.

    Raises:
        ImportError: If pydensecrf2 is not installed.
    """
    if densecrf is None:
        raise ImportError(
            'The dense CRF needs pydensecrf2: pip install pydensecrf2 (it compiles, so a C++ compiler is '
            'needed), or set crf=None where the config asks for it (GenerateInterPixelLabels, GenerateAffinityLabels, '
            'tta_model)'
        )


def crf_settings(crf: dict | bool | None, **defaults) -> dict | None:
    """Return the arguments of a CRF that is asked for by ``True`` or a dict of what differs from the defaults, or None.

    Raises:
        ImportError: If it is asked for, but pydensecrf2 is not installed.
    """
    if crf in (None, False):
        return None
    check_dense_crf()
    return {**defaults, **({} if crf is True else crf)}


def refine_labels_with_crf(
    image: np.ndarray,
    labels: np.ndarray,
    num_labels: int,
    iterations: int = 10,
    certainty: float = 0.7,
    gaussian: tuple[float, float] = (3.0, 3.0),
    bilateral: tuple[float, float, float] = (50.0, 5.0, 10.0),
) -> np.ndarray:
    """Refine label maps to the edges of their photo (the settings of IRNet).

    What the CRF makes of the photo, which takes a third of its time, is made once for all of them.

    Args:
        image: (H, W, 3) uint8. The library's approximation depends a little on the order of colours: official codes
            have red first.
        labels: (..., H, W) integers ``0..num_labels - 1``: label maps of the photo.
        num_labels: How many labels there are.
        iterations: Mean-field steps.
        certainty: Probability that a given label is right.
        gaussian: Standard deviation in pixels, and weight, of the smoothness kernel.
        bilateral: Standard deviation in pixels and in colour, and weight, of the appearance kernel.

    Returns:
        (..., H, W) int32 refined labels.
    """
    check_dense_crf()
    if num_labels == 1:  # nothing to decide, and the unary term would divide by zero
        return np.zeros(labels.shape, np.int32)

    def refine_tile(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
        crf = _build_crf(image, num_labels, gaussian, bilateral)
        refined = np.empty(labels.shape, np.int32)
        for result, given in zip(refined, labels):
            energies = _energies_of_labels(given, num_labels, certainty)
            result[:] = _infer(crf, energies, iterations).argmax(0).reshape(given.shape)
        return refined

    maps = labels.reshape(-1, *labels.shape[-2:])
    return _refine_in_tiles(refine_tile, image, maps, max(gaussian[0], bilateral[0])).reshape(labels.shape)


def refine_scores_with_crf(
    image: np.ndarray,
    scores: np.ndarray,
    iterations: int = 10,
    gaussian: tuple[float, float] = (3.0, 3.0),
    bilateral: tuple[float, float, float] = (80.0, 13.0, 10.0),
) -> np.ndarray:
    """Refine the scores of labels to the edges of the photo (the settings of AffinityNet, SEAM and PPC).

    Args:
        image: (H, W, 3) uint8. The library's approximation depends a little on the order of colours: official codes
            have red first.
        scores: (L, H, W) in [0, 1]; they need not sum to 1.
        iterations: Mean-field steps.
        gaussian: Standard deviation in pixels, and weight, of the smoothness kernel.
        bilateral: Standard deviation in pixels and in colour, and weight, of the appearance kernel.

    Returns:
        (L, H, W) float32 probabilities, which sum to 1.
    """
    check_dense_crf()
    if len(scores) == 1:  # nothing to decide
        return np.ones(scores.shape, np.float32)

    def refine_tile(image: np.ndarray, scores: np.ndarray) -> np.ndarray:
        crf = _build_crf(image, len(scores), gaussian, bilateral)
        return _infer(crf, _energies_of_scores(scores), iterations).reshape(scores.shape)

    return _refine_in_tiles(refine_tile, image, scores, max(gaussian[0], bilateral[0]))


def _energies_of_labels(labels: np.ndarray, num_labels: int, certainty: float) -> np.ndarray:
    """Return the unary energies (L, H * W) of labels (H, W) of this certainty, as pydensecrf's utils do."""
    given = labels.reshape(-1)
    energies = np.full((num_labels, given.size), -np.log((1 - certainty) / (num_labels - 1)), np.float32)
    for label, row in enumerate(energies):
        row[given == label] = -np.log(certainty)
    return energies


def _energies_of_scores(scores: np.ndarray) -> np.ndarray:
    """Return the unary energies (L, H * W) of scores (L, H, W), as pydensecrf's utils do but in one copy."""
    energies = np.clip(scores, 1e-5, 1.0).astype(np.float32, copy=False).reshape(len(scores), -1)
    np.log(energies, out=energies)
    return np.negative(energies, out=energies)


def _refine_in_tiles(
    refine: Callable[[np.ndarray, np.ndarray], np.ndarray], image: np.ndarray, maps: np.ndarray, deviation: float
) -> np.ndarray:
    """Return what ``refine`` makes of a photo and its maps (K, H, W), which has the same shape.

    A photo of more than ``TILE_PIXELS`` is cut across its longer side. A tile sees three standard deviations of the
    wider kernel beyond its own lines; there a pixel's weight is .011 of that of a near one.

    Args:
        refine: Called with each tile of both.
        image: (H, W, 3).
        maps: What is refined.
        deviation: Standard deviation of the wider kernel in pixels.
    """
    height, width = image.shape[:2]
    if height * width <= TILE_PIXELS:
        return refine(image, maps)

    def lines(first: int, last: int) -> tuple[slice, slice]:
        return (slice(first, last), slice(None)) if height >= width else (slice(None), slice(first, last))

    reach = math.ceil(3 * deviation)
    own = max(reach, TILE_PIXELS // min(height, width) - 2 * reach)
    found = None
    for top in range(0, max(height, width), own):
        first = max(0, top - reach)
        seen = lines(first, top + own + reach)
        tile = refine(image[seen], maps[(..., *seen)])
        found = np.empty(maps.shape, tile.dtype) if found is None else found
        found[(..., *lines(top, top + own))] = tile[(..., *lines(top - first, top - first + own))]
    return found


def _build_crf(
    image: np.ndarray, num_labels: int, gaussian: tuple[float, float], bilateral: tuple[float, float, float]
) -> 'densecrf.DenseCRF2D':
    """Return a CRF of a photo (h, w, 3) without unary energies."""
    height, width = image.shape[:2]
    crf = densecrf.DenseCRF2D(width, height, num_labels)
    crf.addPairwiseGaussian(sxy=gaussian[0], compat=gaussian[1])
    crf.addPairwiseBilateral(
        sxy=bilateral[0],
        srgb=bilateral[1],
        rgbim=np.require(image, np.uint8, ['C', 'W']),  # it takes no array that cannot be written to
        compat=bilateral[2],
    )
    return crf


def _infer(crf: 'densecrf.DenseCRF2D', energies: np.ndarray, iterations: int) -> np.ndarray:
    """Return the probabilities (L, h * w) that mean-field inference gives for unary energies of this shape."""
    crf.setUnaryEnergy(np.ascontiguousarray(energies))
    return np.asarray(crf.inference(iterations), np.float32)
