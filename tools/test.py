"""Test a model or make labels with it: `python tools/test.py CONFIG CHECKPOINT [--tta] [--work-dir DIR]`."""

import argparse

import repository_path  # noqa: F401  must come first: it makes projects.wsis importable

from projects.wsis.apis.errors import report_errors
from projects.wsis.apis.launch import (
    add_common_arguments,
    apply_out,
    apply_show,
    apply_tta,
    finish,
    load_chosen_config,
    parse_arguments,
    run_test,
)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description='Test a model, or make labels with it')
    parser.add_argument('config', help='config of the model to test')
    parser.add_argument('checkpoint', help="checkpoint file or URL; 'none' for a model without weights")
    add_common_arguments(parser)
    parser.add_argument('--metrics', help='JSON file to write the metrics to')
    parser.add_argument(
        '--out', help='folder to write the predictions to: semantic_masks/*.png and instances.json (COCO)'
    )
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument(
        '--show-dir',
        help='paint predictions into this folder inside the work dir of the run; when labels are made, only images '
        'that were not finished before are painted',
    )
    parser.add_argument(
        '--tta', action='store_true', help='use test-time augmentation (the same as `tta = True` in the config)'
    )
    return parser


def main() -> None:
    """Test."""
    arguments = parse_arguments(build_parser())
    with report_errors():
        cfg = load_chosen_config(arguments)
        cfg.load_from = None if arguments.checkpoint.lower() == 'none' else arguments.checkpoint
        apply_show(cfg, arguments.show, arguments.show_dir)
        if arguments.tta or cfg.get('tta'):
            apply_tta(cfg)
        if arguments.out:
            apply_out(cfg, arguments.out)
        run_test(cfg, arguments.metrics)
        finish()


if __name__ == '__main__':
    main()
