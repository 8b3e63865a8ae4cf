"""The contact sheet of a run: for some photos a picture of every step from tags to instance masks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.progress import track

from ..apis.configs import load_config
from ..apis.launch import check_checkpoint_exists
from ..datasets import TagDataset
from ..structures import write_png
from ..visualization import (
    Legend,
    RowTitle,
    contact_sheet,
    distinct_colors,
    draw_boundary,
    draw_boundary_scale,
    draw_cams,
    draw_color_wheel,
    draw_displacement,
    draw_instances,
    match_colors,
    resize_photo,
)
from .photo_choice import choose_photos, find_separated
from .photo_results import (
    PhotoResults,
    build_photos,
    check_detector_classes,
    detect,
    load_model,
    open_instances,
    read_instances,
    read_truth,
    relate_photo,
)

TALLEST = 1.25
FULL_LENGTH_PERCENTILE = 97
WHEEL_DIAMETER = 104


@dataclass
class ContactSheetOptions:
    """What to draw, and from what.

    Attributes:
        irnet_config: Config of IRNet; its test dataset names the photos.
        irnet_checkpoint: Its checkpoint.
        cams: CAM store of these photos.
        pseudo_labels: Folder of the stage that made the pseudo labels (its ``instances`` store is read).
        boundary_labels: The same of the stage that left out displacement, or None.
        detector_config: Config of the detector, or None.
        detector_checkpoint: Its checkpoint.
        photos: How many photos to show.
        min_score: Detections have a higher score than this.
        tile_width: Of a picture, in pixels.
        irnet_options: Settings of the IRNet config to override.
        detector_options: The same of the detector config.
        data: File that describes the data set, instead of those of the configs.
    """

    irnet_config: str
    irnet_checkpoint: str
    cams: str
    pseudo_labels: str
    boundary_labels: str | None = None
    detector_config: str | None = None
    detector_checkpoint: str | None = None
    photos: int = 8
    min_score: float = 0.5
    tile_width: int = 220
    irnet_options: dict = field(default_factory=dict)
    detector_options: dict = field(default_factory=dict)
    data: str | None = None

    def __post_init__(self) -> None:
        if self.photos < 1:
            raise ValueError(f'--photos is the number of photos to show, 1 or more, not {self.photos}')
        if (self.detector_config is None) != (self.detector_checkpoint is None):
            raise ValueError('--detector-config and --detector-checkpoint go together: give both or neither')
        check_checkpoint_exists(self.irnet_checkpoint)
        check_checkpoint_exists(self.detector_checkpoint)


def make_contact_sheet(options: ContactSheetOptions, out: str | Path) -> Path:
    """Make the contact sheet and write it as PNG (atomically).

    Args:
        options: What to draw.
        out: The PNG file.

    Returns:
        The file.

    Raises:
        FileNotFoundError: If a config, checkpoint or store is missing.
        ValueError: If they do not fit together.
    """
    out = Path(out)
    if out.suffix.lower() != '.png':
        raise ValueError(f'--out {out} is not a PNG file: use a name that ends in .png')
    cfg = load_config(options.irnet_config, options.irnet_options, data=options.data)
    dataset = build_photos(cfg, cfg, options.irnet_config, cams=options.cams)
    classes = dataset.metainfo['classes']
    pseudo = open_instances(options.pseudo_labels, classes)
    merged = open_instances(options.boundary_labels, classes) if options.boundary_labels else None
    separated = {}
    if merged:
        names = [dataset.get_data_info(index)['img_id'] for index in range(len(dataset))]
        separated = find_separated(names, pseudo, merged, read_truth(dataset))
    chosen, marks = choose_photos(options.photos, len(dataset), separated)
    results = collect_results(options, cfg, dataset, chosen)
    for result in results:
        result.pseudo = read_instances(pseudo, result.name)
        result.merged = read_instances(merged, result.name) if merged else None
    picture = draw_sheet(results, [marks.get(index, '') for index in chosen], classes, options)
    write_png(out, picture)
    return out


def collect_results(
    options: ContactSheetOptions, cfg: Config, dataset: TagDataset, chosen: Sequence[int]
) -> list[PhotoResults]:
    """Run IRNet, and the detector if there is one, on the chosen photos."""
    # the pseudo labels come from their stores, only the maps are computed again: no walk, no clusters
    cfg.model.test_cfg = {**(cfg.model.get('test_cfg') or {}), 'boundary': False, 'displacement': False}
    model = load_model(cfg, options.irnet_checkpoint)
    detector = photos = None
    if options.detector_config:
        detector_cfg = load_config(options.detector_config, options.detector_options, data=options.data)
        photos = build_photos(cfg, detector_cfg, options.detector_config)
        detector = load_model(detector_cfg, options.detector_checkpoint)
        check_detector_classes(detector_cfg, dataset.metainfo['classes'], options.detector_config)
    results = []
    for index in show_progress(chosen):
        init_default_scope(cfg.get('default_scope', 'mmdet'))
        result = relate_photo(model, dataset[index])
        if detector is not None:
            init_default_scope(detector_cfg.get('default_scope', 'mmdet'))
            result.detected = detect(detector, photos[index], options.min_score)
        results.append(result)
    return results


def show_progress(photos: Sequence[int]) -> Iterator[int]:
    """Yield the photos under a progress bar in a terminal; elsewhere print a line each, for tools/pipeline.py."""
    if Console().is_terminal:
        yield from track(photos, 'Contact sheet')
        return
    for number, photo in enumerate(photos, 1):
        yield photo
        print(f'Iter(picture) [{number}/{len(photos)}]', flush=True)


def draw_sheet(
    results: Sequence[PhotoResults], marks: Sequence[str], classes: Sequence[str], options: ContactSheetOptions
) -> np.ndarray:
    """Draw the page; columns that no photo has are left out. Returns ``(H, W, 3)`` uint8 RGB."""
    lengths = np.concatenate([np.hypot(*result.displacement).ravel() for result in results])
    full_length = max(float(np.percentile(lengths, FULL_LENGTH_PERCENTILE)), 1e-6)
    drawn = [draw_tiles(result, classes, full_length, options.tile_width) for result in results]
    titles = dict(
        photo='Photo\nwith its tags',
        cams='CAM\nseed of the tags',
        boundary='Boundary\nlearnt by IRNet',
        displacement='Displacement\nlearnt by IRNet',
        merged='+ boundary\npseudo instances',
        pseudo='+ displacement\npseudo instances',
        truth='Ground truth\nfor comparison only',
        detected=f'Detector\nscore > {options.min_score:g}, no tags',
    )
    shown = [key for key in titles if any(key in tiles for tiles in drawn)]
    colors = distinct_colors(len(classes))
    row_titles = [
        RowTitle(result.name, [(classes[tag], colors[tag]) for tag in result.tags], mark)
        for result, mark in zip(results, marks)
    ]
    return contact_sheet(
        [[tiles.get(key) for key in shown] for tiles in drawn],
        [titles[key] for key in shown],
        row_titles,
        title='From tags to instance masks',
        subtitle=describe(options),
        legends=draw_legends(full_length),
        footer=write_notes(options, any(marks), 'truth' in shown),
    )


def draw_tiles(
    result: PhotoResults, classes: Sequence[str], full_length: float, tile_width: int
) -> dict[str, np.ndarray]:
    """Draw the pictures of a photo by the name of their column; an object has one colour in all of them."""
    height, width = result.photo.shape[:2]
    scale = min(tile_width / width, TALLEST * tile_width / height)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    photo = resize_photo(result.photo, size)
    tiles = dict(
        photo=photo,
        cams=draw_cams(photo, result.cams, result.cam_labels, distinct_colors(len(classes))),
        boundary=draw_boundary(result.boundary, size),
        displacement=draw_displacement(result.displacement, size, full_length),
    )
    reference = result.truth or result.pseudo
    for key in ('merged', 'pseudo', 'truth', 'detected'):
        instances = getattr(result, key)
        if instances is not None:
            numbers = match_colors(instances.masks, reference.masks)
            tiles[key] = draw_instances(photo, instances.masks, [classes[label] for label in instances.labels], numbers)
    return tiles


def describe(options: ContactSheetOptions) -> str:
    """Return the line that says which models drew."""
    used = [(options.irnet_config, options.irnet_checkpoint), (options.detector_config, options.detector_checkpoint)]
    return '   ·   '.join(f'{Path(config).stem} ({Path(checkpoint).name})' for config, checkpoint in used if config)


def draw_legends(full_length: float) -> list[Legend]:
    """Return the explanations below the rows."""
    return [
        Legend(
            draw_color_wheel(WHEEL_DIAMETER),
            'Displacement',
            'From each pixel to the middle of its object. The hue is the direction, as from the middle of this wheel '
            f'to its rim; white is no displacement, full colour is {full_length:.0f} pixels of the photo or more.',
        ),
        Legend(
            draw_boundary_scale(WHEEL_DIAMETER, 22),
            'Boundary',
            'Probability of a class boundary from 0 (white) to 1 (dark): the random walk that spreads the CAMs '
            'does not cross it.',
        ),
        Legend(
            _draw_class_scale(WHEEL_DIAMETER, 22),
            'CAM and instances',
            'CAMs have the colour of their class (see the tags), with lines at 1/4, 1/2 and 3/4 of the maximum. '
            'Instances have a colour each, the same one for an object in all columns.',
        ),
    ]


def _draw_class_scale(width: int, height: int) -> np.ndarray:
    ramp = np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))[None]
    grey = np.full((height, width, 3), 128, np.uint8)
    return draw_cams(grey, ramp, np.array([0]))


def write_notes(options: ContactSheetOptions, has_marks: bool, has_truth: bool) -> str:
    """Return the lines at the end of the page: how the photos were chosen, and in which mode models saw them."""
    chosen = 'photos evenly spaced over the split that labels are made for'
    if has_marks:
        by = 'more true objects found, IoU >= 0.5' if has_truth else 'instances split most evenly, no ground truth'
        chosen = (
            f'without a bar, {chosen}; with a bar, those where displacement gains most over the boundary alone '
            f'({by}), which is what it can do, not what it does on average'
        )
    modes = 'CAMs and pseudo instances use the tags of the photo (mode pseudo_label).'
    if options.detector_config:
        modes += (
            ' The detector sees no tags (mode predict); these photos are of the split that labels are made for, '
            'not held-out ones.'
        )
    return f'Rows: {chosen}.\n{modes}'
