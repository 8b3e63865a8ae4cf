"""Check a points file against the photos and tags that a config reads.

    python tools/misc/check_points.py work_dirs/pam_vgg16_15e_voc2012/peaks.json configs/pam/pam_vgg16_15e_voc2012.py

Tells how many points each class has, and which are wrong: of an unknown photo, outside their photo, or of a class that
the photo is not tagged with. Exits with 1 if there is one.
"""

import argparse
import sys
from pathlib import Path

from mmengine.config import DictAction

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable

from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.point_check import check_point_file  # noqa: E402


def main() -> None:
    """Check a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('points', help='points file (.json)')
    parser.add_argument('config', help='config whose test_dataloader names the photos')
    parser.add_argument('--data', help="file that describes a data set, in the place of the config's own")
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='override settings: key=value')
    arguments = parser.parse_args()
    with report_errors():
        check_point_file(arguments.points, load_config(arguments.config, arguments.cfg_options, data=arguments.data))


if __name__ == '__main__':
    main()
