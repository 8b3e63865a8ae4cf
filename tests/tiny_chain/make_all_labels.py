"""Make the labels of several stages in one process of a group: `make_all_labels.py STAGES.json FOLDER`.

A stage has a `name`, a `config`, a `checkpoint`, `options`, and an `out` that says whether its predictions are written.
"""

import os
import sys
from pathlib import Path

import torch
from tiny_chain.fixtures import in_fresh_scopes, read_tiny_config

from projects.wsis.apis.launch import apply_out, apply_tta, finish, run_test
from projects.wsis.structures import read_json


def make(stage: dict, work_dir: Path) -> None:
    """Do what tools/test.py does."""
    cfg = read_tiny_config(stage['config'], work_dir, **stage['options'])
    cfg.launcher = 'pytorch' if int(os.environ['WORLD_SIZE']) > 1 else 'none'
    cfg.load_from = stage['checkpoint']
    if cfg.get('tta'):
        apply_tta(cfg)
    if stage['out']:
        apply_out(cfg, str(work_dir / 'out'))
    run_test(cfg, work_dir / 'metrics.json')


if __name__ == '__main__':
    torch.set_num_threads(1)
    for stage in in_fresh_scopes(read_json(sys.argv[1])):
        make(stage, Path(sys.argv[2], stage['name']))
    finish()
