"""The head of IRNet: class boundaries and displacements."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import nn

from ..bands import BAND_BYTES
from ..joined_maps import JoinedMaps, measure_group_norm
from ..necks.irnet_neck import Projection


@MODELS.register_module()
class IRNetHead(BaseModule):
    """Boundary logit and displacement vector of every pixel, with the four losses on pairs of pixels.

    IRNet, sections 4.1 to 4.3. The displacement mean is measured on the training photos after training
    (``DisplacementMeanHook``) and subtracted in evaluation mode only.

    Args:
        in_channels: ``dict(boundary=, displacement=)``; set by the model from its neck.
        displacement_channels: Channels of the hidden layer of the displacement branch.
        loss_affinity: Losses of the boundary branch.
        loss_displacement: Losses of the displacement branch.
        init_cfg: Initialisation of mmengine.
    """

    def __init__(
        self,
        in_channels: dict[str, int],
        displacement_channels: int = 256,
        loss_affinity: dict | None = None,
        loss_displacement: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.boundary = nn.Conv2d(in_channels['boundary'], 1, 1)
        self.displacement = nn.Sequential(
            Projection(in_channels['displacement'], displacement_channels, min(16, displacement_channels)),
            nn.Conv2d(displacement_channels, 2, 1, bias=False),
        )
        self.register_buffer('displacement_mean', torch.zeros(2))
        self.loss_affinity = MODELS.build(loss_affinity or dict(type='AffinityLoss'))
        self.loss_displacement = MODELS.build(loss_displacement or dict(type='DisplacementLoss'))

    def forward(self, features: tuple[torch.Tensor, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return boundary logits (N, 1, h, w) and displacements (N, 2, h, w), (y, x) in pixels of this stride."""
        return self.boundary(features[0]), self._center(self.displacement(features[1]))

    def find_boundary(self, features: JoinedMaps) -> torch.Tensor:
        """Return the boundary logits of features that are not yet joined, in less memory."""
        return features.apply(self.boundary)

    def find_displacement(self, features: JoinedMaps) -> torch.Tensor:
        """Return the displacements of features that are not yet joined, in less memory."""
        projection, last = self.displacement
        conv, norm = projection[0], projection[1]
        height, width = features.size
        if 4 * norm.num_channels * height * width <= BAND_BYTES or torch.is_grad_enabled():
            return self._center(last(F.relu(projection.normalize(features), inplace=True)))
        # the hidden layer of a large photo is made twice, a band at a time: to be measured, and to be used
        factor, addend = measure_group_norm(norm, (conv(rows) for rows in features.bands()))
        return self._center(features.apply(lambda rows: last((conv(rows) * factor + addend).relu_())))

    def _center(self, displacement: torch.Tensor) -> torch.Tensor:
        return displacement if self.training else displacement - self.displacement_mean[:, None, None]

    def loss(self, features: tuple[torch.Tensor, torch.Tensor], labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the losses for label maps (N, h, w) of this stride: 0 background, 1..C classes, 255 unsure."""
        boundary, displacement = self(features)
        return {**self.loss_affinity(boundary, labels), **self.loss_displacement(displacement, labels)}
