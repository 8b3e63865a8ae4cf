"""Moments of a run: when its stages begin to work, and how long they do."""

import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from ...apis.inference.trained_model import RECORD_NAME
from .recipe_run import SECONDS_TO_POLL, RecipeRun

FIRST_SHARE, LAST_SHARE = 0.0, 1.0


@dataclass(frozen=True)
class Moment:
    """A moment of a run.

    Attributes:
        stage: The stage that works then; None for the end of the recipe.
        delay: Seconds after it has begun.
    """

    stage: str | None
    delay: float = 0.0

    def __str__(self) -> str:
        return 'after the end' if self.stage is None else f'{self.delay:.2f} s into {self.stage}'

    def wait(self, run: RecipeRun) -> None:
        """Wait for the moment, or for the end of the run where that comes first."""
        while run.is_running() and (self.stage is None or not _has_begun(run.work_dir / self.stage)):
            time.sleep(SECONDS_TO_POLL)
        end = time.monotonic() + self.delay
        while run.is_running() and time.monotonic() < end:
            time.sleep(SECONDS_TO_POLL)


def measure_stages(run: RecipeRun, timeout: float) -> dict[str, float]:
    """Watch a run to its end and return the seconds that each of its stages works, from its first log on.

    Raises:
        RuntimeError: If it fails, or takes longer than the timeout.
    """
    began: dict[str, float] = {}
    lasted: dict[str, float] = {}
    end = time.monotonic() + timeout
    while (running := run.is_running()) or set(began) != set(lasted):
        for folder in run.work_dir.glob('[!.]*/'):
            if folder.name not in began and _has_begun(folder):
                began[folder.name] = time.monotonic()
            elif folder.name in began and folder.name not in lasted and _is_complete(folder):
                lasted[folder.name] = time.monotonic() - began[folder.name]
        if time.monotonic() > end or (not running and run.launcher.returncode):
            raise RuntimeError(f'the undisturbed recipe has failed or takes over {timeout:g} s: {run.output[-2000:]}')
        time.sleep(SECONDS_TO_POLL)
    return lasted


def choose_moment(stages: dict[str, float], random: Random, with_end: bool) -> Moment:
    """Choose a moment: a stage, then a time in it; with_end also the end of the recipe, as often as a stage."""
    stage = random.choice([*stages, *([None] if with_end else [])])
    return Moment(stage, random.uniform(FIRST_SHARE, LAST_SHARE) * stages[stage]) if stage else Moment(None)


def _has_begun(folder: Path) -> bool:
    return any(folder.glob('*/*.log'))


def _is_complete(folder: Path) -> bool:
    record = folder / RECORD_NAME
    return record.is_file() and '"complete": true' in record.read_text()
