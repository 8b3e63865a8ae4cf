"""Copy ready class maps, such as WSSS_maps/ of the official BESTIE code, into a store that stages learn from.

    python tools/dataset_converters/convert_maps.py WSSS_maps semantic_masks --data configs/_base_/datasets/voc2012.py

WSSS_maps/IMAGE.png is a palette or grey PNG as large as its image: 0 background, 1 and up the classes in the order of
the data set, 255 left out. Every training image with a tag needs one. configs/bestie/README.md says where the maps of
BESTIE are.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable

from projects.wsis.apis.configs import find_config  # noqa: E402
from projects.wsis.apis.data_choice import check_data_file  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.datasets.given_maps import store_given_maps  # noqa: E402

VOC = 'configs/_base_/datasets/voc2012.py'


def main() -> None:
    """Copy the maps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', help='folder of the class maps')
    parser.add_argument('out', help='folder of the store to write, for data_prefix.semantic_masks')
    parser.add_argument('--data', default=VOC, help=f'data set file with the images and classes (default: {VOC})')
    arguments = parser.parse_args()
    with report_errors():
        data = check_data_file(find_config(arguments.data))
        count = store_given_maps(arguments.folder, arguments.out, data.label_dataset)
        print(f'{count} class maps in {arguments.out}')


if __name__ == '__main__':
    main()
