"""Which config and checkpoint a folder of results holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from ...engine import find_latest_checkpoint
from ...structures import read_json

RECORD_NAME = 'stage.json'
# what tools/label_photos.py hands over
HANDED_OVER = ('model/config.py', 'model/model.pth')


@dataclass(frozen=True)
class TrainedModel:
    """A model that was trained.

    Attributes:
        config: Its config file.
        checkpoint: Its weights.
        classifier: The classifier whose CAMs it reads (IRNet, AffinityNet); None for others, or where it is not known.
    """

    config: str
    checkpoint: str
    classifier: 'TrainedModel | None' = None


def find_trained_model(folder: str | Path) -> TrainedModel:
    """Find the trained model of a folder.

    Args:
        folder: What ``tools/label_photos.py`` was told as ``--out``, the work dir of a recipe (its last trained model
            counts), or that of a single training, such as a stage of a recipe.

    Raises:
        FileNotFoundError: If there is none, or the recipe has not finished; one line.
    """
    folder = Path(folder)
    config, checkpoint = (folder / name for name in HANDED_OVER)
    if config.is_file() and checkpoint.is_file():
        return TrainedModel(str(config), str(checkpoint))
    if records := {path.parent.name: read_json(path) for path in sorted(folder.glob(f'*/{RECORD_NAME}'))}:
        return _find_last_trained(folder, records)
    if records := sorted(folder.glob(f'work/*/{RECORD_NAME}')):
        complete = ', '.join(_list_trained(records)) or 'none'
        raise FileNotFoundError(
            f'{folder} has no model yet: its recipe has not finished (trained so far: {complete}); run the command '
            f'again, or name the folder of a stage below {folder / "work"}'
        )
    return _read_training(folder)


def _list_trained(records: list[Path]) -> Iterator[str]:
    contents = (read_json(path) for path in records)
    return (record['name'] for record in contents if record.get('action') == 'train' and record.get('complete'))


def _find_last_trained(folder: Path, records: dict[str, dict]) -> TrainedModel:
    """Return the model of the stage that comes last among those that no other training needs."""
    trained = {name: record for name, record in records.items() if record.get('action') == 'train'}
    needed = {source for name in trained for source in _list_sources(name, records)}
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
    return [stage['name'] for stage in read_json(results)['stages']] if results.is_file() else []


def _list_sources(name: str, records: dict[str, dict]) -> list[str]:
    """Return the stages that a stage was made from, directly or not."""
    found: list[str] = []
    waiting = list(records.get(name, {}).get('inputs', ()))
    while waiting:
        source = waiting.pop()
        if source not in found:
            found.append(source)
            waiting += records.get(source, {}).get('inputs', ())
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
    return TrainedModel(str(config), str(checkpoint), _find_classifier(folder))


def _find_classifier(folder: Path) -> TrainedModel | None:
    """Return the classifier whose CAMs a stage of a recipe was trained on."""
    records = {path.parent.name: read_json(path) for path in folder.parent.glob(f'*/{RECORD_NAME}')}
    for name in _list_sources(folder.name, records):
        if records.get(name, {}).get('action') == 'train':
            model = _read_training(folder.parent / name)
            if makes_cams(Config.fromfile(model.config)):
                return model
    return None


def makes_cams(cfg: Config) -> bool:
    """Return whether the model of a config is a classifier that gives CAMs."""
    return (cfg.get('tta_model') or {}).get('type') == 'CAMTTAModel'
