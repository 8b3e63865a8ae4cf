"""AffinityNet: semantic affinities of pixels, and the pseudo labels made by a random walk on them."""

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.model import BaseModel
from mmengine.registry import MODELS

from ...freed_memory import return_freed_memory
from ...ops import feature_affinity, strided_size
from ...structures.finite_maps import check_finite_maps
from ...structures.masks import IGNORE_LABEL
from ..feature_levels import build_backbone, exclude_unused, prepare_backbone
from .affinitynet_labels import AffinityNetLabelMaker


@MODELS.register_module()
class AffinityNet(BaseModel):
    """Affinities learnt from the sure pixels of CAMs and a CRF (Ahn and Kwak, CVPR 2018), used by SEAM and PPC.

    In ``predict`` the CAMs of the photo (``data_sample.cams``) are spread along the learnt affinities into pseudo
    semantic masks.

    Args:
        backbone: Backbone with as many levels as the head has projections, the finest first.
        head: ``AffinityNetHead``; its channels are set here.
        test_cfg: Arguments of :class:`AffinityNetLabelMaker`, which makes the pseudo labels.
        data_preprocessor: As in mmdet.
        init_cfg: Initialisation of mmengine.
    """

    def __init__(
        self,
        backbone: dict,
        head: dict,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = build_backbone(backbone, reader=head)
        channels, strides = zip(*prepare_backbone(self.backbone))
        if strides[0] != min(strides):
            raise ValueError(f'AffinityNet needs the finest backbone level first, not strides {strides}')
        self.stride = strides[0]
        self.head = MODELS.build({'in_channels': channels, **head})
        exclude_unused(self.backbone, self.head)
        self.label_maker = AffinityNetLabelMaker(stride=self.stride, radius=self.head.radius, **(test_cfg or {}))

    def forward(self, inputs: torch.Tensor, data_samples: list[DetDataSample] | None = None, mode: str = 'tensor'):
        """Run the model: ``loss`` returns a dict of losses, ``predict`` data samples, ``tensor`` features of pixels."""
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        features = self.backbone(inputs)
        if mode == 'loss':
            labels = torch.stack([sample.gt_sem_seg.data[0] for sample in data_samples])
            return self.head.loss(features, vote_labels(labels, self.stride, features[0].shape[-2:]))
        return self.head(features)

    @torch.no_grad()
    def relate_pixels(self, photos: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Return the affinities (N, P, h, w) of photos (N, 3, H', W'), without their padding: size (H, W) is theirs."""
        rows, columns = strided_size(size, self.stride)
        features = self.head(self.backbone(photos))[..., :rows, :columns]
        return feature_affinity(features, self.head.radius)

    def predict(self, inputs: torch.Tensor, data_samples: list[DetDataSample]) -> list[DetDataSample]:
        """Add ``pred_sem_seg`` to each sample. Photos must be at their full size, and have ``cams``."""
        for photo, sample in zip(inputs, data_samples):
            if 'cams' not in sample:
                raise ValueError(f'Photo {sample.img_id} comes without CAMs: add LoadCAMs to the test pipeline')
            affinity = self.relate_pixels(photo[None], sample.img_shape)
            check_finite_maps(sample.img_id, 'affinities', affinity)
            return_freed_memory(photo[0].numel())
            self.label_maker(sample, affinity)
        return data_samples


def vote_labels(labels: torch.Tensor, stride: int, size: tuple[int, int]) -> torch.Tensor:
    """Reduce label maps (N, H, W) to (N, h, w): a cell of ``stride`` x ``stride`` pixels takes its most frequent label.

    The official code averages the CRF's scores over these cells, apart for each exponent of the background. Where
    scores are nearly 0 or 1 and more than half of a cell has one label, this is the same. Of equally common labels the
    largest wins, so unsure (255) before all.

    Args:
        labels: Label maps at full size, 0..255.
        stride: How many pixels a cell is wide.
        size: (h, w) of the network's output; cells beyond the map are 255.
    """
    bottom, right = (count * stride - length for count, length in zip(size, labels.shape[-2:]))
    beyond = IGNORE_LABEL + 1  # gets votes of its own, which do not count
    cells = F.pad(labels.long(), (0, right, 0, bottom), value=beyond)
    cells = cells.view(len(labels), size[0], stride, size[1], stride).transpose(2, 3).flatten(3)  # N, h, w, pixels
    votes = torch.zeros(*cells.shape[:3], beyond + 1, dtype=torch.int32, device=labels.device)
    votes.scatter_add_(-1, cells, torch.ones_like(cells, dtype=torch.int32))
    # the first of the largest counts, from 255 down: also 255 where nothing counts
    return (IGNORE_LABEL - votes[..., :beyond].flip(-1).argmax(-1)).to(labels.dtype)
