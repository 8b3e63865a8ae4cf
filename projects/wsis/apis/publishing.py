"""Publishing the checkpoint of a training: weights, facts about them, and a config to use them with."""

import hashlib
import io
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict

from ..engine import load_checkpoint_safely
from ..engine.checkpoint_match import read_classes
from ..engine.class_list import find_class_list
from ..structures import read_json, report_damaged, report_unwritable, write_atomically
from ..structures.class_lists import describe_with_background
from .configs import load_config
from .inference.trained_model import HANDED_OVER, RECORD_NAME, TrainedModel, list_sources, read_records

# of a config: what a model is built and used with; the rest is of the training, its folders included
KEPT_SETTINGS = ('custom_imports', 'default_scope', 'visualizer', 'test_pipeline', 'tta_pipeline', 'tta_model', 'tta')
KEPT_META = ('epoch', 'iter', 'seed', 'experiment_name', 'mmengine_version', 'batch')
HASH_LENGTH = 8


@dataclass(frozen=True)
class Published:
    """What was written.

    Attributes:
        checkpoint: ``NAME-<first digits of its SHA-256>.pth``.
        config: The config to use it with, named alike.
    """

    checkpoint: Path
    config: Path


def publish_model(
    model: TrainedModel,
    folder: str | Path,
    name: str | None = None,
    half: bool = False,
    metrics: Mapping[str, float] | None = None,
) -> Published:
    """Write the weights of a model without optimizer and logs, and a config without the folders of its training.

    The same model gives the same bytes, so its name tells whether two files are one. ``meta`` of the checkpoint holds
    ``dataset_meta`` (the class list), how long it was trained, ``batch`` where it had to be changed for the number of
    processes, ``metrics``, and ``lineage``: of each stage of the recipe that it was made from the hashes of what the
    stage has made.

    Args:
        model: Config and checkpoint.
        folder: Where to write.
        name: What to name it; by default the config's name, or that of the folder of ``tools/label_photos.py --out``.
        half: Whether weights are stored in 16 bits: half the size, and results that differ a little.
        metrics: Metrics to publish with it.

    Raises:
        ValueError: If the checkpoint holds no weights, or the folder cannot be written; one line.
    """
    cfg, checkpoint = load_config(model.config), load_checkpoint_safely(model.checkpoint)
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get('state_dict'), dict):
        raise ValueError(f'{model.checkpoint} holds no state_dict: it is not a checkpoint of a training')
    meta = checkpoint.get('meta') or {}
    classes = read_classes(checkpoint) or tuple(find_class_list(cfg, training=True) or ())
    content = dict(
        state_dict={key: _to_half(value) if half else value for key, value in checkpoint['state_dict'].items()},
        meta=dict(
            {key: meta[key] for key in KEPT_META if key in meta},
            dataset_meta=_describe_classes(cfg, classes),
            metrics=dict(metrics or {}),
            lineage=_describe_lineage(model.folder),
        ),
    )
    buffer = io.BytesIO()
    torch.save(content, buffer)
    data = buffer.getvalue()
    target = Path(folder) / f'{name or _find_name(Path(model.config))}-{hashlib.sha256(data).hexdigest()[:HASH_LENGTH]}'
    published = Published(target.with_name(f'{target.name}.pth'), target.with_name(f'{target.name}.py'))
    text = keep_for_use(cfg, classes).pretty_text
    with report_unwritable(folder):
        write_atomically(published.checkpoint, lambda file: file.write(data))
        write_atomically(published.config, lambda file: file.write(text.encode()))
    return published


def _describe_classes(cfg: Config, classes: tuple[str, ...]) -> dict[str, Any]:
    """Return what the checkpoint says of its classes; of a segmentor, as mmseg reads it."""
    outputs = (cfg.model.get('decode_head') or {}).get('num_classes')
    return describe_with_background(classes) if outputs == len(classes) + 1 else dict(classes=classes)


def _find_name(config: Path) -> str:
    handed_over = (config.parent.name, config.name) == Path(HANDED_OVER[0]).parts
    return config.resolve().parents[1].name if handed_over else config.stem


def keep_for_use(cfg: Config, classes: tuple[str, ...]) -> Config:
    """Return what a config says of using its model: nothing of the training, and no folder of this machine."""
    kept = {key: deepcopy(cfg[key]) for key in KEPT_SETTINGS if cfg.get(key) is not None}
    model = _without_pretrained(deepcopy(cfg.model.to_dict()))
    dataset = dict(
        type='PhotoTagDataset',
        metainfo=dict(classes=classes),
        test_mode=True,
        pipeline=deepcopy(kept.get('test_pipeline', [])),
    )
    return Config(ConfigDict(model=model, **kept, test_dataloader=dict(batch_size=1, dataset=dataset)).to_dict())


def _without_pretrained(node: Any) -> Any:
    """Leave out weights that a training starts from: the checkpoint holds all of them."""
    if isinstance(node, dict):
        pretrained = isinstance(node.get('init_cfg'), dict) and node['init_cfg'].get('type') == 'Pretrained'
        return {
            key: _without_pretrained(value) for key, value in node.items() if not (pretrained and key == 'init_cfg')
        }
    if isinstance(node, (list, tuple)):
        return type(node)(_without_pretrained(value) for value in node)
    return node


def _to_half(value: Any) -> Any:
    return value.half() if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def _describe_lineage(folder: Path | None) -> dict[str, Any]:
    """Return the hashes of what each stage has made that a training was made from; empty without a recipe."""
    if folder is None or not (folder / RECORD_NAME).is_file():
        return {}
    records = read_records(folder.parent)
    names = [folder.name, *list_sources(folder.name, records)]
    return {name: records[name].get('outputs', {}) for name in names if name in records}


def read_metrics(path: str | Path) -> dict[str, float]:
    """Read numbers by name from a JSON file.

    Raises:
        ValueError: If it holds anything else; one line.
    """
    content = read_json(path, advice='name the metrics.json of a stage')
    if not isinstance(content, dict) or not all(isinstance(value, (int, float)) for value in content.values()):
        raise ValueError(f'{path} holds no numbers by name: name the metrics.json of a stage')
    with report_damaged(path, 'name the metrics.json of a stage'):  # a number may be too large for any
        return {str(key): float(value) for key, value in content.items()}
