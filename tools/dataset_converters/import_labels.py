"""Convert a COCO json written by a label tool into one that a detector of this project can be trained on.

    python tools/dataset_converters/import_labels.py corrected.json --data data.py --out instances.json

docs/label_tools.md describes how to train on it.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable

from projects.wsis.apis.data_choice import check_data_file  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.exports import read_corrected  # noqa: E402
from projects.wsis.structures import write_json  # noqa: E402


def main() -> None:
    """Import a corrected COCO json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('corrected', metavar='CORRECTED', help='corrected COCO json with polygons or RLE')
    parser.add_argument('--data', required=True, help='data set file, which names the classes and the image folder')
    parser.add_argument('--out', required=True, help='COCO json to write')
    arguments = parser.parse_args()
    with report_errors():
        data = check_data_file(arguments.data)
        content = read_corrected(arguments.corrected, data.classes, data.photo_folder)
        write_json(arguments.out, content, indent=None)
    print(f'{arguments.out}: {len(content["annotations"])} instances of {len(content["images"])} photos')


if __name__ == '__main__':
    main()
