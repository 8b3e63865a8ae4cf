"""Write the report of a run: one HTML page with its numbers, curves, and what every step made of each photo.

Example:
    python tools/analysis_tools/report.py work_dirs/demo
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.report import ReportOptions, write_report  # noqa: E402


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description='Write one HTML page about a run, finished or not. The trained models are run on the photos that '
        'are shown with all layers; what they say is kept in WORK_DIR/report, so that a second call is quick.'
    )
    parser.add_argument('work_dir', help='work dir of a recipe, or the --out of tools/label_photos.py')
    parser.add_argument('--out', help='the page (default: WORK_DIR/report.html)')
    parser.add_argument('--photos', type=int, default=5000, help='most photos in the gallery (default: 5000)')
    parser.add_argument('--layers', type=int, default=400, help='photos that have all layers (default: 400)')
    parser.add_argument('--no-models', action='store_true', help='run no model: show only what the run has kept')
    parser.add_argument('--min-score', type=float, default=0.5, help='lowest score of a detection (default: 0.5)')
    parser.add_argument('--side', type=int, default=400, help='longer side of the pictures in pixels (default: 400)')
    parser.add_argument('--data', help="file that describes the data set, in the place of the run's own")
    parser.add_argument('--processes', type=int, help='processes that look at photos at once (default: one a core)')
    return parser


def main() -> None:
    """Write the report."""
    arguments = vars(build_parser().parse_args())
    work_dir, out, no_models = (arguments.pop(name) for name in ('work_dir', 'out', 'no_models'))
    with report_errors():
        page = write_report(work_dir, ReportOptions(run_models=not no_models, **arguments), out)
    print(f'Report: {page} ({page.stat().st_size / 1e6:.1f} MB)')


if __name__ == '__main__':
    main()
