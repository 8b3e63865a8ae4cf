"""Finding the config and the checkpoint in a folder of results."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...engine import find_latest_checkpoint
from ...structures import read_json, report_damaged
from ...structures.files import read_json_object

RECORD_NAME = 'stage.json'
# what a record and the results say of a stage, and of which type it is
RECORD_ENTRIES = dict(
    action=str,
    config=str,
    inputs=list,
    key=str,
    metrics=dict,
    outputs=dict,
    batch=dict,
    seconds=(int, float),
    number=str,
)
# what tools/label_photos.py notes of its photos, and what it hands over
NOTE_NAME = 'label_photos.json'
WORK_FOLDER = 'work'
HANDED_OVER = ('model/config.py', 'model/model.pth')


@dataclass(frozen=True)
class TrainedModel:
    """A model that was trained.

    Attributes:
        config: Its config file.
        checkpoint: Its weights.
        folder: Where it was trained; None where that is not known.
    """

    config: str
    checkpoint: str
    folder: Path | None = None

    def find_classifier(self) -> Path | str | None:
        """Return the folder of the classifier whose CAMs the model was trained on, if a recipe did both."""
        if self.folder is None:
            return None
        records = read_records(self.folder.parent)
        for name in list_sources(self.folder.name, records):
            if records.get(name, {}).get('action') == 'train':
                model = _read_training(self.folder.parent / name)
                if makes_cams(Config.fromfile(model.config)):
                    return model.folder
        return None


def find_trained_model(folder: str | Path) -> TrainedModel:
    """Find the trained model of a folder.

    Args:
        folder: The ``--out`` of ``tools/label_photos.py``, the work dir of a recipe (its last trained model
            counts), or that of a single training, such as a stage of a recipe.

    Raises:
        FileNotFoundError: If there is none, or the recipe has not finished; one line.
    """
    folder = Path(folder)
    config, checkpoint = (folder / name for name in HANDED_OVER)
    records, work_records = read_records(folder), read_records(folder / WORK_FOLDER)
    if config.is_file() and checkpoint.is_file():
        is_whole = work_records and all(record.get('complete') for record in work_records.values())
        work = _find_last_trained(folder / WORK_FOLDER, work_records).folder if is_whole else None
        return TrainedModel(str(config), str(checkpoint), work)
    if records:
        return _find_last_trained(folder, records)
    if work_records:
        return _find_last_trained(folder / WORK_FOLDER, work_records)
    return _read_training(folder)


def is_checkpoint_name(name: str) -> bool:
    """Return whether a name ends as that of a checkpoint."""
    return name.endswith(('.pth', '.pt'))


def read_records(work_dir: Path) -> dict[str, dict]:
    """Return the records of the stages of a recipe by name; none where the folder is no work dir of a recipe."""
    return {path.parent.name: read_record(path) for path in sorted(work_dir.glob(f'*/{RECORD_NAME}'))}


def read_record(path: Path) -> dict[str, Any]:
    """Read the record of one stage.

    Raises:
        ValueError: If it is damaged; one line.
    """
    record = read_json(path)
    with report_damaged(path, 'delete it, and the stage is made again'):
        check_entries(record, RECORD_ENTRIES)
        if not all(isinstance(name, str) for name in record.get('inputs') or ()):
            raise ValueError('its inputs are no names of stages')
    return record


def read_results(path: Path) -> list[dict[str, Any]]:
    """Read what the results of a recipe say of its stages, in their order.

    Raises:
        ValueError: If the file is damaged; one line.
    """
    advice = 'delete it, or run the recipe again'
    content = read_json_object(path, advice)
    with report_damaged(path, advice):
        for stage in content['stages']:
            check_entries(stage, RECORD_ENTRIES)
            if not isinstance(stage['name'], str):
                raise ValueError(f'a stage is called {stage["name"]!r}')
        return content['stages']


def check_entries(content: Any, kinds: Mapping[str, Any]) -> None:
    """Check that a JSON object has entries of these types, as far as it has them; None is taken for missing.

    Raises:
        ValueError: If it is none or has another; one line.
    """
    if not isinstance(content, dict):
        raise ValueError(f'it is a {type(content).__name__}, not names with values')
    for name, kind in kinds.items():
        value = content.get(name)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise ValueError(f'{name} is {value!r}')


def _find_last_trained(folder: Path, records: dict[str, dict]) -> TrainedModel:
    """Return the model of the stage that comes last among those that no other training needs."""
    trained = {name: record for name, record in records.items() if record.get('action') == 'train'}
    needed = {source for name in trained for source in list_sources(name, records)}
    last = [name for name in trained if name not in needed]
    if not last or not all(trained[name].get('complete') for name in last):
        finished = ', '.join(name for name, record in trained.items() if record.get('complete')) or 'none'
        raise FileNotFoundError(
            f'the recipe in {folder} has not finished (trained so far: {finished}); run it to its end, or name the '
            'folder of a stage'
        )
    order = _read_order(folder)
    return _read_training(folder / max(last, key=lambda name: order.index(name) if name in order else -1))


def _read_order(folder: Path) -> list[str]:
    """Return the names of the stages in the order in which a finished recipe has them."""
    results = folder / 'results.json'
    return [stage['name'] for stage in read_results(results)] if results.is_file() else []


def list_sources(name: str, records: dict[str, dict]) -> list[str]:
    """Return the stages that a stage was made from, directly or not."""
    found: list[str] = []
    waiting = list(records.get(name, {}).get('inputs') or ())
    while waiting:
        source = waiting.pop()
        if source not in found:
            found.append(source)
            waiting += records.get(source, {}).get('inputs') or ()
    return found


def _read_training(folder: Path) -> TrainedModel:
    configs, checkpoint = sorted(folder.glob('*.py')), find_latest_checkpoint(folder)
    if not configs or checkpoint is None:
        what = 'config' if not configs else 'checkpoint'
        raise FileNotFoundError(
            f'{folder} holds no {what} of a training: name the work dir of a recipe or of a training, or a config and '
            'its checkpoint'
        )
    config = max(configs, key=lambda path: path.stat().st_mtime)
    return TrainedModel(str(config), str(checkpoint), folder)


def makes_cams(cfg: Config) -> bool:
    """Return whether the model of a config is a classifier that makes CAMs."""
    return (cfg.get('tta_model') or {}).get('type') == 'CAMTTAModel'
