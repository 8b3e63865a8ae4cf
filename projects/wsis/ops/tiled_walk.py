"""The Chebyshev series of a random walk on a map whose transition matrix would take too much memory.

A product moves scores by ``radius - 1`` rows at most. So some terms of the series can be formed for a tile of rows by
the matrix of the tile and of as many rows around it as scores come from; then the next tile, and then the next terms.
The matrix of a tile is made anew each time: time for memory.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .transition import TransitionMatrix, bytes_of_row, rows_of_band

# Largest number of bytes of the weights of a matrix: maps of up to 1.9 million pixels are walked on as a whole.
MATRIX_BYTES = 512 * 2**20


class TilePlan(NamedTuple):
    """How a map is walked on.

    Attributes:
        rows: Of a tile.
        terms: Of the series that are formed before the next tile.
        reach: By how many rows a product moves scores.
        band: Rows of a band of the matrix: tiles begin where bands do, so that rounding is that of the whole map.
    """

    rows: int
    terms: int
    reach: int
    band: int

    @property
    def beyond(self) -> int:
        """Rows above and below a tile that its matrix holds, too."""
        return -(-self.reach * self.terms // self.band) * self.band


def plan_tiles(height: int, width: int, radius: int, degree: int, like: Tensor) -> TilePlan | None:
    """Return how to walk on a map; None where its matrix may be made as a whole.

    Args:
        height: Rows of the map.
        width: Columns of the map.
        radius: Radius of the pair search.
        degree: Of the series.
        like: A tensor of the type and device of the scores.
    """
    rows = MATRIX_BYTES // bytes_of_row(width, radius, like)
    if height <= rows or not degree:
        return None
    reach, band = radius - 1, rows_of_band(width, like.device)
    # half of the rows of a matrix are the tile's own; of so wide a map that few rows fit some more are taken
    rows = max(rows, 8 * reach, 8 * band)
    most = max(1, rows // 4 // reach)
    passes = -(-degree // most)
    plan = TilePlan(0, -(-degree // passes), reach, band)
    own = max(1, (rows - 2 * plan.beyond) // band) * band
    return plan._replace(rows=max(own, -(-plan.beyond // band) * band))


def walk_in_tiles(
    build: Callable[[int, int], TransitionMatrix],
    coefficients: Sequence[float],
    scores: Tensor,
    plan: TilePlan,
    out: Tensor,
) -> Tensor:
    """``sum_k c_k T_k(M) x`` for scores ``(C, H, W)`` by the recurrence ``T_k+1 = 2 M T_k - T_k-1``.

    Args:
        build: Function ``(top, bottom)`` that makes the matrix of these rows, as if the map ended with them.
        coefficients: ``c``, at least two.
        scores: ``x``; overwritten.
        plan: Of :func:`plan_tiles`.
        out: ``(C, H, W)`` to write the result to, negative values as 0.

    Returns:
        ``out``.
    """
    torch.mul(scores, coefficients[0], out=out)
    state = (torch.zeros_like(scores), scores, out)
    for first in range(1, len(coefficients), plan.terms):
        _form_terms(build, coefficients, range(first, min(len(coefficients), first + plan.terms)), plan, state)
    return out.clamp_(min=0)


def _form_terms(
    build: Callable[[int, int], TransitionMatrix],
    coefficients: Sequence[float],
    terms: range,
    plan: TilePlan,
    state: Sequence[Tensor],
) -> None:
    """Move ``T_k-1``, ``T_k`` and the sum, (C, H, W) each, on by these terms, in place."""
    height = state[0].shape[1]
    above: list[Tensor] = []  # rows of the tile before, as they were
    for top in range(0, height, plan.rows):
        bottom = min(height, top + plan.rows)
        first, last = max(0, top - plan.beyond), min(height, bottom + plan.beyond)
        given = [maps[:, top:last] for maps in state]
        if above:
            given = [torch.cat([rows[:, rows.shape[1] - top + first :], own], 1) for rows, own in zip(above, given)]
        above = [maps[:, max(0, bottom - plan.beyond) : bottom].clone() for maps in state]
        own = slice(top - first, bottom - first)
        found = _walk_tile(build(first, last), coefficients, terms, given, own, plan.reach)
        for maps, new in zip(state, found):
            maps[:, top:bottom] = new.view(len(maps), last - first, -1)[:, own]


def _walk_tile(
    transition: TransitionMatrix,
    coefficients: Sequence[float],
    terms: range,
    state: Sequence[Tensor],
    own: slice,
    reach: int,
) -> list[Tensor]:
    """Return ``T_k-1``, ``T_k`` and the sum after the terms, of which the rows ``own`` are right."""
    previous, current, total = (transition.enter(maps.flatten(1)) for maps in state)
    for number in terms:
        further = reach * (terms[-1] - number)  # what later terms look at
        rows = own.start - further, own.stop + further
        factors = (1.0, 0.0) if number == 1 else (2.0, -1.0)
        previous, current = current, transition.multiply(current, factors[0], previous, factors[1], rows)
        if coefficients[number]:
            total.add_(current, alpha=coefficients[number])
    return [transition.leave(maps) for maps in (previous, current, total)]
