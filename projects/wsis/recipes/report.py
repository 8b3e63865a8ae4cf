"""The progress of a recipe while it runs, and its table at the end."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from .log_progress import find_batch_change, parse_progress
from .stage import Stage

SECONDS_BETWEEN_LINES = 30


class RecipeReport:
    """Progress of the stages: a live bar in a terminal, a line now and then elsewhere; at the end one table.

    Args:
        stages: All stages of the pipeline.
        selected: Those that are run.
    """

    def __init__(self, stages: Sequence[Stage], selected: Sequence[Stage]) -> None:
        self.stages = list(stages)
        self.positions = {stage.name: f'[{index}/{len(selected)}]' for index, stage in enumerate(selected, 1)}
        self.console = Console(highlight=False, soft_wrap=True)
        self.bar = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            TextColumn('{task.percentage:>3.0f}%'),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
        )
        self.task = None
        self.told = 0.0

    def __enter__(self) -> 'RecipeReport':
        if self.console.is_terminal:
            self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def skip(self, stage: Stage) -> None:
        """Say that a stage is complete already."""
        self.console.print(f'{self.positions[stage.name]} {stage.name}: complete already', markup=False)

    def begin(self, stage: Stage, told: str | None = None, amp: bool = False) -> None:
        """Say that a stage begins, maybe in mixed precision, and in a line of its own what is made again."""
        if told:
            self.console.print(f'    {stage.name}: {told}', markup=False)
        action = f'{stage.action}, mixed precision' if amp else stage.action
        self.console.print(f'{self.positions[stage.name]} {stage.name} ({action}) ...', markup=False)
        self.task = self.bar.add_task(stage.name, total=None)
        self.told = time.monotonic()

    def read_line(self, stage: Stage, line: str) -> bool:
        """Read the progress from a line that the stage has printed, and return whether it contained any.

        A line that says that the batch is another than the configured one is printed too.
        """
        progress = parse_progress(line)
        if progress is None:
            if change := find_batch_change(line):
                self.console.print(f'    {change}', markup=False)
            return False
        phase = f'{stage.name} {progress.phase}'.rstrip()
        self.bar.update(self.task, description=phase, completed=progress.done, total=progress.total)
        if not self.console.is_terminal and time.monotonic() - self.told > SECONDS_BETWEEN_LINES:
            self.told = time.monotonic()
            left = self.bar.tasks[-1].time_remaining
            eta = f', {format_time(left)} left' if left else ''
            self.console.print(f'    {progress.phase} {progress.done}/{progress.total}{eta}', markup=False)
        return True

    def leave(self, stage: Stage) -> None:
        """Say that a stage has ended on this node; its number is told by node 0."""
        self.bar.remove_task(self.task)
        self.console.print(f'{self.positions[stage.name]} {stage.name}: ended here', markup=False)

    def finish(self, stage: Stage, record: dict[str, Any]) -> None:
        """Say that a stage has finished, with its number."""
        self.bar.remove_task(self.task)
        value = record['metrics'].get(stage.number)
        number = f', {stage.number} {format_number(value)}' if value is not None else ''
        position, duration = self.positions[stage.name], format_time(record['seconds'])
        self.console.print(f'{position} {stage.name}: done in {duration}{number}', markup=False)

    def results(self, records: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Return what is known of all stages, for results.json."""
        stages = [
            dict(
                name=stage.name,
                action=stage.action,
                complete=bool(records[stage.name].get('complete')),
                number=stage.number,
                value=records[stage.name].get('metrics', {}).get(stage.number),
                expected=stage.expected,
                seconds=round(records[stage.name].get('seconds', 0.0), 1),
                metrics=records[stage.name].get('metrics', {}),
                **({'batch': records[stage.name]['batch']} if 'batch' in records[stage.name] else {}),
            )
            for stage in self.stages
        ]
        return dict(stages=stages, seconds=round(sum(stage['seconds'] for stage in stages), 1))

    def print_table(self, results: dict[str, Any], work_dir: Path, results_path: Path) -> None:
        """Print the table of all stages."""
        table = Table(title=f'Recipe in {work_dir}')
        for name, side in (
            ('stage', 'left'),
            ('metric', 'left'),
            ('value', 'right'),
            ('expected', 'right'),
            ('time', 'right'),
        ):
            table.add_column(name, justify=side, no_wrap=True)
        for stage in results['stages']:
            value = format_number(stage['value']) if stage['complete'] else 'not run'
            table.add_row(
                stage['name'],
                (stage['number'] or '') if stage['value'] is not None or not stage['complete'] else '',
                value,
                format_number(stage['expected']),
                format_time(stage['seconds']),
            )
        table.add_section()
        table.add_row('all stages', '', '', '', format_time(results['seconds']))
        self.console.print(table)
        self.console.print(f'All metrics: {results_path}', markup=False)
        for picture in sorted(work_dir.glob('*/*.png')):
            self.console.print(f'Pictures: {picture}', markup=False)


def format_number(value: float | None) -> str:
    """Return a number with two decimals, or nothing."""
    return '' if value is None else f'{value:.2f}'


def format_time(seconds: float) -> str:
    """Return a time as minutes and seconds."""
    return f'{int(seconds) // 60}:{int(seconds) % 60:02d}'
