"""IRNet: inter-pixel relations on a frozen backbone, and the pseudo labels made from them."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmengine.model import BaseModel
from mmengine.registry import MODELS

from ...freed_memory import LARGE_PIXELS, return_freed_memory
from ..feature_levels import build_backbone, exclude_unused, prepare_backbone
from .irnet_labels import IRNetLabelMaker


@MODELS.register_module()
class IRNet(BaseModel):
    """Class boundaries and displacements learnt from inter-pixel labels (Ahn et al., CVPR 2019).

    The backbone stays as it was pretrained: no gradient, fixed statistics (unless ``freeze_backbone`` is off). In
    ``predict`` the CAMs of the photo (``data_sample.cams``) are spread along the learnt affinities and split by the
    learnt displacements into pseudo semantic and instance masks.

    Args:
        backbone: Backbone with at least 3 levels, the finest of stride 4.
        neck: ``IRNetNeck``; its channels and strides are set here.
        head: ``IRNetHead``; its channels are set here.
        freeze_backbone: Whether the backbone is frozen, as in the paper. A backbone that was not pretrained on
            much more data knows too little of where in an object a pixel lies, and is better trained along.
        test_cfg: Arguments of :class:`IRNetLabelMaker`, which makes the pseudo labels.
        data_preprocessor: As in mmdet.
        init_cfg: Initialisation of mmengine.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        head: dict,
        freeze_backbone: bool = True,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = build_backbone(backbone, reader=neck)
        self.freeze_backbone = freeze_backbone
        if freeze_backbone:
            self.backbone.requires_grad_(False)
        channels, strides = zip(*prepare_backbone(self.backbone))
        self.neck = MODELS.build({'in_channels': channels, 'strides': strides, **neck})
        self.head = MODELS.build({'in_channels': self.neck.out_channels, **head})
        exclude_unused(self.backbone, self.neck)
        self.label_maker = IRNetLabelMaker(**(test_cfg or {}))

    def train(self, mode: bool = True) -> 'IRNet':
        """Set the mode; a frozen backbone stays in evaluation mode."""
        super().train(mode)
        if self.freeze_backbone:
            self.backbone.eval()
        return self

    def extract_feat(self, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the features of the boundary and of the displacement branch."""
        return self.neck(self._run_backbone(inputs))

    def _run_backbone(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.freeze_backbone):
            return self.backbone(inputs)

    def forward(self, inputs: torch.Tensor, data_samples: list[DetDataSample] | None = None, mode: str = 'tensor'):
        """Run the model: ``loss`` returns a dict of losses, ``predict`` data samples, ``tensor`` boundary logits and
        displacements."""
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        features = self.extract_feat(inputs)
        if mode == 'loss':
            labels = torch.stack([sample.gt_sem_seg.data[0] for sample in data_samples])
            return self.head.loss(features, reduce_labels(labels, self.neck.stride, features[0].shape[-2:]))
        return self.head(features)

    @torch.no_grad()
    def find_displacement(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the displacements (N, 2, h, w) of photos (N, 3, H, W), without the work for their boundaries."""
        return self.head.find_displacement(self.neck.find_displacement(self._run_backbone(inputs)))

    @torch.no_grad()
    def relate_pixels(self, photo: torch.Tensor, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the boundary (1, h, w) in [0, 1] and the displacement (2: y, x; h, w) of one photo.

        The boundary is that of the mean logit of photo and mirror image; the displacement is the photo's.

        Args:
            photo: (3, H', W') normalised and possibly padded on the right and below.
            size: (H, W) without the padding, which is cut off from the outputs too.
        """
        height, width = size
        padding = (0, photo.shape[-1] - width, 0, photo.shape[-2] - height)
        return self._relate(photo[None], lambda: F.pad(photo[None, :, :height, :width].flip(-1), padding), size)

    @torch.no_grad()
    def relate_views(self, views: torch.Tensor, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what :meth:`relate_pixels` returns from the photo and its mirror image, (2, 3, H', W')."""
        return self._relate(views[:1], lambda: views[1:], size)

    def _relate(
        self, photo: torch.Tensor, make_mirror: Callable[[], torch.Tensor], size: tuple[int, int]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Relate the pixels of a photo (1, 3, H', W') and those of its mirror image, of which only the boundary is
        asked for.

        Small ones go through a GPU together. Else one after the other, as both at once would need twice the memory.
        """
        rows, columns = (-(-length // self.neck.stride) for length in size)
        pixels = photo[0, 0].numel()
        if photo.device.type != 'cpu' and pixels < LARGE_PIXELS:
            features = self._run_backbone(torch.cat([photo, make_mirror()]))
            both = self.head.find_boundary(self.neck.find_boundary(features))[..., :rows, :columns]
            displacement = self.head.find_displacement(self.neck.find_displacement([level[:1] for level in features]))
            return ((both[0] + both[1].flip(-1)) / 2).sigmoid(), displacement[0, :, :rows, :columns]
        features = self._run_backbone(photo)
        return_freed_memory(pixels)
        logits = self.head.find_boundary(self.neck.find_boundary(features))
        joined = self.neck.find_displacement(features)
        del features
        return_freed_memory(pixels)
        displacement = self.head.find_displacement(joined)
        del joined
        return_freed_memory(pixels)
        mirrored = self.head.find_boundary(self.neck.find_boundary(self._run_backbone(make_mirror())))
        logits, mirrored = (maps[0, :, :rows, :columns] for maps in (logits, mirrored))
        return ((logits + mirrored.flip(-1)) / 2).sigmoid(), displacement[0, :, :rows, :columns]

    def predict(self, inputs: torch.Tensor, data_samples: list[DetDataSample]) -> list[DetDataSample]:
        """Add ``boundary``, ``displacement``, ``pred_sem_seg`` and ``pred_instances`` to each sample.

        Photos must be at their full size, and have ``cams``.
        """
        for photo, sample in zip(inputs, data_samples):
            if 'cams' not in sample:
                raise ValueError(f'Photo {sample.img_id} comes without CAMs: add LoadCAMs to the test pipeline')
            sample.boundary, sample.displacement = self.relate_pixels(photo, sample.img_shape)
            return_freed_memory(photo[0].numel())
            self.label_maker(sample)
        return data_samples


def reduce_labels(labels: torch.Tensor, stride: int, size: tuple[int, int]) -> torch.Tensor:
    """Reduce label maps (N, H, W) to (N, h, w): each pixel takes the label of the middle of its cell (as PIL does).

    Args:
        labels: Label maps at full size.
        stride: How many pixels a cell is wide.
        size: (h, w) of the network's output.
    """
    rows, columns = (
        (torch.arange(length, device=labels.device) * stride + stride // 2).clamp_(max=full - 1)
        for length, full in zip(size, labels.shape[-2:])
    )
    return labels[:, rows[:, None], columns]
