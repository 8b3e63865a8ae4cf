"""Where curves and pictures of a run go beside its own folder: TensorBoard, Weights & Biases."""

import argparse
from collections.abc import Sequence
from importlib.util import find_spec

from mmengine.config import Config

# mmengine's class, and the package that it needs, by the name on the command line.
VIS_BACKENDS = dict(tensorboard=('TensorboardVisBackend', 'tensorboard'), wandb=('WandbVisBackend', 'wandb'))


def add_vis_backends(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses backends."""
    parser.add_argument(
        '--vis-backends',
        nargs='+',
        choices=list(VIS_BACKENDS),
        default=[],
        metavar='NAME',
        help=f'send curves and pictures to these too, beside the files of the work dir: {", ".join(VIS_BACKENDS)}',
    )


def apply_vis_backends(cfg: Config, names: Sequence[str]) -> None:
    """Add backends to the visualizer of a config, which keeps those that it has.

    Args:
        cfg: The config, changed in place.
        names: Of :data:`VIS_BACKENDS`; none for no change.

    Raises:
        ValueError: If the config has no visualizer.
    """
    if not names:
        return
    if not cfg.get('visualizer'):
        raise ValueError(f'--vis-backends: {cfg.filename} has no `visualizer` that backends could be added to')
    backends = list(cfg.visualizer.get('vis_backends') or [])
    known = {backend['type'] for backend in backends}
    wanted = [VIS_BACKENDS[name][0] for name in names]
    cfg.visualizer.vis_backends = backends + [dict(type=kind) for kind in dict.fromkeys(wanted) if kind not in known]


def check_vis_backends(cfg: Config) -> None:
    """Check that the packages which the backends of a config need are installed.

    Raises:
        ImportError: If one is missing; one line.
    """
    packages = dict(VIS_BACKENDS.values())
    for backend in (cfg.get('visualizer') or {}).get('vis_backends') or []:
        package = packages.get(backend['type'])
        if package and find_spec(package) is None:
            raise ImportError(f'{backend["type"]} needs the package {package}: pip install {package}, or leave it out')
