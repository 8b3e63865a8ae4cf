"""The functions that users call: reading a config, training and testing one stage, and using trained models."""

from typing import Any

__all__ = ['WSISInferencer']


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    # not before it is asked for: it imports all of mmdet, which tools that only read a config do without
    from .inference.inferencer import WSISInferencer

    return WSISInferencer
