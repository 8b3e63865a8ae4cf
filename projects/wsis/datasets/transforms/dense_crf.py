"""Dense CRF of hard label maps, by pydensecrf2."""

import numpy as np

try:
    import pydensecrf.densecrf as densecrf
    from pydensecrf.utils import unary_from_labels
except ImportError:  # optional: met with a clear line where it is used
    densecrf = None


def check_dense_crf() -> None:
    """Check that the dense CRF can be used.

    Raises:
        ImportError: If pydensecrf2 is not installed.
    """
    if densecrf is None:
        raise ImportError(
            'The dense CRF needs pydensecrf2: pip install pydensecrf2 (it compiles, so a C++ compiler is '
            "needed), or set crf=None in the config's GenerateInterPixelLabels"
        )


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
        image: (H, W, 3) uint8; the order of colours does not matter.
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
    crf = densecrf.DenseCRF2D(width, height, num_labels)
    crf.setUnaryEnergy(
        np.ascontiguousarray(unary_from_labels(labels.astype(np.int64), num_labels, certainty, zero_unsure=False))
    )
    crf.addPairwiseGaussian(sxy=gaussian[0], compat=gaussian[1])
    crf.addPairwiseBilateral(
        sxy=bilateral[0], srgb=bilateral[1], rgbim=np.ascontiguousarray(image), compat=bilateral[2]
    )
    scores = np.array(crf.inference(iterations))
    return scores.argmax(0).reshape(height, width).astype(np.int32)
