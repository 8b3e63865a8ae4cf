"""Checking the installed packages when this package is imported, without importing them; one line says what to do."""

import re
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

MINIMUM_PYTHON = (3, 10)
# import name: [(distribution, first good version, first bad version)], the maintained distribution first
STACK = {
    'torch': [('torch', '2.4', None)],
    'mmengine': [('onedl-mmengine', '0.10.8', '1.0'), ('mmengine', '0.10.3', '1.0')],
    'mmcv': [('onedl-mmcv', '2.3', '3.0'), ('mmcv', '2.0', '2.2')],
    'mmdet': [('onedl-mmdetection', '3.4', '4.0'), ('mmdet', '3.2', '4.0')],
    'mmseg': [('onedl-mmsegmentation', '1.3', '2.0'), ('mmsegmentation', '1.2', '2.0')],
}
REMEDY = 'run `make setup`, or `pip install -r requirements/mminstall-openmmlab.txt` for the original distributions'


def _release(text: str) -> tuple[int, ...]:
    """Return the numbers of a version: '2.13.0+cpu' -> (2, 13, 0)."""
    return tuple(int(part) for part in re.match(r'\d+(\.\d+)*', text).group().split('.'))


def _installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def find_problem() -> str | None:
    """Return one line that says what is missing or of a wrong version, and what to do; None when all is well."""
    if sys.version_info < MINIMUM_PYTHON:
        found = '.'.join(map(str, sys.version_info[:3]))
        return f'Python {found} at {sys.executable} is too old: use Python 3.10 or newer'
    for name, distributions in STACK.items():
        problem = _find_problem_of(name, distributions)
        if problem:
            return problem
    return None


def has_compiled_operators() -> bool:
    """Tell whether mmcv's compiled operators lie in its folder, without importing it (that takes seconds)."""
    mmcv = find_spec('mmcv')
    folders = mmcv.submodule_search_locations or [] if mmcv else []
    return any((Path(folder) / f'_ext{suffix}').is_file() for folder in folders for suffix in EXTENSION_SUFFIXES)


def _find_problem_of(name: str, distributions: list[tuple[str, str, str | None]]) -> str | None:
    """Return what is wrong with one package of the stack, or None."""
    installed = [(row, found) for row in distributions if (found := _installed(row[0]))]
    if not installed:
        if find_spec(name) is not None:  # a source checkout on the path, or mmcv-lite: nothing to compare
            return None
        return f'{name} is not installed: {REMEDY}'
    for (distribution, minimum, maximum), found in installed:
        too_old = _release(found) < _release(minimum)
        too_new = maximum is not None and _release(found) >= _release(maximum)
        if too_old or too_new:
            wanted = f'>={minimum}' + (f',<{maximum}' if maximum else '')
            return f'{distribution} {found} does not fit (needed: {wanted}): {REMEDY}'
    if len(installed) > 1:
        both = ' and '.join(row[0] for row, _ in installed)
        return f'{both} are both installed and overwrite each other: uninstall both, then {REMEDY}'
    return None


def check_environment() -> None:
    """Stop the import of this package where the environment cannot run it.

    Raises:
        ImportError: With one line that says what is wrong and what to do.
    """
    problem = find_problem()
    if problem:
        raise ImportError(f'WSIS cannot run here: {problem}')
