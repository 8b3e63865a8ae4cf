"""Random walks that spread class or instance scores up to object boundaries, without any HW x HW matrix.

IRNet (Ahn et al., CVPR 2019, equation 9) and AffinityNet (Ahn and Kwak, CVPR 2018) raise a dense transition matrix
``T`` to the power ``s`` by repeated squaring. Here only its product with the scores is formed: ``T^s`` is written as a
Chebyshev series, of which some ``sqrt(2 s ln(2 / tol))`` terms suffice (Sachdeva and Vishnoi, *Faster algorithms via
approximation theory*, 2014, theorem 3.3), one sparse product a term: 80 instead of 256 at the defaults.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from .affinity import path_affinity
from .paths import search_paths
from .tiled_walk import plan_tiles, walk_in_tiles
from .transition import TransitionMatrix

# Largest number of bytes of scores that go through the walk at once, and how few channels are a chunk nevertheless. The
# channels are independent, so chunks bound the memory of large photos; each reads the matrix again.
CHUNK_BYTES = 32 * 2**20
FEWEST_CHANNELS = 4


@torch.no_grad()
def random_walk(
    scores: Tensor,
    boundary: Tensor,
    radius: int = 5,
    beta: float = 10.0,
    steps: int = 256,
    tol: float = 1e-5,
) -> Tensor:
    """Propagate scores by a random walk that boundaries stop (IRNet).

    The scores are first multiplied by ``1 - boundary``, so that nothing starts on a boundary.

    Args:
        scores: ``(N, C, H, W)`` non-negative scores, float32 or float64.
        boundary: ``(N, 1, H, W)`` boundary probability in [0, 1].
        radius: Radius of the pair search in pixels.
        beta: Power of the affinities; a larger one makes weak boundaries count more.
        steps: Length of the walk, ``2^8`` in IRNet.
        tol: Largest error of the series, relative to the largest score: less costs more products.

    Returns:
        ``(N, C, H, W)`` propagated scores, non-negative, in the type of ``scores``; no gradient.

    Raises:
        ValueError: If a shape, a type or a parameter does not fit.

    Example:
        >>> scores, boundary = torch.zeros(1, 1, 5, 9), torch.zeros(1, 1, 5, 9)
        >>> scores[..., 0], boundary[..., 4] = 1, 1   # a wall between the left and the right half
        >>> walked = random_walk(scores, boundary)
        >>> bool(walked[..., :4].min() > 0.1), bool(walked[..., 5:].max() < 1e-6)
        (True, True)
    """
    _check_walk(scores, beta, steps, tol)
    if boundary.shape != (len(scores), 1, *scores.shape[2:]):
        raise ValueError(
            f'boundary must be (N, 1, H, W) = {(len(scores), 1, *scores.shape[2:])} to fit the scores, '
            f'got {tuple(boundary.shape)}'
        )
    _check_unit_range('boundary', boundary)
    boundary = boundary.to(scores)
    return _walk(scores, 1 - boundary, _affinity_of_boundary(boundary, radius), radius, beta, steps, tol)


@torch.no_grad()
def random_walk_of_parts(
    parts: Iterable[Tensor],
    boundary: Tensor,
    radius: int = 5,
    beta: float = 10.0,
    steps: int = 256,
    tol: float = 1e-5,
) -> Iterator[Tensor]:
    """:func:`random_walk` of many channels that come in parts, with a matrix that is made once.

    Args:
        parts: Scores ``(C, H, W)`` each, of one type.
        boundary: ``(1, H, W)`` boundary probability in [0, 1].
        radius: As there, as all that follow.
        beta: Power of the affinities.
        steps: Length of the walk.
        tol: Largest error of the series.

    Yields:
        The propagated scores of each part.

    Raises:
        ValueError: As :func:`random_walk`.
    """
    matrices: dict[int, TransitionMatrix] = {}
    for scores in parts:
        _check_walk(scores[None], beta, steps, tol)
        if boundary.shape != (1, *scores.shape[1:]):
            raise ValueError(
                f'boundary must be (1, H, W) = {(1, *scores.shape[1:])} to fit the scores, got {tuple(boundary.shape)}'
            )
        _check_unit_range('boundary', boundary)
        own = boundary[None].to(scores)
        rows_of_affinity = _affinity_of_boundary(own, radius)
        yield _walk(scores[None], 1 - own, rows_of_affinity, radius, beta, steps, tol, matrices)[0]


def _affinity_of_boundary(boundary: Tensor, radius: int) -> Callable[[int, int, int], Tensor]:
    """Function ``(sample, top, bottom)`` that gives rows of the affinities of a boundary map ``(N, 1, H, W)``."""
    reach = radius - 1

    def rows_of_affinity(sample: int, top: int, bottom: int) -> Tensor:
        # the paths of the last rows reach further down; around the map is a wall, as of boundary_to_affinity
        block = boundary[sample : sample + 1, :, top : bottom + reach]
        walled = F.pad(block, (reach, reach, 0, bottom - top + reach - block.shape[2]), value=1.0)
        return path_affinity(walled, radius)[0]

    return rows_of_affinity


@torch.no_grad()
def random_walk_from_affinity(
    scores: Tensor,
    affinity: Tensor,
    radius: int,
    beta: float,
    steps: int,
    tol: float = 1e-5,
) -> Tensor:
    """Propagate scores by a random walk on given affinities (AffinityNet, or a boundary map's own).

    Args:
        scores: ``(N, C, H, W)`` non-negative scores, float32 or float64.
        affinity: ``(N, P, H, W)`` affinities in [0, 1] with the destinations of ``search_paths(radius)``; what
            stands for destinations outside the map has no influence. The affinity of a pixel with itself is 1.
        radius: Radius of the pair search in pixels.
        beta: Power of the affinities.
        steps: Length of the walk.
        tol: Largest error of the series, relative to the largest score.

    Returns:
        ``(N, C, H, W)`` propagated scores, non-negative, in the type of ``scores``; no gradient.

    Raises:
        ValueError: If a shape, a type or a parameter does not fit.
    """
    _check_walk(scores, beta, steps, tol)
    wanted = (len(scores), len(search_paths(radius)), *scores.shape[2:])
    if affinity.shape != wanted:
        raise ValueError(
            f'affinity must be (N, P, H, W) = {wanted} for radius {radius} and these scores, '
            f'got {tuple(affinity.shape)}'
        )
    _check_unit_range('affinity', affinity)
    affinity = affinity.to(scores)

    def rows_of_affinity(sample: int, top: int, bottom: int) -> Tensor:
        return affinity[sample, :, top:bottom]

    return _walk(scores, None, rows_of_affinity, radius, beta, steps, tol)


@lru_cache(maxsize=32)
def chebyshev_coefficients(steps: int, tol: float) -> tuple[float, ...]:
    """Coefficients ``c`` with ``|z^steps - sum_k c[k] T_k(z)| <= tol`` for every ``z`` in [-1, 1].

    ``c[k] = 2^(1-s) binomial(s, (s-k)/2)`` where ``k`` has the parity of ``s``, else 0 (and half of it at ``k = 0``):
    the chance that ``s`` fair +-1 steps end at ``+-k``. They fall off like a binomial, so the series ends at degree
    ``ceil(sqrt(2 s ln(2 / tol)))``. The bound is generous: that keeps the error small beside the largest *result* too,
    which is smaller than the largest score where a walk spreads out.

    Args:
        steps: The power ``s``, at least 0.
        tol: Largest error.

    Returns:
        The coefficients ``c[0], ..., c[degree]``; all ``steps + 1`` of them, exact, where ``steps`` is small.
    """
    degree = min(steps, math.ceil(math.sqrt(2 * steps * math.log(2 / tol))))
    degree -= (steps - degree) % 2  # a last coefficient of the wrong parity would be 0
    coefficients = [0.0] * (degree + 1)
    for k in range(steps % 2, degree + 1, 2):
        # a quotient of two whole numbers: nothing overflows or cancels
        coefficients[k] = math.comb(steps, (steps - k) // 2) / 2 ** (steps - (k > 0))
    return tuple(coefficients)


def _walk(
    scores: Tensor,
    share: Tensor | None,
    rows_of_affinity: Callable[[int, int, int], Tensor],
    radius: int,
    beta: float,
    steps: int,
    tol: float,
    matrices: dict[int, TransitionMatrix] | None = None,
) -> Tensor:
    """Apply the series sample by sample and, to bound the memory, a chunk of channels at a time.

    ``share``, ``(N, 1, H, W)``, is what multiplies the scores before they set out; ``rows_of_affinity`` gives the rows
    ``(sample, top, bottom)`` of the affinities as ``(P, bottom - top, W)``. Into ``matrices``, if it is given, go those
    of whole maps, by sample, and they are used again.
    """
    coefficients = chebyshev_coefficients(steps, tol)
    walked = torch.empty_like(scores, memory_format=torch.contiguous_format)
    height, width = scores.shape[2:]
    if scores.numel() == 0:
        return walked
    plan = plan_tiles(height, width, radius, len(coefficients) - 1, scores)
    chunk = max(FEWEST_CHANNELS, CHUNK_BYTES // (height * width * scores.element_size()))
    for sample in range(len(scores)):

        def build(top: int, bottom: int, sample: int = sample) -> TransitionMatrix:
            return TransitionMatrix(
                lambda begin, end: rows_of_affinity(sample, top + begin, top + end),
                size=(bottom - top, width),
                radius=radius,
                beta=beta,
                like=scores,
            )

        whole = (matrices or {}).get(sample)
        if whole is None and plan is None:
            whole = build(0, height)
            if matrices is not None:
                matrices[sample] = whole
        for first in range(0, scores.shape[1], chunk):
            channels = slice(first, first + chunk)
            start = scores[sample, channels] if share is None else scores[sample, channels] * share[sample]
            if whole is None:
                own = start.clone() if share is None else start
                walk_in_tiles(build, coefficients, own, plan, walked[sample, channels])
                continue
            result = _chebyshev_series(whole, coefficients, start.flatten(1))
            walked[sample, channels] = result.view(-1, height, width)
    return walked


def _chebyshev_series(transition: TransitionMatrix, coefficients: tuple[float, ...], scores: Tensor) -> Tensor:
    """``sum_k c_k T_k(M) x`` for scores ``(C, H*W)`` by the recurrence ``T_k+1 = 2 M T_k - T_k-1``."""
    previous = transition.enter(scores)
    total = coefficients[0] * previous
    if len(coefficients) > 1:
        current = transition.multiply(previous, 1.0, torch.zeros_like(previous), 0.0)
        total.add_(current, alpha=coefficients[1])
        for coefficient in coefficients[2:]:
            # the new term overwrites the oldest: T_k+1 <- 2 M T_k - T_k-1
            previous, current = current, transition.multiply(current, 2.0, previous, -1.0)
            if coefficient:
                total.add_(current, alpha=coefficient)
    # what the cut tail leaves below zero is error
    return transition.leave(total).clamp_(min=0)


def _check_walk(scores: Tensor, beta: float, steps: int, tol: float) -> None:
    if scores.dim() != 4 or scores.dtype not in (torch.float32, torch.float64):
        raise ValueError(
            f'scores must be a float32 or float64 tensor (N, C, H, W), got {scores.dtype} {tuple(scores.shape)}'
        )
    if scores.numel() and not (scores.min() >= 0 and scores.max() < math.inf):
        raise ValueError('scores must not be negative, infinite or NaN: take relu of class maps first')
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
        raise ValueError(f'steps must be an integer >= 0, got {steps!r}')
    if not 0 < tol < 1:
        raise ValueError(f'tol must be between 0 and 1, got {tol!r}')
    if not beta > 0:
        raise ValueError(f'beta must be positive, got {beta!r}')


def _check_unit_range(name: str, maps: Tensor) -> None:
    # this also finds NaN, which compares false
    if maps.numel() and not (maps.min() >= 0 and maps.max() <= 1):
        raise ValueError(f'{name} must lie in [0, 1], got {float(maps.min())}..{float(maps.max())}: are these logits?')
