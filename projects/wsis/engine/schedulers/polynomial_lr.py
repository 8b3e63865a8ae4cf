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
        interval: After how many steps the rate changes; it stays in between, as in kazuto1011/deeplab-pytorch.
        **kwargs: As of :class:`mmengine.optim.PolyLR`.

    Raises:
        ValueError: If the interval is no number of steps.
    """

    def __init__(self, *args: Any, begin: int = 0, end: int = FOREVER, interval: int = 1, **kwargs: Any) -> None:
        if interval < 1:
            raise ValueError(f'PolynomialLR: interval is a number of steps from 1, not {interval}')
        self.interval = interval
        super().__init__(*args, begin=begin, end=end + 1, **kwargs)
        self.end = end

    def _get_value(self) -> list[float]:
        """Return the rates of the parameter groups."""
        rates = [group[self.param_name] for group in self.optimizer.param_groups]
        if self.last_step == 0 or self.last_step % self.interval:
            return rates
        left = self.total_iters - self.last_step
        factor = (left / (left + self.interval)) ** self.power
        return [(rate - self.eta_min) * factor + self.eta_min for rate in rates]
