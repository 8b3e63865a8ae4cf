"""Reading a config and applying the changes of a user: the data set, single settings, the length of training."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..structures import read_given_json
from .batch_size import check_batch_sizes
from .data_choice import check_class_counts, drop_missing_validation, read_config
from .schedule import set_iterations, stop_after

ROOT = Path(__file__).resolve().parents[3]
INSTALLED_ROOT = Path(__file__).resolve().parents[1] / '.mim'
ITERATIONS = 'iterations'
STOP_AFTER = 'stop_after'
# What our tools read of a config beside what mmengine's Runner does.
READ_BY_TOOLS = (
    'tta',
    'tta_model',
    'tta_pipeline',
    'sync_bn',
    'find_unused_parameters',
    'cpu_seconds',
    'mixed_precision_by_default',
    'most_counted_photos',
    'stage_times',
    ITERATIONS,
    STOP_AFTER,
    'worker_timeout',
)


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
    options: dict[str, Any] | None = None,
    work_dir: str | Path | None = None,
    launcher: str = 'none',
    data: str | Path | None = None,
) -> Config:
    """Read a config and apply the command line's options to it.

    Args:
        path: The config file.
        options: Dotted keys and their new values. ``iterations`` gives the training another length
            (:func:`~projects.wsis.apis.schedule.set_iterations`), ``stop_after`` ends it after some steps
            (:func:`~projects.wsis.apis.schedule.stop_after`).
        work_dir: Folder of the run; else the config's `work_dir`, else `work_dirs/<name of the config>`.
        launcher: 'none', 'pytorch', 'slurm' or 'mpi'.
        data: File that describes a data set, instead of that of the config.

    Raises:
        FileNotFoundError: If the config or the data set's file is not found.
        ValueError: If it cannot be read, an option does not fit into it, or a batch size is no whole number from 1.
    """
    path = find_config(path)
    cfg = read_config(path, None if data is None else find_config(data))
    cfg.launcher = launcher
    if options:
        apply_options(cfg, options, path)
    if (iterations := cfg.get(ITERATIONS)) is not None:
        set_iterations(cfg, iterations)
    if (steps := cfg.get(STOP_AFTER)) is not None:
        stop_after(cfg, steps)
    drop_missing_validation(cfg)
    check_class_counts(cfg)
    check_batch_sizes(cfg, path)
    if work_dir is not None:
        cfg.work_dir = str(work_dir)
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / path.stem)
    return cfg


def read_options(path: str | Path) -> dict[str, Any]:
    """Read options from a JSON file, where a path needs no quoting: ``{"dotted.key": value}``.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is no such JSON.
    """
    options = read_given_json(path)
    if not isinstance(options, dict):
        raise ValueError(f'{path}: options are a JSON object {{"dotted.key": value}}')
    return options


def apply_options(cfg: Config, options: dict[str, Any], path: str | Path) -> None:
    """Change settings of a config, in place, also where the config has used them already.

    A config file may name a part once and use it elsewhere, as ``train_pipeline`` in ``train_dataloader``. mmengine
    copies it when it reads the file, so that changing the name alone would change nothing: here its equals follow.

    Args:
        cfg: The config.
        options: Dotted keys and their new values.
        path: Its file, for messages.

    Raises:
        ValueError: If an option does not fit.
    """
    for key, value in options.items():
        name = key.split('.')[0]
        before = deepcopy(cfg.get(name))
        try:
            cfg.merge_from_dict({key: value})
        except (KeyError, TypeError, IndexError, AssertionError, AttributeError, ValueError) as error:
            reason = str(error).strip('\'"') or type(error).__name__
            raise ValueError(f'--cfg-options: {key} does not fit into {path}: {reason}') from error
        if isinstance(before, (dict, list, tuple)) and before and name not in READ_BY_TOOLS:
            _replace_equal(cfg, name, before, cfg.get(name))


def _replace_equal(cfg: Config, name: str, before: Any, after: Any) -> None:
    """Put ``after`` wherever the config holds ``before``, but for the entry ``name`` itself."""

    def visit(node: Any) -> None:
        of_dict = isinstance(node, (dict, Config))
        pairs = node.items() if of_dict else enumerate(node) if isinstance(node, list) else ()
        for key, child in list(pairs):
            if node is cfg and key == name:
                continue
            if child == before:
                node[key] = deepcopy(after)
            else:
                visit(child)

    visit(cfg)
