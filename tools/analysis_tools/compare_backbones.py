"""Train the demo's classifier and IRNet from scratch with other backbones, and compare their CAMs and pseudo masks.

Example:
    python tools/dataset_converters/make_demo_data.py --out data/demo --seed 0
    python tools/analysis_tools/compare_backbones.py --work-dir work_dirs/backbones --out backbones.md

Each backbone has a recipe of its own in the work dir. A chain that was interrupted goes on where it stopped.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.config_options import ConfigOptionsAction  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.recipes.backbone_chains import SMALL_BACKBONES, make_table, train_chain  # noqa: E402
from projects.wsis.structures import write_atomically  # noqa: E402


def main() -> None:
    """Train the chains and print or write their table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = list(SMALL_BACKBONES)
    parser.add_argument('--backbones', nargs='+', default=names, choices=names, metavar='NAME', help=', '.join(names))
    parser.add_argument('--work-dir', default='work_dirs/backbones', help='folder of the chains (default: %(default)s)')
    parser.add_argument('--data', help='file that describes a data set, in the place of the demo set')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=ConfigOptionsAction,
        default={},
        help='as in tools/pipeline.py: key=value, STAGE.key=value',
    )
    parser.add_argument('--amp', action='store_true', help='train with mixed precision; on a CPU with bfloat16')
    parser.add_argument('--out', help='Markdown file to write (default: print)')
    arguments = parser.parse_args()
    with report_errors():
        results = [
            train_chain(
                name,
                Path(arguments.work_dir) / name.split()[0].lower(),
                arguments.data,
                arguments.cfg_options,
                arguments.amp,
            )
            for name in arguments.backbones
        ]
        table = make_table(results)
        if arguments.out:
            write_atomically(arguments.out, lambda file: file.write(table.encode()))
        else:
            print(table)


if __name__ == '__main__':
    main()
