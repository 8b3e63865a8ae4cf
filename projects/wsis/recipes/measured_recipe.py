"""A recipe that measures where the time of its stages goes."""

import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..apis.configs import ROOT, STOP_AFTER
from ..apis.devices import available_cores
from ..engine.hooks.stage_times_hook import STAGE_TIMES_NAME
from ..structures import write_json
from ..structures.files import read_json_object
from .process_usage import ProcessUsage
from .recipe import Recipe, RecipeError
from .report import RecipeReport
from .script_server import RunningScript
from .stage import Stage

TIMES_NAME = 'times.json'


class MeasuredRecipe(Recipe):
    """A recipe whose stages all run once, each with :class:`~projects.wsis.engine.hooks.StageTimesHook`.

    Args:
        config: As of :class:`Recipe`.
        work_dir: Folder of the recipe, without results of an earlier run: what is complete would not run again.
        steps: Ends each training after so many steps; None for its own length.
        wait: Called with the name of each stage before it begins.
        options: As of :class:`Recipe`.
        settings: Further arguments of :class:`Recipe`.

    Raises:
        RecipeError: If the folder has stages that have begun, or the stages do not fit together.
    """

    def __init__(
        self,
        config: Config,
        work_dir: str | Path,
        steps: int | None = None,
        wait: Callable[[str], None] | None = None,
        options: dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        measuring = dict(stage_times=True, **({} if steps is None else {STOP_AFTER: steps}))
        super().__init__(config, work_dir, options={**(options or {}), **measuring}, **settings)
        self.config = config.filename
        self.steps = steps
        self.wait = wait
        self.times: list[dict[str, Any]] = []
        self._usage = ProcessUsage()
        if begun := [stage.name for stage in self.stages if self.record(stage.name).read()]:
            raise RecipeError(
                f'{self.work_dir} has the stage {begun[0]} of an earlier run, which would not run again: '
                'choose another --work-dir'
            )

    def measure(self) -> dict[str, Any]:
        """Run all stages, and return (and write into ``times.json``) what was measured."""
        self.run()
        cores = available_cores()
        times = dict(
            config=str(self.config),
            commit=find_commit(ROOT),
            steps=self.steps,
            processes=self.processes,
            cores=cores,
            machine=f'Python {platform.python_version()}, {platform.system()}, {platform.machine()}',
            stages=[{**stage, 'cpu_use': find_cpu_use(stage, cores)} for stage in self.times],
        )
        write_json(self.work_dir / TIMES_NAME, times)
        return times

    def _run_stage(self, stage: Stage, report: RecipeReport) -> None:
        if self.wait is not None:
            self.wait(stage.name)
        super()._run_stage(stage, report)

    def _start(self, stage: Stage) -> subprocess.Popen | RunningScript:
        process = super()._start(stage)
        self._usage.begin(getattr(process, 'pids', None) or [process.pid])
        return process

    def _execute(self, stage: Stage, report: RecipeReport) -> None:
        self._usage = ProcessUsage()
        began, seconds = time.time(), time.perf_counter()
        try:
            super()._execute(stage, report)
        finally:
            self._usage.end()
        seconds = time.perf_counter() - seconds
        path = self.work_dir / stage.name / STAGE_TIMES_NAME
        inner = read_json_object(path) if path.is_file() else None
        self.times.append(describe_stage(stage, seconds, began, inner, self._usage))


def describe_stage(
    stage: Stage, seconds: float, began: float, inner: dict[str, Any] | None, usage: ProcessUsage
) -> dict[str, Any]:
    """Return what was measured of a stage.

    Args:
        stage: The stage.
        seconds: How long it took in all.
        began: When its process was started, as :func:`time.time` tells it.
        inner: What its hook has measured; None of a tool.
        usage: What its processes have used.

    Returns:
        Its ``name``, ``action`` and ``seconds``; ``cpu_seconds`` and ``peak_memory`` (bytes; None where the system does
        not tell). Of trainings and predictions also ``start_up`` (until the first step is prepared), ``parts`` and
        ``rest`` (after the loop), seconds that sum up to ``seconds``, and the numbers of ``steps`` and ``photos``.
    """
    found = dict(
        name=stage.name,
        action=stage.action,
        seconds=seconds,
        cpu_seconds=usage.cpu_seconds,
        peak_memory=usage.peak_memory,
    )
    if inner is not None:
        start_up = inner['began'] - began
        rest = seconds - start_up - sum(inner['parts'].values())
        found |= dict(start_up=start_up, rest=rest, **{key: inner[key] for key in ('parts', 'steps', 'photos')})
        found |= {key: inner[key] for key in ('gpu_memory',) if key in inner}
    return found


def find_cpu_use(stage: dict[str, Any], cores: int) -> float | None:
    """Return which share of all cores a stage has used; None where its CPU time is not known."""
    return None if stage['cpu_seconds'] is None else stage['cpu_seconds'] / stage['seconds'] / cores


def find_commit(folder: Path) -> str | None:
    """Return the commit of a checkout, with a ``+`` where files differ from it; None of what is no checkout."""
    try:
        call = ['git', '-C', str(folder), 'describe', '--always', '--dirty=+', '--exclude=*']
        return subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None
