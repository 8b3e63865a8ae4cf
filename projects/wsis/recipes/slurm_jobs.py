"""A recipe as a chain of slurm jobs, one for each stage: each begins when the one before has succeeded."""

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..apis.configs import INSTALLED_ROOT, ROOT
from .recipe import Recipe
from .stage import RecipeError

JOB_SCRIPT = 'slurm_stage.sh'
JOB_FOLDER = 'slurm'
SUBMIT_SECONDS = 120


@dataclass(frozen=True)
class JobOptions:
    """What the jobs of a recipe ask slurm for.

    Attributes:
        nodes: How many machines.
        gpus: GPUs, and processes, on each of them.
        sbatch: Further arguments of sbatch; of an argument that is given twice slurm takes the last.
        command: The arguments of ``tools/pipeline.py`` that a job has like this call.
    """

    nodes: int
    gpus: int
    sbatch: Sequence[str]
    command: Sequence[str]


@dataclass(frozen=True)
class StageJob:
    """The job of one stage.

    Attributes:
        stage: Its name.
        options: Arguments of sbatch, without the dependency.
        script: The job's script with its arguments.
    """

    stage: str
    options: list[str]
    script: list[str]

    def command(self, dependency: str | None) -> list[str]:
        """Return the whole command.

        Args:
            dependency: Number of the job that has to succeed before.
        """
        after = [f'--dependency=afterok:{dependency}', '--kill-on-invalid-dep=yes'] if dependency else []
        return ['sbatch', '--parsable', *self.options, *after, *self.script]


def check_submission(only: str | None, start: str | None) -> None:
    """Refuse to run stages again in jobs: one that slurm starts again would set aside what it has made.

    Raises:
        RecipeError: If a stage is named.
    """
    if only or start:
        raise RecipeError('--submit goes on where a recipe stopped: leave out --only and --from')


def read_sbatch_arguments(text: str) -> list[str]:
    """Return the arguments that a text holds, with quotes as in a shell.

    Raises:
        RecipeError: If a quote is open, or something is no option; one line.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise RecipeError(f'--sbatch-args {text!r}: {error}') from None
    if words and not words[0].startswith('-'):
        raise RecipeError(f'--sbatch-args {text!r}: {words[0]!r} is no option of sbatch, such as --partition=NAME')
    return words


def plan_jobs(recipe: Recipe, options: JobOptions, until: str | None = None, no_report: bool = False) -> list[StageJob]:
    """Return the jobs of the stages, without those at the beginning that are complete.

    The job of a stage runs the recipe until this stage: what is complete is skipped, and a job that slurm has taken off
    its machine and starts again goes on where it was. The last job writes the report.

    Args:
        recipe: The recipe, for as many processes as a job has.
        options: What jobs ask for.
        until: The last stage (default: the recipe's).
        no_report: Whether the last job is to write no report either.
    """
    todo = recipe.select(until=until)
    while todo and recipe.is_complete(todo[0]):
        todo.pop(0)
    tools = (ROOT if (ROOT / 'tools').is_dir() else INSTALLED_ROOT) / 'tools'
    command = [sys.executable, '-u', str(tools / 'pipeline.py'), *options.command, '--launcher', 'slurm']
    jobs = []
    for stage in todo:
        logs = str(recipe.work_dir / JOB_FOLDER / stage.name).replace('%', '%%')
        asked = [
            f'--job-name={recipe.work_dir.name}-{stage.name}',
            f'--output={logs}-%j.log',
            f'--chdir={Path.cwd()}',
            f'--nodes={options.nodes}',
            '--ntasks-per-node=1',
            f'--gres=gpu:{options.gpus}',
            *options.sbatch,
        ]
        last = [] if stage is todo[-1] and not no_report else ['--no-report']
        jobs.append(StageJob(stage.name, asked, [str(tools / JOB_SCRIPT), *command, '--until', stage.name, *last]))
    return jobs


def write_script(jobs: Sequence[StageJob], work_dir: Path) -> str:
    """Return the commands as a shell script that does what :func:`submit_jobs` does."""
    lines = [f'mkdir -p {shlex.quote(str(work_dir / JOB_FOLDER))}']
    for number, job in enumerate(jobs):
        words = map(shlex.quote, job.command(f'@{number - 1}' if number else None))
        text = re.sub(r"'?--dependency=afterok:@(\d+)'?", r'"--dependency=afterok:${job\1%%;*}"', ' '.join(words))
        lines.append(f'job{number}=$({text})  # {job.stage}')
    return '\n'.join(lines)


def submit_jobs(jobs: Sequence[StageJob], work_dir: Path) -> dict[str, str]:
    """Hand the jobs to sbatch, each depending on the one before; return their numbers by stage.

    Raises:
        RecipeError: If one is refused; the line names those that are waiting already.
    """
    (work_dir / JOB_FOLDER).mkdir(parents=True, exist_ok=True)
    numbers: dict[str, str] = {}
    for job in jobs:
        before = list(numbers.values())
        try:
            numbers[job.stage] = _submit(job.command(before[-1] if before else None))
        except RecipeError as error:
            advice = f'; end those that wait already with: scancel {" ".join(before)}' if before else ''
            raise RecipeError(f'Stage {job.stage}: {error}{advice}') from None
    return numbers


def _submit(command: list[str]) -> str:
    """Run sbatch, without a shell, and return the number of the job."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=SUBMIT_SECONDS)
    except FileNotFoundError:
        raise RecipeError('there is no sbatch here: call this where slurm is, or add --dry-run') from None
    except subprocess.TimeoutExpired:
        raise RecipeError(f'sbatch gives no answer within {SUBMIT_SECONDS} seconds') from None
    if result.returncode:
        told = ' '.join(result.stderr.split()) or f'status {result.returncode}'
        raise RecipeError(f'sbatch refuses the job: {told}')
    number = result.stdout.strip().split(';')[0]  # a cluster's name may follow
    if not number.isdecimal():
        raise RecipeError(f'sbatch answers {result.stdout.strip()!r}, which is no number of a job')
    return number
