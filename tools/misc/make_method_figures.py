"""Draw the figures of the method pages from finished runs on the demo set (docs/studies/figures.md makes the runs).

Example:
    python tools/misc/make_method_figures.py work_dirs/demo work_dirs/figures --out docs/images/methods
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import cv2  # noqa: E402
import numpy as np  # noqa: E402
import repository_path  # noqa: E402, F401  makes projects.wsis importable
from mmengine.dataset import BaseDataset  # noqa: E402
from mmengine.registry import DATASETS, init_default_scope  # noqa: E402
from PIL import Image  # noqa: E402
from tqdm import tqdm  # noqa: E402

from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.engine.dataset_settings import innermost_dataset  # noqa: E402
from projects.wsis.inspection.contact_sheet import ContactSheetOptions, collect_results  # noqa: E402
from projects.wsis.inspection.photo_results import (  # noqa: E402
    Instances,
    PhotoResults,
    build_photos,
    detect,
    load_model,
    open_instances,
    read_instances,
)
from projects.wsis.inspection.targets import TargetSettings, draw_labels, draw_targets  # noqa: E402
from projects.wsis.structures import PseudoLabelStore, decode_photo, write_atomically  # noqa: E402
from projects.wsis.structures.cam_file import DRAWN, read_cams  # noqa: E402
from projects.wsis.structures.masks import (
    decode_masks,  # noqa: E402
    read_index_png,  # noqa: E402
)
from projects.wsis.structures.point_file import read_points  # noqa: E402
from projects.wsis.visualization import (  # noqa: E402
    RowTitle,
    contact_sheet,
    distinct_colors,
    draw_boundary,
    draw_cams,
    draw_displacement,
    draw_instances,
    draw_points,
    match_colors,
    resize_photo,
)

IRNET = 'configs/irnet/irnet_r18_20e_demo.py'
DETECTOR = 'configs/mask_rcnn/mask-rcnn_r18_6e_demo.py'
BESTIE = 'configs/bestie/bestie_r18_18e_demo.py'
PHOTOS = ('demo_000006', 'demo_000013')
VAL_PHOTOS = ('demo_000325', 'demo_000340')
LONG_SIDE = 200  # of a picture
JPEG_QUALITY = 75
MIN_SCORE = 0.5
FULL_LENGTH = 24  # pixels of displacement that have the full colour

Column = tuple[str, Callable[['Photo'], np.ndarray]]


@dataclass
class Photo:
    """A photo of the demo set, what IRNet gives for it, and its picture ``(H, W, 3)`` uint8 RGB."""

    result: PhotoResults
    picture: np.ndarray
    classes: Sequence[str]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of its pictures."""
        return self.picture.shape[:2]


def enlarge(photo: np.ndarray) -> np.ndarray:
    """Scale a photo so that its longer side has the length of a picture."""
    scale = LONG_SIDE / max(photo.shape[:2])
    return resize_photo(photo, (round(photo.shape[0] * scale), round(photo.shape[1] * scale)))


def draw_store_cams(photo: Photo, folder: Path) -> np.ndarray:
    """Draw the CAMs that a store holds of a photo."""
    arrays = read_cams(PseudoLabelStore(folder, 'cams', '.npz'), photo.result.name, DRAWN)
    return draw_cams(photo.picture, arrays['cams'], arrays['labels'], distinct_colors(len(photo.classes)))


def draw_label_file(photo: Photo, folder: Path) -> np.ndarray:
    """Draw a label map; unsure pixels are pale."""
    labels = read_index_png(folder / f'{photo.result.name}.png')
    labels = cv2.resize(labels, photo.size[::-1], interpolation=cv2.INTER_NEAREST)
    return draw_labels(photo.picture, labels, photo.classes)


def draw_saliency(photo: Photo, folder: Path) -> np.ndarray:
    """Draw a saliency map."""
    return resize_photo(np.array(Image.open(folder / f'{photo.result.name}.png').convert('RGB')), photo.size)


def draw_masks(photo: Photo, instances: Instances) -> np.ndarray:
    """Draw instances; an object has the colour that it has among the true instances."""
    numbers = match_colors(instances.masks, photo.result.truth.masks)
    return draw_instances(photo.picture, instances.masks, [photo.classes[i] for i in instances.labels], numbers)


def draw_stored_instances(photo: Photo, folder: Path) -> np.ndarray:
    """Draw the pseudo instances that a stage wrote of a photo."""
    return draw_masks(photo, read_instances(open_instances(folder, photo.classes), photo.result.name))


def draw_point_file(photo: Photo, file: Path) -> np.ndarray:
    """Draw the points of a file that BESTIE would learn from."""
    points = [p for p in read_points(file, photo.classes).get(photo.result.name, ()) if p.score >= MIN_SCORE]
    scale = np.array(photo.size) / photo.result.photo.shape[:2]
    places = np.array([(p.y, p.x) for p in points]).reshape(-1, 2) * scale
    return draw_points(photo.picture, places, np.array([p.label for p in points], np.int64))


def draw_components(photo: Photo, masks: Path, points: Path, title: str) -> np.ndarray:
    """Draw one of the targets of BESTIE, as its training pipeline makes them without augmentation."""
    cfg = load_config(BESTIE)
    init_default_scope(cfg.default_scope)
    settings = innermost_dataset(cfg.train_dataloader.dataset)
    kept = ('LoadPhoto', 'LoadSemanticMasks', 'LoadPoints', 'GenerateInstancePseudoLabels', 'PackTagInputs')
    settings.pipeline = [step for step in settings.pipeline if step.type in kept]
    settings.data_prefix.semantic_masks, settings.points_file = str(masks), str(points)
    dataset = DATASETS.build(settings)
    sample = dataset[find_photos(dataset, [photo.result.name])[0]]['data_samples']
    pictures = dict(draw_targets(photo.result.photo, sample, photo.classes, TargetSettings.from_config(cfg)))
    return resize_photo(pictures[title], photo.size)


def list_figures(demo: Path, runs: Path) -> dict[str, list[Column]]:
    """Return the columns of each figure: their titles and what draws them."""
    photo = ('image', lambda photo: photo.picture)
    truth = ('true instances', lambda photo: draw_masks(photo, photo.result.truth))
    true_map = ('true mask', partial(draw_label_file, folder=Path('data/demo/SegmentationClass')))
    cams = ('CAMs', partial(draw_store_cams, folder=demo / 'cams/cams'))
    pseudo_map = partial(draw_label_file, folder=demo / 'pseudo_labels/semantic_masks')
    targets = partial(draw_components, masks=demo / 'pseudo_labels/semantic_masks', points=runs / 'points.json')
    return dict(
        cam=[photo, cams, truth],
        eps=[
            photo,
            ('saliency map', partial(draw_saliency, folder=Path('data/demo/saliency'))),
            truth,
        ],
        affinitynet=[
            photo,
            cams,
            ('affinity labels', partial(draw_label_file, folder=runs / 'affinity_labels/inter_pixel_labels')),
            ('pseudo mask', partial(draw_label_file, folder=runs / 'affinitynet_labels/semantic_masks')),
            true_map,
        ],
        irnet=[
            photo,
            cams,
            ('labels', partial(draw_label_file, folder=demo / 'inter_pixel_labels/inter_pixel_labels')),
            ('boundary', lambda photo: draw_boundary(photo.result.boundary, photo.size)),
            ('displacement', lambda photo: draw_displacement(photo.result.displacement, photo.size, FULL_LENGTH)),
            ('pseudo instances', partial(draw_stored_instances, folder=demo / 'pseudo_labels')),
            truth,
        ],
        deeplab=[photo, ('pseudo mask of IRNet', pseudo_map), true_map],
        pam=[photo, ('peaks', partial(draw_point_file, file=runs / 'peaks/peaks.json')), truth],
        bestie=[
            photo,
            ('semantic map', pseudo_map),
            ('given points', partial(draw_point_file, file=runs / 'points.json')),
            ('pseudo instances', partial(targets, title='pseudo instances\nwith their weights')),
            ('centre maps', partial(targets, title='centre maps')),
            truth,
        ],
    )


def read_training_photos(demo: Path, names: Sequence[str]) -> list[Photo]:
    """Read photos that labels are made for, and run IRNet on them."""
    cfg = load_config(IRNET)
    options = ContactSheetOptions(
        IRNET, str(demo / 'irnet/epoch_20.pth'), str(demo / 'cams/cams'), str(demo / 'pseudo_labels')
    )
    dataset = build_photos(cfg, cfg, IRNET, cams=options.cams)
    results = collect_results(options, cfg, dataset, find_photos(dataset, names))
    return [Photo(result, enlarge(result.photo), dataset.metainfo['classes']) for result in results]


def read_val_photos(demo: Path, names: Sequence[str]) -> list[Photo]:
    """Read photos of val, and run Mask R-CNN on them, which has not learnt from them."""
    cfg = load_config(DETECTOR)
    init_default_scope(cfg.default_scope)
    dataset = DATASETS.build(innermost_dataset(cfg.test_dataloader.dataset))
    detector = load_model(cfg, str(demo / 'mask_rcnn/epoch_6.pth'))
    classes, photos = dataset.metainfo['classes'], []
    for index in find_photos(dataset, names):
        info, item = dataset.get_data_info(index), dataset[index]
        picture = cv2.cvtColor(decode_photo(info['img_path']), cv2.COLOR_BGR2RGB)
        found = item['data_samples'].instances
        truth = Instances(
            decode_masks([entry['mask'] for entry in found], picture.shape[:2]),
            np.array([entry['bbox_label'] for entry in found]),
        )
        nothing = dict.fromkeys(('cams', 'cam_labels', 'boundary', 'displacement'))
        detected = detect(detector, item, MIN_SCORE)
        result = PhotoResults(info['img_id'], picture, [], **nothing, truth=truth, detected=detected)
        photos.append(Photo(result, enlarge(picture), classes))
    return photos


def find_photos(dataset: BaseDataset, names: Sequence[str]) -> list[int]:
    """Return the places of photos in a data set."""
    known = [dataset.get_data_info(index)['img_id'] for index in range(len(dataset))]
    return [known.index(name) for name in names]


def write_figure(file: Path, photos: Sequence[Photo], columns: Sequence[Column]) -> None:
    """Draw a figure, a row for each photo, and write it as JPEG."""
    rows = [[draw(photo) for _, draw in columns] for photo in photos]
    captions = []
    for photo in photos:
        colors = distinct_colors(len(photo.classes))
        tags = [(photo.classes[tag], colors[tag]) for tag in photo.result.tags]
        captions.append(RowTitle(photo.result.name, tags))
    page = Image.fromarray(contact_sheet(rows, [title for title, _ in columns], captions))
    write_atomically(file, partial(page.save, format='JPEG', quality=JPEG_QUALITY, optimize=True))


def main() -> None:
    """Draw the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('demo', type=Path, help='work dir of `make demo`')
    parser.add_argument('runs', type=Path, help='work dir of the short runs of the other methods')
    parser.add_argument('--out', type=Path, required=True, help='folder for the JPEG files')
    parser.add_argument('--photos', nargs='+', default=PHOTOS, help='images of train, one per row')
    parser.add_argument('--val-photos', nargs='+', default=VAL_PHOTOS, help='images of val, for Mask R-CNN')
    arguments = parser.parse_args()
    with report_errors():
        photos = read_training_photos(arguments.demo, arguments.photos)
        for name, columns in tqdm(list_figures(arguments.demo, arguments.runs).items(), unit='figure', disable=None):
            write_figure(arguments.out / f'{name}.jpg', photos, columns)
        columns = [
            ('val image', lambda photo: photo.picture),
            ('Mask R-CNN', lambda photo: draw_masks(photo, photo.result.detected)),
            ('true instances', lambda photo: draw_masks(photo, photo.result.truth)),
        ]
        write_figure(arguments.out / 'mask_rcnn.jpg', read_val_photos(arguments.demo, arguments.val_photos), columns)
    print(f'Figures: {arguments.out.resolve()}')


if __name__ == '__main__':
    main()
