"""Writers: evaluators that store pseudo labels, and predictions of any test."""

from .cam_writer import CAMWriter
from .instance_writer import InstanceWriter
from .peak_writer import PeakWriter
from .prediction_writer import PredictionWriter
from .semantic_mask_writer import SemanticMaskWriter
from .store_writer import StoreWriter

__all__ = ['CAMWriter', 'InstanceWriter', 'PeakWriter', 'PredictionWriter', 'SemanticMaskWriter', 'StoreWriter']
