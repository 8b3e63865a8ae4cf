"""Train the model of a config: `python tools/train.py CONFIG [--work-dir DIR] [--resume]`."""

import argparse

import repository_path  # noqa: F401  must come first: it makes projects.wsis importable

from projects.wsis.apis.auto_scale_lr import apply_auto_scale_lr
from projects.wsis.apis.errors import report_errors
from projects.wsis.apis.launch import (
    add_common_arguments,
    apply_amp,
    apply_resume,
    finish,
    load_chosen_config,
    parse_arguments,
    run_training,
)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description='Train a model')
    parser.add_argument('config', help='config of the model to train')
    add_common_arguments(parser)
    parser.add_argument('--metrics', help='JSON file to write the metrics of the last validation to')
    parser.add_argument('--amp', action='store_true', help='train with mixed precision; on a CPU with bfloat16')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by (batch size of all processes) / auto_scale_lr.base_batch_size of the config',
    )
    parser.add_argument(
        '--share-batch',
        action='store_true',
        help='the batch size of the config is that of all processes together, not of each; where it cannot be divided '
        'among them, the nearest multiple is taken, with the learning rate scaled linearly',
    )
    parser.add_argument(
        '--keep-batch', action='store_true', help='as --share-batch, but refuse a batch that cannot be divided'
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='resume from the newest checkpoint of the work dir, or from the one given',
    )
    return parser


def main() -> None:
    """Train."""
    arguments = parse_arguments(build_parser())
    with report_errors():
        cfg = load_chosen_config(arguments)
        if arguments.amp:
            apply_amp(cfg)
        if arguments.auto_scale_lr:
            apply_auto_scale_lr(cfg)
        apply_resume(cfg, arguments.resume)
        run_training(cfg, arguments.metrics, arguments.share_batch, arguments.keep_batch)
        finish()


if __name__ == '__main__':
    main()
