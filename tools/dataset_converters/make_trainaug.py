"""Write the split `trainaug` of VOC 2012: its train split and the images of SBD, without its val split.

The papers train on these 10582 images. Only their names are taken from SBD, not its masks. The tags come from the XML
files that VOC 2012 has for all of its images.

    python tools/dataset_converters/make_trainaug.py data/VOCdevkit/VOC2012 data/benchmark_RELEASE/dataset
"""

import argparse
import sys
from pathlib import Path

PUBLISHED_COUNT = 10582


def read_names(path: Path) -> set[str]:
    """Return the photo names of a split file.

    Raises:
        FileNotFoundError: If the file does not exist.
    """
    if not path.is_file():
        raise FileNotFoundError(f'split file {path} does not exist: is the folder right?')
    return set(path.read_text().split())


def make_trainaug(voc: Path, sbd: Path) -> list[str]:
    """Return the photo names of trainaug, sorted.

    Args:
        voc: Folder VOC2012.
        sbd: Folder `dataset` of SBD's benchmark_RELEASE.

    Raises:
        FileNotFoundError: If a split file does not exist.
    """
    splits = voc / 'ImageSets' / 'Segmentation'
    names = read_names(splits / 'train.txt') | read_names(sbd / 'train.txt') | read_names(sbd / 'val.txt')
    return sorted(names - read_names(splits / 'val.txt'))


def main() -> None:
    """Write the split file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('voc', type=Path, help='the folder VOC2012')
    parser.add_argument('sbd', type=Path, help='the folder benchmark_RELEASE/dataset of SBD')
    arguments = parser.parse_args()
    try:
        names = make_trainaug(arguments.voc, arguments.sbd)
    except FileNotFoundError as error:
        sys.exit(f'error: {error}')
    target = arguments.voc / 'ImageSets' / 'Segmentation' / 'trainaug.txt'
    temporary = target.with_suffix('.tmp')
    temporary.write_text('\n'.join(names) + '\n')
    temporary.replace(target)
    note = '' if len(names) == PUBLISHED_COUNT else f' (the papers have {PUBLISHED_COUNT}: are both sets complete?)'
    print(f'{len(names)} photos in {target}{note}')


if __name__ == '__main__':
    main()
