"""Measure what mixed precision costs a model: how far its maps and gradients are from those of float32.

A network whose mixed precision has large errors learns less, or not at all. One batch of the training data goes through
the model in both precisions. The first table has the error of the gradients by part of the model, the second one the
layers that add most error to the maps they are given: run these, and what comes before them, in float32.

Without a checkpoint the model has the weights that training starts from.

Example:
    python tools/analysis_tools/measure_precision.py configs/cam/cam_r18_36e_demo.py
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.apis.launch import apply_amp  # noqa: E402
from projects.wsis.apis.trial_training import build_trial_training  # noqa: E402
from projects.wsis.inspection.precision import PrecisionErrors, measure_precision  # noqa: E402


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description='Measure the errors of a training step in mixed precision')
    parser.add_argument('config', help='training config')
    parser.add_argument('checkpoint', nargs='?', help='weights of it (default: those that training starts from)')
    parser.add_argument('--data', help="data set file to use instead of the config's own")
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptionsAction, help='override settings: key=value')
    parser.add_argument('--layers', type=int, default=5, help='number of layers to show (default: 5)')
    return parser


def measure(arguments: argparse.Namespace, work_dir: str) -> PrecisionErrors:
    """Return the errors of the first batch of the training data."""
    cfg = load_config(arguments.config, arguments.cfg_options, work_dir=work_dir, data=arguments.data)
    cfg.load_from = arguments.checkpoint or cfg.get('load_from')
    apply_amp(cfg)
    training = build_trial_training(cfg)
    return measure_precision(training.model, training.batches[0], training.optimizer)


def main() -> None:
    """Print the tables of errors in percent."""
    parser = build_parser()
    arguments = parser.parse_args()
    if arguments.layers < 0:
        parser.error('--layers must be 0 or more')
    with report_errors(), tempfile.TemporaryDirectory() as work_dir:
        errors = measure(arguments, work_dir)
    print(f'\n| gradient of | error % |\n| --- | ---: |\n| **the whole model** | **{100 * errors.gradient:.1f}** |')
    for part, error in errors.gradient_parts.items():
        print(f'| {part} | {100 * error:.1f} |')
    print('\n| maps of | error % of its input | of its output |\n| --- | ---: | ---: |')
    for layer in errors.worst_layers(arguments.layers):
        print(f'| {layer.name} | {100 * layer.of_inputs:.1f} | {100 * layer.of_outputs:.1f} |')


if __name__ == '__main__':
    main()
