"""How instance centres are found in a network's output: the settings, and how a config names them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class CenterSettings:
    """How centres are found in a network's output.

    Attributes:
        threshold: Lowest score of a centre (exclusive).
        kernel: Side of the window in which a centre is the highest.
        tolerance: How much the area of a weak region may differ from 21 pixels; 0 does without weak regions.
        weak_score: Lowest centre score of a weak region (exclusive).
        distance: How far from all other centres a weak region must be, in pixels (exclusive).
        max_instances: A component with more centres is left out; None keeps all.
        keep_whole: Whether a component without a centre is one instance; else none.

    Raises:
        ValueError: If ``kernel`` is not odd and positive, or ``max_instances`` is below 1.
    """

    threshold: float = 0.3
    kernel: int = 41
    tolerance: float = 3.0
    weak_score: float = 0.05
    distance: float = 100.0
    max_instances: int | None = 5
    keep_whole: bool = False

    def __post_init__(self) -> None:
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise ValueError(f'kernel must be odd and positive so that a window has a middle, got {self.kernel}')
        if self.max_instances is not None and self.max_instances < 1:
            raise ValueError(f'max_instances is 1 or more, or None for no limit; got {self.max_instances}')

    @classmethod
    def from_config(cls, owner: str, settings: Mapping[str, Any], **defaults: Any) -> 'CenterSettings':
        """Return the settings of a config.

        Args:
            owner: Where in the config they stand, for messages.
            settings: What is set there.
            defaults: What differs from the class's defaults where nothing is set.

        Raises:
            ValueError: If there is no such setting, or a value is out of its range.
        """
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(settings) - set(known)):
            raise ValueError(f'{owner}: no setting {", ".join(unknown)}; known are {", ".join(known)}')
        try:
            return cls(**{**defaults, **settings})
        except ValueError as error:
            raise ValueError(f'{owner}: {error}') from None
