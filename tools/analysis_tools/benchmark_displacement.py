"""Compare the centroid refinement with a version that takes every step of every pixel in numpy.

The numpy version takes 300 iterations of vectorised bilinear interpolation. There are three kinds of fields. In
``trained`` the pixels of each instance point nearly to its centre. ``noisy`` adds noise to every pixel. ``weak`` is the
worst case, the displacements of a network that has hardly begun to learn: no two pixels ever meet and every step has to
be taken. Both versions run in turns in one process, and the fastest of ``--repeat`` calls counts.

Example::

    python tools/analysis_tools/benchmark_displacement.py --threads 2
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import torch

from projects.wsis.ops import refine_displacement

FIELDS = dict(trained=(0.5, 0.02), noisy=(0.5, 0.5), weak=(0.01, 0.0))  # scale, noise


def parse_args(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        '--sizes', nargs='+', default=['94x125', '188x250'], metavar='HxW', help='map sizes (default: 94x125 188x250)'
    )
    parser.add_argument('--iterations', type=int, default=300, help='refinement steps (default: 300)')
    parser.add_argument('--instances', type=int, default=6, help='instances per field (default: 6)')
    parser.add_argument('--threads', type=int, default=2, help='CPU threads (default: 2)')
    parser.add_argument('--repeat', type=int, default=5, help='calls of each version; the fastest counts (default: 5)')
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args(arguments)


def make_field(height, width, instances, scale, noise, seed):
    """Every pixel points to the nearest of some centres, as far as ``scale`` says: ``(2, H, W)`` float32."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    centers = rng.uniform(0, 1, (instances, 2)) * (height, width)
    nearest = np.argmin([(rows - y) ** 2 + (columns - x) ** 2 for y, x in centers], axis=0)
    field = (np.moveaxis(centers[nearest], 2, 0) - np.stack([rows, columns])) * scale
    return (field + rng.normal(0, 1, field.shape) * noise).astype(np.float32)


def refine_in_numpy(displacement, iterations):
    """Positions ``(2, H, W)`` after all steps."""
    _, height, width = displacement.shape
    y, x = (plane.astype(np.float32) for plane in np.mgrid[:height, :width])
    for _ in range(iterations):
        top, left = y.astype(np.int32), x.astype(np.int32)
        bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
        down, over = y - top, x - left
        moves = [
            plane[top, left] * (1 - down) * (1 - over)
            + plane[top, right] * (1 - down) * over
            + plane[bottom, left] * down * (1 - over)
            + plane[bottom, right] * down * over
            for plane in displacement
        ]
        y = np.clip((y + moves[0]).astype(np.float32), 0, height - 1)
        x = np.clip((x + moves[1]).astype(np.float32), 0, width - 1)
    return np.stack([y, x])


def timed(function):
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def main():
    args = parse_args()
    torch.set_num_threads(args.threads)
    print(f'{args.iterations} iterations, {args.instances} instances, {args.threads} threads\n')
    print('| map | field | numpy ms | ours ms | ratio | pixels with another rounded centroid |')
    print('| --- | --- | --- | --- | --- | --- |')
    for size in args.sizes:
        height, width = (int(part) for part in size.split('x'))
        for name, (scale, noise) in FIELDS.items():
            print(f'{size} {name} ...', file=sys.stderr, flush=True)
            field = make_field(height, width, args.instances, scale, noise, args.seed)
            tensor = torch.from_numpy(field)[None]
            times = []
            for _ in range(args.repeat):
                plain, expected = timed(lambda field=field: refine_in_numpy(field, args.iterations))
                ours, result = timed(lambda tensor=tensor: refine_displacement(tensor, args.iterations))
                times.append((plain, ours))
            plain, ours = (min(column) * 1e3 for column in zip(*times))
            wrong = int((np.round(expected) != result[0].round().numpy()).any(0).sum())
            print(f'| {size} | {name} | {plain:.0f} | {ours:.1f} | {plain / ours:.1f}x | {wrong} |', flush=True)


if __name__ == '__main__':
    main()
