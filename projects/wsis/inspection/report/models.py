"""Running the models of a run on its photos: what the page shows and the run itself did not keep.

What they say is kept in stores below ``WORK_DIR/report``, so that a second report of the same weights is quick.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from torch import nn

from ...apis.configs import load_config
from ...apis.devices import MOST_SHARING, available_cores
from ...apis.inference.inferencer import WSISInferencer
from ...apis.inference.results import sample_to_dict
from ...datasets import TagDataset
from ...structures import PseudoLabelStore, hash_file, write_json
from ...structures.index_png import write_index_png
from ..parallel import map_jobs
from ..photo_results import build_photos, find_test_pipeline, load_model, relate_photo
from .sources import Labels, Model, Sources

MAPS, MAPS_ENDING = 'irnet_maps', '.npz'
# longer side of what is stored, in pixels: displacements are smooth
BOUNDARY_SIDE, DISPLACEMENT_SIDE = 200, 100

Infos = Sequence[Mapping[str, Any]]
# the one model that a process has loaded, by its files
_loaded: dict[tuple[str, ...], Any] = {}


def predict_photos(sources: Sources, photos: Infos, folder: Path, processes: int | None = None) -> Labels:
    """Run the last model of a run on photos; it sees no tags.

    Args:
        sources: Of the run; ``predictor`` is the model.
        photos: What the data set says of each.
        folder: Where the stores go.
        processes: As of :func:`~projects.wsis.inspection.parallel.map_jobs`.

    Returns:
        The stores.
    """
    model = sources.predictor
    instances = PseudoLabelStore(folder / 'instances', 'instances', '.json')
    maps = PseudoLabelStore(folder / 'semantic_masks', 'semantic_masks', '.png')
    for store in (instances, maps):
        _start(store, model, sources.classes)
    missing = [info for info in photos if not (info['img_id'] in instances or info['img_id'] in maps)]
    jobs = [(model, info['img_path']) for info in missing]
    for info, (found, min_score) in zip(missing, _run_on_photos(_predict_photo, jobs, processes, model.stage)):
        _write_prediction(found, info, min_score, instances, maps)
    return Labels(model.stage, instances, maps)


def _predict_photo(job: tuple[Model, str]) -> tuple[dict[str, Any], float]:
    """Return what a model says of the photo in a file, and the score from which on it counts."""
    model, path = job
    inferencer = _keep_loaded(
        (model.config, model.checkpoint),
        lambda: WSISInferencer(model.config, model.checkpoint, show_progress=False),
    )
    ((image, sample, _),) = inferencer.iterate([path])
    return sample_to_dict(image.name, sample), inferencer.min_score


def _write_prediction(
    found: Mapping[str, Any],
    info: Mapping[str, Any],
    min_score: float,
    instances: PseudoLabelStore,
    maps: PseudoLabelStore,
) -> None:
    if 'sem_seg' in found:
        write_index_png(maps.path_of(info['img_id']), found['sem_seg'])
        maps.note(info['img_id'])
    if 'masks' in found:
        keys = ('label', 'score', 'mask')
        entries = [dict(zip(keys, values)) for values in zip(found['labels'], found['scores'], found['masks'])]
        height, width = found['size']
        kept = [entry for entry in entries if entry['score'] >= min_score]
        content = dict(file_name=info['file_name'], height=height, width=width, instances=kept)
        write_json(instances.path_of(info['img_id']), content, indent=None)
        instances.note(info['img_id'])


def relate_photos(sources: Sources, photos: Infos, folder: Path, processes: int | None = None) -> PseudoLabelStore:
    """Run IRNet on photos for its boundaries and displacements, without making labels of them.

    Args:
        sources: Of the run; ``irnet`` is the model and ``cams`` are the CAMs.
        photos: What the data set says of each.
        folder: Where the store goes.
        processes: As of :func:`~projects.wsis.inspection.parallel.map_jobs`.

    Returns:
        The store: of each photo ``boundary`` (h, w) uint8, 255 for 1, and ``displacement`` (2: y, x; h, w) float16 in
        pixels of the photo, both reduced.

    Raises:
        ValueError: If the photos are of another size than their CAMs.
    """
    store = PseudoLabelStore(folder / MAPS, MAPS, MAPS_ENDING)
    _start(store, sources.irnet, sources.classes)
    missing = [info['img_id'] for info in photos if info['img_id'] not in store]
    jobs = [(sources, photo) for photo in missing]
    for photo, maps in zip(missing, _run_on_photos(_relate_photo, jobs, processes, sources.irnet.stage)):
        store.write_arrays(photo, **maps)
        store.note(photo)
    return store


def _relate_photo(job: tuple[Sources, str]) -> dict[str, np.ndarray]:
    """Return the reduced maps of a photo."""
    sources, photo = job
    model = sources.irnet
    network, dataset, places = _keep_loaded(
        (model.config, model.checkpoint, str(sources.cams.root)), lambda: _load_irnet(sources)
    )
    found = relate_photo(network, dataset[places[photo]])
    (boundary,) = _reduce(found.boundary, BOUNDARY_SIDE)
    strength = np.rint(255 * np.clip(boundary, 0, 1)).astype(np.uint8)
    return dict(boundary=strength, displacement=_reduce(found.displacement, DISPLACEMENT_SIDE).astype(np.float16))


def _load_irnet(sources: Sources) -> tuple[nn.Module, TagDataset, dict[str, int]]:
    """Return the network, its photos with their CAMs, and the place of each among them."""
    cfg = _read_irnet_config(sources)
    dataset = build_photos(cfg, cfg, sources.irnet.config, cams=str(sources.cams.root))
    places = {dataset.get_data_info(index)['img_id']: index for index in range(len(dataset))}
    return load_model(cfg, sources.irnet.checkpoint), dataset, places


def _read_irnet_config(sources: Sources) -> Config:
    """Return IRNet's config for the photos of the report, so that it makes its maps alone: no walk, no clusters."""
    cfg = load_config(sources.irnet.config)
    cfg.model.test_cfg = {**(cfg.model.get('test_cfg') or {}), 'boundary': False, 'displacement': False}
    cfg.test_dataloader.dataset = dict(sources.settings, pipeline=find_test_pipeline(cfg), test_mode=True)
    return cfg


def _reduce(maps: np.ndarray, side: int) -> np.ndarray:
    """Reduce maps (C, H, W) to at most ``side`` pixels on their longer side."""
    height, width = maps.shape[1:]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))  # OpenCV's order
    return np.stack([cv2.resize(channel, size, interpolation=cv2.INTER_AREA) for channel in maps])


def _start(store: PseudoLabelStore, model: Model, classes: Sequence[str]) -> None:
    """Open a store; what other weights have said, or the same with another config, is removed."""
    lineage = dict(weights=model.weights_hash or hash_file(model.checkpoint), config=hash_file(model.config))
    store.start(lineage, classes)


def _run_on_photos(function: Callable, jobs: Sequence, processes: int | None, stage: str) -> Iterator:
    """Yield what a function says of each job, with a bar.

    On a CPU processes share them, as one leaves cores idle; not more than label making has, since each loads the model.
    """
    processes = processes if get_device() == 'cpu' else 1
    yield from map_jobs(function, jobs, processes, f'report: {stage}', MOST_SHARING)
    _loaded.clear()


def _keep_loaded(key: tuple[str, ...], load: Callable[[], Any]) -> Any:
    """Return what is loaded under a key in this process, which keeps one thing."""
    if key not in _loaded:
        _loaded.clear()
        if multiprocessing.parent_process() is not None:
            torch.set_num_threads(max(1, available_cores() // MOST_SHARING))  # others share the cores
        with redirect_stdout(None):  # each process would tell what mmdet cannot import, and what is loaded
            _loaded[key] = load()
    return _loaded[key]
