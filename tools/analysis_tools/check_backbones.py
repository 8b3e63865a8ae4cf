"""Try backbones in every method: one training step, one prediction at 101x118 pixels, and two processes.

Example:
    python tools/analysis_tools/check_backbones.py --out docs/backbones.md

Each backbone replaces that of a config by one line, `model = dict(backbone=dict(_delete_=True, ...))`. The notes below
the table say what else a method needs.
"""

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.inspection.backbone_table import BACKBONES, METHODS, make_table  # noqa: E402
from projects.wsis.structures import write_atomically  # noqa: E402


def main() -> None:
    """Print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--backbones', nargs='+', default=list(BACKBONES), choices=list(BACKBONES), metavar='NAME')
    parser.add_argument('--methods', nargs='+', default=list(METHODS), choices=list(METHODS), metavar='NAME')
    parser.add_argument(
        '--processes', type=int, default=2, help='also try each in this number of processes (default: 2)'
    )
    parser.add_argument('--out', help='Markdown file to write (default: print the table)')
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)  # each optimizer would list its parameters
    with report_errors():
        table = make_table(arguments.backbones, arguments.methods, arguments.processes)
    if arguments.out:
        write_atomically(arguments.out, lambda file: file.write(table.encode()))
    else:
        print(table)


if __name__ == '__main__':
    main()
