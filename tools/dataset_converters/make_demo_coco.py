"""Render photos in the official layout of COCO 2014, to try the recipes of COCO before 20 GB are downloaded.

    python tools/dataset_converters/make_demo_coco.py --out data/coco --train 1000 --val 100
    python tools/pipeline.py configs/recipes/irnet_r50_coco2014.py --work-dir work_dirs/coco2014 --dry-run

The objects are those of the demo set; each of its classes has the name and id of one of COCO's 80.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  it makes projects.wsis importable
from demo_data import DEMO_CLASSES  # noqa: E402
from demo_data.voc_files import DemoSet  # noqa: E402
from make_demo_data import make_demo_data  # noqa: E402

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.datasets.coco import COCO_CATEGORIES  # noqa: E402
from projects.wsis.exports.true_masks import masks_to_coco  # noqa: E402
from projects.wsis.structures import write_json  # noqa: E402

COCO_NAMES = {
    'bird': 'bird',
    'butterfly': 'kite',
    'cactus': 'potted plant',
    'car': 'car',
    'fish': 'surfboard',
    'flower': 'vase',
    'ladybird': 'sports ball',
    'mushroom': 'umbrella',
}
SIZE = 554  # mean side of COCO's photos


def main() -> None:
    """Render the photos."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, default=Path('data/coco'), help='folder to make (default: %(default)s)')
    parser.add_argument('--train', type=int, default=1000, help='photos of train2014 (default: %(default)s)')
    parser.add_argument('--val', type=int, default=100, help='photos of val2014 (default: %(default)s)')
    parser.add_argument('--size', type=int, default=SIZE, help='mean side in pixels (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='same seed, same photos')
    arguments = parser.parse_args()
    if arguments.out.exists():
        parser.error(f'{arguments.out} exists already: choose another --out, or remove it')
    with report_errors():
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=arguments.out.parent, prefix='.rendering-') as folder:
            rendered, finished = Path(folder) / 'voc', Path(folder) / 'coco'
            demo_set = DemoSet(arguments.seed, arguments.train, arguments.val, arguments.size)
            make_demo_data(rendered, demo_set, os.cpu_count() or 1)
            for split in ('train', 'val'):
                write_split(rendered, finished, split)
            finished.rename(arguments.out)
        print(f'{arguments.out}: {arguments.train} photos in train2014, {arguments.val} in val2014')


def write_split(rendered: Path, out: Path, split: str) -> None:
    """Write the photos and the json of a split.

    Args:
        rendered: The demo set.
        out: Folder in COCO's layout.
        split: ``train`` or ``val``.
    """
    settings = dict(
        type='VOCTagDataset',
        data_root=str(rendered),
        metainfo=dict(classes=DEMO_CLASSES),
        ann_file=f'ImageSets/Segmentation/{split}.txt',
    )
    content = masks_to_coco(settings)
    ids = {name: category for category, name in COCO_CATEGORIES.items()}
    content['categories'] = [dict(id=category, name=name) for category, name in COCO_CATEGORIES.items()]
    for annotation in content['annotations']:
        annotation['category_id'] = ids[COCO_NAMES[DEMO_CLASSES[annotation['category_id'] - 1]]]
    photos = out / f'{split}2014'
    photos.mkdir(parents=True)
    for image in content['images']:
        shutil.move(rendered / 'JPEGImages' / image['file_name'], photos / image['file_name'])
    write_json(out / f'annotations/instances_{split}2014.json', content, indent=None)


if __name__ == '__main__':
    main()
