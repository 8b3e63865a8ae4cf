"""Where the layers of a report come from: the photos of a run, the stores of its stages, and its models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import MODELS

from ...apis.configs import load_config
from ...apis.inference.pipelines import reads_cams
from ...apis.inference.trained_model import makes_cams
from ...engine import find_latest_checkpoint
from ...models.segmentors import IRNet
from ...structures import MANIFEST_NAME, PseudoLabelStore
from ..photo_dataset import build_photo_dataset
from .run_folder import RunFolder

#: The stage whose instances, or masks, are the labels of a recipe, best first.
LABEL_STAGES = ('bestie_labels', 'pseudo_labels')
#: Endings of the stores that are shown.
STORES = dict(cams='.npz', instances='.json', semantic_masks='.png')


@dataclass(frozen=True)
class Labels:
    """What a stage says of the photos.

    Attributes:
        stage: Its name.
        instances: Its store of instances, or None.
        semantic_masks: Its store of semantic masks, or None.
    """

    stage: str
    instances: PseudoLabelStore | None = None
    semantic_masks: PseudoLabelStore | None = None


@dataclass(frozen=True)
class Model:
    """A model that a stage has trained.

    Attributes:
        stage: Its name.
        config: Its config file.
        checkpoint: Its weights.
        weights_hash: What the record says of these.
    """

    stage: str
    config: str
    checkpoint: str
    weights_hash: str


@dataclass(frozen=True)
class Sources:
    """All that a report shows of single photos.

    Attributes:
        classes: The class list.
        photos: What the data set says of each tagged photo, masks included.
        settings: Of this data set.
        cams: Store of CAMs, or None.
        labels: The pseudo labels, or None.
        predictions: What the last model said of the photos in a stage of its own, or None.
        predictor: The last model, if it finds objects by itself: a detector or a segmentation model. Else None.
        irnet: The model whose boundaries and displacements are shown, or None.
    """

    classes: tuple[str, ...]
    photos: Sequence[dict[str, Any]]
    settings: Mapping[str, Any]
    cams: PseudoLabelStore | None = None
    labels: Labels | None = None
    predictions: Labels | None = None
    predictor: Model | None = None
    irnet: Model | None = None


def find_sources(run: RunFolder, data: str | None = None) -> Sources:
    """Find what a run holds of single photos.

    Args:
        run: The run.
        data: File that describes the data set, in the place of the run's own.

    Raises:
        FileNotFoundError: If the photos are not where the run has read them.
        ValueError: If no stage has begun that names photos.
    """
    settings = _find_photo_settings(run, data)
    dataset = build_photo_dataset(Config(dict(test_dataloader=dict(dataset=settings))), with_masks=True)
    photos = [dataset.get_data_info(index) for index in range(len(dataset))]
    labels = _find_labels(run)
    predictor = _find_predictor(run, labels)
    return Sources(
        classes=tuple(dataset.metainfo['classes']),
        photos=[info for info in photos if info['tags']],
        settings=settings,
        cams=next((store for name in run.complete() if (store := _open_store(run, name, 'cams'))), None),
        labels=labels,
        predictions=_find_predictions(run, predictor, labels),
        predictor=predictor,
        irnet=_find_irnet(run),
    )


def _find_photo_settings(run: RunFolder, data: str | None) -> dict[str, Any]:
    """Return the data set that labels are made of: each config of a recipe names it as ``label_dataset``."""
    places = [data] if data else [str(path) for stage in run.stages if (path := _find_config(run, stage.name))]
    settings = next((cfg.label_dataset for cfg in map(load_config, places) if cfg.get('label_dataset')), None)
    if settings is None:
        raise ValueError(f'no stage of {run.work_dir} that names photos has begun')
    return dict(settings)


def _find_config(run: RunFolder, stage: str) -> Path | None:
    """Return the config that mmengine has left in the folder of a stage."""
    configs = (run.work_dir / stage).glob('*.py')
    return max(configs, key=lambda path: path.stat().st_mtime, default=None)


def _open_store(run: RunFolder, stage: str, artifact: str) -> PseudoLabelStore | None:
    folder = run.work_dir / stage / artifact
    return PseudoLabelStore(folder, artifact, STORES[artifact]) if (folder / MANIFEST_NAME).is_file() else None


def _open_labels(run: RunFolder, stage: str) -> Labels | None:
    stores = {artifact: _open_store(run, stage, artifact) for artifact in ('instances', 'semantic_masks')}
    return Labels(stage, **stores) if any(stores.values()) else None


def _find_labels(run: RunFolder) -> Labels | None:
    done = run.complete('predict')
    names = [name for name in LABEL_STAGES if name in done] or done
    return next((labels for name in names if (labels := _open_labels(run, name))), None)


def _find_predictor(run: RunFolder, labels: Labels | None) -> Model | None:
    """Return the last model that learnt from the labels, or, where there are none, the last one at all."""
    for name in reversed(run.complete('train')):
        if labels is not None and not run.is_made_from(name, labels.stage):
            continue
        model = _open_model(run, name)
        if model and not _needs_tags(load_config(model.config)):
            return model
    return None


def _needs_tags(cfg: Config) -> bool:
    """Return whether a model gives CAMs or reads them: it finds no objects by itself."""
    return makes_cams(cfg) or reads_cams(cfg)


def _find_predictions(run: RunFolder, predictor: Model | None, labels: Labels | None) -> Labels | None:
    """Return what a stage has made of the photos with the last model, such as the maps of DeepLab."""
    for name in run.complete('predict') if predictor else ():
        is_other = labels is None or name != labels.stage
        if is_other and run.is_made_from(name, predictor.stage) and (found := _open_labels(run, name)):
            return found
    return None


def _find_irnet(run: RunFolder) -> Model | None:
    models = (_open_model(run, name) for name in run.complete('train'))
    return next((model for model in models if model and _is_irnet(load_config(model.config))), None)


def _is_irnet(cfg: Config) -> bool:
    kind = MODELS.get(cfg.model.type) if cfg.get('model') else None
    return isinstance(kind, type) and issubclass(kind, IRNet)


def _open_model(run: RunFolder, stage: str) -> Model | None:
    folder = run.work_dir / stage
    config, checkpoint = _find_config(run, stage), find_latest_checkpoint(folder)
    if config is None or checkpoint is None:
        return None
    lineage = next(facts.lineage for facts in run.stages if facts.name == stage)
    return Model(stage, str(config), str(checkpoint), lineage.get(f'file {checkpoint.name}', ''))
