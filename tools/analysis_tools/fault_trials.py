"""Disturb a tiny recipe at random moments, resume it, and compare what it makes with an undisturbed run.

Example:
    python tools/analysis_tools/fault_trials.py --trials 50 --seed 0 --out faults.md

Each trial makes one fault: a process is killed or hangs, the disk is full, a file is damaged or a photo taken away.
Then the same command resumes the recipe. A trial passes if the run ended by itself with one line, left nothing
half-written, and has made labels and weights that are equal to the byte. Linux only; some faults need root.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tools'))
import repository_path  # noqa: E402, F401  makes projects.wsis importable
from tqdm import tqdm  # noqa: E402

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.fault_trials.fault_trials import FaultTrials, check_system, choose_faults  # noqa: E402
from projects.wsis.inspection.fault_trials.faults import FAULTS  # noqa: E402
from projects.wsis.inspection.fault_trials.outcome_table import format_table, write_table  # noqa: E402
from projects.wsis.inspection.fault_trials.trial import Outcome  # noqa: E402

PIPELINE = ROOT / 'tools/pipeline.py'
DEMO_SET = ('--train', '12', '--val', '4', '--size', '96', '--workers', '1')


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--trials', type=int, default=50, help='how many (default: 50)')
    parser.add_argument('--seed', type=int, default=0, help='decides faults, moments and places (default: 0)')
    parser.add_argument('--first', type=int, default=0, help='number of the trial to begin with (default: 0)')
    parser.add_argument('--faults', nargs='+', default=[], metavar='NAME', help='only faults with this in their name')
    parser.add_argument('--out', type=Path, help='file for the table (.md), or for all facts of each trial (.json)')
    parser.add_argument('--minutes', type=float, help='begin no further trial after this time')
    parser.add_argument('--keep', type=Path, help='folder in which failed trials and the undisturbed run are kept')
    parser.add_argument('--list', action='store_true', help='list the faults and exit')
    return parser


def try_faults(arguments: argparse.Namespace, folder: Path) -> list[Outcome]:
    """Make the trials in a folder, with a bar; of those that pass nothing is kept."""
    faults = choose_faults(arguments.trials, arguments.seed, arguments.faults)
    maker = ROOT / 'tools/dataset_converters/make_demo_data.py'
    command = [sys.executable, str(maker), '--out', str(folder / 'data/demo'), *DEMO_SET]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    trials, outcomes = FaultTrials(folder, PIPELINE, arguments.seed), []
    began = time.monotonic()
    bar = tqdm(trials.run(faults, arguments.first), total=len(faults) - arguments.first, unit='trial', desc='trials')
    for outcome in bar:
        outcomes.append(outcome)
        if outcome.problems:
            tqdm.write(f'trial {outcome.number} ({outcome.fault}): {outcome.problems[0]}', file=sys.stderr)
        if not outcome.problems or arguments.keep is None:
            shutil.rmtree(folder / f'trial_{outcome.number:03d}', ignore_errors=True)
        if arguments.out is not None:  # each time, as they take long
            write_table(arguments.out, outcomes, seed=arguments.seed)
        if arguments.minutes is not None and time.monotonic() - began > 60 * arguments.minutes:
            break
    return outcomes


def main() -> None:
    """Make the trials, print the table, and exit with status 1 if one has failed."""
    arguments = build_parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the processes of a trial are ended
    with report_errors():
        if arguments.list:
            print('\n'.join(fault.name for fault in FAULTS))
            return
        check_system()
        if arguments.keep is not None:
            arguments.keep.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            outcomes = try_faults(arguments, arguments.keep or Path(temporary))
        print(format_table(outcomes), end='')
    if any(outcome.problems for outcome in outcomes):
        raise SystemExit(1)


if __name__ == '__main__':
    main()
