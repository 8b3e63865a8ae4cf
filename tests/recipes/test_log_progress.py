"""Progress from the lines that stages print."""

import io

import pytest
from tqdm import tqdm

from projects.wsis.apis.shared_batch import BatchChange
from projects.wsis.recipes.log_progress import Progress, find_batch_change, parse_progress


@pytest.mark.parametrize(
    'line, expected',
    [
        ('progress: train 10/200\n', Progress('train', 10, 200)),
        ('progress: test 960/960', Progress('test', 960, 960)),
        ('11/21 22:23:53 - mmengine - INFO - Epoch(train)  [2][10/40]  lr: 1.6e-04  eta: 0:01:30', None),
        ('Saving checkpoint at 1 epochs', None),
        ('', None),
    ],
)
def test_progress(line, expected):
    assert parse_progress(line) == expected


def test_progress_of_a_tool_with_a_bar():
    output = io.StringIO()
    for _ in tqdm(range(3), desc='saliency', file=output, mininterval=0):
        pass
    lines = output.getvalue().split('\r')
    assert Progress('', 3, 3) in [parse_progress(line) for line in lines]


def test_what_is_said_of_the_batch():
    change = BatchChange(4, 12, 10, 0.12, 0.1).describe()
    assert find_batch_change(f'11/21 22:23:53 - mmengine - INFO - {change}\n') == change
    assert find_batch_change('error: Stage pam: a batch of 5 photos cannot be divided among 4 processes') is None
