"""Draw the CAMs of several classifiers on the same images side by side.

Example:
    python tools/analysis_tools/compare_cams.py data/demo/JPEGImages work_dirs/compare.png \
        CAM=work_dirs/cam_r18_36e_demo/cams SEAM=work_dirs/seam_r18_36e_demo/cams
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.cam_comparison import compare_cams  # noqa: E402


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description='Draw the CAMs of several classifiers side by side')
    parser.add_argument('photos', help='folder of the images')
    parser.add_argument('out', help='PNG file to write')
    parser.add_argument(
        'stores',
        nargs='+',
        metavar='TITLE=FOLDER',
        help='CAM stores, or stages that made one, in the order of the columns',
    )
    parser.add_argument(
        '--names', nargs='+', default=(), help='names of the images to show (default: evenly spaced ones)'
    )
    parser.add_argument('--count', type=int, default=6, help='number of images, if --names is not given (default: 6)')
    parser.add_argument('--tile-width', type=int, default=220, help='width of a picture in pixels (default: 220)')
    return parser


def main() -> None:
    """Draw the page."""
    parser = build_parser()
    arguments = parser.parse_args()
    stores = dict(store.split('=', 1) for store in arguments.stores if '=' in store)
    if len(stores) < len(arguments.stores):
        parser.error('each store is given as TITLE=FOLDER, and titles must differ')
    if not arguments.out.lower().endswith('.png'):
        parser.error(f'{arguments.out} is not a PNG file: use a name that ends in .png')
    if arguments.count < 1:
        parser.error(f'--count must be 1 or more, not {arguments.count}')
    with report_errors():
        path = compare_cams(
            arguments.photos, stores, arguments.out, arguments.names, arguments.count, arguments.tile_width
        )
    print(f'CAMs side by side: {path.resolve()}')


if __name__ == '__main__':
    main()
