"""Draw curves of trainings, or tell how long their iterations took, from the logs in their work dirs.

Examples:
    python tools/analysis_tools/analyze_logs.py plot_curve work_dirs/demo/irnet --keys loss_affinity --out loss.png
    python tools/analysis_tools/analyze_logs.py plot_curve RUN_A RUN_B --keys mAP --legend SEAM EPS --out compare.pdf
    python tools/analysis_tools/analyze_logs.py cal_train_time work_dirs/demo/classifier
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.log_curves import plot_curves  # noqa: E402
from projects.wsis.inspection.training_logs import TrainingTime, measure_time, read_training_log  # noqa: E402


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(dest='task', required=True)
    plot = tasks.add_parser('plot_curve', help='draw any scalars of one or several logs')
    time = tasks.add_parser('cal_train_time', help='time of an iteration, and of all')
    for task in (plot, time):
        task.add_argument('logs', nargs='+', help='work dirs of trainings (stages of a recipe), or scalars.json files')
    plot.add_argument(
        '--keys', nargs='+', default=['loss'], help='scalars to draw (default: loss); a wrong one lists all'
    )
    plot.add_argument('--legend', nargs='+', help='a text for each curve')
    plot.add_argument('--title', help='title of the picture')
    plot.add_argument('--out', help='PNG, PDF or SVG file; else a window is shown')
    time.add_argument('--include-outliers', action='store_true', help='count the first line of each log too')
    return parser


def describe_time(time: TrainingTime) -> list[str]:
    """Return the lines that say how long a training took."""
    lines = [f'average iter time: {time.mean:.4f} s/iter', f'all iterations: {time.total / 60:.1f} min']
    if time.slowest:
        lines = [
            f'slowest epoch {time.slowest[0]}, average time is {time.slowest[1]:.4f} s/iter',
            f'fastest epoch {time.fastest[0]}, average time is {time.fastest[1]:.4f} s/iter',
            f'time std over epochs is {time.deviation:.4f}',
            *lines,
        ]
    return lines


def main() -> None:
    """Draw or tell."""
    arguments = build_parser().parse_args()
    with report_errors():
        logs = [read_training_log(path) for path in arguments.logs]
        if arguments.task == 'plot_curve':
            plot_curves(logs, arguments.keys, arguments.out, arguments.legend, arguments.title)
            if arguments.out:
                print(f'curves: {Path(arguments.out).resolve()}')
            return
        for log in logs:
            print(
                '\n'.join(
                    [f'train time of {log.source}', *describe_time(measure_time(log, arguments.include_outliers))]
                )
            )


if __name__ == '__main__':
    main()
