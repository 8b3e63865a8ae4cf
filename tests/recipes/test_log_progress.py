"""Progress from mmengine's log lines."""

import pytest

from projects.wsis.recipes.log_progress import Progress, parse_progress

PREFIX = '11/21 22:23:53 - mmengine - INFO - '


@pytest.mark.parametrize(
    'line, expected',
    [
        ('Epoch(train)  [2][10/40]  lr: 1.6e-04  eta: 0:01:30  time: 0.04', Progress('train', 50, 200, '0:01:30')),
        ('Epoch(train)  [1][ 5/40]  lr: 1e-04  eta: 1 day, 3:00:01', Progress('train', 5, 200, '1 day, 3:00:01')),
        ('Epoch(test) [ 50/960]    eta: 0:10:00  time: 0.6', Progress('test', 50, 960, '0:10:00')),
        ('Epoch(test) [ 50/960]    eta: 2 days, 0:10:00  time: 9', Progress('test', 50, 960, '2 days, 0:10:00')),
        ('Epoch(val) [3][10/20]    eta: 0:00:02  time: 0.02', Progress('val', 10, 20, '0:00:02')),
        ('Epoch(val)   [1][2/2]    multi_label/mAP: 66.6667', Progress('val', 2, 2, '')),
        ('Iter(train) [  100/20000]  lr: 5e-5  eta: 5:00:00  time: 1', Progress('train', 100, 20000, '5:00:00')),
        ('Saving checkpoint at 1 epochs', None),
        ('Exp name: cam_20261121_222351', None),
        ('', None),
    ],
)
def test_progress(line, expected):
    assert parse_progress(PREFIX + line, max_epochs=5) == expected
