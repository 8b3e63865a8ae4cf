"""From a folder of photos and their tags to masks: `python tools/label_photos.py PHOTOS --tags TAGS --out DIR`."""

import argparse
import json
import tempfile
from pathlib import Path

import repository_path  # noqa: F401  must come first: it makes projects.wsis importable
from mmengine.config import DictAction

from projects.wsis.apis.errors import report_errors
from projects.wsis.datasets.class_list import read_class_file
from projects.wsis.labelling.run import LabelPhotosOptions, label_photos, make_plan


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description='Make instance and semantic masks of photos from their tags, and train a detector on them. A '
        'second call goes on where the first one stopped.'
    )
    parser.add_argument('photos', help='folder of the photos, subfolders included')
    parser.add_argument(
        '--tags',
        required=True,
        help='their tags: CSV (file,tags with ; between tags; a row a tag; or a 0/1 column a class), JSON, lines of '
        'text, a COCO json, a folder of VOC XML files, or a folder whose folders are the classes',
    )
    parser.add_argument('--out', required=True, help='folder for all results')
    parser.add_argument('--classes', nargs='+', metavar='CLASS', help='class list, or a text file with a class a line')
    parser.add_argument('--no-negatives', action='store_true', help='leave out photos without tags: merely untagged')
    parser.add_argument('--val', metavar='FILE', help='text file of photos to measure on and not to learn from')
    parser.add_argument('--masks', help='true masks to measure with: COCO json, or folder of PNG masks')
    parser.add_argument('--recipe', metavar='NAME', help='name of a recipe of configs/recipes, or a config')
    parser.add_argument('--weights', metavar='FILE', help="pretrained weights; 'none' trains from scratch")
    parser.add_argument('--export', nargs='+', default=[], metavar='FORMAT', help='also coco-polygons, yolo, png')
    parser.add_argument('--long-side', type=int, default=1024, help='longest side to work at (default: 1024 pixels)')
    parser.add_argument('--gpus', type=int, default=1, metavar='N', help='processes (or GPUs) of each stage')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={}, help='settings of the recipe: STAGE.key=value'
    )
    parser.add_argument('--no-report', action='store_true', help='do not write DIR/report.html, a page about the run')
    parser.add_argument('--dry-run', action='store_true', help='check and plan only: nothing is left in DIR')
    parser.add_argument('--json', action='store_true', help='with --dry-run: the plan as JSON')
    return parser


def read_classes(given: list[str] | None) -> list[str] | None:
    """Return the class list that was given: names, or the lines of a file."""
    if given and len(given) == 1 and Path(given[0]).is_file():
        return read_class_file(given[0])
    return given


def main() -> None:
    """Label the photos."""
    arguments = build_parser().parse_args()
    with report_errors():
        options = LabelPhotosOptions(
            photos=arguments.photos,
            tags=arguments.tags,
            out=arguments.out,
            recipe=arguments.recipe,
            weights=arguments.weights,
            masks=arguments.masks,
            classes=read_classes(arguments.classes),
            val=arguments.val,
            negatives=not arguments.no_negatives,
            long_side=arguments.long_side,
            gpus=arguments.gpus,
            options=arguments.cfg_options,
            exports=arguments.export,
            report=not arguments.no_report,
        )
        if not arguments.dry_run:
            label_photos(options)
            return
        show_plan(options, arguments.json)


def show_plan(options: LabelPhotosOptions, as_json: bool) -> None:
    """Print what would be done."""
    from rich.console import Console

    from projects.wsis.labelling.plan_report import print_plan

    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory() as folder:
        plan = make_plan(options, Path(folder), None if as_json else console)
    if as_json:
        print(json.dumps(plan.describe(), indent=2, ensure_ascii=False))
    else:
        print_plan(plan.describe(), plan.why, console)


if __name__ == '__main__':
    main()
