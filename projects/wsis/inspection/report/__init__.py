"""The report of a run: one HTML page that shows its numbers, its curves and what every step made of each photo."""

from .options import ReportOptions
from .report import finish_with_report, write_report

__all__ = ['ReportOptions', 'finish_with_report', 'write_report']
