"""One trial: a recipe is disturbed by a fault at a random moment, resumed by the same command, and compared."""

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from ...engine import is_whole_checkpoint
from .artifacts import find_differences, find_half_written, find_infinite_losses
from .disk_faults import NotPossibleError
from .faults import Fault
from .moments import Moment, choose_moment
from .recipe_run import RecipeRun

SECONDS_TO_END = 180  # a run that a fault has hit ends by then; most of it is for slow machines
SECONDS_FOR_REST = 20  # for processes that outlive the launcher
WARNS = re.compile('damaged|changed|missing|made again|anew')


@dataclass
class Outcome:
    """What came of a trial.

    Attributes:
        number: Of the trial.
        fault: Name of the fault.
        moment: When it was made.
        hit: What was hit.
        skipped: Why it was not tried; empty if it was.
        problems: What went wrong, each in a line; empty if the trial passed.
        told: What the disturbed run said of its end.
    """

    number: int
    fault: str
    moment: str = ''
    hit: str = ''
    skipped: str = ''
    problems: list[str] = field(default_factory=list)
    told: str = ''

    @property
    def passed(self) -> bool:
        """Whether it was tried and nothing went wrong."""
        return not self.skipped and not self.problems


@dataclass(frozen=True)
class Reference:
    """An undisturbed run.

    Attributes:
        recipe: Its config.
        work_dir: Its work dir.
        stages: Seconds of each stage.
    """

    recipe: Path
    work_dir: Path
    stages: dict[str, float]


class Trial:
    """One trial in a folder of its own.

    Args:
        number: Of the trial; with the seed it decides moment and place.
        seed: Of all trials.
        fault: What is tried.
        reference: The undisturbed run with as many processes.
        folder: An empty folder.
        tool: Path of ``tools/pipeline.py``.
    """

    def __init__(self, number: int, seed: int, fault: Fault, reference: Reference, folder: Path, tool: Path) -> None:
        self.fault = fault
        self.reference = reference
        self.folder = folder
        self.tool = tool
        self.random = Random(f'{seed} {number}')
        self.outcome = Outcome(number, fault.name)

    def run(self) -> Outcome:
        """Make the fault, resume, compare; all processes have ended when this returns."""
        work_dir = self.folder / 'work'
        shutil.copytree(self.reference.work_dir.parent / 'data', self.folder / 'data', symlinks=True)
        try:
            self.fault.prepare(work_dir)
            if self._disturb():
                self._resume()
        except NotPossibleError as error:
            self.outcome.skipped = str(error)
        finally:
            self.fault.clean_up(work_dir)
        return self.outcome

    def _start(self) -> RecipeRun:
        return RecipeRun(self.folder, self.reference.recipe, self.tool, self.fault.processes)

    def _disturb(self) -> bool:
        """Run the recipe with the fault; return whether it was made."""
        moment = choose_moment(self.reference.stages, self.random, self.fault.on_files)
        self.outcome.moment = str(moment)
        run = self._start()
        try:
            moment.wait(run)
            if self.fault.on_files:
                run.kill_all()
            hit = self._inflict(run, moment)
            if hit is not None:
                self._check_end(run)
        finally:
            run.kill_all()
            if self.outcome.hit:
                self.fault.undo(run)
        return hit is not None

    def _inflict(self, run: RecipeRun, moment: Moment) -> str | None:
        if not self.fault.on_files and not run.is_running():
            self.outcome.skipped = 'the run had ended before'
            return None
        hit = self.fault.inflict(run, self.random)
        if hit is None:
            self.outcome.skipped = 'there was nothing to hit any more' if moment.stage else 'there was nothing to hit'
        self.outcome.hit = hit or ''
        return hit

    def _check_end(self, run: RecipeRun) -> None:
        """Check that the disturbed run ends by itself, says why in a line, and leaves nothing half-written."""
        problems, status = self.outcome.problems, run.wait(SECONDS_TO_END)
        if status is None:
            problems.append(f'the run hangs: it has not ended {SECONDS_TO_END} s after the fault')
            return
        if left := run.wait_for_end(SECONDS_FOR_REST):
            problems.append(f'{len(left)} processes outlive the run by {SECONDS_FOR_REST} s')
        errors = [line for line in run.output.splitlines() if line.startswith('error')]
        self.outcome.told = ' '.join(errors) or f'exit status {status}'
        was_killed = self.fault.kills_launcher or self.fault.on_files
        if not was_killed and status and (len(errors) != 1 or 'Traceback' in run.output):
            problems.append(f'the end is not told in one line: {run.output[-600:]!r}')
        if not self.fault.on_files:  # else the fault has damaged one
            problems += find_half_written(run.work_dir, temporary=False)

    def _resume(self) -> None:
        run, problems = self._start(), self.outcome.problems
        try:
            was_harmless = self._is_harmless(run)
            status = run.wait(SECONDS_TO_END)
            if status != 0:
                problems.append(f'resuming fails ({status}): {run.output[-600:]!r}')
                return
            if left := run.wait_for_end(SECONDS_FOR_REST):
                problems.append(f'{len(left)} processes outlive the resumed run')
            problems += find_differences(run.work_dir, self.reference.work_dir)
            problems += find_infinite_losses(run.work_dir)
            problems += find_half_written(run.work_dir, temporary=True)
            if self.fault.is_told and not was_harmless and not self._is_told(run):
                problems.append(f'no line tells that {self.outcome.hit} was damaged')
        finally:
            run.kill_all()

    def _is_harmless(self, run: RecipeRun) -> bool:
        """Whether a checkpoint was hit where nothing of its content is: between its parts."""
        path = run.work_dir / self.outcome.hit
        return path.suffix == '.pth' and path.is_file() and is_whole_checkpoint(path)

    def _is_told(self, run: RecipeRun) -> bool:
        """Whether a line names what was hit, or the stage where all of it is made again."""
        names = (Path(self.outcome.hit).name, Path(self.outcome.hit).parts[0])
        logs = [path.read_text(errors='replace') for path in run.work_dir.glob('[!.]*/output.log')]
        lines = [line for text in (run.output, *logs) for line in text.splitlines()]
        return any(WARNS.search(line) and any(name in line for name in names) for line in lines)
