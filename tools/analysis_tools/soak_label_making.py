"""Make labels of thousands of tiny photos, and print whether memory and pace stay as they are.

Example:
    python tools/analysis_tools/soak_label_making.py --photos 5000 --entries 100000 --out soak.md

Photos are drawn, networks are narrow and not trained: what is measured is the work around them. CAMs are made first,
then pseudo labels from them, all in this one process. A soak that was stopped goes on when it is run again with the
same `--work-dir`; its figures are then those of the photos that were left.
"""

import argparse
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.soak import STAGES, format_soak, measure_start_up, soak_stage  # noqa: E402
from projects.wsis.inspection.soak.photos import make_photos  # noqa: E402
from projects.wsis.structures import write_atomically  # noqa: E402


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--photos', type=int, default=5000, help='photos to make labels of (default: %(default)s)')
    parser.add_argument(
        '--entries', type=int, default=100000, help='photos in the lists of the second table; 0 for none of it'
    )
    parser.add_argument('--stages', nargs='+', choices=list(STAGES), default=list(STAGES), help='default: all')
    parser.add_argument('--work-dir', help='folder for photos and labels (default: one that is removed at the end)')
    parser.add_argument('--out', help='Markdown file to write the tables to, too')
    return parser


def main() -> None:
    """Print the tables."""
    arguments = build_parser().parse_args()
    given = nullcontext(arguments.work_dir) if arguments.work_dir else tempfile.TemporaryDirectory()
    with report_errors(), given as folder:
        soaks, costs, work_dir = [], [], Path(folder)
        if arguments.photos:
            make_photos(work_dir / 'photos', arguments.photos)
            soaks = [soak_stage(stage, work_dir / 'photos', work_dir) for stage in arguments.stages]
        if arguments.entries:
            costs = measure_start_up(work_dir / 'lists', arguments.entries)
    tables = format_soak(soaks, costs, arguments.entries)
    if arguments.out:
        write_atomically(arguments.out, lambda file: file.write(tables.encode()))
    print(tables)


if __name__ == '__main__':
    main()
