"""Photos without a tag are negatives: every loss takes a batch that has none."""

import pytest
import torch

from projects.wsis.models.heads import SEAMHead
from projects.wsis.models.heads.seam_head import ClassMaps
from projects.wsis.models.losses import EPSLoss, MultiLabelSoftMarginLoss, PixelPrototypeContrastLoss


def leaf(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(len(shape) + shape[-1])).requires_grad_()


@pytest.mark.parametrize('classes', [1, 3])
@pytest.mark.parametrize('tagged', [0, 1])
def test_losses_and_gradients_are_finite(classes, tagged):
    tags = torch.zeros(2, classes)
    tags[:tagged, 0] = 1
    logits, maps, small = leaf(2, classes), leaf(2, classes + 1, 8, 8), leaf(2, classes + 1, 6, 6)
    features = leaf(2, 4, 8, 8), leaf(2, 4, 6, 6)
    head = SEAMHead(classes, (4, 4, 4))
    views = ClassMaps(maps, maps * 0.9), ClassMaps(small, small * 0.9)
    losses = dict(
        cls=MultiLabelSoftMarginLoss()(logits, tags),
        eps=EPSLoss()(maps, torch.rand(2, 1, 16, 16), tags),
        **PixelPrototypeContrastLoss()(features[0], maps, features[1], small, tags),
        **{f'seam_{name}': loss for name, loss in head.loss(*views, tags).items()},
    )
    assert all(torch.isfinite(loss) for loss in losses.values()), losses
    sum(losses.values()).backward()
    for tensor in (logits, maps, small, *features):
        assert tensor.grad is not None and torch.isfinite(tensor.grad).all()
    assert (logits.grad[tags == 0] > 0).all()  # scores of classes that a photo has not are pressed down
