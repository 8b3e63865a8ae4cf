"""Take a point of every object from true masks, where people would give points: to compare points with tags.

    python tools/dataset_converters/make_points.py configs/pam/pam_vgg16_15e_voc2012.py points.json

The photos are those of the config's test_dataloader, the objects those of their tags; photos without masks get no
point. configs/pam/README.md describes the points file, which the configs bestie-points_* learn from.
"""

import argparse
import sys
from pathlib import Path

from mmengine.config import DictAction

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable

from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.mask_points import PLACES, make_mask_points  # noqa: E402
from projects.wsis.inspection.point_output import add_points_output, save_points  # noqa: E402


def main() -> None:
    """Write a points file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config whose test_dataloader names the photos')
    parser.add_argument('--data', help="file that describes a data set, in the place of the config's own")
    add_points_output(parser)
    parser.add_argument(
        '--place', choices=PLACES, default='innermost', help="farthest from the object's outside, or anywhere on it"
    )
    parser.add_argument('--seed', type=int, default=0, help='of random places')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='override settings: key=value')
    arguments = parser.parse_args()
    with report_errors():
        points, classes = make_mask_points(
            load_config(arguments.config, arguments.cfg_options, data=arguments.data), arguments.place, arguments.seed
        )
        save_points(arguments.out, points, classes)


if __name__ == '__main__':
    main()
