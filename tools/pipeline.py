"""Run a recipe, from tags to masks: `python tools/pipeline.py CONFIG --work-dir DIR [--gpus N] [--from STAGE]`."""

import argparse

import repository_path  # noqa: F401  must come first: it makes projects.wsis importable
from mmengine.config import Config
from rich.console import Console

from projects.wsis.apis.config_options import ConfigOptionsAction
from projects.wsis.apis.configs import load_config
from projects.wsis.apis.errors import GOES_ON, INTERRUPTED, report_errors
from projects.wsis.apis.shared_batch import add_processes
from projects.wsis.apis.vis_backends import add_vis_backends
from projects.wsis.inspection.report import ReportOptions, finish_with_report
from projects.wsis.labelling.plan_report import print_plan
from projects.wsis.labelling.recipe_plan import find_data, plan_recipe
from projects.wsis.recipes.node_group import NodeGroup, describe_command
from projects.wsis.recipes.node_place import NodePlace, add_launcher, count_nodes, find_place
from projects.wsis.recipes.recipe import Recipe
from projects.wsis.recipes.slurm_jobs import (
    JobOptions,
    check_submission,
    plan_jobs,
    read_sbatch_arguments,
    submit_jobs,
    write_script,
)
from projects.wsis.recipes.stage import StageError


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description='Run the stages of a recipe in order. A stage that is complete and whose inputs are unchanged is '
        'skipped; a stage that was interrupted continues where it stopped.'
    )
    parser.add_argument('config', help='recipe to run (configs/recipes/*.py)')
    parser.add_argument('--work-dir', help='folder for the results of all stages (default: work_dirs/CONFIG_NAME)')
    parser.add_argument('--data', help='data set file to use instead of those of the configs')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOptionsAction,
        default={},
        help='override settings of the configs: key=value for all stages, STAGE.key=value for one stage; '
        'iterations=N sets the length of the trainings, STAGE.option=value an option of a stage that runs another '
        'tool (saliency.model=FILE.onnx)',
    )
    add_processes(parser)
    add_launcher(parser)
    add_vis_backends(parser)
    parser.add_argument('--only', metavar='STAGE', help='run only this stage again')
    parser.add_argument('--from', dest='start', metavar='STAGE', help='run this stage and all later stages again')
    parser.add_argument('--until', metavar='STAGE', help='run no stage after this one')
    parser.add_argument(
        '--submit',
        choices=['slurm'],
        help='hand each stage to sbatch as a job that begins when the one before has succeeded; --gpus is the number '
        'for each machine, the variable NNODES how many machines (default: 1). With --dry-run they are printed only',
    )
    parser.add_argument(
        '--sbatch-args', default='', metavar='TEXT', help="further options of sbatch: --sbatch-args='--partition=NAME'"
    )
    parser.add_argument('--no-report', action='store_true', help='do not write WORK_DIR/report.html at the end')
    parser.add_argument('--list', action='store_true', help='list the stages and exit')
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help='check the data set, print what each stage would do, with time and disk space, and exit',
    )
    return parser


def read_recipe(arguments: argparse.Namespace) -> tuple[Config, Recipe]:
    """Return the config of the recipe, and the recipe as the arguments want it."""
    config = load_config(arguments.config, work_dir=arguments.work_dir, data=arguments.data)
    recipe = Recipe(
        config,
        config.work_dir,
        arguments.gpus,
        arguments.data,
        arguments.cfg_options,
        arguments.vis_backends,
        arguments.keep_batch,
        NodePlace(count_nodes()) if arguments.submit else find_place(arguments.launcher),
        arguments.amp,
    )
    return config, recipe


def read_job_command() -> list[str]:
    """Return the arguments of this call that jobs are given too."""
    parser = argparse.ArgumentParser(add_help=False)
    for option in ('--submit', '--sbatch-args', '--launcher', '--until'):
        parser.add_argument(option)
    for option in ('--dry-run', '--no-report'):
        parser.add_argument(option, action='store_true')
    return parser.parse_known_args()[1]


def submit_recipe(recipe: Recipe, arguments: argparse.Namespace) -> None:
    """Hand the stages to slurm, or print the commands."""
    check_submission(arguments.only, arguments.start)
    recipe.check_batches(recipe.stages)
    sbatch = read_sbatch_arguments(arguments.sbatch_args)
    options = JobOptions(recipe.place.count, arguments.gpus, sbatch, read_job_command())
    jobs = plan_jobs(recipe, options, arguments.until, arguments.no_report)
    if arguments.dry_run:
        print(write_script(jobs, recipe.work_dir))
        return
    for stage, number in submit_jobs(jobs, recipe.work_dir).items():
        print(f'{stage}: job {number}')
    if not jobs:
        print('All stages are complete already')


def run_recipe(recipe: Recipe, arguments: argparse.Namespace) -> None:
    """Run the stages, with the other nodes if there are any; the first of them writes the report."""
    report = recipe.place.is_first and not arguments.no_report
    try:
        with NodeGroup(recipe.place, describe_command(arguments)) as group:
            recipe.run(arguments.only, arguments.start, arguments.until, group)
    except StageError:
        if report:
            finish_with_report(recipe.work_dir, ReportOptions(run_models=False))
        raise
    if report:
        finish_with_report(recipe.work_dir)


def main() -> None:
    """Run the pipeline."""
    arguments = build_parser().parse_args()
    only_tells = arguments.list or arguments.submit or arguments.dry_run
    with report_errors(INTERRUPTED if only_tells else GOES_ON):
        config, recipe = read_recipe(arguments)
        if arguments.list:
            for stage in recipe.stages:
                print(f'{stage.name:<28}{stage.action:<10}{stage.config or stage.tool}')
        elif arguments.submit:
            submit_recipe(recipe, arguments)
        elif arguments.dry_run:
            stages = recipe.choose(arguments.only, arguments.start, arguments.until)
            plan = plan_recipe(recipe, stages, find_data(config, arguments.data))
            print_plan(plan, arguments.config, Console(highlight=False, soft_wrap=True))
        else:
            run_recipe(recipe, arguments)


if __name__ == '__main__':
    main()
