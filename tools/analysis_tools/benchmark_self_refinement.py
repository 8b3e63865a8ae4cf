"""Compare BESTIE's label refinement with a version that goes through components and instances one by one.

The plain version follows the same rules, one component, one weak region and one instance after the other, as the
official code does. Both get the components of the maps as input. Both run in turns, and the fastest of ``--repeat``
calls counts.

Example::

    python tools/analysis_tools/benchmark_self_refinement.py --threads 2
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import torch
import torch.nn.functional as F
from benchmark_training_step import read_clock
from scipy import ndimage

from projects.wsis.ops import CenterSettings, join_components, refine_labels
from projects.wsis.ops.center_maps import draw_centers
from projects.wsis.ops.components import find_components


def parse_args(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument('--batch', type=int, default=8, help='images per batch (default: 8)')
    parser.add_argument('--size', type=int, default=416, help='height and width of the maps (default: 416)')
    parser.add_argument('--classes', type=int, default=20, help='number of classes without background (default: 20)')
    parser.add_argument('--objects', type=int, default=4, help='objects per image (default: 4)')
    parser.add_argument('--threads', type=int, default=2, help='CPU threads (default: 2)')
    parser.add_argument('--repeat', type=int, default=5, help='calls of each version; the fastest counts (default: 5)')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--device', default='cpu', help='cpu or cuda (default: cpu)')
    return parser.parse_args(arguments)


def make_batch(batch, size, classes, objects, seed):
    """Maps of a network that has learnt something: discs of a few classes, centres and offsets with noise.

    Returns:
        Probabilities, centre maps, offsets, the components of each photo, and its label map.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = torch.arange(size)[:, None]
    label_maps = torch.zeros(batch, size, size, dtype=torch.uint8)
    offset, drawn = torch.zeros(batch, 2, size, size), []
    for photo in range(batch):
        tags = torch.randperm(classes, generator=generator)[:2]
        for _ in range(objects):
            label = int(tags[torch.randint(2, (1,), generator=generator)])
            radius = int(torch.randint(size // 16, size // 6, (1,), generator=generator))
            y, x = torch.randint(radius, size - radius, (2,), generator=generator).tolist()
            disc = (rows - y) ** 2 + (rows.T - x) ** 2 < radius**2
            label_maps[photo][disc] = label + 1
            targets = torch.stack([(y - rows).expand(size, size), (x - rows.T).expand(size, size)]).float()
            offset[photo][:, disc] = targets[:, disc]
            drawn.append((photo, label, y, x))
    noise = [torch.randn(batch, channels, size // 8, size // 8, generator=generator) for channels in (classes, 2)]
    noise = [F.interpolate(part, (size, size), mode='bicubic') for part in noise]
    center = 0.8 * draw_centers(torch.tensor(drawn), (batch, classes, size, size)) + 0.05 * noise[0]
    logits = 2 * F.one_hot(label_maps.long(), classes + 1).permute(0, 3, 1, 2) + torch.randn(
        batch, classes + 1, 1, 1, generator=generator
    )
    found = [find_components(one.numpy(), range(classes)) for one in label_maps]
    return logits.float().softmax(1), center, offset + noise[1], found


def plain_refinement(probabilities, center, offset, found, settings):
    """The labels (centre map, offset, weight) of one photo, one component and one instance after the other."""
    height, width = found.numbers.shape
    refined = torch.zeros_like(center), torch.zeros_like(offset), torch.zeros(1, height, width)
    grid = torch.stack(torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij'))
    weak = (offset[1] ** 2 + offset[0] ** 2).sqrt() < 2.5
    for number, label in enumerate(found.labels, 1):
        mask = torch.from_numpy(found.numbers == number)
        scores = center[label] * mask
        centers = plain_centers(scores, settings)
        added = plain_weak_centers(weak & mask, scores, centers, settings)
        for place in added:
            scores[place] = 1.0
        centers += added
        if not 0 < len(centers) <= settings.max_instances:
            continue
        targets = grid + offset
        distances = torch.stack([torch.hypot(targets[0] - y, targets[1] - x) for y, x in centers])
        nearest = distances.argmin(0)
        for index in range(len(centers)):
            own = mask & (nearest == index)
            if not own.any():
                continue
            mean = probabilities[label + 1][own].mean()
            y, x = divmod(int(torch.where(own, scores, -1.0).flatten().argmax()), width)
            weight = scores[y, x] * mean
            if scores[y, x] < settings.threshold:
                (y, x), weight = found.centroids[number - 1].tolist(), mean
            drawn = draw_centers(torch.tensor([[0, label, y, x]]), (1, *center.shape))[0]
            torch.maximum(refined[0], drawn, out=refined[0])
            refined[1][:, own] = (torch.tensor([y, x])[:, None, None] - grid)[:, own].float()
            refined[2][0, own] = weight.clamp(0, 1)
    return refined


def plain_centers(scores, settings):
    """Pixels over the threshold that are the highest of the window around them."""
    pooled = F.max_pool2d(scores[None, None], settings.kernel, stride=1, padding=settings.kernel // 2)[0, 0]
    return [tuple(place) for place in ((scores > settings.threshold) & (scores == pooled)).nonzero().tolist()]


def plain_weak_centers(weak, scores, centers, settings):
    """Centroids of small weak regions with some score, far from all centres."""
    regions = ndimage.label(weak.numpy())[0]
    added = []
    for region in range(1, regions.max() + 1):
        rows, columns = np.nonzero(regions == region)
        if abs(len(rows) - 21) < settings.tolerance:
            y, x = int(rows.sum() // len(rows)), int(columns.sum() // len(rows))
            far = all(np.hypot(y - other[0], x - other[1]) > settings.distance for other in centers)
            if scores[y, x] > settings.weak_score and far:
                added.append((y, x))
    return added


def main():
    args = parse_args()
    torch.set_num_threads(args.threads)
    settings = CenterSettings()
    probabilities, center, offset, found = make_batch(args.batch, args.size, args.classes, args.objects, args.seed)
    inputs = [part.to(args.device) for part in (probabilities, center, offset)]
    components = join_components(*([torch.from_numpy(part).to(args.device) for part in parts] for parts in zip(*found)))
    times = []
    for turn in range(args.repeat):
        print(f'call {turn + 1} of {args.repeat} ...', file=sys.stderr, flush=True)
        start = read_clock(args.device)
        plain = [plain_refinement(*photo, settings) for photo in zip(probabilities, center, offset, found)]
        middle = read_clock(args.device)
        ours, instances = refine_labels(*inputs, components, settings)
        times.append((middle - start, read_clock(args.device) - middle))
    plain_time, our_time = (min(column) for column in zip(*times))
    difference = max(float((part.cpu() - torch.stack(other)).abs().max()) for part, other in zip(ours, zip(*plain)))
    where = f'plain version on the CPU, ours on {args.device}'
    print(f'batch {args.batch}, {args.size}x{args.size}, {args.classes} classes; {where}\n')
    print('| components | instances | plain ms | ours ms | ratio | largest difference |')
    print('| --- | --- | --- | --- | --- | --- |')
    ratio = f'{plain_time * 1e3:.0f} | {our_time * 1e3:.1f} | {plain_time / our_time:.1f}x'
    print(f'| {len(instances)} | {int(instances.sum())} | {ratio} | {difference:.1e} |')


if __name__ == '__main__':
    main()
