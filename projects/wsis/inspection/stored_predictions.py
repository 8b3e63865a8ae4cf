"""Predictions that lie in files, put into the data samples of their photos."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from mmdet.structures import DetDataSample
from mmengine.structures import PixelData

from ..datasets.coco_instances import match_categories
from ..evaluation.writers import CAMWriter, InstanceWriter, PeakWriter, SemanticMaskWriter
from ..evaluation.writers.instance_writer import COCO_FILE, pack_instances
from ..evaluation.writers.prediction_writer import MASK_FOLDER
from ..structures import MANIFEST_NAME, read_given_json, report_damaged
from ..structures.coco_json import report_broken_coco
from ..structures.instance_file import check_instance
from ..structures.masks import read_index_png
from ..structures.pseudo_label_store import read_manifest

Reader = Callable[[DetDataSample], None]
STORES = dict(cams=CAMWriter, peaks=PeakWriter, instances=InstanceWriter, semantic_masks=SemanticMaskWriter)


def find_predictions(path: str | Path, classes: Sequence[str]) -> list[Reader]:
    """Find the predictions that a file or folder holds.

    Args:
        path: ``instances.json`` (COCO, RLE, with scores), a folder of class maps (PNG by the id of the photo), a store,
            or a folder that has some of them: what ``tools/test.py --out`` wrote, or the folder of a stage.
        classes: The class list.

    Returns:
        Functions that put what they find of a photo into its sample: ``pred_instances``, ``pred_sem_seg``,
        ``pred_cams`` with ``pred_scores``, or ``pred_peaks``.

    Raises:
        FileNotFoundError: If there is nothing.
        ValueError: If a store or json is of another class list, or not complete; one line.
    """
    path = Path(path)
    if path.is_file():
        return [read_coco_predictions(path, classes)]
    if (path / MANIFEST_NAME).is_file():
        return [_open_store(path, classes)]
    readers = [_open_store(path / name, classes) for name in STORES if (path / name / MANIFEST_NAME).is_file()]
    if (path / COCO_FILE).is_file() and not (path / 'instances' / MANIFEST_NAME).is_file():
        readers.append(read_coco_predictions(path / COCO_FILE, classes))
    if (path / MASK_FOLDER).is_dir() and not (path / MASK_FOLDER / MANIFEST_NAME).is_file():
        readers.append(_open_maps(path / MASK_FOLDER))
    if not readers and path.is_dir() and next(path.rglob('*.png'), None):
        readers.append(_open_maps(path))
    if not readers:
        raise FileNotFoundError(
            f'{path} holds no predictions: name a COCO json with scores, a folder of class maps (PNG), what '
            'tools/test.py --out wrote, or the folder of a stage'
        )
    return readers


def _open_store(folder: Path, classes: Sequence[str]) -> Reader:
    """Return a function that reads the file of a photo in a store."""
    artifact = read_manifest(folder / MANIFEST_NAME)['artifact']
    if artifact == 'inter_pixel_labels':
        writer = SemanticMaskWriter(artifact, str(folder))
    elif artifact in STORES:
        writer = STORES[artifact](out_dir=str(folder))
    else:
        raise ValueError(f'{folder} is no store of predictions: its {MANIFEST_NAME} names {artifact!r}')
    writer.dataset_meta = dict(classes=list(classes))
    store = writer.locate(folder.parent)
    store.check_readable(classes)

    def read(sample: DetDataSample) -> None:
        if sample.img_id not in store:
            raise store.missing_file_error(sample.img_id)
        writer.load(sample)

    return read


def _open_maps(folder: Path) -> Reader:
    """Return a function that reads the class map of a photo."""

    def read(sample: DetDataSample) -> None:
        file = folder / f'{sample.img_id}.png'
        if not file.is_file():
            raise FileNotFoundError(f'{folder} has no class map {sample.img_id}.png: it was made for other photos')
        sample.pred_sem_seg = PixelData(data=torch.from_numpy(read_index_png(file))[None])

    return read


def read_coco_predictions(path: str | Path, classes: Sequence[str]) -> Reader:
    """Return a function that gives a photo the instances of a COCO json; a photo without any must be among its images.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is no whole COCO json with scores and RLE, or names an unknown class; one line.
    """
    content = read_given_json(path)
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} has no images and categories: give a whole COCO json, as tools/test.py --out writes it'
        )
    with report_broken_coco(path):
        labels = match_categories(content['categories'], classes)
        if unknown := [entry['name'] for entry in content['categories'] if labels[entry['id']] is None]:
            raise ValueError(f'{path}: category {unknown[0]!r} is not in the class list ({", ".join(classes)})')
        names = {image['id']: image['file_name'] for image in content['images']}
        found: dict[str, list[dict]] = defaultdict(list, {name: [] for name in names.values()})
        for number, entry in enumerate(content['annotations']):
            instance = dict(label=labels[entry['category_id']], score=entry['score'], mask=entry['segmentation'])
            if isinstance(instance['mask'], list):
                raise ValueError(f'{path}: masks are polygons: give RLE, as tools/test.py --out writes it')
            with report_damaged(path, 'correct it'):
                check_instance(instance, f'annotations[{number}]')
            found[names[entry['image_id']]].append(instance)

    def read(sample: DetDataSample) -> None:
        if sample.file_name not in found:
            raise ValueError(f'{path} does not name {sample.file_name}: it was made for other photos')
        sample.pred_instances = pack_instances(found[sample.file_name])

    return read
