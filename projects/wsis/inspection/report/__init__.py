"""The report of a run: one HTML page that shows its numbers, its curves and what every step made of each photo."""

from .options import ReportOptions
from .report import try_report, write_report

__all__ = ['ReportOptions', 'try_report', 'write_report']
