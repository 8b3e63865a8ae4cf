"""Convert the point files of the official BESTIE code (Peak_points/, Center_points/) to one points file.

    python tools/dataset_converters/convert_points.py Peak_points peaks.json

Each IMAGE.txt has one line `x y class-number confidence` per point. Class numbers start at 0 and are those of VOC's 20
classes, or of --classes. The points file is described in configs/pam/README.md.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.datasets.voc import VOC_CLASSES  # noqa: E402
from projects.wsis.inspection.point_output import add_points_output, save_points  # noqa: E402
from projects.wsis.structures.text_points import read_text_folder  # noqa: E402


def main() -> None:
    """Convert a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', help='folder of the text files')
    add_points_output(parser)
    parser.add_argument(
        '--classes',
        nargs='+',
        default=VOC_CLASSES,
        help='class names in the order of their numbers (default: those of VOC)',
    )
    arguments = parser.parse_args()
    with report_errors():
        points = read_text_folder(arguments.folder, len(arguments.classes))
        save_points(arguments.out, points, arguments.classes)


if __name__ == '__main__':
    main()
