"""A mark for tests that compare with mmcv's compiled operators, which an installation need not have."""

import pytest

from projects.wsis.environment import has_compiled_operators

needs_operators = pytest.mark.skipif(not has_compiled_operators(), reason='mmcv has no compiled operators')
