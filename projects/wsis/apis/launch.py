"""The work of tools/train.py and tools/test.py: read a config, apply the command line, build and run the Runner."""

import argparse
import gc
import json
import os
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

from mmengine.config import Config, ConfigDict
from mmengine.device import get_device
from mmengine.model import is_model_wrapper
from mmengine.registry import RUNNERS
from mmengine.runner import Runner
from torch import distributed

from projects.wsis.engine.dataset_settings import innermost_dataset
from projects.wsis.engine.hooks.checkpoint_facts_hook import CheckpointFactsHook
from projects.wsis.engine.hooks.progress_hook import ProgressHook
from projects.wsis.engine.hooks.stage_times_hook import StageTimesHook
from projects.wsis.engine.latest_checkpoint import find_whole_checkpoint
from projects.wsis.engine.parent_process import end_with_parent
from projects.wsis.engine.pseudo_instances import check_pseudo_instances
from projects.wsis.engine.safe_loading import safe_loading
from projects.wsis.engine.worker_watch import report_lost_workers, watch_workers
from projects.wsis.models.channels_last import lay_out_channels_last
from projects.wsis.models.mmcv_operators import prepare_for_operators
from projects.wsis.structures.files import write_json

from .auto_scale_lr import scale_schedule
from .batch_size import fit_batch
from .config_options import ConfigOptionsAction
from .configs import load_config, read_options
from .devices import setup_environment_for_launch
from .display import check_display
from .formatted_config import FormattedConfig
from .run_hooks import add_run_hooks
from .shared_batch import share_batch, write_batch_change
from .vis_backends import add_vis_backends, apply_vis_backends, check_vis_backends

NOTHING_TO_TEST = 'nothing to test: the config has no `{key}`, or its data set has no val split'


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that train.py and test.py share."""
    parser.add_argument('--work-dir', help='folder for logs, checkpoints and results (default: work_dirs/CONFIG_NAME)')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOptionsAction,
        help='override settings of the config: key=value; lists as key="[a,b]" or key=a,b',
    )
    parser.add_argument('--data', help="data set file to use instead of the config's own")
    parser.add_argument('--options-file', help='JSON file of config settings to override: {"key": value}')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none', help='job launcher')
    add_vis_backends(parser)
    parser.add_argument('--progress-lines', action='store_true', help='print one line of progress per iteration')
    # torch.distributed.launch passes it; torchrun sets the environment variable instead
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def parse_arguments(parser: argparse.ArgumentParser, arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line and pass `--local-rank` on as the environment variable that mmengine reads."""
    parsed = parser.parse_args(arguments)
    if parsed.launcher == 'pytorch':  # torchrun that was killed leaves its processes behind, in a session of their own
        end_with_parent()
    os.environ.setdefault('LOCAL_RANK', str(parsed.local_rank))
    return parsed


def load_chosen_config(arguments: argparse.Namespace) -> Config:
    """Read the config that the arguments of :func:`add_common_arguments` choose; single options win over the file's."""
    options = read_options(arguments.options_file) if arguments.options_file else {}
    options.update(arguments.cfg_options or {})
    cfg = load_config(arguments.config, options, arguments.work_dir, arguments.launcher, arguments.data)
    cfg.progress_lines = arguments.progress_lines
    apply_vis_backends(cfg, arguments.vis_backends)
    return cfg


def check_checkpoint_exists(checkpoint: str | None) -> None:
    """Raise FileNotFoundError when a local checkpoint is named that does not exist; URLs are not looked at."""
    if checkpoint and '://' not in checkpoint and not Path(checkpoint).expanduser().is_file():
        raise FileNotFoundError(f'checkpoint {checkpoint} not found (current folder: {Path.cwd()}): check the path')


def apply_amp(cfg: Config) -> None:
    """Turn on mixed-precision training."""
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')


def apply_resume(cfg: Config, resume: str | None) -> None:
    """Decide what a training run starts from.

    Args:
        cfg: The config, changed in place.
        resume: None to follow the config, 'auto' for the newest intact checkpoint of the work dir (the config's
            `load_from` if there is none yet), or a checkpoint to resume.
    """
    if resume is not None and resume != 'auto':
        cfg.resume, cfg.load_from = True, resume
    elif resume == 'auto' or (cfg.get('resume') and not cfg.get('load_from')):
        latest = find_whole_checkpoint(cfg.work_dir, tell=os.environ.get('RANK', '0') == '0')
        cfg.resume = latest is not None
        if latest is not None:
            cfg.load_from = str(latest)
    check_checkpoint_exists(cfg.get('load_from'))


def apply_tta(cfg: Config) -> None:
    """Wrap the model for test-time augmentation, as mmdet's test.py does with `--tta`.

    Raises:
        ValueError: If the config has no `tta_model` or no `tta_pipeline`.
    """
    for key in ('tta_model', 'tta_pipeline'):
        if not cfg.get(key):
            raise ValueError(f'test-time augmentation is asked for, but the config has no `{key}`')
    if not cfg.get('test_dataloader'):
        raise ValueError(NOTHING_TO_TEST.format(key='test_dataloader'))
    cfg.model = ConfigDict(**cfg.tta_model, module=cfg.model)
    innermost_dataset(cfg.test_dataloader.dataset).pipeline = deepcopy(cfg.tta_pipeline)


def apply_show(cfg: Config, show: bool, show_dir: str | None) -> None:
    """Let the visualization hook show predictions in a window or paint them into `<run>/show_dir`.

    Raises:
        ValueError: If the config has no visualization hook, or nothing can be shown.
    """
    if not show and not show_dir:
        return
    hook = cfg.get('default_hooks', {}).get('visualization')
    if not hook:
        raise ValueError('--show and --show-dir need `visualization` among default_hooks of the config')
    if show:
        check_display()
        hook.show = True
    hook.draw = True
    if show_dir:
        hook.test_out_dir = show_dir


def apply_out(cfg: Config, folder: str) -> None:
    """Let a test write what the model predicts, beside whatever it measures, into a folder.

    Raises:
        ValueError: If the config has nothing to test.
    """
    if cfg.get('test_evaluator') is None:
        raise ValueError(NOTHING_TO_TEST.format(key='test_evaluator'))
    given = cfg.test_evaluator if isinstance(cfg.test_evaluator, (list, tuple)) else [cfg.test_evaluator]
    cfg.test_evaluator = [*given, dict(type='PredictionWriter', out_dir=folder)]


def build_runner(cfg: Config) -> Runner:
    """Build the Runner that a config describes, as mmdet's tools do, on the devices of this machine.

    Args:
        cfg: The whole config; it gets the hooks of the shipped configs that it lacks.
    """
    check_vis_backends(cfg)
    setup_environment_for_launch(cfg)
    add_run_hooks(cfg)
    cfg = FormattedConfig.of(cfg)
    with safe_loading():  # a model may load another while it is built
        runner = Runner.from_cfg(cfg) if 'runner_type' not in cfg else RUNNERS.build(cfg)
    if get_device() == 'cpu':
        prepare_for_cpu(runner, cfg)
    if cfg.get('progress_lines'):
        runner.register_hook(ProgressHook())
    if cfg.get('stage_times'):
        runner.register_hook(StageTimesHook())
    return runner


def prepare_for_cpu(runner: Runner, cfg: Config) -> None:
    """Let the model of a Runner calculate as fast as a CPU can.

    Args:
        runner: The Runner, with a model that is built.
        cfg: Its config; with `channels_last = False` the weights keep torch's usual layout.
    """
    if cfg.get('channels_last', True) and not is_model_wrapper(runner.model):
        lay_out_channels_last(runner.model)  # one that is wrapped has been laid out before
    prepare_for_operators(runner.model)


def finish() -> None:
    """Leave the process group; call it when nothing refers to the run's Runner any more.

    All processes leave together, and gloo's threads end here: a process whose group still lived at its exit was seen
    to abort there now and then, when another had left before.
    """
    if distributed.is_available() and distributed.is_initialized():
        # the wrapped model holds the group too, and the Runner, which is part of reference cycles, holds the model
        gc.collect()
        distributed.barrier()
        distributed.destroy_process_group()


def set_batch(runner: Runner, share: bool, keep: bool) -> None:
    """Decide the batch of each process, and what the learning rates become by that; see :func:`run_training`."""
    together = share or keep
    fit_batch(runner, together)
    change = share_batch(runner, keep) if together else None
    if change is not None:
        runner.register_hook(CheckpointFactsHook(dict(batch=asdict(change))))
    if runner.rank == 0:
        write_batch_change(runner.work_dir, change)
    scale_schedule(runner)


@safe_loading()
def run_training(
    cfg: Config, metrics_file: str | Path | None = None, share: bool = False, keep: bool = False
) -> Runner:
    """Train what a config describes.

    Args:
        cfg: The config after `load_config` and `apply_resume`.
        metrics_file: JSON file for the metrics of the last validation.
        share: Whether the batch size of the config is that of all processes together, not of each. Where it cannot be
            divided, the nearest that can is taken, the learning rate scaled with it, and both are written into
            ``batch.json`` and into the checkpoints.
        keep: As ``share``, but a batch that cannot be divided is refused.

    Returns:
        The Runner after training.
    """
    check_pseudo_instances(cfg.train_dataloader.dataset)
    runner = build_runner(cfg)
    set_batch(runner, share, keep)
    with report_lost_workers(watch_workers(runner)):
        runner.train()
    if metrics_file is not None and runner.rank == 0:
        scalars = runner.message_hub.log_scalars
        metrics = {name[4:]: float(scalar.current()) for name, scalar in scalars.items() if name.startswith('val/')}
        write_json(metrics_file, {name: value for name, value in metrics.items() if not name.endswith('time')})
    return runner


@safe_loading()
def run_test(cfg: Config, metrics_file: str | Path | None = None) -> dict:
    """Test, or make labels with, what a config describes.

    Args:
        cfg: The config after `load_config`; `load_from` names the checkpoint or is None.
        metrics_file: JSON file for the metrics.

    Returns:
        The metrics by name.
    """
    for key in ('test_dataloader', 'test_evaluator', 'test_cfg'):
        if cfg.get(key) is None:
            raise ValueError(NOTHING_TO_TEST.format(key=key))
    check_checkpoint_exists(cfg.get('load_from'))
    cfg.resume = False
    runner = build_runner(cfg)
    with report_lost_workers(watch_workers(runner)):
        metrics = runner.test()
    if metrics_file is not None and runner.rank == 0:
        write_json(metrics_file, json.loads(json.dumps(metrics, default=float)))
    return metrics
