"""Reading the progress of a stage from the lines that it prints."""

import re
from typing import NamedTuple

from ..engine.hooks.progress_hook import PROGRESS_PREFIX

# of ProgressHook
RUN_LINE = re.compile(rf'{PROGRESS_PREFIX} (\w+) (\d+)/(\d+)')
# of tqdm, as tools print it:  "making maps:  12%|#2   | 30/251 [00:03<00:20, ..."
BAR_LINE = re.compile(r'\d+%\|.*\| (\d+)/(\d+) \[')
# of BatchChange.describe, behind what a logger puts before it
BATCH_LINE = re.compile(r'A batch of \d+ photos cannot be divided .*')


class Progress(NamedTuple):
    """How far a stage is: ``done`` of ``total`` in the phase ``train``, ``val``, ``test``, or nameless for a tool."""

    phase: str
    done: int
    total: int


def parse_progress(line: str) -> Progress | None:
    """Return the progress that a line tells, or None for other lines."""
    if match := RUN_LINE.match(line):
        return Progress(match[1], int(match[2]), int(match[3]))
    if match := BAR_LINE.search(line):
        return Progress('', int(match[1]), int(match[2]))
    return None


def find_batch_change(line: str) -> str | None:
    """Return what a line says of a batch that could not be divided, or None for other lines."""
    match = BATCH_LINE.search(line)
    return match[0] if match else None
