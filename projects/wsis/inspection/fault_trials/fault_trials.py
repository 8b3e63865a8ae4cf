"""Many trials, one after the other, and their table."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from ...structures import link_file, read_json, write_json
from .faults import FAULTS, Fault
from .moments import measure_stages
from .recipe_run import RecipeRun
from .trial import Outcome, Reference, Trial
from .trial_recipe import write_recipe

SECONDS_FOR_REFERENCE = 900
STAGES_NAME = 'stages.json'


def check_system() -> None:
    """Check that faults can be made here.

    Raises:
        ValueError: If this is another system than Linux; one line.
    """
    if not sys.platform.startswith('linux'):
        raise ValueError('the trials find processes in /proc: run them on Linux')


def choose_faults(count: int, seed: int, names: Sequence[str] = ()) -> list[Fault]:
    """Return the fault of each trial: all in turn, in an order that the seed decides.

    Args:
        count: How many trials there are.
        seed: Of the order.
        names: Parts of the names of faults to try; empty for all.

    Raises:
        ValueError: If no fault has such a name; one line.
    """
    chosen = [fault for fault in FAULTS if not names or any(name in fault.name for name in names)]
    if not chosen:
        raise ValueError(f'no fault is called {names[0]!r}; there are {", ".join(fault.name for fault in FAULTS)}')
    Random(seed).shuffle(chosen)
    return [chosen[number % len(chosen)] for number in range(count)]


class FaultTrials:
    """Trials in one folder.

    Args:
        folder: A folder with the demo set in ``data/demo``; undisturbed runs of an earlier call are used again.
        tool: Path of ``tools/pipeline.py``.
        seed: Decides the order of faults, and moment and place of each.
    """

    def __init__(self, folder: Path, tool: Path, seed: int) -> None:
        self.folder = folder
        self.tool = tool
        self.seed = seed
        self._references: dict[int, Reference] = {}
        write_recipe(folder)

    def run(self, faults: Sequence[Fault], first: int = 0) -> Iterator[Outcome]:
        """Yield what came of each trial.

        Args:
            faults: The fault of each trial.
            first: Number of the trial to begin with; those before are left out.
        """
        for number, fault in list(enumerate(faults))[first:]:
            folder = self.folder / f'trial_{number:03d}'
            shutil.rmtree(folder, ignore_errors=True)  # of an earlier call
            folder.mkdir()
            yield Trial(number, self.seed, fault, self._find_reference(fault.processes), folder, self.tool).run()

    def _find_reference(self, processes: int) -> Reference:
        """Return the undisturbed run with so many processes; it is made when it is first needed.

        Several processes take long to start, so their recipe has two stages only.
        """
        if processes not in self._references:
            folder = self.folder / f'undisturbed_{processes}'
            recipe = self.folder / ('recipe.py' if processes == 1 else 'short_recipe.py')
            if not (folder / STAGES_NAME).is_file():
                write_json(folder / STAGES_NAME, self._run_undisturbed(folder, recipe, processes))
            self._references[processes] = Reference(recipe, folder / 'work', read_json(folder / STAGES_NAME))
        return self._references[processes]

    def _run_undisturbed(self, folder: Path, recipe: Path, processes: int) -> dict[str, float]:
        """Return the seconds of each stage."""
        shutil.rmtree(folder, ignore_errors=True)
        for path in sorted((self.folder / 'data').rglob('*')):
            if path.is_file():
                link_file(path, folder / path.relative_to(self.folder))
        run = RecipeRun(folder, recipe, self.tool, processes)
        try:
            return measure_stages(run, SECONDS_FOR_REFERENCE)
        finally:
            run.kill_all()
