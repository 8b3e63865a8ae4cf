"""Compare the speed of WSISInferencer with mmdet's DetInferencer, for the same detector and images.

Both find the instances of each image as dicts with RLE masks, without drawing, and take turns image by image. The
medians are printed as a Markdown table.

Example:
    python tools/analysis_tools/benchmark_inferencer.py DIR/model/config.py DIR/model/model.pth PHOTOS --images 20
"""

import argparse
import logging
import sys
import time
from itertools import islice
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import repository_path  # noqa: E402, F401  makes projects.wsis importable

# isort: split
import projects.wsis  # noqa: E402, F401  before mmdet, where mmcv has no compiled operators

# isort: split
import torch  # noqa: E402
from mmdet.apis import DetInferencer  # noqa: E402

from projects.wsis.apis import WSISInferencer  # noqa: E402
from projects.wsis.apis.errors import report_errors  # noqa: E402
from projects.wsis.apis.inference.inputs import iterate_images  # noqa: E402
from projects.wsis.engine.safe_loading import safe_loading  # noqa: E402


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config of a detector')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument('images', metavar='IMAGES', help='folder of images')
    parser.add_argument('--images', dest='count', type=int, default=20, help='number of images to use (default: 20)')
    parser.add_argument('--rounds', type=int, default=3, help='how often each image is predicted (default: 3)')
    parser.add_argument('--device', help='device, such as cpu or cuda:0 (default: an accelerator if there is one)')
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    with report_errors():
        paths = [image.path for image in islice(iterate_images(arguments.images), arguments.count)]
        options = dict(device=arguments.device, show_progress=False)
        with safe_loading():
            inferencers = dict(
                DetInferencer=DetInferencer(arguments.config, arguments.checkpoint, **options),
                WSISInferencer=WSISInferencer(arguments.config, arguments.checkpoint, **options),
            )
        print_table(measure(inferencers, paths, arguments.rounds), len(paths))


def measure(inferencers: dict, paths: list[str], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each look of each inferencer; one round before does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in inferencers}
    for turn in range(rounds + 1):
        for path in paths:
            for name, inferencer in inferencers.items():
                began = time.perf_counter()
                inferencer(path)
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                if turn:
                    seconds[name].append(time.perf_counter() - began)
    return seconds


def print_table(seconds: dict[str, list[float]], images: int) -> None:
    """Print the medians, as times of the first one's."""
    first = median(next(iter(seconds.values())))
    print(f'{images} images, {torch.get_num_threads()} threads\n')
    print('| inferencer | median ms per image | ratio |\n| --- | ---: | ---: |')
    for name, values in seconds.items():
        print(f'| {name} | {1000 * median(values):.1f} | {median(values) / first:.3f} |')


if __name__ == '__main__':
    main()
