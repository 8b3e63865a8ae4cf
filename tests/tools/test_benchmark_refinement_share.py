"""The benchmark of refinement's share of BESTIE's training step."""

import re

import torch
from tiny_chain.fixtures import CONFIGS, read_tiny_config
from tiny_chain.processes import run_tool

from projects.wsis.apis.launch import build_runner


def test_share_of_a_step(demo_root, demo_environment, chain, tmp_path):
    made = run_tool(demo_root, tmp_path, 'dataset_converters/make_points.py', CONFIGS / 'tiny_pam.py', 'points.json')
    assert made.status == 0, made.tail
    options = {
        'train_dataloader.dataset.data_prefix.semantic_masks': str(chain / 'pseudo_labels/semantic_masks'),
        'train_dataloader.dataset.points_file': str(tmp_path / 'points.json'),
    }
    runner = build_runner(read_tiny_config('tiny_bestie.py', tmp_path / 'bestie', **options))
    torch.save(dict(state_dict=runner.model.state_dict()), tmp_path / 'weights.pth')
    counts = ['--steps', 2, '--warm-up', 1, '--batches', 1, '--threads', 1]
    tool = 'analysis_tools/benchmark_refinement_share.py'
    arguments = [CONFIGS / 'tiny_bestie.py', 'weights.pth', *counts, '--cfg-options', *map('='.join, options.items())]
    result = run_tool(demo_root, tmp_path, tool, *arguments)
    assert result.status == 0, result.tail
    row = re.search(r'^\| `tiny_bestie` \| (\d+) \| ([\d.]+) \| ([\d.]+)% \(at most', result.output, re.MULTILINE)
    assert 0 < float(row[2]) < float(row[1]) and 0 < float(row[3]) < 100

    result = run_tool(demo_root, tmp_path, tool, CONFIGS / 'tiny_cam.py', 'weights.pth', *counts)
    assert result.status == 1 and 'not a BESTIE' in result.output and 'Traceback' not in result.output
