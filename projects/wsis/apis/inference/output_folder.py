"""Where an inferencer may write: not over the files of a run, and not among the photos that it reads."""

import os
from pathlib import Path

import numpy as np

from ...evaluation.writers.instance_writer import COCO_FILE
from ...evaluation.writers.prediction_writer import MASK_FOLDER
from .inputs import InputsType
from .results import CAMS, PICTURES
from .trained_model import NOTE_NAME, RECORD_NAME

FOLDERS = (PICTURES, MASK_FOLDER, CAMS)
ADVICE = 'name another folder as out_dir (--out-dir)'


def check_output_folder(folder: str | Path, inputs: InputsType) -> None:
    """Check that writing to a folder overwrites no files of a run, and no photos.

    A folder that an earlier call has written to is taken again.

    Args:
        folder: The output folder, which need not be there.
        inputs: What the inferencer is given.

    Raises:
        ValueError: If the folder is that of a run or belongs to one, is or lies in a folder of photos that is given, or
            if given photos lie where results would be written; one line.
    """
    folder = Path(folder).resolve()
    if (run := _find_run(folder)) is not None:
        where = 'holds the files of a run' if run == folder else f'holds files of the run in {run}'
        raise ValueError(f'output folder {folder} {where}, which would be overwritten: {ADVICE}')
    for given in _list_paths(inputs):
        if given.is_dir() and given in (folder, *folder.parents):
            what = 'is' if given == folder else f'is inside {given},'
            raise ValueError(
                f'output folder {folder} {what} the folder of the photos, and what is written there would be taken for '
                f'photos the next time: {ADVICE}'
            )
        if {folder / name for name in FOLDERS} & {given, *given.parents}:
            raise ValueError(f'{given} lies where output folder {folder} gets its results: {ADVICE}')


def _find_run(folder: Path) -> Path | None:
    """Return the folder of the run whose files a folder holds."""
    is_recipe = any(folder.glob(f'*/{RECORD_NAME}'))
    # mmengine notes its last checkpoint, and keeps the log of each training and test in a folder of its own
    is_training = (folder / 'last_checkpoint').is_file() or any(folder.glob('????????_??????/*.log'))
    if is_recipe or is_training or _is_marked(folder):
        return folder
    run = next(filter(_is_marked, folder.parents), None)
    if run is None or not folder.is_dir():
        return None
    # what an earlier call of an inferencer has written into a folder of its own
    known = {*FOLDERS, COCO_FILE}
    is_own = all(path.name in known or path.name.startswith('.') for path in folder.iterdir())
    return None if is_own else run


def _is_marked(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (NOTE_NAME, RECORD_NAME))


def _list_paths(inputs: InputsType) -> list[Path]:
    several = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    named = (given for given in several if not isinstance(given, (int, np.ndarray)) and '://' not in str(given))
    return [Path(os.path.realpath(given)) for given in named]
