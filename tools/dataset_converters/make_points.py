"""Take one point per object from true masks, instead of points given by people, to compare points with tags.

    python tools/dataset_converters/make_points.py configs/pam/pam_vgg16_15e_voc2012.py points.json

The images are those of the config's test_dataloader, and only objects of their tags get a point. Images without masks
get none. configs/pam/README.md describes the points file, from which the configs bestie-points_* learn.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.mask_points import PLACES, make_mask_points  # noqa: E402
from projects.wsis.inspection.point_output import add_points_output, save_points  # noqa: E402


def main() -> None:
    """Write a points file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config whose test_dataloader names the images')
    parser.add_argument('--data', help="data set file to use instead of the config's own")
    add_points_output(parser)
    parser.add_argument(
        '--place',
        choices=PLACES,
        default='innermost',
        help='innermost: farthest from the outline of the object; random: anywhere on it (default: innermost)',
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed of --place random (default: 0)')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptionsAction, help='override settings: key=value')
    arguments = parser.parse_args()
    with report_errors():
        points, classes = make_mask_points(
            load_config(arguments.config, arguments.cfg_options, data=arguments.data), arguments.place, arguments.seed
        )
        save_points(arguments.out, points, classes)


if __name__ == '__main__':
    main()
