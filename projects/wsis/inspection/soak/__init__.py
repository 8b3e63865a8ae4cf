"""A soak of label making: does it keep its pace and its memory over thousands of photos, and what do lists cost?"""

from .report import format_soak
from .stages import STAGES, soak_stage
from .start_up import measure_start_up

__all__ = ['STAGES', 'format_soak', 'measure_start_up', 'soak_stage']
