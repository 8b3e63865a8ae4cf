"""The visualizer of `--show`, `--show-dir` and mmdet's visualization hook."""

from typing import Any

import mmcv
import numpy as np
from mmdet.visualization import DetLocalVisualizer
from mmengine.dist import master_only
from mmengine.registry import VISUALIZERS
from mmengine.structures import BaseDataElement

from .samples import draw_prediction, draw_truth


class DrawSamples:
    """Draws the samples of all stages: instances, semantic maps with a background, CAMs and peaks.

    Evaluation masks, where there are some, are on the left, predictions on the right. To be mixed into a visualizer.
    """

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: BaseDataElement | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        pred_score_thr: float = 0.3,
        step: int = 0,
        **others: Any,
    ) -> None:
        """Draw a sample, and show it, write it to a file, or hand it to the backends.

        Args:
            name: Of the picture.
            image: ``(H, W, 3)`` RGB, the photo.
            data_sample: What is known of it.
            draw_gt: Whether evaluation masks are drawn.
            draw_pred: Whether predictions are drawn.
            show: Whether a window shows the picture.
            wait_time: Seconds that the window stays; 0 is until a key is hit.
            out_file: File to write instead of the backends.
            pred_score_thr: Lowest score of instances and peaks that are drawn.
            step: Of the backends.
            others: Settings that only mmdet's or mmseg's own pictures know.
        """
        image = image.clip(0, 255).astype(np.uint8)
        pictures: list[np.ndarray | None] = []
        if data_sample is not None:
            classes = self.dataset_meta['classes']
            if draw_gt:
                pictures.append(draw_truth(image, data_sample, classes))
            if draw_pred:
                pictures.append(draw_prediction(image, data_sample, classes, pred_score_thr))
        drawn = np.concatenate([picture for picture in pictures if picture is not None] or [image], axis=1)
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            mmcv.imwrite(drawn[..., ::-1], out_file)
        else:
            self.add_image(name, drawn, step)


@VISUALIZERS.register_module()
class WSISLocalVisualizer(DrawSamples, DetLocalVisualizer):
    """mmdet's visualizer for the samples of all stages (see :class:`DrawSamples`)."""
