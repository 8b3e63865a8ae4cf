"""Check a data set: every image and mask, and its tags, classes and splits.

Example:
    python tools/analysis_tools/check_dataset.py configs/_base_/datasets/demo.py
"""

import argparse
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description='Say what is wrong with the photos, tags and masks of a data set')
    parser.add_argument('config', help='data set file, or config of a stage')
    parser.add_argument('--json', action='store_true', help='print the findings as JSON')
    parser.add_argument('--processes', type=int, help='number of processes (default: one per core)')
    return parser


def main() -> int:
    """Check the data set.

    Returns:
        The exit status: 1 where an error was found.
    """
    parser = build_parser()
    arguments = parser.parse_args()
    if arguments.processes is not None and arguments.processes < 1:
        parser.error(f'--processes is 1 or more, not {arguments.processes}')
    sys.stdout.reconfigure(errors='backslashreplace')  # names may hold what the terminal cannot show
    with redirect_stdout(sys.stderr):  # what libraries say while they load is no part of the report
        from projects.wsis.apis.errors import report_errors
        from projects.wsis.inspection.check_report import check_to_json, print_check
        from projects.wsis.inspection.config_listing import list_config
        from projects.wsis.inspection.dataset_check import check_photos

        with report_errors():
            check = check_photos(list_config(arguments.config), arguments.processes)
    if arguments.json:
        print(json.dumps(check_to_json(check), indent=2))
    else:
        print_check(check)
    return 1 if check.count('error') else 0


if __name__ == '__main__':
    raise SystemExit(main())
