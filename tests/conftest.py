"""Where tests find what they share: in shared_fixtures.py, which imports the project."""

import importlib
import warnings

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Take what is shared, but not in the process that only hands out tests to those of pytest-xdist."""
    hands_out = config.getoption('dist', 'no') != 'no' and not hasattr(config, 'workerinput')
    if not hands_out:
        # torch says it of itself, dozens of times for each process, which would hide why one of them cannot start
        warnings.filterwarnings('ignore', message='`torch.jit', category=DeprecationWarning)
        config.pluginmanager.register(importlib.import_module('shared_fixtures'))
