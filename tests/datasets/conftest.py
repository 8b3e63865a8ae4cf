"""What tests of data sets share."""

import logging

import pytest


@pytest.fixture
def warnings_of_log(monkeypatch):
    """The warnings that are logged."""
    from mmengine.logging import MMLogger  # here, as the process that hands out tests reads this file too

    lines = []
    logger = MMLogger.get_instance('datasets', log_level='INFO')

    def handle(record):
        if record.levelno >= logging.WARNING:
            lines.append(record.getMessage())

    monkeypatch.setattr(logger, 'handle', handle)
    monkeypatch.setattr(MMLogger, 'get_current_instance', classmethod(lambda cls: logger))
    return lines
