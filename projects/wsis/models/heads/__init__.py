"""Heads."""

from .affinitynet_head import AffinityNetHead
from .cam_head import CAMHead
from .eps_head import EPSHead
from .eps_seam_head import EPSSEAMHead
from .high_resolution_head import HighResolutionHead
from .irnet_head import IRNetHead
from .pam_head import PAMHead
from .panoptic_deeplab_head import PanopticDeepLabHead
from .peak_attention_module import PeakAttentionModule
from .pixel_correlation_module import PixelCorrelationModule
from .ppc_head import PPCHead
from .seam_head import SEAMHead

__all__ = [
    'AffinityNetHead',
    'CAMHead',
    'EPSHead',
    'EPSSEAMHead',
    'HighResolutionHead',
    'IRNetHead',
    'PAMHead',
    'PPCHead',
    'PanopticDeepLabHead',
    'PeakAttentionModule',
    'PixelCorrelationModule',
    'SEAMHead',
]
