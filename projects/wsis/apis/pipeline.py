"""Running the stages of a pipeline in order, resuming where an earlier call stopped."""

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..engine import find_latest_checkpoint
from ..structures import read_json, write_json
from .launch import INSTALLED_ROOT, ROOT, find_config, load_config
from .pipeline_report import PipelineReport
from .processes import end_with_parent, lock_folder
from .stage_data import describe_data, describe_folder
from .stage_record import StageRecord, make_key

ACTIONS = ('train', 'predict', 'tool')
PLACEHOLDER = re.compile(r'\{(\w+)(\.checkpoint)?\}')
METRICS_NAME = 'metrics.json'


class PipelineError(ValueError):
    """A pipeline that cannot go on; the message is one clear line."""


class Stage:
    """One stage of a pipeline.

    Args:
        name: Name, also of its folder in the work dir.
        action: ``train`` (tools/train.py), ``predict`` (tools/test.py) or ``tool`` (another script of tools/).
        config: Config of ``train`` and ``predict``.
        checkpoint: Stage whose checkpoint ``predict`` loads.
        options: Settings of the config to override. In values ``{stage}`` stands for the folder of another stage and
            ``{stage.checkpoint}`` for its checkpoint; the stages named so are the inputs.
        tool: Script below tools/, for ``tool``.
        reads: Folders whose files the tool reads; the stage is run anew when they have changed.
        arguments: Its arguments, with the same placeholders; ``{work_dir}`` is the pipeline's folder, and ``@name`` the
            config of this short name.
        number: The metric that stands for the stage in the table.
        expected: The value of it to expect.
    """

    def __init__(
        self,
        name: str,
        action: str,
        config: str | None = None,
        checkpoint: str | None = None,
        options: dict[str, Any] | None = None,
        tool: str | None = None,
        arguments: Sequence[str] = (),
        reads: Sequence[str] = (),
        number: str | None = None,
        expected: float | None = None,
    ) -> None:
        if action not in ACTIONS:
            raise PipelineError(f'Stage {name}: action {action!r} is none of {", ".join(ACTIONS)}')
        if (tool if action == 'tool' else config) is None:
            raise PipelineError(f'Stage {name}: action {action!r} needs {"tool" if action == "tool" else "config"}=')
        self.name = name
        self.action = action
        self.config = config
        self.checkpoint = checkpoint
        self.options = dict(options or {})
        self.tool = tool
        self.arguments = list(arguments)
        self.reads = list(reads)
        self.number = number
        self.expected = expected

    @property
    def inputs(self) -> list[str]:
        """Names of the stages that this one needs."""
        texts = [str(value) for value in [*self.options.values(), *self.arguments]]
        names = {match[1] for text in texts for match in PLACEHOLDER.finditer(text)} - {'work_dir'}
        return sorted(names | ({self.checkpoint} if self.checkpoint else set()))

    def load_config(self) -> Config:
        """Return the config with the options of the stage; None stands for what other stages make."""
        options = {key: None if PLACEHOLDER.search(str(value)) else value for key, value in self.options.items()}
        return load_config(self.config, options)

    def divide_batch(self, processes: int) -> int | None:
        """Return the batch size of each process, so that the batch of all together is the configured one.

        Returns:
            None where there is nothing to divide: another action than ``train``, one process, no batch size.

        Raises:
            PipelineError: If the batch cannot be divided.
        """
        if self.action != 'train' or processes == 1:
            return None
        batch = self.load_config().get('train_dataloader', {}).get('batch_size')
        if batch is not None and int(batch) % processes:
            raise PipelineError(
                f'Stage {self.name}: a batch of {batch} photos cannot be divided among {processes} processes: choose '
                f'another number of them, or another train_dataloader.batch_size in {self.config}'
            )
        return None if batch is None else int(batch) // processes

    def describe(self) -> Any:
        """Return all that decides what the stage makes, but for the stages that are its inputs."""
        if self.action == 'tool':
            return [self.action, self.tool, self.arguments, [describe_folder(folder) for folder in self.reads]]
        content = load_config(self.config).to_dict()
        data = describe_data(self.load_config().to_dict(), self.action)
        for key in ('work_dir', 'launcher', 'filename'):
            content.pop(key, None)
        return [self.action, content, self.options, data]


def read_stages(config: Config) -> list[Stage]:
    """Return the stages of a pipeline config.

    Raises:
        PipelineError: If a stage is described wrongly, or ``configs``, ``options``, ``expected`` or ``skip`` speak of
            one that is not there.
    """
    _check_names(config)
    names = config.get('configs', {})
    stages = []
    for entry in config.get('stages', []):
        entry = dict(entry)
        if entry.get('name') in config.get('skip', []):
            continue
        entry['config'] = names.get(entry.get('config'), entry.get('config'))
        entry['options'] = {**entry.get('options', {}), **config.get('options', {}).get(entry.get('name'), {})}
        entry['arguments'] = [
            f'{names.get(argument[1:], argument)}' if argument.startswith('@') else argument
            for argument in entry.get('arguments', [])
        ]
        entry['expected'] = config.get('expected', {}).get(entry.get('name'))
        try:
            stages.append(Stage(**entry))
        except TypeError as error:
            raise PipelineError(f'{config.filename}: stage {entry.get("name")!r}: {error}') from None
    return stages


def _check_names(config: Config) -> None:
    entries = config.get('stages', [])
    stages = {entry.get('name') for entry in entries}
    known = dict.fromkeys(('options', 'expected', 'skip'), stages)
    known['configs'] = {entry.get('config') for entry in entries} | {
        argument[1:] for entry in entries for argument in entry.get('arguments', []) if argument.startswith('@')
    }
    for key, names in known.items():
        if unknown := [name for name in config.get(key, []) if name not in names]:
            raise PipelineError(
                f'{config.filename}: `{key}` names {unknown[0]!r}, which no stage does; there are '
                f'{", ".join(sorted(filter(None, names)))}'
            )


class Pipeline:
    """An ordered list of stages in one work dir.

    Args:
        config: Config with ``stages = [dict(name=, action=, config=, ...), ...]``; see :class:`Stage`. Its ``configs``
            gives short names to configs, ``options`` more options and ``expected`` the expected numbers by stage, so
            that pipelines for other data inherit the stages; ``skip`` names stages to leave out. ``results_name`` names
            the JSON file of results, for pipelines that share a work dir.
        work_dir: Folder of the pipeline; each stage has a folder of its name in it.
        processes: How many processes (GPUs, where there are any) each stage uses; they share the configured batch.

    Raises:
        PipelineError: If the stages do not fit together.
    """

    def __init__(self, config: Config, work_dir: str | Path, processes: int = 1) -> None:
        self.work_dir = Path(work_dir).resolve()
        self.processes = processes
        self.results_path = self.work_dir / f'{config.get("results_name", "results")}.json'
        self.stages = read_stages(config)
        if not self.stages:
            raise PipelineError(f'{config.filename} is no pipeline: it has no `stages`')
        known: set[str] = set()
        for stage in self.stages:
            if stage.name in known:
                raise PipelineError(f'Two stages are named {stage.name!r}')
            if missing := [name for name in stage.inputs if name not in known]:
                raise PipelineError(f'Stage {stage.name} needs {missing[0]!r}, which is no earlier stage')
            known.add(stage.name)

    def select(self, only: str | None = None, start: str | None = None) -> list[Stage]:
        """Return the stages to run.

        Args:
            only: Just this stage.
            start: This stage and all after it.
        """
        names = [stage.name for stage in self.stages]
        for name in filter(None, (only, start)):
            if name not in names:
                raise PipelineError(f'There is no stage {name!r}; the stages are {", ".join(names)}')
        if only:
            return [self.stages[names.index(only)]]
        return self.stages[names.index(start) if start else 0 :]

    def run(self, only: str | None = None, start: str | None = None) -> dict[str, Any]:
        """Run the stages, skip those that are complete, and return (and write) all results.

        Args:
            only: Run just this stage, anew.
            start: Run this stage anew, and all after it.
        """
        self.work_dir.mkdir(parents=True, exist_ok=True)
        with lock_folder(self.work_dir):
            return self._run(only, start)

    def _run(self, only: str | None, start: str | None) -> dict[str, Any]:
        selected = self.select(only, start)
        for stage in selected:
            stage.divide_batch(self.processes)  # what cannot be divided is told before anything runs
        if only or start:
            made = {stage.name for stage in selected}
            for name in sorted({name for stage in selected for name in stage.inputs} - made):
                self._check_input(name)  # before anything is set aside
            for stage in selected:
                if stage is selected[0] or self.record(stage.name).read().get('complete'):
                    self.record(stage.name).set_aside()
        report = PipelineReport(self.stages, selected)
        with report:
            for stage in selected:
                self._run_stage(stage, report)
        results = report.results({stage.name: self.record(stage.name).read() for stage in self.stages})
        write_json(self.results_path, results)
        report.print_table(results, self.work_dir, self.results_path)
        return results

    def record(self, name: str) -> StageRecord:
        """Return the record of a stage."""
        return StageRecord(self.work_dir / name)

    def _run_stage(self, stage: Stage, report: PipelineReport) -> None:
        record = self.record(stage.name)
        key = self._key(stage)
        if record.is_complete(key):
            report.skip(stage)
            return
        record.begin(key, name=stage.name, action=stage.action, config=stage.config, inputs=stage.inputs)
        report.begin(stage)
        began = time.monotonic()
        try:
            self._execute(stage, report)
        finally:
            record.add_time(time.monotonic() - began)
        metrics_file = record.folder / METRICS_NAME
        report.finish(stage, record.finish(read_json(metrics_file) if metrics_file.is_file() else {}))

    def _key(self, stage: Stage) -> str:
        return make_key(stage.describe(), {name: self._check_input(name) for name in stage.inputs})

    def _check_input(self, name: str) -> dict[str, str]:
        """Return the outputs of a stage that others need.

        Raises:
            PipelineError: If it is not complete.
        """
        record = self.record(name)
        if not record.is_complete():
            raise PipelineError(
                f'Stage {name!r} is needed, but not complete in {self.work_dir}: run the pipeline '
                f'without --only, or with --from {name}'
            )
        return record.read()['outputs']

    def _fill(self, text: str) -> str:
        """Replace the placeholders of a text."""

        def replace(match: re.Match) -> str:
            if match[1] == 'work_dir':
                return str(self.work_dir)
            folder = self.work_dir / match[1]
            return str(find_latest_checkpoint(folder)) if match[2] else str(folder)

        return PLACEHOLDER.sub(replace, text)

    def _command(self, stage: Stage) -> list[str]:
        """Return the command line of a stage, as a list: no shell takes part."""
        tools = (ROOT if (ROOT / 'tools').is_dir() else INSTALLED_ROOT) / 'tools'
        folder = self.work_dir / stage.name
        if stage.action == 'tool':
            return [sys.executable, str(tools / stage.tool), *map(self._fill, stage.arguments)]
        python = [sys.executable]
        if self.processes > 1:
            python += ['-m', 'torch.distributed.run', '--standalone', f'--nproc_per_node={self.processes}']
        script = [str(tools / ('train.py' if stage.action == 'train' else 'test.py')), str(find_config(stage.config))]
        if stage.action == 'train':
            script.append('--resume')
        else:
            checkpoint = find_latest_checkpoint(self.work_dir / stage.checkpoint) if stage.checkpoint else None
            script.insert(2, str(checkpoint or 'none'))
        script += ['--work-dir', str(folder), '--out', str(folder / METRICS_NAME)]
        if self.processes > 1:
            script += ['--launcher', 'pytorch']
        options = dict(stage.options)
        if (batch := stage.divide_batch(self.processes)) is not None:
            options['train_dataloader.batch_size'] = batch
        if options:
            script += ['--cfg-options', *(f'{key}={self._fill(str(value))}' for key, value in options.items())]
        return python + script

    def _execute(self, stage: Stage, report: PipelineReport) -> None:
        """Run the command of a stage; its output goes to ``output.log`` and its progress to the report."""
        log = self.work_dir / stage.name / 'output.log'
        with (
            open(log, 'a', encoding='utf-8') as file,
            subprocess.Popen(
                self._command(stage),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors='replace',
                preexec_fn=end_with_parent,
            ) as process,
        ):
            last_lines: list[str] = []
            try:
                for line in process.stdout:
                    file.write(line)
                    file.flush()
                    report.read_line(stage, line)
                    last_lines = [*last_lines[-4:], line.strip()] if line.strip() else last_lines
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            told = [line for line in last_lines if line.startswith('error')] or last_lines[-1:]
            raise PipelineError(f'Stage {stage.name} failed: {"; ".join(told) or "no output"} (all output: {log})')
