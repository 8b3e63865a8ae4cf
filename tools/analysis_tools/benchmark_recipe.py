"""Measure where the time of a recipe goes, stage by stage, and compare two commits.

Of each stage: seconds in all and until its first step, photos per second, the time of a step and its parts (waiting
for data, forward, backward, optimizer, hooks, evaluation), the peak of memory, and the share of the cores that was
used. The recipe runs as by `tools/pipeline.py`, from the beginning, in a new work dir. The table goes to standard
output, and all numbers into WORK_DIR/times.json.

With ``--against`` the same recipe of another checkout runs in turns with this one's, stage by stage, so that other
work on the machine slows both alike. ``--compare`` shows two files of earlier runs side by side.

Example::

    python tools/analysis_tools/benchmark_recipe.py configs/recipes/irnet_r18_demo.py --work-dir DIR --steps 120
    python tools/analysis_tools/benchmark_recipe.py configs/recipes/irnet_r18_demo.py --work-dir DIR --against CHECKOUT
    python tools/analysis_tools/benchmark_recipe.py --compare BEFORE/times.json AFTER/times.json
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.configs import load_config  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.apis.shared_batch import add_processes  # noqa: E402
from projects.wsis.recipes.checkouts_in_turns import measure_in_turns, wait_for_turn  # noqa: E402
from projects.wsis.recipes.measured_recipe import MeasuredRecipe  # noqa: E402
from projects.wsis.recipes.times_table import make_comparison, make_times_table, read_times  # noqa: E402

#: What two checkouts are told of a run that both do.
SETTINGS = ('config', 'data', 'steps', 'cfg_options', 'gpus', 'keep_batch', 'amp')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('config', nargs='?', help='recipe to measure (configs/recipes/*.py)')
    parser.add_argument('--work-dir', help='new folder for its results (default: work_dirs/benchmark/CONFIG_NAME)')
    parser.add_argument('--data', help='data set file to use instead of those of the configs')
    parser.add_argument('--steps', type=int, metavar='N', help='end each training after N steps')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOptionsAction,
        default={},
        help='override settings of the configs: key=value for all stages, STAGE.key=value for one stage',
    )
    add_processes(parser)
    parser.add_argument('--against', metavar='FOLDER', help='another checkout of this repository: A, to compare with')
    parser.add_argument('--compare', nargs=2, metavar='JSON', help='compare two files times.json; runs nothing')
    parser.add_argument('--in-turns', action='store_true', help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.in_turns:
        vars(arguments).update(json.loads(sys.stdin.readline()))
    if (arguments.config is None) == (arguments.compare is None):
        parser.error('name a recipe to measure, or two files to --compare')
    if arguments.steps is not None and arguments.steps < 1:
        parser.error(f'--steps {arguments.steps}: name at least 1')
    return arguments


def main() -> None:
    """Measure or compare, and print a table."""
    arguments = parse_args()
    with report_errors():
        if arguments.compare:
            print(make_comparison(*map(read_times, arguments.compare)))
            return
        work_dir = Path(arguments.work_dir or Path('work_dirs/benchmark') / Path(arguments.config).stem)
        if arguments.against:
            settings = {name: getattr(arguments, name) for name in SETTINGS}
            files = measure_in_turns(arguments.against, work_dir, settings)
            print(f'\n{make_comparison(*map(read_times, files))}')
            return
        recipe = MeasuredRecipe(
            load_config(arguments.config, data=arguments.data),
            work_dir,
            arguments.steps,
            wait_for_turn if arguments.in_turns else None,
            arguments.cfg_options,
            processes=arguments.gpus,
            data=arguments.data,
            keep_batch=arguments.keep_batch,
            amp=arguments.amp,
        )
        print(f'\n{make_times_table(recipe.measure())}')


if __name__ == '__main__':
    main()
