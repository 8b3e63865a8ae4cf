"""The record of a stage that has run: ``stage.json`` in its folder."""

import time
from pathlib import Path
from typing import Any

from ..apis.inference.trained_model import RECORD_NAME, read_record
from ..engine import find_latest_checkpoint
from ..structures import find_damaged_files, find_manifests, hash_content, hash_file, printable, write_json
from ..structures.files import remove_half_written
from .stage_damage import describe_taken_out, take_out_damaged


class StageRecord:
    """The record of one stage: its inputs, whether it is complete, its metrics and its time.

    Args:
        folder: Folder of the stage.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._key: str | None = None  # of the run that this object has begun

    @property
    def path(self) -> Path:
        """Path of the record."""
        return self.folder / RECORD_NAME

    def read(self) -> dict[str, Any]:
        """Return the record, empty if the stage has never begun.

        Raises:
            ValueError: If it is damaged; one line.
        """
        return read_record(self.path) if self.path.is_file() else {}

    def read_known(self) -> dict[str, Any]:
        """Return the record, empty also if it is damaged: then nothing is known of the stage, and it is made again."""
        try:
            return self.read()
        except ValueError:
            return {}

    def is_complete(self, key: str | None = None) -> bool:
        """Return whether the stage has finished (with this key) and its results are unchanged."""
        record = self.read_known()
        return (
            bool(record.get('complete'))
            and key in (None, record.get('key'))
            and record.get('outputs') == self._find_outputs()
            and not find_damaged_files(self.folder)
        )

    def begin(self, key: str, **facts: Any) -> str | None:
        """Begin the stage, or go on with it.

        What a run of another key or a run without a record (a tool started by hand) has left, or what was changed since
        it was made, is set aside in ``.previous`` first, so that nothing of it is taken for new. So are single labels
        and checkpoints that are damaged: the stage goes on without them.

        Returns:
            One line on what was found, if anything is made again.
        """
        old, place = self.read_known(), self._choose_place()
        told, reason = None, self._find_stale(old, key)
        if reason is None:
            try:
                damaged = take_out_damaged(self.folder, place)
                told = describe_taken_out(damaged, place) if damaged else self._find_missing(old)
                reason = self._find_changed(old)
            except ValueError as error:  # a manifest is damaged
                reason = str(error)
        if reason is not None:
            told, old = f'{reason}; made again (the old folder is now {self.set_aside()})', {}
        remove_half_written(self.folder)
        self._key = key
        write_json(self.path, dict(key=key, complete=False, seconds=old.get('seconds') or 0.0, **facts))
        return told

    def _find_stale(self, old: dict[str, Any], key: str) -> str | None:
        """Return why nothing of the folder can be used, in a few words; None if nothing is known against it."""
        if not old:
            is_used = self.folder.is_dir() and any(self.folder.iterdir())
            return f'{RECORD_NAME} is missing or damaged' if is_used else None
        return None if old.get('key') == key else 'settings, data or inputs have changed'

    def _find_changed(self, record: dict[str, Any]) -> str | None:
        """Return which result of the complete stage exists with other content, in a few words."""
        made, found = record.get('outputs') or {}, describe_outputs(self.folder)
        changed = [name for name, value in made.items() if found.get(name, value) != value]
        return f'{printable(changed[0].partition(":")[2])} was changed since it was made' if changed else None

    def _find_missing(self, record: dict[str, Any]) -> str | None:
        """Return one line on a result of the complete stage that is gone, or that its manifest calls interrupted."""
        found = describe_outputs(self.folder)
        missing = [name for name in record.get('outputs') or {} if name not in found]
        return (
            f'{printable(missing[0].partition(":")[2])} is missing or not whole any more; made again'
            if missing
            else None
        )

    def _find_outputs(self) -> dict[str, str] | None:
        """Return what the stage has made, None where a manifest is damaged."""
        try:
            return describe_outputs(self.folder)
        except ValueError:
            return None

    def _choose_place(self) -> Path:
        """Return a new path for what is moved out of the way."""
        place = self.folder.parent / '.previous' / f'{self.folder.name}-{time.strftime("%Y%m%d-%H%M%S")}'
        while place.exists():
            place = place.with_name(place.name + '+')
        return place

    def set_aside(self) -> Path | None:
        """Move the folder of the stage out of the way, without losing it; return where to."""
        if not self.folder.is_dir():
            return None
        place = self._choose_place()
        place.parent.mkdir(exist_ok=True)
        return self.folder.rename(place)

    def is_ours(self) -> bool:
        """Return whether the record is still the one that :meth:`begin` has written."""
        return self._key is not None and self.read_known().get('key') == self._key

    def distrust(self) -> None:
        """Let nothing of the run that was begun be taken for whole by a later one."""
        write_json(self.path, {**self.read(), 'key': ''})

    def add_time(self, seconds: float) -> None:
        """Count the time of an attempt, if the record is still that of the run that was begun."""
        record = self.read_known()
        if self._key in (None, record.get('key')):
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
