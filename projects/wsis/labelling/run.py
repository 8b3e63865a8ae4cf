"""From photos and tags to masks: check, plan, run the recipe, hand over the labels."""

import errno
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log
from rich.console import Console

from ..apis.configs import load_config
from ..apis.data_choice import MissingNameError
from ..apis.inference.trained_model import HANDED_OVER, NOTE_NAME, RECORD_NAME, WORK_FOLDER
from ..engine import find_latest_checkpoint
from ..exports import EXPORTS, export_labels
from ..inspection.check_report import print_check
from ..inspection.dataset_check import DatasetCheck, check_photos
from ..inspection.photo_listing import PhotoEntry, PhotoListing
from ..inspection.report import ReportOptions, finish_with_report
from ..inspection.report.sources import LABEL_STAGES
from ..recipes.node_group import NodeGroup
from ..recipes.node_place import NodePlace
from ..recipes.recipe import Recipe
from ..recipes.stage import StageError
from ..structures import printable, write_atomically, write_json
from ..structures.files import read_json_object
from .data_file import DATA_NAME, read_masks, write_data_file
from .masks import find_masks
from .measure import find_true_masks, measure_labels
from .numbers import count_labels, print_numbers
from .own_size import write_instances, write_semantic_masks
from .photo_set import PhotoSet, read_photo_set
from .plan import PlannedStage, choose_recipe, plan_stages
from .plan_report import describe_plan, print_plan
from .weights import choose_weights
from .working_copy import WorkingCopy, prepare_photos

NODES_NAME = 'nodes.json'
DATA_FOLDER = 'data'


@dataclass
class LabelPhotosOptions:
    """What tools/label_photos.py is asked for; see its help.

    Attributes:
        photos: Folder of the photos.
        tags: Their tags.
        out: Folder for all results.
        recipe: Name or config of the recipe, or None.
        weights: File of weights, 'none', or None for those of the recipe.
        masks: True masks to measure with, or None.
        classes: The class list, or None for all tags that are found.
        val: Text file of photos to measure on, or None.
        negatives: Whether photos without tags show none of the classes.
        long_side: Longest side that the stages work at, in pixels.
        gpus: Processes of each stage, on each node.
        place: Which of several machines this one is.
        keep_batch: Whether to refuse a batch that they cannot share, instead of taking the nearest that they can.
        amp: Whether trainings use mixed precision; None to let the machine decide, see :class:`Recipe`.
        options: Further settings of the recipe's configs.
        exports: Formats to write too.
        report: Whether to write OUT/report.html.
    """

    photos: str
    tags: str
    out: str
    recipe: str | None = None
    weights: str | None = None
    masks: str | None = None
    classes: Sequence[str] | None = None
    val: str | None = None
    negatives: bool = True
    long_side: int = 1024
    gpus: int = 1
    place: NodePlace = NodePlace()
    keep_batch: bool = False
    amp: bool | None = None
    options: Mapping[str, Any] | None = None
    exports: Sequence[str] = ()
    report: bool = True


@dataclass(frozen=True)
class Plan:
    """What will be done.

    Attributes:
        photo_set: Photos and tags.
        check: What the look at every photo has found.
        recipe: The recipe's config.
        why: Why this one.
        stages: Its stages.
        options: Options of the recipe.
        copies: What stands for each photo; empty where nothing was written.
        data: The data set's file.
    """

    photo_set: PhotoSet
    check: DatasetCheck
    recipe: Path
    why: str
    stages: list[PlannedStage]
    options: dict[str, Any]
    copies: dict[str, WorkingCopy]
    data: Path

    def describe(self) -> dict[str, Any]:
        """Return the plan as JSON: ``photos``, ``classes`` with their photos, ``recipe``, ``stages``, time and disk."""
        return describe_plan(self.check.photos, self.check.classes, self.recipe.stem, self.stages)


def label_photos(
    options: LabelPhotosOptions, console: Console | None = None, group: NodeGroup | None = None
) -> dict[str, Any]:
    """Run everything; a second call continues where the first one stopped.

    On other nodes than the first the stages that it names are run with it, and there are no numbers.

    Args:
        options: What is asked for.
        console: Where is told what happens.
        group: The nodes; needed where there are several.

    Returns:
        The numbers: what ``OUT/numbers.json`` holds.

    Raises:
        FileNotFoundError, ValueError: If something does not fit; one line, before anything long is begun.
    """
    group = group or NodeGroup(options.place)
    if not options.place.is_first:
        _follow(options, group)
        return {}
    console = console or Console(highlight=False, soft_wrap=True)
    out = open_output(options)
    plan = make_plan(options, out, console)
    print_plan(plan.describe(), plan.why, console)
    recipe = _make_recipe(options, out, plan.recipe, plan.data, plan.options)
    content = dict(recipe=str(plan.recipe), data=str(plan.data), options=plan.options)
    write_json(out / DATA_FOLDER / NODES_NAME, content)
    group.check_shared(out / DATA_FOLDER)
    try:
        results = recipe.run(group=group)
    except StageError:
        if options.report:
            finish_with_report(out, ReportOptions(run_models=False))
        raise
    numbers = hand_over(plan, recipe, results, out, options.exports, options.masks)
    print_numbers(numbers, console)
    console.print(f'Labels, pictures and numbers: {out}', markup=False)
    if options.report:
        finish_with_report(out)
    return numbers


def _make_recipe(
    options: LabelPhotosOptions, out: Path, recipe: str | Path, data: str | Path, settings: dict[str, Any]
) -> Recipe:
    return Recipe(
        load_config(recipe, data=data),
        out / WORK_FOLDER,
        options.gpus,
        data,
        settings,
        keep_batch=options.keep_batch,
        place=options.place,
        amp=options.amp,
    )


def _follow(options: LabelPhotosOptions, group: NodeGroup) -> None:
    """Run the stages with node 0, which alone looks at the photos and writes the data set and the labels.

    Raises:
        ValueError: If node 0 stops, or the output folder is not the same on all nodes; one line.
    """
    out = Path(options.out).resolve()
    group.check_shared(out / DATA_FOLDER)
    plan = read_json_object(out / DATA_FOLDER / NODES_NAME)
    _make_recipe(options, out, plan['recipe'], plan['data'], plan['options']).run(group=group)


def check_exports(exports: Sequence[str], photos: Path, out: Path) -> None:
    """Check before the long work what the exports would find after it.

    Raises:
        ValueError: If a format is not known, or would be written among the photos; one line.
    """
    if unknown := [name for name in exports if name not in EXPORTS]:
        raise ValueError(f'There is no export {unknown[0]!r}: choose among {", ".join(EXPORTS)}')
    if exports and photos.resolve() in out.parents:
        raise ValueError(
            f'--out {out} is inside the folder of the photos, where exports are not written: choose another folder'
        )


def check_output(options: LabelPhotosOptions) -> Path:
    """Check the output folder, and what is to be written into it, without writing anything; return its whole path.

    Raises:
        ValueError: If it holds something else, cannot be written, or an export cannot be made; one line.
    """
    out = Path(options.out).resolve()
    check_exports(options.exports, Path(options.photos), out)
    with _report_unwritable_output(out):
        if out.is_dir() and any(out.iterdir()):
            if not (out / NOTE_NAME).is_file():
                raise ValueError(f'--out {out} is not empty and holds no earlier run: choose another folder')
            old = read_json_object(out / NOTE_NAME, 'name another folder').get('photos')
            if old != _describe_photos(options)['photos']:
                raise ValueError(f'--out {out} holds labels of {printable(old)}: name another folder')
        place = next(path for path in (out, *out.parents) if path.exists())
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return out


def open_output(options: LabelPhotosOptions) -> Path:
    """Make the output folder, or open that of an earlier call for the same photos.

    Raises:
        ValueError: See :func:`check_output`.
    """
    out = check_output(options)
    with _report_unwritable_output(out):
        write_json(out / NOTE_NAME, _describe_photos(options))
    return out


def _describe_photos(options: LabelPhotosOptions) -> dict[str, str]:
    return dict(photos=str(Path(options.photos).resolve()))


@contextmanager
def _report_unwritable_output(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ValueError(f'--out {out} cannot be written ({error.strerror}): name another folder') from None


def make_plan(options: LabelPhotosOptions, out: Path, console: Console | None = None) -> Plan:
    """Look at all photos, write the data set's file into ``OUT/data`` and plan the stages.

    Raises:
        FileNotFoundError, ValueError: If photos, tags, masks, recipe or weights do not fit.
    """
    photo_set = read_photo_set(
        options.photos,
        options.tags,
        options.classes,
        options.val,
        options.negatives,
        [path for path in (str(out), options.out, options.masks) if path and Path(path).is_dir()],
    )
    if console:
        for line in photo_set.warnings:
            console.print(f'warning: {line}', markup=False)
    check = check_photos(_list_photos(photo_set))
    if console:
        print_check(check, console)
    data_folder = out / DATA_FOLDER
    sources = {photo: photo_set.root / photo for photo in photo_set.tags}
    copies, faults = prepare_photos(sources, data_folder / 'photos', options.long_side)
    _report_faults(faults, len(sources))
    tags = {photo: names for photo, names in photo_set.tags.items() if photo in copies}
    masks = _choose_masks(options, copies, out, photo_set.classes, console)
    val = [photo for photo in photo_set.val if photo in copies]
    recipe, why = choose_recipe(options.recipe, len(tags))
    data = write_data_file(data_folder, data_folder / 'photos', photo_set.classes, tags, val, masks)
    with _explained_needs(recipe):
        chosen = _make_recipe(options, out, recipe, data, dict(options.options or {}))
        chosen.check_batches(chosen.stages)
    given = {**choose_weights(chosen.stages, options.weights), **(options.options or {})}
    megapixels = fmean(copy.pixels(options.long_side) for copy in copies.values()) / 1e6
    stages = plan_stages(chosen.stages, _count(tags, val), megapixels, chosen.processes, chosen.prefers_amp)
    lengths = {f'{stage.name}.iterations': stage.iterations for stage in stages if stage.iterations is not None}
    return Plan(photo_set, check, recipe, why, stages, {**lengths, **given}, copies, data)


def _choose_masks(
    options: LabelPhotosOptions,
    copies: Mapping[str, WorkingCopy],
    out: Path,
    classes: Sequence[str],
    console: Console | None,
) -> dict[str, str]:
    """Return the settings that name the true masks on which stages are measured.

    They are a part of the data set, so that stages which have begun keep those that they began with, or none: all would
    be made anew otherwise. The labels are measured at the end in any case.

    Raises:
        FileNotFoundError, ValueError: If masks are given that are not there, or are of no photo; one line.
    """
    given = _find_masks(options, copies, out / DATA_FOLDER, classes)
    data = out / DATA_FOLDER / DATA_NAME
    if not data.is_file() or not any((out / WORK_FOLDER).glob(f'*/{RECORD_NAME}')):
        return given
    begun_with = read_masks(data)
    if given and not begun_with and console:
        console.print(
            'This run has begun without true masks: they measure the labels at the end, but none of its stages (for '
            'these name another --out)',
            markup=False,
        )
    return given if given and begun_with else begun_with


def _find_masks(
    options: LabelPhotosOptions, copies: Mapping[str, WorkingCopy], folder: Path, classes: Sequence[str]
) -> dict[str, str]:
    """Return the settings of a data set that name the true masks; none where they are not given.

    Raises:
        FileNotFoundError, ValueError: If they are not there, or are of no photo; one line.
    """
    if not options.masks:
        return {}
    masks = find_masks(options.masks, copies, folder)
    if not find_true_masks(options.masks, copies, classes):
        first = next(iter(copies))
        raise ValueError(
            f'--masks {options.masks} holds no mask of any photo, such as of {first}: a folder holds a PNG of the same '
            'name and path for each photo, a COCO json names photos by their path below the folder'
        )
    return masks


def _count(tags: Mapping[str, Sequence[str]], val: Sequence[str]) -> dict[str, int]:
    """Return how many photos there are to learn from, of these with a tag, and to measure on."""
    held_out = set(val)
    return dict(
        train=len(tags) - len(held_out),
        tagged=sum(bool(names) for photo, names in tags.items() if photo not in held_out),
        val=len(held_out),
    )


@contextmanager
def _explained_needs(recipe: Path) -> Iterator[None]:
    """Name the recipe where it needs more than photos and tags.

    Raises:
        ValueError: In the place of one that names a file which the user has not written.
    """
    try:
        yield
    except MissingNameError as error:
        raise ValueError(
            f'recipe {recipe.stem} needs `{error.name}` of a data set, more than photos and their tags: choose '
            'another, or describe the data set in a file (configs/_base_/datasets/photos.py) for tools/pipeline.py'
        ) from None


def _list_photos(photo_set: PhotoSet) -> PhotoListing:
    held_out = set(photo_set.val)
    entries = [
        PhotoEntry(photo, str(photo_set.root / photo), tuple(names), 'val' if photo in held_out else 'train')
        for photo, names in photo_set.tags.items()
    ]
    return PhotoListing(photo_set.classes, entries, tags_without_photo=list(photo_set.unmatched))


def _report_faults(faults: Mapping[str, str], total: int) -> None:
    if len(faults) == total:
        raise ValueError(f'none of the {total} photos can be read (first: {next(iter(faults.values()))})')
    if faults:
        print_log(
            f'{len(faults)} of {total} photos cannot be read and are left out (first: {next(iter(faults.values()))})',
            'current',
            logging.WARNING,
        )


def hand_over(
    plan: Plan,
    recipe: Recipe,
    results: dict[str, Any],
    out: Path,
    exports: Sequence[str] = (),
    masks: str | None = None,
) -> dict[str, Any]:
    """Write the labels, at the photos' own sizes, the model and the pictures into the output folder.

    Returns:
        The numbers, which are written too.
    """
    names = [stage.name for stage in recipe.stages]
    labels = recipe.work_dir / next((name for name in LABEL_STAGES if name in names), names[-1])
    instances = {}
    if (labels / 'instances.json').is_file():
        instances = write_instances(labels / 'instances.json', out / 'instances.json', plan.copies)
    if (labels / 'semantic_masks').is_dir():
        write_semantic_masks(labels / 'semantic_masks', out / 'semantic_masks', plan.copies)
    _copy_model(recipe, out)
    for picture in recipe.work_dir.glob('*/*.png'):
        _copy(picture, out / picture.name)
    train = set(plan.photo_set.train)
    tags = {photo: names for photo, names in plan.photo_set.tags.items() if photo in train and photo in plan.copies}
    numbers = dict(labels=count_labels(instances, tags, plan.photo_set.classes), recipe=results)
    if masks:
        measured = measure_labels(instances, out / 'semantic_masks', masks, plan.copies, plan.photo_set.classes)
        numbers['masks'] = measured
    write_json(out / 'numbers.json', numbers)
    if exports and not instances:
        print_log(f'{plan.recipe.stem} makes no instances: nothing to export', 'current', logging.WARNING)
    for name in exports if instances else ():
        export_labels(name, out / 'instances.json', plan.photo_set.root, out / 'exports' / name)
    return numbers


def _copy_model(recipe: Recipe, out: Path) -> None:
    """Copy config and checkpoint of the network that is trained last: the detector, or the segmentation model."""
    trained = [stage for stage in recipe.stages if stage.action == 'train']
    if not trained:
        return
    source = recipe.work_dir / trained[-1].name
    checkpoint = find_latest_checkpoint(source)
    if checkpoint is None:
        return
    config_target, checkpoint_target = (out / name for name in HANDED_OVER)
    _copy(checkpoint, checkpoint_target)
    for config in source.glob('*.py'):
        text = complete_for_use(load_config(config)).pretty_text
        write_atomically(config_target, lambda file, text=text: file.write(text.encode()))


def complete_for_use(cfg: Config) -> Config:
    """Give a config of a training without val split what mmdet's and mmseg's inferencers read of the test."""
    if cfg.get('test_dataloader') is None and cfg.get('label_dataset') and cfg.get('test_pipeline'):
        dataset = dict(cfg.label_dataset, test_mode=True, pipeline=cfg.test_pipeline)
        cfg.test_dataloader = dict(batch_size=1, dataset=dataset)
    return cfg


def _copy(source: Path, target: Path) -> None:
    with open(source, 'rb') as content:
        write_atomically(target, lambda file: shutil.copyfileobj(content, file))
