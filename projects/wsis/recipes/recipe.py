"""Running the stages of a recipe in order, resuming where an earlier call stopped."""

import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.device import get_device

from ..apis.configs import INSTALLED_ROOT, ROOT, find_config
from ..apis.devices import MOST_SHARING, available_cores, count_sharing_gpu
from ..apis.precision import prefers_mixed_precision
from ..apis.shared_batch import BATCH_NAME
from ..engine import find_latest_checkpoint
from ..engine.parent_process import end_with_parent
from ..structures import report_unwritable, write_json
from ..structures.files import read_json_object, remove_half_written
from .node_group import NodeGroup
from .node_place import NodePlace
from .process_group import choose_gpus, describe_group
from .processes import lock_folder
from .report import RecipeReport
from .script_server import RunningScript, ScriptServer
from .stage import PLACEHOLDER, RecipeError, Stage, StageError, check_option_names, read_stages
from .stage_end import explain_end
from .stage_record import StageRecord, make_key

METRICS_NAME = 'metrics.json'
OPTIONS_NAME = 'options.json'
FORKING_DEVICES = ('cpu', 'cuda')
LINES_KEPT = 60  # of the output of a stage, to say why it has failed
REMOVED = 'Stage {name}: {folder} was removed or taken by another run while it ran; run the same command again'


class Recipe:
    """An ordered list of stages in one work dir.

    Args:
        config: Config with ``stages = [dict(name=, action=, config=, ...), ...]``; see :class:`Stage`. Its ``configs``
            gives short names to configs, ``options`` more options and ``expected`` the expected numbers by stage, so
            that pipelines for other data inherit the stages; ``skip`` names stages to leave out. ``results_name`` names
            the JSON file of results, for pipelines that share a work dir.
        work_dir: Folder of the pipeline; each stage has a folder of its name in it.
        processes: How many processes (GPUs, if there are any) each stage uses on each node; all together share the
            configured batch, or where it cannot be divided the nearest that can, with the learning rate scaled
            linearly.
        data: File that describes the data set, instead of those of the configs. Stages that test on its val split
            are left out where it has none.
        options: Settings of the configs to override: ``key`` in all stages, ``STAGE.key`` in one; of a stage that runs
            another tool, options of that.
        vis_backends: Where trainings send their curves too (see :mod:`projects.wsis.apis.vis_backends`); what a stage
            makes does not depend on it.
        keep_batch: Whether to refuse a batch that cannot be divided.
        place: Which of several machines this one is (default: the only one).
        amp: Whether trainings use mixed precision. None: a training that has begun goes on as it is, and a new one uses
            it where :func:`~projects.wsis.apis.precision.prefers_mixed_precision`, unless its config says
            ``mixed_precision_by_default = False``.

    Raises:
        RecipeError: If the stages do not fit together, or there is no process to run them.
    """

    def __init__(
        self,
        config: Config,
        work_dir: str | Path,
        processes: int = 1,
        data: str | Path | None = None,
        options: dict[str, Any] | None = None,
        vis_backends: Sequence[str] = (),
        keep_batch: bool = False,
        place: NodePlace | None = None,
        amp: bool | None = None,
    ) -> None:
        if processes < 1:
            raise RecipeError(f'--gpus {processes}: name at least 1')
        self.work_dir = Path(work_dir).resolve()
        self.place = place or NodePlace()
        self.processes = processes * self.place.count
        self._told_checkpoints: dict[str, str | None] = {}
        self._amp_of: dict[str, bool] = {}  # stages, once it is decided
        self.vis_backends = list(vis_backends)
        self.keep_batch = keep_batch
        self.amp = amp
        self.results_path = self.work_dir / f'{config.get("results_name", "results")}.json'
        stages = read_stages(config, None if data is None else str(find_config(data).resolve()), options)
        if not stages:
            raise RecipeError(f'{config.filename} is no pipeline: it has no `stages`')
        check_option_names(options or {}, [entry['name'] for entry in config.stages], stages)
        known: set[str] = set()
        for stage in stages:
            if stage.name in known:
                raise RecipeError(f'Two stages are named {stage.name!r}')
            if missing := [name for name in stage.inputs if name not in known]:
                raise RecipeError(f'Stage {stage.name} needs {missing[0]!r}, which is no earlier stage')
            known.add(stage.name)
        self.stages = [stage for stage in stages if not stage.has_nothing_to_test()]

    def select(self, only: str | None = None, start: str | None = None, until: str | None = None) -> list[Stage]:
        """Return the stages to run.

        Args:
            only: Just this stage.
            start: This stage and all after it.
            until: No stage after this one.
        """
        names = [stage.name for stage in self.stages]
        for name in filter(None, (only, start, until)):
            if name not in names:
                raise RecipeError(f'There is no stage {name!r}; the stages are {", ".join(names)}')
        if only:
            return [self.stages[names.index(only)]]
        first, end = names.index(start) if start else 0, names.index(until) + 1 if until else len(names)
        if first >= end:
            raise RecipeError(f'Stage {start} comes after {until}: nothing is left to run')
        return self.stages[first:end]

    def choose(self, only: str | None = None, start: str | None = None, until: str | None = None) -> list[Stage]:
        """Return the stages to run, see :meth:`select`, once nothing speaks against running them.

        Raises:
            RecipeError: If a stage is not there, a batch cannot be shared, or ``only`` or ``start`` need results that
                are not there.
        """
        selected = self.select(only, start, until)
        self.check_batches(selected)
        if only or start:
            made = {stage.name for stage in selected}
            for name in sorted({name for stage in selected for name in stage.inputs} - made):
                self._check_input(name)
        return selected

    def run(
        self,
        only: str | None = None,
        start: str | None = None,
        until: str | None = None,
        group: NodeGroup | None = None,
    ) -> dict[str, Any]:
        """Run the stages, skip those that are complete, and return (and write) all results.

        On other nodes than the first the stages that it names are run with it, and there are no results.

        Args:
            only: Run only this stage again.
            start: Run this stage and all later stages again.
            until: Run no stage after this one.
            group: The nodes, which stay together until the last stage has ended; needed where there are several.
        """
        self._group = group or NodeGroup(self.place)
        if not self.place.is_first:
            self._follow()
            return {}
        self.work_dir.mkdir(parents=True, exist_ok=True)
        with lock_folder(self.work_dir), ExitStack() as self._until_the_end:
            self._server = None
            remove_half_written(self.work_dir, below=False)
            self._group.check_shared(self.work_dir)
            results = self._run(self.choose(only, start, until), bool(only or start))
        self._group.close()
        return results

    def _follow(self) -> None:
        """Run the stages that node 0 names.

        Raises:
            RecipeError: If it stops.
        """
        self._group.check_shared(self.work_dir)
        stages = {stage.name: stage for stage in self.stages}
        with RecipeReport(self.stages, self.stages) as report:
            while 'run' in (message := self._group.hear()):
                stage = stages[message['run']]
                self._told_checkpoints[stage.name] = message.get('checkpoint')
                self._amp_of[stage.name] = bool(message.get('amp'))
                report.begin(stage, amp=self._uses_amp(stage))
                error = ''
                try:
                    self._execute(stage, report)
                except StageError as failure:
                    error = '' if self._group.was_stopped else str(failure)
                report.leave(stage)
                self._group.tell(error=error)
        if message.get('end'):
            raise RecipeError(f'node 0 has stopped: {message["end"]}')

    def check_batches(self, stages: Sequence[Stage]) -> None:
        """Refuse, before anything runs, a batch that is to be kept and cannot be divided.

        Raises:
            RecipeError: If there is one.
        """
        for stage in stages:
            stage.find_other_batch(self.processes, self.keep_batch)

    def _run(self, selected: Sequence[Stage], again: bool) -> dict[str, Any]:
        if again:
            for stage in selected:
                if stage is selected[0] or self.record(stage.name).read_known().get('complete'):
                    self.record(stage.name).set_aside()
        report = RecipeReport(self.stages, selected)
        with report:
            for stage in selected:
                self._write_results(report)  # of a run that stops here they say what is missing
                self._run_stage(stage, report)
        results = self._write_results(report)
        report.print_table(results, self.work_dir, self.results_path)
        return results

    def _write_results(self, report: RecipeReport) -> dict[str, Any]:
        results = report.results({stage.name: self.record(stage.name).read_known() for stage in self.stages})
        write_json(self.results_path, results)
        return results

    def record(self, name: str) -> StageRecord:
        """Return the record of a stage."""
        return StageRecord(self.work_dir / name)

    def is_complete(self, stage: Stage) -> bool:
        """Return whether a stage would be skipped, given that its inputs are complete."""
        return self.record(stage.name).is_complete(self._key(stage))

    def _run_stage(self, stage: Stage, report: RecipeReport) -> None:
        record = self.record(stage.name)
        key = self._key(stage)
        if record.is_complete(key):
            report.skip(stage)
            return
        data = stage.describe_data()
        amp = self._uses_amp(stage)
        facts = dict(name=stage.name, action=stage.action, config=stage.config, inputs=stage.inputs)
        told = record.begin(key, **facts, **(dict(amp=True) if amp else {}))
        report.begin(stage, told, amp)
        began = time.monotonic()
        try:
            self._execute_on_all(stage, report)
        finally:
            with suppress(OSError):  # a full disk has stopped the stage, and that is to be told
                record.add_time(time.monotonic() - began)
        self._check_undisturbed(stage, record, data)
        metrics, batch = (_read_if_there(record.folder / name) for name in (METRICS_NAME, BATCH_NAME))
        report.finish(stage, record.finish(metrics, **(dict(batch=batch) if batch else {})))

    def _check_undisturbed(self, stage: Stage, record: StageRecord, data: Any) -> None:
        """Check that folder and data of a stage that has run are those that it began with.

        Raises:
            StageError: If they are not; nothing of it is taken for whole then.
        """
        if not record.is_ours():
            raise StageError(REMOVED.format(name=stage.name, folder=record.folder))
        if stage.describe_data() != data:
            record.distrust()
            raise StageError(
                f'Stage {stage.name}: photos, tags or other data that it reads were changed or taken away while it '
                'ran; run the same command again, and it is made anew'
            )

    def _execute_on_all(self, stage: Stage, report: RecipeReport) -> None:
        """Run a stage on all nodes, a tool on this one only.

        Raises:
            StageError: If it fails anywhere.
        """
        if stage.action == 'tool':
            self._execute(stage, report)
            return
        write_json(self.work_dir / stage.name / OPTIONS_NAME, self._options(stage))
        # a network file system may show another one elsewhere for a while
        self._group.tell(run=stage.name, checkpoint=self._find_checkpoint(stage), amp=self._uses_amp(stage))
        failure = None
        try:
            self._execute(stage, report)
        except StageError as error:
            failure = str(error)
            self._group.tell(stop=True)
        was_stopped = self._group.was_stopped
        told = self._group.collect()
        if failure and not was_stopped:
            told.insert(0, failure)
        if told or failure:
            raise StageError('; '.join(told) or failure)

    def _find_checkpoint(self, stage: Stage) -> str | None:
        """Return what a stage loads; on other nodes than the first what that one has told."""
        if stage.name in self._told_checkpoints:
            return self._told_checkpoints[stage.name]
        checkpoint = find_latest_checkpoint(self.work_dir / stage.checkpoint) if stage.checkpoint else None
        return None if checkpoint is None else str(checkpoint)

    def _key(self, stage: Stage) -> str:
        """Return what decides the result of a stage, and decide its precision."""
        inputs = {name: self._check_input(name) for name in stage.inputs}  # once: it reads all that they have made
        amp = self.prefers_amp(stage)
        key = self._make_key(stage, inputs, amp)
        if stage.action == 'train' and self.amp is None:
            # a training that was made, or begun, on another machine or by an earlier release stays what it is
            other = self._make_key(stage, inputs, not amp)
            if self.record(stage.name).read_known().get('key') == other:
                amp, key = not amp, other
        self._amp_of[stage.name] = amp
        return key

    def prefers_amp(self, stage: Stage) -> bool:
        """Return whether a stage that begins now calculates in mixed precision: trainings only."""
        if stage.action != 'train':
            return False
        if self.amp is not None:
            return self.amp
        return prefers_mixed_precision() and stage.load_config().get('mixed_precision_by_default', True)

    def _make_key(self, stage: Stage, inputs: dict[str, dict[str, str]], amp: bool) -> str:
        description, batch = stage.describe(), stage.find_other_batch(self.processes)
        if batch is not None:  # other weights come of it; a batch that is only split does not count
            description = [*description, dict(batch_size=batch)]
        if amp:
            description = [*description, dict(amp=True)]
        return make_key(description, inputs)

    def _uses_amp(self, stage: Stage) -> bool:
        """Return whether a stage calculates in mixed precision; on other nodes than the first as that one has told."""
        if stage.name not in self._amp_of and self.record(stage.name).read_known():
            self._key(stage)
        return self._amp_of[stage.name] if stage.name in self._amp_of else self.prefers_amp(stage)

    def _check_input(self, name: str) -> dict[str, str]:
        """Return the outputs of a stage that others need.

        Raises:
            RecipeError: If it is not complete.
        """
        record = self.record(name)
        if not record.is_complete():
            raise RecipeError(
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
        """Return the command line of a stage, as a list: no shell takes part, and paths are passed as they are."""
        tools = (ROOT if (ROOT / 'tools').is_dir() else INSTALLED_ROOT) / 'tools'
        folder = self.work_dir / stage.name
        data = ['--data', stage.data] if stage.data else []
        if stage.action == 'tool':
            given = data if stage.takes_data else []
            return [sys.executable, str(tools / stage.tool), *map(self._fill, stage.arguments), *given]
        python, sharing = [sys.executable], self._count_sharing(stage)
        if self.processes > 1:
            python += ['-m', 'torch.distributed.run', *self._meeting(sharing)]
        script = [str(tools / ('train.py' if stage.action == 'train' else 'test.py')), str(find_config(stage.config))]
        if stage.action == 'train':
            script += ['--resume', '--amp'] if self._uses_amp(stage) else ['--resume']
        else:
            script.insert(2, self._find_checkpoint(stage) or 'none')
        script += ['--work-dir', str(folder), '--metrics', str(folder / METRICS_NAME), '--progress-lines', *data]
        if stage.action == 'train' and self.vis_backends:
            script += ['--vis-backends', *self.vis_backends]
        if self.processes > 1 and stage.action == 'train':
            script.append('--keep-batch' if self.keep_batch else '--share-batch')
        if self.processes > 1 or sharing > 1:
            script += ['--launcher', 'pytorch']
        if self._options(stage):
            script += ['--options-file', str(folder / OPTIONS_NAME)]
        return python + script

    def _meeting(self, sharing: int) -> list[str]:
        """Return how many processes of a stage run on this node and where they meet, as arguments of torchrun.

        Args:
            sharing: How many of them share each device.
        """
        place = self.place
        processes = f'--nproc_per_node={self.processes // place.count * sharing}'
        if place.count == 1:
            return ['--standalone', processes]
        nodes = [f'--nnodes={place.count}', f'--node_rank={place.rank}']
        return [*nodes, f'--master_addr={place.address}', f'--master_port={place.port + 1}', processes]

    def _options(self, stage: Stage) -> dict[str, Any]:
        """Return the options of a stage, with the folders and checkpoints of other stages filled in."""
        return {key: self._fill(value) if isinstance(value, str) else value for key, value in stage.options.items()}

    def _forks_stages(self) -> bool:
        return self.processes == 1 and get_device() in FORKING_DEVICES and ScriptServer.is_possible()

    def _count_sharing(self, stage: Stage) -> int:
        """Return how many processes of a stage share the CPU, or each GPU.

        Predictions of one image after the other leave cores and GPUs idle, so where nobody has chosen a number of
        threads, some share the images of a stage; not on several machines, which may differ.
        """
        together = self._forks_stages() or (self.processes > 1 and self.place.count == 1)
        if stage.action != 'predict' or 'OMP_NUM_THREADS' in os.environ or not together:
            return 1
        if get_device() == 'cuda':
            return count_sharing_gpu(self.processes)
        return min(available_cores(), MOST_SHARING) if self._forks_stages() else 1

    def _start(self, stage: Stage) -> subprocess.Popen | RunningScript:
        """Start the command of a stage; where that can be, as forks of a process that has imported what stages need."""
        command, sharing = self._command(stage), self._count_sharing(stage)
        # more processes than GPUs: they must not take those that nobody has named
        gpus = choose_gpus(self.processes) if sharing > 1 and get_device() == 'cuda' else {}
        if not self._forks_stages():
            pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
            return subprocess.Popen(command, preexec_fn=end_with_parent, env={**os.environ, **gpus}, **pipes)
        if self._server is None:
            self._server = self._until_the_end.enter_context(ScriptServer())
        return self._server.start(command[1:], environments=[{**place, **gpus} for place in describe_group(sharing)])

    def _execute(self, stage: Stage, report: RecipeReport) -> None:
        """Run the command of a stage; its output goes to ``output.log`` and its progress to the report.

        Raises:
            StageError: If it fails.
        """
        try:
            self._run_command(stage, report)
        except ChildProcessError as error:
            raise StageError(f'Stage {stage.name} failed: {error}; run the same command again: it goes on') from None

    def _run_command(self, stage: Stage, report: RecipeReport) -> None:
        name = 'output.log' if self.place.is_first else f'output.node{self.place.rank}.log'
        log, record = self.work_dir / stage.name / name, self.record(stage.name)
        was_there = record.path.is_file()
        with (
            # without a buffer, which would be written once more when the file of a full disk is closed
            open(log, 'ab', buffering=0) as file,
            self._start(stage) as process,
            # a tool needs no other node, and what it makes is not to be lost
            nullcontext() if stage.action == 'tool' else self._group.ending(process.terminate),
        ):
            last_lines: deque[str] = deque(maxlen=LINES_KEPT)
            try:
                for line in process.stdout:
                    if was_there and not record.path.is_file():  # hours may be left of a stage that writes into nothing
                        raise StageError(REMOVED.format(name=stage.name, folder=record.folder))
                    if report.read_line(stage, line):
                        continue
                    with report_unwritable(log):
                        file.write(line.encode(errors='replace'))
                    if line.strip():
                        last_lines.append(line.strip())
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            reason = explain_end(process.returncode, list(last_lines))
            raise StageError(f'Stage {stage.name} failed: {reason} (all output: {log})')


def _read_if_there(path: Path) -> dict[str, Any]:
    return read_json_object(path) if path.is_file() else {}
