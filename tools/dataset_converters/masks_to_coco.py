"""Write the true masks of a data set as a COCO json of instances.

    python tools/dataset_converters/masks_to_coco.py configs/_base_/datasets/voc2012.py --split val --out val.json

CocoTagDataset, mmdet and label tools can read the json. Training from tags never reads it.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.exports.true_masks import SPLITS, masks_to_coco, read_split  # noqa: E402
from projects.wsis.structures import report_unwritable, write_json  # noqa: E402


def main() -> None:
    """Write the json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data', help='data set file, as in configs/_base_/datasets')
    parser.add_argument(
        '--split', choices=list(SPLITS), default='val', help='training images, or those of val (default: val)'
    )
    parser.add_argument('--out', required=True, help='json file to write')
    arguments = parser.parse_args()
    with report_errors():
        content = masks_to_coco(read_split(arguments.data, arguments.split))
        with report_unwritable(arguments.out):
            write_json(arguments.out, content, indent=None)
        print(f'{len(content["annotations"])} instances in {len(content["images"])} photos: {arguments.out}')


if __name__ == '__main__':
    main()
