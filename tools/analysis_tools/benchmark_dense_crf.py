"""Compare the dense CRF of large photos in tiles with that of whole photos: equal labels, memory, time.

The photos are enlarged to one size. Their labels before the CRF are blocks of random classes, or with ``--masks`` the
class maps of a folder, as of SegmentationClass, moved by some pixels. Memory is the largest resident set of a process
that does nothing else; seconds are of its CPU.

Example:
    python tools/analysis_tools/benchmark_dense_crf.py data/JPEGImages/*.jpg --size 2000x3000
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import numpy as np  # noqa: E402
import repository_path  # noqa: E402, F401  makes projects.wsis importable
from benchmark_random_walk import parse_size  # noqa: E402
from mmengine.utils import ProgressBar  # noqa: E402
from PIL import Image  # noqa: E402

from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.ops import dense_crf  # noqa: E402
from projects.wsis.structures import decode_photo  # noqa: E402
from projects.wsis.structures.masks import IGNORE_LABEL  # noqa: E402

MOVED = 20  # pixels of the enlarged photo


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('photos', nargs='+', help='files of photos')
    parser.add_argument('--size', type=parse_size, default=(2000, 3000), metavar='HxW', help='(default: 2000x3000)')
    parser.add_argument('--labels', type=int, default=3, help='how many, of random blocks (default: %(default)s)')
    parser.add_argument(
        '--tile-pixels', type=int, default=dense_crf.TILE_PIXELS, help='at most, of a tile (default: %(default)s)'
    )
    parser.add_argument('--masks', help='folder of class maps PHOTO.png in place of random blocks')
    parser.add_argument('--child', help=argparse.SUPPRESS)  # one measurement: a file for its labels
    arguments = parser.parse_args()
    if arguments.labels < 2 or arguments.tile_pixels < 1:
        parser.error('--labels must be 2 at least, and --tile-pixels positive')
    return arguments


def make_labels(photo: str, arguments: argparse.Namespace) -> tuple[np.ndarray, int]:
    """Return labels (H, W) int64 of a photo before the CRF, and how many there are."""
    height, width = arguments.size
    if arguments.masks is None:
        blocks = np.random.default_rng(0).integers(0, arguments.labels, (height // 100 + 1, width // 100 + 1))
        return blocks.repeat(100, 0).repeat(100, 1)[:height, :width], arguments.labels
    mask = np.asarray(Image.open(Path(arguments.masks) / f'{Path(photo).stem}.png').resize((width, height), 0))
    classes, labels = np.unique(np.where(mask == IGNORE_LABEL, 0, mask), return_inverse=True)
    return np.roll(labels.reshape(height, width), MOVED, axis=1), len(classes)


def refine(arguments: argparse.Namespace) -> None:
    """Refine the labels of the only photo, write them, and print what it took."""
    dense_crf.TILE_PIXELS = arguments.tile_pixels
    photo = Image.fromarray(decode_photo(arguments.photos[0])).resize(arguments.size[::-1], Image.BICUBIC)
    labels, count = make_labels(arguments.photos[0], arguments)
    began = time.process_time()
    refined = dense_crf.refine_labels_with_crf(np.asarray(photo), labels, count)
    seconds = time.process_time() - began
    np.save(arguments.child, refined.astype(np.uint8))
    unit = 1 if sys.platform == 'darwin' else 1024
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    print(json.dumps(dict(seconds=seconds, megabytes=megabytes, changed=float((refined != labels).mean()))))


def measure(photo: str, tile_pixels: int, arguments: argparse.Namespace, folder: str) -> tuple[np.ndarray, dict]:
    """Return the labels of a photo, refined in a process of its own, and what it took."""
    file = str(Path(folder) / 'labels.npy')
    command = [sys.executable, __file__, photo, '--child', file, '--size', 'x'.join(map(str, arguments.size))]
    command += ['--labels', str(arguments.labels), '--tile-pixels', str(tile_pixels)]
    command += ['--masks', arguments.masks] if arguments.masks else []
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'error: {photo}: {(done.stderr.strip().splitlines() or [done.returncode])[-1]}')
    return np.load(file, allow_pickle=False), json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Compare on all photos, and print a table."""
    arguments = parse_args()
    if arguments.child:
        refine(arguments)
        return
    rows = []
    progress = ProgressBar(len(arguments.photos), file=sys.stderr)
    with report_errors(), tempfile.TemporaryDirectory() as folder:
        dense_crf.check_dense_crf()
        for photo in arguments.photos:
            (whole, before), (tiles, after) = (
                measure(photo, pixels, arguments, folder) for pixels in (sys.maxsize, arguments.tile_pixels)
            )
            rows.append((photo, before, after, (whole == tiles).mean()))
            progress.update()
    print('| photo | changed by the CRF, % | MB, whole | MB, tiles | s, whole | s, tiles | equal labels, % |')
    print('| --- | ---: | ---: | ---: | ---: | ---: | ---: |')
    for photo, before, after, equal in rows:
        costs = ' | '.join(f'{cost[key]:.0f}' for key in ('megabytes', 'seconds') for cost in (before, after))
        print(f'| {Path(photo).stem} | {before["changed"]:.1%} | {costs} | {equal:.2%} |'.replace('%', ''))


if __name__ == '__main__':
    main()
