"""Writers: evaluators that store pseudo labels."""

from .cam_writer import CAMWriter
from .instance_writer import InstanceWriter
from .peak_writer import PeakWriter
from .semantic_mask_writer import SemanticMaskWriter
from .store_writer import StoreWriter

__all__ = ['CAMWriter', 'InstanceWriter', 'PeakWriter', 'SemanticMaskWriter', 'StoreWriter']
