"""Write the true masks of a data set as a COCO json of instances.

    python tools/dataset_converters/masks_to_coco.py configs/_base_/datasets/voc2012.py --split val --out val.json

CocoTagDataset, mmdet and label tools can read the json. Training from tags never reads it.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable

from projects.wsis.apis.configs import find_config  # noqa: E402
from projects.wsis.apis.data_choice import check_data_file  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.exports.true_masks import masks_to_coco  # noqa: E402
from projects.wsis.structures import report_unwritable, write_json  # noqa: E402

SPLITS = {'train': 'label_dataset', 'val': 'val_dataset'}


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
        settings = check_data_file(find_config(arguments.data)).get(SPLITS[arguments.split])
        if not settings:
            raise ValueError(f'{arguments.data} has no {SPLITS[arguments.split]}')
        content = masks_to_coco(settings)
        with report_unwritable(arguments.out):
            write_json(arguments.out, content, indent=None)
        print(f'{len(content["annotations"])} instances in {len(content["images"])} photos: {arguments.out}')


if __name__ == '__main__':
    main()
