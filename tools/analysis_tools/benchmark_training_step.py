"""Compare the training steps of configs: time and peak memory.

Each config trains in its own process, on batches of its own ``train_dataloader``, which are loaded beforehand. The
processes take their steps in turns, so that other work on the machine slows all of them alike. The other configs are
compared with the first.

On a CPU, memory is the growth of the peak resident set after the model is built and the batches are loaded. On a GPU,
it is the peak of what torch has allocated, including weights and batches.

With ``--also KEY=VALUE ...`` the first config also trains with these settings. The option can be given several times.
Keys in capitals are environment variables of that process. With ``--busy N`` there are N more processes that compute
all the time, as a browser or another training may do.

Example::

    python tools/analysis_tools/benchmark_training_step.py \\
        configs/seam/seam_r18_36e_demo.py configs/ppc/ppc-seam_r18_36e_demo.py
    python tools/analysis_tools/benchmark_training_step.py configs/cam/cam_r18_36e_demo.py \\
        --also channels_last=True --also keep_freed_memory=False --also optim_wrapper.type=AmpOptimWrapper
"""

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from benchmark_random_walk import peak_memory
from mmengine.utils import track_iter_progress

from projects.wsis.apis.config_options import ConfigOptionsAction
from projects.wsis.apis.configs import load_config
from projects.wsis.apis.environment_variables import environment_variables
from projects.wsis.apis.errors import report_errors
from projects.wsis.apis.launch import apply_amp
from projects.wsis.apis.trial_training import build_trial_training

MEGABYTE = 2**20


def parse_args(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('configs', nargs='+', help='training configs; the others are compared with the first')
    parser.add_argument(
        '--also',
        action='append',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='also run the first config with these settings, or environment variables; can be repeated',
    )
    parser.add_argument('--busy', type=int, default=0, help='processes beside it that only compute (default: 0)')
    add_step_options(parser, batches=2)
    return parser.parse_args(arguments)


def add_step_options(parser, batches):
    """Add the options of what trains, for how many steps and on which device."""
    parser.add_argument('--steps', type=int, default=20, help='number of timed steps (default: 20)')
    parser.add_argument('--warm-up', type=int, default=3, help='number of untimed steps before them (default: 3)')
    parser.add_argument(
        '--batches', type=int, default=batches, help=f'number of different batches (default: {batches})'
    )
    parser.add_argument('--threads', type=int, default=2, help='CPU threads (default: 2)')
    parser.add_argument('--device', default='cpu', help='cpu or cuda (default: cpu)')
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    parser.add_argument('--data', help="data set file to use instead of the config's own")
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptionsAction, help='override settings: key=value')


def build_training(config, args, work_dir, settings=()):
    """Build the training of a config with settings of its own (``KEY=VALUE``)."""
    cfg = load_config(
        config, {**(args.cfg_options or {}), **parse_settings(settings)}, work_dir=work_dir, data=args.data
    )
    cfg.env_cfg.mp_cfg.mp_start_method = 'spawn'
    if args.amp:
        apply_amp(cfg)
    return build_trial_training(cfg, args.batches, args.device)


def parse_settings(settings):
    """Return settings ``KEY=VALUE`` as a dict, with values as ``--cfg-options`` reads them."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--settings', nargs='*', action=ConfigOptionsAction, default={})
    return parser.parse_args(['--settings', *settings]).settings


def is_variable(setting):
    """Tell whether ``KEY=VALUE`` names an environment variable."""
    return setting.partition('=')[0].isupper()


def keep_busy():
    """Compute until the process is ended."""
    while True:
        pass


def read_clock(device):
    """Return the time when all that was asked of the device is done."""
    if torch.device(device).type == 'cuda':
        torch.cuda.synchronize()
    return time.perf_counter()


def serve_steps(connection, config, args, settings):
    """Take a training step for each message, and answer with its seconds; at the end, with the peak of memory."""
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    cuda = torch.device(args.device).type == 'cuda'
    with report_errors(), tempfile.TemporaryDirectory() as work_dir:
        model, optimizer, batches = build_training(config, args, work_dir, settings)
        before = 0 if cuda else peak_memory()
        connection.send('ready')
        for batch in cycle(batches):
            if connection.recv() == 'end':
                break
            start = read_clock(args.device)
            model.train_step(batch, optimizer)
            connection.send(read_clock(args.device) - start)
    connection.send((torch.cuda.max_memory_allocated() if cuda else peak_memory()) - before)


def measure(trainings, args):
    """Return for each training, a config and its own settings, its steps' seconds and its peak in bytes."""
    context = multiprocessing.get_context('spawn')
    connections, processes = [], []
    busy = [context.Process(target=keep_busy, daemon=True) for _ in range(args.busy)]
    for process in busy:
        process.start()
    for config, settings in trainings:
        here, there = context.Pipe()
        own = [setting for setting in settings if not is_variable(setting)]
        processes.append(context.Process(target=serve_steps, args=(there, config, args, own), daemon=True))
        variables = dict(setting.split('=', 1) for setting in filter(is_variable, settings))
        with environment_variables(variables):  # OpenMP reads them when the process loads torch
            processes[-1].start()
        there.close()
        try:
            here.recv()
        except EOFError:  # the process has said why
            raise SystemExit(1) from None
        connections.append(here)
    seconds = [[] for _ in trainings]
    for step in track_iter_progress(range(args.warm_up + args.steps), file=sys.stderr):
        for own, connection in zip(seconds, connections):
            connection.send('step')
            taken = connection.recv()
            if step >= args.warm_up:
                own.append(taken)
    for connection in connections:
        connection.send('end')
    peaks = [connection.recv() for connection in connections]
    for process in busy:
        process.terminate()
    for process in processes:
        process.join()
    return list(zip(seconds, peaks))


def main() -> None:
    args = parse_args()
    with report_errors():
        for config in args.configs:
            load_config(config, args.cfg_options, data=args.data)
        trainings = [(config, []) for config in args.configs] + [(args.configs[0], settings) for settings in args.also]
        measured = measure(trainings, args)
    print('\n| config | median step ms | range ms | ratio | peak MB | ratio |\n| --- | --- | --- | --- | --- | --- |')
    for (config, settings), (seconds, peak) in zip(trainings, measured):
        name = ', '.join(f'`{text}`' for text in (Path(config).stem, *settings))
        own = statistics.median(seconds)
        ratio = statistics.median(one / other for one, other in zip(seconds, measured[0][0]))
        print(
            f'| {name} | {own * 1e3:.0f} | {min(seconds) * 1e3:.0f} to {max(seconds) * 1e3:.0f} '
            f'| {ratio:.3f} | {peak / MEGABYTE:.0f} | {peak / measured[0][1]:.3f} |'
        )


if __name__ == '__main__':
    main()
