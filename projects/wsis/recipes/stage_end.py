"""Saying in one line why the process of a stage has failed."""

import re
import signal
from collections.abc import Sequence

# of torchrun, on a rank that did not end by itself
RANK_KILLED = re.compile(r'Signal \d+ \((SIG\w+)\) received by PID')
MEMORY = 'most likely for lack of memory; run the same command again: it goes on'


def explain_end(status: int, lines: Sequence[str]) -> str:
    """Return why a process has failed.

    Args:
        status: Its exit status, negative for the signal that ended it.
        lines: The last ones that it printed, stripped: those of torchrun stand behind the error of the rank.
    """
    if errors := list(dict.fromkeys(line for line in lines if line.startswith('error'))):
        return '; '.join(errors)
    if killed := next((match[1] for line in lines if (match := RANK_KILLED.search(line))), None):
        return f'one of its processes was ended by {killed}, {MEMORY}'
    if status < 0:
        return f'its process was ended by {_name_signal(-status)}, {MEMORY}'
    return lines[-1] if lines else 'no output'


def _name_signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f'signal {number}'
