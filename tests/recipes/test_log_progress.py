"""Progress from the lines that stages print."""

import io

import pytest
from tqdm import tqdm

from projects.wsis.recipes.log_progress import Progress, parse_progress


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
