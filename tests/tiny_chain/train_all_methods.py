"""Train several methods in one process of a group: `train_all_methods.py METHODS.json FOLDER`.

A method has a `name`, a `config`, `options`, and `batch`, that of all processes together. The losses of this process
are written into FOLDER/NAME/losses<RANK>.json: a list of dicts, one for each iteration.
"""

import os
import sys
from pathlib import Path

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from tiny_chain.fixtures import in_fresh_scopes, read_tiny_config

from projects.wsis.apis.launch import finish, run_training
from projects.wsis.structures import read_json, write_json


@HOOKS.register_module()
class LossRecordHook(Hook):
    """Keeps the losses of this process."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.losses: list[dict[str, float]] = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.losses.append({name: float(value) for name, value in outputs.items() if 'loss' in name})

    def after_train(self, runner) -> None:
        write_json(self.path, self.losses)


def train(method: dict, work_dir: Path) -> None:
    """Do what tools/train.py --share-batch does."""
    rank, processes = os.environ['RANK'], int(os.environ['WORLD_SIZE'])
    cfg = read_tiny_config(method['config'], work_dir, **method['options'])
    cfg.launcher = 'pytorch' if processes > 1 else 'none'
    cfg.train_dataloader.batch_size = method['batch']
    hook = dict(type='LossRecordHook', path=str(work_dir / f'losses{rank}.json'))
    cfg.custom_hooks = [*cfg.get('custom_hooks', []), hook]
    run_training(cfg, share=processes > 1)


if __name__ == '__main__':
    torch.set_num_threads(1)
    for method in in_fresh_scopes(read_json(sys.argv[1])):
        train(method, Path(sys.argv[2], method['name']))
    finish()
