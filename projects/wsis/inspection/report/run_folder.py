"""What the work dir of a recipe says of its stages: which are done, their numbers, and what they were made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...apis.inference.trained_model import WORK_FOLDER, list_sources, read_records, read_results

PAGE_NAME = 'report.html'
LOG_NAME = 'output.log'
LOG_END = 4096  # bytes; the last lines say why a stage has stopped
COMPLETE, INTERRUPTED, NOT_RUN = 'complete', 'interrupted', 'not run'


@dataclass(frozen=True)
class StageFacts:
    """One stage of a run.

    Attributes:
        name: Name, also of its folder.
        status: ``'complete'``, ``'interrupted'`` (begun, but not ended) or ``'not run'``.
        action: ``'train'``, ``'predict'`` or ``'tool'``.
        number: The metric that stands for the stage, or None.
        value: Its value, or None.
        expected: The value to expect, or None where the recipe names none.
        seconds: How long it took, all attempts together.
        metrics: All its metrics.
        lineage: What the record says of its origin, by name: config, key, inputs, a batch that had to change, and
            hashes of what it has made.
        last_line: Of its output, where it was interrupted.
    """

    name: str
    status: str
    action: str = ''
    number: str | None = None
    value: float | None = None
    expected: float | None = None
    seconds: float = 0.0
    metrics: Mapping[str, float] | None = None
    lineage: Mapping[str, str] | None = None
    last_line: str = ''


@dataclass(frozen=True)
class RunFolder:
    """A run of a recipe.

    Attributes:
        folder: What the user calls the run: the work dir, or the output folder of ``tools/label_photos.py``.
        work_dir: Where its stages are.
        stages: All of them, in order.
        records: What the work dir says of each stage that has begun.
    """

    folder: Path
    work_dir: Path
    stages: tuple[StageFacts, ...]
    records: Mapping[str, dict[str, Any]]

    @property
    def page(self) -> Path:
        """Where its report is written."""
        return self.folder / PAGE_NAME

    def complete(self, action: str | None = None) -> list[str]:
        """Return the names of the stages that are complete, of one action or of all."""
        return [stage.name for stage in self.stages if stage.status == COMPLETE and action in (None, stage.action)]

    def is_made_from(self, name: str, source: str) -> bool:
        """Return whether a stage was made from another one, directly or not."""
        return source in list_sources(name, self.records)


def read_run(folder: str | Path) -> RunFolder:
    """Read the records of a run.

    Args:
        folder: The work dir of a recipe, or what ``tools/label_photos.py`` was told as ``--out``.

    Raises:
        FileNotFoundError: If the folder does not exist, or no recipe has run in it; one line.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder} is no folder: name the work dir of a recipe, or a folder of label_photos.py')
    for work_dir in (folder, folder / WORK_FOLDER):
        records, results = read_records(work_dir), _read_results(work_dir)
        if records or results:
            stages = _list_stages(work_dir, records, results)
            return RunFolder(folder.resolve(), work_dir.resolve(), stages, records)
    raise FileNotFoundError(
        f'{folder} is no work dir of a recipe: it has neither results.json nor a stage with stage.json; name the '
        '--work-dir of tools/pipeline.py or the --out of tools/label_photos.py'
    )


def _read_results(work_dir: Path) -> dict[str, dict[str, Any]]:
    """Return what the files of results say of each stage; several recipes may share a work dir."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(work_dir.glob('results*.json')):
        for stage in read_results(path):
            found.setdefault(stage['name'], stage)
    return found


def _list_stages(work_dir: Path, records: Mapping[str, dict], results: Mapping[str, dict]) -> tuple[StageFacts, ...]:
    # a stage that no results name comes after all that it was made from
    unnamed = sorted(records, key=lambda name: (len(list_sources(name, records)), name))
    names = dict.fromkeys([*results, *unnamed])
    return tuple(_describe(work_dir / name, records.get(name), results.get(name, {})) for name in names)


def _describe(folder: Path, record: Mapping[str, Any] | None, result: Mapping[str, Any]) -> StageFacts:
    """Join what the results say of a stage (the recipe's part) with its record (what has happened)."""
    known = dict(action=result.get('action', ''), number=result.get('number'), expected=result.get('expected'))
    if record is None:
        return StageFacts(folder.name, NOT_RUN, **known)
    is_complete = bool(record.get('complete'))
    metrics = record.get('metrics') or {}
    return StageFacts(
        folder.name,
        COMPLETE if is_complete else INTERRUPTED,
        **{**known, 'action': record.get('action') or known['action']},
        value=metrics.get(known['number']),
        seconds=float(record.get('seconds') or 0.0),
        metrics=metrics,
        lineage=_describe_lineage(record),
        last_line='' if is_complete else _read_last_line(folder / LOG_NAME),
    )


def _describe_lineage(record: Mapping[str, Any]) -> dict[str, str]:
    lineage = {
        'config': record.get('config') or '',
        'made from': ', '.join(record.get('inputs') or ()),
        'key': record.get('key') or '',
        'batch': ', '.join(f'{name.replace("_", " ")} {value}' for name, value in (record.get('batch') or {}).items()),
    }
    lineage.update({name.replace(':', ' ', 1): value for name, value in (record.get('outputs') or {}).items()})
    return {name: str(value) for name, value in lineage.items() if value}


def _read_last_line(log: Path) -> str:
    """Return the line of a log that says why a stage has stopped: its last error, or its last line."""
    if not log.is_file():
        return ''
    with open(log, 'rb') as file:
        file.seek(max(0, log.stat().st_size - LOG_END))
        lines = [line.strip() for line in file.read().decode(errors='replace').splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith('error')]
    return (errors or lines or [''])[-1]
