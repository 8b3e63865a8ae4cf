"""Write pseudo instances for label tools and other detectors.

    python tools/dataset_converters/export_labels.py instances.json --photos PHOTOS --format coco-polygons --out DIR

Formats: coco-polygons (a COCO json with polygons), yolo (the segmentation layout of Ultralytics), png (class and object
masks as in PASCAL VOC). docs/label_tools.md describes how label tools read them.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.exports import EXPORTS, export_labels  # noqa: E402


def main() -> None:
    """Export a COCO json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('instances', metavar='INSTANCES_JSON', help='COCO json of instances')
    parser.add_argument('--photos', required=True, help='folder that the file names in the json are relative to')
    parser.add_argument('--format', required=True, help='format to write: ' + ', '.join(EXPORTS))
    parser.add_argument('--out', required=True, help='folder to write to')
    arguments = parser.parse_args()
    with report_errors():
        print(export_labels(arguments.format, arguments.instances, arguments.photos, arguments.out))


if __name__ == '__main__':
    main()
