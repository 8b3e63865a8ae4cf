"""Dense CRF of hard label maps and of scores, by pydensecrf2."""

import math

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
    """Refine a label map to the edges of the photo (the settings of IRNet).

    Args:
        image: (H, W, 3) uint8. The library's approximation depends a little on the order of colours: official codes
            have red first.
        labels: (H, W) integers ``0..num_labels - 1``.
        num_labels: How many labels there are.
        iterations: Mean-field steps.
        certainty: Probability that a given label is right.
        gaussian: Standard deviation in pixels, and weight, of the smoothness kernel.
        bilateral: Standard deviation in pixels and in colour, and weight, of the appearance kernel.

    Returns:
        (H, W) int32 refined labels.
    """
    check_dense_crf()
    height, width = labels.shape
    if num_labels == 1:  # nothing to decide, and the unary term would divide by zero
        return np.zeros((height, width), np.int32)
    scores = _infer(image, _energies_of_labels(labels, num_labels, certainty), iterations, gaussian, bilateral)
    return scores.argmax(0).astype(np.int32)


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
    return _infer(image, _energies_of_scores(scores), iterations, gaussian, bilateral)


def _energies_of_labels(labels: np.ndarray, num_labels: int, certainty: float) -> np.ndarray:
    """Return the unary energies (L, H * W) of labels (H, W) of this certainty, as pydensecrf's utils do."""
    given = labels.reshape(-1)
    energies = np.full((num_labels, given.size), -np.log((1 - certainty) / (num_labels - 1)), np.float32)
    for label, row in enumerate(energies):
        row[given == label] = -np.log(certainty)
    return energies


def _energies_of_scores(scores: np.ndarray) -> np.ndarray:
    """Return the unary energies (L, H * W) of scores (L, H, W), as pydensecrf's utils do but in one copy."""
    energies = np.clip(scores, 1e-5, 1.0).reshape(len(scores), -1)
    np.log(energies, out=energies)
    return np.negative(energies, out=energies)


def _infer(
    image: np.ndarray,
    unary: np.ndarray,
    iterations: int,
    gaussian: tuple[float, float],
    bilateral: tuple[float, float, float],
) -> np.ndarray:
    """Return the probabilities (L, H, W) that mean-field inference gives for unary energies (L, H * W).

    A photo of more than ``TILE_PIXELS`` is cut across its longer side. A tile sees three standard deviations of the
    wider kernel beyond its own lines; there a pixel's weight is .011 of that of a near one.
    """
    height, width = image.shape[:2]
    unary = unary.reshape(-1, height, width)
    if height * width <= TILE_PIXELS:
        return _infer_tile(image, unary, iterations, gaussian, bilateral)

    def lines(first: int, last: int) -> tuple[slice, slice]:
        return (slice(first, last), slice(None)) if height >= width else (slice(None), slice(first, last))

    reach = math.ceil(3 * max(gaussian[0], bilateral[0]))
    own = max(reach, TILE_PIXELS // min(height, width) - 2 * reach)
    found = np.empty(unary.shape, np.float32)
    for top in range(0, max(height, width), own):
        first = max(0, top - reach)
        seen = lines(first, top + own + reach)
        tile = _infer_tile(image[seen], unary[(..., *seen)], iterations, gaussian, bilateral)
        found[(..., *lines(top, top + own))] = tile[(..., *lines(top - first, top - first + own))]
    return found


def _infer_tile(
    image: np.ndarray,
    unary: np.ndarray,
    iterations: int,
    gaussian: tuple[float, float],
    bilateral: tuple[float, float, float],
) -> np.ndarray:
    """Return the probabilities (L, h, w) of a whole photo or a tile of one, for unary energies (L, h, w)."""
    # the library keeps copies of all that it is given, and needs much memory beside
    height, width = image.shape[:2]
    crf = densecrf.DenseCRF2D(width, height, len(unary))
    crf.setUnaryEnergy(np.ascontiguousarray(unary, np.float32).reshape(len(unary), -1))
    crf.addPairwiseGaussian(sxy=gaussian[0], compat=gaussian[1])
    crf.addPairwiseBilateral(
        sxy=bilateral[0],
        srgb=bilateral[1],
        rgbim=np.require(image, np.uint8, ['C', 'W']),  # it takes no array that cannot be written to
        compat=bilateral[2],
    )
    return np.asarray(crf.inference(iterations), np.float32).reshape(-1, height, width)
