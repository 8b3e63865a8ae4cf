"""A recipe as slurm jobs, with a program in the place of sbatch, and one in that of srun."""

import json
import os
import shlex
import subprocess
import sys
import textwrap

import pytest
from tiny_chain.processes import TESTS, TOOLS, run_tool

from projects.wsis.recipes.slurm_jobs import read_sbatch_arguments
from projects.wsis.recipes.stage import RecipeError

# writes what it was given and answers with a number, as sbatch --parsable does; jobs named in `refused` are refused
SBATCH = """
    import json, pathlib, sys
    here = pathlib.Path(__file__).parent
    name = [part for part in sys.argv if part.startswith('--job-name=')][0].split('-')[-1]
    if name in (here / 'refused').read_text().split():
        print('sbatch: error: invalid partition\\nsbatch: error: Batch job submission failed', file=sys.stderr)
        sys.exit(1)
    with open(here / 'jobs.jsonl', 'a') as file:
        file.write(json.dumps(sys.argv[1:]) + '\\n')
    print(f'{40 + len((here / "jobs.jsonl").read_text().splitlines())};cluster')
"""
NAMES = ['classifier', 'cams', 'inter_pixel_labels', 'irnet', 'pseudo_labels']
OF_MMDET = 'Could not import'  # what it prints once in a process
RECIPE = TESTS / 'tiny_chain/tiny_pipeline.py'


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Folder of programs of slurm, first on the path."""
    folder = tmp_path / 'bin'
    folder.mkdir()
    (folder / 'refused').write_text('')
    for name, text in (('sbatch', SBATCH), ('srun', 'import os, sys; print(sys.argv[1:], os.environ["PATH"] != "")')):
        (folder / name).write_text(f'#!{sys.executable}\n{textwrap.dedent(text)}')
        (folder / name).chmod(0o755)
    monkeypatch.setenv('PATH', str(folder), prepend=os.pathsep)
    return folder


@pytest.fixture
def call(slurm, monkeypatch, capsys):
    """Function: arguments of tools/pipeline.py -> exit status, output, and the jobs that sbatch was given."""
    import runpy

    def run(*arguments):
        monkeypatch.syspath_prepend(str(TOOLS))
        monkeypatch.setattr(sys, 'argv', ['pipeline.py', *map(str, arguments)])
        status = 0
        try:
            runpy.run_path(str(TOOLS / 'pipeline.py'), run_name='__main__')
        except SystemExit as exit:
            status = exit.code
        jobs = slurm / 'jobs.jsonl'
        found = [json.loads(line) for line in jobs.read_text().splitlines()] if jobs.exists() else []
        jobs.unlink(missing_ok=True)
        told = capsys.readouterr()
        lines = [line for line in (told.out + told.err).splitlines() if not line.startswith(OF_MMDET)]
        return status, '\n'.join(lines), found

    return run


def split(job):
    """Return the options of sbatch, and what stands behind them."""
    place = [part.endswith('slurm_stage.sh') for part in job].index(True)
    return job[:place], job[place:]


def test_one_job_for_each_stage_each_after_the_one_before(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('NNODES', '2')
    given = ['--cfg-options', "classifier.model.head.text=a b; 'c' $HOME", '--gpus', 4, '--work-dir', 'my work']
    status, output, jobs = call(RECIPE, *given, '--submit', 'slurm', '--sbatch-args', "--partition=gpu --comment='a b'")
    assert status == 0, output
    assert output.splitlines() == [f'{name}: job {41 + index}' for index, name in enumerate(NAMES)]
    assert (tmp_path / 'my work/slurm').is_dir()
    for index, (name, job) in enumerate(zip(NAMES, jobs, strict=True)):
        options, script = split(job)
        assert options[0] == '--parsable' and f'--job-name=my work-{name}' in options
        assert {'--nodes=2', '--ntasks-per-node=1', '--gres=gpu:4', '--partition=gpu', '--comment=a b'} <= set(options)
        assert f'--output={tmp_path}/my work/slurm/{name}-%j.log' in options and f'--chdir={tmp_path}' in options
        after = [part for part in options if part.startswith('--dependency')]
        assert after == ([f'--dependency=afterok:{40 + index}'] if index else [])
        assert ('--kill-on-invalid-dep=yes' in options) == bool(index)
        own = ['--launcher', 'slurm', '--until', name, *(['--no-report'] if name != NAMES[-1] else [])]
        python = [sys.executable, '-u', str(TOOLS / 'pipeline.py')]
        assert script == [str(TOOLS / 'slurm_stage.sh'), *python, str(RECIPE), *map(str, given), *own]


def test_dry_run_prints_a_script_that_does_the_same(call, slurm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = [RECIPE, '--work-dir', "it's mine", '--submit', 'slurm']
    status, output, jobs = call(*arguments, '--dry-run', '--until', 'irnet')
    assert status == 0 and not jobs and not (tmp_path / "it's mine").exists()
    subprocess.run(['bash', '-euc', output], check=True, timeout=60)
    printed = [json.loads(line) for line in (slurm / 'jobs.jsonl').read_text().splitlines()]
    (slurm / 'jobs.jsonl').unlink()
    _, _, submitted = call(*arguments, '--until', 'irnet')
    assert printed == submitted and len(printed) == 4


def test_what_is_complete_gets_no_job(call, chain, demo_environment):
    status, output, jobs = call(RECIPE, '--work-dir', chain, '--submit', 'slurm', '--dry-run')
    assert status == 0 and 'sbatch' not in output
    options = ['--cfg-options', 'irnet.randomness.seed=7']
    status, output, jobs = call(RECIPE, '--work-dir', chain, '--submit', 'slurm', '--dry-run', *options)
    assert [line.split('# ')[-1] for line in output.splitlines()[1:]] == ['irnet', 'pseudo_labels']


def test_a_refused_job_is_told_with_those_that_wait(call, slurm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (slurm / 'refused').write_text('inter_pixel_labels')
    status, output, jobs = call(RECIPE, '--work-dir', 'work', '--submit', 'slurm')
    assert status == 1 and len(jobs) == 2
    assert output.strip() == (
        'error: Stage inter_pixel_labels: sbatch refuses the job: sbatch: error: invalid partition sbatch: error: '
        'Batch job submission failed; end those that wait already with: scancel 41 42'
    )


@pytest.mark.parametrize(
    'answer, words',
    [('echo soon', "answers 'soon', which is no number of a job"), (None, 'there is no sbatch here: call this where')],
)
def test_answers_that_are_none(call, slurm, tmp_path, monkeypatch, answer, words):
    monkeypatch.chdir(tmp_path)
    if answer:
        (slurm / 'sbatch').write_text(f'#!/bin/sh\n{answer}\n')
    else:
        monkeypatch.setenv('PATH', str(tmp_path))
    status, output, _ = call(RECIPE, '--work-dir', 'work', '--submit', 'slurm')
    assert status == 1 and words in output and 'scancel' not in output and 'Traceback' not in output


@pytest.mark.parametrize('option', ['--only', '--from'])
def test_jobs_go_on_only(call, tmp_path, monkeypatch, option):
    monkeypatch.chdir(tmp_path)
    status, output, jobs = call(RECIPE, '--work-dir', 'work', '--submit', 'slurm', option, 'irnet')
    assert status == 1 and 'leave out --only and --from' in output and not jobs


@pytest.mark.parametrize('text, words', [("--comment='a", 'No closing quotation'), ('gpu', "'gpu' is no option")])
def test_options_of_sbatch_that_are_none(text, words):
    assert read_sbatch_arguments("-p gpu --comment='a b'") == ['-p', 'gpu', '--comment=a b']
    with pytest.raises(RecipeError, match=words) as caught:
        read_sbatch_arguments(text)
    assert '\n' not in str(caught.value)


def test_the_script_of_a_job_starts_one_task_on_each_node(slurm, monkeypatch):
    command = ['bash', str(TOOLS / 'slurm_stage.sh'), 'python', 'a b', "c'd"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert found.startswith(f'{["--ntasks-per-node=1", "--kill-on-bad-exit=1", *command[2:]]}')
    (slurm / 'srun').write_text('#!/bin/sh\necho "cores $SRUN_CPUS_PER_TASK"\n')
    monkeypatch.setenv('SLURM_CPUS_PER_TASK', '5')
    assert subprocess.run(command, capture_output=True, text=True, timeout=60).stdout == 'cores 5\n'
    assert subprocess.run(command[:2], capture_output=True, timeout=60).returncode == 2


def test_a_job_runs_its_stage(demo_root, tmp_path):
    """What sbatch is given, run as slurm would on one node; the stages before are complete or run first."""
    arguments = [RECIPE, '--work-dir', 'work', '--submit', 'slurm', '--dry-run']
    result = run_tool(demo_root, tmp_path, 'pipeline.py', *arguments)
    assert result.status == 0, result.tail
    (line,) = [line for line in result.output.splitlines() if line.startswith('job0=')]
    script = split(shlex.split(line.removeprefix('job0=$(').rpartition(')')[0]))[1]
    tool = script.index(str(TOOLS / 'pipeline.py'))
    arguments = script[tool + 1 : script.index('--no-report') + 1]
    runner = tmp_path / 'step.py'
    variables = dict(SLURM_NNODES='1', SLURM_NODEID='0', SLURM_NTASKS='1', SLURM_JOB_ID='7')
    runner.write_text(
        f'import os, runpy, sys\nos.environ.update({variables!r})\nsys.argv.pop(0)\n'
        'sys.path.insert(0, os.path.dirname(sys.argv[0]))\nrunpy.run_path(sys.argv[0], run_name="__main__")\n'
    )
    ran = run_tool(demo_root, tmp_path, runner, script[tool], *arguments)
    assert ran.status == 0, ran.tail
    assert (tmp_path / 'work/classifier/epoch_1.pth').is_file() and not (tmp_path / 'work/cams').exists()
