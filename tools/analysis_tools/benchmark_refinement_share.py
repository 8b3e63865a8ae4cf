"""Measure which share of BESTIE's training step is spent on refining labels.

Steps are taken on batches of the config's own ``train_dataloader``, which are loaded beforehand. The learning rates are
set to 0, so that every step sees the same network. How much there is to refine depends on the network, so use a trained
checkpoint.

Example::

    python tools/analysis_tools/benchmark_refinement_share.py configs/bestie/bestie_r18_18e_demo.py \\
        work_dirs/bestie_r18_18e_demo/epoch_18.pth
"""

import argparse
import statistics
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from benchmark_training_step import add_step_options, build_training, read_clock
from mmengine.runner.checkpoint import load_checkpoint
from mmengine.utils import track_iter_progress

from projects.wsis.apis.configs import load_config
from projects.wsis.apis.errors import report_errors
from projects.wsis.engine.safe_loading import safe_loading


def parse_args(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('config', help='training config of BESTIE')
    parser.add_argument('checkpoint', help='checkpoint of the model')
    add_step_options(parser, batches=4)
    return parser.parse_args(arguments)


def check_is_bestie(config):
    """End the program if a config trains another model."""
    kind = load_config(config).model.type
    if kind != 'BESTIE':
        sys.exit(f'error: {config} trains a {kind}, not a BESTIE')


def measure(model, optimizer, batches, args):
    """Return the seconds of each step, and those of its refined labels."""
    refine, refining = model.make_refined_labels, []

    def refine_on_the_clock(*inputs):
        start = read_clock(args.device)
        labels = refine(*inputs)
        refining.append(read_clock(args.device) - start)
        return labels

    model.refining, model.make_refined_labels = True, refine_on_the_clock
    steps = []
    count = args.warm_up + args.steps
    for _, batch in zip(track_iter_progress(range(count), file=sys.stderr), islice(cycle(batches), count)):
        start = read_clock(args.device)
        model.train_step(batch, optimizer)
        steps.append(read_clock(args.device) - start)
    return steps[args.warm_up :], refining[args.warm_up :]


def main():
    args = parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    with report_errors(), tempfile.TemporaryDirectory() as work_dir:
        check_is_bestie(args.config)
        # the checkpoint has all weights
        args.cfg_options = {**(args.cfg_options or {}), 'model.backbone.init_cfg': None}
        model, optimizer, batches = build_training(args.config, args, work_dir)
        with safe_loading():
            load_checkpoint(model, args.checkpoint, args.device, strict=True)
        for group in optimizer.optimizer.param_groups:
            group['lr'] = 0.0
        steps, refining = measure(model, optimizer, batches, args)
    shares = [own / whole for own, whole in zip(refining, steps)]
    print('\n| config | median step ms | refined labels ms | share |\n| --- | --- | --- | --- |')
    medians = statistics.median(steps) * 1e3, statistics.median(refining) * 1e3
    share, highest = 100 * statistics.median(shares), 100 * max(shares)
    name = Path(args.config).stem
    print(f'| `{name}` | {medians[0]:.0f} | {medians[1]:.1f} | {share:.1f}% (at most {highest:.1f}%) |')


if __name__ == '__main__':
    main()
