"""The record of a stage that has run: ``stage.json`` in its folder."""

import time
from pathlib import Path
from typing import Any

from ..apis.inference.trained_model import RECORD_NAME, read_record
from ..engine import find_latest_checkpoint
from ..structures import find_manifests, hash_content, hash_file, write_json


class StageRecord:
    """The record of one stage: its inputs, whether it is complete, its metrics and its time.

    Args:
        folder: Folder of the stage.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @property
    def path(self) -> Path:
        """Path of the record."""
        return self.folder / RECORD_NAME

    def read(self) -> dict[str, Any]:
        """Return the record, empty if the stage has never begun."""
        return read_record(self.path) if self.path.is_file() else {}

    def is_complete(self, key: str | None = None) -> bool:
        """Return whether the stage has finished (with this key) and its results are unchanged."""
        record = self.read()
        return (
            bool(record.get('complete'))
            and key in (None, record.get('key'))
            and record.get('outputs') == describe_outputs(self.folder)
        )

    def begin(self, key: str, **facts: Any) -> None:
        """Begin the stage, or go on with it.

        What a run of another key or a run without a record (a tool started by hand) has left, or what was changed since
        it was made, is set aside in ``.previous`` first, so that nothing of it is taken for new.
        """
        old = self.read()
        foreign = not old and describe_outputs(self.folder)
        if foreign or (old and (old.get('key') != key or self._was_changed(old))):
            self.set_aside()
            old = {}
        write_json(self.path, dict(key=key, complete=False, seconds=old.get('seconds') or 0.0, **facts))

    def _was_changed(self, record: dict[str, Any]) -> bool:
        """Return whether a result of the complete stage exists with other content."""
        made, found = record.get('outputs') or {}, describe_outputs(self.folder)
        return any(found.get(name, value) != value for name, value in made.items())

    def set_aside(self) -> None:
        """Move the folder of the stage out of the way, without losing it."""
        if self.folder.is_dir():
            target = self.folder.parent / '.previous' / f'{self.folder.name}-{time.strftime("%Y%m%d-%H%M%S")}'
            target.parent.mkdir(exist_ok=True)
            while target.exists():
                target = target.with_name(target.name + '+')
            self.folder.rename(target)

    def add_time(self, seconds: float) -> None:
        """Count the time of an attempt."""
        record = self.read()
        write_json(self.path, {**record, 'seconds': (record.get('seconds') or 0.0) + seconds})

    def finish(self, metrics: dict[str, float], **facts: Any) -> dict[str, Any]:
        """Mark the stage as complete, with its metrics and further facts, and return its record."""
        outputs = describe_outputs(self.folder)
        record = {**self.read(), 'complete': True, 'metrics': metrics, **facts, 'outputs': outputs}
        write_json(self.path, record)
        return record


def describe_outputs(folder: Path) -> dict[str, str]:
    """Return hashes of what a stage has made: its last checkpoint, stores, labels, peaks and pictures."""
    outputs = {f'store:{name}': value for name, value in find_manifests(folder).items()}
    checkpoint = find_latest_checkpoint(folder)
    made = (path for pattern in ('instances.json', 'peaks.json', '*.png') for path in sorted(folder.glob(pattern)))
    files = [*([checkpoint] if checkpoint else []), *made]
    outputs.update({f'file:{file.name}': hash_file(file) for file in files})
    return outputs


def make_key(description: Any, inputs: dict[str, dict[str, str]]) -> str:
    """Return the key of a stage: the hash of what it does and of what its input stages have made."""
    return hash_content([description, inputs])
