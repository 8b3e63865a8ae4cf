"""What a recipe has made, in a form in which two runs can be compared."""

import json
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ...engine import is_whole_checkpoint, list_checkpoints, load_checkpoint_safely
from ...structures import MANIFEST_NAME, check_photo, read_json
from ...structures.files import HALF_WRITTEN

SAME_IN_MANIFESTS = ('artifact', 'complete', 'classes', 'count', 'files_hash')
JOINED = ('instances.json', 'peaks.json')


def read_labels(work_dir: Path) -> dict[str, bytes]:
    """Return the bytes of all labels by their paths; of manifests what does not tell time or place."""
    found = {path: path.read_bytes() for name in JOINED for path in work_dir.glob(f'[!.]*/{name}')}
    for manifest in work_dir.glob(f'[!.]*/*/{MANIFEST_NAME}'):
        content = read_json(manifest)
        found[manifest] = json.dumps({key: content.get(key) for key in SAME_IN_MANIFESTS}).encode()
        found |= {path: path.read_bytes() for path in manifest.parent.iterdir() if path != manifest and path.is_file()}
    return {path.relative_to(work_dir).as_posix(): content for path, content in found.items()}


def read_trainings(work_dir: Path) -> dict[str, dict[str, Any]]:
    """Return the last checkpoint of each training by its stage."""
    last = {folder.name: list_checkpoints(folder)[:1] for folder in work_dir.glob('[!.]*/')}
    return {name: load_checkpoint_safely(paths[0]) for name, paths in last.items() if paths}


def find_differences(found: Path, expected: Path) -> list[str]:
    """Return in what two work dirs of the recipe differ, each in a line; empty if the labels are equal to the byte."""
    labels, wanted = read_labels(found), read_labels(expected)
    faults = [f'{name} is missing' for name in wanted if name not in labels]
    faults += [f'{name} is new' for name in labels if name not in wanted]
    faults += [f'{name} has other bytes' for name in wanted if labels.get(name, wanted[name]) != wanted[name]]
    return faults + list(_compare_trainings(read_trainings(found), read_trainings(expected)))


def _compare_trainings(found: dict[str, dict], expected: dict[str, dict]) -> Iterator[str]:
    for name, wanted in expected.items():
        if name not in found:
            yield f'{name} has no checkpoint'
            continue
        counts = [(content['meta']['iter'], content['meta']['epoch']) for content in (found[name], wanted)]
        if counts[0] != counts[1]:
            yield f'{name} was trained for {counts[0]} iterations and epochs, not {counts[1]}'
        weights = found[name]['state_dict']
        if any(not torch.equal(weights[key], value) for key, value in wanted['state_dict'].items()):
            yield f'{name} has other weights'


def find_infinite_losses(work_dir: Path) -> list[str]:
    """Return the lines of training logs whose loss is no finite number."""
    faults = []
    for log in sorted(work_dir.glob('[!.]*/*/vis_data/scalars.json')):
        for line in log.read_text().splitlines():
            values = json.loads(line)
            if not all(math.isfinite(value) for key, value in values.items() if 'loss' in key):
                faults.append(f'{log.relative_to(work_dir)}: {line}')
    return faults


def find_half_written(work_dir: Path, temporary: bool) -> list[str]:
    """Return files that are not whole by their own form: JSON that cannot be parsed, archives with wrong checksums.

    Args:
        work_dir: Of the recipe.
        temporary: Whether files under temporary names count, as they must not be there when a run has ended by itself.
    """
    faults = []
    for path in work_dir.glob('[!.]*/**/*'):
        if HALF_WRITTEN.fullmatch(path.name):
            faults += [f'{path.relative_to(work_dir)} was left behind'] if temporary else []
        elif path.is_file() and path.suffix in WHOLE and not WHOLE[path.suffix](path):
            faults.append(f'{path.relative_to(work_dir)} is half-written')
    return faults


def _is_json(path: Path) -> bool:
    if path.parent.name == 'vis_data' or path.parent.parent.name == 'vis_data' or path.stem.startswith('20'):
        return True  # logs, which mmengine appends line by line
    try:
        json.loads(path.read_text())
        return True
    except ValueError:
        return False


def _is_archive(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except zipfile.BadZipFile:
        return False


WHOLE = {
    '.json': _is_json,
    '.npz': _is_archive,
    '.pth': is_whole_checkpoint,
    '.png': lambda path: check_photo(path) is None,
}
