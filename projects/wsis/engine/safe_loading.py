"""Letting mmengine load checkpoints safely, for as long as it is asked to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .mmengine_names import read_loaders, replace_loaders
from .safe_checkpoint import LOADERS

_LOCK = threading.RLock()
_users = 0
_before: dict = {}


@contextmanager
def safe_loading() -> Iterator[None]:
    """Let mmengine load checkpoints by our safe loader only, within a ``with`` statement.

    mmengine has one table of loaders for the whole process, by which `Runner`, ``init_cfg`` and the models of mmdet and
    mmseg load. It is replaced here, and put back at the end, with what others have registered meanwhile. Statements may
    be nested and overlap, in one thread or several: the table is put back by the last that ends.
    """
    global _users, _before
    with _LOCK:
        if _users == 0:
            _before = read_loaders()
        _users += 1
        replace_loaders(LOADERS)
    try:
        yield
    finally:
        with _LOCK:
            _users -= 1
            if _users == 0:
                current = read_loaders().items()
                registered = {scheme: loader for scheme, loader in current if loader is not LOADERS.get(scheme)}
                _put_back({**_before, **registered})


def _put_back(loaders: dict) -> None:
    """Replace the table, in mmengine's own order, in which longer schemes come before those that they begin with."""
    replace_loaders(dict(sorted(loaders.items(), reverse=True)))
