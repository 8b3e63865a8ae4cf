"""Importing this module puts the repository root on the path, so that `projects.wsis` imports from any folder.

Every tool imports it first, before torch, whose threads it also tells how to wait. It needs nothing but the standard
library.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MINIMUM_PYTHON = (3, 10)


def let_threads_sleep() -> None:
    """Let OpenMP's threads sleep while they wait for each other, unless the environment says how they wait.

    By default they spin, and take the cores from whatever else runs: docs/benchmarks.md has the costs of both.
    """
    if not any(name in os.environ for name in ('OMP_WAIT_POLICY', 'GOMP_SPINCOUNT', 'KMP_BLOCKTIME')):
        os.environ['OMP_WAIT_POLICY'] = 'PASSIVE'


def prepare() -> None:
    """Put the repository root at the front of `sys.path` and stop with one line where that cannot work."""
    if sys.version_info < MINIMUM_PYTHON:
        found = '.'.join(map(str, sys.version_info[:3]))
        raise SystemExit(f'error: Python {found} at {sys.executable} is too old: use Python 3.10 or newer')
    if str(ROOT) not in sys.path[:1]:
        sys.path.insert(0, str(ROOT))
    spec = find_spec('projects')
    # ours is a namespace package, which has no __init__.py; Python prefers a regular package wherever it lies
    if spec is not None and spec.origin is not None:
        raise SystemExit(
            f'error: another package named `projects` ({spec.origin}) hides projects.wsis: uninstall it '
            'or take its folder off PYTHONPATH'
        )


let_threads_sleep()
prepare()
