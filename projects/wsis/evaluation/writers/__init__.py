"""Writers: evaluators that store pseudo labels."""

from .cam_writer import CAMWriter
from .instance_writer import InstanceWriter
from .semantic_mask_writer import SemanticMaskWriter
from .store_writer import StoreWriter

__all__ = ['CAMWriter', 'InstanceWriter', 'SemanticMaskWriter', 'StoreWriter']
