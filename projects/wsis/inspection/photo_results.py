"""The results of a run for single photos: running models and reading stores."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.device import get_device
from mmengine.registry import DATASETS, MODELS, init_default_scope

from ..apis.devices import setup_environment_for_launch
from ..datasets import TagDataset
from ..datasets.transforms import LoadEvaluationMasks
from ..engine import load_checkpoint_safely, safe_loading
from ..engine.checkpoint_match import find_unmatched_parameters
from ..engine.dataset_settings import find_named_classes, innermost_dataset
from ..structures import PseudoLabelStore
from ..structures.instance_file import read_instance_file
from ..structures.masks import decode_masks
from ..visualization import enlarge_map


@dataclass
class Instances:
    """Instances of a photo: ``masks`` (N, H, W) bool, ``labels`` (N,) 0-based class ids."""

    masks: np.ndarray
    labels: np.ndarray


@dataclass
class PhotoResults:
    """The results of all steps for one photo; None where a step is left out or there are no masks.

    Attributes:
        name: Id of the photo.
        photo: ``(H, W, 3)`` uint8 RGB.
        tags: 0-based class ids.
        cams: ``(K, H, W)`` in [0, 1].
        cam_labels: ``(K,)`` class ids of them.
        boundary: ``(1, H, W)`` in [0, 1].
        displacement: ``(2, H, W)`` (y, x), in pixels of the photo.
        merged: Pseudo instances without displacement.
        pseudo: Pseudo instances.
        truth: True instances.
        detected: Detector output.
    """

    name: str
    photo: np.ndarray
    tags: list[int]
    cams: np.ndarray
    cam_labels: np.ndarray
    boundary: np.ndarray
    displacement: np.ndarray
    merged: Instances | None = None
    pseudo: Instances | None = None
    truth: Instances | None = None
    detected: Instances | None = None


def build_photos(cfg: Config, pipeline_cfg: Config, source: str, cams: str | None = None) -> TagDataset:
    """Build the dataset of the photos that labels are made for.

    Args:
        cfg: IRNet's config, whose test dataset it is.
        pipeline_cfg: Config whose test pipeline prepares the photos.
        source: File of the latter, for messages.
        cams: CAM store to read, or None.

    Raises:
        ValueError: If a config has no test dataset.
    """
    if not cfg.get('test_dataloader') or (pipeline := find_test_pipeline(pipeline_cfg)) is None:
        raise ValueError(f'config {source} has no test_dataloader with a dataset and its pipeline')
    init_default_scope(pipeline_cfg.get('default_scope', 'mmdet'))
    settings = deepcopy(innermost_dataset(cfg.test_dataloader.dataset))
    settings.pipeline = deepcopy(pipeline)
    prefix = dict(settings.get('data_prefix') or {})
    prefix.pop('cams', None)
    settings.data_prefix = {**prefix, **({'cams': str(cams)} if cams else {})}
    if cams is None:
        settings.mode = 'predict'
    dataset = DATASETS.build(settings)
    if not isinstance(dataset, TagDataset):
        raise ValueError(
            f'the test dataset of {source} is a {type(dataset).__name__}: the contact sheet needs a TagDataset'
        )
    return dataset


def read_truth(dataset: TagDataset) -> list[list[dict] | None]:
    """Read the true instances of all photos of a dataset, ``dict(bbox_label=, mask=COCO RLE, ...)`` each; None for a
    photo without masks (and for all where the dataset does not name them)."""
    load_masks = LoadEvaluationMasks()
    return [load_masks(dataset.get_data_info(index)).get('instances') for index in range(len(dataset))]


def find_test_pipeline(cfg: Config) -> list[dict] | None:
    """Return the test pipeline of a config, also where its data set has no photos to test on; None without one."""
    if cfg.get('test_dataloader'):
        return innermost_dataset(cfg.test_dataloader.dataset).get('pipeline')
    return cfg.get('test_pipeline')


def check_detector_classes(cfg: Config, classes: Sequence[str], source: str) -> None:
    """Raise ValueError when the detector's config names other classes than the photos have."""
    loader = cfg.get('test_dataloader') or cfg.train_dataloader
    named = find_named_classes(loader.dataset)
    if named is not None and named != list(classes):
        raise ValueError(
            f'{source} is for the classes {", ".join(named)}, but the photos have {", ".join(classes)}: '
            'name the detector that was trained on these pseudo labels'
        )


def load_model(cfg: Config, checkpoint: str) -> torch.nn.Module:
    """Build a config's model with the weights of a checkpoint, ready to predict on the device of this machine.

    Raises:
        ValueError: If the checkpoint is of another model, or holds anything but plain data.
    """
    setup_environment_for_launch(cfg)
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    with safe_loading():  # a model may load another while it is built
        model = MODELS.build(cfg.model)
    content = load_checkpoint_safely(checkpoint)
    weights = content.get('state_dict', content) if isinstance(content, dict) else {}
    missing, misshapen = find_unmatched_parameters(model, weights)
    if missing or misshapen:
        reason = f'no weights for {missing[0]}' if missing else f'another shape of {misshapen[0]}'
        raise ValueError(
            f'checkpoint {checkpoint} is not of the model {type(model).__name__} of {cfg.filename} '
            f'({reason}): name the checkpoint that was trained with this config'
        )
    return model.to(get_device()).eval()


@torch.no_grad()
def relate_photo(model: torch.nn.Module, item: dict) -> PhotoResults:
    """Run IRNet on one photo and collect its maps, at the photo's size."""
    photo = np.ascontiguousarray(item['inputs'].numpy()[::-1].transpose(1, 2, 0))  # BGR to RGB
    sample = item['data_samples']
    name, size = sample.img_id, tuple(sample.ori_shape)
    if photo.shape[:2] != size:
        raise ValueError(f'photo {name}: the test pipeline of IRNet must not resize ({photo.shape[:2]} of {size})')
    cams, labels = sample.cams.cams, sample.cams.labels.numpy()
    truth = sample.get('instances')
    predicted = model.test_step(pseudo_collate([item]))[0]
    stride = model.neck.stride
    return PhotoResults(
        name=name,
        photo=photo,
        tags=list(sample.tags),
        cams=enlarge_map(cams, size),
        cam_labels=labels,
        boundary=enlarge_map(predicted.boundary, size),
        displacement=stride * enlarge_map(predicted.displacement, size),
        truth=None
        if truth is None
        else Instances(
            decode_masks([instance['mask'] for instance in truth], size),
            np.array([instance['bbox_label'] for instance in truth], np.int64),
        ),
    )


@torch.no_grad()
def detect(detector: torch.nn.Module, item: dict, min_score: float) -> Instances:
    """Run a detector on one photo; its instances over ``min_score``, best first."""
    found = detector.test_step(pseudo_collate([item]))[0].pred_instances
    if 'masks' not in found:
        raise ValueError(f'{type(detector).__name__} predicts no masks: name an instance segmentor')
    found = found[found.scores > min_score]
    return Instances(found.masks.cpu().numpy().astype(bool), found.labels.cpu().numpy())


def open_instances(folder: str | Path, classes: Sequence[str]) -> PseudoLabelStore:
    """Open the instance store of a stage's folder.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is incomplete, or of other classes.
    """
    store = PseudoLabelStore(Path(folder) / 'instances', 'instances', '.json')
    store.check_readable(classes)
    return store


def read_encoded_instances(store: PseudoLabelStore, photo: str) -> tuple[list[dict], tuple[int, int]]:
    """Read the pseudo instances of a photo that a detector would be trained on (those with a score over 0).

    Returns:
        ``dict(label=, score=, mask=COCO RLE)`` of each, and the photo's ``(H, W)``.
    """
    if photo not in store:
        raise store.missing_file_error(photo)
    content = read_instance_file(store.path_of(photo))
    kept = [instance for instance in content['instances'] if instance['score'] > 0]
    return kept, (content['height'], content['width'])


def read_instances(store: PseudoLabelStore, photo: str) -> Instances:
    """Read and decode what :func:`read_encoded_instances` reads."""
    kept, size = read_encoded_instances(store, photo)
    return Instances(
        decode_masks([instance['mask'] for instance in kept], size),
        np.array([instance['label'] for instance in kept], np.int64),
    )
