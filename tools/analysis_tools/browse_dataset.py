"""Show what a model gets from its data set: images after the pipeline, with tags, labels and all targets drawn.

Examples:
    python tools/analysis_tools/browse_dataset.py configs/irnet/irnet_r18_20e_demo.py --output-dir browse
    python tools/analysis_tools/browse_dataset.py CONFIG --data DIR/data/data.py --phase val --show-number 5
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.browsing import PHASES, browse_dataset  # noqa: E402


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of any stage')
    parser.add_argument('--data', help="data set file to use instead of the config's own")
    parser.add_argument(
        '--phase', choices=PHASES, default='train', help='which data set of the config to show (default: train)'
    )
    parser.add_argument('--output-dir', help='folder to write the pictures to (default: show them in a window)')
    parser.add_argument('--show-number', type=int, help='number of images to show (default: all)')
    parser.add_argument(
        '--show-interval',
        type=float,
        default=0,
        help='seconds that each image is shown in the window (default: 0, until a key is pressed)',
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed of the pipeline (default: 0)')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptionsAction, help='override settings of the config')
    arguments = parser.parse_args()
    with report_errors():
        cfg = load_config(arguments.config, arguments.cfg_options, data=arguments.data)
        count = browse_dataset(
            cfg,
            arguments.phase,
            arguments.output_dir,
            arguments.show_number,
            arguments.show_interval,
            arguments.seed,
        )
        if arguments.output_dir:
            print(f'{count} pictures: {Path(arguments.output_dir).resolve()}')


if __name__ == '__main__':
    main()
