"""Convert checkpoints of the official codes to ours: `python tools/model_converters/convert_reference.py -h`."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.reference.convert import convert_reference  # noqa: E402
from projects.wsis.reference.networks import REFERENCE_NETWORKS  # noqa: E402

DESCRIPTION = """Convert a checkpoint of an official code to one of ours.

The file is read as plain data (nothing in it is run), and every key in it is accounted for: a file of another network,
or one with missing, unknown or changed keys, is refused. The converted weights belong to the `reference` config named
below, whose outputs equal those of the official code.
"""
EXAMPLES = """examples:
  python tools/model_converters/convert_reference.py --from irn-cam res50_cam.pth.pth checkpoints/irn_cam.pth
  python tools/test.py configs/cam/cam_r50_reference_voc2012.py checkpoints/irn_cam.pth

  python tools/model_converters/convert_reference.py --from irn res50_irn.pth checkpoints/irn.pth
  python tools/test.py configs/irnet/irnet_r50_reference_voc2012.py checkpoints/irn.pth

  python tools/model_converters/convert_reference.py --from resnet38 ilsvrc-cls_rna-a1_cls1000_ep-0001.params \\
      checkpoints/resnet38_imagenet.pth
  python tools/train.py configs/seam/seam_resnet38_8e_voc2012.py
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    networks = '\n'.join(
        f'  {network.name:12s} {network.description}\n  {"":12s} for {network.config}'
        for network in REFERENCE_NETWORKS.values()
    )
    parser = argparse.ArgumentParser(
        description=DESCRIPTION,
        epilog=f'networks:\n{networks}\n\n{EXAMPLES}',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--from',
        dest='network',
        required=True,
        choices=list(REFERENCE_NETWORKS),
        help='the network that the file contains',
    )
    parser.add_argument('source', metavar='IN', help='checkpoint of the official code')
    parser.add_argument('target', metavar='OUT', help='checkpoint to write')
    return parser


def main() -> None:
    """Convert."""
    arguments = build_parser().parse_args()
    with report_errors():
        network = convert_reference(arguments.source, arguments.network, arguments.target)
    print(f'{arguments.target} written: the weights are for {network.config}')


if __name__ == '__main__':
    main()
