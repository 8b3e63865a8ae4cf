"""Give every reader of this project odd files: it reads them, or says in one line what is wrong with which file.

Example:
    python tools/analysis_tools/fuzz_readers.py --examples 10000 --seed 0
    python tools/analysis_tools/fuzz_readers.py --reader points photos

The files are those of the tests (tests/fuzz), only more of them; hypothesis (requirements/tests.txt) makes them. A file
with which a reader fails is made as small as it can be and printed. Another seed gives other files.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / 'tools'), str(ROOT / 'tests')]
import repository_path  # noqa: E402, F401  makes projects.wsis importable
from mmengine.utils import ProgressBar  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from projects.wsis.apis.errors import report_errors  # noqa: E402


def try_all(names: list[str], examples: int, seed: int, console: Console) -> bool:
    """Try readers one after the other and print a table.

    Args:
        names: Of the readers; empty for all.
        examples: How many files each is given.
        seed: Decides which files.
        console: Where failures and the table go.

    Returns:
        Whether no reader failed.

    Raises:
        SystemExit: If there is no reader of a name.
    """
    from fuzz.readers import choose_readers

    table = Table('reader', 'inputs tried', 'failures', 'seconds')
    failed = 0
    readers = list(choose_readers(names))
    progress = ProgressBar(len(readers), file=sys.stderr)
    for reader in readers:
        began = time.monotonic()
        tried, failures = _try(reader, examples, seed)
        for failure in failures:
            console.print(f'{reader.name}: {failure}', markup=False, highlight=False)
        failed += len(failures)
        table.add_row(reader.name, str(tried), str(len(failures)), f'{time.monotonic() - began:.0f}')
        progress.update()
    console.print(table)
    return not failed


def _try(reader, examples: int, seed: int) -> tuple[int, list[str]]:
    """Return how many files a reader was given, and what went wrong, each kind once."""
    from fuzz.reader import Trial

    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(reader, Path(folder))
        try:
            trial.run(examples, seed)
        except Exception as error:  # whatever the reader raised
            errors = getattr(error, 'exceptions', [error])  # a group of them, where there are several
            return trial.tried, [''.join(traceback.format_exception(found, limit=-2)) for found in errors]
    return trial.tried, []


def main() -> None:
    """Try the readers that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--examples', type=int, default=10000, help='files for each reader (default: %(default)s)')
    parser.add_argument('--reader', nargs='+', default=[], metavar='NAME', help='readers to try (default: all)')
    parser.add_argument('--seed', type=int, default=0, help='decides which files (default: %(default)s)')
    arguments = parser.parse_args()
    with report_errors():
        try:
            import fuzz.readers  # noqa: F401
        except ModuleNotFoundError as error:
            if error.name not in ('hypothesis', 'fuzz'):
                raise
            parser.error(f'{error.name} is missing: work in the repository, and pip install -r requirements/tests.txt')
        if not try_all(arguments.reader, arguments.examples, arguments.seed, Console()):
            raise SystemExit(1)


if __name__ == '__main__':
    main()
