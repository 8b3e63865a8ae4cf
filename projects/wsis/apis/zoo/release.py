"""Publishing every trained model of a recipe into one folder, with an index of what is in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from rich.progress import track

from ...engine import load_checkpoint_safely
from ...structures import hash_file, report_unwritable, write_atomically
from ..inference.trained_model import find_trained_model, read_records
from ..publishing import Published, publish_model
from .folder import PublishedModel, list_published
from .metafiles import INDEX_NAME


def publish_recipe(work_dir: str | Path, folder: str | Path, half: bool = False) -> list[Published]:
    """Publish the model of each training of a recipe, with the numbers of its stages, and write the folder's index.

    Args:
        work_dir: Work dir of a finished recipe.
        folder: Where to write; models that it holds already stay.
        half: Whether weights are stored in 16 bits.

    Returns:
        What was written, in the order of the stages' names.

    Raises:
        FileNotFoundError: If the folder is no work dir of a recipe; one line.
        ValueError: If the recipe has not finished, or the folder cannot be written; one line.
    """
    work_dir = Path(work_dir)
    records = read_records(work_dir)
    trained = [name for name, record in records.items() if record.get('action') == 'train']
    if not trained:
        raise FileNotFoundError(f'{work_dir} holds no trained stage of a recipe: name the --work-dir of pipeline.py')
    open_stages = [name for name, record in records.items() if not record.get('complete')]
    if open_stages or not any(work_dir.glob('results*.json')):
        reason = f' (not complete: {", ".join(open_stages)})' if open_stages else ''
        raise ValueError(
            f'the recipe in {work_dir} has not finished{reason}: run it again, it goes on where it stopped'
        )
    published = [
        publish_model(find_trained_model(work_dir / name), folder, half=half, metrics=collect_metrics(name, records))
        for name in track(trained, 'Publishing')
    ]
    write_folder_index(Path(folder))
    return published


def collect_metrics(stage: str, records: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Return the numbers of a training and of the predictions made with its checkpoint, named ``STAGE/METRIC``.

    A prediction is made with the checkpoint of the training that has its config and is among its inputs.
    """
    config = records[stage].get('config')
    made_with = [
        name
        for name, record in records.items()
        if record.get('action') == 'predict' and stage in record.get('inputs', ()) and record.get('config') == config
    ]
    return {
        f'{name}/{metric}': float(value)
        for name in (stage, *made_with)
        for metric, value in records[name].get('metrics', {}).items()
    }


def write_folder_index(folder: Path) -> Path:
    """Write ``model-index.yml`` of a folder of published models: what each checkpoint itself says of it.

    Raises:
        ValueError: If a checkpoint is damaged, or the folder cannot be written; one line.
    """
    complete = [model for model in list_published(folder) if model.checkpoint.is_file() and model.config.is_file()]
    content = dict(Models=[_describe(model) for model in complete])
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1000)
    index = folder / INDEX_NAME
    with report_unwritable(folder):
        write_atomically(index, lambda file: file.write(text.encode()))
    return index


def _describe(model: PublishedModel) -> dict[str, Any]:
    meta = load_checkpoint_safely(model.checkpoint)['meta']
    return {
        'Name': model.name,
        'Config': model.config.name,
        'Weights': model.checkpoint.name,
        'Metadata': {
            'Classes': list(meta['dataset_meta']['classes']),
            'Size (MB)': round(model.checkpoint.stat().st_size / 1e6, 1),
            'SHA-256': hash_file(model.checkpoint),
        },
        'Metrics': {name: round(value, 4) for name, value in meta.get('metrics', {}).items()},
    }
