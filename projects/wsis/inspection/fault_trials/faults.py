"""The faults that are tried, by their names."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from . import disk_faults, file_faults, process_faults
from .recipe_run import RecipeRun


def do_nothing(_: object) -> None:
    """Leave all as it is."""


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        name: What the table calls it.
        inflict: Makes it, and returns what was hit; None where the run had ended before or nothing could be hit.
        prepare: Called with the work dir before the run.
        undo: Called before the recipe is resumed.
        clean_up: Called with the work dir at the end.
        processes: Of each stage.
        on_files: Whether the whole recipe is killed first, and the fault is one of what lies on the disk.
        is_told: Whether a line must name the file that was hit.
        kills_launcher: Whether the run cannot say why it ended.
    """

    name: str
    inflict: Callable[[RecipeRun, Random], str | None]
    prepare: Callable[[Path], None] = do_nothing
    undo: Callable[[RecipeRun], None] = do_nothing
    clean_up: Callable[[Path], None] = do_nothing
    processes: int = 1
    on_files: bool = False
    is_told: bool = False
    kills_launcher: bool = False


DAMAGES = {'a flipped bit': file_faults.flip_bit, 'cut off': file_faults.cut_off, 'empty': file_faults.empty}
FAULTS = [
    Fault('data-loading worker killed', process_faults.kill_worker),
    Fault('data-loading worker hangs', process_faults.stop_worker),
    Fault('process of a stage killed', process_faults.kill_stage),
    Fault('process server killed', process_faults.kill_helper),
    Fault('rank killed (2 processes)', process_faults.kill_stage, processes=2),
    Fault('torchrun killed (2 processes)', process_faults.kill_helper, processes=2),
    Fault('launcher killed', process_faults.kill_launcher, kills_launcher=True),
    Fault('whole recipe killed', process_faults.kill_all, kills_launcher=True),
    Fault(
        'disk full',
        disk_faults.fill_disk,
        prepare=disk_faults.mount_small_disk,
        undo=disk_faults.free_disk,
        clean_up=disk_faults.unmount_small_disk,
    ),
    Fault('size of files limited', disk_faults.limit_files),
    Fault('work dir not writable', disk_faults.forbid_writing, undo=disk_faults.allow_writing),
    Fault('work dir removed', disk_faults.remove_work_dir),
    *(
        Fault(f'file of a store: {name}', file_faults.damage_label(damage), on_files=True, is_told=True)
        for name, damage in DAMAGES.items()
    ),
    *(
        Fault(f'last checkpoint: {name}', file_faults.damage_checkpoint(damage), on_files=True, is_told=True)
        for name, damage in DAMAGES.items()
    ),
    Fault('time of a result in the future', file_faults.set_time_ahead, on_files=True),
    Fault('time of a photo in the future', file_faults.set_photo_time_ahead, on_files=True),
    Fault('photo taken away', file_faults.take_photo_away, undo=file_faults.put_photo_back),
]
