"""Draw a page of pictures of a whole run: image, CAM, boundary, displacement, pseudo instances, truth, detections.

Example:
    python tools/analysis_tools/contact_sheet.py --irnet-config configs/irnet/irnet_r18_20e_demo.py \
        --irnet-checkpoint work_dirs/demo/irnet/epoch_20.pth --cams work_dirs/demo/cams/cams \
        --pseudo-labels work_dirs/demo/pseudo_labels --boundary-labels work_dirs/demo/pseudo_labels_boundary \
        --detector-config configs/mask_rcnn/mask-rcnn_r18_6e_demo.py \
        --detector-checkpoint work_dirs/demo/mask_rcnn/epoch_6.pth --out work_dirs/demo/pictures/contact_sheet.png
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.contact_sheet import ContactSheetOptions, make_contact_sheet  # noqa: E402


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description='Draw one page of pictures of a whole run, from tags to instance masks'
    )
    parser.add_argument('--irnet-config', required=True, help='config of IRNet; its test data set names the images')
    parser.add_argument('--irnet-checkpoint', required=True, help='checkpoint of IRNet')
    parser.add_argument('--cams', required=True, help='folder of the CAMs')
    parser.add_argument('--pseudo-labels', required=True, help='folder of the stage that made the pseudo labels')
    parser.add_argument('--boundary-labels', help='folder of the stage that made pseudo labels without displacement')
    parser.add_argument('--detector-config', help='config of a detector trained on the pseudo labels')
    parser.add_argument('--detector-checkpoint', help='checkpoint of the detector')
    parser.add_argument('--out', required=True, help='PNG file to write')
    parser.add_argument('--photos', type=int, default=8, help='number of images to show (default: 8)')
    parser.add_argument(
        '--min-score', type=float, default=0.5, help='show only detections with a higher score (default: 0.5)'
    )
    parser.add_argument('--tile-width', type=int, default=220, help='width of a picture in pixels (default: 220)')
    parser.add_argument('--data', help='data set file to use instead of those of the configs')
    parser.add_argument(
        '--irnet-options',
        nargs='+',
        action=ConfigOptionsAction,
        default={},
        help='override settings of the IRNet config: key=value',
    )
    parser.add_argument(
        '--detector-options',
        nargs='+',
        action=ConfigOptionsAction,
        default={},
        help='override settings of the detector config: key=value',
    )
    return parser


def main() -> None:
    """Draw the page."""
    arguments = vars(build_parser().parse_args())
    out = arguments.pop('out')
    with report_errors():
        path = make_contact_sheet(ContactSheetOptions(**arguments), out)
    print(f'Contact sheet: {path.resolve()}')


if __name__ == '__main__':
    main()
