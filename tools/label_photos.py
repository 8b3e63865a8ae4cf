"""Turn a folder of photos and their tags into masks: `python tools/label_photos.py PHOTOS --tags TAGS --out DIR`."""

import argparse
import json
import sys
import tempfile
from contextlib import nullcontext, redirect_stdout
from pathlib import Path

import repository_path  # noqa: F401  must come first: it makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction
from projects.wsis.apis.errors import GOES_ON, INTERRUPTED, report_errors
from projects.wsis.apis.shared_batch import add_processes
from projects.wsis.datasets.class_list import read_class_file
from projects.wsis.labelling.run import LabelPhotosOptions, check_output, label_photos, make_plan
from projects.wsis.recipes.node_group import NodeGroup, describe_command
from projects.wsis.recipes.node_place import add_launcher, find_place


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description='Make instance and semantic masks of photos from their tags, and train a detector on them. Running '
        'the same command again continues where the first run stopped.'
    )
    parser.add_argument('photos', help='folder of the photos, including its subfolders')
    parser.add_argument(
        '--tags',
        required=True,
        help='tags of the photos: CSV (file,tags with ; between tags, one row per tag, or one 0/1 column per class), '
        'JSON, lines of text, COCO json, folder of VOC XML files, or folder with one subfolder per class',
    )
    parser.add_argument('--out', required=True, help='folder for all results')
    parser.add_argument(
        '--classes', nargs='+', metavar='CLASS', help='class names, or a text file with one class per line'
    )
    parser.add_argument(
        '--no-negatives', action='store_true', help='leave out photos without tags instead of using them as negatives'
    )
    parser.add_argument('--val', metavar='FILE', help='text file of photos to measure on; they are not learnt from')
    parser.add_argument('--masks', help='true masks to measure with: COCO json, or folder of PNG masks')
    parser.add_argument(
        '--recipe',
        metavar='NAME',
        help='name of a recipe of configs/recipes, or a path (default: chosen by device and number of photos)',
    )
    parser.add_argument(
        '--weights',
        metavar='FILE',
        help="file or URL of pretrained weights of the backbone, 'none' to train from scratch (default: those that the "
        'recipe names, downloaded once)',
    )
    parser.add_argument(
        '--export',
        nargs='+',
        default=[],
        metavar='FORMAT',
        help='additional formats to write: coco-polygons, yolo, png',
    )
    parser.add_argument(
        '--long-side', type=int, default=1024, help='larger photos are reduced to this long side (default: 1024 pixels)'
    )
    add_processes(parser)
    add_launcher(parser)
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOptionsAction,
        default={},
        help='override settings of the recipe: STAGE.key=value (saliency.model=FILE.onnx: an option of a tool)',
    )
    parser.add_argument('--no-report', action='store_true', help='do not write DIR/report.html, a page about the run')
    parser.add_argument(
        '--dry-run', action='store_true', help='only check the photos and print the plan; nothing is written to DIR'
    )
    parser.add_argument('--json', action='store_true', help='with --dry-run: print the plan as JSON')
    return parser


def read_classes(given: list[str] | None) -> list[str] | None:
    """Return the class list that was given: names, or the lines of a file.

    Raises:
        FileNotFoundError: If it looks like a file that does not exist.
    """
    if given and len(given) == 1 and (Path(given[0]).is_file() or given[0].endswith('.txt')):
        return read_class_file(given[0])
    return given


def main() -> None:
    """Label the photos."""
    parser = build_parser()
    arguments = parser.parse_args()
    if arguments.json and not arguments.dry_run:
        parser.error('--json goes with --dry-run')
    with report_errors(INTERRUPTED if arguments.dry_run else GOES_ON):
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
            place=find_place(arguments.launcher),
            keep_batch=arguments.keep_batch,
            amp=arguments.amp,
            options=arguments.cfg_options,
            exports=arguments.export,
            report=not arguments.no_report,
        )
        if not arguments.dry_run:
            with NodeGroup(options.place, describe_command(arguments)) as group:
                label_photos(options, group=group)
            return
        show_plan(options, arguments.json)


def show_plan(options: LabelPhotosOptions, as_json: bool) -> None:
    """Print what would be done."""
    from rich.console import Console

    from projects.wsis.labelling.plan_report import print_plan

    console = Console(highlight=False, soft_wrap=True, stderr=as_json)
    # whatever speaks while it is planned: a program reads the JSON alone
    told = redirect_stdout(sys.stderr) if as_json else nullcontext()
    with told, tempfile.TemporaryDirectory() as folder:
        check_output(options)
        plan = make_plan(options, Path(folder), console)
    if as_json:
        print(json.dumps(plan.describe(), indent=2, ensure_ascii=False))
    else:
        print_plan(plan.describe(), plan.why, console)


if __name__ == '__main__':
    main()
