"""A model for labels that the data-loading workers make."""

import torch
from mmdet.structures import DetDataSample
from mmengine.model import BaseModel
from mmengine.registry import MODELS


@MODELS.register_module()
class PrecomputedLabels(BaseModel):
    """Pass the samples on unchanged, so that labels made by transforms use the same test loop, writers and metrics
    (and with them sharding over processes, and resuming) as those that a network makes."""

    def forward(
        self, inputs: torch.Tensor, data_samples: list[DetDataSample], mode: str = 'predict'
    ) -> list[DetDataSample]:
        """Return the samples.

        Raises:
            ValueError: In other modes than ``predict``; there is nothing to train.
        """
        if mode != 'predict':
            raise ValueError(f'PrecomputedLabels has nothing to train: mode {mode!r}')
        return data_samples
