"""Check a points file against the images and tags that a config reads.

    python tools/misc/check_points.py work_dirs/pam_vgg16_15e_voc2012/peaks.json configs/pam/pam_vgg16_15e_voc2012.py

Prints how many points each class has, and which points are wrong: of an unknown image, outside their image, or of a
class that the image is not tagged with. The exit status is 1 if any point is wrong.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.point_check import check_point_file  # noqa: E402


def main() -> None:
    """Check a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('points', help='points file (.json)')
    parser.add_argument('config', help='config whose test_dataloader names the images')
    parser.add_argument('--data', help="data set file to use instead of the config's own")
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptionsAction, help='override settings: key=value')
    arguments = parser.parse_args()
    with report_errors():
        check_point_file(arguments.points, load_config(arguments.config, arguments.cfg_options, data=arguments.data))


if __name__ == '__main__':
    main()
