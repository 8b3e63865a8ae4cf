"""From the name of a model to its config and checkpoint."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...engine import load_checkpoint_safely
from ...engine.safe_checkpoint import URL_SCHEMES, download_checkpoint
from ..inference.trained_model import TrainedModel, makes_cams
from .folder import PUBLISHED_STEM, ZOO_VARIABLE, check_hash, find_published, find_zoo_folder, list_published
from .metafiles import ZooModel, find_project_root, read_model_index

CONFIG_ENDINGS = ('.py', '.json', '.yaml', '.yml')
NEAREST = 3


@dataclass(frozen=True)
class ZooTrainedModel(TrainedModel):
    """A model of a folder of published ones; the classifier whose CAMs it was trained on may lie beside it."""

    def find_classifier(self) -> str | None:
        """Return the full name of the classifier whose CAMs the model was trained on; None if it is not there."""
        sources = _read_lineage(self.checkpoint)
        for model in list_published(Path(self.checkpoint).parent):
            is_whole = model.checkpoint.is_file() and model.config.is_file()
            lineage = _read_lineage(model.checkpoint) if is_whole else {}
            stage = next(iter(lineage), None)  # a model's own stage comes first
            if stage and sources.get(stage) == lineage[stage] and makes_cams(Config.fromfile(model.config)):
                return model.full_name
        return None


def _read_lineage(checkpoint: str | Path) -> dict[str, Any]:
    content = load_checkpoint_safely(checkpoint)
    meta = content.get('meta') if isinstance(content, dict) else None
    lineage = meta.get('lineage') if isinstance(meta, dict) else None
    return lineage if isinstance(lineage, dict) else {}


def is_zoo_name(text: str) -> bool:
    """Return whether a text can be the name of a model: it is neither a path nor an existing file."""
    path = Path(text)
    return path.name == text and path.suffix not in CONFIG_ENDINGS and not path.exists()


def find_zoo_model(name: str) -> TrainedModel:
    """Find a model by its name: in the folder that WSIS_ZOO names, else in the model index of this project.

    A checkpoint that the model index names by an address is fetched into torch's cache, once.

    Args:
        name: Name of a model, or of one version of it (``NAME-<hash>``).

    Raises:
        FileNotFoundError: If there is no such model, or a file of it is missing; one line.
        ValueError: If its checkpoint is damaged, is not published, or cannot be fetched; one line.
    """
    folder = find_zoo_folder()
    if folder is not None and (published := find_published(folder, name)):
        return ZooTrainedModel(str(published.config), str(published.checkpoint))
    models = {model.name: model for model in read_model_index()}
    if name in models:
        return TrainedModel(str(find_project_root() / models[name].config), str(_fetch(models[name], folder)))
    local = [model.name for model in list_published(folder)] if folder else []
    raise FileNotFoundError(_describe_unknown(name, [*local, *models], folder))


def list_usable_models() -> list[str]:
    """Return the names of all models that have a checkpoint: in the folder of WSIS_ZOO, or by an address."""
    folder = find_zoo_folder()
    local = {model.name for model in list_published(folder)} if folder else set()
    return sorted(local | {model.name for model in read_model_index() if model.weights})


def _fetch(model: ZooModel, folder: Path | None) -> Path:
    if not model.weights:
        where = _describe_folder(folder, ' and is not')
        raise ValueError(
            f'{model.name} has no published checkpoint{where}: name the folder of your training, or its config and '
            f'checkpoint; {ZOO_VARIABLE} names a folder of published models (docs/model_zoo.md)'
        )
    if not model.weights.startswith(URL_SCHEMES):
        raise ValueError(f'Weights of {model.name} is no address of a file: {model.weights}')
    path = download_checkpoint(model.weights)
    if match := PUBLISHED_STEM.fullmatch(Path(model.weights.split('?')[0]).stem):
        check_hash(path, match['digest'], 'delete it, and it is fetched again')
    return path


def _describe_unknown(name: str, known: Sequence[str], folder: Path | None) -> str:
    nearest = difflib.get_close_matches(name, known, NEAREST)
    hint = f'; nearest names: {", ".join(dict.fromkeys(nearest))}' if nearest else ''
    return f'{name} is no folder or file here, and no model of the model index{_describe_folder(folder, " or")}{hint}'


def _describe_folder(folder: Path | None, link: str) -> str:
    return f' ({ZOO_VARIABLE} is not set)' if folder is None else f'{link} in {folder} ({ZOO_VARIABLE})'
