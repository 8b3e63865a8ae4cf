"""Measure by true masks how right the pseudo labels and the prototypes of PPC are.

PPC draws pixels to the prototype of their class. Both, the class of a pixel and the pixels that make a prototype, are
chosen by the network's own class maps. This tool compares these choices with the masks of the test data set of the
config, in the larger and in the smaller view. It shows whether PPC can help: a contrast of wrong pixels cannot.

Example:
    python tools/analysis_tools/measure_contrast_labels.py configs/ppc/ppc-seam_r18_36e_demo.py \
        work_dirs/seam_r18_36e_demo/epoch_36.pth
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable
from mmengine.device import get_device  # noqa: E402

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.contrast_labels import measure_contrast_labels  # noqa: E402


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description='Measure how right the pseudo labels and prototypes of PPC are')
    parser.add_argument('config', help='training config of SEAM + PPC or EPS + PPC')
    parser.add_argument('checkpoint', help='checkpoint of this model, or of SEAM or EPS alone')
    parser.add_argument('--data', help="data set file to use instead of the config's own")
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptionsAction, help='override settings: key=value')
    parser.add_argument('--batches', type=int, default=20, help='number of batches (default: 20)')
    parser.add_argument('--batch-size', type=int, default=16, help='images of a batch (default: 16)')
    parser.add_argument('--long-side', type=int, default=224, help='longest side of images in pixels (default: 224)')
    return parser


def main() -> None:
    """Print a table with a row for each view."""
    parser = build_parser()
    arguments = parser.parse_args()
    for name in ('batches', 'batch_size', 'long_side'):
        if getattr(arguments, name) < 1:
            parser.error(f'--{name.replace("_", "-")} must be 1 or more')
    with report_errors():
        cfg = load_config(arguments.config, arguments.cfg_options, data=arguments.data)
        qualities = measure_contrast_labels(
            cfg, arguments.checkpoint, arguments.batches, arguments.batch_size, arguments.long_side, get_device()
        )
    columns = list(vars(qualities[0]))
    print('\n| view | ' + ' | '.join(name.replace('_', ' ') for name in columns) + ' |')
    print('| --- ' * (len(columns) + 1) + '|')
    for view, quality in zip(('larger', 'smaller'), qualities):
        print(f'| {view} | ' + ' | '.join(f'{getattr(quality, name).percentage:.1f}' for name in columns) + ' |')


if __name__ == '__main__':
    main()
