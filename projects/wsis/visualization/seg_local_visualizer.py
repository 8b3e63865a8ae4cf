"""The visualizer of segmentors, which mmseg's inferencer accepts."""

from collections.abc import Sequence
from typing import Any

from mmengine.registry import VISUALIZERS
from mmseg.visualization import SegLocalVisualizer

from ..structures.class_lists import without_background
from .local_visualizer import DrawSamples


@VISUALIZERS.register_module()
class WSISSegLocalVisualizer(DrawSamples, SegLocalVisualizer):
    """mmseg's visualizer, drawing like :class:`WSISLocalVisualizer`; the classes are those without background."""

    def set_dataset_meta(
        self, classes: Sequence[str] | None = None, palette: Any = None, dataset_name: str | None = None
    ) -> None:
        """Take over a class list; colours follow from it, and without one the list stays as it is.

        Args:
            classes: Class names; a background that stands first is left out.
            palette: Not used.
            dataset_name: Not used: there is no class list by default.
        """
        if classes:
            self.dataset_meta = dict(classes=without_background(classes))
