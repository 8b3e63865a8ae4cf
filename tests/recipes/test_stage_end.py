"""Why a stage has failed, in one line."""

import pytest

from projects.wsis.recipes.stage_end import explain_end

TORCHRUN = ['Traceback (most recent call last):', 'ChildFailedError:', ' traceback : x', '=' * 20]


@pytest.mark.parametrize(
    'status, lines, reason',
    [
        (1, ['x', 'error: photo a.jpg is broken', *TORCHRUN], 'error: photo a.jpg is broken'),
        (1, ['error: a', 'error (rank 1): b', 'error: a'], 'error: a; error (rank 1): b'),
        (
            1,
            ['x', 'traceback : Signal 9 (SIGKILL) received by PID 77', '==='],
            'one of its processes was ended by SIGKILL',
        ),
        (
            -9,
            ['Epoch(train) [1][2/4]'],
            'its process was ended by SIGKILL, most likely for lack of memory; run the same',
        ),
        (-250, [], 'its process was ended by signal 250'),
        (3, ['x', 'ZeroDivisionError: division by zero'], 'ZeroDivisionError: division by zero'),
        (3, [], 'no output'),
    ],
)
def test_reason(status, lines, reason):
    assert explain_end(status, lines).startswith(reason)
