"""Compare the sparse random walk with the dense formula of the official code: time, memory, error.

The dense formula, an (H W) x (H W) matrix squared eight times, is used for the comparison only. If eight squarings
would take longer than ``--dense-limit`` seconds, one squaring is measured and counted eight times, which the table
marks as ``8 x one``. The error is measured against the same dense formula in float64 up to ``--truth-pixels``
pixels. For larger maps it is measured against the float64 result of 256 plain sparse products (``256 products``), which
is exact too.

Memory is the growth of the peak resident set (``VmHWM`` of /proc/self/status, else ``ru_maxrss``) of a child process
that does nothing else, from the point where inputs exist and libraries are warm to the end of the calls.

Example::

    python tools/analysis_tools/benchmark_random_walk.py --threads 2
    python tools/analysis_tools/benchmark_random_walk.py --threads 2 --sizes 500x750 2000x3000 --channels 3 --no-dense
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

RADIUS, BETA, STEPS = 5, 10.0, 256


def parse_args(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        '--sizes',
        nargs='+',
        type=parse_size,
        default=[(24, 32), (47, 63), (94, 125), (133, 177), (188, 250)],
        metavar='HxW',
        help='map sizes; the default ends with 94x125 (a 375x500 image at stride 4) and 2x and 4x its pixels',
    )
    parser.add_argument('--channels', type=int, default=6, help='score channels (default: 6)')
    parser.add_argument('--threads', type=int, default=2, help='CPU threads of both versions (default: 2)')
    parser.add_argument(
        '--repeat', type=int, default=5, help='calls of the sparse random walk; the fastest counts (default: 5)'
    )
    parser.add_argument('--dense-limit', type=float, default=20.0, metavar='SECONDS', help='see above (default: 20)')
    parser.add_argument(
        '--dense-pixels', type=int, default=94 * 125, metavar='N', help='largest map for the dense formula'
    )
    parser.add_argument(
        '--truth-pixels', type=int, default=47 * 63, metavar='N', help='largest map for the dense float64 truth'
    )
    parser.add_argument(
        '--no-dense', action='store_true', help='run only the sparse random walk, without comparison and error'
    )
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--json', type=Path, help='also write the rows to this file')
    parser.add_argument('--child', help=argparse.SUPPRESS)  # one measurement, described in JSON
    args = parser.parse_args(arguments)
    if args.channels < 1 or args.threads < 1 or args.repeat < 1:
        parser.error('--channels, --threads and --repeat must be positive')
    return args


def parse_size(text):
    try:
        height, width = (int(part) for part in text.lower().split('x'))
    except ValueError:
        raise argparse.ArgumentTypeError(f'{text!r} is not HxW, for example 94x125') from None
    if height < 1 or width < 1:
        raise argparse.ArgumentTypeError(f'{text!r}: both sides must be positive')
    return height, width


def make_inputs(height, width, channels, seed):
    """Blobs as scores; as boundary the ridges of smooth noise, from 0 up to 1. Both float32."""
    import torch
    import torch.nn.functional as F

    generator = torch.Generator().manual_seed(seed)

    def smooth_noise(count, cells):
        coarse = torch.rand(1, count, max(2, height // cells), max(2, width // cells), generator=generator)
        return F.interpolate(coarse, size=(height, width), mode='bicubic', align_corners=False).clamp(0, 1)

    scores = smooth_noise(channels, 12)
    scores = (scores - 0.3).clamp(min=0)
    boundary = 1 - (4 * (smooth_noise(1, 16) - 0.5).abs()).clamp(0, 1)
    return scores / scores.max(), boundary**2


def dense_transition(boundary):
    """The dense matrix of the official code: pairs within the radius, power beta, columns divided by their sums."""
    import torch

    from projects.wsis.ops import boundary_to_affinity, search_paths

    height, width = boundary.shape[2:]
    place = torch.arange(height * width).view(height, width)
    matrix = torch.eye(height * width, dtype=boundary.dtype)
    for weights, (destination, _) in zip(boundary_to_affinity(boundary, RADIUS)[0], search_paths(RADIUS)):
        y, x = destination
        rows, columns = slice(0, max(0, height - y)), slice(max(0, -x), min(width, width - x))
        source = place[rows, columns].reshape(-1)
        target = source + y * width + x
        matrix[source, target] = matrix[target, source] = weights[rows, columns].reshape(-1).pow(BETA)
    return matrix.div_(matrix.sum(0))


def run_dense(scores, boundary, limit):
    """Result (or None), seconds, and how they were measured."""
    start = time.perf_counter()
    matrix = dense_transition(boundary)
    squarings = STEPS.bit_length() - 1
    begin = time.perf_counter()
    squared = matrix @ matrix
    one = time.perf_counter() - begin
    if one * squarings > limit:
        return None, begin - start + one * squarings, f'{squarings} x one'
    matrix = squared
    for _ in range(squarings - 1):
        matrix = matrix @ matrix
    walked = (scores * (1 - boundary)).flatten(2)[0] @ matrix
    return walked.view_as(scores[0]), time.perf_counter() - start, 'all'


def true_result(scores, boundary, truth_pixels):
    """The exact result in float64, and its name."""
    from projects.wsis.ops import boundary_to_affinity
    from projects.wsis.ops.transition import TransitionMatrix

    scores, boundary = scores.double(), boundary.double()
    if scores.shape[2] * scores.shape[3] <= truth_pixels:
        return run_dense(scores, boundary, float('inf'))[0], 'dense float64'
    affinity = boundary_to_affinity(boundary, RADIUS)[0]
    transition = TransitionMatrix(
        lambda top, bottom: affinity[:, top:bottom], size=scores.shape[2:], radius=RADIUS, beta=BETA, like=scores
    )
    walked = transition.enter((scores * (1 - boundary))[0].flatten(1))
    for _ in range(STEPS):
        walked = transition.multiply(walked, 1.0, walked.new_zeros(walked.shape), 0.0)
    return transition.leave(walked).view_as(scores[0]), f'{STEPS} products'


def peak_memory():
    """Largest resident set of this process so far, bytes."""
    status = Path('/proc/self/status')
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith('VmHWM'):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)


def measure(task):
    """One measurement in a process of its own: the dict that goes into the table."""
    import torch

    from projects.wsis.ops import random_walk

    torch.set_num_threads(task['threads'])
    # start the threads and load the libraries before memory is read
    random_walk(*make_inputs(16, 16, task['channels'], 0), steps=STEPS)
    _ = torch.rand(64, 64) @ torch.rand(64, 64)
    scores, boundary = make_inputs(task['height'], task['width'], task['channels'], task['seed'])
    before = peak_memory()
    if task['kind'] == 'dense':
        _, seconds, how = run_dense(scores, boundary, task['limit'])
        return dict(seconds=seconds, how=how, memory=peak_memory() - before)
    seconds = []
    for _ in range(task['repeat']):
        start = time.perf_counter()
        walked = random_walk(scores, boundary, radius=RADIUS, beta=BETA, steps=STEPS)[0]
        seconds.append(time.perf_counter() - start)
    row = dict(seconds=min(seconds), memory=peak_memory() - before, peak=peak_memory())
    if task['error']:
        truth, row['truth'] = true_result(scores, boundary, task['truth_pixels'])
        row['error'] = float((walked.double() - truth).abs().max() / truth.max())
    return row


def run_child(task, threads):
    environment = {**os.environ, 'OMP_NUM_THREADS': str(threads), 'MKL_NUM_THREADS': str(threads)}
    command = [sys.executable, str(Path(__file__).resolve()), '--child', json.dumps(task)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True)
    if finished.returncode:
        lines = finished.stderr.strip().splitlines() or ['no message: killed, perhaps out of memory']
        raise SystemExit(f'{task["kind"]} walk at {task["height"]}x{task["width"]} failed: {lines[-1]}')
    return json.loads(finished.stdout.splitlines()[-1])


def measure_size(height, width, args):
    """Both measurements of one size."""
    task = dict(
        kind='sparse',
        height=height,
        width=width,
        channels=args.channels,
        threads=args.threads,
        repeat=args.repeat if height * width <= 500_000 else 1,
        seed=args.seed,
        error=not args.no_dense,
        truth_pixels=args.truth_pixels,
        limit=args.dense_limit,
    )
    row = dict(size=f'{height}x{width}', pixels=height * width, sparse=run_child(task, args.threads))
    if not args.no_dense and height * width <= args.dense_pixels:
        row['dense'] = run_child({**task, 'kind': 'dense'}, args.threads)
    return row


def format_table(rows):
    """Markdown."""
    head = ['map', 'pixels', 'sparse s', 'us / pixel', 'dense s', 'time ratio', 'sparse MB', 'dense MB', 'memory ratio']
    head += ['largest error / max', 'truth', 'process peak MB']
    lines = ['| ' + ' | '.join(head) + ' |', '|' + ' --- |' * len(head)]
    for row in rows:
        sparse, dense = row['sparse'], row.get('dense')
        cells = [row['size'], str(row['pixels']), f'{sparse["seconds"]:.3f}']
        cells.append(f'{sparse["seconds"] / row["pixels"] * 1e6:.2f}')
        megabytes = max(sparse['memory'], 2**20) / 2**20  # a page or two is no ground for a ratio
        if dense:
            how = '' if dense['how'] == 'all' else f' ({dense["how"]})'
            cells += [f'{dense["seconds"]:.2f}{how}', f'{dense["seconds"] / sparse["seconds"]:.0f}x']
            dense_megabytes = dense['memory'] / 2**20
            cells += [f'{megabytes:.1f}', f'{dense_megabytes:.0f}', f'{dense_megabytes / megabytes:.0f}x']
        else:
            cells += ['-', '-', f'{megabytes:.1f}', '-', '-']
        cells += [f'{sparse["error"]:.1e}' if 'error' in sparse else '-', sparse.get('truth', '-')]
        cells.append(f'{sparse["peak"] / 2**20:.0f}')
        lines.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def main():
    args = parse_args()
    if args.child:
        print(json.dumps(measure(json.loads(args.child))))
        return
    rows = []
    for number, (height, width) in enumerate(args.sizes, 1):
        print(f'[{number}/{len(args.sizes)}] {height}x{width} ...', file=sys.stderr, flush=True)
        rows.append(measure_size(height, width, args))
        if args.json:
            args.json.write_text(json.dumps(rows, indent=2))
    print(f'{args.channels} channels, radius {RADIUS}, beta {BETA:g}, {STEPS} steps, {args.threads} threads\n')
    print(format_table(rows))


if __name__ == '__main__':
    main()
