"""Reading the model index: which models this project ships, and what was measured of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ...structures import printable, report_damaged
from ..configs import INSTALLED_ROOT, ROOT

INDEX_NAME = 'model-index.yml'
STANDARD = ('Task', 'Dataset', 'Metrics')  # of a result; the rest are facts about it
ADVICE = 'correct it, or restore the file'
PAPER = 'Paper '  # a metric whose name begins so is a paper's figure


@dataclass(frozen=True)
class ZooResult:
    """One entry of a model's ``Results``.

    Attributes:
        task: What was measured, such as 'Seeds'.
        dataset: On which images.
        metrics: Numbers by name, in percent.
        facts: How it came about: ``Mode``, ``CRF``, ``TTA``, ``Extra Data``, and ``Commit`` and ``Command`` or
            ``Source``. What the result does not say itself is that of its model.
    """

    task: str
    dataset: str
    metrics: dict[str, float]
    facts: dict[str, str]

    @property
    def of_paper(self) -> bool:
        """Whether the numbers are those of a paper and not measured here."""
        return all(name.startswith(PAPER) for name in self.metrics)


@dataclass(frozen=True)
class ZooModel:
    """One entry of ``Models``.

    Attributes:
        name: Its name, which is that of its config.
        collection: The method.
        config: Path of its config, from the root of the project.
        readme: Path of the method's README, from the root of the project.
        weights: Address of its checkpoint; None where none is published.
        facts: The model's own ``Metadata``.
        results: What was measured, and what papers say.
    """

    name: str
    collection: str
    config: str
    readme: str
    weights: str | None
    facts: dict[str, Any]
    results: tuple[ZooResult, ...]


def find_project_root() -> Path:
    """Return the folder of the configs: that of the repository, or the one that an installed package brings along."""
    return INSTALLED_ROOT if (INSTALLED_ROOT / INDEX_NAME).is_file() else ROOT


@cache
def read_model_index(root: Path | None = None) -> tuple[ZooModel, ...]:
    """Read the model index and the metafiles that it names.

    Args:
        root: Folder of ``model-index.yml``; by default that of this project.

    Raises:
        FileNotFoundError: If there is no index, or a metafile is missing; one line.
        ValueError: If one cannot be read, or two models have one name; one line.
    """
    root = root or find_project_root()
    models: dict[str, ZooModel] = {}
    with report_damaged(root / INDEX_NAME, ADVICE):
        metafiles = [_check_place(metafile) for metafile in _read_yaml(root / INDEX_NAME).get('Import') or ()]
    for metafile in metafiles:
        content = _read_yaml(root / metafile)
        with report_damaged(root / metafile, ADVICE):
            collections = {entry['Name']: entry for entry in content.get('Collections') or ()}
            for entry in content.get('Models') or ():
                model = _read_model(check_type(entry, dict), collections, Path(metafile))
                if model.name in models:
                    raise ValueError(f'{root / metafile}: a second model is called {printable(model.name)}; rename it')
                models[model.name] = model
    return tuple(models.values())


def _check_place(metafile: Any) -> str:
    """Return the name of a metafile if it can be a file below the folder of the index."""
    parts = Path(check_type(metafile, str)).parts
    if Path(metafile).is_absolute() or '..' in parts or not metafile.isprintable():
        raise ValueError(f'{metafile!r} is no file below the folder of the index')
    return metafile


def check_type(value: Any, kind: type) -> Any:
    """Return a value of a metafile if it is of the type that it should have.

    Raises:
        ValueError: If it is not; one line.
    """
    if not isinstance(value, kind):
        raise ValueError(f'{value!r} stands where a {kind.__name__} is needed')
    return value


def _read_model(entry: Mapping[str, Any], collections: Mapping[str, Any], metafile: Path) -> ZooModel:
    try:
        collection = collections[entry['In Collection']]
        facts = dict(entry.get('Metadata') or {})
        return ZooModel(
            name=check_type(entry['Name'], str),
            collection=check_type(collection['Name'], str),
            config=check_type(entry['Config'], str),
            readme=(metafile.parent / collection['README']).as_posix(),
            weights=entry.get('Weights'),
            facts=facts,
            results=tuple(
                ZooResult(
                    result['Task'],
                    result['Dataset'],
                    dict(result['Metrics']),
                    {**facts, **{key: value for key, value in result.items() if key not in STANDARD}},
                )
                for result in entry.get('Results') or ()
            ),
        )
    except KeyError as error:
        raise ValueError(f'model {printable(entry.get("Name", "without a name"))} lacks {error}') from None


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        is_there = path.is_file()
    except OSError:  # a name that is longer than the file system takes
        is_there = False
    if not is_there:
        raise FileNotFoundError(f'{path} is missing: install this project anew, or restore the file')
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    # numbers of thousands of digits and dates that do not exist are errors of values
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f'{path} is no valid YAML: {" ".join(str(error).split())}') from None
    if not isinstance(content, dict):
        raise ValueError(f'{path} is no model index: it holds no names with values')
    return content
