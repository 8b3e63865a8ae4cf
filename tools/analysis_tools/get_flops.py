"""Count parameters, operations and activations of a config's model: any stage that has a network, no data needed.

Example:
    python tools/analysis_tools/get_flops.py configs/irnet/irnet_r50_3e_voc2012.py --shape 512 512
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.complexity import format_complexity, measure_complexity  # noqa: E402


def main() -> None:
    """Count, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of any stage that has a network')
    parser.add_argument('--data', help="file that describes a data set, in the place of the config's own")
    parser.add_argument(
        '--shape',
        type=int,
        nargs='+',
        default=[512],
        metavar='N',
        help='height and width of the image, or one number for both (default: 512)',
    )
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptionsAction, help='override settings of the config')
    arguments = parser.parse_args()
    if len(arguments.shape) > 2 or min(arguments.shape) < 1:
        parser.error('--shape is a height and a width, in pixels from 1')
    height, width = (arguments.shape * 2)[:2]
    with report_errors():
        cfg = load_config(arguments.config, arguments.cfg_options, data=arguments.data)
        counts = measure_complexity(cfg, (height, width))
    print(f'{Path(arguments.config).name}, one image of {height} x {width} pixels')
    print(format_complexity(counts))
    print(
        'A multiplication with its addition is one operation; what is no convolution or matrix product counts as none.'
    )


if __name__ == '__main__':
    main()
