"""Measuring how much memory each stage of label making needs."""

import re

from tiny_chain.processes import run_tool


def test_a_stage_of_a_small_photo(demo_root, tmp_path):
    options = ['--sizes', '40x56', '--stages', 'cam_masks', '--work-dir', tmp_path / 'labels']
    result = run_tool(demo_root, tmp_path, 'analysis_tools/benchmark_label_making.py', *options)
    assert result.status == 0, result.tail
    (row,) = re.findall(
        r'^\| `cam_masks` \| 40x56 \| this \| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|', result.output, re.M
    )
    assert int(row[0]) > 100 and float(row[1]) > 0 and float(row[3]) > 0


def test_a_stage_that_fails_is_named_in_one_line(demo_root, tmp_path):
    options = ['--sizes', '40x56', '--stages', 'cam_masks']
    options += ['--cfg-options', 'test_dataloader.dataset.ann_file=missing.txt']
    result = run_tool(demo_root, tmp_path, 'analysis_tools/benchmark_label_making.py', *options)
    assert result.status != 0 and 'stage cam_masks of' in result.output and 'Traceback' not in result.output
