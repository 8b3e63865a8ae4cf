"""Compare RoIAlign and NMS in plain torch with the compiled operators of mmcv, on drawn maps and boxes.

Both calculate the same in turns in one process; the median of ``--repeat`` calls counts. Results must agree, or the
script fails. Maps have their channels last, as in trainings on a CPU; mmcv's operator gets a copy with channels first.
An mmcv with compiled operators is needed.

Example::

    python tools/analysis_tools/benchmark_detector_operators.py --threads 2
"""

import argparse
import sys
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from benchmark_random_walk import parse_size
from benchmark_training_step import read_clock

from projects.wsis.environment import has_compiled_operators
from projects.wsis.ops import roi_align, suppress_boxes

STRIDE = 4  # pixels of an image per pixel of its map


def parse_args(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--batch', type=int, default=8, help='images per batch (default: 8)')
    parser.add_argument('--size', type=parse_size, default=(64, 64), help='size of the maps, HxW (default: 64x64)')
    parser.add_argument('--channels', type=int, default=64, help='channels of the maps (default: 64)')
    parser.add_argument('--regions', type=int, default=512, help='regions of the batch (default: 512)')
    parser.add_argument('--boxes', type=int, nargs='+', default=[200, 1000, 4000], help='boxes of NMS')
    parser.add_argument('--threads', type=int, default=2, help='CPU threads (default: 2)')
    parser.add_argument('--repeat', type=int, default=9, help='calls; the median counts (default: 9)')
    return parser.parse_args(arguments)


def draw_boxes(number, height, width):
    """Boxes with sides of up to half of an image."""
    sides = torch.tensor([width, height]) * STRIDE
    corners = torch.rand(number, 2) * sides * 0.75
    return torch.cat([corners, torch.minimum(corners + torch.rand(number, 2) * sides / 2 + 1, sides)], dim=1)


def time_in_turns(functions, repeat):
    """Return the median milliseconds of functions that are called in turns, after one call of each."""
    times = [[] for _ in functions]
    for turn in range(repeat + 1):
        for function, own in zip(functions, times):
            start = read_clock('cpu')
            function()
            if turn:
                own.append((read_clock('cpu') - start) * 1e3)
    return [median(own) for own in times]


def print_row(name, compiled, plain):
    print(f'| {name} | {compiled:.1f} | {plain:.1f} | {compiled / plain:.1f}x |', flush=True)


def compare_roi_align(args, output_size, sampling_ratio):
    """Print a row each of the forward pass, and of it with its gradients."""
    from mmcv import ops

    maps = torch.randn(args.batch, args.channels, *args.size).to(memory_format=torch.channels_last)
    images = torch.randint(0, args.batch, (args.regions, 1)).float()
    regions = torch.cat([images, draw_boxes(args.regions, *args.size)], dim=1)
    direction = torch.randn(args.regions, args.channels, output_size, output_size)

    def compiled(maps):
        return ops.roi_align(maps.contiguous(), regions, output_size, 1 / STRIDE, sampling_ratio, 'avg', True)

    def plain(maps):
        return roi_align(maps, regions, (output_size, output_size), 1 / STRIDE, sampling_ratio)

    def train(function):
        leaf = maps.clone(memory_format=torch.preserve_format).requires_grad_()
        function(leaf).backward(direction)
        return leaf.grad

    torch.testing.assert_close(plain(maps), compiled(maps), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(train(plain), train(compiled), rtol=1e-3, atol=1e-3)
    name = f'RoIAlign, {output_size}x{output_size} bins, ' + (
        f'{sampling_ratio} x {sampling_ratio} samples' if sampling_ratio else 'a sample for each pixel'
    )
    print_row(name, *time_in_turns([lambda: compiled(maps), lambda: plain(maps)], args.repeat))
    print_row(f'{name}, with gradients', *time_in_turns([lambda: train(compiled), lambda: train(plain)], args.repeat))


def compare_nms(args, number):
    """Print a row of NMS of a number of boxes."""
    from mmcv import ops

    boxes, scores = draw_boxes(number, *args.size), torch.randperm(number) / number
    if not torch.equal(suppress_boxes(boxes, scores, 0.7), ops.nms(boxes, scores, 0.7)[1]):
        raise AssertionError('the boxes that are left differ')
    calls = [lambda: ops.nms(boxes, scores, 0.7), lambda: suppress_boxes(boxes, scores, 0.7)]
    print_row(f'NMS of {number} boxes', *time_in_turns(calls, args.repeat))


def main():
    args = parse_args()
    if not has_compiled_operators():
        sys.exit('error: mmcv was installed without compiled operators: run `make setup COMPILE_MMCV=1`')
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    print('| operator | mmcv ms | plain torch ms | ratio |')
    print('| --- | ---: | ---: | ---: |')
    for output_size, sampling_ratio in ((7, 2), (14, 2), (7, 0)):
        compare_roi_align(args, output_size, sampling_ratio)
    for number in args.boxes:
        compare_nms(args, number)


if __name__ == '__main__':
    main()
