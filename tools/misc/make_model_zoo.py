"""Make the tables of docs/model_zoo.md anew, out of configs/*/metafile.yml and the converter's list of networks.

Example:
    python tools/misc/make_model_zoo.py
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.apis.zoo.metafiles import read_model_index  # noqa: E402
from projects.wsis.apis.zoo.page import fill_page, make_model_tables  # noqa: E402
from projects.wsis.reference.networks import REFERENCE_NETWORKS  # noqa: E402
from projects.wsis.reference.table import make_network_table  # noqa: E402
from projects.wsis.structures import read_text, write_atomically  # noqa: E402

PAGE = Path(__file__).resolve().parents[2] / 'docs' / 'model_zoo.md'


def make_page(text: str) -> str:
    """Return the page with its tables made anew."""
    return fill_page(
        text,
        dict(models=make_model_tables(read_model_index()), networks=make_network_table(REFERENCE_NETWORKS.values())),
    )


def main() -> None:
    """Make the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--page', type=Path, default=PAGE, help='the page (default: docs/model_zoo.md)')
    arguments = parser.parse_args()
    with report_errors():
        page = make_page(read_text(arguments.page))
        write_atomically(arguments.page, lambda file: file.write(page.encode()))
    print(f'{arguments.page} written')


if __name__ == '__main__':
    main()
