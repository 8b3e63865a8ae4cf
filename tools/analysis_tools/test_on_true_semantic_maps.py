"""Test BESTIE's centres and offsets alone: its semantic maps are replaced by the true ones.

What is then lost against the true masks is lost by the instance branch. What the normal test loses beyond that is lost
by the semantic maps. With `--no-centers` each component of the true maps is one instance, which the instance branch has
to beat.

Example:
    python tools/analysis_tools/test_on_true_semantic_maps.py configs/bestie/bestie_r18_18e_demo.py \
        work_dirs/bestie_r18_18e_demo/epoch_18.pth
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.apis.launch import add_common_arguments, finish, parse_arguments, run_test  # noqa: E402
from projects.wsis.inspection.true_semantic_maps import put_true_maps_in_place  # noqa: E402


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description="Test BESTIE's centres and offsets on the true semantic maps")
    parser.add_argument('config', help='training config of BESTIE')
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    add_common_arguments(parser)
    parser.add_argument(
        '--no-centers',
        action='store_true',
        help='take each component of the true maps as one instance, without centres',
    )
    parser.add_argument('--metrics', help='JSON file to write the metrics to')
    return parser


def main() -> None:
    """Test."""
    arguments = parse_arguments(build_parser())
    with report_errors():
        cfg = load_config(
            arguments.config, arguments.cfg_options, arguments.work_dir, arguments.launcher, arguments.data
        )
        cfg.load_from = arguments.checkpoint
        put_true_maps_in_place(cfg, not arguments.no_centers)
        run_test(cfg, arguments.metrics)
        finish()


if __name__ == '__main__':
    main()
