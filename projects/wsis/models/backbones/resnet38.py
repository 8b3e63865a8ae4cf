"""Wide ResNet-38, the backbone of PSA, SEAM, EPS and PPC."""

from collections.abc import Sequence
from typing import NamedTuple

import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


class Layer(NamedTuple):
    """One convolution of a block: its channels relative to ``base_channels``, kernel, stride, dilation, and the rate of
    the channel dropout before it."""

    channels: int
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    dropout: float = 0.0


# The blocks of each stage as lists of layers. Three stages of stride 2, then dilation instead of strides.
STAGES: tuple[tuple[tuple[Layer, ...], ...], ...] = (
    ((Layer(2, stride=2), Layer(2)), *[(Layer(2), Layer(2))] * 2),
    ((Layer(4, stride=2), Layer(4)), *[(Layer(4), Layer(4))] * 2),
    ((Layer(8, stride=2), Layer(8)), *[(Layer(8), Layer(8))] * 5),
    ((Layer(8), Layer(16, dilation=2)), *[(Layer(8, dilation=2), Layer(16, dilation=2))] * 2),
    (
        (Layer(8, kernel=1), Layer(16, dilation=4, dropout=0.3), Layer(32, kernel=1, dropout=0.3)),
        (Layer(16, kernel=1), Layer(32, dilation=4, dropout=0.5), Layer(64, kernel=1, dropout=0.5)),
    ),
)


class PreActivationBlock(nn.Module):
    """A residual block whose convolutions come after normalisation and ReLU.

    Where channels or size change, the shortcut is a 1x1 convolution of the normalised input; else it is the input.

    Args:
        in_channels: Channels of the input.
        layers: The convolutions.
        width: Channels of a layer of relative width 1.
        norm_cfg: Normalisation.
    """

    def __init__(self, in_channels: int, layers: Sequence[Layer], width: int, norm_cfg: dict) -> None:
        super().__init__()
        self.norms, self.convs, self.dropouts = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        channels, stride = in_channels, 1
        for layer in layers:
            self.norms.append(build_norm_layer(norm_cfg, channels)[1])
            self.dropouts.append(nn.Dropout2d(layer.dropout) if layer.dropout else nn.Identity())
            padding = layer.dilation * (layer.kernel // 2)
            self.convs.append(
                nn.Conv2d(
                    channels, layer.channels * width, layer.kernel, layer.stride, padding, layer.dilation, bias=False
                )
            )
            channels, stride = layer.channels * width, stride * layer.stride
        same = channels == in_channels and stride == 1
        self.shortcut = None if same else nn.Conv2d(in_channels, channels, 1, stride, bias=False)
        self.out_channels = channels

    def forward(self, x: Tensor, activated: Tensor | None = None) -> Tensor:
        """Return the output, which is not yet normalised.

        Args:
            x: The input.
            activated: The input after the block's first normalisation and ReLU, where that is there already.
        """
        if activated is None:
            activated = F.relu(self.norms[0](x))
        shortcut = x if self.shortcut is None else self.shortcut(activated)
        out = self.convs[0](self.dropouts[0](activated))
        for norm, dropout, conv in zip(self.norms[1:], self.dropouts[1:], self.convs[1:]):
            out = conv(dropout(F.relu(norm(out))))
        return shortcut + out


@MODELS.register_module()
class ResNet38(BaseModule):
    """Wide ResNet-38 (model A1 of Wu et al., "Wider or Deeper", 2016), dilated to an output stride of 8.

    Its five stages end before blocks b3, b4, b5, b6 of the official codes of PSA, SEAM, EPS and PPC, and after bn7. A
    stage's output is what the next one takes in, normalised and rectified (in SEAM's words conv4 is index 2, conv5
    index 3, conv6 index 4):

    ======  ========  ======
    index   channels  stride
    ======  ========  ======
    0       128       2
    1       256       4
    2       512       8
    3       1024      8
    4       4096      8
    ======  ========  ======

    Those codes freeze the stem and the first stage and every batch normalisation: ``frozen_stages=1``,
    ``norm_cfg=dict(type='BN', requires_grad=False)`` and ``norm_eval=True``.

    Args:
        in_channels: Channels of the photo.
        base_channels: Channels of the stem; all others are multiples of it.
        out_indices: Which stages are given, from 0 to 4.
        frozen_stages: Stages without gradient: -1 none, 0 the stem, k the stem and the first k stages.
        norm_cfg: Normalisation; ``requires_grad=False`` keeps its weights fixed.
        norm_eval: Whether batch normalisation keeps its statistics in training.
        dropout: Whether the last two blocks drop channels in training (.3 and .5).
        with_cp: Whether activations are computed again in the backward pass, to save memory.
        init_cfg: Initialisation of mmengine.

    Raises:
        ValueError: If a stage is asked for or frozen that is not there.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        out_indices: Sequence[int] = (4,),
        frozen_stages: int = -1,
        norm_cfg: dict | None = None,
        norm_eval: bool = True,
        dropout: bool = True,
        with_cp: bool = False,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(
            init_cfg or [dict(type='Kaiming', layer='Conv2d'), dict(type='Constant', val=1, layer='_BatchNorm')]
        )
        if not out_indices or not set(out_indices) <= set(range(len(STAGES))):
            raise ValueError(f'out_indices are among 0 to {len(STAGES) - 1}, not {tuple(out_indices)}')
        if not -1 <= frozen_stages <= len(STAGES):
            raise ValueError(f'frozen_stages is -1 (none), 0 (stem) to {len(STAGES)}, not {frozen_stages}')
        self.out_indices = tuple(sorted(out_indices))
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.with_cp = with_cp
        norm_cfg = norm_cfg or dict(type='BN')

        self.conv1 = nn.Conv2d(in_channels, base_channels, 3, padding=1, bias=False)
        channels = base_channels
        self.stages = nn.ModuleList()
        for blocks in STAGES:
            stage = nn.ModuleList()
            for layers in blocks:
                if not dropout:
                    layers = [layer._replace(dropout=0.0) for layer in layers]
                stage.append(PreActivationBlock(channels, layers, base_channels, norm_cfg))
                channels = stage[-1].out_channels
            self.stages.append(stage)
        self.norm = build_norm_layer(norm_cfg, channels)[1]
        self._freeze_stages()

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the stages of ``out_indices`` of photos (N, 3, H, W), each (N, C, h, w)."""
        outputs, activated = [], None
        x = self.conv1(x)
        for index, stage in enumerate(self.stages):
            for block in stage:
                x, activated = self._run(block, x, activated), None
            if index in self.out_indices:
                activated = F.relu(self._norm_after(index)(x))
                outputs.append(activated)
            if index == self.out_indices[-1]:
                break
        return tuple(outputs)

    def _norm_after(self, index: int) -> nn.Module:
        """Return the normalisation of a stage's output: that of the next stage's first layer, or the last one."""
        return self.stages[index + 1][0].norms[0] if index + 1 < len(self.stages) else self.norm

    def _run(self, block: PreActivationBlock, x: Tensor, activated: Tensor | None) -> Tensor:
        if self.with_cp and x.requires_grad:
            return checkpoint(block, x, activated, use_reentrant=False)
        return block(x, activated)

    def train(self, mode: bool = True) -> 'ResNet38':
        """Set the mode; frozen stages and, with ``norm_eval``, batch normalisations stay in evaluation mode."""
        super().train(mode)
        self._freeze_stages()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def _freeze_stages(self) -> None:
        """Take the gradient from the frozen stages."""
        if self.frozen_stages < 0:
            return
        for module in (self.conv1, *self.stages[: self.frozen_stages]):
            module.eval()
            module.requires_grad_(False)
        if self.frozen_stages == len(STAGES):
            self.norm.eval()
            self.norm.requires_grad_(False)
