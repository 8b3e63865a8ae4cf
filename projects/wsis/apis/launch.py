"""What tools/train.py and tools/test.py do: read a config, apply the command line to it, build and run the Runner."""

import argparse
import gc
import json
import os
from copy import deepcopy
from pathlib import Path

from mmengine.config import Config, ConfigDict, DictAction
from mmengine.registry import RUNNERS
from mmengine.runner import Runner
from torch import distributed

from projects.wsis.engine.hooks.checkpoint_match_hook import CheckpointMatchHook
from projects.wsis.engine.hooks.last_validation_hook import LastValidationHook
from projects.wsis.engine.hooks.plain_checkpoint_hook import PlainCheckpointHook
from projects.wsis.engine.hooks.pretrained_match_hook import PretrainedMatchHook
from projects.wsis.engine.hooks.single_value_norm_hook import SingleValueNormHook
from projects.wsis.engine.hooks.training_labels_hook import TrainingLabelsHook
from projects.wsis.engine.latest_checkpoint import find_latest_checkpoint
from projects.wsis.engine.pseudo_instances import check_pseudo_instances
from projects.wsis.structures.files import write_json

from .devices import setup_environment_for_launch

ROOT = Path(__file__).resolve().parents[3]
INSTALLED_ROOT = Path(__file__).resolve().parents[1] / '.mim'


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that train.py and test.py share."""
    parser.add_argument('--work-dir', help='folder for logs, checkpoints and results (default: work_dirs/CONFIG_NAME)')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='override settings of the config: key=value; lists as key="[a,b]" or key=a,b',
    )
    parser.add_argument(
        '--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none', help='how processes are started'
    )
    # torch.distributed.launch passes it; torchrun sets the environment variable instead
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def parse_arguments(parser: argparse.ArgumentParser, arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line and pass `--local-rank` on as the environment variable that mmengine reads."""
    parsed = parser.parse_args(arguments)
    os.environ.setdefault('LOCAL_RANK', str(parsed.local_rank))
    return parsed


def find_config(path: str | Path) -> Path:
    """Return where a config is: as given, or relative to the repository (or the installed package) that ships it.

    Raises:
        FileNotFoundError: If there is none; the message says where it was looked for.
    """
    candidates = [Path(path), ROOT / path, INSTALLED_ROOT / path]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(
        f'config {path} not found in {Path.cwd()}, nor where this project ships its configs '
        f'({ROOT / "configs"}): check the path'
    )


def load_config(
    path: str | Path,
    options: dict | None = None,
    work_dir: str | Path | None = None,
    launcher: str = 'none',
) -> Config:
    """Read a config and apply the command line's options to it.

    Args:
        path: The config file.
        options: Dotted keys and their new values.
        work_dir: Folder of the run; else the config's `work_dir`, else `work_dirs/<name of the config>`.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.

    Raises:
        FileNotFoundError: If the config is not found.
        ValueError: If it cannot be read, or an option does not fit into it.
    """
    path = find_config(path)
    try:
        cfg = Config.fromfile(str(path))
    except (FileNotFoundError, SyntaxError, KeyError) as error:
        raise ValueError(f'config {path} cannot be read: {error}') from error
    cfg.launcher = launcher
    if options:
        try:
            cfg.merge_from_dict(options)
        except (KeyError, TypeError, IndexError, AssertionError) as error:
            raise ValueError(f'--cfg-options do not fit into {path}: {error}') from error
    if work_dir is not None:
        cfg.work_dir = str(work_dir)
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / path.stem)
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
            `load_from` where there is none yet), or a checkpoint to resume.
    """
    if resume is not None and resume != 'auto':
        cfg.resume, cfg.load_from = True, resume
    elif resume == 'auto' or (cfg.get('resume') and not cfg.get('load_from')):
        latest = find_latest_checkpoint(cfg.work_dir)
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
    cfg.model = ConfigDict(**cfg.tta_model, module=cfg.model)
    dataset = cfg.test_dataloader.dataset
    while 'dataset' in dataset:
        dataset = dataset.dataset
    dataset.pipeline = deepcopy(cfg.tta_pipeline)


def apply_show(cfg: Config, show: bool, show_dir: str | None) -> None:
    """Let the visualization hook show predictions in a window or paint them into `<run>/show_dir`.

    Raises:
        ValueError: If the config has no visualization hook.
    """
    if not show and not show_dir:
        return
    hook = cfg.get('default_hooks', {}).get('visualization')
    if not hook:
        raise ValueError('--show and --show-dir need `visualization` among default_hooks of the config')
    hook.draw = True
    if show:
        hook.show = True
    if show_dir:
        hook.test_out_dir = show_dir


def build_runner(cfg: Config, complete_weights: bool, training: bool = True) -> Runner:
    """Build the Runner that a config describes, with the check that loaded weights fit the model.

    Args:
        cfg: The whole config.
        complete_weights: True where every parameter must come from the checkpoint (testing, resuming), False where
            a part may (fine-tuning).
        training: Whether the model is trained on, not only tested.
    """
    setup_environment_for_launch(cfg)
    runner = Runner.from_cfg(cfg) if 'runner_type' not in cfg else RUNNERS.build(cfg)
    runner.register_hook(CheckpointMatchHook(complete=complete_weights, training=training), priority='VERY_LOW')
    if not complete_weights:
        runner.register_hook(PretrainedMatchHook())
    runner.register_hook(PlainCheckpointHook())
    return runner


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


def run_training(cfg: Config, out: str | Path | None = None) -> Runner:
    """Train what a config describes.

    Args:
        cfg: The config after `load_config` and `apply_resume`.
        out: JSON file for the metrics of the last validation.

    Returns:
        The Runner after training.
    """
    check_pseudo_instances(cfg.train_dataloader.dataset)
    runner = build_runner(cfg, complete_weights=bool(cfg.get('resume')))
    for hook in (LastValidationHook(), TrainingLabelsHook(), SingleValueNormHook()):
        runner.register_hook(hook)
    runner.train()
    if out is not None and runner.rank == 0:
        scalars = runner.message_hub.log_scalars
        metrics = {name[4:]: float(scalar.current()) for name, scalar in scalars.items() if name.startswith('val/')}
        write_json(out, {name: value for name, value in metrics.items() if not name.endswith('time')})
    return runner


def run_test(cfg: Config, out: str | Path | None = None) -> dict:
    """Test, or make labels with, what a config describes.

    Args:
        cfg: The config after `load_config`; `load_from` names the checkpoint or is None.
        out: JSON file for the metrics.

    Returns:
        The metrics by name.
    """
    for key in ('test_dataloader', 'test_evaluator', 'test_cfg'):
        if cfg.get(key) is None:
            raise ValueError(f'this config has nothing to test: it has no `{key}`')
    check_checkpoint_exists(cfg.get('load_from'))
    cfg.resume = False
    runner = build_runner(cfg, complete_weights=True, training=False)
    metrics = runner.test()
    if out is not None and runner.rank == 0:
        write_json(out, json.loads(json.dumps(metrics, default=float)))
    return metrics
