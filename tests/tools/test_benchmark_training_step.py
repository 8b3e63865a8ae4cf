"""The benchmark of training steps compares configs side by side."""

import re

from tiny_chain.fixtures import CONFIGS
from tiny_chain.processes import run_tool


def test_steps_of_two_configs_in_turns(demo_root, tmp_path):
    configs = [CONFIGS / 'tiny_seam.py', CONFIGS / 'tiny_ppc.py']
    counts = ['--steps', 2, '--warm-up', 1, '--batches', 1, '--threads', 1]
    also = ['--also', 'channels_last=True', 'optim_wrapper.type=AmpOptimWrapper']
    result = run_tool(demo_root, tmp_path, 'analysis_tools/benchmark_training_step.py', *configs, *counts, *also)
    assert result.status == 0, result.tail
    rows = re.findall(r'^\| `(.+)` \| (\d+) \| \d+ to \d+ \| ([\d.]+) \| (\d+) \|', result.output, re.MULTILINE)
    assert [row[0] for row in rows] == [
        'tiny_seam',
        'tiny_ppc',
        'tiny_seam`, `channels_last=True`, `optim_wrapper.type=AmpOptimWrapper',
    ]
    assert float(rows[0][2]) == 1 and all(float(number) > 0 for row in rows for number in row[1:])
    assert [path.name for path in tmp_path.iterdir()] == ['data'], 'nothing but the link to the demo set'


def test_wrong_config_gets_one_line(demo_root, tmp_path):
    result = run_tool(demo_root, tmp_path, 'analysis_tools/benchmark_training_step.py', 'missing.py')
    assert result.status != 0 and 'config missing.py not found' in result.output
    assert 'Traceback' not in result.output
