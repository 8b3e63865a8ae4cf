"""Download the public data sets of the papers, and check that they are whole: VOC 2012, SBD, COCO 2014 and 2017.

A download that was interrupted goes on where it stopped. Unpacked, they lie where configs and tools look for them:
data/VOCdevkit/VOC2012, data/benchmark_RELEASE/dataset and data/coco. Mind the terms of use of each data set.

Examples:
    python tools/misc/download_dataset.py --dataset-name voc2012 sbd --unpack --delete
    python tools/misc/download_dataset.py --dataset-name coco2014 --save-dir /large/disk --unpack
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.datasets.public_sets import PUBLIC_SETS, Archive  # noqa: E402
from projects.wsis.structures import report_unwritable  # noqa: E402
from projects.wsis.structures.archives import unpack_archive  # noqa: E402
from projects.wsis.structures.download import download_file  # noqa: E402


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--dataset-name', nargs='+', required=True, choices=list(PUBLIC_SETS), help=f'of {", ".join(PUBLIC_SETS)}'
    )
    parser.add_argument('--save-dir', type=Path, default=Path('data'), help='folder of all data sets (default: data)')
    parser.add_argument('--unpack', '--unzip', action='store_true', help='unpack what was downloaded')
    parser.add_argument('--delete', action='store_true', help='delete each archive after it was unpacked')
    parser.add_argument('--mirror', help='URL of a folder that holds the same files; their sums are checked as well')
    return parser


def fetch(archive: Archive, arguments: argparse.Namespace) -> None:
    """Download one archive, and unpack it if that is asked for."""
    folder = arguments.save_dir / archive.folder
    url = f'{arguments.mirror.rstrip("/")}/{archive.name}' if arguments.mirror else archive.url
    with report_unwritable(folder):
        new = download_file(url, folder / archive.name, archive.md5)
        print(f'{folder / archive.name}: {"downloaded" if new else "here already"}, its MD5 sum is right')
        if arguments.unpack:
            unpack_archive(folder / archive.name, folder)
            print(f'unpacked into {folder.resolve()}')
            if arguments.delete:
                (folder / archive.name).unlink()


def main() -> None:
    """Download."""
    parser = build_parser()
    arguments = parser.parse_args()
    if arguments.delete and not arguments.unpack:
        parser.error('--delete goes with --unpack: an archive that was not unpacked stays')
    with report_errors():
        for name in arguments.dataset_name:
            for archive in PUBLIC_SETS[name]:
                fetch(archive, arguments)


if __name__ == '__main__':
    main()
