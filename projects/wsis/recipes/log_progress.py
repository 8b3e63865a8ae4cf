"""Reading the progress of a run from the lines that mmengine logs."""

import re
from typing import NamedTuple

ETA = r'eta: ([\d:]+(?: days?, [\d:]+)?)'
EPOCH_LINE = re.compile(r'Epoch\(train\)\s+\[(\d+)\]\[\s*(\d+)/(\d+)\].*?' + ETA)
# validation names its epoch first, a test does not
ITER_LINE = re.compile(r'(?:Iter|Epoch)\((\w+)\)\s+(?:\[\d+\])?\[\s*(\d+)/(\d+)\](?:.*?' + ETA + ')?')


class Progress(NamedTuple):
    """How far a run is: ``done`` of ``total`` in the phase ``train``, ``val`` or ``test``, and mmengine's estimate."""

    phase: str
    done: int
    total: int
    eta: str


def parse_progress(line: str, max_epochs: int | None = None) -> Progress | None:
    """Return the progress that a log line of mmengine tells, or None for other lines.

    Args:
        line: One line of output.
        max_epochs: Epochs of the training, so that its epochs count as one whole.
    """
    if match := EPOCH_LINE.search(line):
        epoch, step, steps = (int(match[index]) for index in (1, 2, 3))
        return Progress('train', (epoch - 1) * steps + step, steps * (max_epochs or epoch), match[4])
    if match := ITER_LINE.search(line):
        return Progress(match[1], int(match[2]), int(match[3]), match[4] or '')
    return None
