"""The polynomial decay of the official codes."""

from typing import Any

from mmengine.optim import PolyLR
from mmengine.registry import PARAM_SCHEDULERS

FOREVER = int(1e9)  # mmengine's INF


@PARAM_SCHEDULERS.register_module()
class PolynomialLR(PolyLR):
    """Polynomial decay whose last step still learns, as in the official codes and in PyTorch.

    Step ``t`` of ``N`` has the rate ``(1 - t / N) ** power``. mmengine's ``PolyLR`` divides by ``N - 1``: it decays
    faster, and its last step has the rate ``eta_min``.

    Source: ``PolyOptimizer`` of the official codes of IRNet, SEAM, EPS and PPC; ``WarmupPolyLR`` of BESTIE's.

    Args:
        *args: As of :class:`mmengine.optim.PolyLR`.
        begin: Step (or epoch) at which the decay begins.
        end: Step (or epoch) that would have the rate ``eta_min``; from there on the rate stays as it is.
        **kwargs: As of :class:`mmengine.optim.PolyLR`.
    """

    def __init__(self, *args: Any, begin: int = 0, end: int = FOREVER, **kwargs: Any) -> None:
        super().__init__(*args, begin=begin, end=end + 1, **kwargs)
        self.end = end
